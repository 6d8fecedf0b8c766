"""Markdown in, HTML out: what the site's formatter makes of each kind of fence."""

from __future__ import annotations

import logging

import pytest
from bs4 import BeautifulSoup, Tag
from markdown import Markdown

from snippets.block import parse_session
from snippets.site import render


def html(text: str) -> BeautifulSoup:
    fence = {"name": "*", "class": "snippet", "format": render.fence, "validator": render.validate}
    md = Markdown(
        extensions=["attr_list", "admonition", "pymdownx.superfences"],
        extension_configs={"pymdownx.superfences": {"custom_fences": [fence], "preserve_tabs": True}},
    )
    return BeautifulSoup(md.convert(text), "html.parser")


def one(text: str, selector: str) -> Tag:
    found = html(text).select(selector)
    assert len(found) == 1, f"{len(found)} elements match {selector!r}"
    return found[0]


def texts(text: str, selector: str) -> list[str]:
    return [element.get_text() for element in html(text).select(selector)]


SESSION = """```{ .console title="Terminal 2" hl_lines="2 5-6" exit="3" }
$ cat <<'EOF'
> a < b

> EOF
$ cat <<'EOF'
> c
> EOF
c
...
$ docker run -it ubuntu bash
root@3f2a9c1b7d54:/# echo "$HOME"
/root
```"""


def test_a_block_shows_its_source_unchanged() -> None:
    source = "\n".join(SESSION.splitlines()[1:-1])
    assert one(SESSION, "pre > code").get_text() == source + "\n"


def test_prompts_have_a_span_of_their_own() -> None:
    assert texts(SESSION, ".gp") == ["$ ", "> ", "$ ", "> ", "> ", "$ ", "root@3f2a9c1b7d54:/# "]


def test_what_is_typed_has_a_span_of_its_own() -> None:
    assert texts(SESSION, ".cmd")[2:] == [
        "cat <<'EOF'", "c", "EOF", "docker run -it ubuntu bash", 'echo "$HOME"',
    ]  # fmt: skip


def test_output_has_a_span_of_its_own() -> None:
    assert texts(SESSION, ".go")[-3:] == ["c\n", "...\n", "/root\n"]


def test_an_elided_line_is_marked() -> None:
    assert texts(SESSION, ".elided") == ["...\n"]


def test_only_what_is_typed_is_copied() -> None:
    text = "```console\n$ cat <<'EOF'\n> a \"b\"\n>\n> EOF\na\n$ no output\n```"
    assert one(text, ".terminal")["data-copy"] == "cat <<'EOF'\na \"b\"\n\nEOF\nno output"


BY_LINE = {
    "a program inside": ("$ sh", "/ # cat <<EOF", "a", "/ # exit", "$ cat <<EOF", "> a", "> EOF"),
    "all in a program": ("/ # ls", "/ # exit"),
    "Ctrl-C in the middle": ("$ docker events", "^C", "$ true"),
}
AS_ONE = {
    "commands": ("$ one", "$ two"),
    "one line in a program": ("/ # exit", "exit"),
    "Ctrl-C at the end": ("$ one", "$ docker events", "^C"),
    "Ctrl-C at the beginning": ("more output", "^C", "$ one", "$ two"),
}


@pytest.mark.parametrize("lines", BY_LINE.values(), ids=BY_LINE)
def test_what_would_go_astray_as_one_is_copied_line_by_line(lines: tuple[str, ...]) -> None:
    block = "\n".join(['```{ .console title="Terminal 2" }', *lines, "```"])
    shown = one(block, ".terminal.no-copy.by-line")
    assert "data-copy" not in shown.attrs
    typed = [command.text for command in parse_session(lines) if command.is_typed]
    assert [button["data-clipboard-text"] for button in shown.select(".turn > button")] == typed
    names = [str(button["aria-label"]) for button in shown.select("button")]
    assert names == [f"Copy: {text.splitlines()[0]}" for text in typed]
    assert shown.select_one("code").get_text() == "\n".join([*lines, ""])  # type: ignore[union-attr]


