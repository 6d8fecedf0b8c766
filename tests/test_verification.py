"""The tables on what was run: pages, engines, what is not run; with and without recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from snippets.block import parse_page
from snippets.lab.engines import ENGINES
from snippets.record import Provenance, write_images, write_recording
from snippets.settings import PageSettings
from snippets.site.verification import NOTHING, Verification

TEXT = """# One

```console
$ true
```

```console
$ echo
```

```{ .console engine="29.7" }
$ docker version
```

```{ .console norun="needs macOS" }
$ open
```
"""


RAN_WITH = Provenance("26.1.5+dfsg1", {"ubuntu:latest": "sha256:ab"}, "cgroup1")


@pytest.fixture
def known(tmp_path: Path) -> Verification:
    docs = tmp_path / "docs"
    (docs / "learn").mkdir(parents=True)
    (docs / "learn" / "one.md").write_text(TEXT)
    (docs / "words.md").write_text("# Words\n")
    return Verification(docs, tmp_path / "recordings")


def record(known: Verification, engine: str, text: str = TEXT) -> None:
    blocks = parse_page(text, "docs/learn/one.md")
    seconds = {3: 1.5, 7: 2}
    write_recording("docs/learn/one.md", blocks, PageSettings(), engine, RAN_WITH, seconds, known.recordings)


def row(table: str, start: str) -> list[str]:
    [line] = [line for line in table.splitlines() if start in line]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_without_recordings_the_tables_say_so(known: Verification) -> None:
    assert known.pages().startswith(NOTHING)
    assert row(known.pages(), "learn/one")[1:] == ["–"] * len(ENGINES)
    assert known.images() == NOTHING
    assert row(known.versions(), "`20.10`") == ["`20.10`", "Docker 20.10", "–"]


def test_a_page_that_has_nothing_to_run_is_not_in_the_table(known: Verification) -> None:
    assert "words" not in known.pages()


def test_a_recording_is_a_cell_with_blocks_seconds_and_day(known: Verification) -> None:
    record(known, "26.1")
    table = known.pages()
    assert NOTHING not in table
    at = 1 + list(known.engines).index("26.1")
    cell = row(table, "learn/one")[at]
    assert cell.startswith("2 · 4 s<br>26.1.5+dfsg1<br>20")
    assert row(table, "learn/one")[0] == '<span id="learn-one"></span>[learn/one](../learn/one.md)'


def test_what_changed_since_stands_out(known: Verification) -> None:
    record(known, "26.1", TEXT.replace("$ echo", "$ echo old"))
    assert "**1 of 2** · " in known.pages()


def test_what_the_front_matter_declares_counts(known: Verification) -> None:
    declares = f"---\ntokens:\n  build: '#\\d+'\n---\n\n{TEXT}"
    (known.docs / "learn" / "one.md").write_text(declares)
    record(known, "26.1")
    assert "**0 of 2** · " in known.pages()


def test_versions_and_digests_are_those_of_the_recording(known: Verification) -> None:
    record(known, "26.1")
    write_images(RAN_WITH, known.recordings)
    assert row(known.versions(), "`26.1`")[-1] == "`26.1.5+dfsg1`"
    assert row(known.versions(), "`20.10`")[-1] == "–"
    assert row(known.images(), "ubuntu") == ["`ubuntu:latest`", "`sha256:ab`"]


def test_what_is_not_run_is_listed_with_its_reason(known: Verification) -> None:
    table = known.not_run()
    assert row(table, "line 15")[-1] == "needs macOS"
    assert "line 3" not in table


def test_the_kinds_of_host_are_told_with_what_ran_there(known: Verification) -> None:
    bound = TEXT.replace("```console\n$ echo", '```{ .console host="cgroup2" }\n$ echo')
    (known.docs / "learn" / "one.md").write_text(bound)
    record(known, "26.1", bound)
    at = 1 + list(known.engines).index("26.1")
    assert row(known.hosts(), "Control groups version 1")[at] == "1"
    assert row(known.hosts(), "Control groups version 2")[at] == "–"
    assert row(known.pages(), "learn/one")[at].startswith("1 · "), "line 7 cannot run there: nothing is old"
    assert row(known.not_run(), "line 7")[-1] == "it needs a host with control groups version 2"


def test_a_recording_that_cannot_be_read_is_an_error(known: Verification) -> None:
    record(known, "26.1")
    (known.recordings / "26.1" / "cgroup1" / "learn" / "one.json").write_text("{")
    with pytest.raises(ValueError, match="write it anew: make record"):
        known.pages()
