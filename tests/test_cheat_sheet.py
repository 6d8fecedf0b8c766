"""Every command of the cheat sheet was run on a page of the lesson, and it works as printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from snippets.block import Block, Kind, parse_page
from snippets.lab.engines import ENGINES

DOCS = Path(__file__).parents[1] / "docs"
SHEET = DOCS / "reference" / "cheat-sheet.md"

_ROW = re.compile(r"^\| `((?:docker|--)[^`]*)` \| (.*) \|$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"[A-Z]{4,}")
_SEPARATOR = re.compile(r"\s*(?:&&|\|\||;|\$\()\s*")
_PIPE = re.compile(r"\s*\|\s*")

ROWS = _ROW.findall(SHEET.read_text(encoding="utf-8"))


def pattern_of(command: str) -> re.Pattern[str]:
    """What a typed command must match: a word in capitals is any word, and more words may follow."""
    words = (_PLACEHOLDER.sub(r"\\S+", re.escape(word)) for word in command.split(" "))
    start = "" if command.startswith("docker ") else r".*\s"
    return re.compile(rf"{start}{' '.join(words)}(?:\s.*)?", re.DOTALL)


def lines_of(block: Block, failing: bool) -> Iterator[str]:
    """What a block runs, each pipeline for itself.

    Args:
        block: a block of a page.
        failing: whether a command counts that ends with an exit status other than 0.
    """
    if block.kind is Kind.SESSION and any(block.runs_on(engine) for engine in ENGINES):
        works = block.exit_status == 0 or failing
        for command in block.commands if works else block.commands[:-1]:
            if command.is_typed:
                yield from _SEPARATOR.split(re.sub(r"\s*\\\n\s*", " ", command.text))


def was_run(command: str, said: str, blocks: list[Block]) -> bool:
    """Whether a page runs a row of the sheet.

    A command that the sheet prints alone must have written to the terminal: some refuse to. One that is to fail
    may fail. What the sheet says that an option is of must be in the command.
    """
    pattern = pattern_of(command)
    named = re.findall("`([^`]+)`", said) if command.startswith("--") else []
    for block in blocks:
        for line in lines_of(block, failing=said.startswith("fail ")):
            last = line if " | " in command else _PIPE.split(line)[-1]
            if pattern.fullmatch(last) and all(name in last.split() for name in named):
                return True
    return False


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """The blocks of all pages."""
    pages = sorted(DOCS.rglob("*.md"))
    return [b for page in pages for b in parse_page(page.read_text(encoding="utf-8"), page.as_posix())]


def test_the_sheet_has_commands() -> None:
    assert len(ROWS) > 40


@pytest.mark.parametrize(("command", "said"), ROWS, ids=[command for command, _ in ROWS])
def test_a_command_of_the_sheet_was_run(command: str, said: str, blocks: list[Block]) -> None:
    assert was_run(command, said, blocks), f"no page runs {command!r}"


ONE = """# T

```{ .console exit="1" }
$ docker export web | tar --list && docker top web -o pid
$ docker ps
```

```console
$ docker inspect --format '{{.Id}}' web
```
"""


@pytest.mark.parametrize(
    ("command", "said", "ran"),
    [
        ("docker export NAME | tar --list", "its files", True),
        ("docker export NAME", "its files", False),  # It refuses to write to a terminal.
        ("docker top NAME", "its processes", True),
        ("docker top", "its processes", True),
        ("docker to", "its processes", False),
        ("docker ps", "those that run", False),  # It failed.
        ("docker ps", "fail if there is none", True),
        ("docker kill NAME", "end it", False),
        ("--format '{{.Id}}'", "`inspect`: one field", True),
        ("--format '{{.Id}}'", "`images`: one field", False),
    ],
)
def test_a_command_is_run_if_it_works_as_printed(command: str, said: str, ran: bool) -> None:
    assert was_run(command, said, parse_page(ONE, "docs/t.md")) is ran
