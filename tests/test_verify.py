"""The verifier: a page's blocks run in order in a real shell, and each finding names its line."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snippets.block import Block, BlockError, parse_page
from snippets.rewrite import rewritten
from snippets.settings import parse_settings
from snippets.verify import BlockFailure, NotRunError, PageRun
from tests.local_host import LocalHost

pytestmark = pytest.mark.skipif(
    shutil.which("setsid") is None, reason="setsid is Linux's; the lab's terminals run there"
)

Start = Callable[[str], PageRun]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    runs: list[PageRun] = []

    def new(text: str) -> PageRun:
        runs.append(
            PageRun(
                parse_page(text, "page.md"),
                lambda: LocalHost(tmp_path),
                "local",
                parse_settings(text, "page.md"),
                default_timeout=10,
            )
        )
        return runs[-1]

    yield new
    for run in runs:
        run.close()


def run_all(run: PageRun) -> None:
    for block in run.blocks:
        run.run_block(block)


def fence(*lines: str, header: str = "console") -> str:
    return "\n".join([f"```{header}", *lines, "```", "", ""])


def every(seconds: float) -> str:
    """A program that never is silent for long. Of a shell's loop, Ctrl-C can hit a part that just ended."""
    return f"perl -e '$| = 1; while (1) {{ print qq(x\\n); select(undef, undef, undef, {seconds}) }}'"


