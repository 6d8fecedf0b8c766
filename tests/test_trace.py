"""The trace of `docker run`: what is recorded is what every engine does now."""

import pytest

from snippets.lab import ENGINES, Lab
from snippets.trace import ABSENT, PRESENT, read_trace, record_trace, sequences

TRIES = 3
"""A loaded machine may let a line of the log come late; a change of Docker is there at every try."""


@pytest.mark.parametrize("engine", ENGINES)
def test_the_recorded_trace_is_what_the_engine_does(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None, f"no trace of {engine} is recorded; record it: make record"
    wanted = {name: sequences(run) for name, run in recorded.items()}
    for _ in range(TRIES):
        with Lab.start(engine) as lab:
            runs = record_trace(lab, lambda command, lab=lab: lab.run(command).stdout)  # type: ignore[misc]
        seen = {name: sequences(run) for name, run in runs.items()}
        if seen == wanted:
            break
    assert seen == wanted, "Docker does something else now; if that is right, record it: make record"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_recorded_trace_tells_the_story(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    absent, present = sequences(recorded[ABSENT]), sequences(recorded[PRESENT])
    calls = [call.split("?")[0].rpartition("/")[2] for call in absent["api"] if "info" not in call]
    assert calls == ["_ping", "create", "create", "create", "attach", "wait", "start"]
    assert [call.split("?")[0].rpartition("/")[2] for call in present["api"]] == [
        "_ping",
        "create",
        "attach",
        "wait",
        "start",
    ]
    assert absent["registry"]
    assert not present["registry"]
    assert absent["event"][0] == "image pull"
    assert "/hello" in absent["process"]
