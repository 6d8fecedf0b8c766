"""The lab's images: built once by a lab's own Docker, kept as the registries' content."""

import dataclasses
import shutil
from pathlib import Path

from . import rootfs
from .cache import Entry, Progress, entry
from .engines import DEFAULT_ENGINE, ENGINES
from .enter import enter
from .keys import key_of, key_of_tree
from .machine import Machine
from .watched import run

SOURCES = Path(__file__).parent / "images"

# Debian's stable release: what is in the images has a name of its own there.
SUITE = "trixie"

# The userland of the ubuntu stand-in.
USERLAND = ("bash", "coreutils", "iproute2", "iputils-ping", "procps", "ncurses-base")

# Where programs for the other images come from: files only, nothing is set up.
TOOLCHAIN = ("base-files", "busybox-static", "docker-registry", "gcc", "musl-dev")

# Repository → tag that must be there.
_EXPECTED = {
    "hub": (
        "library/ubuntu/latest",
        "library/ubuntu/24.04",
        "library/ubuntu/22.04",
        "library/busybox/latest",
        "library/hello-world/latest",
        "library/registry/2",
    ),
    "ghcr": ("actions/hello-world/latest",),
}

# One engine builds them for all, so that digests agree.
_BUILDER = dataclasses.replace(ENGINES[DEFAULT_ENGINE], name="image builder")


def content_path(cache: Path) -> Path:
    """Return where the registries' content is kept. All engines share it."""
    key = key_of(
        _BUILDER.suite,
        *_BUILDER.packages,
        rootfs.architecture(),
        key_of_tree(SOURCES),
        Path(__file__).read_bytes(),
    )
    return cache / "images" / key


def _link(name: str) -> str:
    """Return the file that a registry keeps for a tag, such as `hub/library/ubuntu/latest`."""
    registry, _, rest = name.partition("/")
    repository, _, tag = rest.rpartition("/")
    return f"{registry}/docker/registry/v2/repositories/{repository}/_manifests/tags/{tag}/current/link"


def _flaw(path: Path) -> str | None:
    for registry, names in _EXPECTED.items():
        for name in names:
            if not (path / _link(f"{registry}/{name}")).is_file():
                return f"{registry}/{name} is missing"
    return None


def _make(cache: Path, target: Path, progress: Progress) -> None:
    work = target / "work"
    shutil.copytree(SOURCES, work)
    log = work / "build.log"
    rootfs.bootstrap(
        SUITE,
        USERLAND,
        work / "ubuntu/rootfs.tar",
        log,
        variant="essential",
        options=['--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*'],
    )
    progress("images: unpacking a compiler, 10 to 30 s")
    rootfs.bootstrap(SUITE, TOOLCHAIN, work / "toolchain", log, variant="extract")
    progress("images: building and pushing them in a lab, 15 to 60 s")
    _build(cache, target, work, progress)


def _build(cache: Path, target: Path, work: Path, progress: Progress) -> None:
    root = rootfs.root(cache, ENGINES[DEFAULT_ENGINE], progress)

    def prepare(upper: Path) -> None:
        (upper / "srv").mkdir()
        work.rename(upper / "srv/images")

    machine = Machine.boot(cache, _BUILDER, root, None, prepare=prepare)
    try:
        output = machine.scratch / "upper/srv/images/build.log"
        run(
            enter(machine.pid, "bash", "/srv/images/build"),
            output,
            what="Building the lab's images",
            contain=False,
        )
        machine.end()
        for registry in _EXPECTED:
            (machine.scratch / "registry/upper" / registry).rename(target / registry)
    finally:
        machine.stop()


def content(cache: Path, progress: Progress) -> Entry:
    """Return the registries' content, building the images first if need be.

    Args:
        cache: the cache directory.
        progress: is told before each slow step.

    Raises:
        LabError: they could not be made.
    """

    def make(target: Path) -> None:
        progress("images: installing a small Debian for them, 10 to 30 s")
        _make(cache, target, progress)

    return entry(content_path(cache), what="images", flaw=_flaw, make=make, progress=progress)
