"""What a terminal shows: colours, progress bars and cursor moves in raw output."""

import tracemalloc

import pytest

from snippets.screen import ROWS, render


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
        (b"plain\ttab  \r\nbar 1\rbar 2\r\n", "plain\ttab  \nbar 2\n"),
        ("漢字\rx\r\n".encode(), "x字\n"),
        ("漢字\x1b[4D\x1b[2Cx\r\n".encode(), "漢x\n"),
        (b"a\tb\r\n\x1b[1A\x1b[8Cc\r\n", "a       c\n"),
        (b"old\r\nold\r\n\x1b[2J\x1b[Hnew\r\n", "new\n\n"),
        (b"one\r\ntwo\r\nthree\x1b[1A\x1b[J\r\n", "one\ntwo\n"),
        (b"one\r\ntwo\x1b[1K!\x1b[1J\r\n", "\n\n"),
        (b"\x1b7one\x1b8two\r\n", "two\n"),
        (b"abcdef\x1b[3G\x1b[2P\x1b[1@\x1b[4G\x1b[Xx\r\n", "ab xf\n"),
        (b"one\r\ntwo\x1b[L\x1b[Mx\r\n", "one\nxwo\n"),
        (b"\r\n\x1b[1;2;3Ax\x1b[9999Cy\x1b[0n\r\n", "x" + 98 * " " + "y\n"),
        (b"\x1b[" + b"9" * 5000 + b"C\r\nnext\r\n", "\nnext\n"),
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


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"x" * 20_000 + b"\r\n" + 500 * b"\x1b[2K\r\n", id="erasing below a long line"),
        pytest.param(b"line of text\r\n" * 4000 + b"\x1b[1A\x1b[2Klast\r\n", id="much text and one move"),
        pytest.param(b"x" * 20_000 + b"\r" + 500 * b"\x1b[By", id="going down from a long line"),
        pytest.param(20_000 * b"\r 10 %", id="one line again and again"),
        pytest.param(b"\r\n" + 2000 * b"\x1b[99@\x1b[9999C", id="blanks"),
    ],
)
def test_memory_grows_with_the_output_and_not_with_the_screen(raw: bytes) -> None:
    tracemalloc.start()
    try:
        render(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(raw) + 100_000


def test_the_cursor_reaches_only_the_lines_in_the_window() -> None:
    plain = b"".join(b"%d\r\n" % number for number in range(200))
    shown = render(plain + b"\x1b[9999Atop\x1b[9999Bbottom\r\n").split("\n")
    assert shown[200 - ROWS + 1] == "top"
    assert shown[:3] == ["0", "1", "2"]
    assert shown[200] == "   bottom"


def test_gaps_that_nobody_would_print_do_not_fill_the_memory() -> None:
    assert len(render(50_000 * b"\x1b[100Gx\r\n")) < 4.5e6
    assert render(b"\x1b[100Gx\r\n") == " " * 99 + "x\n"
