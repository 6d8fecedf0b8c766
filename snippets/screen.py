"""What a terminal shows of a program's raw output: colours gone, progress bars in their final state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import cast

import pyte

COLUMNS = 100
"""The terminal's width in characters; wide enough for Docker's tables, narrow enough for a page."""

ROWS = 50
"""The terminal's height in lines; the cursor reaches none that has scrolled away."""

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
_TAB = 8
_CELLS = "utf-32-le"
_SIZE = 4
_BLANK = " ".encode(_CELLS)
_GAPS = 4 * 2**20
"""How many cells in all may be skipped before text. Each takes memory, but hardly any output of its own."""


def render(raw: bytes) -> str:
    """Render output as the terminal shows it once the program is done.

    Time and memory grow with what was printed and with nothing else, wherever the cursor goes.

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
    screen = _Screen()
    for number, line in enumerate(text.split("\n")):
        if number:
            screen.linefeed()
        screen.write(line)
    return screen.finish()


class _Screen:
    """What the emulator draws on: the lines that the cursor can reach, and above them mere text.

    The emulator's own screen has an object for each cell and as many cells as the longest line is long. Here
    a line stays text until the cursor comes back to it; then it has four bytes for each cell, UTF-32, in
    which a NUL is the second half of a wide character. Lines do not wrap, but the cursor moves as far as
    it would in the window.
    """

    def __init__(self) -> None:
        self._above: list[str] = []
        # Above the output stands the line with the command. BuildKit's display begins with a move up to it
        # and down again; without a row there, the move up would be lost and a blank line would remain.
        self._rows: list[str | bytearray] = ["", ""]
        self._row, self._column = 1, 0
        self._saved = 1, 0
        self._gaps_left = _GAPS
        self._stream = pyte.Stream(cast(pyte.Screen, self), strict=False)

    def write(self, line: str) -> None:
        """Write a line without its end."""
        if not (self._rows[self._row] or self._column or _MOVING.search(line)):
            self._rows[self._row] = line
            return
        try:
            self._stream.feed(line)
        except ValueError:  # a number in an escape sequence that is none: no terminal shows the line in full
            return

    def finish(self) -> str:
        """All that was written, and nothing of the line with the command."""
        rows = [*self._above, *map(_text, self._rows)]
        # The emulator and this refer to each other, and so go only when the garbage collector comes by.
        self._above, self._rows = [], []
        return "\n".join(rows[1:])

    # From here on the names are those of the emulator's events; missing and surplus numbers are allowed.

    def draw(self, data: str) -> None:
        """Write text at the cursor, over what stands there."""
        if not data.isascii():
            data = "".join(map(_with_width, unicodedata.normalize("NFC", data)))
        self._put(data.encode(_CELLS))
        self._column += len(data)

    def linefeed(self, *_: int) -> None:
        """Go to the beginning of the next line; the topmost one leaves the window when it is full."""
        if self._row == ROWS - 1:
            self._above.append(_text(self._rows.pop(0)))
            self._row -= 1
        self._go(self._row + 1, 0)

    index = linefeed

    def carriage_return(self, *_: int) -> None:
        """Go to the line's beginning."""
        self._column = 0

    def backspace(self, *_: int) -> None:
        """Go back by one cell."""
        self._column = max(self._column - 1, 0)

    def tab(self, *_: int) -> None:
        """Go to the next tab stop."""
        stop = self._column - self._column % _TAB + _TAB
        self._column = stop if stop < COLUMNS else self._column + 1

    def cursor_up(self, count: int = 1, *_: int) -> None:
        """Go up, the window's top line at most."""
        self._go(self._row - (count or 1), self._column)

    reverse_index = cursor_up

    def cursor_down(self, count: int = 1, *_: int) -> None:
        """Go down, the window's bottom line at most."""
        self._go(self._row + (count or 1), self._column)

    def cursor_up1(self, count: int = 1, *_: int) -> None:
        """Go up to the beginning of a line."""
        self._go(self._row - (count or 1), 0)

    def cursor_down1(self, count: int = 1, *_: int) -> None:
        """Go down to the beginning of a line."""
        self._go(self._row + (count or 1), 0)

    def cursor_forward(self, count: int = 1, *_: int) -> None:
        """Go right within the window."""
        self._column = max(self._column, min(self._column + (count or 1), COLUMNS - 1))

    def cursor_back(self, count: int = 1, *_: int) -> None:
        """Go left."""
        self._column = max(self._column - (count or 1), 0)

    def cursor_to_column(self, column: int = 1, *_: int) -> None:
        """Go to a column, counted from 1."""
        self._go(self._row, max(column, 1) - 1)

    def cursor_to_line(self, line: int = 1, *_: int) -> None:
        """Go to a line of the window, counted from 1 at the first line of the output."""
        self._go(max(line, 1) - (1 if self._above else 0), self._column)

    def cursor_position(self, line: int = 1, column: int = 1, *_: int) -> None:
        """Go to a line and a column."""
        self.cursor_to_line(line)
        self.cursor_to_column(column)

    def save_cursor(self, *_: int) -> None:
        """Remember where the cursor is."""
        self._saved = self._row, self._column

    def restore_cursor(self, *_: int) -> None:
        """Go where the cursor was."""
        self._go(*self._saved)

    def erase_in_line(self, how: int = 0, *_: int, **__: bool) -> None:
        """Erase from the cursor to the line's end (0), from its beginning to the cursor (1), or all (2)."""
        cells = self._cells()
        if how == 1:
            end = min(self._column + 1, len(cells) // _SIZE)
            cells[: end * _SIZE] = _BLANK * end
        else:
            del cells[self._column * _SIZE if how == 0 else 0 :]

    def erase_in_display(self, how: int = 0, *_: int, **__: bool) -> None:
        """Erase from the cursor to the window's end (0), from its top to the cursor (1), or all."""
        if how != 1:
            del self._rows[self._row + 1 :]
        if how != 0:
            self._rows[: self._row] = [""] * self._row
        self.erase_in_line(min(how, 2))

    def erase_characters(self, count: int = 1, *_: int) -> None:
        """Erase cells from the cursor on; those behind them stay where they are."""
        cells = self._cells()
        count = min(count or 1, len(cells) // _SIZE - self._column)
        if count > 0:
            self._put(_BLANK * count)

    def delete_characters(self, count: int = 1, *_: int) -> None:
        """Take cells out at the cursor; those behind them move up."""
        begin = self._column * _SIZE
        del self._cells()[begin : begin + (count or 1) * _SIZE]

    def insert_characters(self, count: int = 1, *_: int) -> None:
        """Put blanks in at the cursor; those behind it move on."""
        cells, begin = self._cells(), self._column * _SIZE
        width = max(len(cells), COLUMNS * _SIZE)
        cells[begin:begin] = self._gap(min(count or 1, COLUMNS))
        del cells[width:]

    def insert_lines(self, count: int = 1, *_: int) -> None:
        """Put blank lines in at the cursor; those at the window's bottom go."""
        self._rows[self._row : self._row] = [""] * min(count or 1, ROWS)
        del self._rows[ROWS:]

    def delete_lines(self, count: int = 1, *_: int) -> None:
        """Take lines out at the cursor; those below them move up."""
        del self._rows[self._row : self._row + (count or 1)]
        self._go(self._row, 0)

    def __getattr__(self, event: str) -> Callable[..., None]:
        """Whatever else the emulator tells of changes no text, or too little to matter here."""
        if event not in pyte.Stream.events:
            raise AttributeError(event)
        return lambda *_, **__: None

    def _go(self, row: int, column: int) -> None:
        """Go where the window has a cell."""
        self._row = min(max(row, 0), ROWS - 1)
        self._column = min(column, COLUMNS - 1)
        self._rows += [""] * (self._row + 1 - len(self._rows))

    def _cells(self) -> bytearray:
        """The line of the cursor, as cells."""
        row = self._rows[self._row]
        if isinstance(row, bytearray):
            return row
        cells = self._rows[self._row] = bytearray()
        if row:
            column, self._column = self._column, 0
            for number, part in enumerate(row.split("\t")):
                if number:
                    self.tab()
                self.draw(part)
            self._column = column
        return cells

    def _gap(self, count: int) -> bytes:
        count = min(count, self._gaps_left)
        self._gaps_left -= count
        return _BLANK * count

    def _put(self, data: bytes) -> None:
        """Write cells at the cursor, blanks before them where the line is shorter."""
        cells = self._cells()
        begin = self._column * _SIZE
        if begin > len(cells):
            cells += self._gap(self._column - len(cells) // _SIZE)
        cells[begin : begin + len(data)] = data


def _text(row: str | bytearray) -> str:
    """A line as text; where the cursor came back to it, its end is no longer known to be written."""
    return row if isinstance(row, str) else row.decode(_CELLS).replace("\0", "").rstrip()


def _with_width(character: str) -> str:
    """A character and the rest of the cells that it takes."""
    return character + "\0" if unicodedata.east_asian_width(character) in "WF" else character
