"""Recordings: what counts as the same block, small diffs, and the committed ones are not stale."""

import json
from pathlib import Path

import pytest

from snippets.block import Block, parse_page
from snippets.lab import ENGINES
from snippets.record import RECORDINGS, fingerprints, ran_on, read_recording, stale, write_recording

ROOT = Path(__file__).parent.parent
PAGE = "docs/learn/page.md"
TEXT = """# Page

```console
$ docker version
28.5.2
```

=== "Old"

    ```{ .console engine="20.10" }
    $ docker old
    ```

```console
$ docker ps
```
"""


def blocks(text: str = TEXT) -> list[Block]:
    return parse_page(text, PAGE)


def prints(text: str, engine: str = "26.1") -> list[str]:
    return list(fingerprints(blocks(text), engine).values())


def test_words_and_places_do_not_count() -> None:
    assert prints("More words.\n\n" + TEXT) == prints(TEXT)
    assert prints(
        TEXT.replace("```console\n$ docker ps", '```{ .console hl_lines="1" }\n$ docker ps')
    ) == prints(TEXT)


def test_a_change_counts_from_there_on() -> None:
    before, after = prints(TEXT), prints(TEXT.replace("$ docker ps", "$ docker ps -a"))
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    after = prints(TEXT.replace("28.5.2", "28.5.3"))
    assert (before[0] == after[0], before[1] == after[1]) == (False, False)


def test_blocks_of_other_engines_do_not_count() -> None:
    changed = TEXT.replace("docker old", "docker older")
    assert prints(changed) == prints(TEXT)
    assert prints(changed, "20.10") != prints(TEXT, "20.10")
    assert prints(TEXT, "26.1") != prints(TEXT, "28.5")


def test_what_was_recorded_is_known_until_it_changes(tmp_path: Path) -> None:
    write_recording(PAGE, blocks(), "26.1", {3: 0.12, 16: 1.49}, tmp_path)
    assert ran_on(PAGE, blocks(), ["20.10", "26.1"], tmp_path) == {3: ["26.1"], 10: [], 14: ["26.1"]}
    assert stale(PAGE, blocks(), "26.1", tmp_path) == []
    changed = blocks(TEXT.replace("$ docker ps", "$ docker ps -a"))
    assert ran_on(PAGE, changed, ["26.1"], tmp_path) == {3: ["26.1"], 10: [], 14: []}
    assert stale(PAGE, changed, "26.1", tmp_path) == [14]
    assert stale(PAGE, blocks(), "20.10", tmp_path) == [3, 10, 14]


def test_a_run_that_says_nothing_new_changes_nothing(tmp_path: Path) -> None:
    write_recording(PAGE, blocks(), "26.1", {3: 0.2, 14: 1.0}, tmp_path)
    path = tmp_path / "26.1" / "learn" / "page.json"
    path.write_text(path.read_text().replace(json.loads(path.read_text())["date"], "2020-01-01"))
    before = path.read_text()
    write_recording(PAGE, blocks(), "26.1", {3: 0.3, 14: 2.1}, tmp_path)
    assert path.read_text() == before
    write_recording(PAGE, blocks(), "26.1", {3: 0.3, 14: 9.0}, tmp_path)
    recording = read_recording(PAGE, "26.1", tmp_path)
    assert recording is not None
    assert [seconds for _, seconds in recording.blocks] == [0.2, 9.0]
    assert recording.date != "2020-01-01"


def test_a_broken_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "26.1" / "learn" / "page.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(ValueError, match=r"page.json of 26.1 is no recording .* make record"):
        read_recording(PAGE, "26.1", tmp_path)


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_committed_recordings_are_of_the_pages_as_they_are(page: str) -> None:
    found = parse_page((ROOT / page).read_text(encoding="utf-8"), page)
    old = {engine: lines for engine in ENGINES if (lines := stale(page, found, engine))}
    assert not old, f"{page}: these lines were not run as they are: {old}; record them: make record"


def test_no_recording_is_of_a_page_that_is_gone() -> None:
    recorded = {
        f"docs/{path.relative_to(RECORDINGS / engine).with_suffix('.md').as_posix()}"
        for engine in ENGINES
        for path in (RECORDINGS / engine).rglob("*.json")
        if path.name != "trace.json"
    }
    assert recorded <= set(PAGES)
