"""The whole site, built strictly; and no block of it that the verifier does not see."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pymdownx.snippets import SnippetMissingError

from snippets.block import Block, parse_page
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
