"""The pytest plugin: ids, reports, selection and parallel runs, on pages of the test's own in a real shell."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from snippets.block import parse_page
from snippets.lab import ENGINES
from snippets.pytest_pages import block_names, rewrite_command
from snippets.record import all_recordings, read_images, stale
from snippets.settings import parse_settings

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.skipif(
    shutil.which("setsid") is None, reason="setsid is Linux's; the lab's terminals run there"
)

SAMPLES = Path(__file__).parent / "samples"
# The samples that run in any shell, with how many tests each has: its blocks, and that it leaves nothing behind.
RUN = {
    "plain.md": 2,
    "headers.md": 7,
    "tabs.md": 4,
    "details.md": 3,
    "lists.md": 4,
    "quotes.md": 2,
    "heredoc.md": 2,
    "crlf.md": 2,
    "unicode.md": 2,
    "comment.md": 2,
    "outer.md": 2,
    "front-matter.md": 2,
    "no-final-newline.md": 2,
    "no-blocks.md": 0,
    "colours.md": 2,
    "progress.md": 2,
    "long-lines.md": 2,
    "no-newline-output.md": 2,
    "big-output.md": 2,
    "running.md": 6,
}
FILE = (
    "```console\n$ echo FROM scratch > Dockerfile\n```\n\n"
    '```{ .dockerfile title="Dockerfile" }\nFROM scratch\n```\n'
)
# The default engine where no archive is: the tests' runs have an empty cache.
ENGINE = next(name for name in reversed(ENGINES) if not ENGINES[name].release)
PASSING = "# Page\n\n```console\n$ echo one >> log\n```\n\n```console\n$ cat log; rm log\none\n```\n"

# The pages run in this machine's shell: what is tested here is the plugin, not the lab.
CONFTEST = """
import tempfile
from pathlib import Path
import snippets.pytest_pages
from tests.local_host import LocalHost

def start_lab(engine):
    return LocalHost(Path(tempfile.mkdtemp()))

snippets.pytest_pages.start_lab = start_lab
snippets.passed.lab_made_of = lambda engine: ""
"""


# What is recorded goes into the test's own folder, and is said to be of labs that nobody starts.
RECORDING = """
from functools import partial
import snippets.record

folder = Path(__file__).parent / "recordings"
ran_with = lambda engine: snippets.record.Provenance(engine.version + "9", {"ubuntu:latest": "sha256:ab"}, "cgroup1")
snippets.pytest_pages.describe_engine = ran_with
snippets.pytest_pages._record_lab = lambda engine: None
snippets.pytest_pages.write_recording = partial(snippets.record.write_recording, folder=folder)
snippets.pytest_pages.write_images = partial(snippets.record.write_images, folder=folder)
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.Pytester:
    (tmp_path / "hosts").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "hosts"))
    # In CI, pytest and the plugin print more.
    for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "ENGINE_ARCHIVES", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\naddopts = -p snippets.pytest_pages -p no:cacheprovider -ra\n")
    pytester.mkdir("docs")
    return pytester


def add(project: pytest.Pytester, name: str, text: str) -> None:
    page = project.path / "docs" / name
    page.parent.mkdir(exist_ok=True)
    page.write_text(text)


def test_every_block_is_a_test(project: pytest.Pytester) -> None:
    add(project, "page.md", PASSING)
    add(project, "words.md", "# Only words\n")
    result = project.runpytest_subprocess("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            f"docs/page.md::echo-one-log@{ENGINE} PASSED*",
            f"docs/page.md::cat-log-rm-log@{ENGINE} PASSED*",
            f"docs/page.md::leaves-nothing-behind@{ENGINE} PASSED*",
        ]
    )
    result.stdout.fnmatch_lines(["*2 typed into a terminal of the lab, its output compared"])


