"""JSON output is compared as JSON: an excerpt with `...` stays readable and is still checked.

The page's text may elide: `...` in the place of members or elements stands for any number of them, in the
place of a value for any value, and inside a string for any text. Order counts, as Docker's is fixed; in a
block whose lines may come in any order it counts nowhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from snippets.match.layout import Layout, Reading, Search
from snippets.match.lines import ELLIPSIS, LinePattern, LineRules, line_pattern
from snippets.match.tokens import TokenType

NESTING = 64
"""How many levels deep JSON may be nested; what is deeper is text. Docker's has a dozen."""


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


def parse_excerpt(text: str, *, elided: bool = True) -> Any:
    """Parse JSON in which `...` elides.

    Args:
        text: the text.
        elided: whether it may elide; an output does not.

    Returns:
        Scalars as `json` gives them, `Members` for objects, tuples for arrays, ELISION where anything may be.

    Raises:
        ValueError: it is no such text, or nested too deeply.
    """
    parser = _Parser(text, elided)
    value = parser.value()
    parser.end()
    return value


class _Key(str):
    """The key of a member, to tell `(key, value)` from an array of two."""

    __slots__ = ()


class _Parser:
    """A recursive-descent parser of JSON with elisions; strings and numbers are the standard library's."""

    _SPACE = re.compile(r"[ \t\r\n]*")
    _SCALARS = json.JSONDecoder()

    def __init__(self, text: str, elided: bool) -> None:
        self.text = text
        self.elided = elided
        self.at = 0
        self.depth = 0

    def value(self) -> Any:
        if self._elision():
            return ELISION
        if self._take("{"):
            return Members(tuple(self._entries("}", self._member)))
        if self._take("["):
            return tuple(self._entries("]", self.value))
        self._skip()
        value, self.at = self._SCALARS.raw_decode(self.text, self.at)
        return value

    def end(self) -> None:
        self._skip()
        if self.at != len(self.text):
            raise ValueError(f"more text behind the JSON at character {self.at}")

    def _elision(self) -> bool:
        return self.elided and self._take(ELLIPSIS)

    def _member(self) -> Any:
        if self._elision():
            return ELISION
        self._skip()
        if not self.text.startswith('"', self.at):
            raise ValueError(f"no key at character {self.at}")
        key, self.at = self._SCALARS.raw_decode(self.text, self.at)
        if not self._take(":"):
            raise ValueError(f"no colon at character {self.at}")
        return _Key(key), self.value()

    def _entries(self, closer: str, entry: Callable[[], Any]) -> Iterator[Any]:
        if self.depth == NESTING:
            raise ValueError(f"nested too deeply at character {self.at}")
        self.depth += 1
        closed = self._take(closer)
        while not closed:
            yield (found := entry())
            comma = self._take(",")
            closed = self._take(closer)
            # Beside an elided line a comma may be missing or left over, as the line above or below has it.
            if not closed and not comma and found is not ELISION and not self._peek(ELLIPSIS):
                raise ValueError(f"no comma at character {self.at}")
        self.depth -= 1

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


