"""A shell on a real pseudo-terminal: type a command, get what the terminal shows and the exit status.

The shell marks the end of each command with the terminal sequence `OSC 133 ; D ; status`, the one that
terminal emulators use for the same purpose. Two things are added: how many lines the shell has read, which
tells the end of what was typed from the end of a command in the middle of it, and a secret word, so that no
output can pass for the mark. The mark travels the same way as the output, so nothing that was printed before
it can arrive after it.
"""

from __future__ import annotations

import errno
import fcntl
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
from types import TracebackType

from snippets.screen import COLUMNS, ROWS, render

OUTPUT_LIMIT = 16 * 2**20
"""How many bytes one command may print; beyond it the command is stopped and fails."""

OUTPUT_LINES = 2_000_000
"""How many lines one command may print: each costs memory of its own, however short it is."""

LINE_LIMIT = 4000
"""How many bytes one typed line may have: the terminal driver drops what is beyond 4095."""

_PROMPT_SETTLES = 0.03
"""Seconds of silence after which text that looks like a prompt is one."""

_SETTLES = 3
"""How many times the silence that is waited for a command may go on printing instead."""

_LOOK_EVERY = 0.5
"""Seconds between two looks whether the shell still runs: a job of its own can keep the terminal open."""

_GRACE = 2.0
"""Seconds that a command gets to end after Ctrl-C, and the shell after its terminal is gone."""

