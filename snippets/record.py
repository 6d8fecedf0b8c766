"""Recordings: which blocks ran on which engine, when, with what, for how long; committed, shown on the site.

A block is known by its fingerprint, which holds all that ran before it on the page and what the page declares
to the verifier. So a recording stops to count as soon as the block, or one before it, is no longer what was
run. What it ran with, the engine's exact version and the images' digests, is told and does not count: both
differ from machine to machine, and what was run is still what was run.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snippets.block import HOSTS, RUN_OPTIONS, RUNS, Block
from snippets.settings import PageSettings

RECORDINGS = Path(__file__).parent / "recordings"
"""Where recordings are committed: `ENGINE/HOST/PAGE.json` below it; `lab.json` is on the images they name."""

TRACE = "trace.json"
"""What beside the recordings of pages is in an engine's folder."""


@dataclass(frozen=True)
class Provenance:
    """What a page was run with.

    Attributes:
        version: what the daemon says of its version.
        images: the digest of each image that the lab's registries hold, by its name.
        host: which kind of host it is, one of `snippets.block.HOSTS`.
    """

    version: str
    images: Mapping[str, str]
    host: str

    @property
    def images_key(self) -> str:
        """What recordings call exactly these images; `lab.json` says what they are."""
        return hashlib.sha256(json.dumps(sorted(self.images.items())).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class PageRecording:
    """What was recorded of a page on an engine.

    Attributes:
        page: the page's path, such as `docs/learn/parts.md`.
        engine: the engine's name.
        host: the kind of host.
        version: the engine's exact version.
        images: which images it ran with, by the key that they have in `lab.json`.
        date: the day of the run, ISO 8601; it stays as long as the recording says the same.
        passed: fingerprint, and seconds to one significant digit, of each block that passed, in order.
    """

    page: str
    engine: str
    host: str
    version: str
    images: str
    date: str
    passed: tuple[tuple[str, float], ...]

    @property
    def fingerprints(self) -> frozenset[str]:
        """The fingerprints of all blocks that passed."""
        return frozenset(fingerprint for fingerprint, _ in self.passed)

    @property
    def seconds(self) -> float:
        """How long the page's blocks took together."""
        return sum(seconds for _, seconds in self.passed)


def fingerprints(blocks: Iterable[Block], settings: PageSettings, engine: str, host: str) -> dict[int, str]:
    """The fingerprint on an engine and a host of each block that runs there, by the block's line.

    Words, how a block is shown, what it declares to vary, and blocks of other engines and hosts do not count.

    Args:
        blocks: the page's blocks.
        settings: what the page declares about itself.
        engine: the engine's name.
        host: the kind of host.
    """
    digest = hashlib.sha256(engine.encode())
    for token in settings.tokens:
        digest.update(json.dumps(["token", token.name, token.pattern, token.names_a_thing]).encode())
    for entry in sorted(settings.leaves):
        digest.update(json.dumps(["leaves", entry]).encode())
    result = {}
    for block in blocks:
        if block.kind not in RUNS or not block.runs_on(engine) or block.host not in ("", host):
            continue
        # The lines of the page that say how it is run: another block's place in the page does not matter.
        options = {name: value for name, value in block.options.items() if name in (*RUN_OPTIONS, "title")}
        digest.update(json.dumps([block.kind.name, block.language, options, block.lines]).encode())
        result[block.line] = digest.copy().hexdigest()[:16]
    return result


def write_recording(
    page: str,
    blocks: Sequence[Block],
    settings: PageSettings,
    engine: str,
    ran_with: Provenance,
    seconds: Mapping[int, float],
    folder: Path = RECORDINGS,
) -> None:
    """Write what a page's run on an engine gave; a run that says nothing new changes nothing.

    Args:
        page: the page's path, such as `docs/learn/parts.md`.
        blocks: the page's blocks, all of which passed.
        settings: what the page declares about itself.
        engine: the engine's name.
        ran_with: the engine's version, the host and the images; `write_images` writes what those are.
        seconds: how long each block took, by its line.
        folder: where recordings are.
    """
    known = fingerprints(blocks, settings, engine, ran_with.host)
    old = read_recording(page, engine, ran_with.host, folder)
    before = dict(old.passed) if old else {}
    rows = []
    for line, fingerprint in known.items():
        took = float(f"{seconds.get(line, 0):.1g}")
        kept = before.get(fingerprint)
        # Machines differ: a duration is worth a change only when it is another order of magnitude.
        rows.append((fingerprint, kept if kept is not None and _alike(kept, took) else took))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    new = PageRecording(
        page, engine, ran_with.host, ran_with.version, ran_with.images_key, today, tuple(rows)
    )
    if old and replace(old, date=today) == new:
        return
    write_json(_place(page, engine, ran_with.host, folder), {**vars(new), "passed": dict(rows)})


def read_recording(page: str, engine: str, host: str, folder: Path = RECORDINGS) -> PageRecording | None:
    """What is recorded of a page on an engine and a kind of host, or None.

    Raises:
        ValueError: the file is no recording; `make record` writes it anew.
    """
    path = _place(page, engine, host, folder)
    if not path.exists():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple((str(fingerprint), float(seconds)) for fingerprint, seconds in data["passed"].items())
        return PageRecording(**{**data, "passed": rows})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path.name} of {engine} is no recording ({error}); write it anew: make record"
        ) from error


