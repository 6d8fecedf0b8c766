"""The environment in which programs are run on the host."""

import os

# The user's own PATH may lack the sbin directories.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment() -> dict[str, str]:
    """Return this process's environment with a known PATH and locale."""
    return {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"}


def sudo() -> list[str]:
    """Return what a command that needs root begins with: nothing for root itself."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]
