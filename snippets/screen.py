"""What a terminal shows of a program's raw output: colours gone, progress bars in their final state."""

from __future__ import annotations

import re

import pyte

_INVISIBLE = re.compile(
    r"""
      \x1b\][^\x07\x1b]*(?:\x07|\x1b\\)   # operating system commands: titles, hyperlinks, shell marks
    | \x1b\[[0-9;:]*m                     # colours and weights
    | \x1b\[\?[0-9;]*[hl]                 # private modes: bracketed paste, cursor shown or hidden
    | \x1b[()][0-9A-B]                    # character sets
    | \x1b[=>]                            # keypad modes
    | \x07                                # the bell
    """,
    re.VERBOSE,
)
_MOVING = re.compile(r"[\x08\r\x1b]")
_LINE_MOVES = re.compile(r"[\x08\r]")


def render(raw: bytes) -> str:
    """Render output as the terminal shows it once the program is done.

    Args:
        raw: the bytes that the program wrote, line ends as the terminal driver sends them (CR LF).

    Returns:
        The text with LF line ends. Lines are not wrapped, spaces at their ends are gone where the program
        moved the cursor.
    """
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\x1b" in text or "\x07" in text:
        text = _INVISIBLE.sub("", text)
    if not _MOVING.search(text):
        return text
    if "\x1b" in text:
        return _on_screen(text)
    # Without escapes the cursor never leaves its line: only the lines with moves need a screen.
    return "\n".join(_on_screen(line) if _LINE_MOVES.search(line) else line for line in text.split("\n"))


def _on_screen(text: str) -> str:
    """Let a terminal emulator draw the text, on a screen so large that it neither wraps nor scrolls."""
    # Above the output stands the line with the command. BuildKit's display begins with a move up to it
    # and down again; without a row there, the move up would be lost and a blank line would remain.
    rows = ["", *text.split("\n")]
    screen = pyte.Screen(max(map(len, rows)) + 1, len(rows) + 1)
    pyte.Stream(screen).feed("\r\n".join(rows))
    drawn = []
    for row in range(1, len(rows)):
        cells = screen.buffer[row]
        width = max(cells, default=-1) + 1
        drawn.append("".join(cells[column].data for column in range(width)).rstrip())
    return "\n".join(drawn)
