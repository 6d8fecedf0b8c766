"""A lab, seen from the program that uses it."""

import contextlib
import json
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .engines import DEFAULT_ENGINE, ENGINES, Engine
from .enter import enter
from .errors import LabError
from .host import missing
from .paths import cache_dir
from .programs import sudo

Progress = Callable[[str], None]

# The logs, by the name that a service goes by.
LOGS = ("dockerd", "registry", "ghcr", "containerd", "resolver")

_STOP_SECONDS = 30


class Supervisor:
    """The root side of a lab, as a child process."""

    def __init__(self, verb: str, engine: Engine) -> None:
        """Start it.

        Args:
            verb: `start`, `build` or `clean`.
            engine: which engine.

        Raises:
            LabError: this host lacks what a lab needs, or the cache directory
                cannot be made.
        """
        if verb != "clean" and (lacking := missing()):
            raise LabError("This host cannot run a lab:\n" + "\n".join(f"- {one}" for one in lacking))
        cache = cache_dir()
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabError(f"The cache directory cannot be made: {error}.") from error
        self._asking = threading.Lock()
        package = Path(__file__).resolve().parents[2]
        code = f"import sys; sys.path.insert(0, {str(package)!r}); " + (
            "from snippets.lab.supervisor import main; main()"
        )
        self._process = subprocess.Popen(
            # Isolated and without site packages: it starts faster, and root runs
            # nothing but the standard library and this package.
            [*sudo(), sys.executable, "-I", "-S", "-B", "-c", code, verb, str(cache), engine.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,  # Ctrl-C in a terminal is for the client alone
        )

    def ready(self, progress: Progress | None) -> dict[str, Any]:
        """Wait until it is ready, and return what it then says.

        Args:
            progress: is given each line of progress.

        Raises:
            LabError: it could not do it.
        """
        while True:
            message = self._message()
            if "progress" in message:
                if progress:
                    progress(message["progress"])
            elif "error" in message:
                raise LabError(message["error"])
            else:
                return message

    def ask(self, **request: Any) -> Any:
        """Send a request and return the answer.

        Raises:
            LabError: the supervisor is gone.
        """
        stdin = self._process.stdin
        assert stdin is not None
        with self._asking:
            try:
                stdin.write(json.dumps(request) + "\n")
                stdin.flush()
            except (BrokenPipeError, ValueError):
                raise LabError("The lab is stopped. Start another one.") from None
            return self._message()["answer"]

    def _message(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            message: dict[str, Any] = json.loads(line)
            return message
        assert self._process.stderr is not None
        said = self._process.stderr.read().strip()
        status = self._process.wait()
        raise LabError(f"The lab's supervisor ended (exit status {status}). {said or 'Start again.'}")

    def stop(self) -> None:
        """Let it stop the lab and clear up, and wait until it has.

        Raises:
            LabError: it does not end.
        """
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise LabError(
                f"The lab's supervisor (process {self._process.pid}) did not end within "
                f"{_STOP_SECONDS} s. End it with `kill -9`; the next lab clears up after it."
            ) from None
        finally:
            if self._process.stderr is not None:
                self._process.stderr.close()


class Lab:
    """A throwaway Docker host. Use it as a context manager, or call `stop`.

    An image that its registry does not hold is answered with "not found", where
    Docker Hub says "pull access denied": the real Hub hides from the anonymous
    which private repositories exist.

    Attributes:
        engine: what it runs.
        pid: PID 1 of the lab, as the host numbers it.
        name: what its scratch directory is called; its control groups are
            `docker-architecture-NAME`.
    """

    def __init__(self, engine: Engine, pid: int, name: str, supervisor: Supervisor) -> None:
        """Use `Lab.start` instead."""
        self.engine = engine
        self.pid = pid
        self.name = name
        self._supervisor = supervisor

    @classmethod
    def start(cls, engine: str = DEFAULT_ENGINE, *, progress: Progress | None = None) -> Self:
        """Start a lab and wait until its daemon and its registries answer.

        The first start makes the engine's root and the images, which takes a few
        minutes; they are kept.

        Args:
            engine: a name of `ENGINES`.
            progress: is given a line of text before each slow step.

        Raises:
            LabError: no such engine, this host lacks something, or the lab did
                not start.
        """
        if engine not in ENGINES:
            raise LabError(f"There is no engine {engine!r}. There is: {', '.join(ENGINES)}.")
        supervisor = Supervisor("start", ENGINES[engine])
        try:
            said = supervisor.ready(progress)
            return cls(ENGINES[engine], said["ready"], said["name"], supervisor)
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
        return [*sudo(), *enter(self.pid, *argv)]

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

    def objects(self) -> frozenset[str]:
        """Return the containers, networks and volumes, each as its kind and name: `container web`.

        Raises:
            LabError: the daemon does not answer.
        """
        listing = self.run(
            "docker container ls --all --format 'container {{.Names}}' && "
            "docker network ls --format 'network {{.Name}}' && docker volume ls --format 'volume {{.Name}}'"
        )
        if listing.returncode:
            self.check()
            raise LabError(f"The daemon does not answer: {listing.stderr.strip()}")
        return frozenset(listing.stdout.splitlines())

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


def build(engine: str = DEFAULT_ENGINE, *, progress: Progress | None = None) -> None:
    """Make what labs of an engine need, so that the first start is as fast as any.

    Args:
        engine: a name of `ENGINES`.
        progress: is given a line of text before each slow step.

    Raises:
        LabError: it could not be made.
    """
    _once("build", ENGINES[engine], progress)


def clean() -> int:
    """Remove everything that labs keep or left behind.

    Returns:
        How many labs or builds are running; what those use stays.

    Raises:
        LabError: something could not be removed.
    """
    running: int = _once("clean", ENGINES[DEFAULT_ENGINE], None)["ready"]
    return running


def _once(verb: str, engine: Engine, progress: Progress | None) -> dict[str, Any]:
    supervisor = Supervisor(verb, engine)
    try:
        return supervisor.ready(progress)
    finally:
        supervisor.stop()
