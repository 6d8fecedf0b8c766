"""Volatile tokens: what in an output differs from machine to machine and from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import namesgenerator


@dataclass(frozen=True)
class TokenType:
    """A type of volatile token.

    Attributes:
        name: how reports call it.
        pattern: what it looks like, with the look-arounds that keep it apart from its surroundings.
        names_a_thing: whether the same sample must always stand for the same real value.
    """

    name: str
    pattern: str
    names_a_thing: bool = False


_UNIT = r"(?:[kKMGT]i?B|B|[KMGT])"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
_AGE = r"(?:Less than a second|About an? (?:minute|hour)|\d+ (?:second|minute|hour|day|week|month|year)s?)"

_LATER_ADJECTIVES = (
    "beautiful", "bold", "busy", "charming", "cool", "crazy", "exciting", "funny", "great", "intelligent",
    "interesting", "magical", "nice", "recursing", "strange", "sweet",
)  # fmt: skip
"""The adjectives that dockerd 20.10 to 28.5 have and the package `namesgenerator` lacks."""

_ADJECTIVE = f"(?:{'|'.join((*namesgenerator.left, *_LATER_ADJECTIVES))})"

TOKEN_TYPES = (
    TokenType("digest", r"(?<!\w)sha256:[0-9a-f]{7,64}(?!\w)", True),
    TokenType("UUID", r"(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)", True),
    TokenType("ID", r"(?<!\w)(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{12})(?!\w)", True),
    TokenType("MAC address", r"(?<![\w:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:])", True),
    TokenType(
        "time",
        # The zero time says "never" and is no sample.
        r"(?!0001-01-01T)(?<![\w-])(?:"
        rf"\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?(?: [A-Z]{{3,4}})?)?"
        rf"|{_DAY},? (?:{_MONTH} +\d+|\d+ {_MONTH})(?: \d{{4}})? {_CLOCK}(?: [A-Z]{{3}})?(?: \d{{4}})?"
        rf"|{_MONTH} [ \d]\d {_CLOCK}"
        rf"|{_CLOCK})(?![\w:-])",
    ),
    TokenType("age", rf"(?<!\w){_AGE} ago(?!\w)"),
    TokenType("span of time", rf"(?<!\w){_AGE}(?! ago)(?!\w)"),
    # Loopback, any-address and masks are the same everywhere.
    TokenType("IP address", r"(?<![\w.])(?!0\.0\.0\.0|127\.|255\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", True),
    TokenType(
        "version",
        r"(?<![\w.:-])(?!\d+(?:\.\d+){3}(?!\w))(?:v|go)?\d+\.\d+\.\d+(?:[-+~.][\w.+~-]*\w)?(?![\w.])",
    ),
    # "0B" says that there is nothing, and "0%" and "100%" say none and all.
    TokenType("size", rf"(?<![\w.])(?!0{_UNIT})\d+(?:\.\d+)?{_UNIT}(?!\w)"),
    TokenType("percentage", r"(?<![\w.])(?!(?:0|100)%)\d+(?:\.\d+)?%"),
    TokenType("duration", r"(?<![\w.])(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|µs|us|ms|s)(?!\w)"),
    TokenType(
        "published port", r"(?<=:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4})(?=->)", True
    ),
    TokenType("PID", r'(?:(?<="Pid": )|(?<="Pid":))[1-9]\d*', True),
    TokenType("number of bytes", r'(?:(?<="Size": )|(?<="size": )|(?<="Size":)|(?<="size":))[1-9]\d*'),
    # Docker's adjectives are few and tell a name from other words; a surname is any word.
    TokenType("generated name", rf"(?<![\w.-]){_ADJECTIVE}_[a-z]{{2,}}\d?(?![\w-])(?!\.\w)", True),
)


PID = next(token for token in TOKEN_TYPES if token.name == "PID")
PID_FIELD = r"(?!1(?!\d))[1-9]\d*"
"""A PID in a table; known as one by its heading alone. PID 1 is the same in every PID namespace."""

PID_HEADINGS = ("PID", "PPID")

_PID_IN_COMMAND = re.compile(
    r"/proc/(?P<path>\d+)(?![\w.-])"
    r"|(?P<option>(?<!\S)(?:--p?pid|--target|-[A-Za-z]*p|-t)[ \t=]*)(?P<value>\d+(?:,\d+)*)(?![\w.:,-])"
    # Docker's own `kill` takes containers.
    r"|(?<![\w.-])(?<!docker )(?<!container )(?<!compose )kill"
    r"(?:[ \t]+(?:(?:-[sn]|--signal)[ \t=]\S+|-\w*))*(?P<killed>(?:[ \t]+\d+)+)(?![\w.:-])"
)
"""Where a number in a command is a PID."""

_TAKES_PID = {
    "-p": re.compile(r"(?<![\w.-])(?:ps|top|lsns|lsof|pidstat|strace)[ \t][^|;&\n]*$"),
    "-t": re.compile(r"(?<![\w.-])nsenter[ \t][^|;&\n]*$"),
    "--target": re.compile(r"(?<![\w.-])nsenter[ \t][^|;&\n]*$"),
}
"""What must stand before an option that other programs know too, for its value to be a PID."""


@dataclass(frozen=True)
class Token:
    """A volatile token in a line: its type and where it stands."""

    type: TokenType
    start: int
    end: int


def token_type(name: str, pattern: str, names_a_thing: bool = False) -> TokenType:
    """A type of token that a page declares for itself.

    Raises:
        ValueError: the pattern is no regular expression, or none that can stand beside others; it has groups
            that capture, or matches the empty text.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern of {name!r} is no regular expression: {error}") from error
    try:
        _joined((TokenType("", " "), TokenType(name, pattern)))
    except re.error as error:
        raise ValueError(
            f"the pattern of {name!r} cannot stand beside others: {error}; write (?i:...) instead of (?i)..."
        ) from error
    if compiled.groups:
        raise ValueError(f"the pattern of {name!r} has a group that captures; write (?:...) instead of (...)")
    if compiled.fullmatch(""):
        raise ValueError(f"the pattern of {name!r} matches the empty text")
    return TokenType(name, pattern, names_a_thing)


