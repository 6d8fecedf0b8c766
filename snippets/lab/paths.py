"""Where the lab keeps things: one directory in the user's cache."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return `${XDG_CACHE_HOME:-~/.cache}/docker-architecture`; it need not exist yet.

    As the specification asks, a relative `XDG_CACHE_HOME` is ignored.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "docker-architecture"
