"""Where the lab keeps things: one directory in the user's cache."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return `${XDG_CACHE_HOME:-~/.cache}/docker-architecture`; it need not exist yet.

    As the specification asks, a relative `XDG_CACHE_HOME` is ignored.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    return root / "docker-architecture"
