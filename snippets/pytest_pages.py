"""The pytest plugin: every page in docs/ is a Sybil document, every block that runs is a test.

A page's blocks share a lab and run in order. A block that is selected alone runs those before it first. The
last test of a page is that it leaves nothing behind. With `--journey` the pages share labs, as for a reader.
"""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.integration.pytest import SybilFile, SybilItem

from snippets.block import RUNS, Block, BlockError, Kind, parse_page
from snippets.journey import Journey, Part, Passage, navigation
from snippets.lab import BACKENDS, ENGINES, Engine, Lab, LabError, archives, default_engine, engine_from_dir
from snippets.lab.backends import VARIABLE as LAB_BACKEND
from snippets.passed import PassedPages
from snippets.record import Provenance, describe_lab, write_images, write_recording
from snippets.rewrite import rewritten, write_page
from snippets.settings import parse_settings
from snippets.trace import record_trace, write_trace
from snippets.upstream.machine import Machine, MachineError
from snippets.upstream.observe import Observation
from snippets.upstream.report import Upstream, as_markdown
from snippets.verify import TIMEOUT, BlockFailure, Host, NotRunError, OtherHostError, PageRun

PAGES = "docs"
"""The folder, below pytest's root, whose Markdown files are pages."""

LEFTOVERS = "leaves-nothing-behind"
"""The name of the last test of a page."""

_SPLITTING = ("load", "loadgroup", "worksteal")
"""The ways of pytest-xdist to share tests out that split a page: each worker would run it again."""

_TESTED = (Kind.SESSION, Kind.FILE, Kind.DATA)
_FINDING = re.compile(rf"(?P<page>\b{PAGES}/\S+?\.md):(?P<line>\d+): ")
"""How every finding about a page begins, whatever reports it."""

_PASSES_ALONE = "If the page passes in a lab of its own, this depends on what was there"
ADVICE = {
    Part.FIRST: f"{_PASSES_ALONE}, of an earlier page. Clean up there, or show less: filter by name, label.",
    Part.SECOND: f"{_PASSES_ALONE}, of the page itself. Clean up, or show less: filter by name or label.",
    Part.LIVED_IN: f"{_PASSES_ALONE}, of the reader's own. Show less: filter by name or label. "
    'Or declare it: varies="why it may differ".',
}
"""What to do about an output that differs in a part of the journey."""

_JOURNEY = re.compile(rf"@(?P<engine>\S+)/(?P<part>{'|'.join(part.value for part in Part)})$")
"""How the test ids of the journey end."""

_SYBILS = pytest.StashKey[list["Pages"]]()
_ENGINES = pytest.StashKey[list[Engine]]()
_SUMMARY = pytest.StashKey["Summary"]()
_LAB = pytest.StashKey[Journey]()
_UPSTREAM = pytest.StashKey[Upstream | None]()


@dataclass
class Summary:
    """What a run tells about the pages beside its failures; plain data, so that workers can hand it over.

    Attributes:
        blocks: how many blocks of each kind the pages have, by the kind's name.
        notes: lines for the end of the run.
        elsewhere: why blocks were not run here, by the page and line of each.
        passages: what became of the pages in each part of the journey, by the end of their test ids.
    """

    blocks: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    passages: dict[str, Passage] = field(default_factory=dict)


