"""The journey: pages that pass in a lab of their own and fail where a reader goes, in labs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from snippets.block import parse_page
from snippets.journey import navigation
from snippets.lab.paths import cache_dir

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
SAMPLES = Path(__file__).parent / "samples" / "journey"
CACHE = cache_dir().parent
"""The user's, with the labs' roots in it: pytester makes a home of the test's own."""

DECLARATIONS = 15
"""How many blocks of the site may say that their output varies: a page is to hold where it is read."""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS"):  # in CI, pytest and the plugin print more
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    pytester.makeini("[pytest]\naddopts = -p snippets.pytest_pages -p no:cacheprovider\n")
    shutil.copy(SAMPLES / "mkdocs.yml", pytester.path)
    pytester.mkdir("docs")
    return pytester


def run(project: pytest.Pytester, names: str, *options: str) -> tuple[list[str], pytest.RunResult]:
    """What failed in a run of these samples, as page and part, and all that it said."""
    for name in names.split():
        shutil.copy(SAMPLES / f"{name}.md", project.path / "docs")
    result = project.runpytest_subprocess("-ra", *options)
    failed = [line.split()[1] for line in result.outlines if line.startswith(("FAILED ", "ERROR "))]
    return [
        f"{line.split('.md')[0].removeprefix('docs/')} {line.rpartition('/')[2]}" for line in failed
    ], result


def test_what_a_page_depends_on_shows_in_the_part_where_that_differs(project: pytest.Pytester) -> None:
    failed, result = run(project, "volume images declared prune", "--journey", "-n", "2")
    assert sorted(failed) == ["images lived-in", "prune lived-in", "volume second"]
    result.stdout.fnmatch_lines(
        ["docs/prune.md:*: the page removes container my-hello, *, which it did not make (*)"]
    )
    result.stdout.fnmatch_lines(
        [
            "journey */first: 4 of 4 pages passed; 0 of the 1 blocks that may differ did",
            "journey */lived-in: 2 of 4 pages passed; 1 of the 1 blocks that may differ did",
            "journey */second: 3 of 4 pages passed; 0 of the 1 blocks that may differ did",
        ]
    )


def test_pages_come_in_the_order_of_the_navigation_part_by_part(project: pytest.Pytester) -> None:
    _, result = run(project, "volume images cache", "--journey", "--collect-only", "-q")
    begun = [line.replace(".md", "/").split("/") for line in result.outlines if "leaves-nothing" in line]
    parts = ("first", "second", "lived-in")
    assert [(line[1], line[-1]) for line in begun] == [
        (page, part) for part in parts for page in ("volume", "cache", "images")
    ]


def test_the_build_cache_is_left_behind_in_a_lab_of_its_own_too(project: pytest.Pytester) -> None:
    _, result = run(project, "cache", "--engine=20.10")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["docs/cache.md:*: the page leaves build cache behind; *"])


def test_a_block_for_another_kind_of_host_is_counted(project: pytest.Pytester) -> None:
    failed, result = run(project, "host")
    assert not failed
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["1 blocks not run here: this host has control groups version [12]"])


@pytest.mark.parametrize("option", ["--rewrite", "--record", "--changed-only", "--with-journey"])
def test_what_makes_no_sense_on_a_journey_is_refused(project: pytest.Pytester, option: str) -> None:
    _, result = run(project, "", "--journey", option)
    result.stderr.fnmatch_lines([f"*--journey and {option} do not go together*"])


def test_the_journey_can_be_run_beside_the_pages(project: pytest.Pytester) -> None:
    failed, result = run(project, "images", "--with-journey", "--engine=26.1")
    assert failed == ["images lived-in"]
    result.assert_outcomes(passed=6, failed=1, skipped=1)


def test_the_pages_of_the_site_are_in_its_navigation() -> None:
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(navigation(ROOT / "mkdocs.yml")) == pages


def test_few_blocks_declare_that_they_vary() -> None:
    pages = (ROOT / "docs").rglob("*.md")
    found = [
        f"{block.path}:{block.line}"
        for page in pages
        for block in parse_page(page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix())
        if block.varies
    ]
    assert len(found) <= DECLARATIONS, f"more than {DECLARATIONS} blocks vary: {', '.join(found)}"
