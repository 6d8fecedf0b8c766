"""Mermaid source → an accessible inline SVG, made at build time and cached by its source."""

from __future__ import annotations

import hashlib
import os
import re
import xml.etree.ElementTree as ET
from importlib.metadata import version
from pathlib import Path
from typing import Any

from snippets.lab.paths import cache_dir
from snippets.site import actors

SVG = "{http://www.w3.org/2000/svg}"

# Text as SVG text, not as HTML in a foreignObject: it scales, prints and takes colours from the page's CSS.
# Small paddings: a diagram of three boxes across must still be readable on a phone.
CONFIG: dict[str, Any] = {
    "htmlLabels": False,
    "theme": "base",
    "flowchart": {
        "htmlLabels": False,
        "nodeSpacing": 20,
        "rankSpacing": 36,
        "padding": 10,
        "diagramPadding": 4,
        "wrappingWidth": 150,
        "subGraphTitleMargin": {"top": 2, "bottom": 10},
    },
    "state": {"htmlLabels": False},
    "sequence": {
        "diagramMarginX": 4,
        "diagramMarginY": 12,
        "actorMargin": 24,
        "width": 104,
        "height": 48,
        "boxMargin": 6,
        "messageMargin": 32,
        "mirrorActors": False,
        "wrap": True,
    },
}

# On a narrow screen a diagram shrinks down to this share of its natural size, so that its text stays
# readable (16 px × 0.7 = 11 px). Below that it scrolls inside its own frame.
MIN_SCALE = 0.7


_DECIDES = [Path(name).read_bytes() for name in (__file__, actors.__file__)]


class DiagramError(Exception):
    """A diagram cannot be drawn. The message says why; `line` is the line of the source, from 1, or 0."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def identity(source: str) -> str:
    """Return the id that the SVG of this source carries in a page: the same source, the same id."""
    return "diagram-" + hashlib.sha256(source.encode()).hexdigest()[:12]


def cache_directory() -> Path:
    """Return where drawn diagrams are kept; it need not exist yet."""
    return cache_dir() / "diagrams"


def svg(source: str) -> str:
    """Return `source` drawn as one `<svg>` element with a title, a description and no colours of its own.

    Raises DiagramError when the source is not valid Mermaid or has no `accTitle:` or `accDescr:`.
    """
    # Drawing starts a JavaScript engine (a second), so a diagram is drawn once per source. Whatever else
    # decides what is drawn, this code included, is part of the key.
    key = hashlib.sha256(b"\0".join([version("mermaidx").encode(), *_DECIDES, source.encode()])).hexdigest()
    cached = cache_directory() / f"{key}.svg"
    try:
        return cached.read_text(encoding="utf-8")
    except FileNotFoundError:
        pass
    drawn = _tidy(_draw(source), identity(source))
    cached.parent.mkdir(parents=True, exist_ok=True)
    # A build that is stopped here leaves a stray temporary file at most, never half a diagram.
    temporary = cached.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(drawn, encoding="utf-8")
    temporary.replace(cached)
    return drawn


def _draw(source: str) -> ET.Element:
    """Return Mermaid's own SVG of the source. Raises DiagramError."""
    for keyword, purpose in (("accTitle", "its name"), ("accDescr", "what it shows, in words")):
        if not re.search(rf"^\s*{keyword}\s*[:{{]\s*\S", source, re.MULTILINE):
            raise DiagramError(
                f"the diagram has no {keyword}, which is {purpose} for readers who cannot see it; "
                f"add a line `{keyword}: …` below the diagram's first line"
            )
    import mermaidx  # Late: a build whose diagrams are all cached never pays for the import.

    try:
        text = mermaidx.render(actors.with_shapes(source), config=CONFIG).svg()
    except RuntimeError as error:
        message = str(error).removeprefix("Mermaid rendering failed: ").removeprefix("Error: ")
        found = re.search(r"(?:on line|at line:?) (\d+)", message)
        raise DiagramError(f"Mermaid: {message}", int(found.group(1)) if found else 0) from error
    return ET.fromstring(text)


