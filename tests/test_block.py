"""The grammar: what is a block, what is a command, and what is refused with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snippets.block import Block, BlockError, Kind, file_name, parse_page, parse_session
from tests.test_pytest_pages import RUN

SAMPLES = Path(__file__).parent / "samples"

# Every sample with the commands that the grammar finds in it, in order.
FOUND = {
    "plain.md": ["echo plain"],
    "headers.md": ["echo info", "echo braces", "echo spaced", "echo upper", "echo trailing", "echo tilde"],
    "tabs.md": ["echo linux", "echo macos", "echo nested"],
    "details.md": ["echo folded", "echo in a tab in details"],
    "lists.md": ["echo first", "echo deep", "echo second"],
    "quotes.md": ["echo quoted"],
    "heredoc.md": ["cat <<'EOF'\n  two\n\n\ttab\nEOF"],
    "crlf.md": ["echo crlf"],
    "unicode.md": ["echo 'größer → 漢字'"],
    "comment.md": ["echo after"],
    "outer.md": ["echo outside"],
    "front-matter.md": ["echo body"],
    "inner-prompts.md": [
        "docker run -it ubuntu bash",
        "echo hi > /tmp/t",
        "exit",
        "docker run -it busybox sh",
        "ls",
    ],
    "no-final-newline.md": ["echo end"],
    "no-blocks.md": [],
}


def parse(text: str) -> list[Block]:
    return parse_page(text, "page.md")


def read(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


@pytest.mark.parametrize("name", FOUND)
def test_finds_every_block_of_a_sample(name: str) -> None:
    blocks = parse(read(name))
    assert [command.text for block in blocks for command in block.commands] == FOUND[name]


def test_no_sample_is_without_a_test() -> None:
    named = {*FOUND, *RUN, "failing.md"}
    assert {path.name for path in SAMPLES.glob("*.md")} == named


def test_a_block_knows_its_place() -> None:
    text = '# Title\n\n=== "Linux"\n\n    ```console\n    $ true\n    ```\n'
    (block,) = parse(text)
    assert (block.line, block.end_line, block.prefix) == (5, 7, "    ")
    assert text[block.start : block.end] == "    ```console\n    $ true\n    ```\n"
    assert block.commands[0].line == 6


def test_options_are_read() -> None:
    (block,) = parse(
        '```{ .console title="Terminal 2" engine="26.1 28.5" exit="125" timeout="1.5" hl_lines="1 3-4" }\n$ x\n```\n'
    )
    assert (block.terminal, block.engines, block.exit_status, block.timeout) == (
        2,
        ("26.1", "28.5"),
        125,
        1.5,
    )


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("Terminal 2", 2),
        ("Terminal 2: events", 2),
        ("Terminal", 1),
        ("On a terminal", 1),
        ("Terms of 2025", 1),
    ],
)
def test_a_title_names_a_terminal_or_none(title: str, number: int) -> None:
    (block,) = parse(f'```{{ .console title="{title}" }}\n$ x\n```\n')
    assert block.terminal == number


@pytest.mark.parametrize(
    ("indent", "content", "lines"),
    [
        ("\t", "\tall:\n\t\techo\n\n\t\t\tdeep\n", ("all:", "\techo", "", "\t\tdeep")),
        ("    ", "    all:\n\t\techo\n    \tx\n", ("all:", "\techo", "\tx")),
        ("  \t", "  \tall:\n \t\techo\n", ("all:", "\techo")),
        ("> ", "> all:\n> \techo\n>\n", ("all:", "\techo", "")),
    ],
)
def test_tabs_of_the_content_stay_whatever_indents_the_fence(
    indent: str, content: str, lines: tuple[str, ...]
) -> None:
    (block,) = parse(f'- item\n\n{indent}```makefile title="Makefile"\n{content}{indent}```\n')
    assert block.lines == lines


def test_output_belongs_to_the_command_above_it() -> None:
    one, two = parse_session(["$ one", "", "out", "", "$ two", "> more", "> end", "shown > this", ""], 10)
    assert (one.text, one.output, one.line, one.output_line) == ("one", ("", "out"), 10, 11)
    assert (two.text, two.output, two.line, two.output_line) == ("two\nmore\nend", ("shown > this",), 14, 17)


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("root@3f2a9c1b7d54:/# ls", "root@3f2a9c1b7d54:/# "),
        ("user@docker-lab:~/work$ ls", "user@docker-lab:~/work$ "),
        ("/ # ls", "/ # "),
        ("~ $ ls", "~ $ "),
        ("bash-5.2# ls", "bash-5.2# "),
    ],
)
def test_prompts_of_programs_in_the_terminal(line: str, prompt: str) -> None:
    _, typed = parse_session(["$ docker run -it some sh", line, "out"])
    assert (typed.prompt, typed.text, typed.output, typed.is_shell) == (prompt, "ls", ("out",), False)


@pytest.mark.parametrize(
    "line", ["# a comment", "#1 [internal] load", "total $ 5", "root@host", "/etc/passwd: # x"]
)
def test_output_is_not_taken_for_a_prompt(line: str) -> None:
    (command,) = parse_session(["$ cat file", line])
    assert command.output == (line,)


@pytest.mark.parametrize(
    ("fence", "kind"),
    [
        ("```console\n$ true\n```", Kind.SESSION),
        ('```dockerfile title="Dockerfile"\nFROM scratch\n```', Kind.FILE),
        ('```python title="app/main.py"\npass\n```', Kind.FILE),
        ('```json\n{"a": 1}\n```', Kind.DATA),
        ("```mermaid\nflowchart TB\n```", Kind.DIAGRAM),
        ('```python exec="on"\nprint(1)\n```', Kind.EXEC),
        ('```{ .powershell norun="needs Windows" }\nx\n```', Kind.NORUN),
        ('```{ .console norun="needs macOS" }\n$ x\n```', Kind.NORUN),
    ],
)
def test_every_fence_has_one_fate(fence: str, kind: Kind) -> None:
    (block,) = parse(fence)
    assert block.kind is kind


@pytest.mark.parametrize(
    ("page", "line", "says"),
    [
        ("\n```console\n$ x\n", 2, "never closed"),
        ("```console\n$ x\n````\n", 1, "never closed"),
        ("- a\n\n    ```console\n    $ x\n  out\n    ```\n", 5, "further left than the fence of line 3"),
        ("```\n$ x\n```\n", 1, "without a language"),
        ("```consoel\n$ x\n```\n", 1, "unknown language 'consoel'"),
        ('```{ .console exti="1" }\n$ x\n```\n', 1, "unknown option 'exti'"),
        ('```console exti="1"\n$ x\n```\n', 1, "unknown option 'exti'"),
        ('```{ .console exit="1" exit="2" }\n$ x\n```\n', 1, "given twice"),
        ('```{ .console exit="-1" }\n$ x\n```\n', 1, "no exit status"),
        ('```{ .console exit="256" }\n$ x\n```\n', 1, "no exit status"),
        ('```{ .console timeout="soon" }\n$ x\n```\n', 1, "no number of seconds"),
        ('```{ .console hl_lines="a" }\n$ x\n```\n', 1, "no list of lines"),
        ('```{ .console norun="" }\n$ x\n```\n', 1, "norun wants a reason"),
        ('```{ .console varies="more" }\n$ x\n```\n', 1, "varies wants a reason"),
        (
            '```{ .console host="cgroup3" }\n$ x\n```\n',
            1,
            "host='cgroup3' is unknown; known: cgroup2, cgroup1",
        ),
        ('```{ .json varies="you may have more" }\n1\n```\n', 1, "unknown option 'varies' of a json block"),
        ('```{ .console title="Terminal2" }\n$ x\n```\n', 1, 'write title="Terminal 2"'),
        ('```{ .console title="terminal 2: events" }\n$ x\n```\n', 1, 'write title="Terminal 2"'),
        ('```{ .console title="Terminal  3" }\n$ x\n```\n', 1, 'write title="Terminal 3"'),
        ('```{ .console title="Terminal #4" }\n$ x\n```\n', 1, 'write title="Terminal 4"'),
        ('```{ .console title="Terminal 0" }\n$ x\n```\n', 1, 'write title="Terminal 1"'),
        ('```{ .console title="Term. 2" }\n$ x\n```\n', 1, 'write title="Terminal 2"'),
        ("```{ .console .python }\n$ x\n```\n", 1, "more than one language"),
        ("```console extra words!\n$ x\n```\n", 1, "cannot read this fence's header"),
        ("```console\nout\n$ x\n```\n", 2, "output before any command"),
        ("```console\n\n```\n", 2, "without a command"),
        ("```bash\ndocker ps\n```\n", 1, "nothing would check this bash block"),
        ('```dockerfile title="The Dockerfile"\nFROM x\n```\n', 1, "nothing would check"),
        ('```dockerfile title="../Dockerfile"\nFROM x\n```\n', 1, "nothing would check"),
        ('```{ .bash exec="on" }\nls\n```\n', 1, "only python blocks"),
        ("text\n\n    ```console\n    $ x\n    ```\n", 3, "stands in no list, tab or admonition"),
        ("- item\n\n  ```console\n  $ x\n  ```\n", 3, "multiples of 4"),
        ("- ```console\n  $ x\n  ```\n", 1, "put it on a line of its own"),
        ("<!-- hidden\n\n```console\n$ x\n```\n", 1, "never closed hides the rest"),
        ('```yaml\n--8<-- "missing.txt"\n```\n', 2, "cannot include 'missing.txt'"),
        ('```console\n$ x\n--8<-- "x.txt"\n```\n', 3, "a console block includes nothing"),
        (
            "```console\n$ docker run -it ubuntu bash\nroot@3f2a9c1b7d54:/# cat <<E\n> x\n> E\n```\n",
            4,
            "one line",
        ),
    ],
)
def test_what_is_refused(page: str, line: int, says: str) -> None:
    with pytest.raises(BlockError) as caught:
        parse(page)
    assert (caught.value.path, caught.value.line) == ("page.md", line)
    assert says in caught.value.reason
    assert str(caught.value).startswith(f"page.md:{line}: ")


def test_includes_are_expanded(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n\nCOPY a /\n")
    (block,) = parse_page('```dockerfile title="Dockerfile"\n--8<-- "Dockerfile"\n```\n', "page.md", tmp_path)
    assert block.lines == ("FROM scratch", "", "COPY a /")


def test_an_include_must_not_bring_fences(tmp_path: Path) -> None:
    (tmp_path / "part.md").write_text("text\n\n```console\n$ x\n```\n")
    with pytest.raises(BlockError, match=r"page.md:2: 'part.md' brings a fence"):
        parse_page('\n--8<-- "part.md"\n', "page.md", tmp_path)


@pytest.mark.parametrize(
    ("title", "is_file"),
    [("Dockerfile", True), ("app/main.py", True), (".env", True), ("My file", False), ("/etc/x", False)],
)
def test_a_title_without_spaces_names_a_file(title: str, is_file: bool) -> None:
    assert (file_name(title) is not None) is is_file


_WORD = st.text(
    alphabet=st.characters(exclude_categories=("C", "Z"), exclude_characters="`~"), min_size=1, max_size=12
)
_OUTPUT = _WORD.filter(lambda word: not word.startswith(("$", ">", "...", "-", "--8<--"))).map(
    lambda word: f"out {word}"
)
_COMMAND = st.tuples(
    st.lists(_WORD.map(lambda word: f"echo {word}"), min_size=1, max_size=3), st.lists(_OUTPUT, max_size=3)
)
_PREFIXES = {"": "", "    ": "- item\n\n", "        ": '=== "A"\n\n    - item\n\n', "> ": "> quoted\n>\n"}


@given(sessions=st.lists(st.lists(_COMMAND, min_size=1, max_size=4), max_size=4), data=st.data())
def test_what_is_written_as_fences_is_found(
    sessions: list[list[tuple[list[str], list[str]]]], data: st.DataObject
) -> None:
    page = "# Page\n\n"
    for session in sessions:
        prefix = data.draw(st.sampled_from(sorted(_PREFIXES)))
        rows = ["```console"]
        for lines, output in session:
            rows += [f"$ {lines[0]}", *(f"> {line}" for line in lines[1:]), *output]
        page += _PREFIXES[prefix] + "".join(f"{prefix}{row}\n" for row in [*rows, "```"]) + "\ntext\n\n"
    found = [
        [(list(command.lines), list(command.output)) for command in block.commands] for block in parse(page)
    ]
    assert found == sessions
