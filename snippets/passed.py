"""Pages that passed, known by all that their result depends on: an unchanged one need not run again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from snippets.block import Block
from snippets.lab.paths import cache_dir


class PassedPages:
    """The set of pages that passed, kept in the user's cache directory.

    A page is known by its text, the files that it includes, its engine, and the code that ran it.
    """

    def __init__(self) -> None:
        self._folder = cache_dir() / "passed"

    def add(self, text: str, blocks: Sequence[Block], engine: str) -> None:
        """Remember that a page passed; a cache that cannot be written to is no error."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _fingerprint(text, blocks, engine)).touch()
        except OSError:
            return

    def has(self, text: str, blocks: Sequence[Block], engine: str) -> bool:
        """Whether exactly this page passed on exactly this engine with exactly this verifier."""
        return (self._folder / _fingerprint(text, blocks, engine)).exists()


def _fingerprint(text: str, blocks: Iterable[Block], engine: str) -> str:
    included = "\0".join(block.source for block in blocks)
    return hashlib.sha256("\0".join([text, included, engine, _code()]).encode()).hexdigest()


@cache
def _code() -> str:
    """The digest of the verifier and the lab: everything in this package but what pages include or record."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        part = path.relative_to(package).parts[0]
        if path.is_file() and part not in ("files", "recordings", "__pycache__") and path.suffix != ".pyc":
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
