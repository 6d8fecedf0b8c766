"""The grammar: a Markdown page's fences become blocks, a console block becomes commands and expected output.

The verifier, the rewriter and the site's renderer all read fences through this module and nothing else does.
The header of a fence is read with superfences' own pattern, so that the site and the verifier cannot
disagree about what a fence is; whatever superfences would quietly leave alone is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath

from markdown.extensions.attr_list import get_attrs_and_remainder
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from pymdownx.superfences import RE_NESTED_FENCE_START, RE_OPTIONS

FILES = Path(__file__).parent / "files"
"""Where `--8<-- "name"` looks for the files that pages include."""

MARKDOWN_INDENT = 4
"""Python-Markdown nests by four columns; anything else falls out of its list or tab."""

RUN_OPTIONS = ("engine", "exit", "host", "norun", "order", "retry", "timeout")
"""Options that say how a console block is run."""

HOSTS: Mapping[str, str] = {"cgroup2": "control groups version 2", "cgroup1": "control groups version 1"}
"""The kinds of host that a block can be bound to, newest first, and what readers call them."""

VARIES = "varies"
"""The option that says why a console block's output may differ on a host that was used before."""

SHOW_OPTIONS = ("title", "hl_lines", "linenums")
"""Options that say how a block is shown."""

EXEC_OPTIONS = (
    "exec",
    "html",
    "id",
    "idprefix",
    "result",
    "returncode",
    "session",
    "source",
    "updatetoc",
    "width",
)
"""Options of a markdown-exec block, which the site's build executes."""

DATA_LANGUAGES = ("json", "toml", "yaml")
"""Languages whose blocks are parsed when they name no file."""

DIAGRAM = "mermaid"
CONSOLE = "console"

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r"(?P<marker>`{3,}|~{3,})(?P<info>.*)$")
_LIST_GLUED_FENCE = re.compile(r"^[ >\t]*(?:[-*+]|\d+[.)])[ \t]+(?:`{3,}|~{3,})\w*")
_CONTAINER = re.compile(r"^(?:[-*+]|\d+\.|:|===[!+]*|!!!|\?\?\?\+?|///|\[\^[^]]+\]:)(?:\s|$)")
_INCLUDE = re.compile(r"^(?P<indent>[ \t]*)-+8<-+ +(?P<quote>[\"'])(?P<name>.*?)(?P=quote)\s*$")
_FILE_NAME = re.compile(r"^[\w@.+-]+(?:/[\w@.+-]+)*$")
_TERMINAL = re.compile(r"^Terminal (?P<number>[1-9]\d*)\b")
_LIKE_TERMINAL = re.compile(r"\W*term(?:inal)?[\W_]*(?P<number>\d+)", re.IGNORECASE)

SHELL_PROMPT = "$ "
CONTINUATION = "> "
INTERRUPT = "^C"
"""What a terminal shows when Ctrl-C is pressed."""

RUNNING = ""
"""The prompt of what is no command: more output of the one that runs in the terminal."""

_INNER_PROMPT = re.compile(
    r"""^(?P<prompt>
          [a-z_][\w.-]*@[\w.-]+:[^\s\#$]*[\#$]    # root@3f2a9c1b7d54:/tmp#
        | (?:/[\w./-]*|~)\ [\#$]                  # / #            (busybox)
        | (?:ba|da|k)?sh-\d[\d.]*[\#$]            # bash-5.2#
        )(?:\ (?P<text>.*))?$""",
    re.VERBOSE,
)


class BlockError(ValueError):
    """A fence that cannot be read, with where it is and what to do.

    Attributes:
        path: the page, as it was named to the parser.
        line: the 1-based line of the fault.
        reason: what is wrong and what to do.
    """

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class Kind(Enum):
    """What becomes of a block: each fence of a page is exactly one of these."""

    SESSION = "typed into a terminal of the lab, its output compared"
    FILE = "held against the file that a command of the page made"
    DATA = "parsed"
    DIAGRAM = "drawn when the site is built"
    EXEC = "executed by markdown-exec when the site is built"
    NORUN = "shown, not run, for a reason that the reader sees"


RUNS = (Kind.SESSION, Kind.FILE)
"""The kinds of block that an engine has a part in."""


