"""Commands that mislead a reader: typed later than in the lab, in another shell, or beside other images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from snippets.block import Block, Command

_AGO = re.compile(r"--since[ =]['\"]?\d+(?:\.\d+)?(?:ms|[smhd])")
"""A time that counts back from whenever the command is typed."""

_INLINE = re.compile(r"`(docker [^`\n]*)`")

_FUNCTION = re.compile(r"(?P<name>\w+)\(\)\s*\{[^}]*\bcurl\s")
_START = r"(?:^|[\n;&|({]\s*)(?<!\$\()"
_ARGUMENTS = r"\s(?P<arguments>(?:'[^']*'|\"[^\"]*\"|\\\n|[^'\"|;&()\n])*)(?P<after>.*)"

_NO_NEWLINE = re.compile(r"/(?:_ping|v2/)(?=['\"\s]|$)|(?<![\w.-])(?:manifests|blobs)/[^\s'\"]")
"""What dockerd and the registry answer without a newline at the end.

`pingHandler` of moby writes two letters, `apiBase` of distribution two braces; manifests and blobs are the
bytes that were pushed. Both programs end all other JSON with a newline.
"""

_NOT_ON_THE_TERMINAL = re.compile(r"(?:^|\s)(?:(?:-o|--output|-I|--head)\b|>)")
_ENDS_THE_LINE = re.compile(r"(?:-w|--write-out)[ =](?:'[^']*\\n'|\"[^\"]*\\n\")")
_GOES_ON = re.compile(r"\s*(?:\||\)|(?:&&|;)\s*echo\b)")

_ALL_TAGS = re.compile(
    r"docker (?:images|image ls)\s(?!.*--filter)(?:[^|;&]*\s)?(?<!--format )[a-z][\w-]*(?=\s*(?:$|[|;&)]))"
)
"""A list of an image of Docker Hub in all its tags, of which readers may have others."""

_LEAVES = re.compile(r"\s*(?:exit|logout)\b")


def faults(text: str, blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Find the commands of a page that mislead whoever types them.

    Blocks that are not run count as well: readers type those, too.

    Args:
        text: the page.
        blocks: its blocks.

    Yields:
        The 1-based line of the command, and what is wrong with it and what to write instead.
    """
    inside = set[int]()
    curls = {"curl"}
    for block in blocks:
        inside.update(range(block.line, block.end_line + 1))
        if block.terminal > 1:
            yield (
                block.line,
                "a second terminal: a second `make lab` is another host, so run it in the background (&)",
            )
        for command in block.commands:
            if command.is_typed:
                curls.update(found["name"] for found in _FUNCTION.finditer(command.text))
                for said in _faults(command, curls):
                    yield command.line, f"`{command.lines[0]}` {said}"
    for number, row in enumerate(text.split("\n"), 1):
        for found in _INLINE.finditer(row) if number not in inside else ():
            if _AGO.search(found[1]):
                yield number, f"`{found[1]}` {_AGO_SAID}"


_AGO_SAID = (
    "counts back from whenever it is typed, past what the reader did before or not as far as the page; "
    "note the time in a variable before: since=$(date +%s)"
)


def _faults(command: Command, curls: Iterable[str]) -> Iterator[str]:
    """What is wrong with a command; `curls` are curl and the page's functions that call it."""
    if _AGO.search(command.text):
        yield _AGO_SAID
    if _ALL_TAGS.search(re.sub(r"\\\n\s*", "", command.text)):
        yield "lists all tags of an image of which a reader may have more; name one, as in ubuntu:24.04"
    if command.is_shell and _LEAVES.match(command.text):
        yield "leaves the reader's own shell, and with it the lab"
    for found in re.finditer(f"{_START}(?:{'|'.join(curls)}){_ARGUMENTS}", command.text):
        shown = not _NOT_ON_THE_TERMINAL.search(found["arguments"]) and not _GOES_ON.match(found["after"])
        if shown and _NO_NEWLINE.search(found["arguments"]) and not _ENDS_THE_LINE.search(found["arguments"]):
            yield "ends without a newline, so the next prompt stands behind its output: --write-out '\\n'"
