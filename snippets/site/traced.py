"""What the page on a traced `docker run` shows, generated from the recorded traces of every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from snippets.lab.engines import ENGINES
from snippets.site import figures
from snippets.site.engine_tabs import label, tab
from snippets.site.tables import table
from snippets.trace import (
    ABSENT,
    CLIENT_ENDS,
    CLIENT_LISTS,
    COMMAND,
    PRESENT,
    PROGRAM,
    Record,
    read_trace,
)


def pictures(run: str = ABSENT) -> str:
    """Tabs with the sequence of a run on each engine; `run` is `ABSENT` or `PRESENT`."""
    return _tabs(lambda engine, records: _picture(engine, run, records), run)


def lists(run: str = ABSENT) -> str:
    """Tabs with every record of a run on each engine, numbered."""
    return _tabs(lambda _, records: _list(records), run)


def steps(run: str = ABSENT) -> str:
    """Tabs with the nine steps of the lesson, each with the numbers of the records that show it."""
    return _tabs(lambda _, records: _steps(records), run)


def phases(run: str = ABSENT) -> str:
    """Tabs with the time that each part of a run took."""
    return _tabs(lambda engine, records: _phases(engine, run, records), run)


def shown(records: Sequence[Record]) -> list[list[int]]:
    """The numbers of the records that show each of the nine steps; the first record is number 1."""
    return [
        [number for number, record in enumerate(records, 1) if shows(record, records)] for _, shows in STEPS
    ]


def parts_of(records: Sequence[Record]) -> list[int]:
    """The step of the lesson that each record is drawn in: the first that it shows; 0 for none."""
    steps = shown(records)
    return [
        next((step for step, numbers in enumerate(steps, 1) if number in numbers), 0)
        for number in range(1, len(records) + 1)
    ]


def compared() -> str:
    """A table of the API calls of a run on each engine, the image absent and present."""
    rows = []
    for engine in _recorded():
        for run in (ABSENT, PRESENT):
            records = _read(engine, run)
            calls = [record for record in records if record.source == "api"]
            requests = [record for record in records if record.source == "registry"]
            programs = [record for record in records if record.source == "process"]
            rows.append((label([engine]), run, str(len(calls)), str(len(requests)), str(len(programs))))
    return table(("engine", "image", "API calls", "registry requests", "programs started"), rows)


STEPS: Sequence[tuple[str, Callable[[Record, Sequence[Record]], bool]]] = (
    ("You type the command, and the client starts.", lambda one, _: one.what == COMMAND),
    (
        "The client sends a request to the daemon.",
        lambda one, all_: one.what.endswith("/_ping") or one is _nth(all_, "/containers/create", 0),
    ),
    (
        "The daemon has no such image and says so; the client tells you, and asks for it.",
        lambda one, all_: (
            (one is _nth(all_, "/containers/create", 0) and one.answer != "")
            or one.what.startswith("Unable to find image")
            or (one.source == "api" and ("/images/create" in one.what or one.what.endswith("/info")))
        ),
    ),
    (
        "The registry sends the index, the manifest, the configuration and the layer.",
        lambda one, _: (
            one.source == "registry"
            or one.what == "image pull"
            or (one.source == "terminal" and ("Pulling from" in one.what or one.what.startswith("Status:")))
        ),
    ),
    (
        "The daemon creates the container.",
        lambda one, all_: one is _nth(all_, "/containers/create", -1) or one.what == "container create",
    ),
    (
        "The container runs its command.",
        lambda one, _: (
            one.what.endswith("/start")
            or "/attach" in one.what
            or "/wait" in one.what
            or one.what
            in (
                "container attach",
                "network connect",
                "container start",
                "task create",
                "task start",
                PROGRAM,
            )
            or one.what.startswith(
                ("containerd-shim-runc-v2 start", "runc create", "runc init", "runc start")
            )
            or one.what == "containerd-shim-runc-v2"
        ),
    ),
    (
        "The output goes back to the client, over the connection that it opened before the start.",
        lambda one, _: (
            "/attach" in one.what or one.what == "container attach" or one.what.startswith("Hello")
        ),
    ),
    (
        "The client shows it, and ends with the exit status that its wait request is for.",
        lambda one, _: "/wait" in one.what or one.what.startswith("Hello") or one.what == CLIENT_ENDS,
    ),
    (
        "The container has exited and stays: nothing removes it.",
        lambda one, _: (
            one.what in ("task exit", "container die", "network disconnect", CLIENT_LISTS)
            or one.what in ("runc delete", "containerd-shim-runc-v2 delete")
        ),
    ),
)
"""The nine steps of the lesson, each with the records that show it."""


def _nth(records: Sequence[Record], part: str, number: int) -> Record | None:
    found = [record for record in records if record.source == "api" and part in record.what]
    return found[number] if -len(found) <= number < len(found) else None


def _recorded() -> list[str]:
    return [engine for engine in ENGINES if read_trace(engine)]


def _read(engine: str, run: str) -> list[Record]:
    trace = read_trace(engine)
    return trace[run] if trace else []


def _tabs(content: Callable[[str, list[Record]], str], run: str) -> str:
    """A tab for each engine, the newest first."""
    engines = _recorded()
    if not engines:
        return "No trace is recorded yet. `make record` records one.\n"
    parts = []
    for engine in reversed(engines):
        body = content(engine, _read(engine, run))
        parts.append(tab([engine], body))
    return "\n".join(parts)


def _picture(engine: str, run: str, records: Sequence[Record]) -> str:
    parts = parts_of(records)
    shown = [
        figures.Step(
            record.origin,
            record.origin if record.target in ("listeners", "kernel", "terminal") else record.target,
            _said(record),
            _status(record),
            None if record.milliseconds is None else record.milliseconds / 1000,
            part,
        )
        for record, part in zip(records, parts, strict=True)
        if record.source in ("api", "registry", "process", "task", "terminal")
        # What you ask for afterwards is no part of the run.
        and record.what != CLIENT_LISTS
    ]
    words = [text for text, _ in STEPS]
    return figures.sequence(f"{COMMAND}, image {run}, {label([engine])}", shown, words)


def _said(record: Record) -> str:
    """A record in as few words as a picture has room for."""
    what = record.what.split("?")[0]
    method, _, path = what.partition(" ")
    if record.source == "api":
        return f"{method} {'/'.join(part for part in path.split('/') if part and not part.startswith('v1.'))}"
    if record.source == "registry":
        return f"{method} {path.removeprefix('/v2/library/hello-world/') or path}"
    if record.what == CLIENT_ENDS:
        return f"ends: {record.answer}"
    return f"prints: {record.what}" if record.source == "terminal" else what


def _status(record: Record) -> int | None:
    status = record.answer.split(" ")[0]
    return int(status) if status.isdigit() else None


def _list(records: Sequence[Record]) -> str:
    """The records as a list, which fits a phone, where a table of as many columns does not."""
    items = (
        figures.step_item(
            f"{record.origin} → {record.target}",
            "" if record.milliseconds is None else f"{record.milliseconds:.0f} ms",
            record.what,
            record.answer,
        )
        for record in records
    )
    return f"{figures.step_list(items)}\n"


def _steps(records: Sequence[Record]) -> str:
    rows = [
        (f"**{number}** {text}", ranges(found) or "none")
        for number, ((text, _), found) in enumerate(zip(STEPS, shown(records), strict=True), 1)
    ]
    return table(("step", "records"), rows, "values")


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as text, three and more in a row as a range: `1, 3–6`."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and number == rows[-1][-1] + 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    return ", ".join(f"{row[0]}–{row[-1]}" if len(row) > 2 else ", ".join(map(str, row)) for row in rows)


def _phases(engine: str, run: str, records: Sequence[Record]) -> str:
    def at(matches: Callable[[Record], bool]) -> float:
        return next(one.milliseconds for one in records if matches(one) and one.milliseconds is not None)

    def call(part: str, number: int = 0) -> float:
        found = _nth(records, part, number)
        return at(lambda one: one is found)

    asked = [("create the container", call("/_ping"))]
    if run == ABSENT:
        asked = [
            ("ask for the container, in vain", call("/_ping")),
            ("pull the image", call("/images/create")),
            ("create the container", call("/containers/create", 1)),
        ]
    marks = [
        ("the client starts", 0.0),
        *asked,
        ("start: network, shim, runc", call("/start")),
        ("the program runs", at(lambda one: one.what == PROGRAM)),
        ("clear up", at(lambda one: one.what == "task exit")),
    ]
    end = max(one.milliseconds or 0.0 for one in records)
    spans = [
        figures.Span(name, begin, following - begin)
        for (name, begin), (_, following) in zip(marks, [*marks[1:], ("", end)], strict=True)
    ]
    return figures.timeline(f"Where the time goes, image {run}, {label([engine])}", spans)
