"""Tables that pages print from the project's own data, for `python exec="on"` fences. They need no lab."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from snippets.lab.engines import DEFAULT_ENGINE, ENGINES

IMAGE_SOURCES = Path(__file__).parent.parent / "lab" / "images"
"""Where each stand-in image has a directory with its Dockerfile."""


def engines() -> str:
    """Return a Markdown table of the engines that the pages are run on, the default first."""
    ordered = sorted(ENGINES.values(), key=lambda engine: engine.name != DEFAULT_ENGINE)
    return table(
        ("engine", "what it is", "packages"),
        [(code(e.name), e.summary, f"Debian {e.suite}: {', '.join(e.packages)}") for e in ordered],
    )


def images(sources: Path = IMAGE_SOURCES) -> str:
    """Return a Markdown table of the stand-in images, read from their Dockerfiles.

    Raises ValueError when a Dockerfile does not begin with `# NAME: what it is.`
    """
    rows = []
    for dockerfile in sorted(sources.glob("*/Dockerfile")):
        name, what, base, command = read_dockerfile(dockerfile)
        rows.append((code(name), f"{what} From {code(base)}.", code(command)))
    return table(("image", "what the stand-in is", "runs"), rows)


def read_dockerfile(path: Path) -> tuple[str, str, str, str]:
    """Return an image's name, what it is, what its last stage starts from, and what it runs.

    Raises ValueError when the file does not begin with `# NAME: what it is.`
    """
    text = path.read_text(encoding="utf-8")
    comment = " ".join(re.findall(r"^#\s*(.*)$", text.split("\nFROM", 1)[0], re.MULTILINE))
    name, colon, what = comment.partition(": ")
    if not (colon and name and what):
        raise ValueError(f"{path}: begin the file with a comment `# NAME: what the image is.`")
    bases = re.findall(r"^FROM\s+(\S+)", text, re.MULTILINE)
    words: list[str] = []
    for instruction in ("ENTRYPOINT", "CMD"):
        found = re.findall(rf"^{instruction}\s+(.+)$", text, re.MULTILINE)
        words += re.findall(r'"([^"]*)"', found[-1]) if found else []
    return name, what[0].upper() + what[1:], bases[-1], " ".join(words)


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], kind: str = "wide") -> str:
    """Return a Markdown table in a frame of its own. A `|` in a cell is escaped.

    Its kind is `wide` where columns hold prose, `values` where they hold values that are not to be broken.
    """
    lines = [header, ("---",) * len(header), *rows]
    rows_of_text = ("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in lines)
    # The class keeps the columns of prose readable on a phone (assets/site.css).
    return f'<div class="{kind}" markdown>\n\n{"".join(rows_of_text)}\n</div>\n\n'


def code(text: str) -> str:
    """Return the text as Markdown code."""
    return f"`{text}`"
