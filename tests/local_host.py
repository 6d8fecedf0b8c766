"""A host for tests of the verifier itself: this machine's own shell, in a directory of the test's own."""

from __future__ import annotations

import os
from pathlib import Path


class LocalHost:
    """A real shell, with no Docker in it; it counts how often it was started and stopped."""

    started = 0
    stopped = 0

    def __init__(self, home: Path) -> None:
        self.home = home
        type(self).started += 1

    def enter(self, *argv: str) -> list[str]:
        path = os.environ["PATH"]
        return [
            "env",
            "-i",
            "-C",
            str(self.home),
            f"HOME={self.home}",
            f"PATH={path}",
            "TERM=xterm-256color",
            *argv,
        ]

    def objects(self) -> dict[str, str]:
        """What pages of tests can leave behind: files in the home directory."""
        return {f"file {path.relative_to(self.home)}": "" for path in self.home.rglob("*")}

    def kind(self) -> str:
        return "cgroup1"

    def check(self) -> None:
        """Nothing of it can die."""

    def stop(self) -> None:
        type(self).stopped += 1
