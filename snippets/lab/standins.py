"""What the lab's images are: the shape of the published ones, with content from Debian packages.

The shape (platforms, attestations, layers, history, what a container starts with) is that of the images
on Docker Hub in September 2026, as docker-library/repo-info lists it. Nothing here passes for an original:
descriptions and the file /etc/lab-image say what an image is, and only this machine's own platform has
more than a placeholder in it.
"""

import dataclasses
from dataclasses import dataclass

from .oci import CREATED, Build, Step

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What a platform is called in Docker, by Debian's name of its architecture.
PLATFORMS = {
    "amd64": "linux/amd64",
    "arm64": "linux/arm64/v8",
    "armel": "linux/arm/v5",
    "armhf": "linux/arm/v7",
    "i386": "linux/386",
    "ppc64el": "linux/ppc64le",
    "riscv64": "linux/riscv64",
    "s390x": "linux/s390x",
}


@dataclass(frozen=True)
class StandIn:
    """An image that the lab's registries serve in place of a published one.

    Attributes:
        host: the registry's name.
        repository: the name there.
        tag: the only tag.
        summary: what it is, for people, in one sentence.
        builds: the entries of its index, in order.
    """

    host: str
    repository: str
    tag: str
    summary: str
    builds: tuple[Build, ...]

    @property
    def full_name(self) -> str:
        """The name with all its parts, such as `docker.io/library/ubuntu:24.04`."""
        return f"{self.host}/{self.repository}:{self.tag}"

    @property
    def name(self) -> str:
        """The name as it is typed, such as `ubuntu:24.04`."""
        return self.full_name.removeprefix("docker.io/").removeprefix("library/")

    @property
    def command(self) -> str:
        """What a container runs if nothing else is asked for."""
        config = self.builds[0].config
        return " ".join([*config.get("Entrypoint", ()), *config["Cmd"]])


def _hub(name: str, summary: str, *builds: Build) -> StandIn:
    repository, _, tag = name.partition(":")
    return StandIn("docker.io", f"library/{repository}", tag, summary, builds)


_UBUNTU_PLATFORMS = (
    *("linux/amd64", "linux/arm/v7", "linux/arm64/v8", "linux/ppc64le", "linux/riscv64", "linux/s390x"),
)


def _classic_ubuntu(version: str) -> StandIn:
    """Return an ubuntu like 22.04 and 24.04: one layer, with a history in the classic builder's form."""
    label = "org.opencontainers.image.version"
    return _hub(
        f"ubuntu:{version}",
        "A small Debian system in one layer, with a history like a Dockerfile's.",
        Build(
            platforms=_UBUNTU_PLATFORMS,
            config={"Env": [_PATH], "Cmd": ["/bin/bash"], "Labels": {label: version}},
            history=(
                Step("/bin/sh -c #(nop)  ARG RELEASE"),
                Step("/bin/sh -c #(nop)  ARG LAUNCHPAD_BUILD_ARCH"),
                Step(f"/bin/sh -c #(nop)  LABEL {label}={version}"),
                Step("/bin/sh -c #(nop) ADD file:{layer} in / ", tree="userland"),
                Step('/bin/sh -c #(nop)  CMD ["/bin/bash"]'),
            ),
        ),
    )


_DESCRIPTION = """The lab's stand-in for the Ubuntu container image

Its files come from Debian packages, not from Ubuntu's.
The history has the form of the published image's, which no Dockerfile made.
"""


def _rock_ubuntu(version: str) -> StandIn:
    """Return an ubuntu like 26.04: two layers, with a history in umoci's form."""
    place = "/home/buildd/rockcraft-ubuntu-lab/images"
    config = f"umoci config --image {place}/ubuntu:{version}"
    facts = {
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.title": "ubuntu",
        "org.opencontainers.image.created": CREATED.replace("Z", "+00:00"),
        "org.opencontainers.image.description": _DESCRIPTION,
    }
    labels = " ".join(f"--config.label {key}={value}" for key, value in facts.items())
    annotations = " ".join(f"--manifest.annotation {key}={value}" for key, value in facts.items())
    return _hub(
        "ubuntu:latest",
        "A small Debian system and a layer of metadata, with a history that no Dockerfile made.",
        Build(
            platforms=_UBUNTU_PLATFORMS,
            config={"Env": [_PATH], "Cmd": ["/bin/bash"], "Labels": facts},
            annotations=facts,
            history=(
                Step(
                    f"umoci raw add-layer --image {place}/ubuntu:rockcraft-base "
                    f"{place}/.temp_layer.tar --tag {version}",
                    tree="userland",
                ),
                Step(f"{config} --clear=config.entrypoint --clear=config.cmd"),
                Step(f"{config} --clear=config.cmd --config.cmd /bin/bash"),
                Step(f"{config} --config.env {_PATH}"),
                Step(f"{config} --clear=config.labels {labels}"),
                Step(f"{config} --clear=manifest.annotations {annotations}"),
                Step(
                    f"umoci raw add-layer --image {place}/ubuntu:{version} "
                    f"{place}/.temp_layer.control_data.tar",
                    tree="control-data",
                ),
            ),
        ),
    )


