"""The picture of the build that a page shows."""

from __future__ import annotations

import pytest

from snippets.site import buildgraph
from snippets.site.buildgraph import Step

OUTPUT = """\
step0 needs nothing: FROM docker-image://docker.io/library/busybox:latest@sha256:594c
step1 needs step0: RUN date > "left"
step2 needs step0 and step1: COPY /left
""".splitlines()


def test_the_steps_of_an_output_are_those_that_it_lists() -> None:
    assert buildgraph.steps(["x", *OUTPUT]) == [
        Step("step0", (), "FROM docker-image://docker.io/library/busybox:latest@sha256:594c"),
        Step("step1", ("step0",), 'RUN date > "left"'),
        Step("step2", ("step0", "step1"), "COPY /left"),
    ]


def test_a_step_that_needs_what_is_not_listed_is_an_error() -> None:
    with pytest.raises(ValueError, match="step2 needs step0, which is not listed"):
        buildgraph.steps(OUTPUT[2:])


def test_the_picture_of_the_page_on_buildkit_has_a_box_for_each_step_and_an_arrow_for_each_need() -> None:
    drawn = buildgraph.picture("under-the-hood/buildkit.md", "T")
    assert 'step0["step0<br/>FROM busybox:latest"]' in drawn
    assert drawn.count("-->") == 7
    assert "#62;" in drawn


def test_a_page_without_such_a_list_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no output with lines such as"):
        buildgraph.picture("under-the-hood/api.md", "T")
