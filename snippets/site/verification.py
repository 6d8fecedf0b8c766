"""What was run, when and with what, and what was not: tables of the recordings for the page on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from snippets.block import Block, Kind, parse_page
from snippets.lab.engines import ENGINES
from snippets.record import RECORDINGS, RUNS, fingerprints, read_recording
from snippets.site.engine_tabs import LABELS, label, not_run
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
        paths = sorted(self.docs.rglob("*.md"))
        names = [path.relative_to(self.docs).as_posix() for path in paths]
        return {
            name: parse_page(path.read_text(encoding="utf-8"), f"docs/{name}")
            for name, path in zip(names, paths, strict=True)
        }

    @cached_property
    def engines(self) -> list[str]:
        """The engines that there can be recordings of: the lab's, and others of which there are some."""
        return [name for name in LABELS if name in ENGINES or (self.recordings / name).is_dir()]

    def pages(self) -> str:
        """Return a table of pages and engines: how many blocks of each page are recorded, when, how long.

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
        recording = read_recording(f"docs/{name}", engine, self.recordings)
        if recording is None:
            return "–"
        known = fingerprints(blocks, engine).values()
        fits = sum(fingerprint in recording.fingerprints for fingerprint in known)
        count = f"{fits}" if fits == len(known) else f"**{fits} of {len(known)}**"
        return f"{count} · {recording.seconds:.0f} s<br>{recording.date}"

    def versions(self) -> str:
        """Return a table of the engines with the version that each daemon told, and its label."""
        told = self._lab().get("engines", {})
        rows = [
            (code(name), label([name]), code(told[name]) if name in told else "–") for name in self.engines
        ]
        return table(("engine", "in the lesson's tabs", "version"), rows, "values")

    def images(self) -> str:
        """Return a table of the stand-in images with the digests that they had."""
        digests = self._lab().get("images", {})
        if not digests:
            return NOTHING
        rows = [(code(name), code(value)) for name, value in sorted(digests.items())]
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
            elif not_run(block.engines) and not any(
                read_recording(f"docs/{name}", engine, self.recordings) for engine in block.engines
            ):
                yield block, f"no engine of the lab is {label(block.engines)}; from Docker's source"

    def _lab(self) -> Mapping[str, Mapping[str, str]]:
        path = self.recordings / "lab.json"
        if not path.exists():
            return {}
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        return data if isinstance(data, dict) else {}
