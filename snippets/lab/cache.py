"""What is expensive to make and is kept: directories named by what they were made from.

An entry is complete or absent. It is made under a temporary name and renamed
when it is whole, and a lock on a file beside it lets one process make it while
others wait, and keeps it while labs use it.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from .errors import LabError
from .programs import environment
from .watched import advised, wait_for

Progress = Callable[[str], None]

_OLD_SECONDS = 30 * 24 * 3600
_FREE_BYTES = 2 * 1024**3  # what making everything takes at its fullest, with reserve


def remove_tree(path: Path) -> None:
    """Remove a directory and all below it, without leaving its file system."""
    subprocess.run(
        ["rm", "-rf", "--one-file-system", "--", str(path)],
        check=True,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )


def lock(path: Path, *, shared: bool = False, wait: Callable[[], None] | None = None) -> IO[bytes]:
    """Lock a file, which is made if need be, and return it; closing it gives the lock up.

    Args:
        path: the file.
        shared: other shared holders are welcome.
        wait: called each time that the lock is not to be had, before the next
            try. None: do not try again.

    Raises:
        BlockingIOError: another process holds the lock and `wait` is None.
        FileNotFoundError: the file's directory does not exist.
    """
    import fcntl  # not on every system that can ask the `lab` command for help

    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            # Its last holder may have removed the file: then this lock is on nothing.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                    return file
            file.close()
        except BlockingIOError:
            file.close()
            if wait is None:
                raise
            wait()
        except BaseException:
            file.close()
            raise


class Entry:
    """A complete cache entry in use: it stays until it is released.

    Attributes:
        path: the directory. Nobody writes to it.
    """

    def __init__(self, path: Path, held: IO[bytes]) -> None:
        """Take over the lock file that keeps the entry."""
        self.path = path
        self._held = held

    def release(self) -> None:
        """Let others remove the entry."""
        self._held.close()


def entry(
    path: Path,
    *,
    what: str,
    flaw: Callable[[Path], str | None],
    make: Callable[[Path], None],
    progress: Progress,
) -> Entry:
    """Return a cache entry, making it first if it is absent or broken.

    Args:
        path: where it is, or is to be.
        what: its name, for people.
        flaw: says what is wrong with a finished entry, or None.
        make: makes it in the directory that it is given, which is new and empty.
        progress: is told of waiting and of what is broken.

    Raises:
        LabError: it could not be made.
        ClientGone: the client went away; nothing half made is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = False

    def wait() -> None:
        nonlocal told
        if not told:
            progress(f"{what}: being made by another process, waiting for it")
            told = True
        wait_for([], 0.1)

    lockfile = path.with_name(f"{path.name}.lock")
    while True:
        held = lock(lockfile, shared=True, wait=wait)
        if path.exists() and flaw(path) is None:
            os.utime(lockfile)
            return Entry(path, held)
        held.close()
        with lock(lockfile, wait=wait):
            if path.exists() and (problem := flaw(path)):
                progress(f"{what}: the cached copy is broken ({problem}), making it again")
                remove_tree(path)
            if not path.exists():
                _remove_old(path.parent)
                begun = time.monotonic()
                _make(path, what, make)
                progress(f"{what}: made in {time.monotonic() - begun:.0f} s")
                if problem := flaw(path):
                    remove_tree(path)
                    raise LabError(f"{what}: made, but not usable: {problem}")


def _remove_old(kind: Path) -> None:
    """Remove what a killed build left, and what earlier versions of this project made."""
    for lockfile in kind.glob("*.lock"):
        left = not lockfile.with_suffix("").exists()
        if left or time.time() - lockfile.stat().st_mtime > _OLD_SECONDS:
            _remove(lockfile)


def _remove(lockfile: Path) -> bool:
    """Remove an entry, whole or partial, unless it is in use. Return whether it is gone."""
    target = lockfile.with_suffix("")
    try:
        with lock(lockfile):
            remove_tree(target)
            remove_tree(target.with_name(f"{target.name}.partial"))
            lockfile.unlink()
    except BlockingIOError:
        return False
    return True


def _make(path: Path, what: str, make: Callable[[Path], None]) -> None:
    free = os.statvfs(path.parent)
    if free.f_bavail * free.f_frsize < _FREE_BYTES:
        raise LabError(
            f"{what}: less than {_FREE_BYTES >> 30} GiB free in {path.parent}. "
            "Free some space, or set XDG_CACHE_HOME to a directory on a larger disk."
        )
    partial = path.with_name(f"{path.name}.partial")
    remove_tree(partial)
    partial.mkdir(mode=0o755)
    try:
        make(partial)
        subprocess.run(["sync", "-f", str(partial)], check=True, env=environment())
        partial.rename(path)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = error if isinstance(error, OSError) else str(error)
        raise LabError(f"{what}: {advised(reason)}") from error
    finally:
        remove_tree(partial)


def clear(kinds: Iterable[Path]) -> list[Path]:
    """Remove all entries, whole or partial, below the directories.

    Returns:
        The entries that stayed because a lab or a build uses them.
    """
    busy = []
    for kind in kinds:
        busy += [
            lockfile.with_suffix("") for lockfile in sorted(kind.glob("*.lock")) if not _remove(lockfile)
        ]
        with contextlib.suppress(OSError):  # not empty, or never made
            kind.rmdir()
    return busy
