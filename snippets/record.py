"""Recordings: which blocks ran on which engine, when, and for how long; committed, and shown on the site.

A block is known by its fingerprint, which holds all that ran before it on the page. So a recording stops to
count as soon as the block, or one before it, is no longer what was run.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snippets.block import RUN_OPTIONS, Block, Kind

RECORDINGS = Path(__file__).parent / "recordings"
"""Where recordings are committed: `ENGINE/PAGE.json` below it, and `lab.json` on what they were run with."""

RUNS = (Kind.SESSION, Kind.FILE)
"""The kinds of block that an engine has a part in."""


@dataclass(frozen=True)
class PageRecording:
    """What was recorded of a page on an engine.

    Attributes:
        page: the page's path, such as `docs/learn/parts.md`.
        engine: the engine's name.
        date: the day of the run, ISO 8601; it stays as long as the recording says the same.
        blocks: fingerprint, and seconds to one significant digit, of each block that passed, in order.
    """

    page: str
    engine: str
    date: str
    blocks: tuple[tuple[str, float], ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """The fingerprints of all blocks that passed."""
        return frozenset(fingerprint for fingerprint, _ in self.blocks)

    @property
    def seconds(self) -> float:
        """How long the page's blocks took together."""
        return sum(seconds for _, seconds in self.blocks)


def fingerprints(blocks: Iterable[Block], engine: str) -> dict[int, str]:
    """The fingerprint on an engine of each block that runs there, by the block's line.

    Words, how a block is shown, and blocks of other engines do not count.
    """
    digest = hashlib.sha256(engine.encode())
    result = {}
    for block in blocks:
        if block.kind not in RUNS or not block.runs_on(engine):
            continue
        # The lines of the page that say how it is run: another block's place in the page does not matter.
        options = {name: value for name, value in block.options.items() if name in (*RUN_OPTIONS, "title")}
        digest.update(json.dumps([block.kind.name, block.language, options, block.lines]).encode())
        result[block.line] = digest.copy().hexdigest()[:16]
    return result


def write_recording(
    page: str, blocks: Sequence[Block], engine: str, seconds: Mapping[int, float], folder: Path = RECORDINGS
) -> None:
    """Write what a page's run on an engine gave; a run that says nothing new changes nothing.

    Args:
        page: the page's path, such as `docs/learn/parts.md`.
        blocks: the page's blocks, all of which passed.
        engine: the engine's name.
        seconds: how long each block took, by its line.
        folder: where recordings are.
    """
    known = fingerprints(blocks, engine)
    old = read_recording(page, engine, folder)
    before = dict(old.blocks) if old else {}
    rows = []
    for line, fingerprint in known.items():
        took = float(f"{seconds.get(line, 0):.1g}")
        kept = before.get(fingerprint)
        # Machines differ: a duration is worth a change only when it is another order of magnitude.
        rows.append((fingerprint, kept if kept is not None and _alike(kept, took) else took))
    if old and old.blocks == tuple(rows):
        return
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    write_json(
        _place(page, engine, folder), {"page": page, "engine": engine, "date": today, "blocks": dict(rows)}
    )


def read_recording(page: str, engine: str, folder: Path = RECORDINGS) -> PageRecording | None:
    """What is recorded of a page on an engine, or None.

    Raises:
        ValueError: the file is no recording; `make record` writes it anew.
    """
    path = _place(page, engine, folder)
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple((str(fingerprint), float(seconds)) for fingerprint, seconds in data["blocks"].items())
        return PageRecording(data["page"], data["engine"], data["date"], rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path.name} of {engine} is no recording ({error}); write it anew: make record"
        ) from error


def ran_on(
    page: str, blocks: Sequence[Block], engines: Iterable[str], folder: Path = RECORDINGS
) -> dict[int, list[str]]:
    """For each block that runs, by its line, the engines on which exactly it is recorded as passed."""
    result: dict[int, list[str]] = {block.line: [] for block in blocks if block.kind in RUNS}
    for engine in engines:
        recording = read_recording(page, engine, folder)
        for line, fingerprint in fingerprints(blocks, engine).items():
            if recording and fingerprint in recording.fingerprints:
                result[line].append(engine)
    return result


def stale(page: str, blocks: Sequence[Block], engine: str, folder: Path = RECORDINGS) -> list[int]:
    """The lines of the blocks that run on an engine and are not recorded as they are."""
    recording = read_recording(page, engine, folder)
    known = recording.fingerprints if recording else frozenset[str]()
    return [line for line, fingerprint in fingerprints(blocks, engine).items() if fingerprint not in known]


def describe_lab(run: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    """The version of a lab's engine, and the digest of each image that its registries hold.

    Args:
        run: runs a bash command in the lab and returns what it printed.
    """
    images = {}
    for host, prefix in (("registry-1.docker.io", ""), ("ghcr.io", "ghcr.io/")):
        for repository in json.loads(run(f"curl -fsS https://{host}/v2/_catalog"))["repositories"]:
            for tag in json.loads(run(f"curl -fsS https://{host}/v2/{repository}/tags/list"))["tags"]:
                manifest = f"https://{host}/v2/{repository}/manifests/{tag}"
                accept = "application/vnd.oci.image.index.v1+json"
                head = run(f"curl -fsSI -H 'Accept: {accept}' {manifest}")
                digest = re.search(r"(?im)^docker-content-digest:\s*(\S+)", head)
                if digest:
                    images[f"{prefix}{repository.removeprefix('library/')}:{tag}"] = digest[1]
    return run("docker version --format '{{.Server.Version}}'").strip(), dict(sorted(images.items()))


def write_lab(engine: str, version: str, images: Mapping[str, str], folder: Path = RECORDINGS) -> None:
    """Write what an engine is, and which images the recordings were made with, into `lab.json`."""
    path = folder / "lab.json"
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"engines": {}}
    engines = dict(sorted({**old["engines"], engine: version}.items()))
    write_json(path, {"engines": engines, "images": dict(images)})


def write_json(path: Path, data: Any) -> None:
    """Write JSON that makes small diffs: one entry a line, in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False)
    new = path.with_suffix(".new")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(path)


def _place(page: str, engine: str, folder: Path) -> Path:
    return folder / engine / Path(page).relative_to("docs").with_suffix(".json")


def _alike(one: float, other: float) -> bool:
    return max(one, other) <= 0.1 or max(one, other) < 5 * min(one, other)