@dataclass(frozen=True)
class Command:
    """One command of a console block with the output that the page shows for it.

    Attributes:
        prompt: the prompt before it, trailing space included: `$ ` or that of a program in the terminal;
            `INTERRUPT` for Ctrl-C, which ends the command that runs in the terminal, and `RUNNING` where a
            block shows more output of that command.
        lines: what is typed, line by line, prompts and continuation marks taken off.
        line: the page's 1-based line of the prompt.
        output: the expected output's lines; blank lines at the end do not count.
    """

    prompt: str
    lines: tuple[str, ...]
    line: int
    output: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that is typed, without the last newline."""
        return "\n".join(self.lines)

    @property
    def output_line(self) -> int:
        """The page's 1-based line on which the expected output begins."""
        return self.line + len(self.lines)

    @property
    def is_shell(self) -> bool:
        """Whether it is typed at the lab's shell, and not into a program that an earlier command opened."""
        return self.prompt == SHELL_PROMPT

    @property
    def is_typed(self) -> bool:
        """Whether a line is typed at all: neither Ctrl-C nor the output of a command that still runs."""
        return self.prompt not in (INTERRUPT, RUNNING)


@dataclass(frozen=True)
class Block:
    """A fence of a page.

    Attributes:
        path: the page, as it was named to the parser.
        line: the 1-based line of the opening fence.
        end_line: the 1-based line of the closing fence.
        prefix: what stands before the fence on its line: spaces and quote marks.
        language: the fence's language, in lower case.
        options: its options, as written.
        lines: the content at its true indentation, includes expanded.
        kind: what becomes of it.
        commands: of a session, its commands in order.
        start: offset in characters of the opening fence's line.
        end: offset in characters of the end of the closing fence's line.
    """

    path: str
    line: int
    end_line: int
    prefix: str
    language: str
    options: Mapping[str, str]
    lines: tuple[str, ...]
    kind: Kind
    commands: tuple[Command, ...] = field(default=())
    start: int = 0
    end: int = 0

    @property
    def source(self) -> str:
        """The content as one string, without a newline at its end."""
        return "\n".join(self.lines)

    @property
    def terminal(self) -> int:
        """The number of the terminal that a session is typed into; 1 unless its title says `Terminal N`."""
        named = _TERMINAL.match(self.options.get("title", ""))
        return int(named["number"]) if named else 1

    @property
    def exit_status(self) -> int:
        """The exit status that the last shell command of a session must have; all others must have 0."""
        return int(self.options.get("exit", "0"))

    @property
    def engines(self) -> tuple[str, ...]:
        """The names of the engines that the block is bound to; empty when it holds for all."""
        return tuple(self.options.get("engine", "").split())

    def runs_on(self, engine: str) -> bool:
        """Whether the block holds for an engine: it is bound to that one, or to none."""
        return not self.engines or engine in self.engines

    @property
    def host(self) -> str:
        """The kind of host that the block is bound to, one of `HOSTS`; empty when it holds for all."""
        return self.options.get("host", "")

    @property
    def any_order(self) -> bool:
        """Whether the output's lines may come in any order, where Docker gives none."""
        return self.options.get("order") == "any"

    @property
    def varies(self) -> str:
        """Why the output may differ on a host that was used before; empty when it may not."""
        return self.options.get(VARIES, "")

    @property
    def retry(self) -> float:
        """The seconds for which a command is repeated until its output is what the page shows."""
        return float(self.options.get("retry", "0"))

    @property
    def timeout(self) -> float | None:
        """The seconds that a command may take, when the block sets a limit of its own."""
        return float(self.options["timeout"]) if "timeout" in self.options else None


