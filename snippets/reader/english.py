"""English that sounds translated, or goes on for too long: found by the project's own list of phrases."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from snippets.reader.limits import SENTENCE
from snippets.reader.passages import Passage, plain, sentences

PHRASES = Path(__file__).parent / "phrases.toml"


@dataclass(frozen=True)
class Phrase:
    """A phrase that a native writer would not use.

    Attributes:
        pattern: finds it in a sentence.
        harmless: finds the sentences in which it is fine.
        instead: what to write in its place.
    """

    pattern: re.Pattern[str]
    harmless: re.Pattern[str] | None
    instead: str


@cache
def phrases(path: Path = PHRASES) -> tuple[Phrase, ...]:
    """The list of phrases.

    Raises:
        ValueError: it cannot be read.
    """
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["phrase"]
    return tuple(
        Phrase(
            re.compile(entry["pattern"], re.IGNORECASE),
            re.compile(entry["except"], re.IGNORECASE) if "except" in entry else None,
            entry["instead"],
        )
        for entry in listed
    )


def faults(passages: Iterable[Passage]) -> Iterator[tuple[int, str]]:
    """Find the sentences that a native editor would send back.

    Args:
        passages: the pieces of prose of a page or of a program.

    Yields:
        The 1-based line, and what is wrong there and what to write instead.
    """
    for passage in passages:
        at = 0
        for sentence in sentences(passage.text):
            at = passage.text.index(sentence, at)
            line = passage.line_at(at)
            words, shown = plain(sentence, code=False), _short(plain(sentence), 60)
            for phrase in phrases():
                found = phrase.pattern.search(words)
                if found and not (phrase.harmless and phrase.harmless.search(words)):
                    yield line, f"{_short(found[0])!r} in {shown!r}; instead: {phrase.instead}"
            if (length := len(plain(sentence).split())) > SENTENCE:
                yield line, f"a sentence of {length} words; {SENTENCE} is the limit: {shown!r}"
            at += len(sentence)


def _short(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
