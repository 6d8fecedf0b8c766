"""Pictures computed from recorded data, for `python exec="on" html="on"` fences: SVG, and the same as text.

Widths are shares of the column and heights are fixed, so that the text keeps its size on every screen.
Colours are in assets/figure.css. A list or a table says the same to readers who cannot see the picture.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from snippets.site.actors import actor_of

LETTERS_OF_PHONE = 44
"""How many letters of a figure's text fit beside each other on a phone (330 px)."""

LETTERS_OF_WIDE = 88
"""How many letters of a figure's code fit beside each other where a wide picture is shown (660 px)."""

PARTICIPANTS = ("client", "daemon", "containerd", "shim", "runc", "container", "registry")
"""The order in which the columns of a sequence stand; others follow."""

_LINE, _GAP = 18, 12


@dataclass(frozen=True)
class Layer:
    """A layer, or a step that made none.

    Attributes:
        what: what made it, such as `RUN apt-get update`.
        size: its size in bytes.
    """

    what: str
    size: int


@dataclass(frozen=True)
class Process:
    """A process.

    Attributes:
        pid: its number.
        parent: its parent's number; one that is in no tree starts a tree of its own.
        what: its command line or name.
        note: what it is, in a few words.
    """

    pid: int
    parent: int
    what: str
    note: str = ""


@dataclass(frozen=True)
class Node:
    """A thing in a tree.

    Attributes:
        what: its name, as code.
        note: what it is, in a few words.
        children: the things that belong to it.
    """

    what: str
    note: str
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Step:
    """Something that one participant asks of another, or that happens at one.

    Attributes:
        source: who acts.
        target: who is asked; the same as `source` for what happens there.
        what: the request or event.
        status: the answer's HTTP status.
        seconds: when, since the start.
        part: the number of the part of the story that it belongs to, from 1; 0 for none.
    """

    source: str
    target: str
    what: str
    status: int | None = None
    seconds: float | None = None
    part: int = 0

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Step:
        """Return the step of a record: `{"t": 0.01, "from": …, "to": …, "what": …, "status": 404}`.

        Raises:
            ValueError: the record lacks from, to or what.
        """
        if missing := [key for key in ("from", "to", "what") if key not in record]:
            raise ValueError(f"a step without {missing[0]!r}: {dict(record)}")
        return cls(record["from"], record["to"], record["what"], record.get("status"), record.get("t"))


@dataclass(frozen=True)
class Span:
    """A part of something that takes time.

    Attributes:
        what: what is done.
        begin: when it begins, in milliseconds since the start.
        length: how long it takes, in milliseconds.
    """

    what: str
    begin: float
    length: float


def layer_sizes(title: str, layers: Sequence[Layer]) -> str:
    """Return a bar for each layer, in order, as long as its share of the largest. 0 bytes have none."""
    largest = max((layer.size for layer in layers), default=0) or 1
    total = size(sum(layer.size for layer in layers))
    rows = [
        _Bar(layer.what, size(layer.size), 0, layer.size / largest if layer.size else None)
        for layer in layers
    ]
    return _bars(
        title,
        f"{len(layers)} sizes, {total} together, and a bar for each that is not 0",
        ("layer", "size"),
        rows,
    )


def timeline(title: str, spans: Sequence[Span]) -> str:
    """Return a bar for each span, where it lies in the whole time."""
    end = max((span.begin + span.length for span in spans), default=0) or 1
    rows = [_Bar(span.what, f"{span.length:.0f} ms", span.begin / end, span.length / end) for span in spans]
    return _bars(title, f"{len(spans)} bars, {end:.0f} ms together", ("part", "time"), rows)


@dataclass(frozen=True)
class _Bar:
    """A bar: what it stands for, its value as text, where it begins and how long it is, as shares of all.

    Without a length there is none.
    """

    what: str
    value: str
    begin: float
    length: float | None


def _bars(title: str, description: str, heading: tuple[str, str], bars: Sequence[_Bar]) -> str:
    parts, y = list[str](), 0
    for bar in bars:
        for line in _wrap(bar.what, LETTERS_OF_PHONE - 8):
            y += _LINE
            parts.append(_text(line, 0, y, "what"))
        parts.append(_text(bar.value, "100%", y, "end"))
        y += 6
        parts.append(f'<rect class="rail" x="0" y="{y}" width="100%" height="10" rx="2"/>')
        if bar.length is not None:
            # A hair's breadth at least: it is there.
            width = max(100 * bar.length, 0.4)
            x = min(100 * bar.begin, 100 - width)
            parts.append(f'<rect class="bar" x="{x:.2f}%" y="{y}" width="{width:.2f}%" height="10" rx="2"/>')
        y += 10 + _GAP
    rows = "".join(f"<tr><td>{escape(bar.what)}</td><td>{bar.value}</td></tr>" for bar in bars)
    return _figure(
        title,
        f"{description}. The table that follows has the numbers.",
        parts,
        y,
        f'<div class="unseen"><table><caption>{escape(title)}</caption><thead><tr>'
        f'<th scope="col">{heading[0]}</th><th scope="col">{heading[1]}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>",
    )


