"""How the claims of the pages are backed: a table for the page on what was run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from snippets.reader.claims import Way, claims
from snippets.reader.page import ROOT, read_pages
from snippets.site.tables import table


def backed(root: Path = ROOT) -> str:
    """Return a Markdown table of the pages with the number of their claims, and how those are backed.

    Args:
        root: the folder of mkdocs.yml.
    """
    stated = list(claims(list(read_pages(root=root))))
    count = Counter((claim.page, claim.way) for claim in stated)
    rows = [
        (f"[{name}](../{name}.md)", *_cells(count, f"docs/{name}.md"))
        for name in dict.fromkeys(claim.page.removeprefix("docs/").removesuffix(".md") for claim in stated)
    ]
    total = Counter(claim.way for claim in stated)
    rows.append(("all pages", str(len(stated)), *(str(total[way]) for way in Way)))
    return table(("page", "claims", *(way.value for way in Way)), rows, "values")


def _cells(count: Counter[tuple[str, Way]], page: str) -> tuple[str, ...]:
    numbers = [count[page, way] for way in Way]
    return (str(sum(numbers)), *(str(number or "–") for number in numbers))
