"""The whole site, built strictly; and no block of it that the verifier does not see."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from pymdownx.snippets import SnippetMissingError

from snippets.block import RUNS, Block, parse_page
from snippets.lab.engines import ENGINES
from snippets.record import Provenance, write_recording
from snippets.settings import PageSettings
from snippets.site import marks, render
from tests.sitebuild import ROOT, BuildFailedError, Site, build, differences, shown, site

PAGES = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md"))

# Every place that a fence can stand in, and every kind of block.
SAMPLE = """# A page

```console
$ echo one
one
```

=== "Tab"

    ```console
    $ echo tab
    tab
    ```

    === "Inner"

        ```console
        $ echo inner

        ```

!!! note

    ```{ .dockerfile title="Dockerfile" hl_lines="1" }
    FROM scratch
    ```

??? answer

    ```json
    {"a": "<b>"}
    ```

1.  In a list:

    ```console
    $ cat <<'EOF'
    > a
    >
    > EOF
    ...
    ```

> In a quote:
>
> ```console
> $ echo quote
> ```

~~~{ .makefile title="Makefile" linenums="1" }
all:
\techo
~~~

```{ .powershell norun="needs Windows" }
Get-Process
```

```mermaid
flowchart TB
    accTitle: Two
    accDescr: One after the other.
    a --> b
```

```python exec="on"
print("~~~text")
print("generated")
print("~~~")
```
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Site:
    docs = tmp_path_factory.mktemp("docs")
    (docs / "index.md").write_text(SAMPLE)
    return build(tmp_path_factory.mktemp("site"), docs, nav=[{"Home": "index.md"}])


def page_of(text: str, tmp_path: Path) -> str:
    """Build a site of one page and return the page's HTML."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(text)
    return (build(tmp_path / "site", docs, nav=[{"Home": "index.md"}]).directory / "index.html").read_text()


def test_the_site_builds_without_a_warning() -> None:
    assert set(site().pages) == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_that_a_page_shows_is_one_that_the_grammar_found(page: str) -> None:
    html = (site().directory / site().pages[page]).read_text(encoding="utf-8")
    blocks = parse_page((site().docs / page).read_text(encoding="utf-8"), f"docs/{page}")
    assert not differences(f"docs/{page}", html, blocks)


def test_every_place_and_kind_of_fence_is_compared(sample: Site) -> None:
    html = (sample.directory / "index.html").read_text()
    blocks = parse_page(SAMPLE, "index.md")
    assert len(shown(html)) == len(blocks) == 11
    assert not differences("index.md", html, blocks)


@pytest.mark.parametrize("index", range(11))
def test_a_block_that_the_grammar_misses_or_misreads_is_a_difference(sample: Site, index: int) -> None:
    html = (sample.directory / "index.html").read_text()
    blocks = parse_page(SAMPLE, "index.md")
    missed = blocks[:index] + blocks[index + 1 :]
    assert differences("index.md", html, missed)
    misread: list[Block] = list(blocks)
    misread[index] = dataclasses.replace(blocks[index], lines=(*blocks[index].lines, "more"))
    assert differences("index.md", html, misread)[0].startswith(f"index.md:{blocks[index].line}: ")
    twice = blocks[: index + 1] + blocks[index:]
    assert differences("index.md", html, twice)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# T\n\n    $ docker ps\n", id="indented code"),
        pytest.param("# T\n\n<pre>$ docker ps</pre>\n", id="raw HTML"),
        pytest.param("# T\n\nText ``a\nb`` text.\n", id="code over two lines"),
    ],
)
def test_code_that_is_no_fence_is_a_difference(text: str, tmp_path: Path) -> None:
    assert differences("index.md", page_of(text, tmp_path), parse_page(text, "index.md"))


FAULTS = {
    "tab of another engine": (
        '=== "Docker 26.1"\n\n    ```{ .console engine="20.10" }\n    $ true\n    ```\n',
        ':5: bound to 20.10 in the tab "Docker 26.1"',
    ),
    "unknown engine": ('```{ .console engine="3.0" }\n$ true\n```\n', ":3: unknown engine '3.0'"),
    "option": ("```{ .console colour='red' }\n$ true\n```\n", ":3: unknown option"),
    "language": ("```nosuch\nx\n```\n", ":3: unknown language"),
    "line to look at": ('```{ .console hl_lines="1-3" }\n$ true\n```\n', ":3: hl_lines names lines"),
    "unclosed": ("```console\n$ true\n", ":3: this fence is never closed"),
    "session": ("```console\nx\n```\n", ":4: output before any command"),
    "untitled diagram": ("```mermaid\nflowchart TB\na --> b\n```\n", ":3: the diagram has no accTitle"),
    "diagram": (
        "```mermaid\nflowchart TB\naccTitle: a\naccDescr: b\na -- --> c\nc --> d\n```\n",
        ":7: Mermaid: Parse error",
    ),
    "executed": ('```python exec="on"\n1 / 0\n```\n', "ZeroDivisionError"),
    "executed link": ('```python exec="on"\nprint("[x](nosuch.md#y)")\n```\n', "nosuch.md"),
    "anchor": ("[x](#nosuch)\n", "#nosuch"),
    "link": ("[x](nosuch.md)\n", "nosuch.md"),
    "include": ('```{ .dockerfile title="Dockerfile" }\n--8<-- "nosuch"\n```\n', "nosuch"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_page_fails_the_strict_build(fault: str, tmp_path: Path) -> None:
    text, message = FAULTS[fault]
    with pytest.raises((BuildFailedError, SnippetMissingError)) as caught:
        page_of(f"# T\n\n{text}", tmp_path)
    # Where a line is told, so is the page.
    assert (f"{tmp_path}/docs/index.md{message}" if message.startswith(":") else message) in str(caught.value)


def test_a_link_that_a_page_computes_leads_to_its_page(tmp_path: Path) -> None:
    html = page_of('# T\n\n```python exec="on"\nprint("[y](index.md#t)")\n```\n', tmp_path)
    assert '<a href="./#t">y</a>' in html


def article(page: str) -> BeautifulSoup:
    """What a page of the site shows, as HTML without its fences."""
    html = (site().directory / site().pages[page]).read_text(encoding="utf-8")
    found = BeautifulSoup(html, "html.parser").find("article")
    assert isinstance(found, Tag)
    return BeautifulSoup(str(found), "html.parser")


@pytest.mark.parametrize("page", PAGES)
def test_every_question_has_one_right_choice_and_reasons_for_all(page: str) -> None:
    asked = [found.get_text() for found in article(page).select(".admonition.question > .admonition-title")]
    assert len(set(asked)) == len(asked), "two questions have the same words; choices are kept by them"
    for question in article(page).select(".admonition.question"):
        choices = question.select(":scope > details:is(.right, .wrong)")
        title = question.get_text(" ", strip=True)[:60]
        if not choices:
            continue
        assert len(choices) > 1, f"one choice is none: {title}"
        assert len(question.select(":scope > details.right")) == 1, f"not one right choice: {title}"
        assert len({choice.select("summary")[0].get_text() for choice in choices}) == len(choices), title
        for choice in choices:
            assert choice.select(":scope > summary + p"), (
                f"a choice without a reason: {choice.get_text()[:60]}"
            )


@pytest.mark.parametrize("page", PAGES)
def test_every_choice_stands_in_a_question(page: str) -> None:
    found = article(page)
    assert found.select("details:is(.right, .wrong)") == found.select(
        ".admonition.question > details:is(.right, .wrong)"
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_term_found_its_term(page: str) -> None:
    found = article(page)
    for code in found.select("code, pre"):
        code.decompose()
    assert "][" not in found.get_text()


def test_a_term_is_linked_by_its_name(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "reference").mkdir(parents=True)
    (docs / "index.md").write_text("# T\n\nAn **[image][]**, two [images][image].\n")
    (docs / "reference" / "glossary.md").write_text("# Glossary\n\n### Image\n\nFiles.\n")
    built = build(tmp_path / "site", docs, nav=["index.md", "reference/glossary.md"])
    html = (built.directory / "index.html").read_text()
    assert '<strong><a href="reference/glossary/#image">image</a></strong>' in html
    assert '<a href="reference/glossary/#image">images</a>' in html


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of one page that is recorded on every engine."""
    docs, recordings = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("recordings")
    (docs / "reference").mkdir()
    text = "# T\n\n```console\n$ docker ps -q\n3f2a9c1b7d54\n```\n"
    (docs / "index.md").write_text(text)
    (docs / "reference" / "verification.md").write_text("# V\n")
    blocks, ran_with = parse_page(text, "docs/index.md"), Provenance("1", {}, "cgroup1")
    for engine in ENGINES:
        write_recording("docs/index.md", blocks, PageSettings(), engine, ran_with, {}, recordings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "RECORDINGS", recordings)
        return build(tmp_path_factory.mktemp("site"), docs, nav=["index.md", "reference/verification.md"])


