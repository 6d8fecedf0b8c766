"""Every command of the cheat sheet was run on a page of the lesson."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snippets.block import Kind, parse_page
from snippets.lab.engines import ENGINES

DOCS = Path(__file__).parents[1] / "docs"
SHEET = DOCS / "reference" / "cheat-sheet.md"

_CELL = re.compile(r"^\| `((?:docker|--)[^`]*)` \|", re.MULTILINE)
_PLACEHOLDER = re.compile(r"[A-Z]{4,}")

COMMANDS = _CELL.findall(SHEET.read_text(encoding="utf-8"))


def pattern_of(command: str) -> re.Pattern[str]:
    """What a typed command must match: a word in capitals is any word, more may follow, options come anywhere."""
    words = (_PLACEHOLDER.sub(r"\\S+", re.escape(word)) for word in command.split(" "))
    start = "" if command.startswith("docker ") else r".*\s"
    return re.compile(rf"{start}{' '.join(words)}(?:\s.*)?", re.DOTALL)


@pytest.fixture(scope="module")
def typed() -> list[str]:
    """The commands that the pages run, those within a pipe or a list of commands each for itself."""
    found = []
    for page in sorted(DOCS.rglob("*.md")):
        for block in parse_page(page.read_text(encoding="utf-8"), page.as_posix()):
            runs = any(block.runs_on(engine) for engine in ENGINES)
            if block.kind is Kind.SESSION and runs:
                for command in block.commands:
                    line = re.sub(r"\s*\\\n\s*", " ", command.text)
                    found += re.split(r"\s*(?:&&|\|\||[|;]|\$\()\s*", line)
    return found


def test_the_sheet_has_commands() -> None:
    assert len(COMMANDS) > 40


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_sheet_was_run(command: str, typed: list[str]) -> None:
    pattern = pattern_of(command)
    assert any(pattern.fullmatch(text) for text in typed), f"no page runs {command!r}"


def test_a_command_that_no_page_runs_is_found(typed: list[str]) -> None:
    assert not any(pattern_of("docker image frobnicate IMAGE").fullmatch(text) for text in typed)