_LONGEST_MARK = 80
"""A mark is no longer than that; it may arrive in parts."""


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
        self._mark = re.compile(
            rb"\x1b\]133;D;(?P<status>\d+);(?P<line>\d+);" + self._word.encode() + rb"\x07"
        )
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
        self._searched = self._newlines = 0
        self._unsent = b""
        self._echo: bytes | None = b""
        self._begun_at = self._typed = 0  # lines that the shell has read, before and after what it runs
        self._any_mark = True
        self._in_program = False
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN)
        try:
            mark = rf"PS1='\[\e]133;D;$?;$LINENO;{self._word}\a\]' PS2= PROMPT_COMMAND= HISTFILE="
            self.run(mark, timeout=timeout)
        except BaseException:
            self.close()
            raise

    def run(self, text: str, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        """Type a command at the shell, or a line into the program in the terminal, and wait for its end.

        Args:
            text: the command; its lines as one types them.
            timeout: seconds that it may take.
            prompt: where given, the prompt of the program that it opens or is typed into, which ends the wait
                as well.

        Raises:
            TimeLimitError: it did not end in time; Ctrl-C was sent to it.
            OutputLimitError: it printed more than OUTPUT_LIMIT or OUTPUT_LINES; Ctrl-C was sent to it.
            ClosedError: the shell is gone.
            TerminalError: the text is more than one command, or has a line that no terminal takes.
        """
        self.start(text)
        return self.wait(timeout=timeout, prompt=prompt)

    def start(self, text: str) -> None:
        """Type a command at the shell, or a line into the program in the terminal, and do not wait for it.

        What the terminal does not take at once follows while output is read.

        Raises:
            ClosedError: the shell is gone.
            TerminalError: a line is longer than a terminal takes.
        """
        lines = text.split("\n")
        longest = max(len(line.encode()) for line in lines)
        if longest > LINE_LIMIT:
            raise TerminalError(
                f"a line of {longest} bytes cannot be typed, a terminal takes {LINE_LIMIT}; "
                "put it into a file",
                "",
            )
        self._raw.clear()
        self._searched = self._newlines = 0
        if self._in_program:
            self._echo = None
        else:
            self._echo = "".join(f"{line}\r\n" for line in lines).encode()
            self._begun_at, self._typed = self._typed, self._typed + len(lines)
        self._unsent = f"{text}\n".encode()
        self._send()

    def wait(self, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        """Wait for the end of the command that was started; parameters and errors as of `run`.

        The shell's mark ends the wait, or the prompt of the program in the terminal. The outcome has the
        output since the start.
        """
        deadline = time.monotonic() + timeout
        while (mark := self._ended()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                self._stop()
                raise TimeLimitError(f"it had not ended after {timeout:g} s", self._shown())
            at_prompt = prompt is not None and _stands_at(self._raw, prompt)
            if self._turn(min(left, _PROMPT_SETTLES if at_prompt else _LOOK_EVERY)):
                continue
            if at_prompt:
                self._in_program = True
                output, _, shown_prompt = self._shown().rpartition("\n")
                return Outcome(output, None, shown_prompt.rstrip())
            if self._process.poll() is not None:
                raise ClosedError("the terminal's shell is gone", self._shown())
        self._in_program = False
        return Outcome(self._shown(mark.start()), int(mark["status"]))

    def output_of_running(self, *, quiet: float) -> str:
        """What the command that was started has shown so far, once it was silent for `quiet` seconds.

        Of a command that never is, it is what it has shown after some times as long.

        Raises:
            OutputLimitError, ClosedError, TerminalError: as of `run`.
        """
        deadline = time.monotonic() + _SETTLES * quiet
        while (left := deadline - time.monotonic()) > 0 and self._turn(min(quiet, left)):
            if self._ended():
                break
        return self._shown()

    @property
    def has_ended(self) -> bool:
        """Whether the command that was started is known to have ended."""
        return self._ended() is not None

    def interrupt(self) -> None:
        """Press Ctrl-C.

        Raises:
            ClosedError: the shell is gone.
        """
        # The terminal drops what was typed and not read yet: the shell will not come to the last line.
        self._unsent = b""
        self._any_mark = True
        self._write(b"\x03")

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

    def _send(self) -> None:
        """Type as much as the terminal takes now."""
        # No more at once than a terminal holds unread: its echo must not outgrow what we read of it.
        self._unsent = self._unsent[self._write(self._unsent[:LINE_LIMIT]) :]
        self._poll.modify(self._master, select.POLLIN | (select.POLLOUT if self._unsent else 0))

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ClosedError("the terminal's shell is gone", self._shown()) from error

    def _turn(self, seconds: float) -> bool:
        """Type and read what can be within the time; whether there was something."""
        events = self._poll.poll(1000 * seconds)
        for _, ready in events:
            if ready & ~select.POLLOUT:
                self._read()
            if ready & select.POLLOUT:
                self._send()
        return bool(events)

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
        self._newlines += chunk.count(b"\n")
        too_long, too_many = len(self._raw) > OUTPUT_LIMIT, self._newlines > OUTPUT_LINES
        if (too_long or too_many) and self._ended() is None:
            shown = self._shown(OUTPUT_LIMIT // 16)
            self._stop()
            limit = f"{OUTPUT_LIMIT // 2**20} MiB" if too_long else f"{OUTPUT_LINES} lines"
            raise OutputLimitError(f"it printed more than {limit}", shown)

    def _ended(self) -> re.Match[bytes] | None:
        """The shell's mark of the end of what was typed, in what was read."""
        for mark in self._mark.finditer(self._raw, max(0, self._searched - _LONGEST_MARK)):
            line = int(mark["line"])
            if self._any_mark or line >= self._typed:
                self._any_mark, self._typed = False, line
                return mark
            if line > self._begun_at:
                raise TerminalError(
                    f"the command is complete after line {line - self._begun_at} of the "
                    f"{self._typed - self._begun_at} that were typed; start what follows with '$ '",
                    self._shown(mark.start()),
                )
        self._searched = len(self._raw)
        return None

    def _shown(self, end: int | None = None) -> str:
        """What the terminal shows of what was read, without what was typed."""
        raw = bytes(self._raw[:end])
        if self._echo is None:  # a program echoes as it likes, but its output begins on a line of its own
            return render(raw.partition(b"\r\n")[2])
        return render(raw.removeprefix(self._echo))

    def _stop(self) -> None:
        """Press Ctrl-C and drain what still comes, so that the command has a chance to clean up."""
        tail = b""
        deadline = time.monotonic() + _GRACE
        try:
            self.interrupt()
            while (left := deadline - time.monotonic()) > 0:
                if self._poll.poll(1000 * left):
                    tail = tail[-_LONGEST_MARK:] + os.read(self._master, 65536)
                    if mark := self._mark.search(tail):
                        self._any_mark, self._typed = False, int(mark["line"])
                        self._in_program = False
                        return
        except (OSError, ClosedError):
            return


def shell_argv() -> list[str]:
    """The command that starts the shell of a `Terminal` where it is to run.

    `setsid --ctty` makes the terminal its own, so that Ctrl-C and job control work in another PID namespace.
    """
    return ["setsid", "--ctty", "--wait", "bash", "--noprofile", "--norc", "--noediting", "-i"]


def read_file(name: str) -> str:
    """The command that prints a file of the shell's working directory in Base64.

    Encoded, because a terminal shows control characters in its own way, and not the newline at a file's end.
    """
    return f"base64 < {shlex.quote(name)}"


def _take_signals() -> None:
    """Let the shell take the signals of a terminal, which a job in the background ignores."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _stands_at(raw: bytearray, prompt: re.Pattern[str]) -> bool:
    tail = bytes(raw[raw.rfind(b"\n") + 1 :][-500:])
    return prompt.fullmatch(render(tail).rstrip()) is not None
