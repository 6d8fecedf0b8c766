"""The limits of a page, its reading ease, and the phrases that sound translated."""

from __future__ import annotations

from pathlib import Path

import pytest

from snippets.block import parse_page
from snippets.reader import __main__ as command
from snippets.reader import english, limits
from snippets.reader.page import Page
from snippets.reader.passages import parse_prose
from snippets.reader.readability import readability, syllables

ROOT = Path(__file__).parents[1]


def found(text: str) -> list[str]:
    return [f"{line}: {said}" for line, said in english.faults(parse_prose(text, []).passages)]


@pytest.mark.parametrize(
    "text",
    [
        "After this page you can name the parts.",
        "For all else the client needs a daemon.",
        "They do not meet with yours.",
        "It costs no hit.",
        "It is removed, and the like.",
        "It works for Docker 29 alone.",
        "That stands in the log.",
        "The client need not be here.",
        "It may have stopped to listen.",
        "This is simply true.",
        "One; two; three.",
        "It works!",
    ],
)
def test_a_phrase_that_sounds_translated_is_found(text: str) -> None:
    (said,) = found(text)
    assert said.startswith("1: ")
    assert "instead: " in said


@pytest.mark.parametrize(
    "text",
    [
        "There is no image here.",
        "It has no more than five.",
        "The command `for all else` is code.",
        "It stands for a digest.",
        "One; two.",
        "It isn't easy to read.",
    ],
)
def test_other_phrases_are_fine(text: str) -> None:
    assert found(text) == []


def test_a_sentence_that_goes_on_for_too_long_is_found() -> None:
    text = f"Short.\nThis {'word ' * limits.SENTENCE}ends.\n"
    (said,) = found(text)
    assert said.startswith(f"2: a sentence of {limits.SENTENCE + 2} words")


def test_every_phrase_says_what_to_write_instead() -> None:
    assert all(phrase.instead.strip() for phrase in english.phrases())
    assert len({phrase.pattern.pattern for phrase in english.phrases()}) == len(english.phrases())


@pytest.mark.parametrize(
    ("word", "number"), [("daemon", 2), ("container", 3), ("the", 1), ("buildkit", 2), ("isn’t", 2)]
)
def test_syllables(word: str, number: int) -> None:
    assert syllables(word) == number


def test_reading_ease_is_that_of_flesch() -> None:
    prose = parse_prose("# Heading not counted\n\nThe cat sat. The `docker run` container ran.\n", [])
    measured = readability(prose.passages)
    assert (measured.sentences, measured.words, measured.syllables) == (2, 6, 8)
    assert measured.ease == pytest.approx(206.835 - 1.015 * 3 - 84.6 * 8 / 6)
    assert readability([]).ease == 100


def test_the_limits_of_a_page_for_beginners() -> None:
    block = "```console\n$ true\n```\n\n"
    text = block * 13
    blocks = parse_page(text, "x")
    assert list(limits.too_much("docs/practice/x.md", text, blocks)) == []
    (said,) = limits.too_much("docs/learn/x.md", text, blocks)
    assert said == "docs/learn/x.md: 13 commands outside folded boxes; 12 is the limit"
    (said,) = limits.too_much("docs/learn/x.md", "word " * 3100, [])
    assert said.startswith("docs/learn/x.md: 15.5 minutes outside folded boxes; 15 is the limit")


def test_an_output_that_nobody_reads_is_found() -> None:
    text = "```console\n$ one\n{}$ two\n{}```\n".format("row\n" * 25, "row\n" * 26)
    assert [line for line, _ in limits.long_outputs(parse_page(text, "x"))] == [28]


def test_the_command_prints_a_table_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    page = str(ROOT / "docs/index.md")
    assert command.main([page]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split()[:3] == ["page", "words", "commands"]
    assert rows[1].startswith("docs/index.md ")
    assert command.main(["--claims", "--json", page]) == 0
    assert '"page": "docs/index.md"' in capsys.readouterr().out


def test_a_page_that_is_wrong_is_told() -> None:
    page = Page("docs/learn/x.md", "# X\n\nAfter this page you can do it.\n")
    assert [said[:23] for said in command.wrong(page)] == ["docs/learn/x.md:3: 'Aft"]
