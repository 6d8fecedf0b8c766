"""What a lab leaves on the host, read as root; for the tests of its beginning and end."""

import subprocess
import time
from collections.abc import Callable

from snippets.lab.paths import cache_dir
from snippets.lab.programs import sudo

# Each process as "namespace pid start-time": numbers of ended processes and of
# namespaces are given again, but not to a process that started at that time.
_PROCESSES = """
for directory in /proc/[0-9]*; do
  space=$(readlink $directory/ns/pid) && read -r stat <$directory/stat || continue
  set -- ${stat##*) }
  echo "$space ${directory#/proc/} ${20}"
done 2>/dev/null
"""


def as_root(command: str, *, seconds: float = 60) -> str:
    """Return the output of a shell command that is run as root and takes so long at most."""
    return subprocess.run(
        [*sudo(), "bash", "-c", command], capture_output=True, text=True, check=False, timeout=seconds
    ).stdout


def namespaces(pid: int) -> set[str]:
    """Return the names of a process's namespaces of the kinds that each lab has of its own."""
    kinds = " ".join(f"/proc/{pid}/ns/{kind}" for kind in ("mnt", "pid", "net", "uts", "ipc", "cgroup"))
    return set(as_root(f"readlink {kinds}").split())


def processes(pid: int) -> set[str]:
    """Return all processes of the lab whose PID 1 is given."""
    space = as_root(f"readlink /proc/{pid}/ns/pid").strip()
    return {line for line in as_root(_PROCESSES).splitlines() if line.startswith(f"{space} ")}


def traces(name: str, members: set[str]) -> list[str]:
    """Return what there is of a lab on the host.

    Args:
        name: the lab's name.
        members: what `processes` said of it.
    """
    found = sorted(members & set(as_root(_PROCESSES).splitlines()))
    found += [line for line in as_root("cat /proc/[0-9]*/mounts").splitlines() if f"labs/{name}/" in line]
    found += as_root(f"find /sys/fs/cgroup -type d -name docker-architecture-{name}").split()
    found += as_root(f"ls -d {cache_dir()}/labs/{name}").split()
    return found


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until a condition holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