class JsonRules:
    """How JSON values are held against each other; a scalar is matched like a line `"key": value` of text.

    The rules of layouts of elements and of members.
    """

    def __init__(self, search: Search, types: tuple[TokenType, ...], any_order: bool = False) -> None:
        """Rules that learn samples in a search.

        Args:
            search: what is tried and what contradicts it.
            types: the types of volatile tokens that the page knows.
            any_order: whether elements and members may come in any order.
        """
        self._lines = LineRules(search)
        self._search = search
        self._types = types
        self._any_order = any_order
        self._layouts: dict[tuple[int, int, str], Layout[Any, Any]] = {}
        self._patterns: dict[str, LinePattern] = {}

    def is_gap(self, shown: Any) -> bool:
        """Whether an expected entry stands for any entries."""
        return shown is ELISION

    def fits(self, shown: Any, came: Any, key: str = "") -> bool:
        """Whether an actual value or member has the expected text and types, under a key that has it."""
        if shown is ELISION:
            return True
        if _is_member(shown):
            return self._text_fits(shown[0], came[0]) and self.fits(shown[1], came[1], shown[0])
        if (layout := self._layout(shown, came, key)) is not None:
            return layout.fits()
        if isinstance(shown, (Members, tuple)) or isinstance(came, (Members, tuple)):
            return False
        return self._text_fits(_scalar(shown, key), _scalar(came, key))

    def readings(self, shown: Any, came: Any, reading: Reading, key: str = "") -> Iterator[Reading]:
        """Every way to read an actual value or member that fits."""
        if shown is ELISION:
            yield reading
        elif _is_member(shown):
            for learned in self._text_readings(shown[0], came[0], reading):
                yield from self.readings(shown[1], came[1], learned, shown[0])
        elif (layout := self._layout(shown, came, key)) is not None:
            yield from layout.readings(reading)
        else:
            yield from self._text_readings(_scalar(shown, key), _scalar(came, key), reading)

    def samples(self, shown: Any) -> frozenset[str]:
        """The samples in an expected value or member that name a thing."""
        return frozenset(
            sample for text in _texts(shown) for sample in self._lines.samples(self._pattern(text))
        )

    def difference(self, shown: Any, came: Any, path: str = "", key: str = "") -> Difference:
        """Where an actual value first parts from the expected one, which it does not fit."""
        if isinstance(shown, Members) and isinstance(came, Members):
            for entry in shown.entries:
                if entry is ELISION:
                    continue
                same_key = [other for other in came.entries if self._text_fits(entry[0], other[0])]
                if not same_key:
                    return Difference(f"{path}.{entry[0]}", _shown(entry[1]), "no such member")
                if not any(self.fits(entry[1], other[1], entry[0]) for other in same_key):
                    return self.difference(entry[1], same_key[0][1], f"{path}.{entry[0]}", entry[0])
        elif isinstance(shown, tuple) and isinstance(came, tuple):
            in_order = not self._any_order and ELISION not in shown and len(shown) == len(came)
            for index, (one, other) in enumerate(zip(shown, came, strict=False) if in_order else ()):
                if not self.fits(one, other, key):
                    return self.difference(one, other, f"{path}[{index}]", key)
        return Difference(path, _shown(shown), _shown(came))

    def _layout(self, shown: Any, came: Any, key: str) -> Layout[Any, Any] | None:
        """The entries of two containers of one kind; an array's key is that of its elements.

        It is kept, as entries between elisions are asked for again and again.
        """
        asked = (id(shown), id(came), key)
        if asked in self._layouts:
            return self._layouts[asked]
        layout: Layout[Any, Any]
        if isinstance(shown, Members) and isinstance(came, Members):
            layout = Layout(shown.entries, came.entries, self, self._search, self._any_order)
        elif isinstance(shown, tuple) and isinstance(came, tuple):
            layout = Layout(shown, came, _Elements(self, key), self._search, self._any_order)
        else:
            return None
        return self._layouts.setdefault(asked, layout)

    def _pattern(self, text: str) -> LinePattern:
        if text not in self._patterns:
            self._patterns[text] = line_pattern(text, types=self._types)
        return self._patterns[text]

    def _text_fits(self, shown: str, came: str) -> bool:
        return self._lines.fits(self._pattern(shown), came)

    def _text_readings(self, shown: str, came: str, reading: Reading) -> Iterator[Reading]:
        return self._lines.readings(self._pattern(shown), came, reading)


@dataclass(frozen=True)
class _Elements:
    """The rules for the elements of an array under a key."""

    rules: JsonRules
    key: str

    def is_gap(self, shown: Any) -> bool:
        return self.rules.is_gap(shown)

    def fits(self, shown: Any, came: Any) -> bool:
        return self.rules.fits(shown, came, self.key)

    def readings(self, shown: Any, came: Any, reading: Reading) -> Iterator[Reading]:
        return self.rules.readings(shown, came, reading, self.key)

    def samples(self, shown: Any) -> frozenset[str]:
        return self.rules.samples(shown)


def _texts(value: Any) -> Iterator[str]:
    """The keys and the scalars in a value, as text."""
    if isinstance(value, Members):
        yield from (text for entry in value.entries for text in _texts(entry))
    elif isinstance(value, tuple):
        yield from (text for entry in value for text in _texts(entry))
    elif value is not ELISION:
        yield _scalar(value, "")


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
