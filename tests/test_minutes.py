"""How long a page takes is computed from the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from snippets.block import parse_page
from snippets.reader import minutes
from snippets.reader.minutes import Effort, efforts, with_minutes
from snippets.site.minutes import parts, takes
from tests.sitebuild import build

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))

WORDS = "word " * 400
BLOCK = "```console\n{}\n```\n"


def of(text: str) -> minutes.Efforts:
    return efforts(text, parse_page(text, "page.md"))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_its_minutes_by_hand(page: str) -> None:
    assert "**Takes**" not in (ROOT / page).read_text(encoding="utf-8"), "the site computes and appends them"


def test_words_and_commands_take_time() -> None:
    block = BLOCK.format("$ one\n> more of it\nand its output\n$ two")
    text = f"# Title\n\n{WORDS}\n\n{block}"
    assert of(text).open == Effort(words=401, commands=2)
    assert of(text).open.minutes == pytest.approx(401 / 200 + 1)


COUNTED = {
    "heading, item, cell": ("# a b\n\n* c\n  d\n\n| e | f |\n|---|---|\n| g | `h i` |\n", Effort(9)),
    "box": ('!!! tip "a b"\n\n    c\n', Effort(3)),
    "open box": ('???+ tip "a"\n\n    b\n', Effort(2)),
    "link": ("[a b](c d e.md), [f][] `g` **h**\n", Effort(5)),
    "no prose": (
        '---\ntitle: a\n---\n\n<!-- a\n\nb -->\n<div id="x"></div>\n\n[a]: b.md\n*[API]: a b\n{ .wide }\n',
        Effort(),
    ),
    "what a page needs": ("**Needs** a\nb\n\nc\n", Effort(1)),
    "footnote": ("a[^1]\n\n[^1]: b c\n    d\n", Effort(1)),
    "typed into a program": (BLOCK.format("$ sh\n/ # ls\nbin\n/ # exit"), Effort(commands=3)),
    "not run": ('```{ .console norun="needs macOS" }\n$ a\n```\n', Effort(commands=1)),
    "a file": ('```{ .yaml title="a.yaml" }\na: 1\n```\n', Effort()),
}


@pytest.mark.parametrize(("text", "wanted"), COUNTED.values(), ids=COUNTED)
def test_what_counts(text: str, wanted: Effort) -> None:
    assert of(text).open == wanted
    assert not of(text).folded


TABS = """=== "A"

    one two

    ```console
    $ one
    ```

=== "B"

    one

    ```console
    $ one
    $ two
    ```
"""


def test_a_row_of_tabs_counts_once() -> None:
    assert of(TABS).open == Effort(words=4, commands=2)
    assert of(f"{TABS}\nBetween.\n\n{TABS}").open == Effort(words=9, commands=4)
    inside = '=== "A"\n\n    a\n\n' + "".join(f"    {row}\n" for row in TABS.split("\n"))
    assert of(f'{inside}\n=== "B"\n\n    b\n').open == Effort(words=7, commands=2)


def test_what_is_folded_is_counted_apart() -> None:
    inside = "".join(f"    {row}\n" for row in f"{WORDS}\n\n{TABS}".split("\n"))
    found = of(f'a\n\n??? proof "b"\n\n{inside}\nc\n\n??? answer "d"\n\n    e\n')
    assert found.open == Effort(words=4)
    assert found.folded == {"proofs": Effort(404, 2), "answers": Effort(1)}
    assert found.all == Effort(409, 2)
    assert str(found) == "about a minute, 3 more for the proofs"


def test_long_answers_are_named() -> None:
    found = of(f'??? proof "b"\n\n    {WORDS}\n\n??? right "d"\n\n    {WORDS}\n')
    assert str(found) == "about a minute, 4 more for the proofs and answers"


@pytest.mark.parametrize(
    ("exact", "told"), [(0, 1), (1.4, 1), (9.4, 9), (9.6, 10), (12.4, 10), (12.6, 15), (22, 20)]
)
def test_minutes_are_told_in_sensible_steps(exact: float, told: int) -> None:
    assert minutes.about(exact) == told


def test_they_stand_behind_what_the_page_needs() -> None:
    lines = ["# T", "", "**Needs** Docker", "and a shell", "", "More.", "", "**Needs** once"]
    assert "\n".join(with_minutes(lines, "a minute")) == (
        "# T\n\n**Needs** Docker\nand a shell · **Takes** a minute\n\nMore.\n\n**Needs** once"
    )
    assert list(with_minutes(["No such line."], "a minute")) == ["No such line."]


def test_the_site_says_them(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "learn").mkdir(parents=True)
    (docs / "index.md").write_text("# Home\n\n**Needs** Docker\n")
    (docs / "learn" / "a.md").write_text(f"# A\n\n**Needs** Docker\n\n{WORDS * 15}\n")
    nav = [{"Home": "index.md"}, {"A": "learn/a.md"}]
    site = build(tmp_path / "site", docs, nav=nav)
    shown = {
        page: BeautifulSoup((site.directory / html).read_text(), "html.parser")
        for page, html in site.pages.items()
    }
    assert "Needs Docker · Takes about 30 minutes" in shown["learn/a.md"].get_text()
    assert "Needs Docker · Takes about half an hour" in shown["index.md"].get_text()


def test_the_home_page_tells_the_lesson() -> None:
    pages = [("index.md", WORDS * 90), ("learn/a.md", WORDS * 60), ("project/a.md", WORDS * 90)]
    assert takes("index.md", WORDS, pages) == "about 2 hours, in pages of a few minutes each"
    assert takes("learn/a.md", WORDS, pages) == "about 2 minutes"
    assert takes("index.md", WORDS, pages[:1]) == ""


def test_the_table_has_each_page_with_its_minutes(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("nav: [learn/b.md, learn/a.md, check/c.md]\n")
    for name, text in (
        ("learn/a.md", f"---\na: b\n---\n# A\n\n{WORDS}"),
        ("learn/b.md", f'# B `b`\n\n??? proof "x"\n\n    {WORDS * 12}\n'),
        ("check/c.md", "# C\n"),
    ):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    rows = [line for line in parts("learn", "check", root=tmp_path).splitlines() if line.startswith("| ")]
    assert rows[2:] == [
        "| Learn | [1 B `b`](learn/b.md) | 1 | 25 |",
        "|  | [2 A](learn/a.md) | 2 | 2 |",
        "| Check | [C](check/c.md) | 1 | 1 |",
        "|  | all of it | about half an hour | about half an hour |",
    ]