def parse_page(text: str, path: str, files: Path = FILES) -> list[Block]:
    """Find every fence of a page.

    Args:
        text: the page's Markdown.
        path: how to name the page in errors.
        files: the folder that `--8<--` includes from.

    Returns:
        The blocks in the page's order.

    Raises:
        BlockError: a fence is broken, or of a kind that nobody would run, parse or explain.
    """
    lines = page_lines(text)
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    bare = [line.rstrip("\r\n").expandtabs(MARKDOWN_INDENT) for line in lines]
    blocks: list[Block] = []
    index = front_matter_end(bare)
    while index < len(bare):
        line = bare[index]
        content = line.lstrip(" >")
        prefix = line[: len(line) - len(content)]
        if content.startswith("<!--"):
            index = _skip_comment(bare, index, path)
            continue
        opener = _FENCE.match(content)
        if opener and "`" not in opener["info"]:
            closer = _find_closer(bare, index, prefix, opener["marker"], path)
            language, options = _parse_header(content, path, index + 1)
            _check_indent(bare, index, prefix, path)
            body = [_dedent(row, prefix) for row in lines[index + 1 : closer]]
            content_lines = _expand(body, language, files, path, index + 2)
            block = Block(
                path,
                index + 1,
                closer + 1,
                prefix,
                language,
                options,
                content_lines,
                _kind(path, index + 1, language, options),
                tuple(parse_session(content_lines, index + 2, path)) if language == CONSOLE else (),
                offsets[index],
                offsets[closer + 1],
            )
            if block.kind is Kind.SESSION:
                _check_running(block, blocks)
            blocks.append(block)
            index = closer
        elif _LIST_GLUED_FENCE.match(line):
            raise BlockError(
                path,
                index + 1,
                "a fence on the line of its list mark is no fence to the site; put it on a line of its own",
            )
        elif included := _INCLUDE.match(line):
            _check_included_text(included["name"], files, path, index + 1)
        index += 1
    return blocks


def page_lines(text: str) -> list[str]:
    """The lines of a page with their line ends; only LF ends a line, whatever else Unicode calls one."""
    return _LINE.findall(text)


def parse_session(lines: Sequence[str], first_line: int = 1, path: str = "console block") -> list[Command]:
    """Read a console block's content.

    `$ ` starts a command and `> ` directly below continues it. A prompt of another program (a shell in a
    container) starts a line that is typed into that program. `^C` on a line of its own ends the command that
    runs. Everything else is output; before any prompt it is of the command that still runs in the terminal.

    Args:
        lines: the content at its true indentation.
        first_line: the page's 1-based line of the content's first line, for errors and reports.
        path: how to name the page in errors.

    Returns:
        The commands in order, each with its expected output.

    Raises:
        BlockError: there is nothing to run, or a line that cannot be typed.
    """
    commands: list[Command] = []
    prompt, typed, output, at = RUNNING, list[str](), list[str](), first_line

    def finish() -> None:
        while output and not output[-1].strip():
            output.pop()
        if output or prompt != RUNNING:
            commands.append(Command(prompt, tuple(typed), at, tuple(output)))

    for number, line in enumerate(lines, first_line):
        inner = _INNER_PROMPT.match(line)
        if line.startswith(SHELL_PROMPT) or (inner and inner["text"] is not None):
            finish()
            prompt = f"{inner['prompt']} " if inner else SHELL_PROMPT
            typed, output, at = [line[len(prompt) :]], [], number
        elif line == INTERRUPT:
            if prompt != RUNNING:
                finish()
                output, at = [], number
            prompt, typed = INTERRUPT, []
            finish()
            prompt, output, at = RUNNING, [], number + 1
        elif prompt not in (RUNNING, INTERRUPT) and not output and _continues(line):
            if prompt != SHELL_PROMPT:
                raise BlockError(path, number, "a program is typed one line at a time; join the lines")
            typed.append(line[len(CONTINUATION) :])
        else:
            output.append(line)
    finish()
    if not commands:
        raise BlockError(path, first_line, "a console block without a command; a command starts with '$ '")
    return commands


def _continues(line: str) -> bool:
    return line.startswith(CONTINUATION) or line == CONTINUATION.rstrip()


def _check_running(block: Block, earlier: Sequence[Block]) -> None:
    """Output before any command makes sense only where one can still run: in a terminal named before."""
    first = block.commands[0]
    known = any(other.kind is Kind.SESSION and other.terminal == block.terminal for other in earlier)
    if not first.is_typed and not (known and _TERMINAL.match(block.options.get("title", ""))):
        raise BlockError(
            block.path,
            first.line,
            "output before any command; a command starts with '$ '. For more output of a command that still "
            'runs, name its terminal: title="Terminal 2"',
        )


def front_matter_end(lines: Sequence[str]) -> int:
    """The index of the line after a page's front matter; 0 when it has none."""
    if lines and lines[0].rstrip() == "---":
        for index in range(1, len(lines)):
            if lines[index].rstrip() in ("---", "..."):
                return index + 1
    return 0


def _skip_comment(lines: Sequence[str], index: int, path: str) -> int:
    for end in range(index, len(lines)):
        if "-->" in lines[end]:
            return end + 1
    raise BlockError(
        path, index + 1, "an HTML comment that is never closed hides the rest of the page; add '-->'"
    )


