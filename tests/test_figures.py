"""Pictures from data: the numbers in them, the same as text, and bad data."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from snippets.site import figures
from snippets.site.figures import Layer, Process, Span, Step

STEPS: list[dict[str, Any]] = [
    {"t": 0.001, "from": "client", "to": "daemon", "what": "HEAD /_ping", "status": 200},
    {"t": 0.0126, "from": "client", "to": "daemon", "what": "POST /containers/create?a=<b>", "status": 404},
    {"from": "daemon", "to": "registry", "what": "GET /v2/"},
    {"from": "registry", "to": "registry", "what": "logs"},
]


def drawn(html: str) -> Tag:
    figure = BeautifulSoup(html, "html.parser").find("figure")
    assert isinstance(figure, Tag)
    return figure


FIGURES = {
    "layers": figures.layer_sizes("A title", [Layer("ADD", 1)]),
    "tree": figures.process_tree("A title", [Process(1, 0, "init")]),
    "timeline": figures.timeline("A title", [Span("pull", 0, 1)]),
    "sequence": figures.sequence("A title", STEPS),
    "no layers": figures.layer_sizes("A title", []),
    "no processes": figures.process_tree("A title", []),
    "no spans": figures.timeline("A title", []),
    "no steps": figures.sequence("A title", []),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_has_a_name_and_a_description_of_its_own(name: str) -> None:
    svg = drawn(FIGURES[name]).select_one("svg[role=img]")
    assert svg is not None
    title = svg.select_one(f"title#{svg['aria-labelledby']}")
    description = svg.select_one(f"desc#{svg['aria-describedby']}")
    assert title and title.get_text() == "A title"
    assert description and description.get_text()


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_stays_raw_html_in_markdown(name: str) -> None:
    assert "\n" not in FIGURES[name]


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_has_no_colours_of_its_own(name: str) -> None:
    # A name above a column stands where its column is; that is no color.
    assert not re.search(r'style="(?!left:[\d.]+%")|fill=|stroke=|#[0-9a-f]{3,6}\b', FIGURES[name])


def test_bars_are_as_long_as_their_share_of_the_largest() -> None:
    figure = drawn(figures.layer_sizes("T", [Layer("a", 4_000_000), Layer("b", 1_000_000), Layer("c", 0)]))
    assert [bar["width"] for bar in figure.select(".bar")] == ["100.00%", "25.00%"]
    assert [cell.get_text() for cell in figure.select("td")] == ["a", "4MB", "b", "1MB", "c", "0B"]


def test_spans_lie_where_they_are_in_the_whole_time() -> None:
    figure = drawn(figures.timeline("T", [Span("pull", 0, 30), Span("start", 30, 10), Span("end", 40, 0)]))
    assert [(bar["x"], bar["width"]) for bar in figure.select(".bar")] == [
        ("0.00%", "75.00%"), ("75.00%", "25.00%"), ("99.60%", "0.40%"),
    ]  # fmt: skip
    assert [cell.get_text() for cell in figure.select("td")] == [
        "pull",
        "30 ms",
        "start",
        "10 ms",
        "end",
        "0 ms",
    ]


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(0, "0B"), (999, "999B"), (1234, "1.23kB"), (78_123_456, "78.1MB"), (999_950, "1MB")],
)
def test_a_size_is_written_as_docker_writes_it(count: int, wanted: str) -> None:
    assert figures.size(count) == wanted


def test_processes_stand_below_their_parents() -> None:
    figure = drawn(
        figures.process_tree(
            "T",
            [Process(7, 3, "sleep"), Process(3, 1, "shim", "parent of all"), Process(2, 1, "dockerd")],
        )
    )
    assert [code.get_text() for code in figure.select("svg .code")] == ["shim", "sleep", "dockerd"]
    assert [code.get_text() for code in figure.select("ul ul code")] == ["sleep"]
    xs = {text.get_text(): int(str(text["x"])) for text in figure.select("svg .code")}
    assert xs["sleep"] > xs["shim"] == xs["dockerd"]
    assert "PID 3 · parent of all" in [text.get_text() for text in figure.select("svg .soft")]


def test_a_process_that_is_its_own_parent_is_a_root() -> None:
    assert len(drawn(figures.process_tree("T", [Process(0, 0, "x")])).select("svg .code")) == 1


def test_processes_that_are_each_other_s_parents_are_an_error() -> None:
    with pytest.raises(ValueError, match="no tree: 2 of 3"):
        figures.process_tree("T", [Process(1, 0, "x"), Process(2, 3, "a"), Process(3, 2, "b")])


def test_steps_are_in_order_with_answers_and_times() -> None:
    figure = drawn(figures.sequence("T", STEPS))
    assert [item.get_text(" ", strip=True) for item in figure.select("ol > li")] == [
        "client → daemon 0.001 s HEAD /_ping 200",
        "client → daemon 0.013 s POST /containers/create?a=<b> 404",
        "daemon → registry GET /v2/",
        "registry logs",
    ]  # fmt: skip
    assert [head.get_text() for head in figure.select(".heads span")] == ["client", "daemon", "registry"]


def test_the_steps_of_a_part_lie_on_a_band_with_its_number() -> None:
    said = [("client", 1), ("client", 2), ("daemon", 2), ("client", 1), ("daemon", 0)]
    steps = [Step(who, "daemon", f"step {number}", part=part) for number, (who, part) in enumerate(said)]
    figure = drawn(figures.sequence("T", steps, ["<first>", "second"]))
    assert json.loads(str(figure["data-parts"])) == ["<first>", "second"]
    bands = figure.select("rect.band")
    assert [(band["data-part"], "even" in band["class"]) for band in bands] == [
        ("1", False),
        ("2", True),
        ("1", False),
    ]
    edges = [(int(str(band["y"])), int(str(band["height"]))) for band in bands]
    assert all(y + height == below for (y, height), (below, _) in itertools.pairwise(edges))
    assert [number.get_text() for number in figure.select(".numeral")] == ["1", "2", "1"]
    groups = [
        [text.get_text() for text in group.select(".code")] for group in figure.select("svg g[data-part]")
    ]
    assert groups == [["step 0"], ["step 1", "step 2"], ["step 3"]]
    items = figure.select("ol.steps > li")
    assert [item.get("data-part") for item in items] == ["1", "2", "2", "1", None]
    assert [item.find("b", class_="part") is not None for item in items] == [True, True, False, True, False]


def test_a_participant_has_the_color_of_its_actor() -> None:
    figure = drawn(figures.sequence("T", [Step("client", "daemon", "a"), Step("stranger", "daemon", "b")]))
    assert [head["class"] for head in figure.select(".heads span")] == [
        ["actor-client"],
        ["actor-daemon"],
        ["other"],
    ]


def test_arrows_go_from_who_asks_to_who_is_asked() -> None:
    figure = drawn(figures.sequence("T", [Step("client", "daemon", "a"), Step("daemon", "client", "b")]))
    there, back = figure.select(".arrow")
    assert (there["x1"], there["x2"]) == (back["x2"], back["x1"])
    assert float(str(there["x1"]).rstrip("%")) < float(str(there["x2"]).rstrip("%"))
    tip = figure.select_one("marker")
    assert tip and there["marker-end"] == f"url(#{tip['id']})"


def test_what_happens_at_one_participant_is_a_dot_and_no_arrow() -> None:
    figure = drawn(figures.sequence("T", [Step("daemon", "daemon", "event")]))
    assert len(figure.select(".dot")) == 1
    assert not figure.select(".arrow")


def test_long_text_is_broken_and_nothing_of_it_is_lost() -> None:
    what = "GET /v2/library/hello-world/blobs/sha256:" + "0123456789abcdef" * 4 + "?a=b&c=d"
    figure = drawn(figures.sequence("T", [Step("client", "daemon", what), Step("daemon", "registry", "x")]))
    lines = [text.get_text() for text in figure.select("svg .code")][:-1]
    assert "".join(lines).replace(" ", "") == what.replace(" ", "")
    assert max(map(len, lines)) <= figures.LETTERS_OF_WIDE


def test_two_pictures_have_ids_of_their_own() -> None:
    one, two = drawn(FIGURES["layers"]), drawn(FIGURES["tree"])
    ids = [str(found["id"]) for figure in (one, two) for found in figure.select("[id]")]
    assert len(set(ids)) == len(ids)


def test_a_record_that_is_no_step_is_an_error() -> None:
    with pytest.raises(ValueError, match="a step without 'to'"):
        figures.sequence("T", [{"from": "client", "what": "x"}])
