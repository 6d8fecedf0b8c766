"""A shell of a lab on a terminal, typed into as a person does; for the tests of terminals."""

import contextlib
import fcntl
import os
import pty
import re
import subprocess
import termios

from snippets.lab import Lab

from .lab_traces import until


class Terminal:
    """A shell of the lab on a terminal, typed into as a person does."""

    def __init__(self, lab: Lab) -> None:
        self.master, slave = pty.openpty()

        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.lab = lab
        self.process = subprocess.Popen(
            lab.enter("bash", "--norc"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=own_terminal,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = ""

    def read(self) -> str:
        with contextlib.suppress(OSError):
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        return self.seen

    def types(self, text: str, expect: str) -> None:
        self.seen = ""
        os.write(self.master, text.encode())
        assert until(lambda: re.search(expect, self.read()) is not None), (text, self.seen)

    def interrupts(self, command: str, expect: str) -> None:
        """Type a command, press Ctrl-C once it runs, and expect something.

        Before it runs the shell may still read keys as such, and Ctrl-C would be one of them.
        """
        self.types(f"{command}\n", f"{command}\r\n")
        assert until(lambda: self.lab.run(f"pgrep --full --exact '{command}'").returncode == 0), command
        self.types("\x03", expect)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
