"""What the pages claim about Docker, and what backs each claim: a block that runs, a link to one, a source.

A *claim* is a sentence, in a paragraph, a list or a table, that states something about Docker or what it
works with: it uses one of the words in `_ABOUT`, or begins with a pronoun and follows a claim. These are
none: questions and what leads to them, instructions, sentences about the reader or the lesson, what a
correction quotes, and fragments without a verb.

A claim is backed in one of these ways; the first that holds is listed:

* **sourced**: a footnote with a link to documentation or source code, or such a link in the text. A link to
  source code names a tag or a commit, because branches move.
* **linked**: a link to a section of this site in which a block runs.
* **shown**: a block that runs is in the same section, from heading to heading, and not in another tab. The
  lines above a page's first section sum up the page, so any block of the page will do for them.

A footnote or a link covers its own sentence and the sentences before it, back to the start of the
paragraph. In a table it covers its row; in the glossary and the list of corrections, its entry.

No block of the lab can show what Docker Desktop, another system or Docker Hub does. Such a claim needs a
source, or a link to a section that has sources.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from markdown.extensions.toc import slugify, unique

from snippets.block import Kind as BlockKind
from snippets.reader.minutes import NEEDS
from snippets.reader.page import Page
from snippets.reader.passages import Box, Kind, Passage, Placed, plain, sentences

NOT_LESSON = ("docs/project/", "docs/reference/verification.md")
"""Pages about the project. What they say about Docker, they say about the lab's own engines."""

BY_ENTRY = ("docs/reference/glossary.md", "docs/check/corrections.md")
"""Pages of short entries: one footnote or link backs the whole entry."""


class Way(Enum):
    """How a claim is backed."""

    SHOWN = "shown"
    LINKED = "linked"
    SOURCED = "sourced"
    NONE = "without"


@dataclass(frozen=True)
class Claim:
    """A sentence that states something about Docker.

    Attributes:
        page: the page's path in the project.
        line: the 1-based line on which the sentence begins.
        text: the sentence as a reader sees it.
        way: how it is backed.
        by: what backs it: a line of the page, a link, or the name of a footnote; or what is missing.
    """

    page: str
    line: int
    text: str
    way: Way
    by: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text!r}: {self.by}"


_ABOUT = re.compile(
    r"""(?<![\w/.-])(?:
      docker\w*|moby|daemons?|clients?|containerd|runc|crun|shims?|buildkitd?|buildx|oci
    | registr(?:y|ies)|kernels?|linux|layers?|images
    | (?:base|parent|own|the|an|each|every|same|one)\ images?|containers?|volumes?|networks?|namespaces?
    | cgroups?|control\ groups?|manifests?|digests?|tags?|builders?|builds?|caches?|snapshotters?
    | snapshots?|overlay2|overlayfs|iptables|nftables|bridges?|the\ api|the\ engine|compose|contexts?
    | plugins?|seccomp|apparmor|capabilit(?:y|ies)|rootless|swarm|attestations?|provenance|platforms?
    | (?:logging|log|storage|network|volume)\ drivers?|credentials?|tokens?|restart\ polic(?:y|ies)
    | healthchecks?|macos|windows|wsl
    )(?![\w/])""",
    re.VERBOSE | re.IGNORECASE,
)

_NOT_IN_THE_LAB = re.compile(
    r"(?<![\w-])(?:Docker Desktop|macOS|Windows|WSL|Podman|gVisor|Kata)\b(?!-)"
    r"|\bDocker Hub (?:also |only |itself )?(?:answers|asks|counts|gives|hands|has|keeps|lets|limits|needs"
    r"|refuses|requires|sends|serves|shows|uses|wants)\b"
)

_PRONOUN = re.compile(r"(?:It|They|Its|Their|This|That|These|Those|Both|Each|Neither|None|So)\b")