class Pages(Sybil):
    """Sybil on the project's own grammar, with test ids that do not move when lines are inserted above.

    Args:
        config: this run's.
        engine: what the pages run on.
        summary: what to tell at the end.
        journey: the lab that pages share in a part of the journey; without, each has a lab of its own.
        part: that part.
        upstream: this machine, where the pages run on its own Docker.
    """

    def __init__(
        self,
        config: pytest.Config,
        engine: Engine,
        summary: Summary,
        journey: Journey | None = None,
        part: Part | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        super().__init__([self._regions], patterns=["*.md"], path=str(config.rootpath / PAGES))
        self.root = config.rootpath
        self.engine = engine
        self.journey = journey
        self.part = part
        self.place = f"{engine.name}/{part.value}" if part else engine.name
        self.rewrite: bool = config.getoption("rewrite")
        self.record: bool = config.getoption("record")
        self.time_limit: float = config.getoption("time_limit")
        self.summary = summary
        self.upstream = upstream
        self.passed = PassedPages()

    def identify(self, example: Example) -> str:
        """The test id of a block within its page: its name, the engine and the part of the journey."""
        return f"{example.region.lexemes['name']}@{self.place}"

    def _regions(self, document: Document) -> Iterable[Region]:
        path = Path(document.path).relative_to(self.root).as_posix()
        blocks = parse_page(document.text, path)
        for block in blocks:
            check_engines(block)
        run = PageRun(
            blocks,
            self._start_host,
            self.engine.name,
            parse_settings(document.text, path),
            self.time_limit,
            rewrite=self.rewrite or self.upstream is not None,
            lived_in=self.part is Part.LIVED_IN or (self.upstream is not None and self.upstream.is_lived_in),
        )
        observation = Observation(run) if self.upstream else None
        document.namespace.update(pages=self, run=run, observation=observation, text=document.text)
        for block, name in zip(blocks, block_names(blocks), strict=True):
            if block.kind in _TESTED and block.runs_on(self.engine.name):
                yield Region(block.start, block.end, block, _evaluate, {"name": name})
        ran = [block for block in blocks if block.kind in RUNS and block.runs_on(self.engine.name)]
        if ran:
            yield Region(document.end, document.end, ran[-1], _check_leftovers, {"name": LEFTOVERS})

    def _start_host(self) -> Host:
        if self.journey and self.part:
            return self.journey.arrive(self.engine, self.part)
        if self.upstream:
            return self.upstream.start_host()
        return start_lab(self.engine)

    def finish(self, namespace: dict[str, Any]) -> None:
        """Stop the page's lab, remember a page that passed, and write the page that is to be rewritten."""
        run: PageRun = namespace["run"]
        if self.upstream:
            self.upstream.finish(namespace["observation"], lambda: start_lab(self.engine))
            return
        run.close()
        self.summary.notes.extend(f"retried {line}" for line in run.retried)
        if self.journey:
            self._go_on(run, self.journey)
        elif run.edits:
            name = run.edits[0].block.path
            page = self.root / name
            text = page.read_bytes().decode("utf-8")
            if text.replace("\r\n", "\n") != namespace["text"]:
                raise BlockError(
                    name, 1, "the page was changed while it ran; nothing was written, run it again"
                )
            write_page(page, rewritten(text, name, run.edits))
            self.summary.notes.append(f"rewrote {name}: {len(run.edits)} outputs")
        elif run.clean:
            self.passed.add(namespace["text"], run.blocks, self.engine)
            if self.record:
                name = run.blocks[0].path
                write_recording(name, run.blocks, run.settings, run.engine, self._ran_with, run.seconds)

    def _go_on(self, run: PageRun, journey: Journey) -> None:
        """Count a page of the journey; after one that failed, the next one begins in a new lab."""
        ran = [block for block in run.blocks if block.kind in RUNS and block.runs_on(run.engine)]
        if not ran:
            return
        declared = sum(bool(block.varies) for block in ran)
        passage = Passage(1, run.clean, declared, len(run.varied))
        self.summary.passages.setdefault(self.place, Passage()).add(passage)
        if not run.clean:
            journey.end()

    @cached_property
    def _ran_with(self) -> Provenance:
        """What the engine's labs are made of: the same for all, as long as this process runs."""
        return describe_engine(self.engine)


class PageFile(SybilFile):
    """A page, as pytest collects it."""

    sybils: Sequence[Pages]

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each block; a broken fence is reported with its line."""
        counts = self.config.stash[_SUMMARY].blocks
        for number, sybil in enumerate(self.sybils):
            try:
                document = sybil.parse(self.path)
            except BlockError as error:
                raise self.CollectError(str(error)) from None
            self.documents.append(document)
            for block in document.namespace["run"].blocks if number == 0 else ():
                counts[block.kind.name] = counts.get(block.kind.name, 0) + 1
            run = RunOfPage.from_parent(
                self, name=sybil.place, nodeid=self.nodeid, sybil=sybil, document=document
            )
            for example in document.examples():
                yield BlockItem.from_parent(run, sybil=sybil, example=example)

    def setup(self) -> None:
        """Do nothing for the page as a whole: each of its runs begins and ends by itself."""

    def teardown(self) -> None:
        """Do nothing, for the same reason."""


class RunOfPage(pytest.Collector):
    """One run of a page, on an engine, in a lab or a part of the journey: it ends after its last test."""

    def __init__(self, sybil: Pages, document: Document, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sybil = sybil
        self.document = document

    def collect(self) -> Iterable[pytest.Item]:
        """Return nothing: the page itself collects its tests, so that their ids have no level more."""
        return ()

    def teardown(self) -> None:
        """End the run."""
        self.sybil.finish(self.document.namespace)


class BlockItem(SybilItem):
    """A block of a page, as pytest runs it."""

    @property
    def way(self) -> Pages:
        """How its page is run."""
        way: Pages = self.example.namespace["pages"]
        return way

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report of a block is the finding itself, without a Python traceback."""
        error = excinfo.value
        block: Block = self.example.parsed
        if isinstance(error, BlockFailure):
            self.user_properties += [("page", error.path), ("line", error.line)]
            pages = self.way
            if not error.differs or pages.rewrite:
                return error.report()
            if pages.part:
                return f"{error.report()}\n{ADVICE[pages.part]}"
            advice = rewrite_command(error.path, pages.engine)
            return f"{error.report()}\nTo write what came into the page: {advice}"
        if isinstance(error, LabError):
            self.user_properties += [("page", block.path), ("line", block.line)]
            return f"{block.path}:{block.line}: no lab to run this in\n{error}"
        if isinstance(error, MachineError):
            return f"{block.path}:{block.line}: this machine cannot run it\n{error}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The page and the 0-based line of the block; no name, in which pytest would replace the dots."""
        return Path(self.example.path), self.example.parsed.line - 1, ""


def check_engines(block: Block) -> None:
    """Check that a block is bound to engines that exist.

    Raises:
        BlockError: one is unknown.
    """
    for name in block.engines:
        if name not in ENGINES:
            raise BlockError(block.path, block.line, f"unknown engine {name!r}; known: {', '.join(ENGINES)}")


def rewrite_command(page: str, engine: Engine) -> str:
    """The command that writes into a page what came on an engine."""
    if engine.name not in ENGINES or replace(engine, directory="") != ENGINES[engine.name]:
        return f"pytest --rewrite --engine-dir={shlex.quote(engine.directory)} {page}"
    return f"make rewrite PAGE={page}" + ("" if engine == default_engine() else f" ENGINE={engine.name}")


def this_machine() -> Machine:
    """The machine on which `--upstream` runs the pages."""
    return Machine()


def start_lab(engine: Engine) -> Host:
    """Start the throwaway Docker host that a page runs in."""
    return Lab.start(engine)


def describe_engine(engine: Engine) -> Provenance:
    """What an engine's labs are made of, told by one of them."""
    with Lab.start(engine) as lab:
        return describe_lab(lambda command: lab.run(command).stdout)


def block_names(blocks: Iterable[Block]) -> list[str]:
    """A name for each block of a page: its first command or its title, numbered where names repeat."""
    used: dict[str, int] = {}
    names = []
    for block in blocks:
        typed = [command.lines[0] for command in block.commands if command.lines]
        text = typed[0] if typed else block.options.get("title", block.language)
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
    group.addoption(
        "--engine",
        action="append",
        default=[],
        metavar="NAME",
        help="run the pages on this engine (without it, the newest that can be had); may be given several "
        f"times: {', '.join(ENGINES)}, or all that can be had",
    )
    group.addoption(
        "--engine-dir",
        metavar="DIR",
        help="run the pages on the engine whose binaries are in this directory (dockerd, docker, ...)",
    )
    group.addoption(
        "--lab-backend",
        choices=sorted(BACKENDS),
        help="where labs run; without it, namespaces where this machine can make them, else its Docker",
    )
    group.addoption(
        "--record", action="store_true", help="write what passed, on which engine, into snippets/recordings/"
    )
    group.addoption(
        "--journey",
        action="store_true",
        help="run the pages as readers do instead: all in one lab, in the order of the navigation, then once "
        "more there, then all on a host that was used before",
    )
    group.addoption(
        "--with-journey",
        action="store_true",
        help="run each page in a lab of its own, and the journey, too, on the default engine",
    )
    group.addoption(
        "--upstream",
        action="store_true",
        help="run the pages on this machine's own Docker and the real registries, and find out where each "
        "difference comes from; wants --disposable-machine",
    )
    group.addoption(
        "--disposable-machine",
        action="store_true",
        help="say that nobody needs this machine any more, so that pages may change anything on it",
    )
    group.addoption(
        "--upstream-report", metavar="FILE", help="write what --upstream found into this file, as JSON"
    )
    group.addoption(
        "--changed-only",
        action="store_true",
        help="leave out pages that passed and have not changed since, nor what ran them; not in CI",
    )
    group.addoption(
        "--time-limit",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help="what a command may take whose block sets no limit of its own (%(default)g); more for a machine "
        "that is slow, or emulated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the pages known to this run."""
    if backend := config.getoption("lab_backend"):
        os.environ[LAB_BACKEND] = backend
    if config.getoption("dist", "no") in _SPLITTING and _may_hold_pages(config):
        config.option.dist = "loadfile"
    summary = config.stash[_SUMMARY] = Summary()
    upstream = config.stash[_UPSTREAM] = look_at_machine(config)
    config.stash[_ENGINES] = [upstream.engine] if upstream else chosen_engines(config)
    config.stash[_SYBILS] = list(_ways_to_run(config, summary))
    config.pluginmanager.register(LastLines())


def _ways_to_run(config: pytest.Config, summary: Summary) -> Iterator[Pages]:
    """Each way in which the pages are to be run: on which engine, and in which lab.

    Raises:
        pytest.UsageError: the options contradict each other.
    """
    upstream = config.stash[_UPSTREAM]
    engines = config.stash[_ENGINES]
    if upstream:
        yield Pages(config, engines[0], summary, upstream=upstream)
        return
    if config.getoption("journey"):
        _exclude(config, "journey", "rewrite", "record", "changed_only", "with_journey")
    else:
        for engine in engines:
            yield Pages(config, engine, summary)
        engines = [default_engine()] if config.getoption("with_journey") else []
    if engines:
        journey = config.stash[_LAB] = Journey(lambda engine: start_lab(engine))
        for engine in engines:
            for part in Part:
                yield Pages(config, engine, summary, journey, part)


def _exclude(config: pytest.Config, option: str, *others: str) -> None:
    """Refuse options that contradict one that was given.

    Raises:
        pytest.UsageError: one of the others was given, too.
    """
    for other in others:
        if config.getoption(other):
            name = other.replace("_", "-")
            raise pytest.UsageError(f"--{option} and --{name} do not go together; leave one of them out")


def look_at_machine(config: pytest.Config) -> Upstream | None:
    """This machine, where the pages are to run on it.

    Raises:
        pytest.UsageError: nobody said that it is disposable, pages cannot run on it, or options exclude it.
    """
    if not config.getoption("upstream"):
        for option in ("disposable_machine", "upstream_report"):
            if config.getoption(option):
                raise pytest.UsageError(f"--{option.replace('_', '-')} goes with --upstream; say that, too")
        return None
    if not config.getoption("disposable_machine"):
        raise pytest.UsageError(
            "--upstream types the pages' commands on this machine as root: they start daemons, add users and "
            "remove images. If nobody needs this machine any more, say so: add --disposable-machine"
        )
    _exclude(
        config,
        *("upstream", "rewrite", "record", "journey", "with_journey", "changed_only", "engine", "engine_dir"),
    )
    if config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--upstream runs one page after the other: this machine has one Docker; leave -n out"
        )
    try:
        return Upstream(this_machine())
    except MachineError as error:
        raise pytest.UsageError(str(error)) from error


def _may_hold_pages(config: pytest.Config) -> bool:
    """Whether pages are among what this run is to collect."""
    pages = config.rootpath / PAGES
    named = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path.is_relative_to(pages) or pages.is_relative_to(path) for path in named)


