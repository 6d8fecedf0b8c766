"""A page with all that is read from it, parsed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from snippets.block import Block, parse_page
from snippets.journey import navigation
from snippets.reader.passages import Prose, parse_prose

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: its path in the project, such as `docs/learn/parts.md`.
        text: its text.
    """

    path: str
    text: str

    @cached_property
    def blocks(self) -> list[Block]:
        """Its blocks, in order. Raises BlockError when one cannot be read."""
        return parse_page(self.text, self.path)

    @cached_property
    def prose(self) -> Prose:
        """Its prose, taken apart. Raises BlockError when a block cannot be read."""
        return parse_prose(self.text, self.blocks)


def read_pages(names: Iterable[str] = (), root: Path = ROOT) -> Iterator[Page]:
    """Read pages of the project.

    Args:
        names: their paths in the project; without any, all pages, in the order of the navigation.
        root: the project.
    """
    for name in names or (f"docs/{page}" for page in navigation(root / "mkdocs.yml")):
        yield Page(name, (root / name).read_text(encoding="utf-8"))
