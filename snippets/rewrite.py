"""Put actual output into a page: only what no longer fits changes, every sample that still fits stays."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from snippets.block import Block, BlockError, Command, page_lines, parse_page
from snippets.match import compare
from snippets.match.bindings import Bindings, Conflict
from snippets.match.lines import bind_match, is_ellipsis, line_patterns, longest_common, without_blank_end
from snippets.match.tokens import volatile


@dataclass(frozen=True)
class Edit:
    """New output for one command of a page.

    Attributes:
        block: the block that the command stands in.
        command: the command, as the page has it.
        lines: the output's new lines, at their true indentation.
    """

    block: Block
    command: Command
    lines: tuple[str, ...]


def merge(expected: Sequence[str], actual: Sequence[str], bindings: Bindings, place: str) -> list[str]:
    """The page's lines for an output, changed as little as the output allows.

    Args:
        expected: the lines that the page shows.
        actual: the lines that came.
        bindings: what the page's samples stand for so far.
        place: where the output stands, for bindings.

    Returns:
        Lines that match the output: an expected line that still fits is kept as it is, `...` keeps standing
        for lines, and in a changed line the samples of the page are used where they are known.
    """
    rows = [line.rstrip() for line in without_blank_end(actual)]
    if compare(expected, rows, bindings, place).ok:
        return list(expected)
    patterns = line_patterns(expected, bindings.types)
    shown = [pattern.source for pattern in patterns]
    merged: list[str] = []
    at_expected = at_actual = 0
    for next_expected, next_actual in [*longest_common(patterns, rows), (len(patterns), len(rows))]:
        for line, row in _fill_gap(shown[at_expected:next_expected], rows[at_actual:next_actual]):
            merged.append(line if row is None else _with_samples(row, line, bindings))
        if next_expected < len(patterns):
            pattern, row = patterns[next_expected], rows[next_actual]
            match = pattern.regex.fullmatch(row)
            learned = bind_match(pattern, match, bindings, place) if match else bindings
            if isinstance(learned, Conflict):
                merged.append(_with_samples(row, "", bindings))
            else:
                merged.append(pattern.source)
                bindings = learned
        at_expected, at_actual = next_expected + 1, next_actual + 1
    return merged


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


def _fill_gap(shown: Sequence[str], rows: Sequence[str]) -> list[tuple[str, str | None]]:
    """Pairs of (what the page shows, the row that takes its place) for lines that match nothing.

    A `...` stays and stands for what is between the lines that were shown around it.
    """
    elisions = [index for index, line in enumerate(shown) if is_ellipsis(line)]
    if not elisions:
        return [(shown[index] if index < len(shown) else "", row) for index, row in enumerate(rows)]
    before, after = elisions[0], len(shown) - elisions[-1] - 1
    head = list(rows[:before])
    tail = list(rows[max(len(head), len(rows) - after) :])
    return [
        *zip(shown, head, strict=False),
        (shown[elisions[0]], None),
        *zip(shown[len(shown) - len(tail) :], tail, strict=True),
    ]


def _with_samples(row: str, shown: str, bindings: Bindings) -> str:
    """An actual line with the page's samples for what it names.

    Where the line has the same kinds of tokens as the one it replaces, that one's samples stay.
    """
    tokens = volatile([row], bindings.types)[0]
    before = volatile([shown], bindings.types)[0]
    same_kinds = [token.type for token in tokens] == [token.type for token in before]
    for index, token in reversed(list(enumerate(tokens))):
        actual = row[token.start : token.end]
        sample = bindings.sample_of(token.type, actual) if token.type.names_a_thing else None
        if sample is None and same_kinds:
            kept = shown[before[index].start : before[index].end]
            fits = not token.type.names_a_thing or not isinstance(
                bindings.bind(token.type, kept, actual, ""), Conflict
            )
            sample = kept if fits else None
        if sample is not None:
            row = row[: token.start] + sample + row[token.end :]
    return row


def _with_edit(text: str, path: str, edit: Edit) -> str:
    lines = page_lines(text)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    start = edit.command.output_line - 1
    rows = [f"{edit.block.prefix}{row}".rstrip() + newline for row in edit.lines]
    new = "".join([*lines[:start], *rows, *lines[start + len(edit.command.output) :]])
    wanted = [
        (command.prompt, command.lines, edit.lines if command.line == edit.command.line else command.output)
        for command in _commands(text, path)
    ]
    try:
        found = [(command.prompt, command.lines, command.output) for command in _commands(new, path)]
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


def _commands(text: str, path: str) -> list[Command]:
    return [command for block in parse_page(text, path) for command in block.commands]
