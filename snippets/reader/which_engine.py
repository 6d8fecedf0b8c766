"""Which engine is mine: before a page shows engines in tabs for the first time, a command tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from snippets.block import Block

COMMAND = "docker info --format '{{.ServerVersion}} {{.Driver}}'"
"""Prints the engine's version, and the driver by which its image store is known."""


def faults(pages: Iterable[tuple[str, Iterable[Block]]]) -> Iterator[str]:
    """Find the site's first block for certain engines, where no command has told which one is the reader's.

    Args:
        pages: the pages' paths and blocks, in the order in which they are read.

    Yields:
        The finding with its place; at most one.
    """
    for path, blocks in pages:
        for block in blocks:
            if any(command.text == COMMAND for command in block.commands):
                return
            if block.engines:
                yield (
                    f"{path}:{block.line}: the site's first block for certain engines; in it, or above it, a "
                    f"command must tell which engine is the reader's: $ {COMMAND}"
                )
                return