PASSING = {
    "output": fence("$ echo one; echo two", "one", "two"),
    "no output": fence("$ true"),
    "status": fence("$ exit_with() { return $1; }", "$ exit_with 3", header='{ .console exit="3" }'),
    "heredoc": fence("$ cat <<'EOF'", "> one", ">", ">   two", "> EOF", "one", "", "  two"),
    "elided": fence("$ seq 1 100", "1", "...", "100"),
    "state": fence("$ cd /") + fence("$ pwd", "/"),
    "program": fence(
        "$ PS1='root@3f2a9c1b7d54:/# ' bash --norc",
        "root@3f2a9c1b7d54:/# echo hi",
        "hi",
        "root@3f2a9c1b7d54:/# exit",
        "exit",
    ),
    "program over blocks": fence("$ PS1='/ # ' bash --norc", "/ # echo hi", "hi")
    + "text\n\n"
    + fence("/ # exit", "exit"),
    "status of a program": fence(
        "$ PS1='/ # ' bash --norc", "/ # exit 7", "exit", header='{ .console exit="7" }'
    ),
    "two terminals": fence("$ where=first; echo $where", "first")
    + fence('$ echo "[$where]"', "[]", header='{ .console title="Terminal 2" }')
    + fence("$ echo $where", "first"),
    "file": fence("$ mkdir app && printf 'FROM scratch\\n\\n\\tRUN \"$x\"\\n' > app/Dockerfile")
    + fence("FROM scratch", "", '\tRUN "$x"', header='dockerfile title="app/Dockerfile"'),
    "file without a newline at its end": fence("$ printf x > f") + fence("x", header='text title="f"'),
    "file where the shell stands": fence("$ mkdir d && cd d && echo x > f")
    + fence("x", header='text title="f"'),
    "file in the terminal that was typed into last": fence("$ true")
    + fence("$ mkdir d && cd d && echo x > f", header='{ .console title="Terminal 2" }')
    + fence("x", header='text title="f"'),
    "file while a command runs elsewhere": fence("$ echo x > f")
    + fence("$ sleep 100", header='{ .console title="Terminal 2" }')
    + fence("x", header='text title="f"')
    + fence("^C", header='{ .console title="Terminal 2" }'),
    "data": fence('{"a": [1, 2]}', header="json")
    + fence("a: 1", header="yaml")
    + fence("a = 1", header="toml"),
    "other engine": fence("$ nosuch", header='{ .console engine="26.1" }') + fence("$ echo here", "here"),
    "samples": fence("$ echo 01234567''89ab", "3f2a9c1b7d54")
    + fence("$ echo [3f2a9c1b7d54]", "[3f2a9c1b7d54]"),
    "any order": fence("$ printf 'b\\na\\n'", "a", "b", header='{ .console order="any" }'),
    "any order with a sample": fence(
        "$ printf '%s\\n' 'fedcba98''7654 y' '01234567''89ab x'",
        "111111111111 x",
        "222222222222 y",
        header='{ .console order="any" }',
    ),
    "retried": fence("$ (sleep 0.6; touch eventually) & true", "...")
    + fence("$ ls eventually", "eventually", header='{ .console retry="10" }'),
    "json": fence(
        '$ echo \'{"Id": "01234567\'\'89ab", "A": [1, 2, 3], "B": {"x": true}}\'',
        "{",
        '  "Id": "3f2a9c1b7d54",',
        "  ...",
        '  "B": {',
        '    "x": true',
        "  }",
        "}",
    ),
    "interrupted": fence(
        "$ printf 'one\\ntwo\\n'; sleep 100", "one", "two", "^C", header='{ .console exit="130" }'
    ),
    "watched": fence("$ touch log; tail -f log", header='{ .console title="Terminal 2" }')
    + fence("$ echo first >> log")
    + fence("first", header='{ .console title="Terminal 2" }')
    + fence("$ echo second >> log")
    + fence(
        "second", "^C", "$ echo usable", "usable", header='{ .console title="Terminal 2" exit="0" }'
    ).replace("^C\n", "^C\n"),
    "ends by itself": fence(
        "$ until [ -e stop ]; do sleep 0.1; done; echo stopped", header='{ .console title="Terminal 2" }'
    )
    + fence("$ touch stop")
    + fence("stopped", header='{ .console title="Terminal 2" }'),
    "never silent": fence(f"$ {every(0.3)}", "x", "...", "^C", header='{ .console timeout="2" }'),
    "never silent, over blocks": fence(f"$ {every(0.3)}", "...", header='{ .console title="Terminal 2" }')
    + fence("$ sleep 1")
    + fence("x", "...", "^C", "$ echo usable", "usable", header='{ .console title="Terminal 2" }'),
    "more of what is elided": fence(f"$ {every(1.2)}", "x", "...", header='{ .console title="Terminal 2" }')
    + fence("$ sleep 2")
    + fence("^C", header='{ .console title="Terminal 2" }'),
    "output of Ctrl-C": fence(
        "$ bash -c 'trap \"echo bye; exit 0\" INT; echo begun; sleep 100 & wait'",
        "begun",
        "^C",
        "bye",
        "$ echo usable",
        "usable",
    ),
    "Ctrl-C is spoken of": fence("$ echo 'press ^C'; sleep 100", "press ^C", "^C"),
    "Ctrl-C in a line": fence("$ printf 'a '; sleep 100", "a", "^C"),
    "Ctrl-C twice": fence(
        "$ perl -e '$SIG{INT} = sub { print qq(once more\\n); $SIG{INT} = q(DEFAULT) }; sleep 1 while 1'",
        "^C",
        "once more",
        "^C",
        header='{ .console exit="130" }',
    ),
    "interrupted in a program": fence(
        "$ PS1='/ # ' bash --norc",
        "/ # echo begun; sleep 100",
        "begun",
        "^C",
        "/ # echo usable",
        "usable",
        "/ # exit 0",
        "exit",
        "$ echo outside",
        "outside",
    ),
    "ended in a program": fence(
        "$ PS1='/ # ' bash --norc",
        "/ # until [ -e stop ]; do sleep 0.1; done; echo stopped",
        header='{ .console title="Terminal 2" }',
    )
    + fence("$ touch stop")
    + fence("stopped", "/ # exit 0", "exit", header='{ .console title="Terminal 2" }'),
    "not run": fence("$ rm -rf /", header='{ .console norun="would harm" }') + fence("$ true"),
    "words": "no block at all\n",
}


@pytest.mark.parametrize("page", PASSING.values(), ids=PASSING)
def test_a_page_that_is_true_passes(start: Start, page: str) -> None:
    run_all(start(page))


