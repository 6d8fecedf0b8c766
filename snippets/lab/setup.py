"""Installing the system packages that a lab needs and this host lacks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from . import outer
from .backends import VARIABLE
from .errors import LabError
from .host import obstacles, wanted_packages
from .programs import PATH, environment, sudo


def install(progress: Callable[[str], None], *, browser: bool = False) -> int:
    """Install what is missing, after saying what and why. Does nothing if nothing is.

    Args:
        progress: is given a line of text for each package, and before each step.
        browser: install a browser as well, where there is none.

    Returns:
        0 when the host has all packages.

    Raises:
        LabError: this host has no apt, or apt failed.
    """
    if _in_docker():
        progress("lab setup: labs run in this host's Docker, and need no packages of their own")
        wanted = wanted_packages(lab=False, browser=browser) if sys.platform == "linux" else {}
    elif sys.platform != "linux":
        raise LabError(
            f"A lab needs Linux, or a Docker that answers; this is {sys.platform}. Start Docker first."
        )
    else:
        wanted = wanted_packages(browser=browser)
    if not wanted:
        progress("lab setup: all system packages are there")
        return 0
    names = " ".join(wanted)
    if shutil.which("apt-get", path=PATH) is None:
        tools = "\n".join(f"- {name} ({purpose})" for name, purpose in wanted.items())
        raise LabError(f"This host has no apt-get. Install by hand, under its names here:\n{tools}")
    for name, purpose in wanted.items():
        progress(f"lab setup: installing {name} ({purpose})")
    for arguments in (
        ["update"],
        ["install", "--yes", "--no-install-recommends", *wanted],
    ):
        command = [*sudo(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *arguments]
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
        )
        if result.returncode != 0:
            last = "\n".join(result.stdout.splitlines()[-15:])
            raise LabError(
                f"`apt-get {' '.join(arguments)}` failed:\n{last}\n"
                f"Install by hand what is missing, as root: apt-get install {names}"
            )
    return 0


def _in_docker() -> bool:
    """Return whether labs of this host run in Docker, whatever packages are installed."""
    if chosen := os.environ.get(VARIABLE):
        return chosen == "docker"
    return bool(obstacles()) and not outer.missing()
