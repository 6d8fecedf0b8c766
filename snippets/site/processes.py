"""A picture of the processes that a page's own `ps` shows, so that picture and output cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from snippets.block import Block, parse_page, session_commands
from snippets.site.figures import Process, process_tree

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEADINGS = ["PID", "PPID", "COMMAND"]


def picture(page: str, title: str, notes: Mapping[str, str] | None = None) -> str:
    """The tree of all processes in a page's tables with the headings PID, PPID and COMMAND.

    Args:
        page: the page's path below docs/.
        title: what the picture shows.
        notes: by a command's name, what it is.

    Raises:
        ValueError: the page shows no such table.
    """
    found = shown(parse_page((DOCS / page).read_text(encoding="utf-8"), page), notes or {})
    if not found:
        raise ValueError(
            f"{page} has no output with the headings {' '.join(HEADINGS)}; show `ps -o pid,ppid,comm`"
        )
    return process_tree(title, found)


def shown(blocks: Sequence[Block], notes: Mapping[str, str]) -> list[Process]:
    """The processes in the blocks' tables, ordered by PID."""
    processes: dict[int, Process] = {}
    for _, command in session_commands(blocks):
        if not command.output or command.output[0].split() != HEADINGS:
            continue
        for line in filter(str.strip, command.output[1:]):
            pid, parent, name = line.split(None, 2)
            processes[int(pid)] = Process(int(pid), int(parent), name, notes.get(name, ""))
    return [processes[pid] for pid in sorted(processes)]
