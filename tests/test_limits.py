"""No page asks too much of its reader. What each asks: `python -m snippets.reader`."""

from __future__ import annotations

import pytest

from snippets.reader import limits
from snippets.reader.page import Page, read_pages
from snippets.reader.readability import readability

PAGES = list(read_pages())


def fail_if(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_for_beginners_is_read_in_one_sitting(page: Page) -> None:
    fail_if(list(limits.too_much(page.path, page.text, page.blocks)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_no_output_is_longer_than_anybody_reads(page: Page) -> None:
    fail_if([f"{page.path}:{line}: {said}" for line, said in limits.long_outputs(page.blocks)])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_is_easy_to_read(page: Page) -> None:
    ease, wanted = readability(page.prose.passages).ease, limits.wanted_ease(page.path)
    fail_if([f"{page.path}: a reading ease of {ease:.0f}; {wanted:.0f} is wanted"] if ease < wanted else [])
