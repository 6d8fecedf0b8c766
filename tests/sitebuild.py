"""The site as MkDocs builds it from the real configuration, for the tests of its pages."""

from __future__ import annotations

import functools
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import get_files

from snippets.block import DIAGRAM, Block, Kind
from snippets.site import render
from snippets.site.diagram import identity

ROOT = Path(__file__).parent.parent

# The site in use by this process's tests; the directory goes when the process ends.
_scratch = tempfile.TemporaryDirectory(prefix="docker-architecture-site-")


class BuildFailedError(Exception):
    """A strict build that was aborted. The message holds its warnings, one a line."""


class MarkExecuted(BasePlugin):  # type: ignore[no-untyped-call,type-arg]
    """Wrap what markdown-exec makes of a fence, so that the page's HTML tells which fence it came from."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        for fence in config.mdx_configs["pymdownx.superfences"]["custom_fences"]:
            if fence["format"] is not render.fence:
                fence["format"] = functools.partial(_executed, fence["format"])
        return config


def _executed(formatter: Callable[..., str], source: str, *args: Any, **kwargs: Any) -> str:
    return f'<div data-executed="{_digest(source)}">{formatter(source, *args, **kwargs)}</div>'


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


@dataclass(frozen=True)
class Site:
    """A built site: where it is, and each page's path in docs/ with the path of its HTML below `directory`."""

    directory: Path
    docs: Path
    pages: dict[str, str]


def build(
    directory: Path, docs: Path | None = None, config_file: str = "mkdocs.yml", **overrides: Any
) -> Site:
    """Build the site, strictly, with the real configuration into `directory`. Raises BuildFailedError."""
    if docs is not None:
        overrides["docs_dir"] = str(docs)
    config = load_config(str(ROOT / config_file), site_dir=str(directory), strict=True, **overrides)
    config.plugins["mark-executed"] = MarkExecuted()
    warnings: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
    except Abort:
        raise BuildFailedError("\n".join(warnings)) from None
    finally:
        logger.removeHandler(handler)
    files = get_files(config).documentation_pages()
    return Site(directory, Path(config.docs_dir), {file.src_uri: file.dest_uri for file in files})


def site() -> Site:
    """Return the project's own site, built once in a process. Raises BuildFailedError, each time."""
    built = _built()
    if isinstance(built, Exception):
        raise built
    return built


@functools.cache
def _built() -> Site | BuildFailedError:
    try:
        return build(Path(_scratch.name))
    except BuildFailedError as error:
        return error


@dataclass(frozen=True)
class Shown:
    """A code block, a diagram or an executed block: what a page shows or the grammar found, comparable."""

    kind: str
    content: str


def shown(html: str) -> list[Shown]:
    """Return what a page's HTML shows, in order. It knows nothing of fences, only of HTML.

    Code that spans lines inside a paragraph counts: so does Markdown show a fence that it takes for text.
    """
    article = BeautifulSoup(html, "html.parser").find("article")
    assert isinstance(article, Tag), "the page has no <article>"
    return list(_shown(article))


def _shown(element: Tag) -> Iterator[Shown]:
    for child in element.find_all(True, recursive=False):
        if "data-executed" in child.attrs:
            yield Shown("executed", str(child["data-executed"]))
        elif child.name == "svg" and str(child.get("id", "")).startswith("diagram-"):
            yield Shown("diagram", str(child["id"]))
        elif child.name == "pre" or (child.name == "code" and "\n" in child.get_text()):
            yield Shown("code", child.get_text().rstrip("\n"))
        else:
            yield from _shown(child)


def expected(block: Block) -> Shown:
    """Return what a page must show for a block."""
    if block.kind is Kind.EXEC:
        return Shown("executed", _digest(block.source))
    if block.language == DIAGRAM:
        return Shown("diagram", identity(block.source))
    return Shown("code", block.source.rstrip("\n"))


def differences(page: str, html: str, blocks: list[Block]) -> list[str]:
    """Return where a page's HTML and the blocks that the grammar found disagree: `page:line: what`."""
    found = shown(html)
    wanted = [expected(block) for block in blocks]
    if found == wanted:
        return []
    first = next(
        (i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b),
        min(len(found), len(wanted)),
    )
    line = blocks[first].line if first < len(blocks) else (blocks[-1].line if blocks else 1)
    where = f"{page}:{line}"
    head = f"{where}: the page shows {len(found)} blocks, the grammar found {len(wanted)}; the first that differs:"
    return [
        head,
        f"  shown: {found[first] if first < len(found) else 'nothing more'}",
        f"  found: {wanted[first] if first < len(wanted) else 'nothing more'}",
    ]
