"""Mermaid source in, one accessible SVG out; drawn once, kept by its source."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from snippets.site import diagram

SVG = diagram.SVG
HEAD = "accTitle: The parts & more\naccDescr: One asks the other.\n"
FLOW = f'flowchart TB\n{HEAD}subgraph host["Host"]\na["One<br/>two words"] -->|"asks"| b\nend\n'
SEQUENCE = f"sequenceDiagram\n{HEAD}autonumber\nactor Y as You\nparticipant D\nY->>D: go\nD--xY: gone\n"
STATE = f"stateDiagram-v2\n{HEAD}[*] --> running: start\nrunning --> [*]\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "docker-architecture" / "diagrams"


@pytest.mark.parametrize("source", [FLOW, SEQUENCE, STATE], ids=["flowchart", "sequence", "state"])
def test_a_drawing_is_accessible_and_leaves_colours_to_the_page(source: str) -> None:
    root = ET.fromstring(diagram.svg(source))
    name = diagram.identity(source)
    assert root.get("id") == name
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (
        title is not None
        and title.text == "The parts & more"
        and root.get("aria-labelledby") == title.get("id")
    )
    assert description is not None and description.text == "One asks the other."
    assert root.get("aria-describedby") == description.get("id")
    assert not list(root.iter(f"{SVG}style"))
    assert not list(root.iter(f"{SVG}foreignObject"))


@pytest.mark.parametrize("source", [FLOW, SEQUENCE, STATE], ids=["flowchart", "sequence", "state"])
def test_ids_are_the_diagram_s_own_and_every_reference_leads_somewhere(source: str) -> None:
    text = diagram.svg(source)
    ids = [element.get("id", "") for element in ET.fromstring(text).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(diagram.identity(source) in id_ or "actor" in id_ or "root" in id_ for id_ in ids), ids
    references = [part.split(")")[0] for part in text.split("url(#")[1:]]
    assert references and set(references) <= set(ids)


def test_what_nothing_refers_to_is_left_out() -> None:
    assert diagram.svg(FLOW).count("<marker") == 1
    assert len(diagram.svg(SEQUENCE)) < 5000


def test_labels_keep_their_words() -> None:
    words = [element.text for element in ET.fromstring(diagram.svg(FLOW)).iter(f"{SVG}tspan")]
    assert {"One", "two words", "asks", "Host"} <= set(words)


@pytest.mark.parametrize("keyword", ["accTitle", "accDescr"])
def test_a_diagram_must_have_a_title_and_a_description(keyword: str) -> None:
    source = "\n".join(line for line in FLOW.splitlines() if not line.startswith(keyword))
    with pytest.raises(diagram.DiagramError, match=f"no {keyword}.*add a line"):
        diagram.svg(source)


def test_a_syntax_error_tells_its_line() -> None:
    with pytest.raises(diagram.DiagramError, match="Parse error") as caught:
        diagram.svg(f"flowchart TB\n{HEAD}a --> b\nb -- --> c\nc --> d\n")
    assert caught.value.line == 5


def test_a_drawing_is_kept_by_its_source(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = diagram.svg(FLOW)
    assert [path.suffix for path in cache.iterdir()] == [".svg"]
    monkeypatch.setattr(diagram, "_draw", lambda _: pytest.fail("drawn a second time"))
    assert diagram.svg(FLOW) == first
    with pytest.raises(pytest.fail.Exception):
        diagram.svg(FLOW.replace("One", "Another"))


def test_nothing_is_kept_of_a_diagram_that_cannot_be_drawn(cache: Path) -> None:
    with pytest.raises(diagram.DiagramError):
        diagram.svg(f"flowchart TB\n{HEAD}a -- -->\nb\n")
    assert not cache.exists()


def test_a_group_s_title_is_painted_after_the_lines() -> None:
    text = diagram.svg(FLOW)
    assert text.index('class="cluster-label"') > text.rindex("flowchart-link")
