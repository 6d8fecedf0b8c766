"""The minutes of the lesson's pages: behind what a page needs, and in the table of the home page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from snippets.block import front_matter_end, parse_page
from snippets.journey import navigation
from snippets.reader.minutes import Effort, Efforts, efforts
from snippets.site.tables import table

ROOT = Path(__file__).parent.parent.parent

HOME = "index.md"
"""The page that says how long the whole lesson takes, and not how long it takes itself."""

LESSON = ("learn", "practice", "check")
"""The folders of what a reader goes through from top to bottom."""

HALF_HOUR = 30


def takes(name: str, text: str, pages: Iterable[tuple[str, str]]) -> str:
    """Say how long a page takes; of the home page, how long the lesson takes.

    Args:
        name: the page's path below the docs folder.
        text: its text.
        pages: the paths and texts of all pages.
    """
    if name != HOME:
        return str(_efforts(name, text))
    lesson = sum((_efforts(*page).open for page in pages if page[0].startswith(LESSON)), Effort())
    return f"{_hours(lesson.minutes)}, in pages of a few minutes each" if lesson.words else ""


def parts(*folders: str, root: Path = ROOT) -> str:
    """Return a Markdown table of the pages in some folders, in the navigation's order, with their minutes.

    Args:
        folders: the folders' names, such as `learn`.
        root: the folder of mkdocs.yml.
    """
    rows, total, everything = list[tuple[str, str, str, str]](), Effort(), Effort()
    for folder in folders:
        part = folder.replace("-", " ").capitalize()
        for number, name in enumerate(_pages_of(folder, root), 1):
            text = (root / "docs" / name).read_text(encoding="utf-8")
            title = f"{number} {_title(text)}" if folder == "learn" else _title(text)
            effort = _efforts(name, text)
            total, everything = total + effort.open, everything + effort.all
            rows.append((part, f"[{title}]({name})", str(effort.open.about), str(effort.all.about)))
            part = ""
    rows.append(("", "all of it", f"{_hours(total.minutes)}", f"{_hours(everything.minutes)}"))
    return table(("part", "page", "minutes", "with all that is folded"), rows)


def _pages_of(folder: str, root: Path) -> Iterator[str]:
    return (name for name in navigation(root / "mkdocs.yml") if name.startswith(f"{folder}/"))


def _efforts(name: str, text: str) -> Efforts:
    return efforts(text, parse_page(text, f"docs/{name}"))


def _title(text: str) -> str:
    """The page's title: its first heading."""
    rows = text.split("\n")
    found = re.search(r"^# +(.+?) *$", "\n".join(rows[front_matter_end(rows) :]), re.MULTILINE)
    return found[1] if found else ""


def _hours(minutes: float) -> str:
    """Minutes as hours and half hours, in words."""
    hours, half = divmod(max(1, round(minutes / HALF_HOUR)), 2)
    if not hours:
        return "about half an hour"
    return f"about {hours}{'½' if half else ''} hour{'s' if hours > 1 or half else ''}"
