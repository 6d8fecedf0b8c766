"""What a run on this machine's own Docker found: as JSON for programs, as Markdown for people."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from snippets.lab import Engine
from snippets.upstream.causes import Judged, judge
from snippets.upstream.machine import Machine, MachineError, MachineHost, nearest_engine
from snippets.upstream.observe import Observation
from snippets.upstream.published import PublishedImages
from snippets.verify import Host

LONGEST = 60_000
"""How many characters the Markdown may have: GitHub takes 65,536 for an issue."""


class Upstream:
    """A run of pages on a machine: starts a host for each page, judges what differs, and reports it.

    Attributes:
        engine: the engine whose blocks are for this machine's Docker.
    """

    def __init__(self, machine: Machine) -> None:
        """Look at the machine first.

        Raises:
            MachineError: the pages must not or cannot run on it.
        """
        self.machine = machine
        self.docker = machine.inspect()
        self.engine: Engine = nearest_engine(self.docker)
        self._before = machine.objects_by_kind()
        self._published = PublishedImages(machine, self.docker.architecture)
        self._judged: list[Judged] = []
        self._pages: dict[str, str] = {}

    @property
    def is_lived_in(self) -> bool:
        """Whether there was anything before the first page, beside the networks that every Docker has."""
        return any(names for kind, names in self._before.items() if kind != "network")

    def start_host(self) -> Host:
        """The machine, for one page."""
        return MachineHost(self.machine, self._before)

    def finish(self, observation: Observation, start_lab: Callable[[], Host]) -> None:
        """Leave the machine after a page, and find out what its differences come from.

        Args:
            observation: the page's run.
            start_lab: starts a lab of `engine`.
        """
        try:
            observation.run.close()
        except MachineError as error:
            observation.error = observation.error or str(error)
            raise
        finally:
            page = observation.run.blocks[0].path if observation.run.blocks else ""
            judged = judge(observation, start_lab, self._published)
            self._judged += judged
            self._pages[page] = observation.error or ("differs" if judged else "as it says")

    def as_json(self) -> dict[str, Any]:
        """All that was found, as plain data."""
        pages = {page: said for page, said in self._pages.items() if page}
        return {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "docker": asdict(self.docker),
            "engine": self.engine.name,
            "there_before": {kind: len(names) for kind, names in self._before.items() if names},
            "published": self._published.digests,
            "pages": pages,
            "errors": {page: said for page, said in pages.items() if said not in ("differs", "as it says")},
            "differences": [
                {**asdict(one.difference), "cause": one.cause.name.lower(), "says": one.cause.value}
                | {"because": one.because}
                for one in self._judged
            ],
        }

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n")


def as_markdown(report: Mapping[str, Any], *, details: bool = True) -> str:
    """The report for a person: a table, and below it each difference as a diff.

    Args:
        report: what `Upstream.as_json` returned.
        details: whether the diffs are wanted.
    """
    docker, found = report["docker"], report["differences"]
    store = "containerd store" if docker["containerd_store"] else docker["driver"]
    parts = [
        f"{len(report['pages'])} pages on Docker {docker['version']} ({store}, {docker['system']}, kernel "
        f"{docker['kernel']}), as pages for {report['engine']}, {report['date']}: {len(found)} differences."
    ]
    parts += [f"{page} could not be run: {said}" for page, said in report["errors"].items()]
    if found:
        rows = [["where", "command", "what it comes from", "because"]]
        rows += [
            [f"{one['page']}:{one['line']}", _first(one["command"]), one["says"], one["because"]]
            for one in found
        ]
        parts.append(_table(rows))
    for one in found if details else ():
        part = _diff(one)
        if sum(map(len, parts)) + len(part) > LONGEST:
            parts.append("The rest is in the report's JSON.")
            break
        parts.append(part)
    return "\n\n".join(parts) + "\n"


def _first(command: list[str]) -> str:
    first = command[0].removeprefix("$ ") if command else "(the page's end)"
    return first + (" …" if len(command) > 1 else "")


def _table(rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in cells
    )


def _diff(one: Mapping[str, Any]) -> str:
    lines = [f"- {line}" for line in one["expected"]] + [f"+ {line}" for line in one["actual"]]
    shown = "\n".join([*one["command"], *lines])
    fence = "`" * max(3, 1 + max((len(run) for run in _ticks(shown)), default=0))
    return f"**{one['page']}:{one['line']}** {one['reason']}\n\n{fence}diff\n{shown}\n{fence}"


def _ticks(text: str) -> list[str]:
    """The runs of backticks in a text."""
    return "".join(sign if sign == "`" else " " for sign in text).split()
