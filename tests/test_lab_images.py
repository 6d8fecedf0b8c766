"""The lab's images have the published images' shape, as docker-library/repo-info listed it in September 2026."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from snippets.lab import Lab
from snippets.lab.oci import Build, Layout, Step
from snippets.lab.rootfs import architecture
from snippets.lab.standins import PLATFORMS, STAND_INS

from .lab_commands import output

ATTESTATION = "unknown/unknown"


def attested(*platforms: str) -> list[str]:
    return [entry for platform in platforms for entry in (platform, ATTESTATION)]


@dataclass
class Published:
    """What a published image is: its index, and its image for linux/amd64 (size: compressed layers)."""

    index: list[str]
    size: int
    layers: int
    history: list[str]
    start: list[str]


UBUNTU_INDEX = attested(
    "linux/amd64", "linux/arm/v7", "linux/arm64/v8", "linux/ppc64le", "linux/riscv64", "linux/s390x"
)
UMOCI = "umoci config --image /home/buildd/rockcraft-ubuntu-[^ ]+/images/ubuntu:26.04 "


def classic(version: str, size: int) -> Published:
    nop = r"/bin/sh -c #\(nop\) "
    return Published(
        index=UBUNTU_INDEX,
        size=size,
        layers=1,
        history=[
            f"{nop} ARG RELEASE",
            f"{nop} ARG LAUNCHPAD_BUILD_ARCH",
            f"{nop} LABEL org.opencontainers.image.version={version}",
            f"{nop}ADD file:[0-9a-f]{{64}} in / ",
            rf'{nop} CMD \["/bin/bash"\]',
        ],
        start=["/bin/bash"],
    )


PUBLISHED = {
    "ubuntu:latest": Published(
        index=UBUNTU_INDEX,
        size=41_568_664,
        layers=2,
        history=[
            "umoci raw add-layer --image /home/buildd/rockcraft-ubuntu-.* --tag 26.04",
            UMOCI + "--clear=config.entrypoint --clear=config.cmd",
            UMOCI + "--clear=config.cmd --config.cmd /bin/bash",
            UMOCI + "--config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            UMOCI + "--clear=config.labels --config.label org.opencontainers.image.version=26.04 (.*\n)+",
            UMOCI + "--clear=manifest.annotations --manifest.annotation (.*\n)+",
            "umoci raw add-layer --image /home/buildd/rockcraft-ubuntu-.*control_data.*",
        ],
        start=["/bin/bash"],
    ),
    "ubuntu:24.04": classic("24.04", 29_800_000),
    "ubuntu:22.04": classic("22.04", 29_736_517),
    "busybox:latest": Published(
        index=[
            *attested("linux/amd64", "linux/arm/v5"),
            "linux/arm/v6",
            *attested("linux/arm/v7", "linux/arm64/v8", "linux/386", "linux/ppc64le", "linux/riscv64"),
            *attested("linux/s390x"),
        ],
        size=2_226_327,
        layers=1,
        history=[r"BusyBox \d+\.\d+\.\d+ \(glibc\), Debian 13"],
        start=["sh"],
    ),
    "hello-world:latest": Published(
        index=[
            *attested("linux/amd64", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"),
            *attested("linux/386", "linux/ppc64le", "linux/riscv64", "linux/s390x"),
            "windows/amd64/10.0.26100.33438",
            "windows/amd64/10.0.20348.5622",
        ],
        size=2_415,
        layers=1,
        history=["COPY hello / # buildkit", r'CMD \["/hello"\]'],
        start=["/hello"],
    ),
    "registry:2": Published(
        index=attested(
            *("linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "linux/ppc64le"),
            "linux/s390x",
        ),
        size=9_197_454,
        layers=5,
        history=[
            *("ADD .* / # buildkit", r'CMD \["/bin/sh"\]', ".*ca-certificates.*", ".*registry.*"),
            *("COPY .*/etc/docker/registry/config.yml # buildkit", r"VOLUME \[/var/lib/registry\]"),
            *(r"EXPOSE map\[5000/tcp:\{\}\]", "COPY .*entrypoint.sh .*# buildkit"),
            *(r'ENTRYPOINT \["/entrypoint.sh"\]', r'CMD \["/etc/docker/registry/config.yml"\]'),
        ],
        start=["/entrypoint.sh", "/etc/docker/registry/config.yml"],
    ),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start() as lab:
        yield lab


def fetched(lab: Lab, repository: str, what: str) -> dict[str, Any]:
    """Return a JSON document of the lab's Docker Hub."""
    accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
    url = f"https://registry-1.docker.io/v2/library/{repository}/{what}"
    document: dict[str, Any] = json.loads(
        output(lab, f"curl --silent --fail --header 'Accept: {accept}' {url}")
    )
    return document