_LEAD = re.compile(
    r"(?:Look: |Why: )?"
    r"(?:(?:Now|Then|First|Next|Again|Also|Here|Finally|Last|Instead|So|And|But|For example|Once more)\b,? "
    r"|(?:To|In|On|With|Before|After|If|When|As|For|From|At) [^,.:]{1,80}, )*",
)
_VERBS_OF_INSTRUCTIONS = """
    add ask attach begin break bring build call change check choose clean close come commit compare
    connect copy count create delete describe do download enter expect explain export fill find follow
    get give go have imagine import inspect install keep kill leave let list load log look make measure
    mount move name note open pick point press print prove publish pull push put reach read remember
    remove repeat replace restart run save say search see send set show skip start stay stop suppose
    switch tag take tell test think try turn type use wait watch write
"""
_INSTRUCTION = re.compile(
    rf"(?:please |don['’]t |do not |never |always |only )?(?:{'|'.join(_VERBS_OF_INSTRUCTIONS.split())})\b",
    re.IGNORECASE,
)
_READER = re.compile(
    r"(?:You(?:['’](?:ve|ll|re|d))?|We|I|Your? \w+)"
    r" (?:have |just |already |never |now |will |can |could |only |also )*"
    r"(?:seen?|saw|met|meet|know|knew|need|want|watch(?:ed)?|read|learn(?:ed)?|look(?:ed)?|notice|recogni[sz]e"
    r"|find|found|built|made|did|typed|asked|guess(?:ed)?|expect(?:ed)?|choose|chose)\b"
    r"|(?:The|This|That)"
    r" (?:lab|page|lesson|site|section|picture|table|tab|list|proof|question|answer|stand-in|block)s?\b"
    r"|(?:The|This) lab['’]s\b|In the lab\b|In the original lesson\b|Next: |Yours?\b|(?:Proof|Original):"
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|do|did|can|cannot|could|may|might|must|will|would|\w+n['’]t|keeps?"
    r"|asks?|sends?|starts?|runs?|makes?|holds?|reads?|writes?|uses?|knows?|returns?|calls?|creates?|removes?"
    r"|stores?|deletes?|pulls?|pushes|serves?|listens?|gets?|gives?|takes?|needs?|shows?|names?|points?|becomes?"
    r"|belongs?|comes?|goes|ends?|fails?|waits?|works?|finds?|looks?|changes?|shares?|adds?|sees?|stays?|lives?"
    r"|mounts?|opens?|prints?)\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:what|which|how|where|who|when|why|whether|if|to|for|from|by|as|with)\b", re.IGNORECASE
)
"""Begins what is only a part of a sentence, where no full stop ends it."""

_FRAGMENT = 4
"""A piece with fewer words is no sentence."""

_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^]\[]|\[[^]]*\])*)\]\((?P<target>[^)\s]+)[^)]*\)")
_NOTE = re.compile(r"\[\^(?P<name>[^]]+)\]")
_CODE_HOST = re.compile(r"https?://(?:raw\.)?(?:github(?:usercontent)?|gitlab|cs\.opensource)\.")
_TAGGED = re.compile(
    r"/(?:blob|tree|raw|commit|releases/tag|tags?)/(?:[\w.-]*\d[\w.-]*|[0-9a-f]{7,40})(?:/|#|$)|/[0-9a-f]{40}/"
)
_UNTAGGED = re.compile(r"/(?:issues|pull|discussions|security/advisories)/")
"""Pages of a code host that have no version."""

_ID = re.compile(r"<\w+[^>]*\bid=\"(?P<id>[^\"]+)\"")
_OWN_ID = re.compile(r"\{[^}]*#(?P<id>[\w-]+)[^}]*\} *$")
_RECORDED = re.compile(r"from snippets\.site\b")
"""In a block that the site's build executes: it shows what the project recorded or declares."""


@dataclass(frozen=True)
class _Section:
    """A section with all below it.

    Attributes:
        shows: whether a block in it runs.
        sources: whether it has a footnote or a link to a source.
    """

    shows: bool
    sources: bool


