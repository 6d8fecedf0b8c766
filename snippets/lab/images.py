"""The lab's images: written once, pushed by a lab's own Docker, kept as the registries' content."""

import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from . import oci, rootfs, standins
from .cache import Entry, Progress, entry, remove_tree
from .engines import BUILDER, ENGINES
from .enter import enter
from .errors import LabError
from .keys import key_of, key_of_tree
from .machine import Machine
from .standins import STAND_INS, StandIn
from .watched import run

SOURCES = Path(__file__).parent / "images"

# Debian's stable release: what is in the images has a name of its own there.
SUITE = "trixie"

# The userland of the ubuntu stand-ins.
USERLAND = ("bash", "coreutils", "iproute2", "iputils-ping", "procps", "ncurses-base")

# Where programs for the other images come from: files only, nothing is set up.
TOOLCHAIN = ("base-files", "busybox-static", "ca-certificates", "docker-registry", "gcc", "musl-dev")

# The libraries beside busybox, as in the published image, and as Debian's registry needs them.
_LIBRARIES = (
    "ld-linux*.so.*",
    "libc.so.*",
    "libm.so.*",
    "libnss_*.so.*",
    "libpthread.so.*",
    "libresolv.so.*",
)

# What would differ from host to host, or has no business in an image.
_OF_THE_HOST = (
    *("dev", "etc/apt/sources.list", "etc/apt/apt.conf.d/99mmdebstrap"),
    *(
        "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
        "etc/hostname",
        "etc/resolv.conf",
        "var/cache/apt",
        "var/lib/apt/lists",
    ),
)

# Where a registry's content is kept, by its name.
_DIRECTORIES = {"docker.io": "hub", "ghcr.io": "ghcr"}

# One engine pushes them for all. Only the containerd store takes an index with attestations.
_BUILDER = dataclasses.replace(ENGINES[BUILDER], name="image builder")

_PUSH = """
set -e
cd /srv/images
tar --create oci-layout index.json blobs | docker load
for image; do docker push --quiet "$image"; done
"""


def content_path(cache: Path) -> Path:
    """Return where the registries' content is kept. All engines share it."""
    key = key_of(
        rootfs.architecture(),
        key_of_tree(SOURCES),
        *(Path(__file__).with_name(name).read_bytes() for name in ("images.py", "oci.py", "standins.py")),
    )
    return cache / "images" / key


def _link(image: StandIn) -> str:
    """Return the file that a registry keeps for an image's tag."""
    return (
        f"{_DIRECTORIES[image.host]}/docker/registry/v2/repositories/{image.repository}"
        f"/_manifests/tags/{image.tag}/current/link"
    )


def _flaw(path: Path) -> str | None:
    for image in STAND_INS:
        if not (path / _link(image)).is_file():
            return f"{image.full_name} is missing"
    return None


def _make(cache: Path, target: Path, progress: Progress) -> None:
    work = target / "work"
    work.mkdir()
    log = work / "build.log"
    mask = os.umask(0o022)  # the modes of files in images do not depend on who makes them
    try:
        trees = _trees(work, log, progress)
        progress("images: writing and compressing them, 10 to 30 s")
        layout = _write(trees, work)
    finally:
        os.umask(mask)
    progress("images: pushing them in a lab, 10 to 30 s")
    _push(cache, target, layout, log, progress)
    remove_tree(work)


def _trees(work: Path, log: Path, progress: Progress) -> Path:
    """Make a directory for each layer that has content, all in one directory."""
    trees = work / "trees"
    trees.mkdir()
    userland = trees / "userland"
    rootfs.bootstrap(SUITE, USERLAND, userland, log, variant="essential")
    for name in _OF_THE_HOST:
        remove_tree(userland / name)
    (userland / "dev").mkdir()
    progress("images: unpacking a compiler, 10 to 30 s")
    toolchain = work / "toolchain"
    rootfs.bootstrap(SUITE, TOOLCHAIN, toolchain, log, variant="extract")
    _put(
        trees / "control-data/.rock/metadata.yaml",
        "name: ubuntu\nsummary: the lab's stand-in for ubuntu:latest\n",
    )
    for name in ("hello-world", "actions-hello-world"):
        _compile(SOURCES / name / "hello.c", toolchain, trees / name, log)
    _busybox(toolchain, trees / "busybox", log)
    _put(trees / "registry-config/etc/docker/registry/config.yml", SOURCES / "registry/config.yml")
    _put(trees / "registry-entrypoint/entrypoint.sh", SOURCES / "registry/entrypoint.sh", 0o755)
    _put(trees / "registry/bin/registry", toolchain / "usr/bin/docker-registry", 0o755)
    certificates = sorted((toolchain / "usr/share/ca-certificates").rglob("*.crt"))
    _put(
        trees / "ca-certificates/etc/ssl/certs/ca-certificates.crt",
        "".join(path.read_text() for path in certificates),
    )
    return trees


