"""Record what the terminals of a page's run answer, and answer the same again without a lab."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snippets.block import HOSTS
from snippets.terminal import Outcome, Terminal, TerminalError
from snippets.verify import Host


class OtherCommandError(TerminalError):
    """The page types something that was not recorded: what it would print only a real run can tell."""


@dataclass
class Tape:
    """What was asked of the terminals of one run and what came, in order, and what the host held."""

    calls: list[tuple[tuple[Any, ...], Any]] = field(default_factory=list)
    objects: list[Mapping[str, str]] = field(default_factory=list)


class RecordingTerminal(Terminal):
    """A real terminal that notes on a tape what it answers."""

    def __init__(self, argv: Sequence[str], tape: Tape) -> None:
        self._tape: Tape | None = None
        super().__init__(argv)
        self._tape = tape

    def run(self, text: str, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        tape, self._tape = (
            self._tape,
            None,
        )  # a run is a start and a wait, which are noted on their own otherwise
        outcome = super().run(text, timeout=timeout, prompt=prompt)
        self._tape = tape
        _noted(tape, ("run", text), outcome)
        return outcome

    def start(self, text: str) -> None:
        super().start(text)
        _noted(self._tape, ("start", text), None)

    def wait(self, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        outcome = super().wait(timeout=timeout, prompt=prompt)
        _noted(self._tape, ("wait",), outcome)
        return outcome

    def output_of_running(self, *, quiet: float) -> str:
        shown = super().output_of_running(quiet=quiet)
        _noted(self._tape, ("output",), shown)
        return shown


class ReplayTerminal(Terminal):
    """A terminal that answers from a tape, and refuses what is not on it."""

    def __init__(self, tape: Tape) -> None:
        self._left = tape.calls

    def run(self, text: str, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        outcome: Outcome = self._answer("run", text)
        return outcome

    def start(self, text: str) -> None:
        self._answer("start", text)

    def wait(self, *, timeout: float, prompt: re.Pattern[str] | None = None) -> Outcome:
        outcome: Outcome = self._answer("wait")
        return outcome

    def output_of_running(self, *, quiet: float) -> str:
        # Output that took several looks to come was complete at the last of them.
        answer: str = self._answer("output")
        while self._left and self._left[0][0] == ("output",):
            answer = self._answer("output")
        return answer

    @property
    def has_ended(self) -> bool:
        return False

    def interrupt(self) -> None:
        """Answered by the wait that follows."""

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, *asked: Any) -> Any:
        if not self._left or self._left[0][0] != asked:
            raise OtherCommandError("this command was not recorded", "")
        return self._left.pop(0)[1]


class RecordingHost:
    """A real host that notes on a tape what it holds."""

    def __init__(self, host: Host, tape: Tape) -> None:
        self._host, self._tape = host, tape

    def enter(self, *argv: str) -> list[str]:
        return self._host.enter(*argv)

    def objects(self) -> Mapping[str, str]:
        self._tape.objects.append(self._host.objects())
        return self._tape.objects[-1]

    def kind(self) -> str:
        return self._host.kind()

    def check(self) -> None:
        self._host.check()

    def stop(self) -> None:
        self._host.stop()


class ReplayHost:
    """A host that holds what a tape says."""

    def __init__(self, tape: Tape) -> None:
        self._left = tape.objects

    def enter(self, *argv: str) -> list[str]:
        return list(argv)

    def objects(self) -> Mapping[str, str]:
        return self._left.pop(0)

    def kind(self) -> str:
        return next(iter(HOSTS))

    def check(self) -> None:
        """Nothing of it can die."""

    def stop(self) -> None:
        """Nothing of it runs."""


def _noted(tape: Tape | None, asked: tuple[Any, ...], answer: Any) -> None:
    if tape is not None:
        tape.calls.append((asked, answer))
