"""One running lab, seen from the root side: its scratch directory and its namespaces."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from . import cgroups
from .cache import Entry, lock, remove_tree
from .engines import Engine
from .errors import LabError
from .programs import environment
from .watched import advised, check_client, contained, tail, wait_for

BOOT = Path(__file__).parent / "boot.sh"

# Seconds that a lab may take to answer. On an idle machine it needs less than one.
START_SECONDS = 60

# The local addresses that must listen, as /proc/net/tcp writes them: 127.0.0.1:443
# (Docker Hub's names) and 127.0.0.2:443 (ghcr.io).
_REGISTRIES = {"registry": "0100007F:01BB", "ghcr": "0200007F:01BB"}


class Machine:
    """A lab's namespaces, processes, control groups and scratch directory.

    Attributes:
        scratch: the directory of everything that the lab writes.
        pid: the lab's PID 1, as the host numbers it.
    """

    def __init__(self, scratch: Path, held: IO[bytes], entries: tuple[Entry, ...]) -> None:
        """Take over a new scratch directory, its lock, and the cache entries in use."""
        self.scratch = scratch
        self.pid = 0
        self._held = held
        self._entries = entries
        self._groups: list[Path] = []
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def boot(
        cls,
        cache: Path,
        engine: Engine,
        root: Entry,
        registry: Entry | None,
        *,
        prepare: Callable[[Path], None] | None = None,
    ) -> "Machine":
        """Start a lab and wait until its daemon and registries answer.

        Args:
            cache: the cache directory.
            engine: what to run.
            root: the engine's root. The machine releases it when it stops.
            registry: what the registries hold; None for nothing.
            prepare: is given the lab's `/` as a directory, to add files before
                the start.

        Raises:
            LabError: it did not start; with the last lines of the log that tells why.
        """
        labs = cache / "labs"
        entries = (root,) if registry is None else (root, registry)
        try:
            scratch, held = _new_scratch(labs)
        except BaseException as error:
            for entry in entries:
                entry.release()
            if isinstance(error, OSError):
                raise LabError(f"No lab can be set up in {labs}: {advised(error)}") from error
            raise
        machine = cls(scratch, held, entries)
        try:
            machine._start(cache, engine, root, registry, prepare)
            machine._wait()
        except OSError as error:
            machine.stop()
            raise LabError(f"The lab could not be set up in {scratch}: {advised(error)}") from error
        except BaseException:
            machine.stop()
            raise
        return machine

    def _start(
        self,
        cache: Path,
        engine: Engine,
        root: Entry,
        registry: Entry | None,
        prepare: Callable[[Path], None] | None,
    ) -> None:
        here = self.scratch
        for name in (
            *("root", "upper", "work", "docker", "containerd", "empty"),
            *("registry/upper", "registry/work"),
        ):
            (here / name).mkdir(parents=True)
        (here / "docker").chmod(0o710)
        (here / "containerd").chmod(0o711)
        etc = here / "upper/etc/docker"
        etc.mkdir(parents=True)
        (etc / "daemon.json").write_text(json.dumps(engine.daemon, indent=2) + "\n")
        if prepare:
            prepare(here / "upper")
        name = f"docker-architecture-{here.name}"
        self._groups = cgroups.create(name)
        (here / "cgroups.json").write_text(json.dumps([str(group) for group in self._groups]))
        content = (here / "empty") if registry is None else registry.path
        paths = [str(path.relative_to(cache)) for path in (here, root.path / "root", content)]
        with (here / "boot.log").open("wb") as log:
            self._process = subprocess.Popen(
                contained(
                    *("sh", str(BOOT), *paths, engine.directory, *map(str, self._groups)), network=False
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cache,
                env=environment(),
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while problem := self.problem():
            if self._ended() or self._ended_service():
                raise LabError(problem)
            if time.monotonic() > deadline:
                raise LabError(f"After {START_SECONDS} s: {problem}")
            wait_for([], 0.003)
        check_client()

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _ended_service(self) -> str | None:
        """Return the name of a service that has ended since the start, or None."""
        for name in ("containerd", "resolver", "registry", "ghcr", "dockerd"):
            if self.pid and Path(f"/proc/{self.pid}/root/run/lab/{name}.exit").exists():
                return name
        return None

    def _find_pid(self) -> None:
        """Learn the host's number of PID 1, once the lab's root is its own."""
        if not self.pid:
            with contextlib.suppress(FileNotFoundError, ValueError):
                self.pid = int((self.scratch / "pid").read_text())

    def problem(self) -> str | None:
        """Return what is wrong with the lab, with the lines of its log, or None."""
        if self._ended():
            return f"The lab ended. {_last_lines(tail(self.scratch / 'boot.log'))}"
        self._find_pid()
        if not self.pid:
            return f"The lab did not come up. {_last_lines(tail(self.scratch / 'boot.log'))}"
        listening = self._listening()
        silent = [name for name, address in _REGISTRIES.items() if address not in listening]
        if not self._daemon_answers():
            silent.append("dockerd")
        if not silent:
            return None
        # Of several silent ones, the one that ended is the reason.
        if name := self._ended_service():
            return f"{name} ended. {_last_lines(self.log(name))}"
        return f"{silent[0]} does not answer. {_last_lines(self.log(silent[0]))}"

    def _daemon_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)  # a loaded machine is no dead daemon
            try:
                connection.connect(f"/proc/{self.pid}/root/run/docker.sock")
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(64)
            except OSError:
                return False

    def _listening(self) -> set[str]:
        """Return the local addresses that listen in the lab's network."""
        try:
            lines = Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]
        except OSError:
            return set()
        fields = [line.split() for line in lines]
        return {field[1] for field in fields if field[3] == "0A"}

    def log(self, name: str, lines: int = 20) -> str:
        """Return the last lines of a service's log."""
        return tail(self.scratch / f"upper/var/log/{name}.log", lines)

    def descriptor(self) -> int:
        """Return a descriptor that can be read once the lab has ended."""
        assert self._process is not None
        return os.pidfd_open(self._process.pid)

    def end(self) -> None:
        """End all processes of the lab, and with them its mounts; keep the scratch directory."""
        if self._process is not None:
            self._find_pid()
            if self.pid and self._process.poll() is None:
                # All processes of the lab die with PID 1; its parent reaps it, and ends.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
            else:
                self._process.kill()  # its child dies with it
            while True:
                cgroups.thaw(self._groups)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.5)
                    break
        cgroups.remove(self._groups)

    def stop(self) -> None:
        """End the lab and remove all that it made."""
        try:
            self.end()
            remove_tree(self.scratch)
        finally:  # what could not be removed is the next start's to remove
            self._held.close()
            for entry in self._entries:
                entry.release()


