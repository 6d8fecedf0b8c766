"""Laying expected lines over actual ones: the right reading is found, and none takes for ever."""

import itertools
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.match import Comparison, compare
from snippets.match.bindings import Bindings, Conflict
from snippets.match.lines import LinePattern, bind_match, line_patterns

IDS = [f"{number:012x}" for number in range(1, 500)]
A, B, C = IDS[:3]
REAL_A, REAL_B, REAL_C = IDS[100:103]

SOON = 10.0
"""Seconds in which what takes milliseconds is done on any machine, and what takes exponential time is not."""


def laid(expected: Sequence[str], actual: Sequence[str], *, any_order: bool = False) -> Comparison:
    begin = time.monotonic()
    result = compare(expected, actual, Bindings(), "page.md:1", any_order=any_order)
    assert time.monotonic() - begin < SOON
    return result


def reason(result: Comparison) -> str:
    assert not result.ok
    assert result.conflict is not None
    return result.conflict.reason


def test_a_wrong_line_among_many_in_any_order_is_found_at_once() -> None:
    result = laid([*IDS[:14], "wrong"], [*IDS[100:114], "right"], any_order=True)
    assert (result.ok, result.conflict) == (False, None)


def test_a_contradiction_among_many_in_any_order_is_found() -> None:
    assert "page.md:1, here" in reason(laid([*IDS[:14], A], IDS[100:115], any_order=True))
    chain = [f"{one} {other}" for one, other in itertools.pairwise(IDS[:15])]
    assert laid(chain, chain[::-1], any_order=True).ok
    assert "page.md:1, here" in reason(laid(chain, [*chain[:-1], f"{A} {B}"], any_order=True))


def test_many_lines_in_any_order_find_their_partners() -> None:
    assert laid(IDS[:150], IDS[200:350], any_order=True).ok
    # What fits many lines leaves to the others what fits them alone.
    free = [f"... {number}" for number in range(15)]
    assert laid([*["x ..."] * 15, *free], [f"x {n}" for n in range(15)] * 2, any_order=True).ok
    lines = [*["x ..."] * 12, *["... 0"] * 3, *free]
    assert not laid(lines, [f"x {n}" for n in range(15)] * 2, any_order=True).ok


@pytest.mark.parametrize("end", [[], ["..."]])
def test_elisions_between_equal_lines_take_no_exponential_time(end: list[str]) -> None:
    expected = [*["...", "a"] * 12, "...", "z", *end]
    assert not laid(expected, ["a"] * 200).ok
    assert laid(expected, [*["a"] * 200, "z"]).ok


def test_elisions_before_a_contradiction_take_no_exponential_time() -> None:
    expected = [*["...", "a"] * 12, "...", f"z {A}", "...", f"y {A}", "..."]
    actual = [*["a"] * 200, f"z {REAL_A}", f"y {REAL_B}"]
    assert REAL_A in reason(laid(expected, actual))
    assert laid(expected, [*actual, f"y {REAL_A}"]).ok


def test_json_elisions_take_no_exponential_time() -> None:
    expected = f"[{'..., 1, ' * 12}..., 2, ...]"
    assert not laid([expected], [f"[{'1, ' * 200}1]"]).ok
    assert laid([expected], [f"[{'1, ' * 200}2]"]).ok
    nested = "[..., 1, ..., 1, ..., [..., 1, ..., 1, ..., 3, ...], ..., 2]"
    assert not laid([nested], [f"[{('[' + '1, ' * 50 + '1], ') * 10} 2]"]).ok


def test_what_would_take_for_ever_is_given_up_with_a_reason() -> None:
    # Eight IDs out of 60, of which the first should be one that is not among them.
    expected = [*(line for sample in IDS[:8] for line in ("...", sample)), "...", f"z {A}", "..."]
    said = reason(laid(expected, [*IDS[100:160], f"z {IDS[200]}"]))
    assert said.startswith(f"{A} stands for ")
    assert "given up after 207" in said


def test_a_contradiction_is_that_of_the_reading_that_got_furthest() -> None:
    assert reason(laid([A, "...", A], [REAL_A, REAL_A, REAL_B])) == (
        f"{A} stands for {REAL_A} since page.md:1, here it would be {REAL_B}"
    )
    # Read from the first x line on, y and z fit, too.
    expected = ["...", f"x {A}", f"y {B}", f"z {A}", "..."]
    actual = [f"x {REAL_A}", f"y {REAL_B}", f"z {REAL_C}", f"x {REAL_B}", f"y {REAL_B}", f"z {REAL_C}"]
    assert reason(laid(expected, actual)) == (
        f"{A} stands for {REAL_A} since page.md:1, here it would be {REAL_C}"
    )


def test_a_contradiction_in_any_order_is_that_of_the_line_left_over() -> None:
    known = compare([A, B], [REAL_A, REAL_B], Bindings(), "page.md:1").bindings
    result = compare([B, A, C], [REAL_A, REAL_B, REAL_B], known, "page.md:5", any_order=True)
    assert reason(result) == f"{REAL_B} is shown as {B} in page.md:1, here the page shows {C}"
    assert reason(laid([f"{A} x", f"{A} y"], [f"{REAL_B} y", f"{REAL_A} x"], any_order=True)) == (
        f"{A} stands for {REAL_A} since page.md:1, here it would be {REAL_B}"
    )


def every_way(
    patterns: Sequence[LinePattern], rows: Sequence[str], any_order: bool
) -> Iterator[list[tuple[LinePattern, str]]]:
    """Every way to give the lines of a page actual ones, by trying all."""
    wanted = [pattern for pattern in patterns if not pattern.any_lines]
    choose = itertools.permutations if any_order else itertools.combinations
    if len(wanted) < len(rows) and len(wanted) == len(patterns):
        return
    for numbers in choose(range(len(rows)), len(wanted)):
        # Lines that no ... parts follow each other, from the first row to the last.
        places = iter(numbers)
        before, gap = -1, False
        for pattern in () if any_order else patterns:
            if pattern.any_lines:
                gap = True
            else:
                place = next(places)
                if not gap and place != before + 1:
                    break
                before, gap = place, False
        else:
            if any_order or gap or before == len(rows) - 1:
                yield [(pattern, rows[number]) for pattern, number in zip(wanted, numbers, strict=True)]


def is_consistent(pairs: list[tuple[LinePattern, str]]) -> bool:
    known: Bindings | Conflict = Bindings()
    for pattern, row in pairs:
        match = pattern.regex.fullmatch(row)
        if match is None or not isinstance(known, Bindings):
            return False
        known = bind_match(pattern, match, known, "page.md:1")
    return isinstance(known, Bindings)


_SHOWN = st.lists(st.sampled_from(["...", "x", "... z", A, B, f"a {A}", f"a {C}", f"{A} {B}"]), max_size=5)
_CAME = st.lists(
    st.sampled_from(["x", "x z", REAL_A, REAL_B, f"a {REAL_A}", f"a {REAL_C}", f"{REAL_A} {REAL_B}"]),
    max_size=5,
)


@settings(max_examples=400)
@given(shown=_SHOWN, came=_CAME, any_order=st.booleans())
def test_a_reading_is_found_where_there_is_one(shown: list[str], came: list[str], any_order: bool) -> None:
    patterns = line_patterns(shown)
    there_is = any(is_consistent(pairs) for pairs in every_way(patterns, came, any_order))
    assert laid(shown, came, any_order=any_order).ok is there_is
