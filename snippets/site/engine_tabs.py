"""How pages name engines and kinds of host: labels, and tabs whose blocks are bound to what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from snippets.block import HOSTS, Block
from snippets.lab.engines import ENGINES

BOTH = " with both stores"
"""What a label adds where a version is meant with either of its image stores. A tab may leave it out."""

_TAB = re.compile(r'^(?P<indent>[ >]*)===[!+]* "(?P<label>(?:Docker \d|Control groups version ).*)"\s*$')


def label(engines: Iterable[str], shortest_range: int = 3) -> str:
    """Return the label of engines, newest first: `Docker 29 and 28.5 with the containerd store`.

    Several versions in a row are a range, which reads the other way round: `Docker 20.10 to 28.5`.

    Args:
        engines: the names of the engines.
        shortest_range: how many versions in a row are written with "to".

    Raises:
        ValueError: an engine that has no label, or no engine at all.
    """
    names = set(engines)
    if unknown := sorted(names - set(ENGINES)):
        raise ValueError(f"unknown engine {unknown[0]!r}; known: {', '.join(ENGINES)}")
    if not names:
        raise ValueError("a label names at least one engine")
    runs: list[list[str]] = [[]]
    for version in dict.fromkeys(name.partition("-")[0] for name in ENGINES):
        variants = [name for name in ENGINES if name.partition("-")[0] == version]
        found = [name for name in variants if name in names]
        if found == variants and len(variants) > 1:
            runs[-1].append(ENGINES[version].label + BOTH)
        elif found and found[0] == version:
            runs[-1].append(ENGINES[version].label)
            if len(variants) > 1:
                runs.append([])  # "26.1 to 29" would be read as all between them.
        else:
            # "20.10 to 28.5 with the containerd store" would be read as the store of all three.
            runs += [[ENGINES[name].label] for name in found] + [[]]
    parts = [
        part
        for run in reversed(runs)
        for part in ([f"{run[0]} to {run[-1]}"] if len(run) >= shortest_range else reversed(run))
    ]
    return "Docker " + (f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0])


def labels(engines: Sequence[str]) -> set[str]:
    """Return what a tab for these engines may be called: a tab stands beside others that make it clear."""
    found = {label(engines), label(engines, shortest_range=2)}
    return found | {text.replace(BOTH, "") for text in found}


def tab(engines: Sequence[str], content: str) -> str:
    """Return the Markdown of a tab for engines that a page generates; assets/tabs.js reads whose it is."""
    lines = [f'<span data-engine="{" ".join(engines)}"></span>', "", *content.splitlines()]
    indented = "\n".join(f"    {line}" if line else "" for line in lines)
    return f'=== "{label(engines)}"\n\n{indented}\n'


def kin() -> str:
    """Return the engines for assets/tabs.js, the newest first: `29.7:containerd 28.5:overlay2`."""
    return " ".join(f"{engine.name}:{engine.store}" for engine in reversed(ENGINES.values()))


def faults(text: str, blocks: Sequence[Block]) -> Iterator[tuple[int, str]]:
    """Yield where a page's labels, tabs and bindings do not agree: the 1-based line, and what to do.

    A tab may hold narrower tabs. Then its label says what they cover together.
    """
    bound = [block for block in blocks if block.engines]
    for block in bound:
        try:
            label(block.engines)
        except ValueError as error:
            yield block.line, str(error)
            return
    tabs = list(_tabs(text, blocks))
    for tab in tabs:
        option, thing = ("engine", "an engine") if tab.label.startswith("Docker") else ("host", "a host")
        held = [block for block in blocks if block.line in tab.lines and option in block.options]
        inner = [other for other in tabs if other is not tab and other.lines.start in tab.lines]
        deeper = [block for block in held if any(block.line in other.lines for other in inner)]
        if not held:
            yield tab.lines.start, f'the tab "{tab.label}" has no block that is bound to {thing}'
        for block in held:
            fitting = _fitting(option, [block])
            if block not in deeper and tab.label not in fitting:
                yield (
                    block.line,
                    f'bound to {block.options[option]} in the tab "{tab.label}"; '
                    f'bind it to what the tab says, or label the tab "{fitting[0]}"',
                )
        if deeper and tab.label not in (fitting := _fitting(option, deeper)):
            yield (
                tab.lines.start,
                f'the tab "{tab.label}" holds tabs that cover something else together; '
                f'label it "{fitting[0]}", or change the tabs in it',
            )


@dataclass(frozen=True)
class _Tab:
    """A tab of a page: its label, and its 1-based lines from the label to the end of what it holds."""

    label: str
    lines: range


def _tabs(text: str, blocks: Sequence[Block]) -> Iterator[_Tab]:
    """Yield the tabs that are named after engines or hosts, an outer one before those in it."""
    lines = text.split("\n")
    inside = {number for block in blocks for number in range(block.line, block.end_line + 1)}
    for number, line in enumerate(lines, 1):
        if number not in inside and (found := _TAB.match(line)):
            yield _Tab(found["label"], range(number, _end(lines, number, found["indent"]) + 1))


def _fitting(option: str, blocks: Sequence[Block]) -> list[str]:
    """Return what a tab that holds these blocks may be called, the shortest first.

    Args:
        option: what binds the blocks: "engine" or "host".
        blocks: the blocks in the tab.
    """
    if option == "engine":
        return sorted(
            labels([engine for block in blocks for engine in block.engines]),
            key=lambda text: (len(text), text),
        )
    return [" and ".join(dict.fromkeys(HOSTS[block.host].capitalize() for block in blocks))]


def _end(lines: Sequence[str], tab: int, indent: str) -> int:
    """Return the 1-based line on which a tab's content ends."""
    for number in range(tab, len(lines)):
        line = lines[number]
        if line.strip(" >") and not line.startswith(indent + "    "):
            return number
    return len(lines)
