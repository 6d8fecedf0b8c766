"""A directory of Docker's binaries as an engine: for one that no Debian suite carries.

The directory is like the official static archive: dockerd, docker, containerd,
containerd-shim-runc-v2, ctr, runc, docker-init, docker-proxy, and cli-plugins/.
It is laid over a Debian root; what it does not hold is Debian's.
"""

import os
from dataclasses import replace
from pathlib import Path

from .backends import choose
from .client import Progress, once
from .engines import BUILDER, ENGINES, Engine
from .errors import LabError

# Without these it is no engine.
REQUIRED = ("dockerd", "docker")


def engine_from_dir(
    directory: Path, *, backend: str | None = None, progress: Progress | None = None
) -> Engine:
    """Return the engine whose binaries are in a directory, for `Lab.start`.

    Its name is what its dockerd says of its version, without the patch: `29.7`. It
    runs with an empty `daemon.json`, on the root of the engine that builds images,
    which this makes if need be.

    Args:
        directory: where they are; like the static archive that Docker publishes.
        backend: as for `Lab.start`.
        progress: is given a line of text before each slow step.

    Raises:
        LabError: there is no such directory, it lacks something, or its binaries do
            not run here; with their output.
    """
    _check(directory)
    version = version_of(directory, backend=backend, progress=progress)
    name = ".".join(version.split(".")[:2])
    return replace(
        _over_root(directory),
        name=name,
        label=name,
        version=version,
        summary=f"Docker {version} from {directory}",
    )


def version_of(directory: Path, *, backend: str | None = None, progress: Progress | None = None) -> str:
    """Return what the dockerd of a directory says of its version, such as `29.7.2`.

    Args:
        directory: as for `engine_from_dir`.
        backend: as for `Lab.start`.
        progress: is given a line of text before each slow step.

    Raises:
        LabError: its binaries do not run here; with their output.
    """
    launch = choose(backend).launch("version", _over_root(directory), progress)
    version: str = once(launch.command, progress)
    return version


def _over_root(directory: Path) -> Engine:
    return replace(ENGINES[BUILDER], daemon={}, directory=str(directory.resolve()))


def _check(directory: Path) -> None:
    """Raise `LabError` if a directory does not look like one of Docker's binaries."""
    if not directory.is_dir():
        raise LabError(
            f"The engine directory {directory} is not a directory. Name one that holds "
            f"{' and '.join(REQUIRED)}, such as the unpacked static archive of Docker."
        )
    for name in REQUIRED:
        if (directory / name).is_file():
            continue
        if (inner := directory / "docker" / name).is_file():
            raise LabError(
                f"The engine directory {directory} holds no {name}. {inner.parent} does: name that."
            )
        raise LabError(
            f"The engine directory {directory} holds no {name}. It must hold {' and '.join(REQUIRED)}; "
            "what else it lacks is Debian's."
        )
    for name in REQUIRED:
        if not os.access(directory / name, os.X_OK):
            raise LabError(
                f"{directory / name} is not executable. Make it so: `chmod +x {directory / name}`."
            )
