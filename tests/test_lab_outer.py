"""Labs in a Docker: the same as in namespaces, and as little left of them.

The outer Docker is a lab, which is a Docker host like any. It has no internet: the
image's base is a Debian that has the packages already, and the volume has what other
tests' labs share.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from snippets.lab import Lab, LabError, default_engine, engine_from_dir, missing, outer
from snippets.lab.paths import cache_dir
from snippets.lab.programs import sudo
from snippets.lab.upkeep import build, clean

from .lab_binaries import copy_binaries
from .lab_terminal import Terminal
from .lab_traces import as_root, until

# Debian with what the Dockerfile asks for.
BASE = "mmdebstrap --variant=minbase --include=mmdebstrap,mount,python3 --dpkgopt='path-exclude=/usr/share/*/man/*'"

CLIENT = """
import time
from snippets.lab import Lab
lab = Lab.start()
lab.run("docker run --detach busybox sleep 1000")
print(lab.name, flush=True)
time.sleep(1000)
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A Docker host, reached by the `docker` in PATH, with a base for the image and a filled volume."""
    build(["26.1"])
    with Lab.start("26.1", backend="namespaces") as host, pytest.MonkeyPatch.context() as patch:
        made = host.enter("docker", "import", "-", "debian-with-tools")
        as_root(f"set -o pipefail; {BASE} trixie - | {shlex.join(made)}", seconds=600)
        assert "debian-with-tools" in host.run("docker images").stdout
        host.run(f"docker volume create {outer.NAME}")
        volume = f"{scratch(host)}/docker/volumes/{outer.NAME}/_data"
        for kind in ("roots", "images"):
            as_root(f"mkdir {volume}/{kind} && cp -al {cache_dir()}/{kind}/*[^k] {volume}/{kind}/")
        default_engine()  # its archive, where there is one, is unpacked now
        mirror(host, cache_dir() / "engines")
        tools = tmp_path_factory.mktemp("tools")
        (tools / "docker").write_text(f'#!/bin/sh\nexec {shlex.join(host.enter("docker"))} "$@"\n')
        (tools / "docker").chmod(0o755)
        patch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        patch.setenv("LAB_BACKEND", "docker")
        patch.setenv("LAB_DOCKER_BASE", "debian-with-tools")
        yield host


def mirror(host: Lab, directory: Path) -> None:
    """Have a directory of this machine at the same path in the host, as where Docker and its client are one machine's."""
    as_root(f"mkdir -p {directory} && cp -al {directory} {scratch(host)}/docker/")
    host.run(f"mkdir -p {directory.parent} && ln -s /var/lib/docker/{directory.name} {directory}")


def scratch(host: Lab) -> Path:
    return cache_dir() / "labs" / host.name


def containers(host: Lab) -> str:
    return host.run("docker ps --all --quiet").stdout


def test_it_is_a_lab_like_any(host: Lab) -> None:
    with Lab.start() as lab:
        assert containers(host) != ""
        version = json.loads(lab.run("docker version --format json").stdout)
        assert version["Server"]["Version"].startswith(lab.engine.version)
        assert lab.run("docker run --rm hello-world").stdout.splitlines()[1] == "Hello from Docker!"
        killed = lab.run("docker run --rm --memory 8m busybox dd if=/dev/zero of=/dev/null bs=64M count=1")
        assert killed.returncode == 137, killed.stderr
        assert lab.run("echo out; echo err >&2; exit 7").returncode == 7
        assert lab.run("echo err >&2").stderr == "err\n"
        assert "/containers/create" in lab.log("dockerd", 400)
        lab.check()
        terminal = Terminal(lab)
        try:
            terminal.types("stty -a\n", r"(?s)icanon.*echo .*bash-[\d.]+# ")
            terminal.types("docker run --rm -it busybox sh\n", r"/ # ")
            terminal.types("tty\n", r"^tty\r\n/dev/pts/0\r\n")
            terminal.interrupts("sleep 1000", r"/ # ")
            terminal.types("exit 3\n", r"bash-[\d.]+# ")
            terminal.types("echo status $?\n", "status 3")
        finally:
            terminal.close()
    assert containers(host) == ""