def test_a_recorded_block_links_to_its_row_on_the_page_of_recordings(recorded: Site) -> None:
    html = BeautifulSoup((recorded.directory / "index.html").read_text(), "html.parser")
    assert [link["href"] for link in html.select("a.ran")] == ["reference/verification/#index"]


def test_marks_are_not_searched_and_cut_no_word(recorded: Site) -> None:
    index = json.loads((recorded.directory / "search" / "search_index.json").read_text())
    [words] = [entry["text"] for entry in index["docs"] if entry["location"] == ""]
    assert BeautifulSoup(words, "html.parser").get_text().split() == [
        "Terminal$",
        "docker",
        "ps",
        "-q",
        "3f2a9c1b7d54",
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_mark_that_links_leads_to_a_row_that_is_there(page: str) -> None:
    rows = {str(row["id"]) for row in article("reference/verification.md").select("td [id]")}
    if any(
        block.kind in RUNS for block in parse_page((site().docs / page).read_text(encoding="utf-8"), page)
    ):
        assert render.slug(page) in rows


def test_a_recording_that_cannot_be_read_fails_the_strict_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "20.10" / "cgroup1").mkdir(parents=True)
    (tmp_path / "20.10" / "cgroup1" / "index.json").write_text("{")
    monkeypatch.setattr(marks, "RECORDINGS", tmp_path)
    with pytest.raises(BuildFailedError, match="write it anew: make record"):
        page_of("# T\n\n```console\n$ true\n```\n", tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_highlights_an_elision(page: str) -> None:
    for block in parse_page((ROOT / "docs" / page).read_text(encoding="utf-8"), f"docs/{page}"):
        shown = [block.lines[number - 1].strip() for number in render.highlighted_lines(block)]
        assert not {"", "..."} & set(shown), (
            f"docs/{page}:{block.line}: hl_lines names a line that shows nothing"
        )
