"""The glossary's terms as link references: a page writes `[image][]` or `[images][image]` and links to it."""

from __future__ import annotations

import posixpath
import re

from markdown.extensions.toc import slugify

GLOSSARY = "reference/glossary.md"
"""The page whose headings of the third level are the terms. Names of one thing are parted by commas."""

_TERM = re.compile(r"^###[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def terms(glossary: str) -> dict[str, str]:
    """Return each term of the glossary's Markdown, in lower case, with its anchor."""
    found = {}
    for heading in _TERM.findall(glossary):
        plain = heading.replace("`", "").replace("*", "")
        for term in plain.split(","):
            found[term.strip().lower()] = slugify(plain, "-")
    return found


def references(glossary: str, page: str) -> dict[str, str]:
    """Return the link of each term as a page writes it, such as `../reference/glossary.md#image`."""
    path = posixpath.relpath(GLOSSARY, posixpath.dirname(page) or ".")
    return {term: f"{path}#{anchor}" for term, anchor in terms(glossary).items()}
