"""The questions at the pages' ends, as the page of questions lists them."""

from __future__ import annotations

from pathlib import Path

from snippets.site.questions import at_the_ends, questions_of

PAGE = """# The `page`

Is this a question of the [text](x.md)?

## Check

The daemon [answers][] `x | y`. [What](a/b.md#c) does it say?

Note this first.

??? answer "Answer"

    Why not?

!!! question "Which one?"

    ??? right "This"

        Is it?

## Clean up

Done?
"""


def test_what_asks_at_the_end_is_found_and_nothing_else() -> None:
    assert list(questions_of(PAGE, "page.md")) == [
        "The daemon answers `x | y`. What does it say?",
        "Which one?",
    ]


def test_the_table_links_to_each_page_that_asks(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "a").mkdir(parents=True)
    (docs / "a" / "page.md").write_text(PAGE, encoding="utf-8")
    (docs / "a" / "silent.md").write_text("# Silent\n", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("nav: [x: a/silent.md, y: a/page.md]\n", encoding="utf-8")
    rows = [line for line in at_the_ends("b/questions.md", tmp_path).splitlines() if ".md" in line]
    assert rows == [
        r"| [The `page`](../a/page.md#check) | The daemon answers `x \| y`. What does it say?<br>Which one? |"
    ]
