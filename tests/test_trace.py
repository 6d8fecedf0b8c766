"""The trace of `docker run`: what is recorded is what every engine does now."""

from __future__ import annotations

import pytest

from snippets import trace
from snippets.lab import ENGINES, Lab
from snippets.site import traced
from snippets.trace import ABSENT, PRESENT, Record, read_trace, record_trace, sequences

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


def asks_for_the_daemon_s_system(engine: str) -> bool:
    """Whether `docker run` pings twice: since 29, it asks which system the daemon runs on before it creates."""
    return engine.startswith("29.")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_recorded_trace_tells_the_story(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    absent, present = sequences(recorded[ABSENT]), sequences(recorded[PRESENT])
    pings = 1 + asks_for_the_daemon_s_system(engine)
    api = [call for call in absent["api"] if "info" not in call]
    calls = [call.split("?")[0].rpartition("/")[2] for call in api]
    assert calls == [*["_ping"] * pings, "create", "create", "create", "attach", "wait", "start"]
    assert [call.split("?")[0].rpartition("/")[2] for call in present["api"]] == [
        *["_ping"] * pings,
        "create",
        "attach",
        "wait",
        "start",
    ]
    assert absent["registry"]
    assert not present["registry"]
    assert absent["event"][0] == "image pull"
    assert "/hello" in absent["process"]
    assert absent["terminal"] == [
        "Unable to find image 'hello-world:latest' locally",
        "latest: Pulling from library/hello-world",
        "Status: Downloaded newer image for hello-world:latest",
        *present["terminal"],
    ]
    assert present["terminal"] == [
        "Hello from Docker!",
        "docker run ends exit status 0",
        "docker ps --all lesson-trace Exited (0)",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_with_the_image_there_each_witness_sees_what_it_saw_after_the_pull(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    absent, present = sequences(recorded[ABSENT]), sequences(recorded[PRESENT])
    assert present["registry"] == []
    pings = 1 + asks_for_the_daemon_s_system(engine)
    assert present["api"] == [*absent["api"][:pings], *absent["api"][-4:]]
    for source in ("event", "process", "task", "terminal"):
        assert absent[source][-len(present[source]) :] == present[source]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_request_s_404_is_recorded_where_the_log_has_it(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    answers = {
        run: [record.answer for record in records if "/containers/create" in record.what]
        for run, records in recorded.items()
    }
    logged = "" if engine in ("20.10", "26.1") else "404 No such image: hello-world:latest"
    assert answers == {ABSENT: [logged, ""], PRESENT: [""]}


PROOFS = (
    {"docker run --name lesson-trace hello-world"},
    {"POST /containers/create"},
    {"Unable to find image 'hello-world:latest' locally", "POST /images/create"},
    {
        *(f"GET /v2/library/hello-world/{part}" for part in ("manifests/<index>", "manifests/<manifest>")),
        *(f"GET /v2/library/hello-world/{part}" for part in ("blobs/<config>", "blobs/<layer>")),
        "Status: Downloaded newer image for hello-world:latest",
    },
    {"POST /containers/create", "container create"},
    {"POST /containers/<id>/start", "/hello"},
    {"POST /containers/<id>/attach", "Hello from Docker!"},
    {"POST /containers/<id>/wait", "Hello from Docker!", "docker run ends exit status 0"},
    {"container die exit code 0", "docker ps --all lesson-trace Exited (0)"},
)
"""What must be among the records of each of the nine steps, the image absent."""


def told(record: Record) -> str:
    """A record as text: an API call without its version, its query and its answer."""
    if record.source == "api":
        method, _, path = record.what.split("?")[0].partition(" ")
        return f"{method} /{path.lstrip('/').partition('/')[2]}" if path.startswith("/v1.") else record.what
    answer = record.answer if record.source in ("event", "terminal") else ""
    return f"{record.what} {answer}".strip()


@pytest.mark.parametrize("engine", ENGINES)
def test_each_of_the_nine_steps_has_the_records_that_show_it(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    records = recorded[ABSENT]
    shown = traced.shown(records)
    assert len(shown) == len(PROOFS) == 9
    for step, (numbers, proofs) in enumerate(zip(shown, PROOFS, strict=True), 1):
        assert proofs <= {told(records[number - 1]) for number in numbers}, f"step {step}"
    assert {number for numbers in shown for number in numbers} == set(range(1, len(records) + 1))


@pytest.mark.parametrize("engine", ENGINES)
def test_with_the_image_there_only_the_steps_of_the_pull_have_no_records(engine: str) -> None:
    recorded = read_trace(engine)
    assert recorded is not None
    without = [step for step, numbers in enumerate(traced.shown(recorded[PRESENT]), 1) if not numbers]
    assert without == [3, 4]


def test_an_attestation_is_fetched_beside_the_image_in_any_order() -> None:
    image = [f"GET /v2/a/{part}" for part in ("manifests/<manifest>", "blobs/<config>", "blobs/<layer>")]
    beside = [
        f"GET /v2/a/{part}"
        for part in (
            "manifests/<attestation manifest>",
            "blobs/<attestation config>",
            "blobs/<attestation layer>",
        )
    ]
    wanted = {"registry": image, "attestation": beside}
    for order in ([*image, *beside], [image[0], *beside, *image[1:]], [*image[:2], *beside, image[2]]):
        assert sequences([Record("registry", "daemon", "registry", what) for what in order]) == wanted
    swapped = [*image[::-1], *beside]
    assert sequences([Record("registry", "daemon", "registry", what) for what in swapped]) != wanted


def test_numbers_in_a_row_become_a_range() -> None:
    assert traced.ranges([1, 3, 4, 5, 7, 8]) == "1, 3–5, 7, 8"
    assert traced.ranges([]) == ""


NEWER = """\
time="2026-11-24T08:21:18.025000000Z" level=debug msg="handling POST request" form-data="{}" method=POST \
module=api request-url="/v1.51/containers/create?name=a" vars="map[version:1.51]"
time="2026-11-24T08:21:18.026000000Z" level=debug msg="error response for POST request" \
error-response="No such image: \\"a\\"" form-data="{}" method=POST module=api \
request-url="/v1.51/containers/create?name=a" status=404 vars="map[version:1.51]"
time="2026-11-24T08:21:18.027000000Z" level=debug msg="handling POST request" form-data="{}" method=POST \
module=api request-url="/v1.51/containers/create?name=a" vars="map[version:1.51]"
"""

OLDER = """\
time="2026-11-24T08:21:18.025000000Z" level=debug msg="Calling POST /v1.41/containers/create?name=a"
time="2026-11-24T08:21:18.027000000Z" level=debug msg="Calling GET /v1.41/info"
"""


def test_an_error_in_the_log_is_the_answer_to_the_call_before_it() -> None:
    begin = 1795508478 * 10**9
    create = "POST /v1.51/containers/create?name=a"
    assert trace._api_and_tasks(NEWER.splitlines(), begin) == [
        Record("api", "client", "daemon", create, '404 No such image: "a"', 25.0),
        Record("api", "client", "daemon", create, "", 27.0),
    ]


def test_a_log_without_answers_gives_calls_without_answers() -> None:
    calls = trace._api_and_tasks(OLDER.splitlines(), 1795508478 * 10**9)
    assert [(call.what, call.answer) for call in calls] == [
        ("POST /v1.41/containers/create?name=a", ""),
        ("GET /v1.41/info", ""),
    ]


def test_of_what_the_client_prints_the_lines_that_stay_the_same_are_kept() -> None:
    printed = [
        "1795508478.001000 Unable to find image 'a:latest' locally",
        "1795508478.002000 latest: Pulling from library/a",
        "1795508478.003000 864fcd4630e6: Verifying Checksum",
        "1795508478.004000 Digest: sha256:2e20",
        "1795508478.005000 Status: Downloaded newer image for a:latest",
        "1795508478.006000 ",
        "1795508478.007000 Hello from Docker!",
        "1795508478.008000 The client asked the daemon to run this image",
        "1795508478.009500 exit status 3",
    ]
    kept = trace._terminal(printed, 1795508478 * 10**9)
    assert [(record.what, record.answer, record.milliseconds) for record in kept] == [
        ("Unable to find image 'a:latest' locally", "", 1.0),
        ("latest: Pulling from library/a", "", 2.0),
        ("Status: Downloaded newer image for a:latest", "", 5.0),
        ("Hello from Docker!", "", 7.0),
        ("docker run ends", "exit status 3", 9.5),
    ]


@pytest.mark.parametrize(
    ("listing", "answer"),
    [
        ("lesson-trace Exited (0) Less than a second ago\n", "lesson-trace Exited (0)"),
        ("lesson-trace Up 2 seconds\n", "lesson-trace Up 2 seconds"),
        ("", ""),
    ],
)
def test_the_list_of_containers_is_kept_without_how_long_ago(listing: str, answer: str) -> None:
    assert trace._listed(lambda _: listing).answer == answer
