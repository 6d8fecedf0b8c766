"""What the site marks in a page's blocks: where each ran, and which of its values differ for every reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from snippets.block import HOSTS, Block, Kind
from snippets.lab.engines import ENGINES
from snippets.match.tokens import TOKEN_TYPES, Token, TokenType, tokens_of, volatile
from snippets.record import RECORDINGS, ran_on
from snippets.settings import PageSettings
from snippets.site.engine_tabs import label

LEGEND = "Values underlined with dots are samples: IDs, times, sizes and the like. Yours differ."


@dataclass(frozen=True)
class Marks:
    """What is said about one block beside its lines.

    Attributes:
        ran: the engines on which exactly this block is recorded as passed.
        verification: the address of the page on that, or nothing.
        types: the types of volatile tokens that the page knows.
        samples: what names a thing in the page's outputs; a command that uses it needs the reader's own.
        legend: whether the block explains the mark of volatile tokens, for the whole page.
    """

    ran: tuple[str, ...] = ()
    verification: str = ""
    types: tuple[TokenType, ...] = TOKEN_TYPES
    samples: frozenset[str] = frozenset()
    legend: bool = False


UNMARKED = Marks()
"""The marks of a block that stands on no page."""


@dataclass
class PageMarks:
    """The marks of a page's blocks, handed out as the site's formatter comes to them.

    Attributes:
        blocks: the page's blocks that were not asked for yet.
        ran: by a block's line, the engines on which exactly it is recorded as passed.
        settings: what the page declares about itself.
        verification: the address of the page on recordings, as seen from this page, or nothing.
        samples: what names a thing in the page's outputs.
        legend: the line of the block that explains the mark of volatile tokens; 0 when there is none.
    """

    blocks: list[Block]
    ran: dict[int, list[str]]
    settings: PageSettings
    verification: str = ""
    samples: frozenset[str] = field(init=False)
    legend: int = field(init=False)

    def __post_init__(self) -> None:
        marked = [
            (block, line, token)
            for block in self.blocks
            if block.kind in (Kind.SESSION, Kind.NORUN)
            for line, token in _tokens(block, self.types)
        ]
        self.samples = frozenset(line[t.start : t.end] for _, line, t in marked if t.type.names_a_thing)
        # What is folded or in a tab may be never seen.
        self.legend = next((b.line for b, _, _ in marked if not b.prefix), marked[0][0].line if marked else 0)

    @classmethod
    def of(
        cls,
        page: str,
        blocks: Sequence[Block],
        settings: PageSettings,
        verification: str = "",
        recordings: Path | None = None,
    ) -> PageMarks:
        """Return the marks of a page, named as in `docs/learn/parts.md`.

        Raises:
            ValueError: a recording of the page cannot be read.
        """
        ran = ran_on(page, blocks, settings, reversed(ENGINES), recordings or RECORDINGS)
        return cls(list(blocks), ran, settings, verification)

    @property
    def types(self) -> tuple[TokenType, ...]:
        """The types of volatile tokens that the page knows, its own first."""
        return (*self.settings.tokens, *TOKEN_TYPES)

    def take(self, language: str, source: str) -> Marks:
        """Return the marks of the next block of this content, and leave it out from now on."""
        for index, block in enumerate(self.blocks):
            if block.language == language and block.source == source:
                del self.blocks[index]
                ran = tuple(self.ran.get(block.line, ()))
                return Marks(ran, self.verification, self.types, self.samples, block.line == self.legend)
        return Marks((), self.verification, self.types, self.samples)


def _tokens(block: Block, types: tuple[TokenType, ...]) -> Iterator[tuple[str, Token]]:
    """Yield the volatile tokens of a session's prompts and outputs, each with its line."""
    for command in block.commands:
        yield from ((command.prompt, token) for token in tokens_of(command.prompt, (), types))
        for line, tokens in zip(command.output, volatile(command.output, types), strict=True):
            yield from ((line, token) for token in tokens)


def output(lines: Sequence[str], marks: Marks) -> list[str]:
    """Return the HTML of a command's output lines, their volatile tokens marked."""
    return [_marked(line, tokens) for line, tokens in zip(lines, volatile(lines, marks.types), strict=True)]


def prompt(text: str, marks: Marks) -> str:
    """Return the HTML of a prompt, the part that differs marked, as in `root@3f2a9c1b7d54:/#`."""
    return _marked(text, tokens_of(text, (), marks.types))


def typed(text: str, marks: Marks) -> str:
    """Return the HTML of a typed line; marked is what an output of the page names by a sample."""
    tokens = (token for token in tokens_of(text, (), marks.types) if token.type.names_a_thing)
    return _marked(text, (t for t in tokens if _known(text[t.start : t.end], marks.samples)))


def _known(text: str, samples: frozenset[str]) -> bool:
    start = text.removeprefix("sha256:")
    return text in samples or any(s.removeprefix("sha256:").startswith(start) for s in samples)


def _marked(line: str, tokens: Iterable[Token]) -> str:
    parts, at = [], 0
    for token in tokens:
        parts.append(escape(line[at : token.start]))
        parts.append(f'<span class="v">{escape(line[token.start : token.end])}</span>')
        at = token.end
    return "".join([*parts, escape(line[at:])])


def where(block: Block, marks: Marks) -> str:
    """Return the HTML of what the bar of a block says about engines: which it is for, which it ran on."""
    parts = []
    if block.engines:
        parts.append(f'<span class="bound">for {escape(label(block.engines))}</span>')
    if block.host:
        parts.append(f'<span class="bound">for {HOSTS[block.host]}</span>')
    if marks.ran:
        text, names = _ran(block.engines, marks.ran), ", ".join(marks.ran)
        hidden = "" if block.engines or names in text else f'<span class="unseen">: {escape(names)}</span>'
        inner = f"{escape(text)}{hidden}"
        link = f'<a class="ran" href="{escape(marks.verification)}" title="{escape(names)}">{inner}</a>'
        parts.append(link if marks.verification else f'<span class="ran">{inner}</span>')
    # The same words at every block would be found by every search.
    return f'<span class="where" data-search-exclude>{" ".join(parts)}</span>' if parts else ""


def needs(block: Block) -> str:
    """Return what a block that is bound to a kind of host needs, in words."""
    return f"it needs a host with {HOSTS[block.host]}"


def _ran(bound: Sequence[str], ran: Sequence[str]) -> str:
    if bound and set(bound) <= set(ran):
        return "ran there"
    if not bound and len(ran) > 2 and set(ran) >= set(ENGINES):
        return f"ran on {len(ran)} engines"
    return f"ran on {', '.join(ran)}"


def asides(block: Block, marks: Marks) -> Iterator[str]:
    """Yield what a reader has to know of a block that its lines do not show."""
    if "norun" in block.options:
        yield f"Not run: {block.options['norun']}"
    elif block.host and not marks.ran:
        yield f"Not run yet: {needs(block)}."
    if block.varies:
        yield f"On a machine that you already use, the output may differ: {block.varies.removesuffix('.')}."
    if block.retry:
        yield "This can take a moment. If you see something else, run it again."
    if block.options.get("exit", "0") != "0":
        last = "The last command ends" if len(block.commands) > 1 else "The command ends"
        yield f"{last} with exit status {block.options['exit']}."