def _find_closer(lines: Sequence[str], opener: int, prefix: str, marker: str, path: str) -> int:
    """The index of the closing fence: the same marks at the same indentation, as superfences wants it."""
    for index in range(opener + 1, len(lines)):
        line = lines[index]
        if line.startswith(prefix):
            if line[len(prefix) :].rstrip() == marker:
                return index
        elif line.strip(" >"):
            raise BlockError(
                path,
                index + 1,
                f"this line stands further left than the fence of line {opener + 1} that it is in; "
                f"indent it by {len(prefix)}, or close the fence with {marker} above it",
            )
    raise BlockError(
        path, opener + 1, f"this fence is never closed; close it with {marker} at the same indentation"
    )


def _parse_header(content: str, path: str, line: int) -> tuple[str, dict[str, str]]:
    header = RE_NESTED_FENCE_START.match(content)
    if header is None or header["unrecognized"]:
        raise BlockError(
            path, line, 'the site cannot read this fence\'s header; write ```{ .language option="value" }'
        )
    language = header["lang"] or ""
    options: dict[str, str] = {}
    classes: list[str] = []
    if header["attrs"]:
        pairs, remainder = get_attrs_and_remainder(header["attrs"])
        if remainder.strip():
            raise BlockError(path, line, f"cannot read {remainder.strip()!r} in the fence's options")
    else:
        pairs = [
            (option["key"], option["value"] or option["key"])
            for option in RE_OPTIONS.finditer(header["options"] or "")
        ]
    for key, value in pairs:
        if key == ".":
            classes.append(value)
        elif key in options:
            raise BlockError(path, line, f"the option {key!r} is given twice")
        else:
            options[key] = value
    if not language and classes:
        language = classes.pop(0)
    if classes:
        raise BlockError(path, line, f"more than one language: {' '.join([language, *classes])}")
    return language.lower(), options


def _check_indent(lines: Sequence[str], index: int, prefix: str, path: str) -> None:
    """An indented fence must stand in something that indents, else the site shows it as literal text."""
    indent = len(prefix.replace(">", " ")) if ">" not in prefix else len(prefix) - prefix.rfind(">") - 2
    if indent <= 0:
        return
    if indent % MARKDOWN_INDENT:
        raise BlockError(
            path, index + 1, f"indented by {indent}; the site nests by multiples of {MARKDOWN_INDENT}"
        )
    for above in range(index - 1, -1, -1):
        inside = lines[above][len(prefix) - indent :]
        if inside.strip() and len(inside) - len(inside.lstrip()) < indent:
            depth = len(inside) - len(inside.lstrip())
            if depth == indent - MARKDOWN_INDENT and _CONTAINER.match(inside.lstrip()):
                return
            if depth == indent - MARKDOWN_INDENT and not _blank_above(lines, above, index):
                continue
            break
    raise BlockError(
        path,
        index + 1,
        "this fence is indented but stands in no list, tab or admonition, so the site shows it as text",
    )


def _blank_above(lines: Sequence[str], start: int, end: int) -> bool:
    return any(not lines[index].strip() for index in range(start, end))


def _dedent(line: str, prefix: str) -> str:
    """A content line at its true indentation; tabs behind the indentation stay, a Makefile needs them."""
    row = line.rstrip("\r\n")
    column = 0
    for index, character in enumerate(row):
        if column >= len(prefix):
            return " " * (column - len(prefix)) + row[index:]
        column += MARKDOWN_INDENT - column % MARKDOWN_INDENT if character == "\t" else 1
    return ""


def _expand(body: Sequence[str], language: str, files: Path, path: str, first_line: int) -> tuple[str, ...]:
    expanded: list[str] = []
    for number, line in enumerate(body, first_line):
        include = _INCLUDE.match(line)
        if include and language == CONSOLE:
            raise BlockError(
                path, number, "a console block includes nothing: the page is where its output is written"
            )
        if include:
            rows = _included(include["name"], files, path, number).splitlines()
            expanded.extend(include["indent"] + row if row else row for row in rows)
        else:
            expanded.append(line)
    return tuple(expanded)


def _included(name: str, files: Path, path: str, line: int) -> str:
    source = files / name
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BlockError(path, line, f"cannot include {name!r} from {files.name}/: {error}") from error


