"""Where a difference comes from, found out by experiment: the page runs again in labs, with one thing
changed.

A page that differs on this machine, with its own Docker and published images, runs twice more:

1. In a lab, on the engine that its blocks are for, with stand-ins. If a command differs there too,
   the page is wrong.
2. In a lab whose registries hold the published images instead. If a command differs there, it's the
   image.

If it differs in neither, it comes from this machine: from its Docker, or from what is below it. If an
experiment doesn't get as far as the command, or can't be made, the cause is undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from snippets.lab import LabError
from snippets.upstream.machine import MachineError
from snippets.upstream.observe import Difference, Observation
from snippets.upstream.published import PublishedImages
from snippets.verify import Host, PageRun


class Cause(Enum):
    """What a difference comes from, as a person reads it."""

    IMAGE = "the published image differs from the stand-in"
    DOCKER = "this Docker differs from its engine"
    PAGE = "the page is wrong"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Judged:
    """A difference, what it comes from, and which experiment says so."""

    difference: Difference
    cause: Cause
    because: str


@dataclass(frozen=True)
class Experiment:
    """A page's run in a lab.

    Attributes:
        what: the lab, as it is called in a sentence.
        observation: what the run found; None where it could not be made.
        problem: why it could not be made.
    """

    what: str
    observation: Observation | None = None
    problem: str = ""

    def gap(self, line: int) -> str:
        """Why it says nothing about the command at a line; empty where it does say something."""
        if self.observation is None:
            return f"{self.what} could not be had: {self.problem}"
        if not self.observation.knows(line):
            return f"{self.what} did not get there: it stopped at line {self.observation.stopped_at}"
        return ""

    def differs(self, line: int) -> bool:
        """Whether the command at a line differs there, too."""
        return self.observation is not None and line in self.observation.differences


def judge(
    observation: Observation, start_lab: Callable[[], Host], published: PublishedImages
) -> list[Judged]:
    """Find out what the differences of a page come from.

    Args:
        observation: the page's run on the machine.
        start_lab: starts a lab of the engine that the page's blocks are for.
        published: the published images.
    """
    if not observation.differences:
        return []
    run, engine = observation.run, observation.run.engine
    with_stand_ins = _experiment(f"a lab with {engine} and stand-ins", run, start_lab)
    lines = observation.differences
    with_published = Experiment(f"a lab with {engine} and the published images")
    if any(not with_stand_ins.gap(line) and not with_stand_ins.differs(line) for line in lines):
        with_published = _experiment(with_published.what, run, start_lab, published.put_into)
    return [_judged(lines[line], with_stand_ins, with_published) for line in sorted(lines)]


def _judged(difference: Difference, with_stand_ins: Experiment, with_published: Experiment) -> Judged:
    line = difference.line
    if gap := with_stand_ins.gap(line):
        return Judged(difference, Cause.UNDECIDED, gap)
    if with_stand_ins.differs(line):
        return Judged(difference, Cause.PAGE, f"it differs in {with_stand_ins.what}, too")
    if gap := with_published.gap(line):
        return Judged(difference, Cause.UNDECIDED, gap)
    if with_published.differs(line):
        return Judged(difference, Cause.IMAGE, f"it differs in {with_published.what}, too")
    return Judged(difference, Cause.DOCKER, f"the page is right in {with_published.what}")


def _experiment(
    what: str, run: PageRun, start_lab: Callable[[], Host], prepare: Callable[[Host], None] = lambda _: None
) -> Experiment:
    def start() -> Host:
        lab = start_lab()
        try:
            prepare(lab)
        except BaseException:
            lab.stop()
            raise
        return lab

    again = Observation(PageRun(run.blocks, start, run.engine, run.settings, rewrite=True))
    try:
        again.run_all()
    except (LabError, MachineError) as error:
        return Experiment(what, problem=str(error))
    return Experiment(what, again)
