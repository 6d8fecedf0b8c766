"""Merge actual output into what a page shows: only what no longer fits changes.

Lines are merged as lines, JSON as JSON. Every piece that is written is bound before the next one is, so that
two pieces never contradict each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from snippets.match import compare
from snippets.match.bindings import Bindings
from snippets.match.data import ELISION, Members, parse_excerpt
from snippets.match.lines import (
    ELLIPSIS,
    LinePattern,
    bind_match,
    line_pattern,
    line_patterns,
    longest_common,
    without_blank_end,
)
from snippets.match.tokens import TokenType, is_pid_heading, pid_columns, tokens_of

_Entry = tuple[str | None, Any]
"""An entry of a JSON container: a member with its key, an element or a `...` without one."""


def merge(expected: Sequence[str], actual: Sequence[str], bindings: Bindings, place: str) -> list[str]:
    """The page's lines for an output, changed as little as the output allows.

    Args:
        expected: the lines that the page shows.
        actual: the lines that came.
        bindings: what the page's samples stand for so far.
        place: where the output stands, for bindings.

    Returns:
        Lines that match the output: an expected line that still fits is kept as it is, `...` keeps standing
        for what it elides, and in what changed the samples of the page are used where they are known. Of
        JSON each value is merged on its own, in the page's layout. Only where a real value cannot be told
        from the page's samples are the lines the output's own, and `compare` says what the conflict is.
    """
    rows = [line.rstrip() for line in without_blank_end(actual)]
    if compare(expected, rows, bindings, place).ok:
        return list(expected)
    shown, came = _as_json(expected, elided=True), _as_json(rows, elided=False)
    if shown is not None and came is not None:
        merged = _merge_json(expected, shown, rows, came, _Writer(bindings, place))
    else:
        # What stood for parts of JSON stands for nothing in an output of another kind.
        merged = _merge_lines([] if shown is not None else expected, rows, _Writer(bindings, place))
    if compare(merged, rows, bindings, place).ok:
        return merged
    whole = _merge_lines([], rows, _Writer(bindings, place))
    return whole if compare(whole, rows, bindings, place).ok else rows


@dataclass
class _Writer:
    """Writes real text with the page's samples in it, and knows what those stand for by then.

    Attributes:
        bindings: what the samples stand for, with all that was written so far.
        place: where the text stands, for bindings.
        above: the lines written so far that say which fields of the next one are PIDs.
    """

    bindings: Bindings
    place: str
    above: list[str] = field(default_factory=list)

    def line(self, row: str, shown: LinePattern | None) -> str:
        """An actual line as the page is to show it: as shown, else with samples, else as it came."""
        line = row
        for line in self._choices(row, shown):
            if self._fits(line, row):
                break
        if not line.strip() or is_pid_heading(line):
            self.above = [line]
        return line

    def _choices(self, row: str, shown: LinePattern | None) -> Iterator[str]:
        if shown:
            yield shown.source
        yield self._with_samples(row, shown.tokens if shown else ())
        yield row

    def _fits(self, line: str, row: str) -> bool:
        """Whether a line of the page stands for an actual one; what it says of samples is learned."""
        pattern = line_pattern(line, self._pid_columns(line), self.bindings.types)
        match = pattern.regex.fullmatch(row)
        learned = bind_match(pattern, match, self.bindings, self.place) if match else None
        if not isinstance(learned, Bindings):
            return False
        self.bindings = learned
        return True

    def _pid_columns(self, line: str) -> tuple[int, ...]:
        return pid_columns([*self.above, line])[-1]

    def _with_samples(self, row: str, samples: Sequence[tuple[TokenType, str]]) -> str:
        """An actual line with the page's samples for what is volatile in it.

        Where it has the same kinds of tokens as the line that it replaces, that one's samples stay.
        """
        tokens = list(tokens_of(row, self._pid_columns(row), self.bindings.types))
        same_kinds = [token.type for token in tokens] == [kind for kind, _ in samples]
        known = self.bindings
        parts, at = [], 0
        for index, token in enumerate(tokens):
            sample, known = _sample(
                token.type,
                row[token.start : token.end],
                samples[index][1] if same_kinds else None,
                known,
                self.place,
            )
            parts += [row[at : token.start], sample]
            at = token.end
        return "".join([*parts, row[at:]])


def _sample(
    kind: TokenType, actual: str, kept: str | None, known: Bindings, place: str
) -> tuple[str, Bindings]:
    """The sample for a real value, and what is known with it.

    It is the one that the page has for it, else the one that stood in its place, else the value itself. Where
    that is the page's sample for another value, it is a sample that the page does not use.
    """
    if not kind.names_a_thing:
        return kept or actual, known
    for sample in (known.sample_of(kind, actual), kept, actual, *_displaced(actual, known)):
        learned = known.bind(kind, sample, actual, place) if sample else None
        if sample and isinstance(learned, Bindings):
            return sample, learned
    return actual, known


def _displaced(actual: str, known: Bindings) -> Iterator[str]:
    """What a value stands for where it is a sample, what that stands for, and so on.

    Samples stand for values one to one, so that the last of these is no sample of the page.
    """
    stands_for = {binding.sample: binding.actual for binding in known.known.values()}
    prefix = "sha256:" if actual.startswith("sha256:") else ""
    value = actual.removeprefix(prefix)
    for _ in range(len(stands_for)):
        if value not in stands_for:
            return
        value = stands_for[value]
        yield prefix + value


def _laid_over(
    patterns: Sequence[LinePattern], rows: Sequence[str]
) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of (what the page shows, what came in its place), in order, by their numbers.

    Nothing is shown of what is new. Nothing came for a `...`: it stays, for what came between the lines that
    were shown around it.
    """
    shown_from = came_from = 0
    for shown_to, came_to in [*longest_common(patterns, rows), (len(patterns), len(rows))]:
        shown, came = range(shown_from, shown_to), range(came_from, came_to)
        elisions = [number for number in shown if patterns[number].any_lines]
        if elisions:
            before, after = elisions[0] - shown_from, shown_to - elisions[-1] - 1
            head = came[:before]
            tail = came[max(len(head), len(came) - after) :]
            yield from zip(shown, head, strict=False)
            yield elisions[0], None
            yield from zip(shown[len(shown) - len(tail) :], tail, strict=True)
        else:
            yield from ((shown[at] if at < len(shown) else None, number) for at, number in enumerate(came))
        if shown_to < len(patterns):
            yield shown_to, came_to
        shown_from, came_from = shown_to + 1, came_to + 1


