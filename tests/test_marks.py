"""What is marked in a block: engines that ran it, from recordings; values that differ, from the matcher."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from snippets.block import Block, parse_page
from snippets.lab.engines import ENGINES
from snippets.record import Provenance, write_recording
from snippets.settings import parse_settings
from snippets.site import marks, render
from snippets.site.marks import PageMarks

PAGE = "docs/t.md"

TEXT = """---
tokens:
  build number: '#\\d+'
---

=== "Docker 20.10"

    ```{ .console engine="20.10" }
    $ docker ps -q
    3f2a9c1b7d54
    ```

=== "Docker 29"

    ```{ .console engine="29.7" exit="1" }
    $ docker ps -q
    3f2a9c1b7d54
    ```

```console
$ docker inspect 3f2a9c1b7d54 | grep 0123456789ab # 3MB
Size: 3MB <b>, 0B
build #17
$ docker exec -it 3f2a9c1b7d54 bash
root@3f2a9c1b7d54:/# exit
```

```console
$ true
```

```{ .dockerfile title="Dockerfile" }
FROM scratch
```

```console
$ true
```
"""


def marked(text: str = TEXT, recordings: Path | None = None) -> list[BeautifulSoup]:
    """Each block of a page as the site shows it."""
    blocks = parse_page(text, PAGE)
    on_page = PageMarks.of(PAGE, blocks, parse_settings(text, PAGE), "../v/#t", recordings)
    return [
        BeautifulSoup(render.render(block, on_page.take(block.language, block.source)), "html.parser")
        for block in blocks
    ]


def record(folder: Path, engines: list[str], text: str = TEXT, host: str = "cgroup1") -> list[Block]:
    blocks = parse_page(text, PAGE)
    for engine in engines:
        write_recording(
            PAGE, blocks, parse_settings(text, PAGE), engine, Provenance("1", {}, host), {}, folder
        )
    return blocks


def where(block: BeautifulSoup) -> str:
    return " ".join(found.get_text(" ", strip=True) for found in block.select(".where"))


def samples(block: BeautifulSoup, within: str = "") -> list[str]:
    return [found.get_text() for found in block.select(f"pre {within} .v")]


def test_without_recordings_no_block_says_that_it_ran(tmp_path: Path) -> None:
    assert [where(block) for block in marked(recordings=tmp_path)] == [
        "for Docker 20.10", "for Docker 29", "", "", "", "",
    ]  # fmt: skip


def test_a_block_that_ran_on_all_engines_says_on_how_many(tmp_path: Path) -> None:
    record(tmp_path, list(ENGINES))
    bar = marked(recordings=tmp_path)[2].select_one("a.ran")
    assert bar is not None
    assert bar.get_text() == f"ran on {len(ENGINES)} engines: {', '.join(reversed(ENGINES))}"
    assert bar["href"] == "../v/#t"


def test_a_block_that_ran_on_some_engines_names_them(tmp_path: Path) -> None:
    record(tmp_path, ["26.1", "20.10"])
    shown = marked(recordings=tmp_path)
    assert [where(block) for block in shown] == [
        "for Docker 20.10 ran there", "for Docker 29", *["ran on 26.1, 20.10"] * 4,
    ]  # fmt: skip


def test_a_change_takes_the_marks_from_the_block_and_from_those_below(tmp_path: Path) -> None:
    record(tmp_path, ["26.1"])
    shown = marked(TEXT.replace("FROM scratch", "FROM busybox"), tmp_path)
    assert [where(block) for block in shown[2:]] == ["ran on 26.1", "ran on 26.1", "", ""]


def test_a_block_for_a_kind_of_host_says_so_and_whether_it_ran(tmp_path: Path) -> None:
    text = '```{ .console host="cgroup2" }\n$ cat pids.max\n```\n'
    record(tmp_path, ["26.1"], text)
    block = marked(text, tmp_path)[0]
    assert where(block) == "for control groups version 2"
    assert "Not run yet: it needs a host with control groups version 2." in block.get_text()
    record(tmp_path, ["26.1"], text, "cgroup2")
    block = marked(text, tmp_path)[0]
    assert where(block) == "for control groups version 2 ran on 26.1"
    assert "Not run" not in block.get_text()


def test_a_block_that_may_differ_says_why() -> None:
    block = marked('```{ .console varies="you have images of your own" }\n$ docker images\n```\n')[0]
    said = "On a machine that you already use, the output may differ: you have images of your own."
    assert [note.get_text() for note in block.select(".aside")] == [said]


def test_a_block_that_is_repeated_until_it_fits_tells_the_reader_to_do_the_same() -> None:
    block = marked('```{ .console retry="20" }\n$ docker ps\n```\n')[0]
    said = "This can take a moment. If you see something else, run it again."
    assert [note.get_text() for note in block.select(".aside")] == [said]


def test_two_blocks_of_the_same_content_have_marks_of_their_own(tmp_path: Path) -> None:
    record(tmp_path, ["26.1"])
    shown = marked(TEXT.replace("FROM scratch", "FROM busybox"), tmp_path)
    assert shown[3].get_text().startswith("Terminalran on 26.1")
    assert shown[5].get_text() == "Terminal$ true\n"


def test_what_is_said_of_engines_is_not_searched(tmp_path: Path) -> None:
    record(tmp_path, ["26.1"])
    assert all(
        "data-search-exclude" in found.attrs
        for b in marked(recordings=tmp_path)
        for found in b.select(".where")
    )


def test_values_that_differ_are_marked_and_nothing_else_is_changed(tmp_path: Path) -> None:
    block = marked(recordings=tmp_path)[2]
    assert samples(block, ".go") == ["3MB", "#17"]
    assert block.select("code")[0].get_text() == parse_page(TEXT, PAGE)[2].source + "\n"


def test_a_prompt_is_marked_where_it_has_a_sample(tmp_path: Path) -> None:
    assert samples(marked(recordings=tmp_path)[2], ".gp") == ["3f2a9c1b7d54"]


def test_in_what_is_typed_only_what_an_output_named_is_marked(tmp_path: Path) -> None:
    assert samples(marked(recordings=tmp_path)[2], ".cmd") == ["3f2a9c1b7d54", "3f2a9c1b7d54"]


def test_the_beginning_of_a_longer_id_is_marked_in_what_is_typed(tmp_path: Path) -> None:
    long = "sha256:" + "ab" * 32
    text = f"```console\n$ docker pull x\n{long}\n$ docker rmi abababababab\n```\n"
    assert samples(marked(text, tmp_path)[0], ".cmd") == ["abababababab"]


def test_the_mark_is_explained_once_where_it_is_seen_first(tmp_path: Path) -> None:
    shown = marked(recordings=tmp_path)
    # The blocks in the tabs have marks, too, but a tab may be never looked at.
    assert [len(block.select(".legend .v")) for block in shown] == [0, 0, 1, 0, 0, 0]


def test_a_page_without_values_that_differ_explains_nothing(tmp_path: Path) -> None:
    assert not marked("```console\n$ true\n```\n", tmp_path)[0].select(".legend")


def test_a_page_of_samples_in_tabs_alone_explains_them_there(tmp_path: Path) -> None:
    text = TEXT.split("```console", 1)[0]
    assert [len(block.select(".legend")) for block in marked(text, tmp_path)] == [1, 0]


def test_a_block_that_is_on_no_page_has_no_marks() -> None:
    assert marks.UNMARKED.ran == ()
    assert not marks.UNMARKED.legend
