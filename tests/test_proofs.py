"""A reader may skip the folded proofs: the rest of the page still does what it says, and leaves nothing behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from snippets.block import Block, parse_page
from snippets.lab import Lab, default_engine
from snippets.settings import parse_settings
from snippets.verify import PageRun

DOCS = Path(__file__).parents[1] / "docs"

_PROOF = re.compile(r"( *)\?\?\? proof ")


def without_proofs(text: str, path: str) -> list[Block]:
    """The blocks of a page that stand in no folded proof."""
    folded = set(lines_of_proofs(text))
    return [block for block in parse_page(text, path) if block.line not in folded]


def lines_of_proofs(text: str) -> Iterator[int]:
    """The numbers of the lines of a page's folded proofs: what is indented more than their heads."""
    depth = None
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip(" "))
        if depth is not None and line.strip() and indent <= depth:
            depth = None
        if depth is None and (head := _PROOF.match(line)):
            depth = len(head[1])
        if depth is not None:
            yield number


PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if len(without_proofs(text := path.read_text("utf-8"), path.name)) < len(parse_page(text, path.name))
]


def test_what_stands_in_a_proof_is_left_out() -> None:
    text = (
        "```console\n$ one\n```\n\n"
        '??? proof "P"\n\n    ```console\n    $ two\n    ```\n\n    === "Tab"\n\n        ```console\n        $ three\n        ```\n\n'
        "```console\n$ four\n```\n\n"
        '??? answer "A"\n\n    ```console\n    $ five\n    ```\n'
    )
    assert [block.source for block in without_proofs(text, "page.md")] == ["$ one", "$ four", "$ five"]


def test_pages_have_proofs() -> None:
    assert len(PAGES) > 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_works_without_its_proofs(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    engine = default_engine()
    run = PageRun(
        without_proofs(text, page.name),
        lambda: Lab.start(engine),
        engine.name,
        parse_settings(text, page.name),
    )
    try:
        run.check_leftovers()
    finally:
        run.close()