def chosen_engines(config: pytest.Config) -> list[Engine]:
    """The engines that the pages are to run on.

    Raises:
        pytest.UsageError: one is unknown, cannot be had or does not run, or several are to write into the
            same page.
    """
    named: list[str] = config.getoption("engine")
    directory: str | None = config.getoption("engine_dir")
    for name in named:
        if name not in ENGINES and name != "all":
            raise pytest.UsageError(f"unknown engine {name!r}; known: {', '.join(ENGINES)}, or all")
    try:
        if "all" in named:
            engines = archives.here()
        else:
            engines = [archives.resolve(name) for name in dict.fromkeys(named)]
        if directory is not None:
            engines.append(engine_from_dir(Path(directory)))
        if not engines:
            engines = [default_engine()]
    except LabError as error:
        raise pytest.UsageError(str(error)) from error
    if config.getoption("rewrite") and len(engines) > 1:
        raise pytest.UsageError("--rewrite takes one engine at a time: a page is written after each")
    return engines


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a Markdown file of docs/ as a page."""
    sybils = parent.config.stash[_SYBILS]
    if not sybils[0].should_parse(file_path):
        return None
    page: pytest.Collector = PageFile.from_parent(parent, path=file_path, sybils=sybils)
    return page


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the journey in order, and leave out what `--changed-only` does; CI always runs everything."""
    if _LAB in config.stash:
        _put_in_order(config, items)
    if not config.getoption("changed_only") or os.environ.get("CI"):
        return
    passed = PassedPages()
    known: dict[int, bool] = {}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if isinstance(item, BlockItem):
            namespace = item.example.namespace
            run: PageRun = namespace["run"]
            if id(run) not in known:
                known[id(run)] = passed.has(namespace["text"], run.blocks, namespace["pages"].engine)
            (left_out if known[id(run)] else kept).append(item)
        else:
            kept.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
        pages = sum(known.values())
        config.stash[_SUMMARY].notes.append(f"{pages} pages left out: unchanged since they passed")


