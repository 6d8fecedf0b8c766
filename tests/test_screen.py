"""What a terminal shows: colours, progress bars and cursor moves in raw output."""

import pytest

from snippets.screen import render


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"no end", "no end"),
        (b"\x1b[1;31mred\x1b[0m text\r\n", "red text\n"),
        (b"\x1b]0;title\x07text\r\n", "text\n"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\r\n", "link\n"),
        (b"\x1b[?2004hprompt\x1b[?2004l\r\n", "prompt\n"),
        (b" 10%\r 50%\r100%\r\nnext\r\n", "100%\nnext\n"),
        (b"long text\rshort\x1b[K\r\n", "short\n"),
        (b"abc\x08\x08X\r\n", "aXc\n"),
        (
            b"a: Waiting\r\nb: Waiting\r\n\x1b[2A\x1b[2K\ra: Done\x1b[1B\x1b[2K\rb: Done\x1b[1B\r\nend\r\n",
            "a: Done\nb: Done\n\nend\n",
        ),
        (b"\x1b[1A\x1b[1B\x1b[0G[+] Building\r\n => step\r\n", "[+] Building\n => step\n"),
        ("größer 漢字\r\n".encode(), "größer 漢字\n"),
        (b"\xff broken\r\n", "\ufffd broken\n"),
        (b"tab\there\r\n", "tab\there\n"),
        (b"", ""),
    ],
)
def test_render(raw: bytes, shown: str) -> None:
    assert render(raw) == shown


def test_a_progress_bar_above_thousands_of_lines_is_drawn_where_it_stands() -> None:
    plain = b"".join(b"line %d\r\n" % number for number in range(3000))
    shown = render(plain + b"bar 1\r\n\x1b[1A\x1b[2Kbar 2\r\n").split("\n")
    assert (shown[0], shown[2999], shown[3000]) == ("line 0", "line 2999", "bar 2")


def test_a_long_line_is_not_wrapped() -> None:
    assert render(b"\x1b[1m" + b"x" * 5000 + b"\r" + b"y" + b"\r\n") == "y" + "x" * 4999 + "\n"
