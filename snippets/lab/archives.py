"""Static archives of Docker: fetched, checked, and kept unpacked in the cache as an engine's binaries.

An archive is laid out as Docker publishes it: `docker/dockerd`, `docker/docker` and so on, in a
gzipped tar. The cache keeps one as `engines/SHA256/bin` beside an `archive.json` that says what it
is. An entry is complete or absent; making one needs no root, and a lab's host sees it as it sees
the directory of `--engine-dir`.
"""

import contextlib
import gzip
import hashlib
import http.client
import json
import os
import platform
import shutil
import struct
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from .cache import lock, remove_tree
from .client import Progress
from .enginedir import REQUIRED, version_of
from .engines import ENGINES, Engine
from .errors import LabError
from .paths import cache_dir
from .watched import advised

VARIABLE = "ENGINE_ARCHIVES"
"""The environment variable that names a directory of archives, named as Docker names them."""

DOWNLOADS = "https://download.docker.com"
"""Where Docker publishes its archives."""

_SECONDS = 60  # that a server may be silent

# Machine, as Python and the kernel call it: what ELF headers and Docker's addresses call it.
_MACHINES = {
    "x86_64": (62, "x86_64"),
    "AMD64": (62, "x86_64"),
    "aarch64": (183, "aarch64"),
    "arm64": (183, "aarch64"),
    "armv7l": (40, "armhf"),
    "armv6l": (40, "armel"),
    "ppc64le": (21, "ppc64le"),
    "riscv64": (243, "riscv64"),
    "s390x": (22, "s390x"),
}


@dataclass(frozen=True)
class Archive:
    """An archive that the cache keeps.

    Attributes:
        path: the cache entry.
        sha256: the checksum of the archive that it was unpacked from.
        version: what its dockerd says of its version, such as `29.7.2`.
        origin: the file or the address that it came from.
        files: the size of each file, by its path below `directory`.
    """

    path: Path
    sha256: str
    version: str
    origin: str
    files: Mapping[str, int]

    @property
    def directory(self) -> Path:
        """The directory of its binaries."""
        return self.path / "bin"

    @property
    def known(self) -> str:
        """What the project knows of an archive with this checksum; empty for nothing."""
        return next((e.checksums[self.sha256] for e in ENGINES.values() if self.sha256 in e.checksums), "")


def add(
    file: Path,
    *,
    engine: Engine | None = None,
    backend: str | None = None,
    progress: Progress | None = None,
) -> Archive:
    """Check an archive and keep it in the cache, unpacked; from then on its engine can be had.

    An archive whose checksum an entry of `ENGINES` knows is what that says. The dockerd of another
    one is asked for its version, in a namespace of an engine's root, which this makes if need be.

    Args:
        file: the archive.
        engine: whose it must be; None: any engine's.
        backend: as for `Lab.start`.
        progress: is told what is slow, and of a checksum that the project does not know.

    Raises:
        LabError: it cannot be read or is no archive of Docker, is for another machine or of another
            version than any engine's, or its programs do not run here. Nothing is kept then.
    """
    with _workshop(progress) as engines:
        return _add(file, str(file), engine, engines, backend, progress)


def get(
    name: str, *, base: str = DOWNLOADS, backend: str | None = None, progress: Progress | None = None
) -> Archive:
    """Download Docker's own archive of an engine and keep it as `add` does.

    Args:
        name: a name of `ENGINES`.
        base: the address of a server that is laid out as Docker's.
        backend: as for `Lab.start`.
        progress: is told the address and the checksum.

    Raises:
        LabError: the engine is none that an archive brings, the archive cannot be downloaded, has
            another checksum than the one that is pinned, or cannot be used.
    """
    engine = _declared(name)
    if not engine.release:
        raise LabError(f"Engine {name} comes from Debian {engine.suite}: there is nothing to download.")
    path = f"linux/static/stable/{_machine()[1]}/docker-{engine.release}.tgz"
    url = f"{base.rstrip('/')}/{path}"
    pinned = [sha256 for sha256, what in engine.checksums.items() if what == path]
    with _workshop(progress) as engines:
        file = engines / "download.partial"
        _say(progress, f"engine {name}: downloading {url}")
        sha256 = _download(url, file)
        if pinned and sha256 not in pinned:
            raise LabError(
                f"{url} has the sha256 {sha256}, but {' or '.join(pinned)} is pinned in engines.py. It was "
                "changed on its way or at its source: do not use it before you know why."
            )
        how = "as pinned" if pinned else "none of Docker's own is pinned yet"
        _say(progress, f"engine {name}: its sha256 is {sha256} ({how})")
        return _add(file, url, engine, engines, backend, progress)