def _merge_lines(expected: Sequence[str], rows: Sequence[str], writer: _Writer) -> list[str]:
    patterns = line_patterns(expected, writer.bindings.types)
    merged = []
    for shown, came in _laid_over(patterns, rows):
        pattern = None if shown is None else patterns[shown]
        if came is not None:
            merged.append(writer.line(rows[came], pattern))
        elif pattern:
            merged.append(pattern.source)
    return merged


def _as_json(lines: Sequence[str], *, elided: bool) -> Any:
    """Lines as JSON that may elide, or None where they are something else."""
    text = "\n".join(lines).strip()
    if not text.startswith(("{", "[")):
        return None
    try:
        return parse_excerpt(text, elided=elided)
    except ValueError:
        return None


def _merge_json(
    expected: Sequence[str], shown: Any, rows: Sequence[str], came: Any, writer: _Writer
) -> list[str]:
    """The page's excerpt with what came in it, in the excerpt's layout; a line that says the same stays."""
    margin = _indentation(expected[0])
    text = _Layout.of(expected, rows).text(_merge_values(shown, came, writer), margin)
    lines = f"{margin}{text}".split("\n")
    before, after = [line.strip() for line in expected], [line.strip() for line in lines]
    for old, new, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        lines[new : new + size] = expected[old : old + size]
    return lines


