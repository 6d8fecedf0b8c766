"""Pages that passed: known as long as nothing that their result depends on has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from snippets import passed
from snippets.block import Block, parse_page
from snippets.lab import ENGINES, Engine
from snippets.lab.images import content_path
from snippets.lab.rootfs import root_path
from snippets.passed import PassedPages

TEXT = '```console\n$ echo 1 > data\n```\n\n```{ .text title="data" }\n--8<-- "data"\n```\n'
LINK = "hub/docker/registry/v2/repositories/library/ubuntu/_manifests/tags/latest/current/link"


@dataclass
class World:
    """All that the result of a page depends on, in a directory of the test's own."""

    folder: Path
    engine: Engine
    text: str = TEXT

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def remake(self, name: str) -> None:
        """Make a file again that says the same."""
        path = self.folder / name
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    @property
    def root(self) -> str:
        return str(root_path(self.folder / "docker-architecture", self.engine) / "version")

    @property
    def image(self) -> str:
        return str(content_path(self.folder / "docker-architecture") / LINK)

    def blocks(self) -> list[Block]:
        return parse_page(self.text, "docs/page.md", self.folder / "code" / "files")

    def add(self) -> None:
        PassedPages(self.folder / "code").add(self.text, self.blocks(), self.engine)

    def has(self) -> bool:
        passed._code.cache_clear()
        return PassedPages(self.folder / "code").has(self.text, self.blocks(), self.engine)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LAB_BACKEND", raising=False)
    world = World(tmp_path, replace(ENGINES["26.1"], directory=str(tmp_path / "bin")))
    world.write("code/verify.py", "1")
    world.write("code/files/data", "1")
    world.write("code/files/other", "1")
    world.write("bin/dockerd", "1")
    world.write(world.root, "Docker version 26.1.5")
    world.write(world.image, "sha256:ab")
    return world


def change_engine(**changes: object) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.engine = replace(world.engine, **changes)  # type: ignore[arg-type]

    return change


def change_text(world: World) -> None:
    world.text += "\nMore.\n"


CHANGES = {
    "text": change_text,
    "included file": lambda world: world.write("code/files/data", "2"),
    "engine": change_engine(name="26.2"),
    "engine's version": change_engine(version="26.1.6"),
    "engine's configuration": change_engine(daemon={"debug": True}),
    "root": lambda world: world.write(world.root, "Docker version 26.1.6"),
    "root made again": lambda world: world.remake(world.root),
    "image": lambda world: world.write(world.image, "sha256:cd"),
    "binary": lambda world: world.remake("bin/dockerd"),
    "further binary": lambda world: world.write("bin/cli-plugins/docker-buildx", "1"),
    "code": lambda world: world.write("code/verify.py", "2"),
    "further code": lambda world: world.write("code/lab/new.py", ""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_page_must_run_again_when_what_it_depends_on_changes(
    world: World, change: Callable[[World], None]
) -> None:
    assert not world.has()
    world.add()
    assert world.has()
    change(world)
    assert not world.has()


def test_what_a_page_does_not_depend_on_may_change(world: World) -> None:
    world.add()
    world.write("code/files/other", "2")
    world.write("code/recordings/26.1/cgroup1/page.json", "{}")
    world.write("code/__pycache__/verify.pyc", "")
    world.remake(world.image)
    assert world.has()


def test_nothing_is_known_where_the_lab_cannot_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add()
    monkeypatch.setenv("LAB_BACKEND", "docker")
    assert not world.has()
    monkeypatch.delenv("LAB_BACKEND")
    assert world.has()
    Path(world.root).unlink()
    assert not world.has()
    world.add()
    assert not world.has()


def test_a_cache_that_cannot_be_written_to_is_no_error(world: World) -> None:
    world.write("docker-architecture/passed", "a file")
    world.add()
    assert not world.has()
