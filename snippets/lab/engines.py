"""The Docker engines that a lab can run. A new engine is one entry in `ENGINES`."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

# What every engine's root holds besides Docker itself: the tools that the
# lesson's commands use, a registry, a resolver, and an init that reaps.
HOST_PACKAGES = (
    "bash",
    "ca-certificates",
    "containerd",
    "curl",
    "dnsmasq-base",
    "docker-registry",
    "iproute2",
    "iptables",
    "iputils-ping",
    "jq",
    "less",
    "mount",
    "ncurses-base",
    "openssh-client",
    "openssh-server",
    "openssl",
    "procps",
    "sysvinit-utils",
    "tini",
    "util-linux",
)


@dataclass(frozen=True)
class Engine:
    """One Docker engine.

    Attributes:
        name: how pages and commands call it.
        version: the beginning of what `dockerd --version` must say. A suite
            moves on; an engine that is no longer what its name says is an error.
        suite: the Debian suite that its packages come from.
        packages: Debian packages of Docker itself.
        daemon: the content of `/etc/docker/daemon.json`.
        summary: what it is, for people.
        directory: a directory of binaries that are laid over the root and hide
            Debian's; empty for none.
    """

    name: str
    version: str
    suite: str
    packages: tuple[str, ...]
    daemon: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    directory: str = ""

    @property
    def all_packages(self) -> tuple[str, ...]:
        """Docker's packages and the lab's own, sorted."""
        return tuple(sorted({*self.packages, *HOST_PACKAGES}))

    @property
    def base(self) -> tuple[str, ...]:
        """What its root is made from: engines with the same base share one."""
        return (self.suite, *self.all_packages)

    def to_json(self) -> str:
        """Return it as one line of JSON, to be handed to another program."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the engine that `to_json` wrote."""
        said = json.loads(text)
        return cls(**{**said, "packages": tuple(said["packages"])})


ENGINES: Mapping[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            name="20.10",
            version="20.10.",
            suite="bookworm",
            packages=("docker.io",),
            summary="Docker 20.10 with overlay2 and the classic builder",
        ),
        Engine(
            name="26.1",
            version="26.1.",
            suite="trixie",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            summary="Docker 26.1 with overlay2",
        ),
        Engine(
            name="28.5",
            version="28.5.",
            suite="forky",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            daemon={"features": {"containerd-snapshotter": False}},
            summary="Docker 28.5 with overlay2",
        ),
        Engine(
            name="28.5-containerd",
            version="28.5.",
            suite="forky",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            daemon={"features": {"containerd-snapshotter": True}},
            summary="Docker 28.5 with the containerd image store",
        ),
    )
}

DEFAULT_ENGINE = "28.5-containerd"

ELSEWHERE: Mapping[str, str] = {
    "29.7": "Docker 29.7 with the containerd image store; no Debian suite carries it",
}
"""Engines that pages show although no lab runs them, unless somebody brings their binaries."""
