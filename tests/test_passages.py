"""A page's prose, taken apart."""

from __future__ import annotations

import pytest

from snippets.block import parse_page
from snippets.reader.passages import Kind, Passage, Prose, parse_prose, plain, sentences

PAGE = """---
title: not prose
---

# The `page` {#top}

First row
second *row*.
<!-- not prose

nor this -->
| head | [two](x.md) |
|---|---|
| a `b` \\| c | |

* item
  goes on
* another

!!! tip "Title"

    Inside.

    ??? proof "Folded"

        Deep.

        ```console
        $ echo prose
        ```

<div id="x"></div>

=== "A"

    In A.

=== "B"

    In B.

Between.

=== "C"

    In C.

[^note]: See [the source](https://example.com/v1)
    and more.

[image]: x.md
"""


def prose(text: str = PAGE) -> Prose:
    return parse_prose(text, parse_page(text, "page.md"))


def one(text: str) -> Passage:
    return next(passage for passage in prose().passages if passage.text.startswith(text))


def test_each_piece_has_its_kind_and_line() -> None:
    assert [(one.kind, one.line, one.text) for one in prose().passages] == [
        (Kind.HEADING, 5, "The `page` {#top}"),
        (Kind.PARAGRAPH, 7, "First row second *row*."),
        (Kind.CELL, 12, "head"),
        (Kind.CELL, 12, "[two](x.md)"),
        (Kind.CELL, 14, "a `b` | c"),
        (Kind.ITEM, 16, "item goes on"),
        (Kind.ITEM, 18, "another"),
        (Kind.TITLE, 20, "Title"),
        (Kind.PARAGRAPH, 22, "Inside."),
        (Kind.TITLE, 24, "Folded"),
        (Kind.PARAGRAPH, 26, "Deep."),
        (Kind.TITLE, 34, "A"),
        (Kind.PARAGRAPH, 36, "In A."),
        (Kind.TITLE, 38, "B"),
        (Kind.PARAGRAPH, 40, "In B."),
        (Kind.PARAGRAPH, 42, "Between."),
        (Kind.TITLE, 44, "C"),
        (Kind.PARAGRAPH, 46, "In C."),
        (Kind.FOOTNOTE, 48, "See [the source](https://example.com/v1) and more."),
    ]


def test_a_place_in_a_passage_has_its_line() -> None:
    passage = one("First")
    assert [passage.line_at(passage.text.index(word)) for word in ("First", "row", "second", "*row*")] == [
        7,
        7,
        8,
        8,
    ]


def test_pieces_and_blocks_know_their_boxes() -> None:
    assert [(box.mark, box.type) for box in one("Deep").boxes] == [("!!!", "tip"), ("???", "proof")]
    assert [box.folded for box in one("Deep").boxes] == [False, True]
    assert [placed.boxes for placed in prose().blocks] == [one("Deep").boxes]
    assert one("Between").boxes == ()


def test_tabs_in_a_row_belong_together() -> None:
    rows = [one(f"In {name}").boxes[0].tabs for name in "ABC"]
    assert rows == [34, 34, 44]


def test_pieces_know_their_section() -> None:
    text = "Before.\n\n# One\n\na\n\n## Two\n\nb\n"
    found = {passage.text: passage.section for passage in prose(text).passages}
    assert found == {"Before.": 0, "One": 3, "a": 3, "Two": 7, "b": 7}


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**[client][]**, the `docker ps`", "client, the docker ps"),
        ("[a `b` c](x.md#y) and [d][e]", "a b c and d"),
        ("a.[^note] _b_ c_d e*f", "a. b c_d e*f"),
        ("<kbd>x</kbd> ![picture](p.svg) ++ctrl+c++{ .key }", "x ctrl+c"),
        (r"a \* b", "a * b"),
        ("![the `x`](p.svg) and `y`", "and y"),
        ("[link](https://x.org/a_(b)) end", "link end"),
    ],
)
def test_a_reader_sees_words(markdown: str, words: str) -> None:
    assert plain(markdown) == words


def test_code_can_be_left_out() -> None:
    assert plain("Type `docker ps` now.", code=False) == "Type now."


@pytest.mark.parametrize(
    ("markdown", "wanted"),
    [
        ("One. Two? Three.", ["One.", "Two?", "Three."]),
        ("One.[^a] `two` is *x.* Three", ["One.[^a]", "`two` is *x.*", "Three"]),
        ("See `a. B` and [x](y. Z). End.", ["See `a. B` and [x](y. Z).", "End."]),
        ("Docker 29.7 is one, e.g. Here.", ["Docker 29.7 is one, e.g. Here."]),
        ('It says "no." Then it ends.', ['It says "no."', "Then it ends."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(markdown: str, wanted: list[str]) -> None:
    assert list(sentences(markdown)) == wanted
