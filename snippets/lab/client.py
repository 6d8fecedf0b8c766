"""The client's end of the pipes to a supervisor."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from .engines import Engine
from .errors import LabError

Progress = Callable[[str], None]

_STOP_SECONDS = 30


def supervise(package: str, verb: str, cache: str, engine: Engine) -> tuple[str, ...]:
    """Return the arguments that make Python a supervisor.

    Args:
        package: the directory that holds the package `snippets`.
        verb: what it is to do; see `supervisor.main`.
        cache: the cache directory.
        engine: for which engine.
    """
    code = f"import sys; sys.path.insert(0, {package!r}); " + (
        "from snippets.lab.supervisor import main; main()"
    )
    # Isolated and without site packages: it starts faster, and root runs nothing but
    # the standard library and this package.
    return ("-I", "-S", "-B", "-c", code, verb, cache, engine.to_json())


class Supervisor:
    """The root side of a lab, as a child process."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it.

        Args:
            command: a backend's command for it.
        """
        self._asking = threading.Lock()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
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

    def cancel(self) -> None:
        """Have it stop and clear up, without waiting; whoever waits for it learns that it ended."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

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


def once(command: Sequence[str], progress: Progress | None = None) -> Any:
    """Run a supervisor that does one thing, and return what it says when it is done.

    Raises:
        LabError: it could not do it.
    """
    supervisor = Supervisor(command)
    try:
        return supervisor.ready(progress)["ready"]
    finally:
        supervisor.stop()