def named(platform: dict[str, str]) -> str:
    keys = ("os", "architecture", "variant", "os.version")
    return "/".join(platform[key] for key in keys if key in platform)


def test_the_table_is_of_all_images_of_docker_hub() -> None:
    assert set(PUBLISHED) == {image.name for image in STAND_INS if image.host == "docker.io"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_index_has_the_entries_of_the_published_one(lab: Lab, name: str) -> None:
    repository, tag = name.split(":")
    index = fetched(lab, repository, f"manifests/{tag}")
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    entries = index["manifests"]
    assert [named(entry["platform"]) for entry in entries] == PUBLISHED[name].index
    before = ""
    for entry in entries:
        manifest = fetched(lab, repository, f"manifests/{entry['digest']}")
        config = fetched(lab, repository, f"blobs/{manifest['config']['digest']}")
        types = {layer["mediaType"] for layer in manifest["layers"]}
        if named(entry["platform"]) == ATTESTATION:
            assert entry["annotations"] == {
                "vnd.docker.reference.digest": before,
                "vnd.docker.reference.type": "attestation-manifest",
            }
            assert types == {"application/vnd.in-toto+json"}
            statement = fetched(lab, repository, f"blobs/{manifest['layers'][0]['digest']}")
            assert f"sha256:{statement['subject'][0]['digest']['sha256']}" == before
            assert statement["predicate"]["files"]
        else:
            assert types == {"application/vnd.oci.image.layer.v1.tar+gzip"}
            assert named({key: config[key] for key in config if key in entry["platform"]}) == named(
                entry["platform"]
            )
        before = entry["digest"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_image_has_the_layers_history_and_size_of_the_published_one(lab: Lab, name: str) -> None:
    published = PUBLISHED[name]
    repository, tag = name.split(":")
    entries = fetched(lab, repository, f"manifests/{tag}")["manifests"]
    (own,) = (entry for entry in entries if named(entry["platform"]) == PLATFORMS[architecture()])
    manifest = fetched(lab, repository, f"manifests/{own['digest']}")
    config = fetched(lab, repository, f"blobs/{manifest['config']['digest']}")
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == published.layers
    assert published.size / 2 < sum(layer["size"] for layer in manifest["layers"]) < published.size * 2
    for entry, pattern in zip(config["history"], published.history, strict=True):
        assert re.fullmatch(pattern, entry["created_by"])
    assert sum(not entry.get("empty_layer") for entry in config["history"]) == published.layers
    start = config["config"]
    assert [*start.get("Entrypoint", []), *start["Cmd"]] == published.start


def test_what_is_in_them_says_what_it_is(lab: Lab) -> None:
    for image in ("ubuntu", "ubuntu:24.04", "ubuntu:22.04", "busybox"):
        assert f"A stand-in for {image}" in output(lab, f"docker run --rm {image} cat /etc/lab-image")
    for image in ("hello-world", "ghcr.io/actions/hello-world"):
        assert "stand-in" in output(lab, f"docker run --rm {image}")
    labels = "{{json .Config.Labels}}"
    assert "stand-in" in output(lab, f"docker image inspect --format '{labels}' ubuntu")
    other = next(platform for platform in UBUNTU_INDEX[::2] if platform != PLATFORMS[architecture()])
    output(lab, f"docker pull --quiet --platform {other} ubuntu:22.04")
    output(lab, f"docker create --name other --platform {other} ubuntu:22.04")
    copied = output(lab, "docker cp --quiet other:/etc/lab-image - | tar --extract --to-stdout")
    assert f"placeholder for layer 'userland' of ubuntu:22.04 on {other}" in copied


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    build = Build(platforms=("linux/amd64",), config={"Cmd": ["a"]}, history=(Step("x", tree="t"), Step("y")))
    found = []
    for run, names in enumerate((("a", "b"), ("b", "a"))):
        tree = tmp_path / f"tree{run}"
        tree.mkdir()
        for name in names:
            (tree / name).write_text(name)
        (tree / "a").touch()  # later than the other
        layout = Layout(tmp_path / f"layout{run}")
        layout.add("example.test/x:1", [build], {("linux/amd64", "t"): tree})
        layout.close()
        found.append(
            {
                path.relative_to(layout.path): path.read_bytes()
                for path in layout.path.rglob("*")
                if path.is_file()
            }
        )
    assert found[0] == found[1]
    assert len(found[0]) == 9  # layout and list; index, two manifests, two configurations, layer, statement