def process_tree(title: str, processes: Sequence[Process]) -> str:
    """Return processes below their parents. Those whose parent is not among them stand at the left.

    Raises:
        ValueError: processes are each other's parents.
    """
    known = {process.pid for process in processes}
    roots = [process for process in processes if process.parent not in known or process.parent == process.pid]

    def node(process: Process) -> Node:
        note = f"PID {process.pid}" + (f" · {process.note}" if process.note else "")
        children = [child for child in processes if child.parent == process.pid and child is not process]
        return Node(process.what, note, tuple(map(node, children)))

    trees = [node(root) for root in roots]
    drawn = sum(map(_count, trees))
    if drawn != len(processes):
        raise ValueError(f"no tree: {len(processes) - drawn} of {len(processes)} processes hang on no root")
    return tree(title, f"A tree of {drawn} processes", trees)


def tree(title: str, description: str, roots: Sequence[Node]) -> str:
    """Return things below the things that they belong to, from the left to the right."""
    parts, y = list[str](), 0

    def draw(node: Node, depth: int, above: int) -> None:
        nonlocal y
        x, first = 18 * depth, y + _LINE
        if depth:
            parts.append(f'<path class="line" d="M{x - 10} {above + 6}V{first - 5}H{x - 3}"/>')
        for line in _wrap(node.what, LETTERS_OF_PHONE - 2 * depth):
            y += _LINE
            parts.append(_text(line, x, y, "code"))
        for line in _wrap(node.note, LETTERS_OF_PHONE + 6 - 2 * depth):
            y += _LINE
            parts.append(_text(line, x, y, "soft"))
        below = y
        y += 8
        for child in node.children:
            draw(child, depth + 1, below)

    for root in roots:
        draw(root, 0, y)
    return _figure(
        title,
        f"{description}. The list that follows is the same.",
        parts,
        y,
        f'<ul class="unseen">{"".join(map(_item, roots))}</ul>',
    )


def _count(node: Node) -> int:
    return 1 + sum(map(_count, node.children))


def _item(node: Node) -> str:
    children = "".join(map(_item, node.children))
    below = f"<ul>{children}</ul>" if children else ""
    return f"<li><code>{escape(node.what)}</code>, {escape(node.note)}{below}</li>"


def sequence(title: str, steps: Iterable[Step | Mapping[str, Any]], parts: Sequence[str] = ()) -> str:
    """Return who asks what of whom, in order: a sequence diagram, and a list of steps where that is too wide.

    Args:
        title: what the picture shows.
        steps: the steps, or records of them.
        parts: the story's parts in words, in order. The steps of a part lie on a band with the part's number,
            and assets/steps.js lets the reader go through the parts one by one.

    Raises:
        ValueError: a record lacks from, to or what.
    """
    rows = [step if isinstance(step, Step) else Step.of(step) for step in steps]
    found = dict.fromkeys(name for step in rows for name in (step.source, step.target))
    order = {name: index for index, name in enumerate(PARTICIPANTS)}
    names = sorted(found, key=lambda name: order.get(name, len(order)))
    timed = any(step.seconds is not None for step in rows)
    left = (12 if timed else 4) + (4 if parts else 0)
    column = {name: left + (94 - left) * i / max(len(names) - 1, 1) for i, name in enumerate(names)}
    arrow = f"{_identity(title, [repr(rows)])}-arrow"
    bands, body, items, y = list[str](), list[str](), list[str](), 6
    for part, run in itertools.groupby(rows, lambda step: step.part):
        top, drawn = y, list[str]()
        for step in run:
            pieces, y = _drawn(step, column, arrow, y, 28 if parts else 0)
            drawn += pieces
            # On a phone, the list is the picture: its items have the numbers.
            items.append(_step(step, part if len(drawn) == len(pieces) else 0))
        y += 8
        if part:
            shade = "band" if part % 2 else "band even"
            bands.append(
                f'<rect class="{shade}" data-part="{part}" y="{top}" width="100%" height="{y - top}"/>'
            )
            drawn.append(
                f'<circle class="number" cx="11" cy="{top + 21}" r="10"/>'
                + _text(str(part), 11, top + 26, "numeral")
            )
        body.append(f'<g data-part="{part}">{"".join(drawn)}</g>' if part else "".join(drawn))
    y += 6
    lines_down = [
        f'<line class="life {_class(name)}" x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="{y}"/>'
        for name, at in column.items()
    ]
    # userSpaceOnUse: the arrowhead does not grow with the line. refX keeps its tip at the lifeline.
    marker = (
        f'<defs><marker id="{arrow}" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="9" '
        'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>'
    )
    # The names are no part of the SVG, so that they can stay in sight while the reader scrolls.
    heads = "".join(
        f'<span class="{_class(name)}" style="left:{at:.2f}%">{escape(name)}</span>'
        for name, at in column.items()
    )
    return _figure(
        title,
        f"{len(rows)} steps between {', '.join(names)}. The list that follows has them in order.",
        [marker, *bands, *lines_down, *body],
        y,
        step_list(items),
        "sequence",
        before=f'<div class="heads" aria-hidden="true" data-search-exclude>{heads}</div>',
        attributes=f' data-parts="{escape(json.dumps(parts, ensure_ascii=False))}"' if parts else "",
    )