def _put_in_order(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the journey's tests last, part by part, the pages of each in the order of the navigation."""
    pages = navigation(config.rootpath / "mkdocs.yml")
    order = {f"{PAGES}/{page}": number for number, page in enumerate(pages)}
    ways = config.stash[_SYBILS]

    def place(item: pytest.Item) -> tuple[int, int]:
        if not isinstance(item, BlockItem) or item.way.part is None:
            return -1, 0
        return ways.index(item.way), order.get(item.example.parsed.path, len(order))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each lab of the journey to one worker; all else goes by files."""
    if _LAB not in config.stash or config.getoption("dist") == "each":
        return None
    from xdist.scheduler import LoadScopeScheduling  # only where it is in use

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            found = _JOURNEY.search(nodeid)
            return f"{found['engine']}/{Part(found['part']).lab}" if found else nodeid.split("::", 1)[0]

    return Scheduling(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of pytest-xdist knows to the process that reports."""
    if journey := session.config.stash.get(_LAB, None):
        journey.end()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        summary = session.config.stash[_SUMMARY]
        passages = {place: vars(passage) for place, passage in summary.passages.items()}
        output["pages"] = {**vars(summary), "passages": passages}
    elif upstream := session.config.stash[_UPSTREAM]:
        if path := session.config.getoption("upstream_report"):
            upstream.write(Path(path))
    elif session.config.getoption("record"):
        engines = session.config.stash[_ENGINES]
        for engine in engines:
            _record_lab(engine)
        write_images(describe_engine(engines[0]))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker knows; every worker has collected all pages."""
    output = getattr(node, "workeroutput", {}).get("pages", {})
    summary = node.config.stash[_SUMMARY]
    summary.blocks.update(output.get("blocks", {}))
    summary.notes.extend(note for note in output.get("notes", []) if note not in summary.notes)
    summary.elsewhere.update(output.get("elsewhere", {}))
    for place, counts in output.get("passages", {}).items():
        summary.passages.setdefault(place, Passage()).add(Passage(**counts))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what became of the fences: none is passed over in silence. Annotate in GitHub Actions."""
    summary = config.stash[_SUMMARY]
    if summary.blocks:
        terminalreporter.section("blocks of the pages")
        for kind in Kind:
            if kind.name in summary.blocks:
                terminalreporter.line(f"{summary.blocks[kind.name]:5} {kind.value}")
    for note in summary.notes:
        terminalreporter.line(note)
    for reason, number in Counter(summary.elsewhere.values()).items():
        terminalreporter.line(f"{number} blocks {reason}", yellow=True)
    if upstream := config.stash[_UPSTREAM]:
        terminalreporter.section("this machine's Docker")
        terminalreporter.line(as_markdown(upstream.as_json(), details=False).rstrip())
    for place, passage in sorted(summary.passages.items()):
        terminalreporter.line(f"journey {place}: {passage}")
    if os.environ.get("GITHUB_ACTIONS"):
        for outcome in ("failed", "error"):
            for report in terminalreporter.getreports(outcome):
                for line in _annotation(report):
                    terminalreporter.line(line)


class LastLines:
    """A plugin that says, below all that others report, on which engines the pages did not run."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Iterator[None]:
        """Say why each engine is lacking, and how to get it."""
        yield
        if config.stash[_SUMMARY].blocks:
            for line in engines_lacking(config):
                terminalreporter.line(line, yellow=True)


def engines_lacking(config: pytest.Config) -> Iterator[str]:
    """Yield a line for each engine that was asked for, by `all` or by default, and cannot be had."""
    if config.stash[_UPSTREAM]:
        return  # the machine decides on the engine, and no experiment hides that it is lacking
    if "all" in config.getoption("engine"):
        yield from (f"The pages did not run on {name}. {why}" for name, why in archives.lacking().items())
    elif not config.getoption("engine") and config.getoption("engine_dir") is None:
        yield from archives.instead_of(config.stash[_ENGINES][0])


def _record_lab(engine: Engine) -> None:
    """Record what an engine does at `docker run`."""
    with Lab.start(engine) as lab:
        write_trace(engine.name, record_trace(lab, lambda command: lab.run(command).stdout))


def _annotation(report: pytest.TestReport | pytest.CollectReport) -> Iterator[str]:
    """What is wrong with a page as an annotation, as GitHub's workflow commands want it escaped."""
    text = report.longreprtext
    if found := _FINDING.search(text):
        page, line = found["page"], found["line"]
    elif report.location and report.location[0].startswith(f"{PAGES}/"):
        page, line = report.location[0], str((report.location[1] or 0) + 1)
    else:
        return
    yield (
        f"::error file={_escaped(page, '%:,')},line={line},title={_escaped(report.nodeid, '%:,')}"
        f"::{_escaped(text, '%')}"
    )


def _escaped(text: str, signs: str) -> str:
    """A text in a workflow command: line ends and signs that have a meaning there are written as codes."""
    return re.sub(rf"[\r\n{signs}]", lambda found: f"%{ord(found[0]):02X}", text)


def _evaluate(example: Example) -> None:
    block: Block = example.parsed
    try:
        (example.namespace["observation"] or example.namespace["run"]).run_block(block)
    except OtherHostError as error:
        example.namespace["pages"].summary.elsewhere[f"{block.path}:{block.line}"] = str(error)
        pytest.skip(str(error))
    except NotRunError as error:
        pytest.skip(str(error))


def _check_leftovers(example: Example) -> None:
    run: PageRun = example.namespace["run"]
    journey: Journey | None = example.namespace["pages"].journey
    try:
        (example.namespace["observation"] or run).check_leftovers()
        if removed := journey.removed() if journey else ():
            run.clean = False
            block: Block = example.parsed
            reason = f"the page removes {', '.join(removed)}, which it did not make ({run.engine})"
            raise BlockFailure(block.path, block.end_line, reason)
    except NotRunError as error:
        pytest.skip(str(error))
