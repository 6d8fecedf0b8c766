"""The pytest plugin: every page in docs/ is a Sybil document, every block that runs is a test.

A page's blocks share a lab and run in order. A block that is selected alone runs those before it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.integration.pytest import SybilFile, SybilItem

from snippets.block import Block, BlockError, Kind, parse_page
from snippets.lab import DEFAULT_ENGINE, Lab, LabError
from snippets.rewrite import rewritten, write_page
from snippets.verify import BlockFailure, Host, NotRunError, PageRun

PAGES = "docs"
"""The folder, below pytest's root, whose Markdown files are pages."""

_TESTED = (Kind.SESSION, Kind.FILE, Kind.DATA)
_SYBIL = pytest.StashKey["Pages"]()
_COUNTS = pytest.StashKey[dict[Kind, int]]()


class Pages(Sybil):
    """Sybil on the project's own grammar, with test ids that do not move when lines are inserted above."""

    def __init__(self, root: Path, rewrite: bool) -> None:
        super().__init__([self._regions], patterns=["*.md"], path=str(root / PAGES), teardown=self._finish)
        self.root = root
        self.rewrite = rewrite
        self.written: list[str] = []

    def identify(self, example: Example) -> str:
        """The test id of a block within its page."""
        return str(example.region.lexemes["name"])

    def _regions(self, document: Document) -> Iterable[Region]:
        path = Path(document.path).relative_to(self.root).as_posix()
        blocks = parse_page(document.text, path)
        document.namespace["blocks"] = blocks
        document.namespace["text"] = document.text
        document.namespace["run"] = PageRun(
            blocks, lambda: start_lab(DEFAULT_ENGINE), DEFAULT_ENGINE, rewrite=self.rewrite
        )
        for block, name in zip(blocks, block_names(blocks), strict=True):
            if block.kind in _TESTED:
                yield Region(block.start, block.end, block, _evaluate, {"name": name})

    def _finish(self, namespace: dict[str, Any]) -> None:
        """Stop the page's lab, and write the page when it is to be rewritten."""
        run: PageRun = namespace["run"]
        run.close()
        if run.edits:
            name = run.edits[0].block.path
            page = self.root / name
            text = page.read_bytes().decode("utf-8")
            if text.replace("\r\n", "\n") != namespace["text"]:
                raise BlockError(
                    name, 1, "the page was changed while it ran; nothing was written, run it again"
                )
            write_page(page, rewritten(text, name, run.edits))
            self.written.append(f"{name}: {len(run.edits)} outputs")


class PageFile(SybilFile):
    """A page, as pytest collects it."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each block; a broken fence is reported with its line."""
        counts = self.config.stash[_COUNTS]
        for sybil in self.sybils:
            try:
                document = sybil.parse(self.path)
            except BlockError as error:
                raise self.CollectError(str(error)) from None
            self.documents.append(document)
            for block in document.namespace["blocks"]:
                counts[block.kind] = counts.get(block.kind, 0) + 1
            for example in document.examples():
                yield BlockItem.from_parent(self, sybil=sybil, example=example)


class BlockItem(SybilItem):
    """A block of a page, as pytest runs it."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report of a block is the finding itself, without a Python traceback."""
        if isinstance(excinfo.value, BlockFailure):
            return excinfo.value.report()
        if isinstance(excinfo.value, LabError):
            block = self.example.parsed
            return f"{block.path}:{block.line}: no lab to run this in\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The page, the 0-based line of the block, and its name."""
        return Path(self.example.path), self.example.parsed.line - 1, self.name


def start_lab(engine: str) -> Host:
    """Start the throwaway Docker host that a page runs in."""
    return Lab.start(engine)


def block_names(blocks: Iterable[Block]) -> list[str]:
    """A name for each block of a page: its first command or its title, numbered where names repeat."""
    used: dict[str, int] = {}
    names = []
    for block in blocks:
        text = block.commands[0].lines[0] if block.commands else block.options.get("title", block.language)
        name = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")[:60] or "block"
        used[name] = used.get(name, 0) + 1
        names.append(name if used[name] == 1 else f"{name}-{used[name]}")
    return names


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of pages."""
    group = parser.getgroup("pages")
    group.addoption(
        "--rewrite",
        action="store_true",
        help="write real output into the pages where it differs from what they show",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the pages known to this run."""
    config.stash[_SYBIL] = Pages(config.rootpath, config.getoption("rewrite"))
    config.stash[_COUNTS] = {}


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a Markdown file of docs/ as a page."""
    pages = parent.config.stash[_SYBIL]
    if not pages.should_parse(file_path):
        return None
    page: pytest.Collector = PageFile.from_parent(parent, path=file_path, sybils=[pages])
    return page


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of pytest-xdist knows to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["blocks"] = {kind.name: count for kind, count in session.config.stash[_COUNTS].items()}
        output["written"] = session.config.stash[_SYBIL].written


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker knows; every worker has collected all pages."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[_COUNTS].update({Kind[name]: count for name, count in output.get("blocks", {}).items()})
    node.config.stash[_SYBIL].written.extend(output.get("written", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what became of the fences: none is passed over in silence."""
    counts = config.stash[_COUNTS]
    if counts:
        terminalreporter.section("blocks of the pages")
        for kind in Kind:
            if kind in counts:
                terminalreporter.line(f"{counts[kind]:5} {kind.value}")
    for line in config.stash[_SYBIL].written:
        terminalreporter.line(f"rewrote {line}")


def _evaluate(example: Example) -> None:
    try:
        example.namespace["run"].run_block(example.parsed)
    except NotRunError as error:
        pytest.skip(str(error))
