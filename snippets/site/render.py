"""Block → HTML: the one superfences formatter of the site, for every language.

A terminal's prompts and output are marked apart from what is typed, and only what is typed is copied. What
is said beside a block's lines is in `snippets.site.marks`. What is wrong with a fence is logged as a warning,
which fails a strict build: superfences itself would swallow it.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any
from weakref import WeakKeyDictionary

from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from snippets.block import (
    CONSOLE,
    DIAGRAM,
    INTERRUPT,
    Block,
    BlockError,
    Command,
    Kind,
    parse_page,
    parse_session,
)
from snippets.reader.minutes import with_minutes
from snippets.settings import parse_settings
from snippets.site import diagram, engine_tabs, glossary, marks, minutes
from snippets.site.marks import UNMARKED, Marks, PageMarks

VERIFICATION = "reference/verification.md"
"""The page on what was run; every mark of a run links to it."""

# MkDocs counts warnings of loggers below "mkdocs"; with --strict one is enough to fail the build.
log = logging.getLogger("mkdocs.snippets")

_LINK = re.compile(r'<a href="(?P<path>(?!\w+:|/)[^"#]+\.md)(?P<anchor>(?:#[^"]*)?)"')

# The marks of the page that a converter is at.
_marks: WeakKeyDictionary[Markdown, PageMarks] = WeakKeyDictionary()


def validate(
    language: str, inputs: dict[str, str], options: dict[str, Any], _attrs: object, _md: object
) -> bool:
    """Take every option of every fence; it is `check_page` that judges them, with the grammar."""
    del language
    options.update(inputs)
    return True


def fence(
    source: str, language: str, _css_class: str, options: dict[str, str], md: Markdown, **_kwargs: object
) -> str:
    """Return the HTML of a fence, as superfences' formatter. Never raises: faults are logged as warnings."""
    page = page_of(md)
    try:
        block = block_of(source, language.lower(), options)
        if max(highlighted_lines(block), default=0) > len(block.lines):
            path, line = locate(page, source)
            log.warning("%s:%d: hl_lines names lines that the block does not have", path, line)
        on_page = _marks.get(md)
        return render(block, on_page.take(block.language, source) if on_page else UNMARKED)
    except diagram.DiagramError as error:
        path, line = locate(page, source)
        log.warning("%s:%d: %s", path, line + error.line, error)
    except BlockError as error:
        if not page:  # Else check_page has said so, with the right line.
            log.warning("a generated fence: %s", error)
    except Exception:
        # superfences would show the fence as plain text and the build would pass.
        log.warning("%s:%d: the fence cannot be rendered", *locate(page, source), exc_info=True)
    return f'<div class="highlight"><pre><code>{escape(source)}</code></pre></div>'


def block_of(source: str, language: str, options: dict[str, str]) -> Block:
    """Return a fence as a block. Raises BlockError when it is a console block that cannot be read."""
    lines = tuple(source.split("\n"))
    commands = tuple(parse_session(lines, 2)) if language == CONSOLE else ()
    return Block("", 1, len(lines) + 2, "", language, options, lines, Kind.NORUN, commands)


def render(block: Block, about: Marks = UNMARKED) -> str:
    """Return the HTML of a block. Raises DiagramError when it is a diagram that cannot be drawn."""
    if block.language == DIAGRAM:
        return figure(block)
    if block.language == CONSOLE:
        kind, title, code = "terminal", "Terminal", session(block, about)
        copy = "\n".join(command.text for command in block.commands if command.is_typed)
        # The theme's copy button takes this text instead of what is shown; no-copy leaves the button out.
        if by_line(block):
            kind, copied = f"{kind} no-copy by-line", ""
        else:
            kind, copied = (kind if copy else f"{kind} no-copy"), f' data-copy="{attribute(copy)}"'
    else:
        kind, (title, code), copied = "code", listing(block), ""
    # assets/tabs.js shows the tab of the reader's engine.
    bound = f' data-engine="{escape(" ".join(block.engines))}"' if block.engines else ""
    title = block.options.get("title", title)
    numbered = " numbered" if "linenums" in block.options else ""
    notes = "".join(f'<p class="aside">{escape(text)}</p>' for text in marks.asides(block, about))
    if about.legend:
        notes += f'<p class="aside legend" data-search-exclude>{legend()}</p>'
    return (
        f'<div class="language-{escape(block.language)} highlight {kind}{numbered}"{copied}{bound}>'
        f'<span class="filename">{escape(title)}{marks.where(block, about)}</span>'
        f"<pre><span></span><code>{code}</code></pre>{notes}</div>"
    )


