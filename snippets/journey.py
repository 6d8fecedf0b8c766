"""The journey: all pages in one lab, in order; once more there; and on a host that was lived in.

A reader goes from page to page on one machine, comes back, and has used that machine before. A page that
passes in a lab of its own can fail there, on what another page left or on what the reader has.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from snippets.lab import Engine, LabError
from snippets.verify import Host


class Part(Enum):
    """A part of the journey; its value is its name in test ids."""

    FIRST = "first"
    SECOND = "second"
    LIVED_IN = "lived-in"

    @property
    def lab(self) -> str:
        """The lab that it runs in: parts of the same lab come one after the other in one process."""
        return self.value if self is Part.LIVED_IN else "one-lab"


LIVED_IN = r"""
set -e
has() { docker "$1" inspect "$2" >/dev/null 2>&1; }
own() { printf 'FROM busybox\nLABEL shop=%s\nRUN echo %s >/shop\nCMD ["sleep", "86400"]\n' "$1" "$1"; }
for image in ubuntu busybox hello-world; do has image "$image" || docker pull --quiet "$image"; done
has image shop/web:1 || own web | docker build --quiet --tag shop/web:1 -
drafts=$(docker image ls --quiet --filter dangling=true --filter label=shop=draft)
[ -n "$drafts" ] || own draft | docker build --quiet -
if [ "$(docker system df --verbose --format '{{len .BuildCache}}')" = 0 ]; then
    docker image rm --force shop/job:1 2>/dev/null
    own job | docker build --quiet --tag shop/job:1 -
fi
has network shop || docker network create shop
has volume shop-data || docker volume create shop-data
has container shop-web ||
    docker run --detach --name shop-web --network shop --volume shop-data:/data --volume /cache shop/web:1
docker start shop-web
has container shop-old || docker run --name shop-old shop/web:1 true
has container my-notes || docker run --name my-notes ubuntu true
has container my-test || docker run --name my-test busybox true
has container my-hello || docker run --name my-hello hello-world
docker context inspect staging >/dev/null 2>&1 ||
    docker context create staging --docker host=tcp://staging.example.com:2376
"""
"""Makes a host lived-in, or again what a page removed of it; run twice, it changes nothing."""


PULLED = (
    *(f"image {name}:" for name in ("ubuntu", "busybox", "hello-world")),
    "untagged image ",
    "build cache ",
)
"""What of a host's own a page may remove: what it uses itself, and what `prune` removes for a clean-up."""


class _Guest:
    """A host, for a page that is not to end it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.enter = host.enter
        self.objects = host.objects
        self.kind = host.kind
        self.check = host.check

    def stop(self) -> None:
        """Leave the host as it is, for the next page."""


class Journey:
    """The lab that the journey is in, one at a time.

    Args:
        start_lab: starts a lab with an engine.
    """

    def __init__(self, start_lab: Callable[[Engine], Host]) -> None:
        self._start_lab = start_lab
        self._host: Host | None = None
        self._at: tuple[Engine, str] | None = None
        self._own: frozenset[str] = frozenset()

    def arrive(self, engine: Engine, part: Part) -> Host:
        """The host of a part, in the state that a page is to find.

        Raises:
            LabError: it cannot be started, or cannot be made a host that was lived in.
        """
        new = self._host is None or self._at != (engine, part.lab)
        if self._host is None or new:
            self.end()
            self._host, self._at = self._start_lab(engine), (engine, part.lab)
        if part is Part.LIVED_IN:
            live_in(self._host)
        if new:
            self._own = frozenset(entry for entry in self._host.objects() if not entry.startswith(PULLED))
        return _Guest(self._host)

    def removed(self) -> list[str]:
        """What the host had before the first page came, and has no more."""
        return sorted(self._own - set(self._host.objects())) if self._host else []

    def end(self) -> None:
        """Stop the lab: a part is over, or a page failed and may have left anything."""
        if self._host:
            self._host.stop()
        self._host = None


def live_in(host: Host) -> None:
    """Make a host one that somebody uses, with things that no page knows of and with images that pages pull.

    Raises:
        LabError: something of it cannot be made.
    """
    made = subprocess.run(
        host.enter("bash", "-c", LIVED_IN),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if made.returncode:
        raise LabError(f"The lab could not be made a host that was lived in:\n{made.stdout}")


@dataclass
class Passage:
    """What became of the pages in one part of the journey on one engine; workers hand it over.

    Attributes:
        pages: how many pages ran.
        passed: how many of them passed.
        declared: how many of their blocks declare that they vary.
        varied: how many of those did.
    """

    pages: int = 0
    passed: int = 0
    declared: int = 0
    varied: int = 0

    def __str__(self) -> str:
        differ = f"{self.varied} of the {self.declared} blocks that may differ did"
        return f"{self.passed} of {self.pages} pages passed; {differ}"

    def add(self, other: Passage) -> None:
        """Count what another process saw, too."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


def navigation(config: Path) -> list[str]:
    """The pages of a site in the order in which a reader meets them, each by its path below the docs folder.

    Args:
        config: its mkdocs.yml; a site without one has no order.
    """
    if not config.exists():
        return []
    nav = yaml.load(config.read_text(encoding="utf-8"), Loader=_Loader).get("nav", [])
    return list(_pages(nav))


class _Loader(yaml.SafeLoader):
    """YAML in which the names of Python objects are no more than names."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda _loader, name, _node: name)


def _pages(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav:
            yield from _pages(entry)