def _drawn(step: Step, column: Mapping[str, float], arrow: str, y: int, indent: int) -> tuple[list[str], int]:
    """Return a step of a sequence as SVG, from `y` down, and where it ends; `indent` is left for numbers."""
    x, to = column[step.source], column[step.target]
    start = min(x, to)
    answer = "" if step.status is None else f" → {step.status}"
    here = step.source == step.target
    # What happens at the last participant is written at its left.
    at_end = here and start > 60
    room = (start if at_end else 100 - start) / 100 * LETTERS_OF_WIDE - 2
    parts = list[str]()
    y += 8
    if step.seconds is not None:
        parts.append(_text(f"{step.seconds:.3f} s", indent, y + _LINE, "soft"))
    for line in _wrap(step.what + answer, max(int(room), 12)):
        y += _LINE
        shift = -10 if at_end else 8
        parts.append(_text(line, f"{start:.2f}%", y, "code end" if at_end else "code", shift))
    if here:
        parts.append(f'<circle class="dot {_class(step.source)}" cx="{x:.2f}%" cy="{y - 5}" r="4"/>')
    else:
        y += 9
        parts.append(
            f'<line class="arrow" x1="{x:.2f}%" x2="{to:.2f}%" y1="{y}" y2="{y}" marker-end="url(#{arrow})"/>'
        )
    return parts, y


def _class(participant: str) -> str:
    actor = actor_of(participant)
    return f"actor-{actor.name}" if actor else "other"


def size(count: int) -> str:
    """Return a number of bytes as Docker writes it, to three digits: `78.1MB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g}{unit}"


def _step(step: Step, begins: int) -> str:
    here = step.source == step.target
    return step_item(
        step.source if here else f"{step.source} → {step.target}",
        "" if step.seconds is None else f"{step.seconds:.3f} s",
        step.what,
        "" if step.status is None else str(step.status),
        step.part,
        begins,
    )


def step_item(who: str, when: str, what: str, answer: str, part: int = 0, begins: int = 0) -> str:
    """Return an item of a list of steps; `when` and `answer` may be empty.

    `part` is the part of the story that it belongs to, `begins` the part that begins with it; 0 for none.
    """
    time = f' <span class="when">{when}</span>' if when else ""
    status = f' <b class="status">{escape(answer)}</b>' if answer else ""
    of = f' data-part="{part}"' if part else ""
    number = f'<b class="part">Step {begins}</b> ' if begins else ""
    return (
        f'<li{of}>{number}<span class="who">{escape(who)}</span>{time}<br>'
        f"<code>{escape(what)}</code>{status}</li>"
    )


def step_list(items: Iterable[str]) -> str:
    """Return the list of steps, which fits a phone."""
    return f'<ol class="steps">{"".join(items)}</ol>'


def _wrap(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` letters, broken at spaces and within paths and queries."""
    lines = [""]
    for piece in re.findall(r"[^\s/?&]*[\s/?&]|[^\s/?&]+", text):
        while len(lines[-1] + piece.rstrip()) > width:
            room = 0 if lines[-1] else width
            lines[-1] += piece[:room]
            piece = piece[room:]
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _text(text: str, x: int | str, y: int, kind: str, shift: int = 0) -> str:
    moved = f' dx="{shift}"' if shift else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{moved}>{escape(text)}</text>'


def _identity(title: str, parts: Sequence[str]) -> str:
    return "figure-" + hashlib.sha256("\n".join([title, *parts]).encode()).hexdigest()[:12]


def _figure(
    title: str,
    description: str,
    parts: Sequence[str],
    height: int,
    as_text: str,
    kind: str = "",
    *,
    before: str = "",
    attributes: str = "",
) -> str:
    name = _identity(title, parts)
    return (
        f'<figure class="figure {kind}"{attributes}><figcaption>{escape(title)}</figcaption>{before}'
        f'<svg role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc" width="100%" '
        f'height="{height}" data-search-exclude>'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>{as_text}</figure>"
    )
