"""`make mutate`: make small wrong changes to the real pages and count how many the verifier catches.

Every page is run once in a lab and what its terminals answered is recorded. A mutant that changes what a page
shows is checked against the recording. A mutant that changes what a page types is run for real.
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from snippets.block import Block, BlockError, Command, Kind, page_lines, parse_page
from snippets.lab import Lab, default_engine
from snippets.match.lines import ELLIPSIS, is_ellipsis
from snippets.match.tokens import TOKEN_TYPES, Token, TokenType, volatile
from snippets.settings import parse_settings
from snippets.verify import BlockFailure, NotRunError, PageRun
from tests.replay import OtherCommandError, RecordingHost, RecordingTerminal, ReplayHost, ReplayTerminal, Tape

ROOT = Path(__file__).parent.parent
ENGINE = default_engine()
WORKERS = 2


@dataclass(frozen=True)
class Mutant:
    """One wrong change: its kind, the page, the 1-based line, that line before and after, and the page's text."""

    kind: str
    page: str
    line: int
    before: str
    after: str
    text: str
    typed: bool


STATES = {
    "Exited": "Up", "Up": "Exited", "running": "exited", "exited": "running", "created": "running", "Created": "Up",
    "true": "false", "false": "true", "Complete": "Failed", "complete": "failed", "Downloaded": "Kept", "Deleted": "Kept",
    "Untagged": "Tagged", "overlayfs": "overlay2", "overlay2": "overlayfs", "bridge": "host", "host": "none", "local": "remote",
}  # fmt: skip

Change = Callable[[str, Sequence[Token]], Iterator[str]]


def words(line: str, tokens: Sequence[Token]) -> Iterator[str]:
    """A word of output becomes another one."""
    for match in _literal(r"[A-Za-z]{3,}", line, tokens):
        yield line[: match.start()] + _other_word(match[0]) + line[match.end() :]


def columns(line: str, tokens: Sequence[Token]) -> Iterator[str]:
    """A column of a heading gets another name."""
    for match in _literal(r"\b[A-Z]{3,}(?: [A-Z]+)*\b", line, tokens):
        if line == line.upper():
            yield line[: match.start()] + match[0][:-1] + "X" + line[match.end() :]


def numbers(line: str, tokens: Sequence[Token]) -> Iterator[str]:
    """A number that is not volatile becomes another one."""
    for match in _literal(r"(?<![\w.])\d+(?![\w.])", line, tokens):
        yield line[: match.start()] + str(int(match[0]) + 1) + line[match.end() :]


def states(line: str, tokens: Sequence[Token]) -> Iterator[str]:
    """A state becomes its opposite."""
    for match in _literal(r"[A-Za-z0-9]+", line, tokens):
        if match[0] in STATES:
            yield line[: match.start()] + STATES[match[0]] + line[match.end() :]


def types(line: str, tokens: Sequence[Token]) -> Iterator[str]:
    """A volatile token becomes one of another type, or the value that says "nothing"."""
    other = {
        "size": "3 seconds",
        "age": "12MB",
        "time": "0001-01-01T00:00:00Z",
        "percentage": "0B",
        "ID": "latest",
    }
    for token in tokens:
        if token.type.name in other:
            yield line[: token.start] + other[token.type.name] + line[token.end :]
        if token.type.name == "size":
            yield line[: token.start] + "0B" + line[token.end :]


def flags(line: str, _: Sequence[Token]) -> Iterator[str]:
    """A flag of a command is left out or becomes another one."""
    for match in re.finditer(r" (--?[a-z][\w-]*)(=\S+)?", line):
        yield line[: match.start()] + line[match.end() :]
        yield line[: match.start(1)] + match[1] + "x" + line[match.end(1) :]


def arguments(line: str, _: Sequence[Token]) -> Iterator[str]:
    """A word that a command names becomes another one."""
    for match in re.finditer(r"(?<= )[a-z][a-z0-9:./-]{3,}(?= |$)", line):
        yield line[: match.start()] + match[0] + "x" + line[match.end() :]


SHOWN: tuple[Change, ...] = (words, columns, numbers, states, types)
TYPED: tuple[Change, ...] = (flags, arguments)