def _check_included_text(name: str, files: Path, path: str, line: int) -> None:
    for row in _included(name, files, path, line).splitlines():
        if _FENCE.match(row.lstrip(" >\t")):
            raise BlockError(
                path, line, f"{name!r} brings a fence into the page; write fences in the page itself"
            )


def _kind(path: str, line: int, language: str, options: Mapping[str, str]) -> Kind:
    """What becomes of a fence; raises when it would be neither run, used, parsed nor explained."""
    if not language:
        raise BlockError(
            path, line, "a fence without a language; write ```console for commands, or name the language"
        )
    if language != DIAGRAM:
        try:
            get_lexer_by_name(language)
        except ClassNotFound:
            raise BlockError(path, line, f"unknown language {language!r}") from None
    _check_values(path, line, options)
    for name, example in (("norun", "needs macOS"), (VARIES, "you may have more images")):
        if name in options and len(options[name].split()) < 2:
            raise BlockError(path, line, f'{name} wants a reason that the reader sees: {name}="{example}"')
    if "norun" in options:
        kind, known = Kind.NORUN, {*SHOW_OPTIONS, "norun"}
    elif language == CONSOLE:
        _check_terminal(path, line, options.get("title", ""))
        kind, known = Kind.SESSION, {*SHOW_OPTIONS, *RUN_OPTIONS, VARIES}
    elif language == DIAGRAM:
        kind, known = Kind.DIAGRAM, {"title"}
    elif "exec" in options:
        kind, known = Kind.EXEC, {*SHOW_OPTIONS, *EXEC_OPTIONS}
        if language != "python":
            raise BlockError(path, line, "only python blocks are executed by the site's build")
    elif "title" in options and file_name(options["title"]):
        kind, known = Kind.FILE, {*SHOW_OPTIONS, "engine"}
    elif language in DATA_LANGUAGES:
        kind, known = Kind.DATA, set(SHOW_OPTIONS)
    else:
        raise BlockError(
            path,
            line,
            f'nothing would check this {language} block; name the file that it is (title="Dockerfile"), '
            'write it as a console block, or say why it is not run (norun="reason")',
        )
    unknown = sorted(set(options) - known)
    if unknown:
        raise BlockError(
            path,
            line,
            f"unknown option {unknown[0]!r} of a {language} block; known: {', '.join(sorted(known))}",
        )
    return kind


def _check_terminal(path: str, line: int, title: str) -> None:
    """A title that looks like a terminal's must be one, else the commands would go to the first."""
    like = _LIKE_TERMINAL.match(title)
    if like and not _TERMINAL.match(title):
        number = int(like["number"]) or 1
        raise BlockError(path, line, f'title="{title}" names no terminal; write title="Terminal {number}"')


def session_commands(blocks: Iterable[Block]) -> Iterator[tuple[Block, Command]]:
    """The commands of the console blocks, each with its block, in order."""
    return ((block, command) for block in blocks if block.kind is Kind.SESSION for command in block.commands)


def file_name(title: str) -> PurePosixPath | None:
    """The file that a fence's title names, or None when the title is a caption.

    A file's name has no spaces and stays below the working directory.
    """
    if not _FILE_NAME.match(title) or ".." in title.split("/"):
        return None
    return PurePosixPath(title)


def _check_values(path: str, line: int, options: Mapping[str, str]) -> None:
    status = options.get("exit", "0")
    if not (status.isascii() and status.isdigit() and int(status) <= 255):
        raise BlockError(path, line, f"exit={status!r} is no exit status; it is a number from 0 to 255")
    for name in ("timeout", "retry"):
        seconds = options.get(name, "1")
        if not re.fullmatch(r"\d+(?:\.\d+)?", seconds) or float(seconds) <= 0:
            raise BlockError(path, line, f"{name}={seconds!r} is no number of seconds above 0")
    if options.get("order", "any") != "any":
        raise BlockError(
            path, line, f'order={options["order"]!r} is unknown; order="any" takes lines in any order'
        )
    if "host" in options and options["host"] not in HOSTS:
        raise BlockError(path, line, f"host={options['host']!r} is unknown; known: {', '.join(HOSTS)}")
    highlighted = options.get("hl_lines", "1")
    if not re.fullmatch(r"\d+(?:-\d+)?(?: +\d+(?:-\d+)?)*", highlighted):
        raise BlockError(path, line, f'hl_lines={highlighted!r} is no list of lines such as "1 3-5"')
