"""What a lab is like inside: a Docker host as a reader knows it, and nothing beyond it."""

import json
import os
import re
import time
from collections.abc import Iterator

import pytest

from snippets.lab import Lab, LabError, default_engine

from .lab_commands import output, unexpected
from .lab_terminal import Terminal
from .lab_traces import until


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start() as lab:
        yield lab


def test_it_runs_the_declared_engine(lab: Lab) -> None:
    version = json.loads(output(lab, "docker version --format json"))
    declared = default_engine()
    assert version["Server"]["Version"].startswith(declared.version)
    assert version["Client"]["Version"] == version["Server"]["Version"]
    info = json.loads(output(lab, "docker info --format json"))
    assert info["Driver"] == "overlayfs"
    assert info["DriverStatus"] == [["driver-type", "io.containerd.snapshotter.v1"]]
    assert info["DockerRootDir"] == "/var/lib/docker"
    assert info["Name"] == "docker-lab"
    assert unexpected(info["Warnings"]) == []


def test_hello_world_comes_from_the_registry(lab: Lab) -> None:
    lines = output(lab, "docker run --rm hello-world").splitlines()
    assert lines[:2] == ["", "Hello from Docker!"]
    assert "stand-in" in " ".join(lines)
    log = lab.log("registry")
    assert '"HEAD /v2/library/hello-world/manifests/latest HTTP/1.1" 200' in log
    assert f"UpstreamClient(Docker-Client/{lab.engine.version}" in log
    assert "/containers/create" in lab.log("dockerd", 400)


def test_each_registry_answers_for_its_own_images_over_tls(lab: Lab) -> None:
    for host in ("registry-1.docker.io", "ghcr.io"):
        assert output(lab, f"curl --silent --fail https://{host}/v2/") == "{}"
    assert output(lab, "docker pull --quiet ghcr.io/actions/hello-world") != ""
    assert lab.run("docker pull ghcr.io/library/ubuntu").returncode == 1
    assert lab.run("docker pull actions/hello-world").returncode == 1
    assert "/v2/actions/hello-world/manifests/latest" in lab.log("ghcr", 200)


def test_ubuntu_is_a_small_debian(lab: Lab) -> None:
    assert "ID=debian" in output(lab, "docker run --rm ubuntu:24.04 cat /etc/os-release")
    for tool in ("bash", "ps", "ip", "ping", "ls", "cat"):
        output(
            lab, f"docker run --rm ubuntu:24.04 {tool} --version || docker run --rm ubuntu:24.04 {tool} -V"
        )


def test_the_tags_of_ubuntu_are_images_of_their_own(lab: Lab) -> None:
    ids = set()
    for tag in ("latest", "24.04", "22.04"):
        output(lab, f"docker pull --quiet ubuntu:{tag}")
        ids.add(output(lab, f"docker images --quiet --no-trunc ubuntu:{tag}"))
    assert len(ids) == 3
    size = int(output(lab, "docker history --human=false --format '{{.Size}}' ubuntu | sort -n | tail -1"))
    assert 40e6 < size < 120e6


def test_a_registry_of_ones_own(lab: Lab) -> None:
    output(lab, "docker run --detach --name own --publish 5000:5000 registry:2")
    output(lab, "curl --silent --retry 20 --retry-all-errors --retry-delay 1 localhost:5000/v2/")
    output(lab, "docker pull --quiet busybox && docker tag busybox localhost:5000/mine")
    output(lab, "docker push --quiet localhost:5000/mine && docker rmi localhost:5000/mine")
    output(lab, "docker pull --quiet localhost:5000/mine")
    mounts = json.loads(output(lab, "docker inspect --format '{{json .Mounts}}' own"))
    assert mounts[0]["Destination"] == "/var/lib/registry"
    output(lab, "docker rm --force --volumes own")


