"""Asking the binaries of an engine's directory for their version, on the root they are laid over."""

import re
import subprocess
from pathlib import Path

from . import rootfs
from .cache import Progress
from .engines import Engine
from .errors import LabError
from .programs import environment
from .watched import contained

_SECONDS = 20  # that a program may take to say its version

# The working directory is the root.
_VERSIONS = """
mount --bind "$1" usr/local/bin
for program in dockerd docker containerd runc; do
  [ -e "usr/local/bin/$program" ] || continue
  echo "$program --version:"
  chroot . "/usr/local/bin/$program" --version 2>&1 || exit
done
"""


def version(cache: Path, engine: Engine, progress: Progress) -> str:
    """Return what the dockerd of an engine's directory says of its version, such as `29.7.2`.

    Args:
        cache: the cache directory.
        engine: an engine with a directory.
        progress: is told before the root is made.

    Raises:
        LabError: one of the binaries does not run on the engine's root; with its output.
    """
    root = rootfs.root(cache, engine, progress)
    try:
        result = subprocess.run(
            contained("sh", "-c", _VERSIONS, "sh", engine.directory),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=root.path / "root",
            env=environment(),
            text=True,
            errors="replace",
            timeout=_SECONDS,
        )
        output, failed = result.stdout, result.returncode != 0
    except subprocess.TimeoutExpired as error:
        said = error.stdout if isinstance(error.stdout, bytes) else b""
        output, failed = f"{said.decode(errors='replace')}(no end after {_SECONDS} s)", True
    finally:
        root.release()
    found = re.search(r"^Docker version v?([^\s,]+)", output, re.MULTILINE)
    if failed or not found:
        raise LabError(
            f"The binaries in {engine.directory} do not run on Debian {engine.suite} "
            f"({rootfs.architecture()}):\n{output.rstrip()}\n"
            "Take binaries that are built for this machine, and static or for this release of Debian."
        )
    return found[1]