def test_every_sample_that_runs_in_any_shell_passes(project: pytest.Pytester) -> None:
    for name in RUN:
        (project.path / "docs" / name).write_bytes((SAMPLES / name).read_bytes())
    result = project.runpytest_subprocess("-n", "2", "--dist", "loadfile", "-rA")
    result.assert_outcomes(passed=sum(RUN.values()))
    passed = [line.split("::")[0] for line in result.outlines if line.startswith("PASSED docs/")]
    assert {name: passed.count(f"PASSED docs/{name}") for name in RUN} == RUN


def test_the_report_of_a_page_that_must_fail(project: pytest.Pytester) -> None:
    add(project, "failing.md", (SAMPLES / "failing.md").read_text())
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=1, skipped=2)
    lines = result.outlines
    first = lines.index(next(line for line in lines if line.startswith("docs/failing.md:")))
    assert lines[first : first + 11] == [
        f"docs/failing.md:4: the output is not what the page shows ({ENGINE})",
        "    $ echo 'one",
        "    > two",
        "    > three'",
        "      ...",
        "    - zwei",
        "    + two",
        "    | one",
        "    | two",
        "    | three",
        "To write what came into the page: make rewrite PAGE=docs/failing.md",
    ]
    assert any("not run, since docs/failing.md:4 failed" in line for line in lines)


def test_a_broken_fence_is_reported_with_its_line(project: pytest.Pytester) -> None:
    add(project, "page.md", "# Page\n\n```console\n$ true\n")
    add(project, "good.md", PASSING)
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["docs/page.md:3: this fence is never closed*"])


def test_one_block_alone_runs_those_before_it(project: pytest.Pytester) -> None:
    add(project, "page.md", PASSING)
    project.runpytest_subprocess(f"docs/page.md::cat-log-rm-log@{ENGINE}").assert_outcomes(passed=1)