class _Indexed:
    """A page with its sections and its footnotes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        passages = page.prose.passages
        self._headings = [one for one in passages if one.kind is Kind.HEADING]
        self._title = next((one.line for one in self._headings if one.name == "#"), 0)
        self._notes = {one.name: one.text for one in passages if one.kind is Kind.FOOTNOTE}

    @cached_property
    def sections(self) -> Mapping[str, _Section]:
        """The sections by their anchors; the whole page by the empty one."""
        end = self.page.text.count("\n") + 2
        found = {"": self._section(0, end)}
        used = set[str]()
        for number, heading in enumerate(self._headings):
            below = (one.line for one in self._headings[number + 1 :] if len(one.name) <= len(heading.name))
            own = _OWN_ID.search(heading.text)
            anchor = own["id"] if own else unique(slugify(plain(heading.text), "-"), used)
            found[anchor] = self._section(heading.line, next(below, end))
        for line, row in enumerate(self.page.text.split("\n"), 1):
            for anchored in _ID.finditer(row):
                start = max((one.line for one in self._headings if one.line <= line), default=0)
                after = (one.line for one in self._headings if one.line > line)
                found[anchored["id"]] = self._section(start, next(after, end))
        return found

    def _section(self, start: int, end: int) -> _Section:
        prose = self.page.prose
        return _Section(
            any(start <= one.block.line < end and _runs(one) for one in prose.blocks),
            any(start <= one.line < end and bool(self.source_in(one.text)) for one in prose.passages),
        )

    def source_in(self, text: str) -> str:
        """The first source that a piece of Markdown names, as it is listed; empty when there is none."""
        for found in _NOTE.finditer(text):
            if any(is_source(link["target"]) for link in _LINK.finditer(self._notes.get(found["name"], ""))):
                return found["name"]
        return next((link["target"] for link in _LINK.finditer(text) if is_source(link["target"])), "")

    def shown_at(self, passage: Passage) -> int:
        """The line of a block that shows what a passage says; 0 without one."""
        blocks = [one for one in self.page.prose.blocks if _runs(one)]
        near = [one for one in blocks if one.section == passage.section]
        if not near and passage.section == self._title:
            near = blocks
        lines = [one.block.line for one in near if not _apart(one.boxes, passage.boxes)]
        before = [line for line in lines if line < passage.line]
        return before[-1] if before else next(iter(lines), 0)


def _runs(placed: Placed) -> bool:
    block = placed.block
    return block.kind is BlockKind.SESSION or (
        block.kind is BlockKind.EXEC and bool(_RECORDED.search(block.source))
    )


def _apart(some: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether two places are in two tabs of the same row."""
    tabs = {box.tabs: box for box in some if box.tabs}
    return any(box.tabs in tabs and tabs[box.tabs] != box for box in others if box.tabs)


def is_source(target: str) -> bool:
    """Whether a link leads to documentation, or to source code at a tag or a commit."""
    if not target.startswith(("https://", "http://")):
        return False
    return not _CODE_HOST.match(target) or bool(_TAGGED.search(target) or _UNTAGGED.search(target))


def claims(pages: Iterable[Page]) -> Iterator[Claim]:
    """Find all claims of some pages, and how each is backed.

    Args:
        pages: all pages of the site, so that links can be followed.

    Yields:
        The claims in the order of the pages.
    """
    indexed = {page.path: _Indexed(page) for page in pages}
    for path, one in indexed.items():
        if not path.startswith(NOT_LESSON):
            yield from _claims(one, indexed)


def _claims(one: _Indexed, pages: Mapping[str, _Indexed]) -> Iterator[Claim]:
    passages = one.page.prose.passages
    rows = _joined((each.line, each) for each in passages if each.kind is Kind.CELL)
    by_entry = one.page.path.startswith(BY_ENTRY)
    entries = _joined((each.section, each) for each in passages) if by_entry else {}
    for passage, following in zip(passages, [*passages[1:], None], strict=True):
        if passage.kind in (Kind.PARAGRAPH, Kind.ITEM, Kind.CELL) and not _asks(passage, following):
            around = rows[passage.line] if passage.kind is Kind.CELL else ""
            yield from _claims_in(passage, entries.get(passage.section, around), one, pages)


