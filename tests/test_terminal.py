"""Terminals: a real bash on a real pseudo-terminal."""

import base64
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from snippets.terminal import (
    OUTPUT_LIMIT,
    ClosedError,
    OutputLimitError,
    Terminal,
    TerminalError,
    TimeLimitError,
    read_file,
    shell_argv,
)

pytestmark = pytest.mark.skipif(
    shutil.which("setsid") is None, reason="setsid is Linux's; the lab's terminals run there"
)

PROMPT = re.compile(r"inner>")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(shell_argv()) as opened:
        yield opened


def test_output_and_status(terminal: Terminal) -> None:
    outcome = terminal.run("echo out; echo err >&2; (exit 3)", timeout=10)
    assert (outcome.output, outcome.status) == ("out\nerr\n", 3)


def test_the_shell_keeps_its_state(terminal: Terminal) -> None:
    terminal.run("cd /tmp; greeting=hello", timeout=10)
    assert terminal.run('echo "$greeting from $PWD"', timeout=10).output == "hello from /tmp\n"


def test_commands_run_on_a_terminal(terminal: Terminal) -> None:
    assert terminal.run("test -t 0 && test -t 1 && test -t 2 && stty size", timeout=10).output == "50 100\n"


def test_heredoc_with_tabs_and_quotes(terminal: Terminal) -> None:
    text = "cat <<'EOF'\n  two\n\ttab $HOME \"q\" 'q' \\\n\nEOF"
    assert terminal.run(text, timeout=10).output == "  two\n\ttab $HOME \"q\" 'q' \\\n\n"


@pytest.mark.parametrize("size", [23_000, 47_000, 400_000])
def test_a_long_heredoc_is_typed_whole(terminal: Terminal, size: int) -> None:
    text = "\n".join(f"line {number} of some length" for number in range(size // 24))
    outcome = terminal.run(f"cat <<'EOF'\n{text}\nEOF", timeout=60)
    assert (outcome.output == f"{text}\n", outcome.status) == (True, 0)


@pytest.mark.parametrize(
    "text",
    [
        "echo a \\\n  b",
        "f() {\n  echo x\n}",
        "true &&\n\n# why\n  true",
        "true |\n  cat",
        "echo $(\necho a\n)",
        "echo 'a\n\nb'",
        "cat <<A <<B | wc -l\na\\\nb\nA\n2\nB",
        "if true\nthen\n  :\nfi",
    ],
)
def test_a_command_of_many_lines_is_one(terminal: Terminal, text: str) -> None:
    assert terminal.run(text, timeout=10).status == 0
    assert terminal.run("echo next", timeout=10).output == "next\n"


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("true\nfalse", "1 of the 2"),
        ("# why\ntrue", "1 of the 2"),
        ("cat <<E\nx\nE\nsleep 1\ntrue", "3 of the 5"),
    ],
)
def test_a_second_command_in_the_same_text_is_refused(terminal: Terminal, text: str, complete: str) -> None:
    with pytest.raises(TerminalError, match=f"complete after line {complete} that were typed"):
        terminal.run(text, timeout=10)
    assert terminal.run("echo next; (exit 3)", timeout=10).status == 3


def test_ctrl_c_drops_what_was_not_read(terminal: Terminal) -> None:
    terminal.start("sleep 100 &&\n  true")
    terminal.output_of_running(quiet=0.3)
    terminal.interrupt()
    assert terminal.wait(timeout=10).status == 130
    terminal.start("cat <<EOF")
    terminal.output_of_running(quiet=0.3)
    terminal.interrupt()
    assert terminal.wait(timeout=10).status == 130
    assert terminal.run("echo usable", timeout=10).output == "usable\n"


def test_ctrl_c_in_a_program_stays_in_it(terminal: Terminal) -> None:
    terminal.run("PS1='inner> ' bash --norc", timeout=10, prompt=PROMPT)
    terminal.start("echo begun; sleep 100")
    assert terminal.output_of_running(quiet=0.3).startswith("begun")
    terminal.interrupt()
    outcome = terminal.wait(timeout=10, prompt=PROMPT)
    assert (outcome.status, outcome.prompt) == (None, "inner>")
    assert terminal.run("exit 4", timeout=10).status == 4


def test_a_command_that_is_never_silent_is_looked_at(terminal: Terminal) -> None:
    # Not a loop of the shell: Ctrl-C can hit a part of it that just ended.
    terminal.start(r"perl -e '$| = 1; while (1) { print qq(x\n); select(undef, undef, undef, 0.1) }'")
    assert terminal.output_of_running(quiet=0.5).startswith("x\nx\n")
    terminal.interrupt()
    assert terminal.wait(timeout=10).status == 130


