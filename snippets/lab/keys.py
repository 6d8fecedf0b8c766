"""Names that stand for contents: the same content, the same name."""

import hashlib
import os
from pathlib import Path


def key_of(*parts: str | bytes) -> str:
    """Return a key (16 hex digits) that stands for exactly these parts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()[:16]


def key_of_tree(directory: Path) -> str:
    """Return a key for the names, modes and contents of all files below a directory."""
    parts: list[str | bytes] = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            executable = os.access(path, os.X_OK)
            parts += [f"{path.relative_to(directory)} {executable}", path.read_bytes()]
    return key_of(*parts)
