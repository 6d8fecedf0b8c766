"""A shell on a real pseudo-terminal: type a command, get what the terminal shows and the exit status.

The shell marks the end of each command with the terminal sequence `OSC 133 ; D ; status`, the one that
terminal emulators use for the same purpose, with a secret word added so that no output can pass for it.
The mark travels the same way as the output, so nothing that was printed before it can arrive after it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import pty
import re
import secrets
import select
import shlex
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import TracebackType

from snippets.screen import render

COLUMNS = 100
"""The terminal's width in characters; wide enough for Docker's tables, narrow enough for a page."""

ROWS = 50
"""The terminal's height in lines."""

OUTPUT_LIMIT = 16 * 2**20
"""How many bytes one command may print; beyond it the command is stopped and fails."""

LINE_LIMIT = 4000
"""How many bytes one typed line may have: the terminal driver drops what is beyond 4095."""

_PROMPT_SETTLES = 0.03
"""Seconds of silence after which text that looks like a prompt is one."""

_LOOK_EVERY = 0.5
"""Seconds between two looks whether the shell still runs: a job of its own can keep the terminal open."""

_GRACE = 2.0
"""Seconds that a command gets to end after Ctrl-C, and the shell after its terminal is gone."""


class TerminalError(Exception):
    """A command did not come to an end as it should.

    Attributes:
        reason: what happened, in one sentence.
        output: what the terminal had shown until then.
    """

    def __init__(self, reason: str, output: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.output = output


class TimeLimitError(TerminalError):
    """A command ran longer than it may."""


class OutputLimitError(TerminalError):
    """A command printed more than it may."""


class ClosedError(TerminalError):
    """The shell is gone, and with it all that ran in it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a command.

    Attributes:
        output: what the terminal shows for it, without the command itself.
        status: the exit status, or None while a program that the command opened waits for input.
        prompt: the prompt at which that program waits, without spaces at its end.
    """

    output: str
    status: int | None
    prompt: str = ""


class Terminal:
    """A bash on a pseudo-terminal of its own.

    Args:
        argv: the command that starts an interactive bash, for instance `shell_argv()` inside a lab.
        timeout: seconds that the shell may take to show its first prompt.

    Raises:
        TerminalError: the shell does not start.
    """

    def __init__(self, argv: Sequence[str], *, timeout: float = 30.0) -> None:
        self._word = secrets.token_hex(8)
        self._mark = re.compile(rb"\x1b\]133;D;(\d+);" + self._word.encode() + rb"\x07")
        self._master, slave = pty.openpty()
        try:
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            self._process = subprocess.Popen(
                argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                preexec_fn=_take_signals,
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._raw = bytearray()
        self._searched = 0
        self._echo = b""
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        try:
            mark = rf"PS1='\[\e]133;D;$?;{self._word}\a\]' PS2= PROMPT_COMMAND= HISTFILE="
            self.run(mark, timeout=timeout)
        except BaseException:
            self.close()
            raise

    def run(self, text: str, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        """Type a command at the shell and wait for its end.

        Args:
            text: the command; its lines as one types them.
            timeout: seconds that it may take.
            prompt: where given, the command opens a program, and the wait ends at its prompt.

        Raises:
            TimeLimitError: it did not end in time; Ctrl-C was sent to it.
            OutputLimitError: it printed more than OUTPUT_LIMIT; Ctrl-C was sent to it.
            ClosedError: the shell is gone.
        """
        self.start(text)
        return self.wait(timeout=timeout, prompt=prompt)

    def start(self, text: str) -> None:
        """Type a command at the shell and do not wait for it.

        Raises:
            ClosedError: the shell is gone.
        """
        self._echo = "".join(f"{line}\r\n" for line in text.split("\n")).encode()
        self._send(text)

    def wait(self, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        """Wait for the end of the command that was started; parameters and errors as of `run`.

        The outcome has the output since the start.
        """
        try:
            raw, status = self._wait(timeout, prompt)
        except TerminalError as error:
            error.output = error.output.removeprefix(render(self._echo))
            raise
        return _outcome(raw.removeprefix(self._echo), status)

    def output_of_running(self, *, quiet: float) -> str:
        """What the command that was started has shown so far, once it was silent for `quiet` seconds.

        Raises:
            OutputLimitError: it printed more than OUTPUT_LIMIT.
            ClosedError: the shell is gone.
        """
        while self._poll.poll(1000 * quiet):
            self._read()
            if self._ended():
                break
        return render(bytes(self._raw).removeprefix(self._echo))

    @property
    def has_ended(self) -> bool:
        """Whether the command that was started is known to have ended."""
        return self._ended() is not None

    def interrupt(self) -> None:
        """Press Ctrl-C.

        Raises:
            ClosedError: the shell is gone.
        """
        try:
            os.write(self._master, b"\x03")
        except OSError as error:
            raise ClosedError("the terminal's shell is gone", "") from error

    def type_line(self, line: str, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        """Type one line into the program that the command before opened.

        Args:
            line: what is typed.
            timeout: seconds until the program shows its prompt again or ends.
            prompt: the prompt that ends the wait; without one, the wait ends with the program.

        Raises:
            TimeLimitError, OutputLimitError, ClosedError: as of `run`.
        """
        self._send(line)
        raw, status = self._wait(timeout, prompt)
        _, _, shown = raw.partition(b"\r\n")  # what stands before is the program's echo of the line
        return _outcome(shown, status)

    def close(self) -> None:
        """Hang up: the shell and the program in its foreground get SIGHUP, as when a window is closed."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, text: str) -> None:
        longest = max((len(line.encode()) for line in text.split("\n")), default=0)
        if longest > LINE_LIMIT:
            raise TerminalError(
                f"a line of {longest} bytes cannot be typed, a terminal takes {LINE_LIMIT}; "
                "put it into a file",
                "",
            )
        self._raw.clear()
        self._searched = 0
        data = f"{text}\n".encode()
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 1.0)
            except OSError as error:
                raise ClosedError("the terminal's shell is gone", "") from error

    def _wait(self, timeout: float, prompt: re.Pattern[str] | None) -> tuple[bytes, int | None]:
        """Collect output until the shell's mark, or until the prompt of the program in the terminal."""
        deadline = time.monotonic() + timeout
        while (mark := self._ended()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                self._stop()
                raise TimeLimitError(f"it had not ended after {timeout:g} s", self._shown())
            at_prompt = prompt is not None and _stands_at(self._raw, prompt)
            if self._poll.poll(1000 * min(left, _PROMPT_SETTLES if at_prompt else _LOOK_EVERY)):
                self._read()
            elif at_prompt:
                return bytes(self._raw), None
            elif self._process.poll() is not None:
                raise ClosedError("the terminal's shell is gone", self._shown())
        return bytes(self._raw[: mark.start()]), int(mark[1])

    def _read(self) -> None:
        """Take over what the terminal has for us."""
        try:
            chunk = os.read(self._master, 65536)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: nobody has the other end open any more
                raise
            chunk = b""
        if not chunk:
            raise ClosedError("the terminal's shell is gone", self._shown())
        self._raw += chunk
        if len(self._raw) > OUTPUT_LIMIT and self._ended() is None:
            shown = render(bytes(self._raw[: OUTPUT_LIMIT // 16]))
            self._stop()
            raise OutputLimitError(f"it printed more than {OUTPUT_LIMIT // 2**20} MiB", shown)

    def _ended(self) -> re.Match[bytes] | None:
        """The shell's mark of a command's end in what was read."""
        mark = self._mark.search(self._raw, max(0, self._searched - 64))
        if mark is None:
            self._searched = len(self._raw)
        return mark

    def _shown(self) -> str:
        return render(bytes(self._raw))

    def _stop(self) -> None:
        """Press Ctrl-C and drain what still comes, so that the command has a chance to clean up."""
        tail = b""
        deadline = time.monotonic() + _GRACE
        try:
            self.interrupt()
            while (left := deadline - time.monotonic()) > 0:
                if self._poll.poll(1000 * left):
                    tail = tail[-64:] + os.read(self._master, 65536)
                    if self._mark.search(tail):
                        return
        except (OSError, ClosedError):
            return


def shell_argv() -> list[str]:
    """The command that starts the shell of a `Terminal` where it is to run.

    `setsid --ctty` makes the terminal its own, so that Ctrl-C and job control work in another PID namespace.
    """
    return ["setsid", "--ctty", "--wait", "bash", "--noprofile", "--norc", "--noediting", "-i"]


def write_file(name: str, text: str) -> str:
    """The command that writes a file at the shell's working directory, as one would type it.

    Args:
        name: the file's path, relative to the working directory.
        text: the content; it gets a newline at its end.
    """
    end = f"END-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    folder = shlex.quote(str(PurePosixPath(name).parent))
    return f"mkdir -p {folder} && cat > {shlex.quote(name)} <<'{end}'\n{text}\n{end}"


def _take_signals() -> None:
    """Let the shell take the signals of a terminal, which a job in the background ignores."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _outcome(raw: bytes, status: int | None) -> Outcome:
    shown = render(raw)
    if status is not None:
        return Outcome(shown, status)
    output, _, prompt = shown.rpartition("\n")
    return Outcome(output, None, prompt.rstrip())


def _stands_at(raw: bytearray, prompt: re.Pattern[str]) -> bool:
    tail = bytes(raw[raw.rfind(b"\n") + 1 :][-500:])
    return prompt.fullmatch(render(tail).rstrip()) is not None
