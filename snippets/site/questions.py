"""The questions at the pages' ends, collected for the page that has the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import relpath

from snippets.block import parse_page
from snippets.journey import navigation
from snippets.reader.passages import Kind, Passage, parse_prose, plain, sentences
from snippets.site.tables import table

ROOT = Path(__file__).parents[2]

_LINK = re.compile(r"\[([^]\[]*)\](?:\([^)]*\)|\[[^]]*\])")

SECTION = "Check"
"""The heading above a page's own questions."""


def at_the_ends(page: str = "check/questions.md", root: Path = ROOT) -> str:
    """Return a Markdown table of the questions at the pages' ends, with links to them.

    Args:
        page: the page that the table is for; its links begin there.
        root: the directory of `mkdocs.yml`.
    """
    rows = list[tuple[str, str]]()
    for name in navigation(root / "mkdocs.yml"):
        text = (root / "docs" / name).read_text(encoding="utf-8")
        if asked := list(questions_of(text, name)):
            target = relpath(name, page.rpartition("/")[0])
            rows.append((f"[{_title(text, name)}]({target}#{SECTION.lower()})", "<br>".join(asked)))
    return table(("page", "questions"), rows)


def questions_of(text: str, name: str) -> Iterator[str]:
    """Find the questions at a page's end: the paragraphs there, outside of answers, that ask something.

    Args:
        text: the page.
        name: its path, for messages.
    """
    within = False
    for passage in _passages(text, name):
        if passage.kind is Kind.HEADING:
            within = passage.text == SECTION
        elif (
            within
            and _is_outside(passage)
            and any(plain(sentence).endswith("?") for sentence in sentences(passage.text))
        ):
            yield _cell(passage.text)


def _is_outside(passage: Passage) -> bool:
    return passage.kind in (Kind.TITLE, Kind.PARAGRAPH) and not passage.boxes


def _title(text: str, name: str) -> str:
    return next(passage.text for passage in _passages(text, name) if passage.kind is Kind.HEADING)


def _passages(text: str, name: str) -> tuple[Passage, ...]:
    return parse_prose(text, parse_page(text, name)).passages


def _cell(text: str) -> str:
    """A paragraph without its links, which lead from another page."""
    return _LINK.sub(r"\1", text)
