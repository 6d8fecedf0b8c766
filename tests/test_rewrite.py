"""Rewriting: outputs are written at their indentation, never so that the page reads differently."""

from pathlib import Path

import pytest

from snippets.block import BlockError, parse_page
from snippets.rewrite import Edit, rewritten, write_page

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
