"""Tables that pages print from the project's own data, for `python exec="on"` fences. They need no lab."""

from __future__ import annotations

from collections.abc import Sequence

from snippets.lab.engines import ENGINES, Engine
from snippets.lab.standins import STAND_INS
from snippets.site.engine_tabs import label


def engines() -> str:
    """Return a Markdown table of the engines that the pages are run on, the newest first."""
    return table(
        ("engine", "what it is", "comes from"),
        [(code(e.name), e.summary, _origin(e)) for e in reversed(ENGINES.values())],
    )


def _origin(engine: Engine) -> str:
    if engine.release:
        return f"a static archive of Docker {engine.release}, over Debian {engine.suite}"
    return f"Debian {engine.suite}: {', '.join(engine.packages)}"


def engine_labels() -> str:
    """Return a Markdown table of the engines with the labels of their tabs, the newest first."""
    rows = [(code(name), label([name])) for name in reversed(ENGINES)]
    return table(("engine", "label"), rows, "values")


def images() -> str:
    """Return a Markdown table of the stand-in images."""
    rows = [(code(image.name), image.summary, code(image.command)) for image in STAND_INS]
    return table(("image", "what the stand-in is", "runs"), rows)


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