def _put(path: Path, content: str | Path, mode: int = 0o644) -> None:
    """Make a file, and the directories above it, from a text or as a copy of another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_text(content)
    path.chmod(mode)


def _compile(source: Path, toolchain: Path, tree: Path, log: Path) -> None:
    """Compile a program of one file to `/hello`."""
    specs = next((toolchain / "usr/lib").glob("*-linux-musl*/musl-gcc.specs"))
    shutil.copyfile(source, toolchain / "hello.c")
    run(
        [
            *("chroot", str(toolchain), "gcc", f"-specs=/{specs.relative_to(toolchain)}"),
            *("-Os", "-static", "-s", "-o", "/hello", "/hello.c"),
        ],
        log,
        what=f"Compiling {source.parent.name}",
    )
    _put(tree / "hello", toolchain / "hello", 0o755)


def _busybox(toolchain: Path, tree: Path, log: Path) -> None:
    """Lay out a system of busybox: one program under all its names, libraries, and one user."""
    _put(tree / "bin/busybox", toolchain / "usr/bin/busybox", 0o755)
    run(
        ["chroot", str(tree), "/bin/busybox", "--install", "/bin"],
        log,
        what="Installing busybox under its names",
    )
    for pattern in _LIBRARIES:
        for library in (toolchain / "usr/lib").glob(f"*-linux-gnu*/{pattern}"):
            _put(tree / "lib" / library.name, library, 0o755)
    (tree / "lib64").symlink_to("lib")
    _put(tree / "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    _put(tree / "etc/group", "root:x:0:\n")
    (tree / "root").mkdir(mode=0o700)
    (tree / "tmp").mkdir()
    (tree / "tmp").chmod(0o1777)


def _write(trees: Path, work: Path) -> Path:
    """Write all images as an OCI layout and return its directory."""
    own = standins.PLATFORMS.get(rootfs.architecture())
    if own is None:
        raise LabError(
            f"The lab has no images for this machine's architecture ({rootfs.architecture()}), only for "
            f"{', '.join(standins.PLATFORMS)}. Use a machine of one of these."
        )
    found = re.search(rb"BusyBox v([\d.]+)", (trees / "busybox/bin/busybox").read_bytes())
    assert found, "busybox says its version"
    values = {"busybox": found[1].decode()}
    layout = oci.Layout(work / "layout")
    for image in STAND_INS:
        builds = [_with_values(build, values) for build in image.builds]
        layout.add(image.full_name, builds, dict(_layers(image, own, trees)))
    layout.close()
    return layout.path


def _with_values(build: oci.Build, values: dict[str, str]) -> oci.Build:
    """Return a build whose history has the versions of what is in its layers."""
    history = []
    for step in build.history:
        by = step.by
        for name, value in values.items():
            by = by.replace(f"{{{name}}}", value)
        history.append(dataclasses.replace(step, by=by))
    return dataclasses.replace(build, history=tuple(history))


def _layers(image: StandIn, own: str, trees: Path) -> Iterator[tuple[tuple[str, str], Path]]:
    """Yield the directory of each layer, by platform and name: its content, or a placeholder."""
    for build in image.builds:
        for platform in build.platforms:
            for name in (step.tree for step in build.history if step.tree):
                if platform == own:
                    tree = trees / name
                    if (tree / "etc/passwd").exists():  # a whole system says what it is
                        note = f"A stand-in for {image.name} made by the lab from Debian packages."
                        _put(tree / "etc/lab-image", f"{note}\n")
                else:
                    tree = trees / "placeholders" / image.full_name / platform / name
                    note = f"The lab's placeholder for layer {name!r} of {image.name} on {platform}."
                    _put(tree / "etc/lab-image", f"{note}\nThe content is in the image for {own}.\n")
                yield (platform, name), tree


def _push(cache: Path, target: Path, layout: Path, log: Path, progress: Progress) -> None:
    """Push all images in a lab whose registries are empty, and keep what the registries then hold."""
    root = rootfs.root(cache, _BUILDER, progress)

    def prepare(upper: Path) -> None:
        (upper / "srv").mkdir()
        layout.rename(upper / "srv/images")

    machine = Machine.boot(cache, _BUILDER, root, None, prepare=prepare)
    try:
        run(
            enter(machine.pid, "bash", "-c", _PUSH, "bash", *(image.full_name for image in STAND_INS)),
            log,
            what="Pushing the lab's images",
            contain=False,
        )
        machine.end()
        for name in _DIRECTORIES.values():
            (machine.scratch / "registry/upper" / name).rename(target / name)
    finally:
        machine.stop()


def content(cache: Path, progress: Progress) -> Entry:
    """Return the registries' content, making the images first if need be.

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