def test_output_that_looks_like_the_mark_is_output(terminal: Terminal) -> None:
    outcome = terminal.run(r"printf '\e]133;D;0;0123\afake\n'; false", timeout=10)
    assert (outcome.output, outcome.status) == ("fake\n", 1)


def test_output_without_a_newline_at_its_end(terminal: Terminal) -> None:
    assert terminal.run("printf abc", timeout=10).output == "abc"
    assert terminal.run("echo next", timeout=10).output == "next\n"


def test_a_program_is_typed_into(terminal: Terminal) -> None:
    opened = terminal.run("PS1='inner> ' bash --norc", timeout=10, prompt=PROMPT)
    assert (opened.output, opened.status, opened.prompt) == ("", None, "inner>")
    answer = terminal.run("echo hi", timeout=10, prompt=PROMPT)
    assert (answer.output, answer.status) == ("hi", None)
    ended = terminal.run("exit 4", timeout=10)
    assert (ended.output, ended.status) == ("exit\n", 4)


def test_a_line_longer_than_the_window_is_typed_whole(terminal: Terminal) -> None:
    terminal.run("PS1='inner> ' bash --norc", timeout=10, prompt=PROMPT)
    word = "x" * 300
    assert terminal.run(f"echo {word}", timeout=10, prompt=PROMPT).output == word


def test_ten_megabytes_come_whole(terminal: Terminal) -> None:
    outcome = terminal.run("seq 1 1300000", timeout=60)
    assert len(outcome.output) == int(subprocess.check_output(["bash", "-c", "seq 1 1300000 | wc -c"]))
    assert outcome.output.endswith("\n1300000\n")


@pytest.mark.parametrize(
    ("word", "limit"),
    [pytest.param("y" * 80, "16 MiB", id="bytes"), pytest.param("y", "2000000 lines", id="lines")],
)
def test_too_much_output_is_stopped(terminal: Terminal, word: str, limit: str) -> None:
    with pytest.raises(OutputLimitError, match=f"more than {limit}") as caught:
        terminal.run(f"yes {word}", timeout=60)
    assert caught.value.output.startswith(f"{word}\n{word}\n")
    assert len(caught.value.output) < OUTPUT_LIMIT
    assert terminal.run("echo usable", timeout=10).output == "usable\n"


def test_a_time_limit_reports_the_output_so_far(terminal: Terminal) -> None:
    with pytest.raises(TimeLimitError, match=r"had not ended after 0.5 s") as caught:
        terminal.run("echo begun; sleep 60", timeout=0.5)
    assert caught.value.output == "begun\n"
    assert terminal.run("echo usable", timeout=10).output == "usable\n"


def test_a_shell_that_is_gone_is_reported(terminal: Terminal) -> None:
    with pytest.raises(ClosedError, match="shell is gone") as caught:
        terminal.run("echo last; exit 7", timeout=10)
    assert caught.value.output.startswith("last\n")


def test_a_shell_that_is_gone_behind_a_job_is_noticed(terminal: Terminal) -> None:
    with pytest.raises(ClosedError):
        terminal.run("sleep 5 & exit", timeout=4)


def test_a_line_that_no_terminal_takes_is_refused(terminal: Terminal) -> None:
    with pytest.raises(TerminalError, match="cannot be typed"):
        terminal.run("echo " + "x" * 5000, timeout=10)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(map(chr, range(256))), id="control characters"),
        pytest.param("x" * 20_000, id="a long line"),
        pytest.param("line\n" * 40_000, id="many lines"),
        pytest.param("", id="empty"),
    ],
)
def test_any_file_is_read_exactly(terminal: Terminal, tmp_path: Path, text: str) -> None:
    (tmp_path / "a b").write_bytes(text.encode())
    terminal.run(f"cd '{tmp_path}'", timeout=10)
    assert base64.b64decode(terminal.run(read_file("a b"), timeout=60).output) == text.encode()
    assert terminal.run("echo usable", timeout=10).output == "usable\n"


def test_closing_ends_what_runs_in_it() -> None:
    terminal = Terminal(shell_argv())
    pid = int(terminal.run("sleep 1000 & echo $!", timeout=10).output.split()[-1])
    terminal.close()
    gone = threading.Event()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            gone.set()
            break
        gone.wait(0.05)
    assert gone.is_set()


def test_a_shell_that_does_not_start_is_reported() -> None:
    with pytest.raises(ClosedError):
        Terminal(["false"])


def test_a_terminal_of_a_background_job_takes_ctrl_c() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Terminal(shell_argv()) as terminal:
            terminal.start("sleep 30")
            terminal.output_of_running(quiet=0.3)
            terminal.interrupt()
            assert terminal.wait(timeout=10).status == 130
    finally:
        signal.signal(signal.SIGINT, before)
