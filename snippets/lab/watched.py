"""Running programs on behalf of a client, and ending them when the client goes.

The root side of the lab is a program that holds a pipe from its client. The
pipe's end means: stop and clear up, whatever you are doing.
"""

import contextlib
import functools
import io
import os
import selectors
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError
from .programs import environment


@functools.cache
def _client() -> io.BufferedReader:
    """Return what the client says; it is read through this, and only this: it buffers."""
    return open(0, "rb", closefd=False)


def heard() -> bytes:
    """Return the client's next line."""
    return _client().readline()


class ClientGone(BaseException):
    """The client closed its end of the pipe, or died.

    Not an `Exception`, so that no handler of errors mistakes it for one.
    """


def check_client() -> None:
    """Raise `ClientGone` if the client's end of the pipe is closed."""
    wait_for([], 0)


def wait_for(descriptors: Sequence[int], seconds: float | None) -> list[int]:
    """Wait until one of the descriptors can be read, or the time is up.

    Args:
        descriptors: what to wait for, besides the client.
        seconds: how long at most; None for ever.

    Returns:
        The descriptors that can be read. The client's own (0) is among them when
        it says something.

    Raises:
        ClientGone: the client closed its end.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        ready = [key.fd for key, _ in selector.select(seconds)]
    if 0 in ready and not _client().peek():
        raise ClientGone
    return ready


def contained(*argv: str, network: bool = True) -> list[str]:
    """Return the command that runs `argv` as PID 1 of namespaces of its own.

    All its processes and mounts end with it, and it ends with this process,
    however this process ends.

    Args:
        argv: the command.
        network: whether it shares the host's network. If not, it also gets UTS
            and IPC namespaces of its own.
    """
    own = [] if network else ["--net", "--uts", "--ipc"]
    return [
        *("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork"),
        *("--kill-child=KILL", *own, "--", *argv),
    ]


_ADVICE = "Look for the reason above, then start again: nothing half made is kept."


def advised(error: OSError | str, otherwise: str = _ADVICE) -> str:
    """Return what went wrong, with what to do about it.

    Args:
        error: an error, or the last lines of a log.
        otherwise: what to do if the disk is not full.
    """
    text = f"{error}." if isinstance(error, OSError) else error
    if "no space left" in text.lower():
        otherwise = "Free some disk space and start again: nothing half made is kept."
    return f"{text}\n{otherwise}"


def tail(path: Path, lines: int = 20) -> str:
    """Return the last lines of a text file; empty if there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 4096 * lines))  # enough, but for lines longer than any
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def run(argv: Sequence[str], log: Path, *, what: str, contain: bool = True) -> None:
    """Run a command, with its output in a log, until it ends.

    Args:
        argv: the command.
        log: the file that its output is appended to.
        what: what it does, for the error message.
        contain: run it in namespaces of its own, so that nothing of it outlives it.

    Raises:
        LabError: it failed; with the last lines of the log.
        ClientGone: the client went away; the command and all it started are dead.
    """
    if contain:
        argv = contained("sh", "-c", 'mount -t proc proc /proc && exec "$@"', "sh", *argv)
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(),
        )
    try:
        ended = os.pidfd_open(process.pid)
        try:
            while ended not in wait_for([ended], None):
                pass
        finally:
            os.close(ended)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        status = process.wait()
    if status != 0:
        raise LabError(f"{what} failed (exit status {status}). Its last lines:\n{advised(tail(log))}")