def mutants(page: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a page."""
    lines = page_lines(text)
    types = (*parse_settings(text, page).tokens, *TOKEN_TYPES)
    for block in parse_page(text, page):
        if block.kind is not Kind.SESSION or not block.runs_on(ENGINE.name):
            continue
        yield from _exits(page, lines, block)
        for command in block.commands:
            yield from _outputs(page, lines, block, command, types)
            for change in TYPED if command.is_typed else ():
                yield from _mutated(page, lines, block, command.line, change, (), typed=True)
    yield from _inconsistent(page, text, lines)


def record(page: str) -> Tape:
    """Run a page in a lab and return what its terminals answered."""
    tape = Tape()
    text = (ROOT / page).read_text(encoding="utf-8")
    run = PageRun(
        parse_page(text, page),
        lambda: RecordingHost(Lab.start(ENGINE), tape),
        ENGINE.name,
        parse_settings(text, page),
        open_terminal=lambda argv: RecordingTerminal(argv, tape),
    )
    _run_all(run)
    return tape


def is_caught(mutant: Mutant, tape: Tape | None) -> bool:
    """Whether the verifier finds fault with a mutant; without a tape it runs in a lab."""
    try:
        blocks = parse_page(mutant.text, mutant.page)
        settings = parse_settings(mutant.text, mutant.page)
    except BlockError:
        return True
    if tape is None:
        run = PageRun(blocks, lambda: Lab.start(ENGINE), ENGINE.name, settings, default_timeout=20)
    else:
        played = copy.deepcopy(tape)
        run = PageRun(
            blocks,
            lambda: ReplayHost(played),
            ENGINE.name,
            settings,
            patient=False,
            open_terminal=lambda _: ReplayTerminal(played),
        )
    try:
        _run_all(run)
    except (BlockFailure, NotRunError) as finding:
        # A mutant of what is shown must be caught by what is shown, not by the lack of a recording.
        return tape is None or not isinstance(finding.__cause__, OtherCommandError)
    return False


def _run_all(run: PageRun) -> None:
    try:
        run.check_leftovers()
    finally:
        run.close()


def _outputs(
    page: str, lines: list[str], block: Block, command: Command, types: tuple[TokenType, ...]
) -> Iterator[Mutant]:
    tokens = volatile(command.output, types)
    for offset, line in enumerate(command.output):
        number = command.output_line + offset
        if is_ellipsis(line) or not line.strip():
            continue
        for change in SHOWN:
            yield from _mutated(page, lines, block, number, change, tokens[offset], typed=False)
        above = command.output[offset - 1] if offset else ELLIPSIS
        if not is_ellipsis(above) and not block.any_order and not _same_shape(above, line, types):
            swapped = [*lines[: number - 2], lines[number - 1], lines[number - 2], *lines[number:]]
            yield Mutant("swapped lines", page, number, above, line, "".join(swapped), typed=False)


def _mutated(
    page: str,
    lines: list[str],
    block: Block,
    number: int,
    change: Change,
    tokens: Sequence[Token],
    *,
    typed: bool,
) -> Iterator[Mutant]:
    whole = lines[number - 1]
    before = whole.removeprefix(block.prefix).rstrip("\r\n")
    for after in change(before, tokens):
        new = whole.replace(before, after, 1) if before else whole
        if after != before:
            text = "".join([*lines[: number - 1], new, *lines[number:]])
            yield Mutant(change.__name__, page, number, before, after, text, typed)


def _exits(page: str, lines: list[str], block: Block) -> Iterator[Mutant]:
    """The exit status that a block expects becomes another one."""
    header = lines[block.line - 1]
    if "exit" in block.options:
        after = header.replace(f'exit="{block.options["exit"]}"', f'exit="{block.exit_status + 1}"')
    elif not block.commands[-1].is_typed:
        return
    else:
        inside = re.sub(
            r"(`{3,}|~{3,})\s*\.?(?:\{\s*\.)?console\s*\}?", r'\1{ .console exit="1" }', header.rstrip("\n")
        )
        if "{ .console title" in header:
            inside = header.rstrip("\n").replace("{ .console ", '{ .console exit="1" ')
        after = inside + "\n"
    if after != header:
        text = "".join([*lines[: block.line - 1], after, *lines[block.line :]])
        yield Mutant("exit status", page, block.line, header.strip(), after.strip(), text, typed=False)


def _inconsistent(page: str, text: str, lines: list[str]) -> Iterator[Mutant]:
    """One of several occurrences of an ID becomes another ID."""
    places: dict[str, list[tuple[int, int, int]]] = {}
    for block in parse_page(text, page):
        if block.kind is not Kind.SESSION or not block.runs_on(ENGINE.name):
            continue
        for command in block.commands:
            for offset, line in enumerate(command.output):
                for token in volatile([line])[0]:
                    if token.type.name in ("ID", "digest"):
                        sample = line[token.start : token.end].removeprefix("sha256:")[:12]
                        at = (command.output_line + offset, token.end - 1, len(block.prefix))
                        places.setdefault(sample, []).append(at)
    for found in places.values():
        for number, column, indent in found[1:]:
            line = lines[number - 1]
            start = indent + column
            token_start = re.search(r"[0-9a-f]+$", line[: start + 1])
            if token_start is None:
                continue
            first = token_start.start()
            digit = "0" if line[first] != "0" else "1"
            after = line[:first] + digit + line[first + 1 :]
            mutated = "".join([*lines[: number - 1], after, *lines[number:]])
            yield Mutant("inconsistent ID", page, number, line.strip(), after.strip(), mutated, typed=False)


def _literal(pattern: str, line: str, tokens: Sequence[Token]) -> Iterator[re.Match[str]]:
    """The matches of a pattern that touch neither a volatile token nor an elision."""
    taken = [(token.start, token.end) for token in tokens]
    taken += [match.span() for match in re.finditer(r"\S*\.\.\.\S*", line)]
    for match in re.finditer(pattern, line):
        if all(match.end() <= start or match.start() >= end for start, end in taken):
            yield match


def _other_word(word: str) -> str:
    return word[:-1] + ("x" if word[-1] != "x" else "y")


def _same_shape(one: str, other: str, types: tuple[TokenType, ...]) -> bool:
    """Whether two lines differ in volatile values alone, so that swapping them changes nothing."""

    def shape(line: str) -> str:
        for token in reversed(volatile([line], types)[0]):
            line = line[: token.start] + f"<{token.type.name}>" + line[token.end :]
        return " ".join(line.split())

    return shape(one) == shape(other)


def main() -> int:
    """Run the mutations and print the count of each kind and every survivor."""
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--typed", type=int, default=60, help="how many mutants of commands are run in labs")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    pages = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
    pages = [
        page
        for page in pages
        if any(b.kind is Kind.SESSION for b in parse_page((ROOT / page).read_text(), page))
    ]
    with ProcessPoolExecutor(WORKERS) as pool:
        print(f"recording {len(pages)} pages in labs ...", flush=True)
        tapes = dict(zip(pages, pool.map(record, pages), strict=True))
        made = [mutant for page in pages for mutant in mutants(page, (ROOT / page).read_text())]
        unique = list({mutant.text: mutant for mutant in made}.values())
        shown = [mutant for mutant in unique if not mutant.typed]
        typed = [mutant for mutant in unique if mutant.typed]
        typed = chance.sample(typed, min(options.typed, len(typed)))
        print(f"{len(shown)} mutants of what is shown, against the recordings ...", flush=True)
        results = list(pool.map(is_caught, shown, [tapes[mutant.page] for mutant in shown], chunksize=16))
        print(f"{len(typed)} mutants of what is typed, in labs ...", flush=True)
        results += pool.map(is_caught, typed, [None] * len(typed))
    made_of = Counter(mutant.kind for mutant in shown + typed)
    caught_of = Counter(mutant.kind for mutant, caught in zip(shown + typed, results, strict=True) if caught)
    for kind in sorted(made_of):
        print(f"{caught_of[kind]:5} of {made_of[kind]:5} caught: {kind}")
    for mutant, caught in zip(shown + typed, results, strict=True):
        if not caught:
            print(
                f"survived: {mutant.page}:{mutant.line}: {mutant.kind}\n    - {mutant.before}\n    + {mutant.after}"
            )
    print(f"{sum(results)} of {len(results)} caught: {100 * sum(results) / len(results):.1f} %")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
