"""Rewriting: real output goes into the page, what still fits stays, and a second run changes nothing."""

from pathlib import Path

import pytest

from snippets.block import BlockError, parse_page
from snippets.match import compare
from snippets.match.bindings import Bindings
from snippets.rewrite import Edit, merge, rewritten, write_page

KNOWN = compare(["3f2a9c1b7d54"], ["0123456789ab"], Bindings(), "page.md:1").bindings


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
    assert merge(expected, actual, KNOWN, "page.md:2") == merged
    assert compare(merged, actual, KNOWN, "page.md:2").ok
    assert merge(merged, actual, KNOWN, "page.md:2") == merged


PAGE = """# Page

=== "Tab"

    ```console
    $ one
    old
    $ two
    > more
    ```

> ```console
> $ three
> ```
"""


def edits(text: str, **outputs: list[str]) -> list[Edit]:
    return [
        Edit(block, command, tuple(outputs[command.lines[0]]))
        for block in parse_page(text, "page.md")
        for command in block.commands
        if command.lines[0] in outputs
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_outputs_are_written_at_their_indentation(newline: str) -> None:
    page = PAGE.replace("\n", newline)
    new = rewritten(page, "page.md", edits(page, one=["new", "", "lines"], two=["x"], three=["", "q"]))
    wanted = (
        PAGE.replace("    old\n", "    new\n\n    lines\n")
        .replace("    > more\n", "    > more\n    x\n")
        .replace("> $ three\n", "> $ three\n>\n> q\n")
    )
    assert new == wanted.replace("\n", newline)


@pytest.mark.parametrize("row", ["$ looks typed", "```", "root@3f2a9c1b7d54:/# x"])
def test_output_that_would_be_read_as_something_else_is_refused(row: str) -> None:
    with pytest.raises(BlockError, match=r"page.md:6: this output cannot be written"):
        rewritten(PAGE, "page.md", edits(PAGE, one=[row]))


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("old")
    page.chmod(0o640)
    write_page(page, "new\r\n")
    assert page.read_bytes() == b"new\r\n"
    assert page.stat().st_mode & 0o777 == 0o640
    with pytest.raises(UnicodeEncodeError):
        write_page(page, "\ud800")
    assert page.read_bytes() == b"new\r\n"
    assert list(tmp_path.iterdir()) == [page]
