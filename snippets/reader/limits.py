"""How much a page may ask of its reader: the limits, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from snippets.block import Block, Kind
from snippets.reader.minutes import efforts

LEARN = "docs/learn/"
"""Where the pages for beginners are."""

COMMANDS = 12
"""The commands that a page for beginners may have, without folded boxes, a row of tabs counted once."""

MINUTES = 15.0
"""The minutes that such a page may take, counted alike."""

EASE = 60.0
"""The Flesch reading ease that such a page must reach."""

EASE_ELSEWHERE = 50.0
"""The reading ease that all other pages must reach."""

OUTPUT = 25
"""The lines that an output may have on any page; what is left out with `...` counts as one."""

SENTENCE = 35
"""The words that a sentence may have, code counted. A good one has 25 at most."""


def wanted_ease(page: str) -> float:
    """The reading ease that a page, by its path in the project, must reach."""
    return EASE if page.startswith(LEARN) else EASE_ELSEWHERE


def too_much(page: str, text: str, blocks: Iterable[Block]) -> Iterator[str]:
    """Find what of a page for beginners is more than they take in one sitting.

    Args:
        page: its path in the project.
        text: its text.
        blocks: its blocks.
    """
    if page.startswith(LEARN):
        effort = efforts(text, blocks).open
        if effort.commands > COMMANDS:
            yield f"{page}: {effort.commands} commands outside folded boxes; {COMMANDS} is the limit"
        if effort.minutes > MINUTES:
            yield (
                f"{page}: {effort.minutes:.1f} minutes outside folded boxes; {MINUTES:.0f} is the limit "
                f"({effort.words} words, {effort.commands} commands)"
            )


def long_outputs(blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Find the outputs that are longer than anybody reads.

    Yields:
        The 1-based line of the command, and what is wrong with its output and what to do.
    """
    for block in blocks:
        if block.kind is Kind.SESSION:
            for command in block.commands:
                if len(command.output) > OUTPUT:
                    yield (
                        command.line,
                        f"an output of {len(command.output)} lines; {OUTPUT} is the limit: leave out with "
                        "`...` what the page does not talk about",
                    )