def _last_lines(text: str) -> str:
    lines = f"Its last lines:\n{text}" if text else "Its log is empty."
    return advised(lines, "This lab is of no more use; start another one.")


def _wait_a_little() -> None:
    wait_for([], 0.01)


def _new_scratch(labs: Path) -> tuple[Path, IO[bytes]]:
    """Make a scratch directory and take its lock, and clear up what killed labs left first."""
    while True:
        labs.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(labs)
        try:
            with lock(labs / ".lock", wait=_wait_a_little):
                scratch = labs / secrets.token_hex(4)
                scratch.mkdir()
                return scratch, lock(scratch / "lock")
        except FileNotFoundError:  # `clear_labs` removed the directory in between
            continue


def clear_labs(labs: Path) -> tuple[int, list[str]]:
    """Remove what is left of labs that ended, and the directory itself if no lab runs.

    Args:
        labs: the directory of scratch directories.

    Returns:
        As `sweep`.
    """
    running, stuck = sweep(labs)
    with contextlib.suppress(FileNotFoundError), lock(labs / ".lock", wait=_wait_a_little) as held:
        # A lab may have started since the sweep; under the lock none can.
        if all(path.name == ".lock" for path in labs.iterdir()):
            Path(held.name).unlink()
            labs.rmdir()
    return running, stuck


def sweep(labs: Path) -> tuple[int, list[str]]:
    """Remove what is left of labs that ended without clearing up.

    Args:
        labs: the directory of scratch directories. One whose lock is held belongs
            to a lab that runs.

    Returns:
        How many labs are running, and what could not be removed, and why.
    """
    running, stuck = 0, []
    for scratch in sorted(labs.glob("*/")):
        try:
            # A new scratch directory and its lock are made under the lock of them all.
            with lock(labs / ".lock", wait=_wait_a_little):
                held = lock(scratch / "lock")
        except BlockingIOError:
            running += 1
            continue
        except FileNotFoundError:  # another sweep removed it
            continue
        with held:
            try:
                groups = []
                with contextlib.suppress(FileNotFoundError, ValueError):
                    groups = [Path(path) for path in json.loads((scratch / "cgroups.json").read_text())]
                cgroups.kill(groups)
                cgroups.remove(groups)
                remove_tree(scratch)
            except (OSError, subprocess.CalledProcessError) as error:
                stuck.append(f"{scratch}: {error}")
    return running, stuck