def volatile(lines: Sequence[str], types: tuple[TokenType, ...] = TOKEN_TYPES) -> list[list[Token]]:
    """The volatile tokens of each line of an output, in order."""
    return [
        list(tokens_of(line, columns, types)) for line, columns in zip(lines, pid_columns(lines), strict=True)
    ]


def tokens_of(
    line: str, pids_in: tuple[int, ...], types: tuple[TokenType, ...] = TOKEN_TYPES
) -> Iterator[Token]:
    """The volatile tokens of a line, from left to right.

    Args:
        line: the line.
        pids_in: the numbers of the white-space separated fields that hold PIDs.
        types: the types to look for; where two fit, the one named first wins.
    """
    search = _joined(types).search
    fields = [match for index, match in enumerate(re.finditer(r"\S+", line)) if index in pids_in]
    pids = {match.start(): match for match in fields if re.fullmatch(PID_FIELD, match[0])}
    at = 0
    while at < len(line):
        found = search(line, at)
        nearest = min((start for start in pids if start >= at), default=None)
        if nearest is not None and (found is None or nearest <= found.start()):
            yield Token(PID, nearest, pids[nearest].end())
            at = pids[nearest].end()
        elif found and found.start() == found.end():
            at = found.end() + 1  # a pattern of look-arounds alone finds a place, which is no token
        elif found:
            yield Token(types[int(str(found.lastgroup)[1:])], found.start(), found.end())
            at = found.end()
        else:
            return


def pids_of_command(text: str) -> Iterator[Token]:
    """The PIDs that a command names, from left to right: in /proc, as operands of `kill`, or in an option."""
    for found in _PID_IN_COMMAND.finditer(text):
        option = (found["option"] or "").strip(" \t=")
        needed = _TAKES_PID.get(option if option.startswith("--") else option[:1] + option[-1:])
        if needed and not needed.search(text, 0, found.start()):
            continue
        first, last = found.span(str(found.lastgroup))
        for number in re.compile(r"\d+").finditer(text, first, last):
            yield Token(PID, number.start(), number.end())


def is_pid_heading(line: str) -> bool:
    """Whether a line is the heading of a table of processes, such as `ps` and `docker top` print."""
    fields = line.split()
    return any(heading in fields for heading in PID_HEADINGS) and all(field.isupper() for field in fields)


def pid_columns(lines: Sequence[str]) -> list[tuple[int, ...]]:
    """For each line the numbers of the fields that hold PIDs, known from the nearest heading above."""
    columns: tuple[int, ...] = ()
    result: list[tuple[int, ...]] = []
    for line in lines:
        fields = line.split()
        if is_pid_heading(line):
            columns = tuple(index for index, name in enumerate(fields) if name in PID_HEADINGS)
            result.append(())
        else:
            columns = columns if fields else ()
            result.append(columns)
    return result


@lru_cache(maxsize=64)
def _joined(types: tuple[TokenType, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<t{index}>{token.pattern})" for index, token in enumerate(types)))