def by_line(block: Block) -> bool:
    """Whether a block's commands are copied one by one, because pasted as one they would go astray.

    What is typed into a program would reach the shell when the program does not open or has ended, and its
    `exit` would end the reader's own shell. Ctrl-C would drop what follows a command that keeps running.
    """
    typed = [number for number, command in enumerate(block.commands) if command.is_typed]
    if len(typed) < 2:
        return False
    within = block.commands[typed[0] : typed[-1] + 1]
    return not all(command.is_typed and command.is_shell for command in within)


def copy_button(command: Command) -> str:
    """Return the HTML of a button that copies one command; the theme's script acts on its attribute."""
    name = escape(f"Copy: {command.lines[0]}")
    return (
        '<button class="md-code__button" type="button" data-md-type="copy" title="Copy" '
        f'aria-label="{name}" data-clipboard-text="{attribute(command.text)}"></button>'
    )


def attribute(text: str) -> str:
    """Return a text of several lines as the value of an HTML attribute."""
    return escape(text).replace("\n", "&#10;")


def session(block: Block, about: Marks) -> str:
    """Return the HTML of a console block's lines: prompts, what is typed and output in spans of their own."""
    rows = [""] * len(block.lines)
    one_by_one = by_line(block)
    classes = ["line go"] * len(block.lines)
    for command in block.commands:
        first = command.line - block.line - 1
        for offset, text in enumerate(command.lines):
            line = block.lines[first + offset]
            start = command.prompt if offset == 0 else line[: len("> ")]
            rows[first + offset] = (
                f'<span class="gp">{marks.prompt(line[: len(start)], about)}</span>'
                f'<span class="cmd">{marks.typed(text, about)}</span>'
            )
            classes[first + offset] = "line turn" if offset == 0 else "line"
        if one_by_one and command.is_typed:
            rows[first] = copy_button(command) + rows[first]
        below = first + len(command.lines)
        for number, row in enumerate(marks.output(command.output, about), below):
            rows[number] = row
    marked = highlighted_lines(block)
    for number, line in enumerate(block.lines):
        if classes[number] == "line go":
            classes[number] += {"...": " elided", INTERRUPT: " key"}.get(line.strip(), "")
        classes[number] += " hll" if number + 1 in marked else ""
    return "".join(
        f'<span class="{kind}">{row or escape(line)}\n</span>'
        for kind, row, line in zip(classes, rows, block.lines, strict=True)
    )


def listing(block: Block) -> tuple[str, str]:
    """Return the language's name for the reader and the highlighted HTML of a block that is no session."""
    try:
        lexer = get_lexer_by_name(block.language or "text", stripnl=False, ensurenl=True)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False)
    # Pygments closes its spans at the end of each line, so a line can be put into a span of its own.
    lines = highlight(block.source + "\n", lexer, HtmlFormatter(nowrap=True)).removesuffix("\n").split("\n")
    marked = highlighted_lines(block)
    return lexer.name, "".join(
        f'<span class="line{" hll" if number in marked else ""}">{line}\n</span>'
        for number, line in enumerate(lines, 1)
    )


def figure(block: Block) -> str:
    """Return a diagram in a frame that scrolls, by keyboard, too, where the screen is too narrow for it."""
    caption = block.options.get("title")
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        '<figure class="diagram" data-search-exclude>'
        f'<div tabindex="0">{diagram.svg(block.source)}</div>'
        f"{below}</figure>"
    )


def legend() -> str:
    """Return the HTML of the words that explain how values that differ are marked."""
    mark, rest = marks.LEGEND.split(" are ", 1)
    return f'<span class="v">{mark}</span> are {rest}'


def highlighted_lines(block: Block) -> set[int]:
    """Return the numbers, from 1, of the lines that `hl_lines` names, as in "1 3-5"."""
    numbers: set[int] = set()
    for part in block.options.get("hl_lines", "").split():
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def page_of(md: Markdown) -> tuple[str, str] | None:
    """Return the path and the text of the page that MkDocs is converting, or None outside of one.

    Text that markdown-exec generates, and other programs than MkDocs, have no page here.
    """
    if "relpath" not in md.treeprocessors:
        return None
    processor: Any = md.treeprocessors["relpath"]
    path = Path(processor.file.abs_src_path)
    root = Path(processor.config.config_file_path).parent
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return name, processor.file.content_string


