"""Put new outputs into a page: at their true indentation, in one step, never so that it reads differently."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from snippets.block import RUNNING, Block, BlockError, Command, page_lines, parse_page


@dataclass(frozen=True)
class Edit:
    """New output for one command of a page, or new content for a file that it shows.

    Attributes:
        block: the block that the command stands in.
        command: the command, as the page has it; for a file, one that is not typed and whose output it is.
        lines: the output's new lines, at their true indentation.
    """

    block: Block
    command: Command
    lines: tuple[str, ...]


def rewritten(text: str, path: str, edits: Iterable[Edit]) -> str:
    """The page's text with new outputs in it.

    Args:
        text: the page's Markdown; its line ends are kept.
        path: how to name the page in errors.
        edits: the outputs to put in, of blocks that were parsed from this text.

    Raises:
        BlockError: the page with the new outputs would be read differently, for instance because an output
            line looks like a command; nothing should be written then.
    """
    for edit in sorted(edits, key=lambda edit: edit.command.line, reverse=True):
        text = _with_edit(text, path, edit)
    return text


def write_page(path: Path, text: str) -> None:
    """Write a page in one step: readers see the old text or the new one, never a part.

    Raises:
        OSError: the file cannot be written; the old one is untouched.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as target:
            target.write(text)
        Path(name).chmod(path.stat().st_mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _with_edit(text: str, path: str, edit: Edit) -> str:
    lines = page_lines(text)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    start = edit.command.output_line - 1
    rows = [f"{edit.block.prefix}{row}".rstrip() + newline for row in edit.lines]
    new = "".join([*lines[:start], *rows, *lines[start + len(edit.command.output) :]])
    wanted = [
        (prompt, typed, edit.lines if line == edit.command.line else shown)
        for line, prompt, typed, shown in _contents(text, path)
    ]
    try:
        found = [content[1:] for content in _contents(new, path)]
    except BlockError:
        found = []
    if found != wanted:
        raise BlockError(
            path,
            edit.command.line,
            "this output cannot be written into the page: a line of it reads as a prompt or a fence; "
            "elide the line with ... or change the command",
        )
    return new


def _contents(text: str, path: str) -> list[tuple[int, str, tuple[str, ...], tuple[str, ...]]]:
    """The page's commands and other blocks' contents: the line, the prompt, what is typed, what is shown."""
    contents = []
    for block in parse_page(text, path):
        for command in block.commands or [Command(RUNNING, (), block.line + 1, block.lines)]:
            contents.append((command.line, command.prompt, command.lines, command.output))
    return contents
