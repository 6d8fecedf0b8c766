"""Every actor of the pictures has one shape and one color, wherever a picture names it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from snippets.block import DIAGRAM, parse_page
from snippets.site import diagram
from snippets.site.actors import ACTORS, actor_of, with_shapes

ROOT = Path(__file__).parents[1]
HEAD = "accTitle: A\naccDescr: B.\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Client<br/>docker", "client"),
        ("another client", "client"),
        ("dockerd", "daemon"),
        ("second daemon", "daemon"),
        ("containerd-shim", "shim"),
        ("runc, ends at once", "runc"),
        ("Registry<br/>Docker Hub", "registry"),
        ("container's process", "process"),
        ("volume, at /data", "disk"),
    ],
)
def test_a_label_names_its_actor(label: str, name: str) -> None:
    actor = actor_of(label)
    assert actor is not None and actor.name == name


@pytest.mark.parametrize(
    "label", ["Unix socket", "layer of the image", "container a<br/>eth0", "daemon.json"]
)
def test_a_label_that_names_something_else_is_no_actor(label: str) -> None:
    assert actor_of(label) is None


def test_a_flowchart_s_actors_get_class_and_shape() -> None:
    root = ET.fromstring(
        diagram.svg(f'flowchart TB\n{HEAD}a["Client<br/>docker"] --> b[containerd]\nb --> c["socket"]\n')
    )
    groups = [one.get("class", "").split() for one in root.iter(f"{diagram.SVG}g")]
    assert [name for one in groups for name in one if name.startswith("actor-")] == [
        "actor-client",
        "actor-containerd",
    ]
    assert not list(root.iter(f"{diagram.SVG}style"))


def test_a_sequence_s_actors_get_their_class() -> None:
    root = ET.fromstring(
        diagram.svg(
            f"sequenceDiagram\n{HEAD}participant D as Daemon\nparticipant R as Registry\nD->>R: asks\n"
        )
    )
    boxes = [box.get("class", "").split() for box in root.iter(f"{diagram.SVG}rect")]
    assert {name for one in boxes for name in one if name in ("actor-daemon", "actor-registry")} == {
        "actor-daemon",
        "actor-registry",
    }


def test_errors_keep_their_lines() -> None:
    source = f'flowchart TB\n{HEAD}a["Client"] --> b[dockerd]\n'
    assert with_shapes(source).startswith(source)


def test_each_actor_has_a_color_in_both_schemes() -> None:
    css = (ROOT / "docs/assets/actors.css").read_text(encoding="utf-8")
    for actor in ACTORS:
        assert len(re.findall(rf"--{actor.name}-bg: #", css)) == 2, actor.name
        assert f".actor-{actor.name} {{" in css


def test_the_lesson_s_pictures_name_their_actors() -> None:
    """Labels that mean an actor and are not known as one would be drawn as any other box."""
    found = 0
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for block in parse_page(path.read_text(encoding="utf-8"), str(path)):
            if block.language == DIAGRAM:
                found += len(re.findall(r"^class \w+ actor-", with_shapes(block.source), re.MULTILINE))
    assert found > 20
