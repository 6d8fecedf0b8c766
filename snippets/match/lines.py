"""Lines of output: an expected line as a pattern, and expected lines laid over actual ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from snippets.match.bindings import Bindings, Conflict
from snippets.match.tokens import PID, PID_FIELD, PID_HEADINGS, TOKEN_TYPES, TokenType, pid_columns, tokens_of

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
    for token in tokens_of(line, pids_in, types):
        parts.append(_literal(line[at : token.start], at > 0, True, at == 0))
        pattern = PID_FIELD if token.type is PID else token.type.pattern
        parts.append(f"({pattern})")
        tokens.append((token.type, line[token.start : token.end]))
        at = token.end
    parts.append(_literal(line[at:], at > 0, False, at == 0))
    return LinePattern(line, re.compile("".join(parts)), tuple(tokens))


def align(
    patterns: Sequence[LinePattern], rows: Sequence[str], bindings: Bindings | None, place: str
) -> Iterator[Bindings]:
    """Every way to lay the expected lines over the actual ones, the leftmost first.

    Without bindings only the types count. `...` lines are tried at every length, so that a sample that was
    met too early does not hide the right reading.
    """
    segments: list[list[LinePattern]] = [[]]
    for pattern in patterns:
        if pattern.any_lines:
            segments.append([])
        else:
            segments[-1].append(pattern)

    def lay(number: int, start: int, known: Bindings | None) -> Iterator[Bindings]:
        segment = segments[number]
        last = number == len(segments) - 1
        if number == 0:
            places = range(1) if not last or len(rows) == len(segment) else range(0)
        elif last:
            first = len(rows) - len(segment)
            places = range(first, first + 1) if first >= start else range(0)
        else:
            places = range(start, len(rows) - len(segment) + 1)
        for at in places:
            learned = _lay_segment(segment, rows, at, known, place)
            if learned is None:
                continue
            if last:
                yield learned
            else:
                yield from lay(number + 1, at + len(segment), learned if known is not None else None)

    yield from lay(0, 0, bindings)


def _lay_segment(
    segment: Sequence[LinePattern], rows: Sequence[str], at: int, known: Bindings | None, place: str
) -> Bindings | None:
    learned: Bindings = known or Bindings()
    if at + len(segment) > len(rows):
        return None
    for offset, pattern in enumerate(segment):
        match = pattern.regex.fullmatch(rows[at + offset])
        if match is None:
            return None
        if known is not None:
            result = bind_match(pattern, match, learned, place)
            if isinstance(result, Conflict):
                return None
            learned = result
    return learned


def bind_match(
    pattern: LinePattern, match: re.Match[str], known: Bindings, place: str
) -> Bindings | Conflict:
    """Learn what the samples of a line stand for, from an actual line that matched it."""
    for (token, sample), actual in zip(pattern.tokens, match.groups(), strict=True):
        if token.names_a_thing:
            result = known.bind(token, sample, actual, place)
            if isinstance(result, Conflict):
                return result
            known = result
    return known


def align_any_order(
    patterns: Sequence[LinePattern], rows: Sequence[str], bindings: Bindings | None, place: str
) -> Iterator[Bindings]:
    """Every way to give each expected line an actual line of its own, whatever their order.

    Without a `...` line no actual line may be left over.
    """
    wanted = [pattern for pattern in patterns if not pattern.any_lines]
    if len(rows) < len(wanted) or (len(rows) > len(wanted) and len(wanted) == len(patterns)):
        return

    def give(number: int, free: tuple[int, ...], known: Bindings | None) -> Iterator[Bindings]:
        if number == len(wanted):
            yield known or Bindings()
            return
        for row in free:
            learned = _lay_segment([wanted[number]], rows, row, known, place)
            if learned is not None:
                rest = tuple(other for other in free if other != row)
                yield from give(number + 1, rest, learned if known is not None else None)

    yield from give(0, tuple(range(len(rows))), bindings)


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


def _literal(text: str, after_token: bool, before_token: bool, leading: bool) -> str:
    """A pattern for text between tokens, in which the width of columns may differ."""
    pattern = ""
    pieces = re.split(r"([ \t]+|\.\.\.)", text)
    for index, piece in enumerate(pieces):
        if piece == ELLIPSIS:
            pattern += ".*?"
        elif piece.strip() or not piece:
            pattern += re.escape(piece)
        elif pieces[index + 1] in PID_HEADINGS:
            pattern += r"[ \t]*" if leading and not pattern else r"[ \t]+"
        elif leading and not pattern:
            pattern += r"[ \t]*" if before_token and not any(pieces[index + 1 :]) else re.escape(piece)
        elif (after_token and not pattern) or (before_token and not any(pieces[index + 1 :])):
            pattern += r"[ \t]+"
        else:
            pattern += r"[ \t]{2,}" if len(piece) > 1 else r"[ \t]"
    return pattern
