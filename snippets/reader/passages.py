"""A page's prose in its pieces: what stands in which section, in which box, and what a reader sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from snippets.block import MARKDOWN_INDENT, Block, front_matter_end


class Kind(Enum):
    """What a piece of prose is on its page."""

    HEADING = "heading"
    TITLE = "title of a box or a tab"
    PARAGRAPH = "paragraph"
    ITEM = "item of a list"
    CELL = "cell of a table"
    FOOTNOTE = "footnote"


@dataclass(frozen=True)
class Box:
    """What holds a part of a page: an admonition, a folded box or a tab.

    Attributes:
        line: the 1-based line that opens it.
        mark: how it is opened: `!!!`, `???`, `???+` or `===`.
        type: the type of an admonition, such as `proof`; empty for a tab.
        title: the title as written; empty where the type stands for it.
        indent: how far the opening line is indented.
        tabs: the line of the first tab in this row of tabs; 0 for what is not a tab.
    """

    line: int
    mark: str
    type: str
    title: str
    indent: int
    tabs: int = 0

    @property
    def folded(self) -> bool:
        """Whether a reader sees the title alone until they open it."""
        return self.mark == "???"


@dataclass(frozen=True)
class Passage:
    """A piece of prose.

    Attributes:
        line: the 1-based line on which it begins.
        kind: what it is.
        text: its Markdown, on one line, without the mark of a list or the name of a footnote.
        section: the 1-based line of the heading above it, its own for a heading; 0 above the first.
        boxes: the boxes that it stands in, the outermost first.
        name: of a footnote, its name; of a heading, its marks, such as `##`.
        rows: the offsets in the text at which its second row and those after it begin.
    """

    line: int
    kind: Kind
    text: str
    section: int
    boxes: tuple[Box, ...]
    name: str = ""
    rows: tuple[int, ...] = ()

    def line_at(self, offset: int) -> int:
        """The 1-based line of a place in the text."""
        return self.line + sum(row <= offset for row in self.rows)


@dataclass(frozen=True)
class Placed:
    """A block and where it stands.

    Attributes:
        block: the block.
        section: the 1-based line of the heading above it; 0 above the first.
        boxes: the boxes that it stands in, the outermost first.
    """

    block: Block
    section: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Prose:
    """A page taken apart.

    Attributes:
        passages: its pieces of prose, in order.
        blocks: its blocks, in order.
    """

    passages: tuple[Passage, ...]
    blocks: tuple[Placed, ...]


_BOX = re.compile(r"(?P<mark>!!!|\?\?\?\+?|===)[!+]*(?P<type>(?: +[a-z][\w-]*)*)(?: +\"(?P<title>.*)\")? *$")
_HEADING = re.compile(r"(?P<marks>#{1,6}) +(?P<text>.*?)[ #]*$")
_ITEM = re.compile(r"(?:[-*+]|\d+[.)]|:) +(?P<text>.*)$")
_FOOTNOTE = re.compile(r"\[\^(?P<name>[^]]+)\]: *(?P<text>.*)$")
_NO_PROSE = re.compile(
    r"\[[^]^][^]]*\]: |\*\[[^]]+\]: |--8<--|\{[:. #][^}]*\} *$|-{3,} *$|</?\w[^>]*>(?:</?\w[^>]*>)* *$"
)
"""Definitions of links and abbreviations, includes, attributes, rules, and lines of nothing but tags."""

_CELLS = re.compile(r"(?<!\\)\|")
_RULE_OF_TABLE = re.compile(r"\|[ :|-]*-[ :|-]*\|? *$")


def parse_prose(text: str, blocks: Iterable[Block]) -> Prose:
    """Take a page apart.

    Args:
        text: the page.
        blocks: its blocks.
    """
    reader = _Reader()
    rows = text.split("\n")
    at = {block.line: block for block in blocks}
    number = front_matter_end(rows)
    comment = False
    while number < len(rows):
        row = rows[number].expandtabs(MARKDOWN_INDENT)
        number += 1
        bare = row.lstrip(" >").rstrip()
        if block := at.get(number):
            reader.block(block, len(row) - len(row.lstrip(" >")))
            number = block.end_line
        elif comment or bare.startswith("<!--"):
            comment = "-->" not in bare
            reader.end()
        else:
            reader.row(row, number)
    reader.end()
    return Prose(tuple(reader.passages), tuple(reader.blocks))


class _Reader:
    """Reads a page row by row."""

    def __init__(self) -> None:
        self.passages = list[Passage]()
        self.blocks = list[Placed]()
        self._boxes = list[Box]()
        self._section = 0
        self._last_tab: Box | None = None
        self._open: Passage | None = None

    def block(self, block: Block, indent: int) -> None:
        """Take a block."""
        self.end()
        self._leave(indent)
        self.blocks.append(Placed(block, self._section, tuple(self._boxes)))

    def row(self, row: str, number: int) -> None:
        """Take a row that is of no block."""
        bare = row.lstrip(" >").rstrip()
        indent = len(row) - len(row.lstrip(" >"))
        if not bare:
            self.end()
            return
        if self._open is None:
            self._leave(indent)
        if found := _BOX.match(bare):
            self.end()
            self._leave(indent)
            self._enter(found, indent, number)
        elif found := _HEADING.match(bare):
            self.end()
            self._leave(indent)
            self._section = number
            self._add(number, Kind.HEADING, found["text"], found["marks"])
        elif _NO_PROSE.match(bare):
            self.end()
        elif bare.startswith("|"):
            self.end()
            if not _RULE_OF_TABLE.match(bare):
                for cell in _CELLS.split(bare.strip("| ")):
                    self._add(number, Kind.CELL, cell.strip().replace(r"\|", "|"))
        elif found := _FOOTNOTE.match(bare):
            self.end()
            self._leave(indent)
            self._open = self._passage(number, Kind.FOOTNOTE, found["text"], found["name"])
        elif found := _ITEM.match(bare):
            self.end()
            self._leave(indent)
            self._open = self._passage(number, Kind.ITEM, found["text"])
        elif self._open is None:
            self._open = self._passage(number, Kind.PARAGRAPH, bare)
        else:
            text, rows = self._open.text, self._open.rows
            self._open = replace(self._open, text=f"{text} {bare}", rows=(*rows, len(text) + 1))

    def end(self) -> None:
        """End the passage that is open."""
        if self._open is not None:
            self.passages.append(self._open)
            self._open = None

    def _passage(self, number: int, kind: Kind, text: str, name: str = "") -> Passage:
        return Passage(number, kind, text, self._section, tuple(self._boxes), name)

    def _add(self, number: int, kind: Kind, text: str, name: str = "") -> None:
        if text:
            self.passages.append(self._passage(number, kind, text, name))

    def _leave(self, indent: int) -> None:
        """Close the boxes that end above a row of this indentation."""
        while self._boxes and indent <= self._boxes[-1].indent:
            self._last_tab = self._boxes.pop()

    def _enter(self, found: re.Match[str], indent: int, number: int) -> None:
        title = found["title"] or ""
        tabs = 0
        if found["mark"] == "===":
            before = self._last_tab
            joins = before is not None and before.tabs and before.indent == indent and not self._since(before)
            tabs = before.tabs if before is not None and joins else number
        box = Box(number, found["mark"], found["type"].strip(), title, indent, tabs)
        self._add(number, Kind.TITLE, title)
        self._boxes.append(box)

    def _since(self, tab: Box) -> bool:
        """Whether something stands between the end of a tab and here."""
        last = [(one.line, one.boxes) for one in self.passages[-1:]]
        last += [(one.block.line, one.boxes) for one in self.blocks[-1:]]
        return any(line > tab.line and tab not in boxes for line, boxes in last)


# ---- What a reader sees of a passage. ----

_CODE = re.compile(r"(`+)(.+?)\1")
_AS_IT_IS = re.compile(r"(`+)(?P<code>.+?)\1|\\(?P<escaped>[^\w\s])")
_PLAIN = (
    (re.compile(r"!\[[^]]*\]\([^)]*\)|\[\^[^]]+\]|<[^<>]*>|\{[:. #][^}]*\}"), ""),
    (re.compile(r"\[([^]\[]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^]]*\])?"), r"\1"),
    (re.compile(r"\*\*|__|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|\+\+"), ""),
)
_KEPT = 0xE000
"""The first of the private characters that stand for what is kept as it is."""

_HIDDEN = "\x00"


def plain(markdown: str, *, code: bool = True) -> str:
    """The words of a passage as a reader sees them, on one line.

    Args:
        markdown: the passage's Markdown.
        code: whether to keep the words in backquotes.
    """
    kept = dict[int, str]()

    def keep(found: re.Match[str]) -> str:
        mark = _KEPT + len(kept)
        kept[mark] = found["escaped"] or (found["code"].strip() if code else "")
        return chr(mark)

    text = _AS_IT_IS.sub(keep, markdown)
    for pattern, replacement in _PLAIN:
        text = pattern.sub(replacement, text)
    return " ".join(text.translate(kept).split())


_SENTENCE_ENDS = re.compile(r"(?<=[.!?])(?P<after>[\"”’')*_]*(?:\[\^[^]]+\])*)\s+(?=\S)")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|approx|Inc)\.|(?:^|\s)\d+\.)$")
_LINK_TARGET = re.compile(r"\]\([^)]*\)")


def sentences(markdown: str) -> Iterator[str]:
    """The sentences of a passage, as Markdown. A full stop in backquotes or in a link's address ends none."""
    hidden = _LINK_TARGET.sub(_hide, _CODE.sub(_hide, markdown))
    start = 0
    for found in _SENTENCE_ENDS.finditer(hidden):
        if not _ABBREVIATION.search(hidden[start : found.start()]):
            yield markdown[start : found.start("after") + len(found["after"])].strip()
            start = found.end()
    if rest := markdown[start:].strip():
        yield rest


def _hide(found: re.Match[str]) -> str:
    return _HIDDEN * len(found[0])


def prose_of(passages: Iterable[Passage], kinds: Sequence[Kind]) -> Iterator[Passage]:
    """The passages of some kinds."""
    return (passage for passage in passages if passage.kind in kinds)