def all_recordings(folder: Path = RECORDINGS) -> Iterator[PageRecording]:
    """Every recording of a page, by engine, host and page.

    Raises:
        ValueError: one cannot be read.
    """
    for path in sorted(folder.glob("*/*/**/*.json")):
        engine, host, *names = path.relative_to(folder).with_suffix(".md").parts
        recording = read_recording("/".join(["docs", *names]), engine, host, folder)
        if recording:
            yield recording


def ran_on(
    page: str,
    blocks: Sequence[Block],
    settings: PageSettings,
    engines: Iterable[str],
    folder: Path = RECORDINGS,
) -> dict[int, list[str]]:
    """For each block that runs, by its line, the engines on which exactly it is recorded as passed.

    On which kind of host does not matter: a block that is bound to one can have passed nowhere else.
    """
    result: dict[int, list[str]] = {block.line: [] for block in blocks if block.kind in RUNS}
    for engine in engines:
        for line in sorted(recorded(page, blocks, settings, engine, folder)):
            result[line].append(engine)
    return result


def recorded(
    page: str, blocks: Sequence[Block], settings: PageSettings, engine: str, folder: Path = RECORDINGS
) -> set[int]:
    """The lines of the blocks that are recorded as they are on an engine, on a host of whatever kind."""
    lines: set[int] = set()
    for host in HOSTS:
        if recording := read_recording(page, engine, host, folder):
            current = fingerprints(blocks, settings, engine, host)
            lines |= {line for line, print_ in current.items() if print_ in recording.fingerprints}
    return lines


def stale(
    page: str, blocks: Sequence[Block], settings: PageSettings, engine: str, folder: Path = RECORDINGS
) -> list[int]:
    """The lines of the blocks that run on an engine, on every host, and are not recorded as they are.

    A block that is bound to a kind of host can be recorded on such a host alone. Until it is, the site says
    that it was not run.
    """
    known = recorded(page, blocks, settings, engine, folder)
    run = [b for b in blocks if b.kind in RUNS and b.runs_on(engine) and not b.host]
    return [block.line for block in run if block.line not in known]


def describe_lab(run: Callable[[str], str]) -> Provenance:
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
    version, host = run("docker info --format '{{.ServerVersion}} cgroup{{.CgroupVersion}}'").split()
    return Provenance(version, dict(sorted(images.items())), host)


def read_images(folder: Path = RECORDINGS) -> dict[str, dict[str, str]]:
    """The images that recordings name: by their key the digest of each.

    Raises:
        ValueError: the file cannot be read; `make record` writes it anew.
    """
    path = folder / "lab.json"
    if not path.exists():
        return {}
    try:
        return {
            str(key): dict(images) for key, images in json.loads(path.read_text("utf-8"))["images"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} cannot be read ({error}); write it anew: make record") from error


def write_images(ran_with: Provenance, folder: Path = RECORDINGS) -> None:
    """Write which images recordings name; those that none names any more are left out.

    All engines pull from one registry: as long as all are recorded together, all name the same images.
    """
    known = {**read_images(folder), ran_with.images_key: dict(ran_with.images)}
    named = {recording.images for recording in all_recordings(folder)}
    write_json(folder / "lab.json", {"images": {key: known[key] for key in sorted(known) if key in named}})


def write_json(path: Path, data: Any) -> None:
    """Write JSON that makes small diffs: one entry a line, in the order given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False)
    new = path.with_suffix(".new")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(path)


def _place(page: str, engine: str, host: str, folder: Path) -> Path:
    return folder / engine / host / Path(page).relative_to("docs").with_suffix(".json")


def _alike(one: float, other: float) -> bool:
    return max(one, other) <= 0.1 or max(one, other) < 5 * min(one, other)