FAILING = {
    "line": (fence("$ printf 'a\\nb\\n'", "a", "c"), 2, "the output is not what the page shows", ["  ...", "- c", "+ b", "| a", "| b"]),
    "no output": (fence("$ echo secret"), 2, "the output is not what the page shows", ["+ secret", "| secret"]),
    "status": (fence("$ (echo why; exit 4)", "why"), 2, "exit status 4, expected 0", ["why"]),
    "status of an earlier command": (
        fence("$ false", "$ false", header='{ .console exit="1" }'), 2, "exit status 1, expected 0", [],
    ),
    "status missing": (fence("$ true", header='{ .console exit="1" }'), 2, "exit status 0, expected 1", []),
    "status of a command that runs on": (
        fence("$ touch log; tail -f log", header='{ .console title="Terminal 2" exit="1" }')
        + fence("^C", header='{ .console title="Terminal 2" }'),
        2, 'exit="1" was never checked: the command still runs where the block ends', [],
    ),
    "status of a program that stays open": (
        fence("$ PS1='/ # ' bash --norc", header='{ .console exit="1" }') + fence("/ # exit", "exit"),
        2, 'exit="1" was never checked', [],
    ),
    "second command": (fence("$ true", "$ echo x", "y"), 3, "the output is not what the page shows", ["- y", "+ x", "| x"]),
    "time": (
        fence("$ echo begun; sleep 30", header='{ .console timeout="0.5" }'), 2, "it had not ended after 0.5 s; the output so far:", ["begun"],
    ),
    "prompt": (
        fence("$ echo bye", "/ # ls"), 2, "it ended with exit status 0 and never showed the prompt / #", ["bye"],
    ),
    "other prompt": (
        fence("$ PS1='root@01234567''89ab:/# ' bash --norc", "root@3f2a9c1b7d54:/# exit", "exit", "$ PS1='root@fedcba98''7654:/# ' bash --norc", "root@3f2a9c1b7d54:/# exit", "exit", header='{ .console timeout="1" }'),
        5, "stands for 0123456789ab since page.md:2", None,
    ),
    "nothing open": (fence("/ # ls"), 2, "nothing is open that could show the prompt / #", []),
    "waits for input": (
        fence("$ read answer", header='{ .console timeout="0.5" }'), 2, "it had not ended after 0.5 s", [],
    ),
    "shell is gone": (fence("$ exit"), 2, "the terminal's shell is gone", None),
    "file that is not there": (
        fence("$ true") + fence("x", "", "y", header='text title="d/f"'), 6, "the page shows d/f, and no command above has made it",
        ["bash: d/f: No such file or directory", "make it in a console block above:", "$ mkdir -p d", "$ cat > d/f <<'EOF'", "> x", ">", "> y", "> EOF"],
    ),
    "file that differs": (
        fence("$ printf 'x\\ny \\nz\\n' > f") + fence("x", "y", "z", header='text title="f"'), 6, "f is not what the page shows", ["- y", "+ y "],
    ),
    "file with one newline more": (
        fence("$ printf 'x\\n\\n' > f") + fence("x", header='text title="f"'), 6, "f is not what the page shows", ["+ "],
    ),
    "file that is no text": (
        fence("$ printf '\\377' > f") + fence("x", header='text title="f"'), 6, "f is no UTF-8 text", [],
    ),
    "file before any command": (
        fence("x", header='text title="f"'), 2, "no terminal is free in which a command could have made f",
        ["make it in a console block above:", "$ cat > f <<'EOF'", "> x", "> EOF"],
    ),
    "json": ("\n" + fence("{", '  "a": }', header="json"), 4, "no JSON: Expecting value", []),
    "yaml": (fence("a: [", header="yaml"), 2, "no YAML", []),
    "toml": (fence("a = ", header="toml"), 1, "no TOML", []),
    "never in time": (
        fence("$ echo no", "yes", header='{ .console retry="0.5" }'), 2, "the output is not what the page shows", ["- yes", "+ no", "| no"],
    ),
    "order matters": (fence("$ printf 'b\\na\\n'", "a", "b"), 2, "the output is not what the page shows", None),
    "json value": (
        fence('$ echo \'[{"State": {"Pid": 7, "Status": "exited"}}]\'', "[{", '"State": {', "...", '"Status": "running"', "}", "}]"),
        2,
        "the output is not what the page shows",
        None,
    ),
    "nothing runs": (
        fence("$ true", header='{ .console title="Terminal 2" }') + fence("^C", header='{ .console title="Terminal 2" }'), 6, "the command had ended before Ctrl-C was pressed", None,
    ),
    "never shown": (
        fence("$ echo one; sleep 100", "two", "^C", header='{ .console timeout="1" }'), 2, "the output is not what the page shows", ["- two", "+ one", "| one"],
    ),
    "more than shown": (
        fence("$ trap 'echo bye; exit' INT; bash -c 'trap \"echo bye; exit 0\" INT; sleep 100 & wait'", "^C"), 3, "more output came", ["+ bye"],
    ),
    "more than elided": (
        fence("$ echo x; sleep 2.5; echo y; sleep 100", "x", header='{ .console title="Terminal 2" }')
        + fence("$ sleep 3") + fence("^C", header='{ .console title="Terminal 2" }'),
        11, "more output came", ["+ y"],
    ),
    "never shown by a command that is never silent": (
        fence(f"$ {every(0.3)}", "y", "...", "^C", header='{ .console timeout="1" }'),
        2, "the output is not what the page shows", None,
    ),
    "other output of Ctrl-C": (
        fence("$ bash -c 'trap \"echo bye; exit 0\" INT; sleep 100 & wait'", "^C", "ciao"),
        4, "the output is not what the page shows", ["- ciao", "+ bye", "| bye"],
    ),
    "two commands at one prompt": (
        fence("$ true", "> false", "$ echo x", "x"), 2, "the command is complete after line 1 of the 2 that were typed", [],
    ),
    "two commands at the last prompt": (
        fence("$ true", "> false"), 2, "the command is complete after line 1 of the 2 that were typed", [],
    ),
    "file while a program waits": (
        fence("$ PS1='/ # ' bash --norc") + fence("x", header='text title="f"') + fence("/ # exit", "exit"),
        6, "no terminal is free in which a command could have made f", None,
    ),
    "file while a command runs": (
        fence("$ sleep 100", header='{ .console title="Terminal 1" }') + fence("x", header='text title="f"')
        + fence("^C", header='{ .console title="Terminal 1" }'),
        6, "no terminal is free in which a command could have made f", None,
    ),
    "yaml with a control character": (
        fence("a: 1", "b: \x08", header="yaml"), 3, "no YAML: a character that it does not allow, U+0008", [],
    ),
    "yaml with a date that is none": (fence("a: 2024-99-99", header="yaml"), 1, "no YAML: month must be", []),
    "contradiction": (
        fence("$ echo 01234567''89ab", "3f2a9c1b7d54", "$ printf 'x\\ny fedcba98''7654'", "x", "y 3f2a9c1b7d54"),
        4,
        "3f2a9c1b7d54 stands for 0123456789ab since page.md:3, here it would be fedcba987654",
        ["| x", "| y fedcba987654", "where 3f2a9c1b7d54 is 0123456789ab (page.md:3)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("page", "line", "reason", "details"), FAILING.values(), ids=FAILING)
def test_a_finding_names_its_line(
    start: Start, page: str, line: int, reason: str, details: list[str] | None
) -> None:
    with pytest.raises(BlockFailure) as caught:
        run_all(start(page))
    assert caught.value.line == line
    assert reason in caught.value.reason
    if details is not None:
        assert list(caught.value.details) == details
    assert str(caught.value).startswith(f"page.md:{line}: ")


def test_the_host_is_asked_what_died_when_a_block_fails(tmp_path: Path) -> None:
    class DyingHost(LocalHost):
        def check(self) -> None:
            raise OSError("dockerd died; the last lines of its log:\npanic")

    blocks = parse_page(fence("$ true") + fence("$ echo x", "y"), "page.md")
    run = PageRun(blocks, lambda: DyingHost(tmp_path), "local")
    try:
        run.run_block(blocks[0])
        with pytest.raises(BlockFailure) as caught:
            run.run_block(blocks[1])
    finally:
        run.close()
    died = ("dockerd died; the last lines of its log:", "panic")
    assert caught.value.details == ("- y", "+ x", "| x", *died)
    assert caught.value.differs
    assert str(caught.value).endswith("\n    panic")


def test_output_of_a_running_command_is_awaited_as_long_as_the_page_says(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snippets.verify.RUNNING_TIMEOUT", 0.1)
    page = ["$ sleep 2.5; echo late; sleep 100", "late", "^C"]
    with pytest.raises(BlockFailure):
        run_all(start(fence(*page)))
    run = start(fence(*page, header='{ .console retry="30" }'))
    run_all(run)
    assert [line.split(":")[:2] for line in run.retried] == [["page.md", "2"]]


def test_after_a_failure_nothing_runs(start: Start, tmp_path: Path) -> None:
    run = start(fence("$ false") + fence("$ touch ran"))
    first, second = run.blocks
    with pytest.raises(BlockFailure):
        run.run_block(first)
    with pytest.raises(NotRunError, match=r"not run, since page.md:2 failed"):
        run.run_block(second)
    assert not (tmp_path / "ran").exists()


def test_a_selected_block_runs_those_before_it_once(start: Start, tmp_path: Path) -> None:
    run = start(fence("$ echo x >> log") + fence("$ cat log", "x") + fence("$ echo y >> log"))
    run.run_block(run.blocks[1])
    assert (tmp_path / "log").read_text() == "x\n"
    run.run_block(run.blocks[0])
    assert (tmp_path / "log").read_text() == "x\n"


def test_a_block_before_the_selected_one_can_fail(start: Start) -> None:
    run = start(fence("$ false") + fence("$ true"))
    with pytest.raises(BlockFailure, match=r"page.md:2"):
        run.run_block(run.blocks[1])


def test_the_host_is_started_when_needed_and_stopped_once(start: Start) -> None:
    LocalHost.started = LocalHost.stopped = 0
    run = start(fence("a: 1", header="yaml") + fence("$ true") + fence("$ true"))
    run.run_block(run.blocks[0])
    assert (LocalHost.started, LocalHost.stopped) == (0, 0)
    run_all(run)
    run.close()
    run.close()
    assert (LocalHost.started, LocalHost.stopped) == (1, 1)


def test_a_host_that_does_not_start_fails_one_block_and_not_run_the_rest() -> None:
    def broken() -> LocalHost:
        raise OSError("no space left")

    blocks = parse_page(fence("$ true") + fence("$ true"), "page.md")
    run = PageRun(blocks, broken, "local")
    with pytest.raises(OSError, match="no space left"):
        run.run_block(blocks[0])
    with pytest.raises(NotRunError, match=r"page.md:1"):
        run.run_block(blocks[1])


def rewriting(start: Start, text: str) -> tuple[PageRun, list[Block]]:
    run = start(text)
    run.rewrite = True
    run_all(run)
    return run, list(run.blocks)


def test_rewriting_turns_differences_into_edits(start: Start) -> None:
    run, _ = rewriting(
        start, fence("$ echo one", "$ echo 0123456789ab", "old") + fence("$ echo 0123456789ab", "x 0123")
    )
    assert [(edit.command.line, edit.lines) for edit in run.edits] == [
        (2, ("one",)),
        (3, ("0123456789ab",)),
        (8, ("0123456789ab",)),
    ]


def test_rewriting_a_page_that_is_true_changes_nothing(start: Start) -> None:
    run, _ = rewriting(start, fence("$ seq 1 9", "1", "...", "9") + fence("$ echo 3MB", "1MB"))
    assert run.edits == []


def test_rewriting_waits_for_what_comes_eventually(start: Start) -> None:
    page = fence("$ (sleep 0.6; touch f) &", "...") + fence(
        "$ ls f || true", "f", header='{ .console retry="10" }'
    )
    run, _ = rewriting(start, page)
    assert run.edits == []


def test_rewriting_takes_all_that_a_running_command_has_shown(start: Start) -> None:
    terminal = '{ .console title="Terminal 2" timeout="1" }'
    run, _ = rewriting(
        start,
        fence("$ echo one; until [ -e go ]; do sleep 0.1; done; echo two; sleep 100", "old", header=terminal)
        + fence("$ touch go")
        + fence("^C", header=terminal),
    )
    assert [(edit.command.line, edit.lines) for edit in run.edits] == [(2, ("one", "two"))]


def test_rewriting_writes_what_a_file_holds(start: Start) -> None:
    page = fence("$ printf 'x\\n$ y\\n' > f") + '=== "Tab"\n\n    ```{ .text title="f" }\n    old\n    ```\n'
    run, _ = rewriting(start, page)
    assert rewritten(page, "page.md", run.edits) == page.replace("    old\n", "    x\n    $ y\n")


def test_a_file_that_would_read_differently_is_not_written(start: Start) -> None:
    page = fence("$ printf '```\\nx\\n' > f") + fence("old", header='text title="f"')
    run, _ = rewriting(start, page)
    with pytest.raises(BlockError, match="cannot be written into the page"):
        rewritten(page, "page.md", run.edits)


def test_rewriting_does_not_move_what_came_after_ctrl_c(start: Start) -> None:
    with pytest.raises(BlockFailure, match="more output came"):
        rewriting(start, fence("$ bash -c 'trap \"echo bye; exit 0\" INT; sleep 100 & wait'", "^C"))


def test_rewriting_does_not_hide_an_exit_status(start: Start) -> None:
    with pytest.raises(BlockFailure, match="exit status 1, expected 0"):
        rewriting(start, fence("$ echo x; false", "y"))


VARIES = '{ .console varies="you may have more" }'


def test_a_block_that_varies_may_differ_where_somebody_was_before(start: Start) -> None:
    page = fence("$ echo one more; echo web 01234567''89ab", "web 3f2a9c1b7d54", header=VARIES)
    run = start(page + fence("$ test 3f2a9c1b7d54 = 01234567''89ab"))
    run.lived_in = True
    run_all(run)
    assert run.varied == {1}
    with pytest.raises(BlockFailure, match="not what the page shows"):
        run_all(start(page))


def test_a_block_that_varies_has_its_exit_status_everywhere(start: Start) -> None:
    run = start(fence("$ false", header=VARIES))
    run.lived_in = True
    with pytest.raises(BlockFailure, match="exit status 1, expected 0"):
        run_all(run)


def test_of_a_directory_that_is_left_not_each_file_is_named(start: Start) -> None:
    with pytest.raises(BlockFailure, match=r"the page leaves file web behind; remove it"):
        start(fence("$ mkdir web; touch web/Dockerfile")).check_leftovers()


def test_what_a_page_leaves_behind_fails_it(start: Start) -> None:
    run = start(fence("$ true") + "text\n\n" + fence("$ touch here"))
    with pytest.raises(BlockFailure, match=r"page.md:9: the page leaves file here behind") as caught:
        run.check_leftovers()
    assert "leaves: [file here]" in caught.value.reason
    assert not run.clean


def test_what_a_page_declares_it_may_leave(start: Start) -> None:
    run = start(
        "---\nleaves: [file 3f2a9c1b7d54]\n---\n"
        + fence("$ echo 01234567''89ab", "3f2a9c1b7d54", "$ touch 01234567''89ab")
    )
    run.check_leftovers()
    assert run.clean


def test_what_a_page_declares_it_must_leave(start: Start) -> None:
    run = start("---\nleaves: [file here]\n---\n" + fence("$ true"))
    with pytest.raises(BlockFailure, match="says that the page leaves file here, but it does not"):
        run.check_leftovers()


def test_a_page_has_token_types_of_its_own(start: Start) -> None:
    page = "---\ntokens:\n  build number:\n    pattern: '#\\d+'\n    names: true\n  colour: red|blue\n---\n"
    run_all(start(page + fence("$ echo '#17 red'", "#1 blue", "$ echo '[#1]'", "[#17]".replace("17", "1"))))
    with pytest.raises(BlockFailure, match="stands for #17"):
        run_all(start(page + fence("$ echo '#17'; echo '#18'", "#1", "#1")))


@pytest.mark.parametrize(
    ("front_matter", "says"),
    [
        ("tokens: [a]", "maps a type's name"),
        ("tokens: {a: 1}", "wants a pattern"),
        ("tokens: {a: '('}", "no regular expression"),
        ("tokens: {a: '(x)'}", "a group that captures"),
        ("tokens: {a: 'x*'}", "matches the empty text"),
        ("leaves: web", "is a list"),
        ("a: [", "no YAML"),
        ("- a", "no mapping"),
    ],
)
def test_front_matter_that_cannot_be_read_is_refused(front_matter: str, says: str) -> None:
    with pytest.raises(BlockError, match=says):
        parse_settings(f"---\n{front_matter}\n---\n", "page.md")
