"""Merging: real output goes into what a page shows, what still fits stays, and a second run changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.match import compare
from snippets.match.bindings import Bindings
from snippets.merge import merge

KNOWN = compare(["3f2a9c1b7d54"], ["0123456789ab"], Bindings(), "page.md:1").bindings


def check(expected: list[str], actual: list[str], merged: list[str], known: Bindings = KNOWN) -> None:
    assert merge(expected, actual, known, "page.md:2") == merged
    assert compare(merged, actual, known, "page.md:2").ok
    assert merge(merged, actual, known, "page.md:2") == merged


@pytest.mark.parametrize(
    ("expected", "actual", "merged"),
    [
        pytest.param([], ["new", "lines", ""], ["new", "lines"], id="filled in"),
        pytest.param(["1MB"], ["2MB"], ["1MB"], id="a sample that fits stays"),
        pytest.param(["old  1MB"], ["new  2MB"], ["new  1MB"], id="a sample in a changed line stays"),
        pytest.param(["old 2 days"], ["new 2MB"], ["new 2MB"], id="other types take the real value"),
        pytest.param(["a", "b", "c"], ["a", "x", "c"], ["a", "x", "c"], id="only the changed line"),
        pytest.param(["a", "...", "z"], ["a", "b", "c", "y"], ["a", "...", "y"], id="an elision stays"),
        pytest.param(["a", "...", "z"], ["b", "q", "z"], ["b", "...", "z"], id="before an elision"),
        pytest.param(["a", "..."], ["a"], ["a", "..."], id="an elision of nothing"),
        pytest.param(["gone", "..."], [], ["..."], id="nothing came"),
        pytest.param(
            ["old 3f2a9c1b7d54"], ["new 0123456789ab"], ["new 3f2a9c1b7d54"], id="known samples are used"
        ),
        pytest.param(["fedcba987654"], ["0123456789ab"], ["3f2a9c1b7d54"], id="a contradiction is mended"),
        pytest.param(["a"], [], [], id="output is gone"),
    ],
)
def test_merge(expected: list[str], actual: list[str], merged: list[str]) -> None:
    check(expected, actual, merged)


@pytest.mark.parametrize(
    ("expected", "actual", "merged"),
    [
        pytest.param(
            ["ID            STATUS", "aaaaaaaaaaaa  Up", "aaaaaaaaaaaa  Up"],
            ["ID            STATUS", "bbbbbbbbbbbb  Created", "cccccccccccc  Created"],
            ["ID            STATUS", "aaaaaaaaaaaa  Created", "cccccccccccc  Created"],
            id="one sample in two rows",
        ),
        pytest.param(
            ["old aaaaaaaaaaaa", "x", "bbbbbbbbbbbb"],
            ["new cccccccccccc", "x", "cccccccccccc"],
            ["new aaaaaaaaaaaa", "x", "aaaaaaaaaaaa"],
            id="a filled line binds those that fit",
        ),
        pytest.param(
            ["x 172.17.0.2", "y 172.17.0.3"],
            ["a 172.17.0.3", "b 172.17.0.2", "c 172.17.0.4"],
            ["a 172.17.0.2", "b 172.17.0.3", "c 172.17.0.4"],
            id="values that changed places",
        ),
        pytest.param(
            ["x 172.17.0.2"],
            ["a 172.17.0.3", "b 172.17.0.2"],
            ["a 172.17.0.2", "b 172.17.0.3"],
            id="a value that is the sample of another",
        ),
        pytest.param(
            ["  PID CMD", "   12 old", "   13 sh"],
            ["  PID CMD", "   77 new", "   78 sh"],
            ["  PID CMD", "   12 new", "   13 sh"],
            id="a PID is known by its heading",
        ),
        pytest.param(
            ["  PID CMD", "   12 old", "   PID of sh:", "   13 sh"],
            ["  PID CMD", "   77 new", "   PID of sh:", "   78 sh"],
            ["  PID CMD", "   12 new", "   PID of sh:", "   13 sh"],
            id="a line that speaks of a PID is no heading",
        ),
        pytest.param(
            ["...", "   12 old"],
            ["  PID CMD", "   77 new"],
            ["...", "   77 new"],
            id="no PID where the heading is elided",
        ),
    ],
)
def test_no_line_contradicts_another(expected: list[str], actual: list[str], merged: list[str]) -> None:
    check(expected, actual, merged, Bindings())


PRETTY = """[
    {
        "Id": "3f2a9c1b7d54",
        ...
        "State": {
            "Status": "running",
            ...
            "Pid": 12
        },
        "Size": 100,
        ...
    }
]"""
CAME: list[dict[str, Any]] = [
    {
        "Id": "0123456789ab",
        "Created": "",
        "State": {"Status": "exited", "Error": "", "Pid": 99},
        "Size": 200,
        "Image": "",
        "Name": "x",
    }
]


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("", "", id="as Docker does"),
        pytest.param("    ", " ", id="other indentation"),
        pytest.param("            ...\n", "...\n", id="elisions at the margin"),
        pytest.param('12\n        },\n        "Size": 100', "12\n        }", id="fewer members"),
    ],
)
def test_an_excerpt_of_json_keeps_its_layout_and_its_elisions(indent: int | None, old: str, new: str) -> None:
    page = PRETTY.replace(old, new)
    came = json.dumps(CAME, indent=indent).split("\n")
    check(page.split("\n"), came, page.replace("running", "exited").split("\n"))


@pytest.mark.parametrize(
    ("expected", "actual", "merged"),
    [
        pytest.param('{"a":1,...,"c":[3]}', '{"a":2,"b":1,"c":[4]}', '{"a":2,...,"c":[4]}', id="one line"),
        pytest.param('{"a": 1, ...}', '{"a":2,"b":1}', '{"a": 2, ...}', id="spaces stay"),
        pytest.param(
            '{\n  "a": 1,\n  ...\n}', '{"a":2,"b":1}', '{\n  "a": 2,\n  ...\n}', id="a line for lines"
        ),
        pytest.param('{"a":1,...}', '{\n "a": 2,\n "b": 1\n}', '{"a":2,...}', id="lines for a line"),
        pytest.param('{"a":{...},"b":1}', '{"a":{"x":1},"b":2}', '{"a":{...},"b":2}', id="an elided object"),
        pytest.param('{"a":...,"b":1}', '{"a":{"x":1},"b":2}', '{"a":...,"b":2}', id="an elided value"),
        pytest.param('{"a":1,"gone":2}', '{"new":3,"a":1}', '{"new":3,"a":1}', id="members come and go"),
        pytest.param('{"a":[]}', '{"a":[{"x":1}]}', '{"a":[{"x":1}]}', id="an array is filled"),
        pytest.param('{"a":1}', "[1]", "[1]", id="another type"),
        pytest.param('{"a":{"b":1}}', '{"a":null}', '{"a":null}', id="a container is gone"),
        pytest.param(
            '{"Id":"fedcba987654","Size":1,"x":1}',
            '{"Id":"0123456789ab","Size":22,"x":2}',
            '{"Id":"3f2a9c1b7d54","Size":1,"x":2}',
            id="samples",
        ),
        pytest.param(
            '{"fedcba987654":{"x":1}}', '{"0123456789ab":{"x":2}}', '{"3f2a9c1b7d54":{"x":2}}', id="keys"
        ),
        pytest.param(r'{"a":1,"b":"x"}', r'{"a":2,"b":"\u003cx\u003e"}', r'{"a":2,"b":"\u003cx\u003e"}', id="Go"),
        pytest.param('[\n  1,\n  ...\n]', "Error: no\nsuch", "Error: no\nsuch", id="no JSON any more"),
        pytest.param("none", '{\n  "a": 1\n}', '{\n  "a": 1\n}', id="JSON at last"),
    ],
)  # fmt: skip
def test_json_is_merged_as_json(expected: str, actual: str, merged: str) -> None:
    check(expected.split("\n"), actual.split("\n"), merged.split("\n"))


def test_json_that_no_sample_fits_is_written_whole() -> None:
    known = Bindings().with_command("docker rm 3f2a9c1b7d54")
    check(['{"a":"3f2a9c1b7d54"}'], ['{"a":"0123456789ab"}'], ['{"a":"0123456789ab"}'], known)


def test_what_contradicts_the_page_is_left_to_the_comparison() -> None:
    known = compare(["172.17.0.2"], ["172.17.0.3"], Bindings(), "page.md:1").bindings
    known = known.with_command("ping 172.17.0.3")
    assert merge([], ["172.17.0.2"], known, "page.md:2") == ["172.17.0.2"]


# Few values, so that they meet again as samples, as real values, and in one another's place.
words = st.one_of(
    st.sampled_from(["a", "b", "{", "}", "PID", "...", "...x"]),
    st.sampled_from(["3f2a9c1b7d54", "0123456789ab", "aaaaaaaaaaaa", "bbbbbbbbbbbb"]),
    st.sampled_from(["172.17.0.2", "172.17.0.3", "172.17.0.4", "12", "13", "1MB", "2MB", "3 days", "bold_bell"]),
)  # fmt: skip
lines = st.lists(words, max_size=4).map("  ".join)
outputs = st.lists(lines | st.just("..."), max_size=6)


@given(outputs, outputs, outputs, outputs)
def test_what_is_merged_fits_what_came(
    before: list[str], came_before: list[str], expected: list[str], actual: list[str]
) -> None:
    known = compare(merge(before, came_before, Bindings(), "p:1"), came_before, Bindings(), "p:1").bindings
    merged = merge(expected, actual, known, "p:2")
    assert compare(merged, actual, known, "p:2").ok
    assert merge(merged, actual, known, "p:2") == merged


keys = st.sampled_from(["a", "b", "Size", "Pid", "3f2a9c1b7d54", "0123456789ab"])
values = st.recursive(
    st.sampled_from([None, True, 0, 12, 13, "x", "3f2a9c1b7d54", "172.17.0.2", "172.17.0.3", "<1MB>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)
data = st.lists(values, max_size=3) | st.dictionaries(keys, values, max_size=4)
layouts = st.sampled_from([None, 1, 4])


@given(data, layouts, data, layouts, st.randoms(use_true_random=False))
def test_what_is_merged_of_json_fits_what_came(
    shown: Any, indent: int | None, came: Any, came_indent: int | None, random: Any
) -> None:
    text = json.dumps(shown, indent=indent)
    if indent:
        page = ["..." if random.random() < 0.2 and line[:1] == " " else line for line in text.split("\n")]
    else:
        page = text.split("\n")
    actual = json.dumps(came, indent=came_indent).split("\n")
    merged = merge(page, actual, Bindings(), "p:1")
    assert compare(merged, actual, Bindings(), "p:1").ok
    assert merge(merged, actual, Bindings(), "p:1") == merged