def resolve(engine: str | Engine, *, backend: str | None = None, progress: Progress | None = None) -> Engine:
    """Return an engine with the directory of its binaries, if it takes them from an archive.

    Args:
        engine: a name of `ENGINES`, or an engine; one that has a directory is returned as it is.
        backend: as for `Lab.start`.
        progress: is told what is slow.

    Raises:
        LabError: there is no such engine, its archive is not here, or cannot be used.
    """
    declared = _declared(engine) if isinstance(engine, str) else engine
    if declared.directory:
        return declared
    archive = find(declared, backend=backend, progress=progress)
    if declared.release and not archive:
        raise LabError(way_out(declared))
    return _with(declared, archive)


def find(engine: Engine, *, backend: str | None = None, progress: Progress | None = None) -> Archive | None:
    """Return the archive of an engine: of the directory that ENGINE_ARCHIVES names, or else of the cache.

    Raises:
        LabError: there is no such directory, or its archive cannot be used.
    """
    if directory := os.environ.get(VARIABLE):
        if not Path(directory).is_dir():
            raise LabError(f"{VARIABLE} names {directory}, which is not a directory. Correct or unset it.")
        named = Path(directory).glob(f"docker-{engine.version}*.tgz")
        if found := max(named, key=lambda path: _numbers(path.name), default=None):
            return add(found, engine=engine, backend=backend, progress=progress)
    kept = [archive for archive in archives() if archive.version.startswith(engine.version)]
    # What was added last was meant.
    return max(kept, key=lambda archive: (archive.path / "archive.json").stat().st_mtime_ns, default=None)


def archives() -> Iterator[Archive]:
    """Yield the whole archives of the cache."""
    for path in sorted(_engines().glob("*/archive.json")):
        if archive := _read(path.parent):
            yield archive


def here(*, backend: str | None = None, progress: Progress | None = None) -> list[Engine]:
    """Return the engines that can be had on this machine, the oldest first.

    Raises:
        LabError: an archive of the directory that ENGINE_ARCHIVES names cannot be used.
    """
    found = {name: find(engine, backend=backend, progress=progress) for name, engine in ENGINES.items()}
    return [
        _with(engine, found[name]) for name, engine in ENGINES.items() if found[name] or not engine.release
    ]


def lacking(*, backend: str | None = None, progress: Progress | None = None) -> dict[str, str]:
    """Return the engines that cannot be had on this machine, each with why, and how to get it.

    Raises:
        LabError: as of `here`.
    """
    return {
        name: way_out(engine)
        for name, engine in ENGINES.items()
        if engine.release and not find(engine, backend=backend, progress=progress)
    }


def default_engine(*, backend: str | None = None, progress: Progress | None = None) -> Engine:
    """Return the newest engine that can be had on this machine.

    Raises:
        LabError: as of `here`.
    """
    return here(backend=backend, progress=progress)[-1]


def instead_of(engine: Engine) -> Iterator[str]:
    """Yield what to tell where an engine is the default one only because a newer one is not here."""
    newest = list(ENGINES)[-1]
    if engine.name != newest:
        yield f"The default engine is {engine.name} here, not {newest}. {way_out(ENGINES[newest])}"


