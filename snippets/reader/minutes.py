"""How long a page takes: computed from the page, so that nobody has to guess it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from snippets.block import Block
from snippets.reader.passages import Box, Kind, parse_prose, plain

WORDS_A_MINUTE = 200
COMMANDS_A_MINUTE = 2

STEP = 5
"""From ten minutes on, a page's minutes are a multiple of this."""

WORTH_NAMING = 1.5
"""The minutes from which on a page says what the boxes of a name add."""

READ = (Kind.HEADING, Kind.TITLE, Kind.PARAGRAPH, Kind.ITEM, Kind.CELL)
"""What is read from top to bottom. A footnote is looked up."""

_FOLDS = {
    "proof": "proofs",
    "answer": "answers",
    "right": "answers",
    "wrong": "answers",
    "question": "answers",
}
"""What the folded boxes of a type are called."""

NEEDS = "**Needs**"
"""Begins the paragraph that tells what a page needs."""


@dataclass(frozen=True)
class Effort:
    """What a page asks of its reader.

    Attributes:
        words: how many are to be read.
        commands: how many are to be typed.
    """

    words: int = 0
    commands: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.words + other.words, self.commands + other.commands)

    @property
    def minutes(self) -> float:
        """The minutes that reading and typing take together."""
        return self.words / WORDS_A_MINUTE + self.commands / COMMANDS_A_MINUTE

    @property
    def about(self) -> int:
        """The minutes as one would tell them."""
        return about(self.minutes)


def about(minutes: float) -> int:
    """Minutes as one would tell them: at least one, and from ten on in steps of five."""
    return max(1, round(minutes)) if minutes < 2 * STEP - 0.5 else STEP * round(minutes / STEP)


@dataclass(frozen=True)
class Efforts:
    """What a page asks of its reader, what is folded apart.

    Attributes:
        open: what every reader meets.
        folded: what is folded, by what its boxes are called.
    """

    open: Effort
    folded: dict[str, Effort]

    def __str__(self) -> str:
        said = f"about {_minutes(self.open.about)}"
        worth = {name: effort for name, effort in self.folded.items() if effort.minutes >= WORTH_NAMING}
        if worth:
            more = sum(worth.values(), Effort()).about
            said += f", {more} more for the {' and '.join(sorted(worth, reverse=True))}"
        return said

    @property
    def all(self) -> Effort:
        """What a reader meets who opens everything."""
        return sum(self.folded.values(), self.open)


def efforts(text: str, blocks: Iterable[Block]) -> Efforts:
    """Count what a page asks of its reader.

    A row of tabs counts once: with the words of the tab that has the most words, and the commands of the tab
    that has the most commands. The same goes for folded boxes in tabs.

    Args:
        text: the page.
        blocks: its blocks.
    """
    prose = parse_prose(text, blocks)
    pieces = [
        (passage.boxes, Effort(words=len(plain(passage.text).split())))
        for passage in prose.passages
        if passage.kind in READ and not passage.text.startswith(NEEDS)
    ]
    pieces += [
        (placed.boxes, Effort(commands=sum(command.is_typed for command in placed.block.commands)))
        for placed in prose.blocks
    ]
    outside = [(boxes, effort) for boxes, effort in pieces if not any(box.folded for box in boxes)]
    folded = defaultdict(list)
    for boxes, effort in pieces:
        for box in boxes:
            if box.folded:
                folded[_FOLDS.get(box.type, "folded boxes")].append((boxes, effort))
                break
    return Efforts(_sum(outside), {name: _sum(parts) for name, parts in folded.items()})


def _sum(pieces: Sequence[tuple[tuple[Box, ...], Effort]], depth: int = 0) -> Effort:
    """The sum of what stands in boxes of this depth, each row of tabs once."""
    total = Effort()
    tabs = defaultdict[int, dict[Box, list[tuple[tuple[Box, ...], Effort]]]](dict)
    inner = defaultdict[Box, list[tuple[tuple[Box, ...], Effort]]](list)
    for boxes, effort in pieces:
        if len(boxes) == depth:
            total += effort
        elif (box := boxes[depth]).tabs:
            tabs[box.tabs].setdefault(box, []).append((boxes, effort))
        else:
            inner[box].append((boxes, effort))
    for inside in inner.values():
        total += _sum(inside, depth + 1)
    for row in tabs.values():
        sums = [_sum(inside, depth + 1) for inside in row.values()]
        total += Effort(max(one.words for one in sums), max(one.commands for one in sums))
    return total


def with_minutes(lines: Sequence[str], said: str) -> Iterator[str]:
    """The lines of a page, with the minutes at the end of the paragraph that tells what the page needs.

    Args:
        lines: the page's lines.
        said: the minutes, in words.
    """
    inside = False
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        inside = line.startswith(NEEDS) or (inside and bool(line.strip()))
        if said and inside and not after.strip():
            line, said = f"{line.rstrip()} · **Takes** {said}", ""
        yield line


def _minutes(number: int) -> str:
    return "a minute" if number == 1 else f"{number} minutes"
