"""`python -m snippets.reader`: what the pages ask of their reader, and what is wrong with their prose."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from snippets.reader import english, limits
from snippets.reader.claims import Way, claims
from snippets.reader.minutes import efforts
from snippets.reader.page import ROOT, Page, read_pages
from snippets.reader.readability import readability

HEADER = (
    "page",
    "words",
    "commands",
    "minutes",
    "folded",
    "words a sentence",
    "ease",
    "boxes",
    "outputs",
    "prose",
    "claims",
    "without",
)
ABOUT = """
words, commands, minutes: outside folded boxes; folded: the minutes in them. ease: Flesch reading ease.
boxes: correction boxes. outputs: those that are too long. prose: sentences to rewrite; --prose lists them.
claims: sentences that state something about Docker. without: those that nothing backs; --claims lists them.
A star marks what is beyond the limit (snippets/reader/limits.py).
"""


def main(arguments: list[str] | None = None) -> int:
    """Print a table of the pages, or what is wrong with them.

    Returns:
        The exit status: 1 when something is to be mended.
    """
    parser = argparse.ArgumentParser(prog="python -m snippets.reader", description=__doc__)
    parser.add_argument(
        "--prose", action="store_true", help="list what is wrong with prose, outputs and length"
    )
    parser.add_argument("--claims", action="store_true", help="list the claims that nothing backs")
    parser.add_argument(
        "--json", action="store_true", help="with --claims: all claims, and how each is backed"
    )
    parser.add_argument(
        "pages", nargs="*", metavar="PAGE", help="such as docs/learn/parts.md; without one, all"
    )
    given = parser.parse_args(arguments)
    names = [Path(name).resolve().relative_to(ROOT).as_posix() for name in given.pages]
    site = list(read_pages())
    pages = [page for page in site if not names or page.path in names]
    stated = [claim for claim in claims(site) if not names or claim.page in names]
    if given.claims and given.json:
        print(json.dumps([vars(claim) | {"way": claim.way.value} for claim in stated], indent=1))
    elif given.claims or given.prose:
        found = [line for page in pages for line in wrong(page)] if given.prose else []
        found += [str(claim) for claim in stated if claim.way is Way.NONE] if given.claims else []
        print("\n".join(found))
        return 1 if found else 0
    else:
        count = Counter((claim.page, claim.way) for claim in stated)
        print(_aligned([HEADER, *(_row(page, count) for page in pages)]), ABOUT, sep="\n", end="")
    return 0


def wrong(page: Page) -> Iterator[str]:
    """Find what is wrong with a page: its sentences, its outputs, its length, its reading ease."""
    yield from limits.too_much(page.path, page.text, page.blocks)
    ease = readability(page.prose.passages).ease
    if ease < limits.wanted_ease(page.path):
        yield f"{page.path}: a reading ease of {ease:.0f}; {limits.wanted_ease(page.path):.0f} is wanted"
    found = [*limits.long_outputs(page.blocks), *english.faults(page.prose.passages)]
    for line, said in sorted(found):
        yield f"{page.path}:{line}: {said}"


def _row(page: Page, stated: Mapping[tuple[str, Way], int]) -> tuple[str, ...]:
    effort = efforts(page.text, page.blocks)
    measured = readability(page.prose.passages)
    beginners = page.path.startswith(limits.LEARN)
    boxes = {box for passage in page.prose.passages for box in passage.boxes if box.type == "correction"}
    return (
        page.path,
        str(effort.open.words),
        _starred(f"{effort.open.commands}", beginners and effort.open.commands > limits.COMMANDS),
        _starred(f"{effort.open.minutes:.1f}", beginners and effort.open.minutes > limits.MINUTES),
        f"{effort.all.minutes - effort.open.minutes:.1f}",
        f"{measured.words / max(1, measured.sentences):.1f}",
        _starred(f"{measured.ease:.0f}", measured.ease < limits.wanted_ease(page.path)),
        str(len(boxes)),
        str(len(list(limits.long_outputs(page.blocks)))),
        str(len(list(english.faults(page.prose.passages)))),
        str(sum(stated[page.path, way] for way in Way)),
        str(stated[page.path, Way.NONE]),
    )


def _starred(value: str, beyond: bool) -> str:
    return f"{value}*" if beyond else value


def _aligned(rows: Iterable[tuple[str, ...]]) -> str:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in table
    )


if __name__ == "__main__":
    sys.exit(main())
