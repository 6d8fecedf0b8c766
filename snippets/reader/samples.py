"""Sample values in commands: what a reader would have to replace before the command works."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from snippets.block import Block, Command
from snippets.match.tokens import PID, TOKEN_TYPES, TokenType, pids_of_command, tokens_of, volatile

_ID = "ID"
"""The family of IDs and digests: a short ID is the beginning of a digest."""

_PORT = "published port"
_TIME = "time"

_BEGINNING_OF_ID = re.compile(r"(?<![\w./-])(?=\d*[a-f])[0-9a-f]{4,64}(?![\w/-])")
"""What may be the beginning of an ID: digits alone are a number."""

_NUMBER = re.compile(r"(?<![\w.-])\d+(?![\w-]|\.\d)")

_HOST_PORT = re.compile(r"(?:localhost|\b127\.0\.0\.1|\b0\.0\.0\.0|\[::1?\])[: ](?P<port>\d+)(?!\w)")

_TAKES_PIDS = re.compile(
    r"(?<![\w./-])(?<!docker )(?<!container )(?<!compose )"
    r"(?:ps|pstree|kill|pwdx|pmap|lsof|strace|ltrace|gdb|renice|taskset|prlimit|nsenter|lsns)"
    r"(?P<arguments>[ \t][^|;&()\n]*)"
)
"""Programs among whose arguments a number is a PID."""

_FULL_DATE = len("2026-11-24")
"""A time shorter than a date is an hour, or no time at all, such as the ports in `80:80`."""

_TELLING = 3
"""Digits from which on a number is taken for the PID or port that an output has shown, wherever it stands."""

ADVICE = {
    _ID: "let the shell fill it in, $(docker inspect --format '{{.Id}}' NAME), or use a name or a --filter",
    "UUID": "let the shell fill it in with $(…)",
    "MAC address": "let the shell fill it in, $(docker inspect --format '{{…MacAddress}}' NAME)",
    "IP address": "let the shell fill it in, $(docker inspect --format '{{…IPAddress}}' NAME), or use a name",
    "generated name": "give the object a name of the page's own with --name",
    PID.name: "let the shell fill it in: $(docker inspect --format '{{.State.Pid}}' NAME) or $(pgrep …)",
    _PORT: "publish a port of the page's own choice, or let the shell fill it in with $(docker port NAME 80)",
    _TIME: "note the time in a variable before: since=$(date +%s)",
}
"""What to write in place of a sample, by its family."""


@dataclass
class _Known:
    """What a page's outputs have shown, and its commands chosen, up to a place.

    Attributes:
        shown: the line of the page that shows a value first, by family and value.
        numbers: the same for each whole number in an output, of whatever it is.
        chosen: the words of commands that no output had shown before.
    """

    shown: dict[tuple[str, str], int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)

    def place_of(self, family: str, value: str) -> int | None:
        """The line that shows a value which a command holds; None when none did, or the page chose it."""
        if family == _ID:
            if any(word.startswith(value) for word in self.chosen):
                return None
            places = (
                line
                for (kind, sample), line in self.shown.items()
                if kind == _ID and (sample.startswith(value) or value.startswith(sample))
            )
            return min(places, default=None)
        if value in self.chosen:
            return None
        line = self.shown.get((family, value))
        # A bare number in an output may be a PID or a port; that it is one, the command tells.
        return self.numbers.get(value) if line is None and family in (PID.name, _PORT) else line

    def telling(self, numbers: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Those of a command's numbers that an output has shown as a PID or a port, each with its family."""
        for number in numbers:
            for family in (PID.name, _PORT):
                if (family, number) in self.shown and len(number) >= _TELLING:
                    yield family, number


def faults(blocks: Iterable[Block], types: Sequence[TokenType] = TOKEN_TYPES) -> Iterator[tuple[int, str]]:
    """Find the commands of a page that hold what only an earlier output of the page has shown.

    Blocks that are not run count as well: readers type those, too.

    Args:
        blocks: the page's blocks in order.
        types: the types of volatile tokens that the page knows.

    Yields:
        The 1-based line of the command, and what is wrong with it and what to write instead.
    """
    known = _Known()
    for block in blocks:
        for command in block.commands:
            if command.is_typed:
                numbers = _NUMBER.findall(command.text)
                values = dict.fromkeys([*_values(command.text, tuple(types)), *known.telling(numbers)])
                found = {value: known.place_of(family, value) for family, value in values}
                for family, value in values:
                    if (line := found[value]) is not None:
                        advice = ADVICE.get(family, ADVICE["UUID"])
                        yield (
                            command.line,
                            f"`{command.lines[0]}` holds {value}, a sample ({family}) that the output in "
                            f"line {line} shows; a reader has another one: {advice}",
                        )
                words = [value for _, value in values] + numbers
                known.chosen.update(word for word in words if found.get(word) is None)
            _learn(known, command, tuple(types))


def _learn(known: _Known, command: Command, types: tuple[TokenType, ...]) -> None:
    """Take over what a command's output shows, and the prompt of a program that it opened before."""
    rows = [(command.line, command.prompt, list(tokens_of(command.prompt, (), types)))]
    found = zip(command.output, volatile(command.output, types), strict=True)
    rows += [(number, row, tokens) for number, (row, tokens) in enumerate(found, command.output_line)]
    for number, row, tokens in rows:
        for token in tokens:
            value = _bare(row[token.start : token.end])
            if (token.type.names_a_thing or token.type.name == _TIME) and value not in known.chosen:
                known.shown.setdefault((_family(token.type), value), number)
        for value in _NUMBER.findall(row):
            known.numbers.setdefault(value, number)


def _values(text: str, types: tuple[TokenType, ...]) -> Iterator[tuple[str, str]]:
    """What in a typed command can be a sample: its family and value."""
    for token in (*tokens_of(text, (), types), *pids_of_command(text)):
        value = _bare(text[token.start : token.end])
        dated = token.type.name == _TIME and len(value) >= _FULL_DATE
        if token.type.names_a_thing or dated:
            yield _family(token.type), value
    for found in _BEGINNING_OF_ID.finditer(text):
        yield _ID, found[0]
    for program in _TAKES_PIDS.finditer(text):
        for value in _NUMBER.findall(program["arguments"]):
            yield PID.name, value
    for found in _HOST_PORT.finditer(text):
        yield _PORT, found["port"]


def _family(token: TokenType) -> str:
    return _ID if token.name in (_ID, "digest") else token.name


def _bare(value: str) -> str:
    return value.removeprefix("sha256:")
