"""The actors of the lesson's pictures: each has one color and one shape, on every page.

A picture's source only names them. Shapes are Mermaid's, and the colors of the classes are in
assets/diagram.css.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A part of Docker, or something beside it, that pictures show.

    Attributes:
        name: its name, as in the CSS class `actor-NAME`.
        called: a pattern for what labels call it: the label's first line, in lower case, without an article.
        shape: Mermaid's name of its shape in a flowchart.
    """

    name: str
    called: str
    shape: str


ACTORS = (
    Actor("client", r"(?:docker )?client|docker|curl|buildx|docker compose", "stadium"),
    Actor("daemon", r"daemon|dockerd", "fr-rect"),
    Actor("containerd", r"containerd", "hex"),
    Actor("shim", r"(?:containerd-)?shim", "lean-r"),
    Actor("runc", r"runc|crun|runtime", "lean-l"),
    Actor("registry", r"registry|docker hub", "cyl"),
    Actor("kernel", r"(?:linux )?kernel", "trap-b"),
    Actor("process", r"(?:container's )?process|container", "rounded"),
    Actor("disk", r"disk|image store|volumes?", "lin-cyl"),
)
"""All actors, in the order in which a command passes through them."""

_ARTICLE = re.compile(r"(?:an?|the|your|another|second|one) ")
_NODE = re.compile(r'(?<![\w|"])(\w+)\[(?:"([^"]*)"|([^]["]*))\]')
_LINE_BREAK = re.compile(r"<br ?/?>|\n")


def actor_of(label: str) -> Actor | None:
    """Return the actor that a label of a picture names, if it names one.

    Args:
        label: the text, its lines apart by `<br/>` or a line break; only the first line counts.
    """
    first = _LINE_BREAK.split(label.strip())[0].strip().lower()
    first = _ARTICLE.sub("", first, count=1) if _ARTICLE.match(first) else first
    first = first.split(",")[0]
    return next((actor for actor in ACTORS if re.fullmatch(actor.called, first)), None)


def with_shapes(source: str) -> str:
    """Return a flowchart's Mermaid source with the shape and the class of each actor in it.

    What is added stands below the source, so that line numbers in errors stay right. Other kinds of diagram
    are returned as they are.
    """
    if not re.match(r"\s*(?:flowchart|graph)\b", source):
        return source
    added = []
    for found in _NODE.finditer(source):
        actor = actor_of(found[2] if found[2] is not None else found[3])
        if actor:
            added += [f"{found[1]}@{{ shape: {actor.shape} }}", f"class {found[1]} actor-{actor.name}"]
    return "\n".join([source, *added])
