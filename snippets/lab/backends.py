"""Where labs run: in namespaces of this host, or in a container of a Docker that this host has."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from . import host, outer
from .client import once, supervise
from .engines import BUILDER, ENGINES, Engine
from .errors import LabError
from .paths import cache_dir
from .programs import sudo

Progress = Callable[[str], None]

# The environment variable that names the backend where the program does not.
VARIABLE = "LAB_BACKEND"


@dataclass(frozen=True)
class Launch:
    """How to start a supervisor, and how to get where its lab is.

    Attributes:
        command: starts it.
        prefix: what a command that is to run beside it begins with.
    """

    command: tuple[str, ...]
    prefix: tuple[str, ...]


class Backend(Protocol):
    """A place for labs."""

    name: str

    def missing(self) -> list[str]:
        """Return what this host lacks for it: what is missing, and what to do."""

    def launch(self, verb: str, engine: Engine, progress: Progress | None) -> Launch:
        """Prepare a supervisor.

        Args:
            verb: what it is to do; see `supervisor.main`.
            engine: for which engine.
            progress: is given a line of text before each slow step.

        Raises:
            LabError: it cannot be prepared.
        """

    def clean(self) -> int:
        """Remove all that labs keep or left. Return how many run and stay, with what they use.

        Raises:
            LabError: something could not be removed.
        """


class Namespaces:
    """Labs in namespaces of this host: fast, and needs root and Linux."""

    name = "namespaces"

    def missing(self) -> list[str]:
        """Return what this host lacks."""
        return host.missing()

    def launch(self, verb: str, engine: Engine, progress: Progress | None) -> Launch:  # noqa: ARG002
        """Prepare a supervisor that is a process of this host's root."""
        cache = cache_dir()
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabError(f"The cache directory cannot be made: {error}.") from error
        package = Path(__file__).resolve().parents[2]
        command = supervise(str(package), verb, str(cache), engine)
        return Launch((*sudo(), sys.executable, *command), tuple(sudo()))

    def clean(self) -> int:
        """Remove the cache's roots, images and labs."""
        running: int = once(self.launch("clean", ENGINES[BUILDER], None).command)
        return running


class Docker:
    """Labs in containers of a Docker that answers: for other systems, and without root."""

    name = "docker"

    def missing(self) -> list[str]:
        """Return what this host lacks."""
        return outer.missing()

    def launch(self, verb: str, engine: Engine, progress: Progress | None) -> Launch:
        """Prepare a supervisor that is the program of a container."""
        return Launch(*outer.launch(verb, engine, progress or (lambda _: None)))

    def clean(self) -> int:
        """Remove the containers, the volume and the images."""
        return outer.clean()


BACKENDS: Mapping[str, Callable[[], Backend]] = {"namespaces": Namespaces, "docker": Docker}


def find(name: str | None = None) -> tuple[Backend, list[str]]:
    """Return the backend to use, and what this host lacks for it.

    Without a name it is the one that LAB_BACKEND names, or else namespaces where this
    host can make them, or else Docker where one answers.

    Args:
        name: of `BACKENDS`, or None.

    Raises:
        LabError: there is no such backend.
    """
    if chosen := name or os.environ.get(VARIABLE):
        if chosen not in BACKENDS:
            raise LabError(f"There is no backend {chosen!r}. There is: {', '.join(BACKENDS)}.")
        backend = BACKENDS[chosen]()
        return backend, backend.missing()
    here, docker = Namespaces(), Docker()
    if not (lacking := here.missing()):
        return here, []
    if not (also := docker.missing()):
        return docker, []
    return here, [*lacking, *(f"Or, instead of all this, {one}" for one in also)]


def missing(backend: str | None = None) -> list[str]:
    """Return what this host lacks for a lab: what is missing, and what to do. [] is ready.

    Args:
        backend: as of `find`.
    """
    return find(backend)[1]


def choose(name: str | None = None, *, needed: bool = True) -> Backend:
    """Return the backend to use; as of `find`.

    Args:
        name: of `BACKENDS`, or None.
        needed: it must be able to run a lab.

    Raises:
        LabError: there is no such backend, or this host lacks something for it.
    """
    backend, lacking = find(name)
    if needed and lacking:
        raise LabError("This host cannot run a lab:\n" + "\n".join(f"- {one}" for one in lacking))
    return backend
