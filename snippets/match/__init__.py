"""Expected output against actual output: volatile tokens match by type, and samples are variables.

A page shows sample values. A token such as an ID, a size or a time matches any token of the same type. The
tokens that name a thing (IDs, digests, generated names, addresses, PIDs) must also keep their meaning over
the whole page: one sample stands for one real value, two samples stand for two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from snippets.match.bindings import Bindings, Conflict
from snippets.match.data import Difference, json_difference, match_json, parse_excerpt
from snippets.match.lines import (
    LinePattern,
    align,
    align_any_order,
    bind_match,
    line_pattern,
    line_patterns,
    longest_common,
    without_blank_end,
)
from snippets.match.tokens import TOKEN_TYPES, TokenType

DIFF_LINES = 300
"""How many lines of each side a report compares; more would be read by nobody and take long."""

DIFF_ELIDED = 10
"""How many actual lines a report shows where the page elides lines."""


@dataclass(frozen=True)
class Comparison:
    """The result of comparing a command's output.

    Attributes:
        ok: whether the output is what the page shows.
        bindings: what the samples stand for afterwards; as before when it is not.
        conflict: the contradiction, when every line is right on its own.
    """

    ok: bool
    bindings: Bindings
    conflict: Conflict | None = None


def compare(
    expected: Sequence[str], actual: Sequence[str], bindings: Bindings, place: str, *, any_order: bool = False
) -> Comparison:
    """Compare a command's output with what the page shows.

    Where both are JSON they are compared as JSON, else line by line.

    Args:
        expected: the page's lines.
        actual: the lines that came.
        bindings: what the page's samples stand for so far.
        place: where the expected output stands, for reports of contradictions.
        any_order: whether the lines may come in any order.
    """
    data = _as_json(expected, actual)
    if data:
        for learned in match_json(*data, bindings, place):
            return Comparison(True, learned)
        found = json_difference(*data, bindings, place)
        return Comparison(False, bindings, found if isinstance(found, Conflict) else None)
    patterns = line_patterns(expected, bindings.types)
    rows = [line.rstrip() for line in without_blank_end(actual)]
    ways = align_any_order if any_order else align
    for learned in ways(patterns, rows, bindings, place):
        return Comparison(True, learned)
    if any(True for _ in ways(patterns, rows, None, place)):
        return Comparison(False, bindings, _first_conflict(patterns, rows, bindings, place))
    return Comparison(False, bindings)


def differences(
    expected: Sequence[str], actual: Sequence[str], types: tuple[TokenType, ...] = TOKEN_TYPES
) -> list[str]:
    """The lines that do not match, `-` what the page shows and `+` what came, in order.

    Lines that match are left out; where some are, a line `  ...` stands for them. Of JSON it is the path to
    the first value that differs.
    """
    data = _as_json(expected, actual)
    if data:
        found = json_difference(*data, Bindings(types=types), "")
        if isinstance(found, Difference):
            return [f"  at {found.path or 'the top'}:", f"- {found.expected}", f"+ {found.actual}"]
    patterns = line_patterns(expected, types)[:DIFF_LINES]
    rows = [line.rstrip() for line in without_blank_end(actual)]
    report = list(_line_differences(patterns, rows[:DIFF_LINES]))
    while report and report[-1] == _KEPT:
        report.pop()
    if len(rows) > DIFF_LINES:
        report.append(f"  ({len(rows) - DIFF_LINES} more lines came)")
    return report


def pattern_of_prompt(prompt: str) -> LinePattern:
    """The pattern of a prompt of which parts may be volatile, such as `root@3f2a9c1b7d54:/#`."""
    return line_pattern(prompt.rstrip())


_KEPT = "  ..."


def _line_differences(patterns: Sequence[LinePattern], rows: Sequence[str]) -> Iterator[str]:
    at_expected = at_actual = 0
    kept = False
    for next_expected, next_actual in [*longest_common(patterns, rows), (len(patterns), len(rows))]:
        gap = patterns[at_expected:next_expected]
        changed = [pattern.source for pattern in gap if not pattern.any_lines]
        came = rows[at_actual:next_actual]
        if len(changed) < len(
            gap
        ):  # lines are elided here: only beside a changed line do they tell something
            came = came[:DIFF_ELIDED] if changed else []
        if kept and (changed or came):
            yield _KEPT
        yield from (f"- {line}" for line in changed)
        yield from (f"+ {row}" for row in came)
        kept = next_expected < len(patterns)
        at_expected, at_actual = next_expected + 1, next_actual + 1
    if kept:
        yield _KEPT


def _first_conflict(
    patterns: Sequence[LinePattern], rows: Sequence[str], bindings: Bindings, place: str
) -> Conflict | None:
    for expected_at, actual_at in longest_common(patterns, rows):
        match = patterns[expected_at].regex.fullmatch(rows[actual_at])
        if match:
            result = bind_match(patterns[expected_at], match, bindings, place)
            if isinstance(result, Conflict):
                return result
            bindings = result
    return None


def _as_json(expected: Sequence[str], actual: Sequence[str]) -> tuple[Any, Any] | None:
    """Both sides as JSON values, or None when one of them is something else."""
    shown, came = "\n".join(expected).strip(), "\n".join(actual).strip()
    if not shown.startswith(("{", "[")) or not came.startswith(("{", "[")):
        return None
    try:
        return parse_excerpt(shown), parse_excerpt(came)
    except ValueError:
        return None
