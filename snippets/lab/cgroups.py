"""The control groups that hold one lab: made before it starts, removed after it."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def _parents() -> list[Path]:
    """Return the group, in each hierarchy, that a lab's own group is made in.

    Version 1: the group of this process, so that limits set on it keep holding.
    Version 2: the root, as a group with processes in it can hand no controllers on.
    """
    if (MOUNT / "cgroup.controllers").exists():
        return [MOUNT]
    own = {}
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        own[controllers] = path
    parents = []
    for line in _lines(Path("/proc/self/mountinfo")):
        fields, _, tail = line.partition(" - ")
        kind, _, options = tail.split(" ", 2)
        _, _, _, root, where, *_ = fields.split(" ")
        if kind != "cgroup" or not Path(where).is_relative_to(MOUNT):
            continue
        for controllers, path in own.items():
            if controllers and set(controllers.split(",")) <= set(options.split(",")):
                inner = os.path.relpath(path, root)
                parents.append(Path(where) if inner.startswith("..") else Path(where, inner))
    return parents


def create(name: str) -> list[Path]:
    """Make a group called `name` in every hierarchy and return their directories.

    In version 2 the root hands its controllers on, as systemd has it do anyway.

    Raises:
        OSError: a hierarchy is read-only.
    """
    groups = []
    for parent in _parents():
        if parent == MOUNT:
            for controller in (parent / "cgroup.controllers").read_text().split():
                with contextlib.suppress(OSError):  # not to be had here: do without
                    (parent / "cgroup.subtree_control").write_text(f"+{controller}")
        group = parent / name
        group.mkdir(exist_ok=True)
        groups.append(group)
        # A version 1 cpuset is empty, and takes no process, until it is told.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if parent != MOUNT and (group / setting).exists():
                (group / setting).write_text((parent / setting).read_text())
    return groups


def _tree(group: Path) -> list[Path]:
    """Return the group and all groups below it, the deepest first."""
    return [Path(top) for top, _, _ in os.walk(group, topdown=False)]


def thaw(groups: Iterable[Path]) -> None:
    """Let paused processes go on: a frozen one (`docker pause`) does not even die (version 1)."""
    for top in groups:
        for group in _tree(top):
            with contextlib.suppress(OSError):
                if (group / "freezer.state").exists():
                    (group / "freezer.state").write_text("THAWED")


def kill(groups: Sequence[Path]) -> None:
    """Kill every process that is in the groups or in groups below them."""
    for top in groups:
        for group in _tree(top):
            with contextlib.suppress(OSError):
                for pid in _lines(group / "cgroup.procs"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
    thaw(groups)


def remove(groups: Iterable[Path], seconds: float = 5) -> None:
    """Remove the groups and all groups below them, waiting for their last process.

    Args:
        groups: directories; those that do not exist are passed over.
        seconds: how long a group may stay busy.

    Raises:
        OSError: a group is still busy after that time.
    """
    deadline = time.monotonic() + seconds
    for top in groups:
        while top.exists():
            try:
                for group in _tree(top):
                    with contextlib.suppress(FileNotFoundError):
                        group.rmdir()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)