def way_out(engine: Engine) -> str:
    """Return why an engine that an archive brings cannot be had, and what to do."""
    return (
        f"No Debian suite has engine {engine.name}, and its archive is not here. `lab engine get "
        f"{engine.name}` downloads Docker {engine.release}, `lab engine add ARCHIVE` takes the archive "
        f"that you have, and {VARIABLE} names a directory with docker-{engine.release}.tgz."
    )


def clear() -> None:
    """Remove all archives from the cache."""
    if _engines().exists():
        with lock(_engines() / ".lock", wait=_pause):
            remove_tree(_engines())


def _with(engine: Engine, archive: Archive | None) -> Engine:
    return replace(engine, directory=str(archive.directory)) if archive else engine


def _declared(name: str) -> Engine:
    if name not in ENGINES:
        raise LabError(f"There is no engine {name!r}. There is: {', '.join(ENGINES)}.")
    return ENGINES[name]


def _engines() -> Path:
    return cache_dir() / "engines"


def _say(progress: Progress | None, text: str) -> None:
    if progress:
        progress(text)


def _pause() -> None:
    time.sleep(0.05)


def _numbers(text: str) -> list[int]:
    """Return the numbers in a name, by which versions are compared."""
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in text).split()]


def _machine() -> tuple[int, str]:
    name = platform.machine()
    if name not in _MACHINES:
        raise LabError(f"Docker publishes no archive for this machine ({name}).")
    return _MACHINES[name]


@contextlib.contextmanager
def _workshop(progress: Progress | None) -> Iterator[Path]:
    """Hold the directory of archives for one process; what is unfinished at the end is removed."""
    engines = _engines()
    told = False

    def wait() -> None:
        nonlocal told
        if not told:
            _say(progress, "engine archives: another process is adding one, waiting for it")
            told = True
        _pause()

    try:
        engines.mkdir(parents=True, exist_ok=True)
        with lock(engines / ".lock", wait=wait):
            _remove_unfinished(engines)
            try:
                yield engines
            finally:
                _remove_unfinished(engines)
    except OSError as error:
        raise LabError(
            f"The archive cannot be kept in the cache directory {engines}: {advised(error)}"
        ) from error


def _remove_unfinished(engines: Path) -> None:
    for path in engines.glob("*.partial"):
        remove_tree(path)


