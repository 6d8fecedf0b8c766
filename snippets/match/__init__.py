"""Expected output against actual output: volatile tokens match by type, and samples are variables.

A page shows sample values. A token such as an ID, a size or a time matches any token of the same type. The
tokens that name a thing (IDs, digests, generated names, addresses, PIDs) must also keep their meaning over
the whole page: one sample stands for one real value, two samples stand for two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from snippets.match.bindings import Bindings, Conflict
from snippets.match.data import JsonRules, parse_excerpt
from snippets.match.layout import TRIES, Layout, Reading, Search, TooManyTriesError
from snippets.match.lines import (
    LinePattern,
    LineRules,
    line_pattern,
    line_patterns,
    longest_common,
    without_blank_end,
)
from snippets.match.tokens import TOKEN_TYPES, TokenType

DIFF_LINES = 300
"""How many lines of each side a report compares from the first that differs on; more would take long."""

DIFF_ELIDED = 10
"""How many actual lines a report shows where the page elides lines."""


@dataclass(frozen=True)
class Comparison:
    """The result of comparing a command's output.

    Attributes:
        ok: whether the output is what the page shows.
        bindings: what the samples stand for afterwards; as before when it is not.
        conflict: what contradicts the reading that got furthest, when every line is right on its own.
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
        any_order: whether the lines may come in any order; of JSON, elements and members anywhere in it.
    """
    tries = TRIES + sum(map(len, actual))
    search = Search(place, tries)
    data = _as_json(expected, actual)
    rules: JsonRules | LineRules
    if data:
        rules = JsonRules(search, bindings.types, any_order)
        layout: Layout[Any, Any] = Layout(data[:1], data[1:], rules, search)
    else:
        rules = LineRules(search)
        layout = Layout(
            line_patterns(expected, bindings.types), _rows(actual), rules, search, any_order=any_order
        )
    if not layout.fits():
        return Comparison(False, bindings)
    try:
        for reading in layout.readings(Reading(bindings)):
            return Comparison(True, reading.bindings)
    except TooManyTriesError:
        if search.conflict:
            reason = f"{search.conflict.reason}; given up after {tries} tries to read the output otherwise"
            search.conflict = replace(search.conflict, reason=reason)
    return Comparison(False, bindings, search.conflict)


def differences(
    expected: Sequence[str],
    actual: Sequence[str],
    types: tuple[TokenType, ...] = TOKEN_TYPES,
    *,
    any_order: bool = False,
) -> list[str]:
    """The lines that do not match, `-` what the page shows and `+` what came, in order.

    Lines that match are left out; where some are, a line `  ...` stands for them. Of JSON it is the path to
    the first value that differs.

    Args:
        expected: the page's lines.
        actual: the lines that came.
        types: the types of volatile tokens that the page knows.
        any_order: whether the lines may come in any order.
    """
    search = Search("")
    data = _as_json(expected, actual)
    if data and not (rules := JsonRules(search, types, any_order)).fits(*data):
        found = rules.difference(*data)
        return [f"  at {found.path or 'the top'}:", f"- {found.expected}", f"+ {found.actual}"]
    patterns, rows = line_patterns(expected, types), _rows(actual)
    if any_order:
        missing, rest = Layout(patterns, rows, LineRules(search), search, any_order=True).left_over()
        came = _told(rest, missing, any(pattern.any_lines for pattern in patterns))
        return [*(f"- {pattern.source}" for pattern in missing), *(f"+ {row}" for row in came)]
    first, begin = _alike(patterns, rows)
    below, end = _alike(patterns[first:][::-1], rows[begin:][::-1])
    patterns, rows = patterns[first : len(patterns) - below], rows[begin : len(rows) - end]
    report = list(_line_differences(patterns[:DIFF_LINES], rows[:DIFF_LINES], kept=first > 0))
    while report and report[-1] == _KEPT:
        report.pop()
    for side, do in ((patterns, "are shown"), (rows, "came")):
        if len(side) > DIFF_LINES:
            report.append(f"  ({len(side) - DIFF_LINES} more lines {do} that were not compared)")
    return report


def pattern_of_prompt(prompt: str) -> LinePattern:
    """The pattern of a prompt of which parts may be volatile, such as `root@3f2a9c1b7d54:/#`."""
    return line_pattern(prompt.rstrip())


_KEPT = "  ..."


def _rows(actual: Sequence[str]) -> list[str]:
    return [line.rstrip() for line in without_blank_end(actual)]


def _alike(patterns: Sequence[LinePattern], rows: Sequence[str]) -> tuple[int, int]:
    """How many expected and how many actual lines from the first on are alike.

    Behind a `...` are the lines of which the most fit what the page shows next.
    """
    shown = came = 0
    while shown < len(patterns):
        gap = patterns[shown].any_lines
        start = shown + gap
        if gap and start == len(patterns):
            return start, len(rows)
        end = next((at for at in range(start, len(patterns)) if patterns[at].any_lines), len(patterns))
        segment = patterns[start:end]
        best, place = 0, came
        for at in range(came, len(rows) if gap else came + 1):
            run = _run(segment, rows, at)
            if run > best:
                best, place = run, at
            if run == len(segment):
                break
        if best == 0 and segment:
            break
        shown, came = start + best, place + best
        if best < len(segment):
            break
    return shown, came


def _run(segment: Sequence[LinePattern], rows: Sequence[str], at: int) -> int:
    """How many of the lines from a place on fit those expected, one after another."""
    run = 0
    while run < min(len(segment), len(rows) - at) and segment[run].regex.fullmatch(rows[at + run]):
        run += 1
    return run


def _told(came: Sequence[str], beside: Sequence[object], elided: bool) -> Sequence[str]:
    """The unexpected lines that a report shows; elided ones tell something only beside others."""
    if not elided:
        return came
    return came[:DIFF_ELIDED] if beside else []


def _line_differences(patterns: Sequence[LinePattern], rows: Sequence[str], kept: bool) -> Iterator[str]:
    at_expected = at_actual = 0
    for next_expected, next_actual in [*longest_common(patterns, rows), (len(patterns), len(rows))]:
        gap = patterns[at_expected:next_expected]
        changed = [pattern.source for pattern in gap if not pattern.any_lines]
        came = _told(rows[at_actual:next_actual], changed, len(changed) < len(gap))
        if kept and (changed or came):
            yield _KEPT
        yield from (f"- {line}" for line in changed)
        yield from (f"+ {row}" for row in came)
        kept = next_expected < len(patterns)
        at_expected, at_actual = next_expected + 1, next_actual + 1
    if kept:
        yield _KEPT


def _as_json(expected: Sequence[str], actual: Sequence[str]) -> tuple[Any, Any] | None:
    """Both sides as JSON values, or None when one of them is something else."""
    shown, came = "\n".join(expected).strip(), "\n".join(actual).strip()
    if not shown.startswith(("{", "[")) or not came.startswith(("{", "[")):
        return None
    try:
        return parse_excerpt(shown), parse_excerpt(came, elided=False)
    except ValueError:
        return None
