"""Pages that passed, known by all that their result depends on: an unchanged one need not run again."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from snippets.block import Block
from snippets.lab import Engine
from snippets.lab.backends import VARIABLE as LAB_BACKEND
from snippets.lab.images import content_path
from snippets.lab.paths import cache_dir
from snippets.lab.rootfs import root_path

PACKAGE = Path(__file__).parent
"""The verifier and the lab."""


class PassedPages:
    """The set of pages that passed, kept in the user's cache directory.

    A page is known by its text, the files that it includes, its engine, what the labs of that are made of,
    and the code that ran it.
    """

    def __init__(self, package: Path = PACKAGE) -> None:
        """The set of pages that the verifier in a package ran."""
        self._folder = cache_dir() / "passed"
        self._package = package

    def add(self, text: str, blocks: Sequence[Block], engine: Engine) -> None:
        """Remember that a page passed; a cache that cannot be written to is no error."""
        place = self._place(text, blocks, engine)
        try:
            if place:
                self._folder.mkdir(parents=True, exist_ok=True)
                place.touch()
        except OSError:
            return

    def has(self, text: str, blocks: Sequence[Block], engine: Engine) -> bool:
        """Whether exactly this page passed on exactly this engine with exactly this verifier."""
        place = self._place(text, blocks, engine)
        return place is not None and place.exists()

    def _place(self, text: str, blocks: Sequence[Block], engine: Engine) -> Path | None:
        made_of = lab_made_of(engine)
        if made_of is None:
            return None
        parts = [text, *(block.source for block in blocks), engine.to_json(), made_of, _code(self._package)]
        return self._folder / hashlib.sha256("\0".join(parts).encode()).hexdigest()


def lab_made_of(engine: Engine) -> str | None:
    """What an engine's labs are made of: its root, the images, the binaries of its directory.

    Returns:
        A text that is another one when one of them is; None where that cannot be seen: nothing was made yet,
        or labs run in a Docker, which keeps what they are made of.
    """
    if os.environ.get(LAB_BACKEND) == "docker":
        return None
    try:
        return "\0".join(_parts(engine))
    except (OSError, subprocess.CalledProcessError):
        return None


def _parts(engine: Engine) -> Iterator[str]:
    # A root is made once and never written to: a new one has a new time.
    version = root_path(cache_dir(), engine) / "version"
    yield f"{version.read_text()} {version.stat().st_mtime_ns}"
    images = content_path(cache_dir())
    for link in sorted(images.rglob("tags/*/current/link")):
        yield f"{link.relative_to(images)} {link.read_text()}"
    # Hundreds of megabytes are not read each time.
    for path in sorted(Path(engine.directory).rglob("*")) if engine.directory else ():
        stat = path.stat()
        yield f"{path} {stat.st_size} {stat.st_mtime_ns}"


@cache
def _code(package: Path) -> str:
    """The digest of the verifier and the lab: everything in the package but what pages include or record."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.is_file() and parts[0] not in ("files", "recordings") and "__pycache__" not in parts:
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
