"""JSON output is compared as JSON: an excerpt with `...` stays readable and is still checked.

The page's text may elide: `...` in the place of members or elements stands for any number of them, in the
place of a value for any value, and inside a string for any text. Order counts, as Docker's is fixed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from snippets.match.bindings import Bindings, Conflict
from snippets.match.lines import ELLIPSIS, bind_match, line_pattern


class Elision:
    """The place of a `...` in the page's JSON."""


ELISION = Elision()


@dataclass(frozen=True)
class Members:
    """The members of a JSON object in their order, `(key, value)`, some of them elided."""

    entries: tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """Where two JSON values part: the path to it, what the page shows and what came."""

    path: str
    expected: str
    actual: str


def parse_excerpt(text: str) -> Any:
    """Parse JSON in which `...` elides.

    Returns:
        Scalars as `json` gives them, `Members` for objects, tuples for arrays, ELISION where anything may be.

    Raises:
        ValueError: it is no such text.
    """
    parser = _Parser(text)
    value = parser.value()
    parser.end()
    return value


def match_json(expected: Any, actual: Any, bindings: Bindings, place: str) -> Iterator[Bindings]:
    """Every way in which a page's JSON fits what came, with what is then known of its samples.

    Args:
        expected: from `parse_excerpt`.
        actual: from `parse_excerpt` too, of a text without elisions.
        bindings: what the page's samples stand for so far.
        place: where the expected output stands, for bindings.
    """
    yield from _Matcher(place).value(expected, actual, "", bindings)


def json_difference(expected: Any, actual: Any, bindings: Bindings, place: str) -> Conflict | Difference:
    """Where a page's JSON first parts from what came; for values that do not match."""
    return _Matcher(place).difference(expected, actual, "", bindings, "")


class _Key(str):
    """The key of a member, to tell `(key, value)` from an array of two."""

    __slots__ = ()


class _Parser:
    """A recursive-descent parser of JSON with elisions; strings and numbers are the standard library's."""

    _SPACE = re.compile(r"[ \t\r\n]*")
    _SCALARS = json.JSONDecoder()

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self) -> Any:
        if self._take(ELLIPSIS):
            return ELISION
        if self._take("{"):
            return Members(tuple(self._entries("}", self._member)))
        if self._take("["):
            return tuple(self._entries("]", self.value))
        self._skip()
        try:
            value, self.at = self._SCALARS.raw_decode(self.text, self.at)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        return value

    def end(self) -> None:
        self._skip()
        if self.at != len(self.text):
            raise ValueError(f"more text behind the JSON at character {self.at}")

    def _member(self) -> Any:
        if self._take(ELLIPSIS):
            return ELISION
        self._skip()
        if not self.text.startswith('"', self.at):
            raise ValueError(f"no key at character {self.at}")
        key, self.at = self._SCALARS.raw_decode(self.text, self.at)
        if not self._take(":"):
            raise ValueError(f"no colon at character {self.at}")
        return _Key(key), self.value()

    def _entries(self, closer: str, entry: Callable[[], Any]) -> Iterator[Any]:
        if self._take(closer):
            return
        while True:
            yield (found := entry())
            comma = self._take(",")
            if self._take(closer):
                return
            # Beside an elided line a comma may be missing or left over, as the line above or below has it.
            if not comma and found is not ELISION and not self._peek(ELLIPSIS):
                raise ValueError(f"no comma at character {self.at}")

    def _skip(self) -> None:
        self.at = self._SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing too

    def _peek(self, word: str) -> bool:
        self._skip()
        return self.text.startswith(word, self.at)

    def _take(self, word: str) -> bool:
        if self._peek(word):
            self.at += len(word)
            return True
        return False


class _Matcher:
    """Expected against actual JSON values; a scalar is matched like a line `"key": value` of text."""

    def __init__(self, place: str) -> None:
        self.place = place

    def value(self, expected: Any, actual: Any, key: str, known: Bindings) -> Iterator[Bindings]:
        if expected is ELISION:
            yield known
        elif isinstance(expected, Members) and isinstance(actual, Members):
            yield from self._entries(expected.entries, actual.entries, key, known)
        elif isinstance(expected, tuple) and isinstance(actual, tuple):
            yield from self._entries(expected, actual, key, known)
        elif not isinstance(expected, (Members, tuple)) and not isinstance(actual, (Members, tuple)):
            learned = self._text(_scalar(expected, key), _scalar(actual, key), known)
            if isinstance(learned, Bindings):
                yield learned

    def difference(
        self, expected: Any, actual: Any, key: str, known: Bindings, path: str
    ) -> Conflict | Difference:
        if isinstance(expected, Members) and isinstance(actual, Members):
            for entry in expected.entries:
                if entry is ELISION:
                    continue
                same_key = [other for other in actual.entries if self._fits(entry[0], other[0], known)]
                if not same_key:
                    return Difference(f"{path}.{entry[0]}", _shown(entry[1]), "no such member")
                learned = next(self.value(entry[1], same_key[0][1], entry[0], known), None)
                if learned is None:
                    return self.difference(entry[1], same_key[0][1], entry[0], known, f"{path}.{entry[0]}")
                known = learned
        elif isinstance(expected, tuple) and isinstance(actual, tuple):
            if ELISION not in expected and len(expected) == len(actual):
                for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
                    learned = next(self.value(one, other, key, known), None)
                    if learned is None:
                        return self.difference(one, other, key, known, f"{path}[{index}]")
                    known = learned
        elif not isinstance(expected, (Members, tuple)) and not isinstance(actual, (Members, tuple)):
            learned_or_not = self._text(_scalar(expected, key), _scalar(actual, key), known)
            if isinstance(learned_or_not, Conflict):
                return learned_or_not
        return Difference(path, _shown(expected), _shown(actual))

    def _entries(
        self, expected: Sequence[Any], actual: Sequence[Any], key: str, known: Bindings
    ) -> Iterator[Bindings]:
        if not expected:
            if not actual:
                yield known
        elif expected[0] is ELISION:
            for skipped in range(len(actual) + 1):
                yield from self._entries(expected[1:], actual[skipped:], key, known)
        elif actual:
            for learned in self._entry(expected[0], actual[0], key, known):
                yield from self._entries(expected[1:], actual[1:], key, learned)

    def _entry(self, expected: Any, actual: Any, key: str, known: Bindings) -> Iterator[Bindings]:
        if not isinstance(expected, tuple) or not _is_member(expected) or not _is_member(actual):
            yield from self.value(expected, actual, key, known)
            return
        learned = self._text(expected[0], actual[0], known)
        if isinstance(learned, Bindings):
            yield from self.value(expected[1], actual[1], expected[0], learned)

    def _fits(self, expected: str, actual: str, known: Bindings) -> bool:
        return isinstance(self._text(expected, actual, known), Bindings)

    def _text(self, expected: str, actual: str, known: Bindings) -> Bindings | Conflict | None:
        pattern = line_pattern(expected, types=known.types)
        match = pattern.regex.fullmatch(actual)
        return bind_match(pattern, match, known, self.place) if match else None


def _is_member(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], _Key)


def _scalar(value: Any, key: str) -> str:
    """A scalar as text; a number keeps its key, which alone says what kind of number it is."""
    text = json.dumps(value, ensure_ascii=False)
    return f'"{key}": {text}' if key and not isinstance(value, (str, bool)) else text


def _shown(value: Any) -> str:
    if value is ELISION:
        return ELLIPSIS
    if isinstance(value, Members):
        return (
            "{"
            + ", ".join(ELLIPSIS if entry is ELISION else f'"{entry[0]}"' for entry in value.entries)
            + "}"
        )
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