@pytest.mark.parametrize("lines", AS_ONE.values(), ids=AS_ONE)
def test_all_else_is_copied_as_one(lines: tuple[str, ...]) -> None:
    shown = one("\n".join(['```{ .console title="Terminal 2" }', *lines, "```"]), ".terminal")
    assert shown["data-copy"] == "\n".join(c.text for c in parse_session(lines) if c.is_typed)
    assert not shown.select("button")


def test_an_output_line_that_looks_like_a_comment_is_output() -> None:
    assert texts("```console\n$ cat f\n# no prompt\n```", ".go") == ["# no prompt\n"]


def test_a_key_that_ends_a_command_is_marked_and_not_copied() -> None:
    text = "```console\n$ true\n$ docker events\n^C\n```"
    assert texts(text, ".key") == ["^C\n"]
    assert one(text, ".terminal")["data-copy"] == "true\ndocker events"


def test_a_block_of_output_alone_has_no_copy_button() -> None:
    text = '```{ .console title="Terminal 2" }\nmore output\n```'
    assert one(text, ".terminal.no-copy").get_text() == "Terminal 2more output\n"


def test_highlighted_lines() -> None:
    assert texts(SESSION, ".hll") == ["> a < b\n", "$ cat <<'EOF'\n", "> c\n"]


def test_highlighted_lines_of_a_file() -> None:
    text = '```{ .dockerfile title="Dockerfile" hl_lines="2" }\nFROM a\nRUN b\n```'
    assert texts(text, ".hll") == ["RUN b\n"]


def test_a_title_stands_in_the_bar() -> None:
    assert one(SESSION, ".filename").get_text() == "Terminal 2"


def test_a_block_without_a_title_is_named_by_its_language() -> None:
    assert one("```json\n{}\n```", ".filename").get_text() == "JSON"


def test_the_reason_for_not_running_is_shown() -> None:
    text = '```{ .console norun="needs <macOS>" }\n$ open\n```'
    assert one(text, "pre + .aside").get_text() == "Not run: needs <macOS>"


def test_an_exit_status_is_shown() -> None:
    assert one(SESSION, ".aside").get_text() == "The last command ends with exit status 3."


def test_a_file_is_highlighted_by_its_language() -> None:
    assert one('```{ .dockerfile title="Dockerfile" }\nFROM a\n```', "code .k").get_text() == "FROM"


def test_a_tab_stays_a_tab() -> None:
    text = '```{ .makefile title="Makefile" }\nall:\n\techo\n```'
    assert one(text, "code").get_text() == "all:\n\techo\n"


def test_lines_can_be_numbered_without_numbers_in_the_text() -> None:
    block = one('```{ .toml linenums="1" }\na = 1\nb = 2\n```', ".numbered")
    assert [line.get_text() for line in block.select(".line")] == ["a = 1\n", "b = 2\n"]


def test_blank_lines_at_both_ends_stay() -> None:
    assert one("```toml\n\na = 1\n\n```", "code").get_text() == "\na = 1\n\n"


def test_a_diagram_is_an_svg_in_a_frame_that_takes_the_keyboard() -> None:
    text = '```{ .mermaid title="Two" }\nflowchart TB\naccTitle: A\naccDescr: B\na --> b\n```'
    figure = one(text, "figure.diagram")
    assert figure.select("[tabindex='0'] > svg[role=img]")
    assert [caption.get_text() for caption in figure.select("figcaption")] == ["Two"]


def test_a_fault_is_logged_below_mkdocs_for_strict_builds(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mkdocs"):
        html("```mermaid\nflowchart TB\na --> b\n```")
    assert [record.name for record in caplog.records] == ["mkdocs.snippets"]
    assert "accTitle" in caplog.text


def test_a_broken_fence_is_still_shown(caplog: pytest.LogCaptureFixture) -> None:
    assert one("```console\n/ # a\n> <b>\n```", "pre > code").get_text() == "/ # a\n> <b>"
    assert "one line at a time" in caplog.text


def test_an_error_in_the_renderer_is_no_silent_plain_text(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "listing", lambda _: 1 / 0)
    html("```json\n{}\n```")
    assert "cannot be rendered" in caplog.text
