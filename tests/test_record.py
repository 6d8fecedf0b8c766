"""Recordings: what counts as the same block, small diffs, and the committed ones are not stale."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from snippets.block import Block, parse_page
from snippets.lab import ENGINES
from snippets.record import (
    Provenance,
    all_recordings,
    describe_lab,
    fingerprints,
    ran_on,
    read_images,
    read_recording,
    stale,
    write_images,
    write_recording,
)
from snippets.settings import PageSettings, parse_settings

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


RAN_WITH = Provenance(
    "26.1.5+dfsg1", {"ubuntu:latest": "sha256:ab", "busybox:latest": "sha256:cd"}, "cgroup1"
)


def blocks(text: str = TEXT) -> list[Block]:
    return parse_page(text, PAGE)


def prints(text: str, engine: str = "26.1", host: str = "cgroup1") -> list[str]:
    return list(fingerprints(blocks(text), parse_settings(text, PAGE), engine, host).values())


def record(
    folder: Path, seconds: dict[int, float], ran_with: Provenance = RAN_WITH, engine: str = "26.1"
) -> None:
    write_recording(PAGE, blocks(), PageSettings(), engine, ran_with, seconds, folder)


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


BOUND = TEXT.replace(
    "```console\n$ docker ps",
    '```{ .console host="cgroup2" }\n$ cat pids.max\n```\n\n```console\n$ docker ps',
)


def test_blocks_of_other_hosts_do_not_count() -> None:
    assert prints(BOUND) == prints(TEXT)
    assert prints(BOUND, host="cgroup2")[:1] == prints(TEXT)[:1]
    assert prints(BOUND, host="cgroup2")[-1] not in prints(TEXT)


def test_what_a_block_declares_to_vary_does_not_count() -> None:
    assert prints(TEXT.replace("```console", '```{ .console varies="you have more" }')) == prints(TEXT)


def test_recordings_of_two_kinds_of_host_lie_beside_each_other(tmp_path: Path) -> None:
    page, settings = blocks(BOUND), PageSettings()
    write_recording(PAGE, page, settings, "26.1", RAN_WITH, {}, tmp_path)
    assert ran_on(PAGE, page, settings, ["26.1"], tmp_path) == {3: ["26.1"], 10: [], 14: [], 18: ["26.1"]}
    assert stale(PAGE, page, settings, "26.1", tmp_path) == [], "this host could not run line 14"
    write_recording(PAGE, page, settings, "26.1", replace(RAN_WITH, host="cgroup2"), {}, tmp_path)
    assert ran_on(PAGE, page, settings, ["26.1"], tmp_path)[14] == ["26.1"]
    assert [found.host for found in all_recordings(tmp_path)] == ["cgroup1", "cgroup2"]
    changed = blocks(BOUND.replace("$ docker ps", "$ docker ps -a"))
    assert stale(PAGE, changed, settings, "26.1", tmp_path) == [18]


def test_what_was_recorded_is_known_until_it_changes(tmp_path: Path) -> None:
    record(tmp_path, {3: 0.12, 16: 1.49})
    settings = PageSettings()
    assert ran_on(PAGE, blocks(), settings, ["20.10", "26.1"], tmp_path) == {
        3: ["26.1"],
        10: [],
        14: ["26.1"],
    }
    assert stale(PAGE, blocks(), settings, "26.1", tmp_path) == []
    changed = blocks(TEXT.replace("$ docker ps", "$ docker ps -a"))
    assert ran_on(PAGE, changed, settings, ["26.1"], tmp_path) == {3: ["26.1"], 10: [], 14: []}
    assert stale(PAGE, changed, settings, "26.1", tmp_path) == [14]
    assert stale(PAGE, blocks(), settings, "20.10", tmp_path) == [3, 10, 14]


def test_what_the_page_declares_counts() -> None:
    declared = "---\ntokens:\n  build: '#\\d+'\nleaves: [container a, volume b]\n---\n" + TEXT
    before = prints(declared)
    assert before != prints(TEXT)
    assert before == prints(declared.replace("leaves", "title: T\nleaves"))
    assert before == prints(declared.replace("[container a, volume b]", "[volume b, container a]"))
    for changed in (
        declared.replace("'#", "'##"),
        declared.replace("build:", "number:"),
        declared.replace("'#\\d+'", "{pattern: '#\\d+', names: true}"),
        declared.replace("container a", "container c"),
        declared.replace("leaves: [container a, volume b]\n", ""),
    ):
        assert not set(before) & set(prints(changed)), changed


def test_a_run_that_says_nothing_new_changes_nothing(tmp_path: Path) -> None:
    record(tmp_path, {3: 0.2, 14: 1.0})
    path = tmp_path / "26.1" / "cgroup1" / "learn" / "page.json"
    path.write_text(path.read_text().replace(json.loads(path.read_text())["date"], "2020-01-01"))
    before = path.read_text()
    record(tmp_path, {3: 0.3, 14: 2.1})
    assert path.read_text() == before
    record(tmp_path, {3: 0.3, 14: 9.0})
    recording = read_recording(PAGE, "26.1", "cgroup1", tmp_path)
    assert recording is not None
    assert [seconds for _, seconds in recording.passed] == [0.2, 9.0]
    assert recording.date != "2020-01-01"


def test_what_a_page_ran_with_is_recorded_and_makes_nothing_stale(tmp_path: Path) -> None:
    record(tmp_path, {})
    path = tmp_path / "26.1" / "cgroup1" / "learn" / "page.json"
    path.write_text(path.read_text().replace(json.loads(path.read_text())["date"], "2020-01-01"))
    before = path.read_text()
    newer = replace(RAN_WITH, version="26.1.6")
    record(tmp_path, {}, newer)
    changed = set(path.read_text().splitlines()) - set(before.splitlines())
    assert [line.split(":")[0] for line in sorted(changed)] == [' "date"', ' "version"']
    assert stale(PAGE, blocks(), PageSettings(), "26.1", tmp_path) == []
    rebuilt = Provenance("26.1.6", {"ubuntu:latest": "sha256:ef"}, "cgroup1")
    record(tmp_path, {}, rebuilt)
    recording = read_recording(PAGE, "26.1", "cgroup1", tmp_path)
    assert recording is not None
    assert (recording.version, recording.images) == ("26.1.6", rebuilt.images_key)
    assert stale(PAGE, blocks(), PageSettings(), "26.1", tmp_path) == []


def test_images_are_known_as_long_as_a_recording_names_them(tmp_path: Path) -> None:
    rebuilt = replace(RAN_WITH, images={"ubuntu:latest": "sha256:ef"})
    record(tmp_path, {})
    write_images(RAN_WITH, tmp_path)
    (tmp_path / "26.1" / "trace.json").write_text("{}")
    record(tmp_path, {}, rebuilt, engine="28.5")
    write_images(rebuilt, tmp_path)
    assert read_images(tmp_path) == {each.images_key: each.images for each in (RAN_WITH, rebuilt)}
    record(tmp_path, {}, rebuilt)
    write_images(rebuilt, tmp_path)
    assert read_images(tmp_path) == {rebuilt.images_key: rebuilt.images}
    assert [found.engine for found in all_recordings(tmp_path)] == ["26.1", "28.5"]
    (tmp_path / "lab.json").write_text("[]")
    with pytest.raises(ValueError, match=r"lab.json cannot be read .* make record"):
        read_images(tmp_path)


def test_a_lab_is_described_by_its_daemon_and_its_registries() -> None:
    answers = {
        "docker info": "28.5.2+dfsg4 cgroup2\n",
        "docker.io/v2/_catalog": '{"repositories": ["library/ubuntu"]}',
        "ghcr.io/v2/_catalog": '{"repositories": ["actions/hello"]}',
        "tags/list": '{"tags": ["1"]}',
        "library/ubuntu/manifests/1": "HTTP/1.1 200\r\nDocker-Content-Digest: sha256:ab\r\n",
        "actions/hello/manifests/1": "HTTP/1.1 200\r\ndocker-content-digest: sha256:cd\r\n",
    }
    described = describe_lab(lambda command: next(said for part, said in answers.items() if part in command))
    images = {"ghcr.io/actions/hello:1": "sha256:cd", "ubuntu:1": "sha256:ab"}
    assert described == Provenance("28.5.2+dfsg4", images, "cgroup2")
    assert described.images_key == Provenance("", dict(reversed(images.items())), "cgroup1").images_key


def test_a_broken_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "26.1" / "cgroup1" / "learn" / "page.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(ValueError, match=r"page.json of 26.1 is no recording .* make record"):
        read_recording(PAGE, "26.1", "cgroup1", tmp_path)


PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_committed_recordings_are_of_the_pages_as_they_are(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    found, settings = parse_page(text, page), parse_settings(text, page)
    old = {engine: lines for engine in ENGINES if (lines := stale(page, found, settings, engine))}
    assert not old, f"{page}: these lines were not run as they are: {old}; record them: make record"


def test_no_recording_is_of_a_page_that_is_gone() -> None:
    assert {recording.page for recording in all_recordings()} <= set(PAGES)


def test_every_recording_is_of_the_engine_that_it_names() -> None:
    for recording in all_recordings():
        declared = ENGINES.get(recording.engine)
        assert not declared or recording.version.startswith(declared.version), recording.page


def test_each_recording_names_images_that_are_listed() -> None:
    """Machines make images of other digests, as their packages differ; a page is recorded on whichever ran it."""
    assert {recording.images for recording in all_recordings()} == set(read_images())