def test_last_failed_runs_those_before_it(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\naddopts = -p snippets.pytest_pages\n")
    add(project, "page.md", PASSING.replace("\none\n", "\ntwo\n"))
    project.runpytest_subprocess().assert_outcomes(passed=1, failed=1, skipped=1)
    add(project, "page.md", PASSING)
    project.runpytest_subprocess("--lf").assert_outcomes(passed=1)


def test_workers_share_pages_out(project: pytest.Pytester) -> None:
    for number in range(4):
        add(
            project,
            f"page{number}.md",
            f"```console\n$ x={number}\n```\n\n```console\n$ echo $x\n{number}\n```\n",
        )
    result = project.runpytest_subprocess("-n", "2", "--dist", "loadfile")
    result.assert_outcomes(passed=12)
    result.stdout.fnmatch_lines(["*8 typed into a terminal of the lab, its output compared"])


@pytest.mark.parametrize("dist", [(), ("--dist", "load"), ("--dist", "loadscope"), ("--dist", "loadgroup")])
def test_workers_never_split_a_page(project: pytest.Pytester, dist: tuple[str, ...]) -> None:
    blocks = "".join(f"```console\n$ echo {number}\n{number}\n```\n\n" for number in range(6))
    for name in ("one", "two"):
        text = f"```console\n$ echo {name} >> {project.path}/ran\n```\n\n{blocks}"
        add(project, f"{name}.md", text)
    project.runpytest_subprocess("-n", "2", *dist, "--engine=26.1", "--engine=28.5").assert_outcomes(
        passed=32
    )
    assert sorted((project.path / "ran").read_text().split()) == ["one", "one", "two", "two"]


def test_without_pages_tests_are_shared_out_as_the_user_says(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(pytestconfig):\n    pass\n")
    add(project, "page.md", PASSING)
    said = "scheduling tests via LoadScheduling"
    result = project.runpytest_subprocess("-v", "-n", "1", *[str(p) for p in project.path.glob("test_*.py")])
    result.stdout.fnmatch_lines([said])
    project.runpytest_subprocess("-v", "-n", "1").stdout.no_fnmatch_line(said)


def test_workers_say_what_they_rewrote(project: pytest.Pytester) -> None:
    for number in range(2):
        add(project, f"page{number}.md", f"```console\n$ echo {number}\n```\n")
    result = project.runpytest_subprocess("-n", "2", "--dist", "loadfile", "--rewrite")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines_random(
        ["rewrote docs/page0.md: 1 outputs", "rewrote docs/page1.md: 1 outputs"]
    )


def test_names_do_not_depend_on_lines() -> None:
    page = PASSING + "```console\n$ cat log\none\n```\n"
    names = block_names(parse_page(page, "page.md"))
    assert names == ["echo-one-log", "cat-log-rm-log", "cat-log"]
    assert block_names(parse_page("inserted\n\n" + page, "page.md")) == names


def test_rewriting_fills_a_page_in_and_then_changes_nothing(project: pytest.Pytester) -> None:
    add(project, "page.md", '=== "Tab"\n\n    ```console\n    $ seq 1 3\n    $ echo 4MB\n    1MB\n    ```\n')
    project.runpytest_subprocess().assert_outcomes(failed=1, skipped=1)
    result = project.runpytest_subprocess("--rewrite")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["rewrote docs/page.md: 1 outputs"])
    written = (project.path / "docs/page.md").read_text()
    assert (
        written
        == '=== "Tab"\n\n    ```console\n    $ seq 1 3\n    1\n    2\n    3\n    $ echo 4MB\n    1MB\n    ```\n'
    )
    project.runpytest_subprocess("--rewrite").assert_outcomes(passed=2)
    assert (project.path / "docs/page.md").read_text() == written


def test_a_page_that_changed_while_it_ran_is_not_written(project: pytest.Pytester) -> None:
    text = f"```console\n$ echo >> {project.path}/docs/page.md; echo x\n```\n"
    add(project, "page.md", text)
    result = project.runpytest_subprocess("--rewrite")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*docs/page.md:1: the page was changed while it ran; nothing was written*"])
    assert (project.path / "docs/page.md").read_text() == text + "\n"


def test_a_failure_is_an_annotation_in_github_actions(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    add(project, "page.md", "```console\n$ true\n$ echo 50%\n```\n")
    result = project.runpytest_subprocess()
    (line,) = [line for line in result.outlines if line.startswith("::error ")]
    assert line.startswith(
        f"::error file=docs/page.md,line=3,title=docs/page.md%3A%3Atrue@{ENGINE}::docs/page.md:3: the output"
    )
    assert "%0A    + 50%25%0A" in line


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_an_error_is_an_annotation_in_github_actions(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    add(project, "a,b.md", "# Page\n\n```console\n$ true\n")
    result = project.runpytest_subprocess(*workers)
    assert [line for line in result.outlines if line.startswith("::error ")] == [
        "::error file=docs/a%2Cb.md,line=3,title=docs/a%2Cb.md::docs/a,b.md:3: this fence is never closed; "
        "close it with ``` at the same indentation"
    ]
    (project.path / "docs" / "a,b.md").unlink()
    add(project, "page.md", f"```console\n$ echo >> {project.path}/docs/page.md; echo x\n```\n")
    result = project.runpytest_subprocess("--rewrite", *workers)
    (line,) = [line for line in result.outlines if line.startswith("::error ")]
    assert line.startswith("::error file=docs/page.md,line=1,title=docs/page.md%3A%3Aleaves-nothing-behind@")
    assert "the page was changed while it ran" in line


def test_an_error_that_names_no_line_is_an_annotation_of_the_block(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    project.makeconftest(
        "def start_lab(engine):\n    raise OSError\n\nimport snippets.pytest_pages\nsnippets.pytest_pages.start_lab = start_lab\n"
    )
    add(project, "page.md", "# Page\n\n```console\n$ true\n```\n")
    result = project.runpytest_subprocess()
    (line,) = [line for line in result.outlines if line.startswith("::error ")]
    assert line.startswith("::error file=docs/page.md,line=3,title=")


@pytest.mark.parametrize("options", [(), ("--engine", "26.1")])
def test_how_to_rewrite_is_said_where_that_mends_the_page(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    add(project, "differs.md", "```console\n$ echo x\n```\n")
    add(project, "contradicts.md", "```console\n$ printf '172.17.0.%s ' 2 3\n172.17.0.9 172.17.0.9\n```\n")
    add(project, "fails.md", "```console\n$ false\n```\n")
    add(project, "typed.md", "```console\n$ echo $ x\n```\n")
    result = project.runpytest_subprocess(*options)
    result.assert_outcomes(failed=4, skipped=4)
    engine = " ENGINE=26.1" if options else ""
    assert [line for line in result.outlines if line.startswith("To write")] == [
        f"To write what came into the page: make rewrite PAGE=docs/{name}.md{engine}"
        for name in ("contradicts", "differs", "typed")
    ]
    result = project.runpytest_subprocess("--rewrite", *options)
    result.assert_outcomes(failed=1, passed=6, skipped=1, errors=1)
    assert not [line for line in result.outlines if line.startswith("To write")]


def test_how_to_rewrite_names_a_directory_of_binaries() -> None:
    engine = replace(ENGINES["26.1"], version="26.1.5", directory="/my binaries")
    assert (
        rewrite_command("docs/page.md", engine) == "pytest --rewrite --engine-dir='/my binaries' docs/page.md"
    )


def test_junit_names_page_and_line(project: pytest.Pytester) -> None:
    add(project, "page.md", "```console\n$ true\n$ echo x\n```\n")
    project.runpytest_subprocess("--junit-xml=report.xml")
    report = (project.path / "report.xml").read_text()
    assert '<property name="page" value="docs/page.md"' in report
    assert '<property name="line" value="3"' in report


def test_unchanged_pages_are_left_out_on_request(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    add(project, "page.md", PASSING)
    add(project, "failing.md", "```console\n$ false\n```\n")
    project.runpytest_subprocess("--changed-only").assert_outcomes(passed=3, failed=1, skipped=1)
    again = project.runpytest_subprocess("--changed-only")
    again.assert_outcomes(failed=1, skipped=1, deselected=3)
    again.stdout.fnmatch_lines(["1 pages left out: unchanged since they passed"])
    project.runpytest_subprocess("docs/page.md").assert_outcomes(passed=3)
    add(project, "page.md", PASSING + "More words.\n")
    project.runpytest_subprocess("--changed-only", "docs/page.md").assert_outcomes(passed=3)
    monkeypatch.setenv("CI", "true")
    project.runpytest_subprocess("--changed-only", "docs/page.md").assert_outcomes(passed=3)


def test_a_page_that_ends_with_a_file_is_known_as_passed(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    other = '```{ .console engine="26.1" }\n$ true\n```\n'
    leaves = "---\nleaves: [file Dockerfile]\n---\n"
    add(project, "page.md", f"{leaves}{FILE}\n{other}")
    project.runpytest_subprocess().assert_outcomes(passed=3)
    project.runpytest_subprocess("--changed-only").assert_outcomes(deselected=3)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_what_passed_is_recorded_with_what_it_ran_with(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    project.makeconftest(CONFTEST + RECORDING)
    front = "---\ntokens:\n  build: '#\\d+'\nleaves: [file Dockerfile]\n---\n"
    add(project, "files.md", front + FILE)
    add(project, "page.md", "```console\n$ true\n```\n")
    add(project, "failing.md", "```console\n$ true\n```\n\n```console\n$ false\n```\n")
    project.runpytest_subprocess("--record", "--engine=26.1", "--engine=28.5", *workers).assert_outcomes(
        passed=12, failed=2, skipped=2
    )
    folder = project.path / "recordings"
    found = [(recording.engine, recording.page, recording.version) for recording in all_recordings(folder)]
    assert found == [
        ("26.1", "docs/files.md", "26.1.9"),
        ("26.1", "docs/page.md", "26.1.9"),
        ("28.5", "docs/files.md", "28.5.9"),
        ("28.5", "docs/page.md", "28.5.9"),
    ]
    blocks, settings = (
        parse_page(front + FILE, "docs/files.md"),
        parse_settings(front + FILE, "docs/files.md"),
    )
    assert stale("docs/files.md", blocks, settings, "26.1", folder) == []
    assert list(read_images(folder).values()) == [{"ubuntu:latest": "sha256:ab"}]


def test_a_retry_is_reported(project: pytest.Pytester) -> None:
    text = '```console\n$ (sleep 0.6; touch f) & true\n...\n```\n\n```{ .console retry="10" }\n$ ls f\nf\n```\n\n```console\n$ rm f\n```\n'
    add(project, "page.md", text)
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([f"retried docs/page.md:7: * tries, * s ({ENGINE})"])


def test_a_machine_that_is_slow_can_have_more_time(project: pytest.Pytester) -> None:
    add(project, "page.md", "```console\n$ sleep 2\n```\n")
    result = project.runpytest_subprocess("--time-limit", "0.5")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["docs/page.md:2: it had not ended after 0.5 s*"])


def test_a_page_runs_on_each_engine_that_is_named(project: pytest.Pytester) -> None:
    text = '```console\n$ true\n```\n\n```{ .console engine="26.1" }\n$ echo new\nnew\n```\n'
    add(project, "page.md", text)
    result = project.runpytest_subprocess("-v", "--engine", "20.10", "--engine", "26.1")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "docs/page.md::true@20.10 PASSED*",
            "docs/page.md::true@26.1 PASSED*",
            "docs/page.md::echo-new@26.1 PASSED*",
        ]
    )


def test_an_unknown_engine_is_refused_with_the_known_ones(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--engine", "19.03")
    result.stderr.fnmatch_lines([f"*unknown engine '19.03'; known: {', '.join(ENGINES)}, or all"])
    add(project, "page.md", '\n```{ .console engine="28,5" }\n$ true\n```\n')
    result = project.runpytest_subprocess()
    result.stdout.fnmatch_lines(["docs/page.md:2: unknown engine '28,5'; known: 20.10, *"])


LACKING = [name for name in ENGINES if ENGINES[name].release]


def above_the_counts(result: pytest.RunResult) -> list[str]:
    """A run's lines of output, without empty ones and its very last one."""
    return [line for line in result.outlines if line][:-1]


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_what_could_not_be_had_of_all_engines_is_said_last(
    project: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    add(project, "page.md", "```console\n$ true\n```\n")
    result = project.runpytest_subprocess("--engine", "all", *workers)
    result.assert_outcomes(passed=2 * (len(ENGINES) - len(LACKING)))
    assert len(LACKING) > 0
    for line, name in zip(above_the_counts(result)[-len(LACKING) :], LACKING, strict=True):
        assert line.startswith(f"The pages did not run on {name}. ")
        assert f"`lab engine get {name}`" in line


def test_an_older_default_engine_is_said_last_with_the_way_to_the_newest(project: pytest.Pytester) -> None:
    add(project, "page.md", "```console\n$ true\n```\n")
    said = f"The default engine is {ENGINE} here, not {LACKING[-1]}. "
    result = project.runpytest_subprocess()
    last = above_the_counts(result)[-1]
    assert last.startswith(said)
    assert f"`lab engine get {LACKING[-1]}`" in last
    result = project.runpytest_subprocess("--engine", ENGINE)
    assert said not in result.stdout.str()


def test_an_engine_that_cannot_be_had_is_refused_with_the_way_out(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--engine", LACKING[0])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*its archive is not here. `lab engine get {LACKING[0]}`*"])


def test_only_one_engine_at_a_time_rewrites(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--engine", "all", "--rewrite")
    result.stderr.fnmatch_lines(["*--rewrite takes one engine at a time*"])