def _merge_values(shown: Any, came: Any, writer: _Writer) -> Any:
    """A container of JSON as the page is to show it: its entries are laid over one another like lines.

    Members are told by their keys, elements by their text.
    """
    before = _entries(shown) if type(shown) is type(came) else []
    after = _entries(came)
    patterns = [line_pattern(_heading(entry), types=writer.bindings.types) for entry in before]
    merged = []
    for at_shown, at_came in _laid_over(patterns, [_heading(entry) for entry in after]):
        old = None if at_shown is None else before[at_shown]
        merged.append((None, ELISION) if at_came is None else _merge_entry(old, after[at_came], writer))
    if isinstance(came, Members):
        return Members(
            tuple(ELISION if value is ELISION and key is None else (key, value) for key, value in merged)
        )
    return tuple(value for _, value in merged)


def _merge_entry(shown: _Entry | None, came: _Entry, writer: _Writer) -> _Entry:
    """An entry as the page is to show it; its key and its scalar are written like a line of text."""
    pattern = None if shown is None else line_pattern(_line(shown), types=writer.bindings.types)
    line = writer.line(_line(came), pattern)
    [(key, value)] = _entries(parse_excerpt(f"[{line}]" if came[0] is None else f"{{{line}}}"))
    if value is not ELISION and isinstance(came[1], (Members, tuple)):
        value = _merge_values(None if shown is None else shown[1], came[1], writer)
    return key, value


def _entries(container: Any) -> list[_Entry]:
    """The members of an object with their keys, the elements of an array without."""
    if isinstance(container, Members):
        return [
            (None, entry) if entry is ELISION else (str(entry[0]), entry[1]) for entry in container.entries
        ]
    return [(None, value) for value in container]


def _heading(entry: _Entry) -> str:
    """What an entry is told by among its neighbours."""
    key, value = entry
    return _ONE_LINE.text(value) if key is None else json.dumps(key, ensure_ascii=False)


def _line(entry: _Entry) -> str:
    """An entry as a line of text, `null` in the place of a container."""
    key, value = entry
    text = _ONE_LINE.text(None if isinstance(value, (Members, tuple)) else value)
    return text if key is None else f"{json.dumps(key, ensure_ascii=False)}: {text}"


@dataclass(frozen=True)
class _Layout:
    """How JSON is laid out.

    Attributes:
        indent: what a level is indented by; None where all is on one line.
        comma: what stands between entries on one line.
        colon: what stands behind a key.
        escapes: whether `<`, `>` and `&` are escaped, as Go does.
    """

    indent: str | None = None
    comma: str = ","
    colon: str = ": "
    escapes: bool = False

    @classmethod
    def of(cls, lines: Sequence[str], rows: Sequence[str]) -> _Layout:
        """The layout of a page's excerpt; how strings are written is told by the output."""
        text = "\n".join(lines)
        margin = _indentation(lines[0])
        deeper = (_indentation(line) for line in lines if line.strip() and _indentation(line) > margin)
        return cls(
            None if len(lines) == 1 else min(deeper, default=margin).removeprefix(margin),
            ", " if re.search(r'[]}"\d.el], ', text) else ",",
            ": " if '": ' in text else ":",
            re.search(r"\\u00(?:3[ce]|26)", "\n".join(rows)) is not None,
        )

    def text(self, value: Any, margin: str = "") -> str:
        """A value in this layout; its first line is not indented."""
        if value is ELISION:
            return ELLIPSIS
        if not isinstance(value, (Members, tuple)):
            return self._scalar(value)
        opener, closer = "{}" if isinstance(value, Members) else "[]"
        inner = margin + (self.indent or "")
        entries = [
            (
                self.text(part, inner)
                if key is None
                else f"{self._scalar(key)}{self.colon}{self.text(part, inner)}"
            )
            for key, part in _entries(value)
        ]
        if self.indent is None or not entries:
            return f"{opener}{self.comma.join(entries)}{closer}"
        rows = [entry if entry == ELLIPSIS else f"{entry}," for entry in entries]
        rows[-1] = entries[-1]
        return "\n".join([opener, *(f"{inner}{row}" for row in rows), f"{margin}{closer}"])

    def _scalar(self, value: Any) -> str:
        text = json.dumps(value, ensure_ascii=False)
        return re.sub("[<>&]", lambda sign: f"\\u{ord(sign[0]):04x}", text) if self.escapes else text


_ONE_LINE = _Layout()


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