def test_an_engine_of_ones_own(host: Lab) -> None:
    directory = scratch(host) / "docker/engine"  # in the host it is /var/lib/docker/engine
    copy_binaries("26.1", directory)
    host.run(f"mkdir -p {directory.parent} && ln -s /var/lib/docker/engine {directory}")
    engine = engine_from_dir(directory)
    assert engine.name == "26.1"
    with Lab.start(engine) as lab:
        assert lab.run("docker version --format '{{.Server.Version}}'").stdout.strip() == engine.version


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_client_leaves_nothing(host: Lab, number: signal.Signals) -> None:
    client = subprocess.Popen([sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, text=True)
    assert client.stdout
    name = client.stdout.readline().strip()
    labs = f"{scratch(host)}/docker/volumes/{outer.NAME}/_data/labs"
    assert name in as_root(f"ls {labs}")
    client.send_signal(number)
    client.wait()
    client.stdout.close()
    assert until(lambda: containers(host) == "")
    assert name not in as_root(f"ls {labs}")
    assert as_root(f"find /sys/fs/cgroup -name docker-architecture-{name}") == ""


def test_what_a_killed_container_left_goes_with_the_next_start(host: Lab) -> None:
    lab = Lab.start()
    host.run("docker kill $(docker ps --quiet)")
    assert until(lambda: containers(host) == "")
    with pytest.raises(LabError):
        lab.check()
    lab.stop()
    labs = f"{scratch(host)}/docker/volumes/{outer.NAME}/_data/labs"
    assert lab.name in as_root(f"ls {labs}")
    with Lab.start():
        assert lab.name not in as_root(f"ls {labs}")


def test_it_is_chosen_where_there_are_no_namespaces(host: Lab) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LAB_BACKEND"}
    doctor = [sys.executable, "-m", "snippets.lab", "doctor"]
    for blocked, chosen in (([], "namespaces"), (["unshare"], "docker")):
        over = "".join(f'mount --bind /dev/null "$(command -v {tool})"; ' for tool in blocked)
        result = subprocess.run(
            [*sudo(), "unshare", "--mount", "sh", "-c", f'{over}exec "$@"', "sh", *doctor],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert f"Labs run in: {chosen}" in result.stdout, result.stdout + result.stderr


def test_a_base_that_cannot_be_had(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DOCKER_BASE", "nosuch")
    with pytest.raises(LabError, match=r"(?s)could not be built on nosuch:.*LAB_DOCKER_BASE"):
        Lab.start()


def test_no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no `docker` in PATH" in missing("docker")[0]
    (tmp_path / "docker").write_text("#!/bin/sh\necho Cannot connect >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    assert "Cannot connect" in missing("docker")[0]
    with pytest.raises(LabError, match="Cannot connect"):
        Lab.start(backend="docker")


def test_an_unknown_backend_is_named_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match=r"'podman'.*namespaces, docker"):
        Lab.start(backend="podman")
    monkeypatch.setenv("LAB_BACKEND", "podman")
    with pytest.raises(LabError, match=r"'podman'.*namespaces, docker"):
        Lab.start()


def test_clean_removes_what_is_not_in_use(host: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Archives are kept on the client's side: those that all tests share are not to go.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    archives = cache_dir() / "engines/0123"
    archives.mkdir(parents=True)
    with Lab.start("28.5-containerd"):
        assert clean() == 1
        assert archives.exists()
        assert outer.NAME in host.run("docker volume ls").stdout
    assert clean() == 0
    assert not archives.exists()
    assert host.run("docker volume ls --quiet").stdout == ""
    assert outer.NAME not in host.run("docker images").stdout