def _tidy(root: ET.Element, name: str) -> str:
    """Return the SVG as text without what the page's own stylesheet (assets/site.css) does better.

    Mermaid's stylesheet and inline colours go, and so does what nothing refers to (markers, filters,
    gradients, layout data). The id of the drawing becomes `name`.
    """
    view = root.get("viewBox", "0 0 0 0").split()
    width, height = float(view[2]), float(view[3])
    kind = root.get("aria-roledescription", "diagram").split("-")[0]
    parents = {child: parent for parent in root.iter() for child in parent}
    used = set(re.findall(r"url\(#([^)]+)\)", " ".join(v for e in root.iter() for v in e.attrib.values())))
    used |= {
        (e.get("href") or e.get("{http://www.w3.org/1999/xlink}href") or "").lstrip("#") for e in root.iter()
    }
    for element in list(root.iter()):
        tag = element.tag.removeprefix(SVG)
        unused = tag in ("marker", "filter", "linearGradient", "symbol") and element.get("id") not in used
        if tag == "style" or unused:
            parents[element].remove(element)
        for key in list(element.attrib):
            if key.startswith("data-") or (key == "style" and not element.attrib[key].strip("; ")):
                del element.attrib[key]
        for key in (
            "d",
            "x",
            "y",
            "x1",
            "y1",
            "x2",
            "y2",
            "width",
            "height",
            "transform",
            "points",
            "viewBox",
        ):
            if key in element.attrib:
                element.attrib[key] = _round(element.attrib[key])
    _name_participants(root)
    for row in list(root.iter(f"{SVG}tspan")):
        words = list(row)
        if words and all(_plain(word) for word in words):
            row.text = "".join(word.text or "" for word in words)
            for word in words:
                row.remove(word)
    for _ in range(4):  # An emptied group can leave its parent empty.
        parents = {child: parent for parent in root.iter() for child in parent}
        for element, parent in parents.items():
            tag = element.tag.removeprefix(SVG)
            hollow = (
                tag in ("g", "defs", "text", "tspan")
                and not len(element)
                and not (element.text or "").strip()
            )
            sizeless = tag == "rect" and element.get("width") is None and element.get("height") is None
            if hollow or sizeless:
                parent.remove(element)
    for part in list(root.iter(f"{SVG}g")):
        # A group's title stands at its left and is painted last: a line into the group would cross it.
        for cluster in part.findall(f"{SVG}g[@class='clusters']/{SVG}g"):
            box, label = cluster.find(f"{SVG}rect"), cluster.find(f"{SVG}g[@class='cluster-label']")
            if box is not None and label is not None:
                left, top = float(box.get("x", 0)) + 10, float(box.get("y", 0)) + 4
                label.set("transform", f"translate({left:.1f}, {top:.1f})")
                cluster.remove(label)
                part.append(label)
    root.attrib = {
        "id": name,
        "class": f"{kind} {root.get('class', '')}".strip(),
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"chart-title-{name}",
        "aria-describedby": f"chart-desc-{name}",
        "style": f"max-width:{width:.0f}px;min-width:{min(width, width * MIN_SCALE):.0f}px;"
        f"aspect-ratio:{width:.0f}/{height:.0f}",
    }
    ET.register_namespace("", SVG.strip("{}"))
    return ET.tostring(root, encoding="unicode").replace("my-svg", name)


def _name_participants(root: ET.Element) -> None:
    """Give the boxes of a sequence diagram's participants the classes of the actors that they name."""
    for group in root.iter(f"{SVG}g"):
        box = next(
            (one for one in group.findall(f"{SVG}rect") if "actor" in one.get("class", "").split()), None
        )
        if box is None:
            continue
        words = " ".join("".join(text.itertext()) for text in group.findall(f"{SVG}text"))
        if actor := actors.actor_of(words):
            box.set("class", f"{box.get('class')} actor-{actor.name}")


def _round(numbers: str) -> str:
    """Return coordinates with one decimal: a tenth of a pixel is not seen, its digits are half the file."""
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda m: f"{float(m.group()):.1f}".removesuffix(".0"), numbers)


def _plain(word: ET.Element) -> bool:
    """Say whether a word of a label has no style of its own, so that its line needs no parts."""
    return word.get("font-weight", "normal") == "normal" and word.get("font-style", "normal") == "normal"