def _joined(passages: Iterable[tuple[int, Passage]]) -> dict[int, str]:
    """Passages that belong together by a line, as one piece of Markdown."""
    found = dict[int, str]()
    for line, passage in passages:
        found[line] = f"{found.get(line, '')} {passage.text}".strip()
    return found


def _asks(passage: Passage, following: Passage | None) -> bool:
    """Whether a passage asks what a folded answer below it, or a choice of answers, tells."""
    if any(box.type == "question" for box in passage.boxes):
        return not any(box.folded for box in passage.boxes)
    return bool(following and following.kind is Kind.TITLE and plain(passage.text).endswith("?"))


def _claims_in(
    passage: Passage, around: str, one: _Indexed, pages: Mapping[str, _Indexed]
) -> Iterator[Claim]:
    """The claims of a passage; `around` is the row or the entry that it is a part of."""
    said = list(sentences(passage.text))
    at, before = 0, False
    for number, sentence in enumerate(said):
        at = passage.text.index(sentence, at)
        before = is_claim(sentence, passage.kind, after_claim=before)
        if before:
            elsewhere = bool(_NOT_IN_THE_LAB.search(plain(sentence)))
            for text in [around] if around else said[number:]:
                way, by = _backed_by(text, one, pages, elsewhere=elsewhere)
                if way is not Way.NONE:
                    break
            if way is Way.NONE and not elsewhere and (line := one.shown_at(passage)):
                way, by = Way.SHOWN, f"line {line}"
            yield Claim(one.page.path, passage.line_at(at), plain(sentence), way, by)
        at += len(sentence)


def is_claim(sentence: str, kind: Kind = Kind.PARAGRAPH, *, after_claim: bool = False) -> bool:
    """Whether a sentence states something about Docker.

    Args:
        sentence: its Markdown.
        kind: where it is.
        after_claim: whether the sentence in front of it states something about Docker.
    """
    words, without_code = plain(sentence), plain(sentence, code=False)
    if words.endswith("?") or len(words.split()) < _FRAGMENT or sentence.startswith(NEEDS):
        return False
    whole = words.endswith((".", ":"))
    if (kind is Kind.CELL or not whole) and not _VERB.search(without_code):
        return False
    if not whole and _PART.match(words):
        return False
    lead = _LEAD.match(words)
    bare = words[lead.end() if lead else 0 :]
    if _INSTRUCTION.match(bare) or _READER.match(bare):
        return False
    return bool(_ABOUT.search(words)) or (after_claim and bool(_PRONOUN.match(words)))


def _backed_by(
    text: str, one: _Indexed, pages: Mapping[str, _Indexed], *, elsewhere: bool
) -> tuple[Way, str]:
    """What in a piece of Markdown backs a claim; `elsewhere` is one that no block of the lab can show."""
    if source := one.source_in(text):
        return Way.SOURCED, source
    for link in _LINK.finditer(text):
        section = _section_of(link["target"], one, pages)
        if section and (section.sources if elsewhere else section.shows or section.sources):
            return Way.LINKED, link["target"]
    if elsewhere:
        return Way.NONE, "no block can show it: it needs a footnote with a source"
    return Way.NONE, "no block in its section, no link to one, no footnote with a source"


def _section_of(target: str, one: _Indexed, pages: Mapping[str, _Indexed]) -> _Section | None:
    """The section of the site that a link leads to."""
    if ":" in target:
        return None
    path, _, anchor = target.partition("#")
    name = (
        posixpath.normpath(posixpath.join(posixpath.dirname(one.page.path), path)) if path else one.page.path
    )
    return pages[name].sections.get(anchor) if name in pages else None
