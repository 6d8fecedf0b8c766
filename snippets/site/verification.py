"""What was run, when and with what, and what was not: tables of the recordings for the page on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from snippets.block import HOSTS, RUNS, Block, Kind, parse_page
from snippets.lab.engines import ENGINES
from snippets.record import RECORDINGS, all_recordings, read_images, read_recording, recorded, stale
from snippets.settings import PageSettings, parse_settings
from snippets.site.engine_tabs import label
from snippets.site.marks import needs
from snippets.site.tables import code, table

DOCS = Path(__file__).parent.parent.parent / "docs"
"""The pages."""

NOTHING = "Nothing is recorded yet. `make record` runs every page on every engine and writes it down.\n\n"


@dataclass(frozen=True)
class Verification:
    """Recordings held against the pages as they are now.

    Attributes:
        docs: the folder of the pages.
        recordings: the folder of the recordings.
    """

    docs: Path = DOCS
    recordings: Path = RECORDINGS

    @cached_property
    def blocks(self) -> Mapping[str, list[Block]]:
        """The blocks of each page, by its path below `docs`, in the order of paths."""
        return {name: parse_page(text, f"docs/{name}") for name, text in self._texts.items()}

    @cached_property
    def settings(self) -> Mapping[str, PageSettings]:
        """What each page declares about itself, by its path below `docs`."""
        return {name: parse_settings(text, f"docs/{name}") for name, text in self._texts.items()}

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        paths = sorted(self.docs.rglob("*.md"))
        return {path.relative_to(self.docs).as_posix(): path.read_text(encoding="utf-8") for path in paths}

    @property
    def engines(self) -> list[str]:
        """The engines, the newest first."""
        return list(reversed(ENGINES))

    def pages(self) -> str:
        """Return a table of pages and engines: how many blocks are recorded, how long, with what, when.

        Raises:
            ValueError: a recording cannot be read.
        """
        rows = []
        for name, blocks in self.blocks.items():
            if any(block.kind in RUNS for block in blocks):
                anchor = f'<span id="{name.removesuffix(".md").replace("/", "-")}"></span>'
                cells = [self._cell(name, blocks, engine) for engine in self.engines]
                rows.append((f"{anchor}[{name.removesuffix('.md')}](../{name})", *cells))
        recorded = any(cell != "–" for row in rows for cell in row[1:])
        return ("" if recorded else NOTHING) + table(("page", *self.engines), rows, "values")

    def _cell(self, name: str, blocks: list[Block], engine: str) -> str:
        found = [read_recording(f"docs/{name}", engine, host, self.recordings) for host in HOSTS]
        recording = max(filter(None, found), key=lambda one: (len(one.passed), one.date), default=None)
        if recording is None:
            return "–"
        page = (f"docs/{name}", blocks, self.settings[name], engine, self.recordings)
        fits, old = len(recorded(*page)), len(stale(*page))
        count = f"**{fits} of {fits + old}**" if old else f"{fits}"
        return f"{count} · {recording.seconds:.0f} s<br>{recording.version}<br>{recording.date}"

    def hosts(self) -> str:
        """Return a table of the kinds of host, each with the number of pages that ran there on each engine.

        Raises:
            ValueError: a recording cannot be read.
        """
        ran = Counter((one.host, one.engine) for one in all_recordings(self.recordings))
        rows = [
            (name.capitalize(), *(str(ran[host, engine] or "–") for engine in self.engines))
            for host, name in HOSTS.items()
        ]
        return table(("pages that ran on a host with", *self.engines), rows, "values")

    def _ran(self, name: str, block: Block) -> bool:
        """Whether a block is recorded on any engine."""
        page = (f"docs/{name}", self.blocks[name], self.settings[name])
        return any(block.line in recorded(*page, engine, self.recordings) for engine in self.engines)

    def versions(self) -> str:
        """Return a table of the engines with their labels and the versions that their daemons told.

        Raises:
            ValueError: a recording cannot be read.
        """
        told = {(recording.engine, recording.version) for recording in all_recordings(self.recordings)}
        rows = [
            (
                code(name),
                label([name]),
                ", ".join(code(version) for engine, version in sorted(told) if engine == name) or "–",
            )
            for name in self.engines
        ]
        return table(("engine", "in the lesson's tabs", "version"), rows, "values")

    def images(self) -> str:
        """Return a table of the stand-in images with the digests that they had.

        Raises:
            ValueError: what is recorded of them cannot be read.
        """
        digests = {entry for images in read_images(self.recordings).values() for entry in images.items()}
        if not digests:
            return NOTHING
        rows = [(code(name), code(value)) for name, value in sorted(digests)]
        return table(("image", "digest"), rows, "values")

    def not_run(self) -> str:
        """Return a table of the fences that are not run, each with its page, its line and the reason."""
        rows = [
            (f"[{name}](../{name}), line {block.line}", code(block.language), reason)
            for name, blocks in self.blocks.items()
            for block, reason in self._reasons(name, blocks)
        ]
        return table(("where", "what", "why it is not run"), rows) if rows else "Every fence is run.\n\n"

    def _reasons(self, name: str, blocks: list[Block]) -> Iterator[tuple[Block, str]]:
        for block in blocks:
            if block.kind is Kind.NORUN:
                yield block, block.options["norun"]
            elif block.host and not self._ran(name, block):
                yield block, needs(block)