def test_nothing_outside_is_reached_and_that_is_said_at_once(lab: Lab) -> None:
    assert "default" not in output(lab, "ip route; ip -6 route")
    links = output(lab, "ip -brief link").split("\n")
    assert {re.split(r"[@ ]", link)[0] for link in links if link} <= {"lo", "docker0"} | {
        name for link in links if (name := re.split(r"[@ ]", link)[0]).startswith(("veth", "br-"))
    }
    begun = time.monotonic()
    assert "no such host" in lab.run("docker pull quay.io/some/image").stderr
    assert lab.run("getent hosts www.example.com").returncode == 2
    assert lab.run("docker run --rm busybox nslookup www.example.com").stdout.count("NXDOMAIN")
    assert "not found" in lab.run("docker run nosuchimage").stderr
    assert time.monotonic() - begun < 10


def test_containers_of_a_network_know_each_other_by_name(lab: Lab) -> None:
    output(
        lab, "docker network create net1 && docker run --detach --name web --network net1 busybox sleep 1000"
    )
    output(lab, "docker run --rm --network net1 busybox ping -c 1 web")
    output(lab, "docker rm --force web && docker network rm net1")


def test_containers_inherit_no_ignored_signals(lab: Lab) -> None:
    status = output(lab, "docker run --rm busybox cat /proc/self/status")
    assert re.search(r"^SigIgn:\t0+$", status, re.MULTILINE), re.findall("Sig.*", status)


def test_limits_of_memory_hold(lab: Lab) -> None:
    """The control groups work: a container that takes more than it may is killed."""
    result = lab.run("docker run --rm --memory 8m busybox dd if=/dev/zero of=/dev/null bs=64M count=1")
    assert result.returncode == 137, result.stderr


def test_pid_1_reaps(lab: Lab) -> None:
    output(lab, "for i in 1 2 3; do docker run --rm busybox true; done")
    assert until(lambda: "Z" not in output(lab, "ps -e --no-headers -o stat")), output(lab, "ps axf")


def test_services_are_where_a_host_has_them(lab: Lab) -> None:
    assert output(lab, "ls -l /var/run/docker.sock").startswith("srw")
    assert output(lab, "stat -f -c %T /var/lib/docker /var/lib/containerd").split().count("overlayfs") == 0
    commands = output(lab, "ps -e --no-headers -o comm").split()
    for service in ("tini", "containerd", "dockerd", "docker-registry"):
        assert any(service.startswith(name) or name.startswith(service) for name in commands)


def test_commands_run_in_the_promised_environment(lab: Lab) -> None:
    assert output(lab, "pwd; id -u; hostname").split() == ["/root", "0", "docker-lab"]
    names = {line.split("=")[0] for line in output(lab, "env").splitlines()}
    assert names == {"PATH", "HOME", "TERM", "LANG", "TZ", "PWD", "SHLVL", "_"}
    assert os.getpid() > 0
    assert lab.run("echo out; echo err >&2; exit 7").returncode == 7
    assert lab.run("echo err >&2").stderr == "err\n"


def test_a_command_that_takes_too_long_is_ended(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"(?s)within 0\.5 s.*begun"):
        lab.run("echo begun; sleep 612", timeout=0.5)
    assert "sleep 612" not in output(lab, "ps axo args")


def test_an_unknown_log_is_named(lab: Lab) -> None:
    with pytest.raises(LabError, match="nosuch"):
        lab.log("nosuch")


def test_a_terminal_in_a_container(lab: Lab) -> None:
    output(lab, "docker pull --quiet ubuntu")
    terminal = Terminal(lab)
    try:
        terminal.types("tty\n", r"/dev/pts/\d")
        terminal.types("docker run --rm --interactive --tty ubuntu bash\n", r"root@[0-9a-f]{12}:/# ")
        terminal.types("tty\n", r"/dev/pts/0\r\n")
        terminal.interrupts("sleep 1000", r"root@[0-9a-f]{12}:/# ")
        terminal.types("echo status $?\n", "status 130")
        terminal.types("exit\n", r"bash-[\d.]+# ")
        terminal.interrupts("sleep 1000", r"bash-[\d.]+# ")
        terminal.types("echo status $?\n", "status 130")
    finally:
        terminal.close()
