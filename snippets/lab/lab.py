"""A lab, seen from the program that uses it."""

import shlex
import subprocess
import time
from types import TracebackType
from typing import Self

from .archives import default_engine, resolve
from .backends import choose
from .client import Progress, Supervisor
from .engines import Engine
from .enter import enter
from .errors import LabError

# Lists what a user can leave behind: what it is and its name, and after a tab the ID of an image.
LIST_OBJECTS = r"""
set -e
docker container ls --all --format 'container {{.Names}}'
docker image ls --format 'image {{.Repository}}:{{.Tag}}\t{{.ID}}'
docker image ls --filter dangling=true --format 'untagged image {{.ID}}\t{{.ID}}'
docker network ls --format 'network {{.Name}}'
docker volume ls --format 'volume {{.Name}}'
docker context ls --format 'context {{.Name}}'
docker system df --verbose --format '{{range .BuildCache}}build cache {{.ID}}{{println}}{{end}}'
cd
own='( -path ./.docker -o -path ./.bash_history -o -path ./.lesshst )'
find . -mindepth 1 $own -prune -o -printf 'file %P\n'
"""

# Tells which control groups a host has: `cgroup1` or `cgroup2`.
TELL_KIND = "docker info --format 'cgroup{{.CgroupVersion}}'"

# The logs, by the name that a service goes by.
LOGS = ("dockerd", "registry", "ghcr", "containerd", "resolver")


def read_objects(listing: str) -> dict[str, str]:
    """Return what `LIST_OBJECTS` printed: by kind and name the ID of an image."""
    pairs = (line.partition("\t") for line in listing.splitlines() if line)
    return {name: content for name, _, content in pairs if name != "image <none>:<none>"}


class Lab:
    """A throwaway Docker host. Use it as a context manager, or call `stop`.

    An image that its registry does not hold is answered with "not found", where
    Docker Hub says "pull access denied": the real Hub hides from the anonymous
    which private repositories exist.

    Attributes:
        engine: what it runs.
        pid: PID 1 of the lab, as its host numbers it: this machine, or the container
            that the lab runs in.
        name: what its scratch directory is called; its control groups are
            `docker-architecture-NAME`.
    """

    def __init__(
        self, engine: Engine, pid: int, name: str, supervisor: Supervisor, prefix: tuple[str, ...]
    ) -> None:
        """Use `Lab.start` instead."""
        self.engine = engine
        self.pid = pid
        self.name = name
        self._supervisor = supervisor
        self._prefix = prefix

    @classmethod
    def start(
        cls,
        engine: str | Engine | None = None,
        *,
        backend: str | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Start a lab and wait until its daemon and its registries answer.

        The first start makes the engine's root and the images, which takes a few
        minutes; they are kept.

        Args:
            engine: a name of `ENGINES`, or what `engine_from_dir` returned; None: the newest
                that can be had on this machine.
            backend: a name of `backends.BACKENDS`; None: what LAB_BACKEND says, or
                else what this host can.
            progress: is given a line of text before each slow step.

        Raises:
            LabError: no such engine or backend, the engine's archive is not here, this
                host lacks something, or the lab did not start.
        """
        if engine is None:
            engine = default_engine(backend=backend, progress=progress)
        engine = resolve(engine, backend=backend, progress=progress)
        launch = choose(backend).launch("start", engine, progress)
        supervisor = Supervisor(launch.command)
        try:
            said = supervisor.ready(progress)
            return cls(engine, said["ready"], said["name"], supervisor, launch.prefix)
        except BaseException:
            supervisor.stop()
            raise

    def __enter__(self) -> Self:
        """Return the lab."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the lab."""
        self.stop()

    def enter(self, *argv: str) -> list[str]:
        """Return the command that, run on the host, runs `argv` inside the lab.

        It runs as root, in `/root`, with `enter.ENVIRONMENT` and nothing else.
        """
        return [*self._prefix, *enter(self.pid, *argv)]

    def run(self, command: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run one bash command in the lab and return its output and exit status.

        Args:
            command: the command line.
            timeout: seconds it may take.

        Raises:
            LabError: it took longer; with the output so far.
        """
        begun = time.monotonic()
        process = subprocess.Popen(
            # The limit is kept inside the lab: from outside, sudo is in the way.
            self.enter("timeout", "--signal=KILL", str(timeout), "bash", "-c", command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            out, err = process.communicate(timeout=timeout + 5)
            late = process.returncode in (-9, 137) and time.monotonic() - begun >= timeout
        except subprocess.TimeoutExpired as error:
            # Something that the command left behind still holds its output.
            late = True
            out, err = (
                part.decode(errors="replace") if isinstance(part, bytes) else part or ""
                for part in (error.stdout, error.stderr)
            )
        if late:
            raise LabError(
                f"{shlex.quote(command)} did not end within {timeout:g} s. Its output so far:\n{out}{err}"
            )
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def objects(self) -> dict[str, str]:
        """Return what a user can leave behind: by kind and name, as in `container web`, the ID of an image.

        Besides containers, images, networks, volumes and contexts these are images without a
        name, records of the build cache, and the files of the home directory, but for those
        that the client and the shell keep for themselves.

        Raises:
            LabError: the daemon does not answer.
        """
        return read_objects(self._told(LIST_OBJECTS))

    def kind(self) -> str:
        """Return which control groups its host has: `cgroup1` or `cgroup2`.

        Raises:
            LabError: the daemon does not answer.
        """
        return self._told(TELL_KIND).strip()

    def _told(self, script: str) -> str:
        told = self.run(script)
        if told.returncode:
            self.check()
            raise LabError(f"The daemon does not answer: {told.stderr.strip()}")
        return told.stdout

    def check(self) -> None:
        """Raise `LabError`, with the last lines of the log, if a service died."""
        if problem := self._supervisor.ask(ask="check"):
            raise LabError(problem)

    def log(self, name: str, lines: int = 20) -> str:
        """Return the last lines of a log.

        Args:
            name: `dockerd`, `registry` (Docker Hub's access log), `ghcr` (ghcr.io's),
                `containerd` or `resolver`.
            lines: how many.

        Raises:
            LabError: there is no such log, or the lab is stopped.
        """
        if name not in LOGS:
            raise LabError(f"There is no log {name!r}. There is: {', '.join(LOGS)}.")
        text: str = self._supervisor.ask(ask="log", name=name, lines=lines)
        return text

    def stop(self) -> None:
        """Stop the lab: its processes, mounts, namespaces and files are gone on return."""
        self._supervisor.stop()