def _download(url: str, file: Path) -> str:
    """Write what an address gives into a file and return its sha256."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer, file.open("wb") as target:
            while piece := answer.read(1 << 20):
                digest.update(piece)
                target.write(piece)
            announced = answer.headers.get("Content-Length")
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ValueError) as error:
        raise LabError(f"{url} cannot be downloaded: {error}") from error
    if announced and int(announced) != file.stat().st_size:
        raise LabError(
            f"{url} was cut off: {file.stat().st_size} of {announced} bytes came. Download it again."
        )
    return digest.hexdigest()


def _add(
    file: Path,
    origin: str,
    engine: Engine | None,
    engines: Path,
    backend: str | None,
    progress: Progress | None,
) -> Archive:
    """Add an archive, under the lock. Errors call it by its origin."""
    try:
        opened = file.open("rb")
    except OSError as error:
        raise LabError(f"The archive {origin} cannot be read: {error.strerror}.") from error
    with opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        path = engines / sha256
        if kept := _read(path):
            _check_version(kept.version, engine, origin)
            os.utime(path / "archive.json")
            return kept
        remove_tree(path)
        opened.seek(0)
        partial = engines / f"{sha256}.partial"
        directory = partial / "bin"
        directory.mkdir(parents=True)
        directory.chmod(0o755)  # a lab's users must get in, whatever umask this user has
        _unpack(opened, origin, directory)
    _check(origin, directory)
    version = _version(sha256, origin, directory, backend, progress)
    _check_version(version, engine, origin)
    files = {
        found.relative_to(directory).as_posix(): found.stat().st_size
        for found in sorted(directory.rglob("*"))
        if found.is_file()
    }
    said = {
        "version": version,
        "origin": Path(origin).name if "://" not in origin else origin,
        "files": files,
    }
    (partial / "archive.json").write_text(json.dumps(said, indent=2))
    partial.rename(path)
    kept = _read(path)
    assert kept
    return kept


def _read(path: Path) -> Archive | None:
    """Return the archive of a cache entry, or None where it is absent or broken."""
    try:
        said = json.loads((path / "archive.json").read_text())
        archive = Archive(path, path.name, said["version"], said["origin"], said["files"])
        whole = all((archive.directory / name).stat().st_size == size for name, size in archive.files.items())
    except (OSError, ValueError, KeyError):
        return None
    return archive if whole else None


def _unpack(opened: IO[bytes], origin: str, directory: Path) -> None:
    """Unpack the files below `docker/` of an archive into a directory."""
    if opened.read(2) != b"\x1f\x8b":
        raise LabError(
            f"The archive {origin} is not a gzip file. Take docker-VERSION.tgz as Docker publishes it."
        )
    opened.seek(0)
    try:
        with gzip.open(opened) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                _unpack_one(tar, member, origin, directory)
            while plain.read(1 << 20):  # to its end, where its own checksum is
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise LabError(f"The archive {origin} is cut off or damaged: {error}. Fetch it again.") from error


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, origin: str, directory: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise LabError(f"The archive {origin} holds {member.name!r}, which leads out of it.")
    if not (member.isreg() or member.isdir()):
        raise LabError(
            f"The archive {origin} holds {member.name!r}, which is neither a file nor a directory."
        )
    if name.parts[:1] != ("docker",) or len(name.parts) < 2 or member.isdir():
        return
    target = directory.joinpath(*name.parts[1:])
    target.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content
    with content, target.open("wb") as written:
        shutil.copyfileobj(content, written)
    target.chmod(0o755)


def _check(origin: str, directory: Path) -> None:
    """Raise `LabError` if what was unpacked is no engine, or is for another machine."""
    for name in REQUIRED:
        try:
            header = (directory / name).read_bytes()[:20]
        except OSError as error:
            raise LabError(
                f"The archive {origin} holds no docker/{name}. "
                "Take docker-VERSION.tgz as Docker publishes it."
            ) from error
        if len(header) < 20 or header[:4] != b"\x7fELF":
            raise LabError(f"The archive {origin} is not for Linux: its docker/{name} is no ELF program.")
        number = struct.unpack_from("<H" if header[5] == 1 else ">H", header, 18)[0]
        wanted = _machine()
        if number != wanted[0]:
            built = next((called for known, called in _MACHINES.values() if known == number), f"ELF {number}")
            raise LabError(
                f"The archive {origin} is for another machine: its docker/{name} is built for {built}, "
                f"and this is {wanted[1]}."
            )


def _version(
    sha256: str, origin: str, directory: Path, backend: str | None, progress: Progress | None
) -> str:
    """Return the version of an unpacked archive."""
    for engine in ENGINES.values():
        if sha256 in engine.checksums:
            return engine.release
    _say(
        progress,
        f"engine archive {origin}: no checksum that this project knows ({sha256}); asking its dockerd for "
        "its version",
    )
    try:
        version = version_of(directory, backend=backend, progress=progress)
    except LabError as error:
        raise LabError(f"The archive {origin} cannot be used. {error}") from error
    return version


def _check_version(version: str, engine: Engine | None, origin: str) -> None:
    """Raise `LabError` if an archive's version is not the engine's, or, without one, no engine's at all."""
    wanted = [engine] if engine else ENGINES.values()
    if not any(version.startswith(one.version) for one in wanted):
        known = ", ".join(dict.fromkeys(f"{one.version}x" for one in wanted))
        raise LabError(
            f"The archive {origin} is of Docker {version}; wanted is {known}. To run another version, add an "
            "entry to engines.py, or unpack the archive and name its directory: --engine-dir DIR."
        )
