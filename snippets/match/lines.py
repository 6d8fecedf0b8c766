"""Lines of output: an expected line as a pattern, and what an actual line says of its samples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from snippets.match.bindings import Bindings, Conflict
from snippets.match.layout import Reading, Search
from snippets.match.tokens import (
    PID,
    PID_FIELD,
    PID_HEADINGS,
    TOKEN_TYPES,
    TokenType,
    is_pid_heading,
    pid_columns,
    tokens_of,
)

ELLIPSIS = "..."
"""On a line of its own it stands for any lines, inside a line for any text."""


@dataclass(frozen=True)
class LinePattern:
    """An expected line, ready to be held against actual ones.

    Attributes:
        source: the line as the page has it.
        regex: what an actual line must match as a whole, a group for each volatile token.
        tokens: the volatile tokens' types and samples, in the order of the groups.
        any_lines: whether the line stands for any number of lines.
    """

    source: str
    regex: re.Pattern[str]
    tokens: tuple[tuple[TokenType, str], ...]
    any_lines: bool = False


def is_ellipsis(line: str) -> bool:
    """Whether a line of the page stands for any lines."""
    return line.strip() == ELLIPSIS


def without_blank_end(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the blank ones at the end, which carry nothing."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def line_patterns(expected: Sequence[str], types: tuple[TokenType, ...] = TOKEN_TYPES) -> list[LinePattern]:
    """The patterns of a page's lines, without the blank ones at the end."""
    lines = without_blank_end(expected)
    return [
        line_pattern(line.rstrip(), columns, types)
        for line, columns in zip(lines, pid_columns(lines), strict=True)
    ]


@lru_cache(maxsize=10_000)
def line_pattern(
    line: str, pids_in: tuple[int, ...] = (), types: tuple[TokenType, ...] = TOKEN_TYPES
) -> LinePattern:
    """The pattern of one line of a page, of which `pids_in` are the fields that hold PIDs."""
    if is_ellipsis(line):
        return LinePattern(line, re.compile(""), (), any_lines=True)
    parts: list[str] = []
    tokens: list[tuple[TokenType, str]] = []
    at = 0
    heading = is_pid_heading(line)
    for token in tokens_of(line, pids_in, types):
        parts.append(_literal(line[at : token.start], at > 0, True, at == 0, heading))
        pattern = PID_FIELD if token.type is PID else token.type.pattern
        parts.append(f"({pattern})")
        tokens.append((token.type, line[token.start : token.end]))
        at = token.end
    parts.append(_literal(line[at:], at > 0, False, at == 0, heading))
    return LinePattern(line, re.compile("".join(parts)), tuple(tokens))


def samples_of(pattern: LinePattern, match: re.Match[str]) -> list[tuple[TokenType, str, str]]:
    """The type of each volatile token of a line, its sample, and its value in a line that matched."""
    return [
        (token, sample, actual)
        for (token, sample), actual in zip(pattern.tokens, match.groups(), strict=True)
    ]


def bind_match(
    pattern: LinePattern, match: re.Match[str], known: Bindings, place: str
) -> Bindings | Conflict:
    """Learn what the samples of a line stand for, from an actual line that matched it."""
    return known.bind_all(samples_of(pattern, match), place)


@dataclass(frozen=True)
class LineRules:
    """How lines are held against each other; the rules of a layout."""

    search: Search

    def is_gap(self, shown: LinePattern) -> bool:
        """Whether an expected line stands for any lines."""
        return shown.any_lines

    def fits(self, shown: LinePattern, came: str) -> bool:
        """Whether an actual line has the expected text and types."""
        return shown.regex.fullmatch(came) is not None

    def readings(self, shown: LinePattern, came: str, reading: Reading) -> Iterator[Reading]:
        """The one way to read an actual line, where its samples allow it."""
        match = shown.regex.fullmatch(came)
        learned = self.search.learn(samples_of(shown, match), reading) if match else None
        if learned:
            yield learned

    def samples(self, shown: LinePattern) -> frozenset[str]:
        """The samples of an expected line that name a thing."""
        return frozenset(sample for token, sample in shown.tokens if token.names_a_thing)


def longest_common(patterns: Sequence[LinePattern], rows: Sequence[str]) -> list[tuple[int, int]]:
    """The longest list of pairs (expected line, actual line) that match, in order on both sides."""
    height, width = len(patterns), len(rows)
    best = [[0] * (width + 1) for _ in range(height + 1)]
    equal = [
        [not pattern.any_lines and pattern.regex.fullmatch(row) is not None for row in rows]
        for pattern in patterns
    ]
    for i in range(height - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            best[i][j] = best[i + 1][j + 1] + 1 if equal[i][j] else max(best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < height and j < width:
        if equal[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _literal(text: str, after_token: bool, before_token: bool, leading: bool, pid_heading: bool) -> str:
    """A pattern for text between tokens, in which the width of columns may differ."""
    pattern = ""
    pieces = re.split(r"([ \t]+|\.\.\.)", text)
    for index, piece in enumerate(pieces):
        if piece == ELLIPSIS:
            pattern += ".*?"
        elif piece.strip() or not piece:
            pattern += re.escape(piece)
        elif pid_heading and pieces[index + 1] in PID_HEADINGS:
            pattern += r"[ \t]*" if leading and not pattern else r"[ \t]+"
        elif leading and not pattern:
            pattern += r"[ \t]*" if before_token and not any(pieces[index + 1 :]) else re.escape(piece)
        elif (after_token and not pattern) or (before_token and not any(pieces[index + 1 :])):
            pattern += r"[ \t]+"
        else:
            pattern += r"[ \t]{2,}" if len(piece) > 1 else r"[ \t]"
    return pattern