def _busybox() -> StandIn:
    build = Build(
        platforms=(),
        config={"Cmd": ["sh"]},
        history=(Step("BusyBox {busybox} (glibc), Debian 13", tree="busybox"),),
    )
    return _hub(
        "busybox:latest",
        "Debian's `busybox-static` under all its names, beside the C library.",
        dataclasses.replace(build, platforms=("linux/amd64", "linux/arm/v5")),
        dataclasses.replace(build, platforms=("linux/arm/v6",), attested=False),
        dataclasses.replace(
            build,
            platforms=(
                *("linux/arm/v7", "linux/arm64/v8", "linux/386", "linux/ppc64le", "linux/riscv64"),
                "linux/s390x",
            ),
        ),
    )


def _buildkit(*steps: tuple[str, str]) -> tuple[Step, ...]:
    return tuple(Step(by, tree, "buildkit.dockerfile.v0") for by, tree in steps)


def _hello(tree: str) -> Build:
    """Return an image of one program, for the published hello-world's platforms of Linux."""
    return Build(
        platforms=(
            *("linux/amd64", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"),
            *("linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x"),
        ),
        config={"Env": [_PATH], "Cmd": ["/hello"], "WorkingDir": "/"},
        history=_buildkit(("COPY hello / # buildkit", tree), ('CMD ["/hello"]', "")),
    )


def _windows_hello() -> Build:
    command = ["cmd", "/C", "type C:\\hello.txt"]
    return Build(
        platforms=("windows/amd64/10.0.26100.33438", "windows/amd64/10.0.20348.5622"),
        config={"Cmd": command},
        history=(
            Step("cmd /S /C #(nop) COPY file:{layer} in C: ", tree="windows"),
            Step('cmd /S /C #(nop)  CMD ["cmd" "/C" "type C:\\\\hello.txt"]'),
        ),
        attested=False,
    )


def _registry() -> StandIn:
    command = "/etc/docker/registry/config.yml"
    return _hub(
        "registry:2",
        "Debian's `docker-registry` on its busybox.",
        Build(
            platforms=(
                *("linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "linux/ppc64le"),
                "linux/s390x",
            ),
            config={
                "ExposedPorts": {"5000/tcp": {}},
                "Env": [_PATH],
                "Entrypoint": ["/entrypoint.sh"],
                "Cmd": [command],
                "Volumes": {"/var/lib/registry": {}},
                "WorkingDir": "/",
            },
            history=_buildkit(
                ("ADD rootfs.tar / # buildkit", "busybox"),
                ('CMD ["/bin/sh"]', ""),
                ("COPY ca-certificates.crt /etc/ssl/certs/ # buildkit", "ca-certificates"),
                ("COPY registry /bin/ # buildkit", "registry"),
                (f"COPY config.yml {command} # buildkit", "registry-config"),
                ("VOLUME [/var/lib/registry]", ""),
                ("EXPOSE map[5000/tcp:{}]", ""),
                ("COPY entrypoint.sh / # buildkit", "registry-entrypoint"),
                ('ENTRYPOINT ["/entrypoint.sh"]', ""),
                (f'CMD ["{command}"]', ""),
            ),
        ),
    )


STAND_INS = (
    _rock_ubuntu("26.04"),
    _classic_ubuntu("24.04"),
    _classic_ubuntu("22.04"),
    _busybox(),
    _hub("hello-world:latest", "One static program.", _hello("hello-world"), _windows_hello()),
    _registry(),
    StandIn(
        *("ghcr.io", "actions/hello-world", "latest"),
        "One static program, in a registry other than Docker Hub.",
        (_hello("actions-hello-world"),),
    ),
)
