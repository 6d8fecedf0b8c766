"""Every engine of the lab: the declared version and image store, one registry content for all."""

import json
from collections.abc import Iterator

import pytest

from snippets.lab import ENGINES, Lab, archives
from snippets.lab.standins import STAND_INS

from .lab_commands import output, unexpected

# Image store → what `docker info` calls its driver.
DRIVERS = {"overlay2": "overlay2", "containerd": "overlayfs"}

# Repository and tag → the digest that the first engine to pull it saw.
_digests: dict[str, str] = {}


@pytest.fixture(scope="module", params=ENGINES)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    if why := archives.lacking().get(request.param):
        pytest.skip(why)
    with Lab.start(request.param) as lab:
        yield lab


def test_it_is_what_its_name_says(lab: Lab) -> None:
    version = json.loads(output(lab, "docker version --format '{{json .}}'"))
    assert version["Server"]["Version"].startswith(lab.engine.version)
    assert version["Client"]["Version"] == version["Server"]["Version"]
    info = json.loads(output(lab, "docker info --format '{{json .}}'"))
    assert info["Driver"] == DRIVERS[lab.engine.store]
    assert unexpected(info["Warnings"]) == []


def test_both_registries_give_every_engine_the_same_digests(lab: Lab) -> None:
    for image in (image.name for image in STAND_INS):
        output(lab, f"docker pull {image}")
        digest = output(lab, f"docker image inspect --format '{{{{index .RepoDigests 0}}}}' {image}")
        assert digest == _digests.setdefault(image, digest)
    assert output(lab, "docker run --rm hello-world").splitlines()[:2] == ["", "Hello from Docker!"]


@pytest.mark.parametrize("buildkit", [0, 1])
def test_both_builders_build(lab: Lab, buildkit: int) -> None:
    built = output(
        lab,
        "mkdir -p /tmp/context && cd /tmp/context && "
        'printf \'FROM busybox\\nRUN echo built >/made\\nCMD ["cat", "/made"]\\n\' >Dockerfile && '
        f"DOCKER_BUILDKIT={buildkit} docker build --quiet --no-cache --tag made{buildkit} . && "
        f"docker run --rm made{buildkit}",
    )
    assert built.endswith("built\n")


def test_the_builder_of_old_engines_is_the_classic_one(lab: Lab) -> None:
    output(lab, "docker pull --quiet busybox; mkdir -p /tmp/one && echo FROM busybox >/tmp/one/Dockerfile")
    built = lab.run("docker build /tmp/one")
    assert ("Step 1/1" in built.stdout) == (lab.engine.name == "20.10"), built.stdout + built.stderr
