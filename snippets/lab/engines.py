"""The Docker engines that a lab can run. A new engine is one entry in `ENGINES`.

Everything else follows from the list: labels and tabs, the tables of pages, the choice of
`--engine`, and CI's jobs.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

# What every engine's root holds besides Docker itself: the tools that the lesson's commands use, a second
# runtime (crun), what rootless Docker needs (rootlesskit, slirp4netns, uidmap), a registry, a resolver, and
# an init that reaps.
HOST_PACKAGES = (
    "bash",
    "ca-certificates",
    "containerd",
    "crun",
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
    "nftables",
    "openssh-client",
    "openssh-server",
    "openssl",
    "procps",
    "rootlesskit",
    "slirp4netns",
    "sysvinit-utils",
    "tini",
    "uidmap",
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
        label: what the reader's tabs call it, after "Docker".
        store: its image store, `overlay2` or `containerd`. The engines with the
            same store are its nearest kin.
        daemon: the content of `/etc/docker/daemon.json`.
        summary: what it is, for people.
        release: the exact version whose static archive it takes its binaries from;
            empty where Debian's packages bring them.
        checksums: known archives of that release: the sha256, and what has it. Docker's
            own archive is called by its path below `archives.DOWNLOADS`.
        directory: a directory of binaries that are laid over the root and hide
            Debian's; empty for none.
    """

    name: str
    version: str
    suite: str
    packages: tuple[str, ...]
    label: str
    store: str
    daemon: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    release: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)
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


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            name="20.10",
            version="20.10.",
            suite="bookworm",
            packages=("docker.io",),
            label="20.10",
            store="overlay2",
            summary="Docker 20.10 with overlay2 and the classic builder",
        ),
        Engine(
            name="26.1",
            version="26.1.",
            suite="trixie",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            label="26.1",
            store="overlay2",
            summary="Docker 26.1 with overlay2",
        ),
        Engine(
            name="28.5",
            version="28.5.",
            suite="forky",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            label="28.5",
            store="overlay2",
            daemon={"features": {"containerd-snapshotter": False}},
            summary="Docker 28.5 with overlay2",
        ),
        Engine(
            name="28.5-containerd",
            version="28.5.",
            suite="forky",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            label="28.5 with the containerd store",
            store="containerd",
            daemon={"features": {"containerd-snapshotter": True}},
            summary="Docker 28.5 with the containerd image store",
        ),
        Engine(
            name="29.7",
            version="29.7.",
            suite="forky",
            packages=("docker.io", "docker-cli", "docker-buildx"),
            label="29",
            store="containerd",
            summary="Docker 29.7 with the containerd image store",
            release="29.7.2",
            # Docker's own archives are not among them yet: `lab engine get` says their checksums.
            checksums={
                "27b76ddab56515dbda26763333ec9282405c53dc66003eb61bce0a4973384978": "a build for x86_64 of "
                "moby/moby at docker-v29.7.2 and docker/cli at v29.7.2, without containerd, runc and buildx",
            },
        ),
    )
}
"""All engines by name, the oldest first. The newest that can be had is the default one."""

BUILDER = "28.5-containerd"
"""The engine that builds the lab's images. Debian has it, so digests agree wherever labs run."""
