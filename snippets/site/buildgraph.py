"""The picture of a build's graph, from the steps that a page's own output lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snippets.block import parse_page, session_commands

DOCS = Path(__file__).resolve().parents[2] / "docs"

_STEP = re.compile(r"(?P<name>step\d+) needs (?P<needs>nothing|step\d+(?: and step\d+)*): (?P<what>.+)")


@dataclass(frozen=True)
class Step:
    """One step of a build: its name, the names of the steps that it needs, and what it does."""

    name: str
    needs: tuple[str, ...]
    what: str


def picture(page: str, title: str) -> str:
    """Return a `mermaid` fence with the graph of the build that a page lists.

    Args:
        page: the page's path below docs/.
        title: what the picture shows.

    Raises:
        ValueError: the page lists no steps, or one that needs a step which is not listed.
    """
    commands = session_commands(parse_page((DOCS / page).read_text(encoding="utf-8"), page))
    for _, command in commands:
        if found := steps(command.output):
            return _fence(title, found)
    raise ValueError(f"{page} has no output with lines such as `step1 needs step0: RUN true`")


def steps(output: Sequence[str]) -> list[Step]:
    """Return the steps that an output lists, in its order.

    Raises:
        ValueError: one needs a step that is not listed.
    """
    found = []
    for line in output:
        if match := _STEP.fullmatch(line.rstrip()):
            needs = () if match["needs"] == "nothing" else tuple(match["needs"].split(" and "))
            found.append(Step(match["name"], needs, match["what"]))
    names = {step.name for step in found}
    for step in found:
        if missing := [name for name in step.needs if name not in names]:
            raise ValueError(f"{step.name} needs {missing[0]}, which is not listed")
    return found


def _fence(title: str, found: Sequence[Step]) -> str:
    described = " ".join(f"{step.name} needs {' and '.join(step.needs) or 'nothing'}." for step in found)
    lines = ["```mermaid", "flowchart TB", f"    accTitle: {title}", f"    accDescr: {described}"]
    lines += [f'    {step.name}["{_label(step)}"]' for step in found]
    lines += [f"    {name} --> {step.name}" for step in found for name in step.needs]
    return "\n".join([*lines, "```", ""])


def _label(step: Step) -> str:
    """What stands in a step's box: not more than fits, and nothing that Mermaid reads as its own."""
    what = re.sub(r"docker-image://(?:docker\.io/)?(?:library/)?([^@]+)(@.*)?", r"\1", step.what)
    short = what if len(what) <= 28 else what[:25].rstrip() + "..."
    return (
        step.name + "<br/>" + "".join(c if c.isalnum() or c in " .,:/+-%" else f"#{ord(c)};" for c in short)
    )
