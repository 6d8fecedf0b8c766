"""Sentences that lead a reader astray: checks of what a page says around its commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import dirname, join, normpath

from snippets.block import Block

_REMOVES = re.compile(r"\bdocker\b[^|;&\n]*\s(?:rm|rmi|prune)\b|(?:^|[\n;&|]\s*)rm\s")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+")
_CONDITION = re.compile(r"If (?!.*\b(?:keep|leave)\b)")
"""Begins a sentence that not every reader obeys. Readers may well keep what was theirs before."""

_ROOT_SHELL = re.compile(r"\bsudo (?:-i|-s|--login|--shell|su|bash)(?![\w-])")

_NEXT = re.compile(r"^Next: [^\n]*?\]\((?P<target>[^)#\s]*)", re.MULTILINE)

_STATUS = re.compile(r"\bexit (?:status|code)\b\]?(?:\[[^]]*\])?\s+(?:of\s+)?`?\d", re.IGNORECASE)
_ASKS = "$?"


def faults(text: str, blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Find the sentences of a page that a reader who obeys them is worse off with.

    Args:
        text: the page.
        blocks: its blocks.

    Yields:
        A 1-based line, and what is wrong there and what to write instead.
    """
    rows = text.split("\n")
    blocks = list(blocks)
    for block in blocks:
        said = _SENTENCE_ENDS.split(_paragraph_above(rows, block.line))[-1]
        if _CONDITION.match(said) and any(_REMOVES.search(command.text) for command in block.commands):
            yield (
                block.line,
                f"a clean-up that not every reader does ({said!r}): what it leaves is in the way of a later "
                "page. Clean up always; a later page gets again what it needs",
            )
    for line, paragraph in _paragraphs(rows, blocks):
        if _ROOT_SHELL.search(paragraph):
            if not re.search(r"\blab\b", paragraph):
                yield line, "the lab has no sudo and its reader is root; say what holds in the lab"
            break


def wrong_next(pages: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Find the pages whose last line sends to another page than their footer.

    Args:
        pages: the pages' paths and texts, in the order of the navigation.

    Yields:
        The finding with its place.
    """
    for (path, text), (following, _) in zip(pages, [*pages[1:], ("", "")], strict=True):
        if found := _NEXT.search(text):
            target = normpath(join(dirname(path), found["target"]))
            if target != following:
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path}:{line}: the text goes on with {target}, the footer with {following}"


def unexplained_status(pages: Iterable[tuple[str, str, Iterable[Block]]]) -> Iterator[str]:
    """Find the first sentence that names an exit status, where none has said how to see one.

    Args:
        pages: the pages' paths, texts and blocks, in the order in which they are read.

    Yields:
        The finding with its place; at most one.
    """
    for path, text, blocks in pages:
        for line, paragraph in _paragraphs(text.split("\n"), blocks):
            if _ASKS in paragraph:
                return
            if _STATUS.search(paragraph):
                yield f"{path}:{line}: an exit status that the reader cannot see: say that `echo $?` shows it"
                return


def _paragraph_above(rows: Sequence[str], line: int) -> str:
    """The paragraph that ends above a 1-based line, as one line."""
    end = line - 1
    while end and not rows[end - 1].strip():
        end -= 1
    start = end
    while start and rows[start - 1].strip():
        start -= 1
    return " ".join(row.strip() for row in rows[start:end])


def _paragraphs(rows: Sequence[str], blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """The paragraphs outside of the blocks, each with the 1-based line that it begins on."""
    inside = {line for block in blocks for line in range(block.line, block.end_line + 1)}
    paragraph = list[str]()
    for number, row in enumerate([*rows, ""], 1):
        if row.strip() and number not in inside:
            paragraph.append(row.strip())
        elif paragraph:
            yield number - len(paragraph), " ".join(paragraph)
            paragraph = []