class CheckPages(Preprocessor):
    """Check the page's fences before it is converted: what superfences takes for text is no fence to it.

    What will be marked in its blocks, and the links to the glossary, are prepared at the same time.
    """

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines as they are."""
        page = page_of(self.md) if self.md else None
        if page:
            prepare(self.md, page)
        return lines


class TellMinutes(Preprocessor):
    """Say how long a page takes, behind what it needs."""

    def run(self, lines: list[str]) -> list[str]:
        """Return the lines with the minutes in them."""
        page = page_of(self.md) if self.md else None
        if not page:
            return lines
        processor: Any = self.md.treeprocessors["relpath"]
        pages = ((file.src_uri, file.content_string) for file in processor.files.documentation_pages())
        try:
            return list(with_minutes(lines, minutes.takes(processor.file.src_uri, page[1], pages)))
        except BlockError:  # check_page says so.
            return lines


class TellEngines(Postprocessor):
    """Tell assets/tabs.js of the engines, on every page that has something of one."""

    def run(self, text: str) -> str:
        """Return the page's HTML with the list of engines at its end."""
        if "data-engine=" not in text or not (self.md and page_of(self.md)):
            return text
        return f'{text}\n<span data-engines="{escape(engine_tabs.kin())}" hidden></span>'


class ResolveLinks(Postprocessor):
    """Resolve the links to pages in what markdown-exec has generated: MkDocs resolves the others alone."""

    def run(self, text: str) -> str:
        """Return the page's HTML with the addresses of pages in place of their paths."""
        if ".md" not in text or not (self.md and page_of(self.md)):
            return text
        return _LINK.sub(self._resolved, text)

    def _resolved(self, found: re.Match[str]) -> str:
        processor: Any = self.md.treeprocessors["relpath"]
        name = processor.file.src_uri
        target = processor.files.get_file_from_path(normpath(join(dirname(name), found["path"])))
        if target is None:
            log.warning("%s: a link to %s, which is no page", name, found["path"])
            return found[0]
        return f'<a href="{target.url_relative_to(processor.file)}{found["anchor"]}"'


def prepare(md: Markdown, page: tuple[str, str]) -> None:
    """Check a page, prepare the marks of its blocks and its links to the glossary; log what is wrong."""
    path, text = page
    blocks = check_page(path, text)
    processor: Any = md.treeprocessors["relpath"]
    verification = processor.files.get_file_from_path(VERIFICATION)
    address = verification.url_relative_to(processor.file) if verification else ""
    name = processor.file.src_uri
    if defined := processor.files.get_file_from_path(glossary.GLOSSARY):
        links = glossary.references(defined.content_string, name)
        md.references.update({term: (link, "") for term, link in links.items()})
    try:
        settings = parse_settings(text, path)
        _marks[md] = PageMarks.of(f"docs/{name}", blocks, settings, address and f"{address}#{slug(name)}")
    except ValueError as error:  # BlockError is one.
        log.warning("%s", error)


def slug(page: str) -> str:
    """Return the id that a page, such as `learn/parts.md`, has on the page on what was run."""
    return page.removesuffix(".md").replace("/", "-")


class CheckPagesExtension(Extension):
    """`snippets.site.render` as a Markdown extension: it checks pages and adds minutes and engines."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Register the check ahead of all that changes the text, and the list behind all."""
        md.preprocessors.register(CheckPages(md), "check-pages", 200)
        md.preprocessors.register(TellMinutes(md), "tell-minutes", 190)
        md.postprocessors.register(TellEngines(md), "tell-engines", -100)
        md.postprocessors.register(ResolveLinks(md), "resolve-links", -110)


def makeExtension(**_kwargs: Any) -> Extension:  # noqa: N802
    """Return the Markdown extension, under the name that Python-Markdown looks for."""
    return CheckPagesExtension()


@lru_cache(maxsize=256)
def check_page(path: str, text: str) -> tuple[Block, ...]:
    """Return the page's blocks; log what the grammar has against it, once per version of the page."""
    try:
        blocks = tuple(parse_page(text, path))
    except BlockError as error:
        log.warning("%s", error)
        return ()
    for line, fault in engine_tabs.faults(text, blocks):
        log.warning("%s:%d: %s", path, line, fault)
    return blocks


def locate(page: tuple[str, str] | None, source: str) -> tuple[str, int]:
    """Return the path and the line of the fence with this content, as far as they can be known."""
    if page is None:
        return "a generated fence", 0
    found = (block.line for block in check_page(*page) if block.source == source)
    return page[0], next(found, 0)
