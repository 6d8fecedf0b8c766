"""A lab begins, ends and is killed: whatever happens, nothing of it stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from snippets.lab import Lab, LabError
from snippets.lab.paths import cache_dir
from snippets.lab.programs import sudo

from .lab_traces import as_root, namespaces, processes, traces, until

CLIENT = """
import sys, time
from snippets.lab import Lab
lab = Lab.start()
lab.run("docker run --detach busybox sleep 1000")
print(lab.pid, lab.name, flush=True)
time.sleep(1000)
"""


def parent(pid: int) -> int:
    return int(as_root(f"sed -n 's/^PPid:\t//p' /proc/{pid}/status"))


def test_it_leaves_nothing() -> None:
    lab = Lab.start()
    lab.run("docker run --detach --publish 8080:80 --volume data:/data busybox sleep 1000")
    assert lab.run("docker ps --quiet").stdout
    # All kinds of trace are really found while it runs.
    members = processes(lab.pid)
    before = traces(lab.name, members)
    assert len(members) > 6
    assert members < set(before)
    assert any("/sys/fs/cgroup" in one for one in before)
    assert any(one.endswith(f"labs/{lab.name}") for one in before)
    lab.stop()
    assert traces(lab.name, members) == []


@pytest.mark.parametrize("killed", [False, True])
def test_a_paused_container_does_not_keep_its_lab(killed: bool) -> None:
    """A frozen process does not die before it is thawed."""
    lab = Lab.start()
    lab.run("docker run --detach --name paused busybox sleep 1000 && docker pause paused")
    assert "(Paused)" in lab.run("docker ps").stdout
    members = processes(lab.pid)
    if killed:
        subprocess.run([*sudo(), "kill", "-KILL", str(parent(parent(lab.pid)))], check=True)
    lab.stop()
    if killed:
        Lab.start().stop()
        until(lambda: traces(lab.name, members) == [])  # its PID 1 is the host's init to reap
    assert traces(lab.name, members) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_client_leaves_nothing(number: signal.Signals) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert client.stdout
    pid, name = client.stdout.readline().split()
    members = processes(int(pid))
    assert traces(name, members)
    client.send_signal(number)
    client.wait()
    assert until(lambda: traces(name, members) == []), traces(name, members)
    client.stdout.close()


def test_a_killed_supervisor_takes_its_lab_along_and_the_next_clears_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Lab.start().stop()  # what labs share is there
    # Labs of its own, so that no other test is the next to start one.
    (tmp_path / "docker-architecture").mkdir()
    for kind in ("roots", "images"):
        (tmp_path / "docker-architecture" / kind).symlink_to(cache_dir() / kind)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lab = Lab.start()
    members = processes(lab.pid)
    supervisor = parent(parent(lab.pid))
    subprocess.run([*sudo(), "kill", "-KILL", str(supervisor)], check=True)
    left = [f"labs/{lab.name}", f"docker-architecture-{lab.name}"]
    assert until(lambda: all(one.endswith(tuple(left)) for one in traces(lab.name, members)))
    with pytest.raises(LabError):
        lab.check()
    assert traces(lab.name, members)  # its files and groups wait for the next start
    with Lab.start():
        assert traces(lab.name, members) == []
    lab.stop()


def test_two_at_once_have_networks_and_daemons_of_their_own() -> None:
    with Lab.start() as one, Lab.start() as other:
        each = [namespaces(one.pid), namespaces(other.pid), namespaces(os.getpid())]
        assert len(set.union(*each)) == 3 * 6
        for lab in (one, other):
            lab.run("docker network create --subnet 10.1.2.0/24 same")
            started = lab.run("docker run --detach --name same --publish 5000:5000 busybox sleep 1000")
            assert started.returncode == 0, started.stderr
        one.run("docker rm --force same")
        assert one.run("docker ps --all --quiet").stdout == ""
        assert other.run("docker ps --quiet").stdout != ""


def test_writes_to_a_lab_are_gone_with_it() -> None:
    with Lab.start() as lab:
        pushed = lab.run(
            "docker pull --quiet busybox && docker tag busybox ghcr.io/me/mine && "
            "docker push --quiet ghcr.io/me/mine && touch /usr/bin/mine /root/mine"
        )
        assert pushed.returncode == 0, pushed.stderr
    with Lab.start() as lab:
        assert lab.run("docker pull ghcr.io/me/mine").returncode == 1
        assert lab.run("ls -A /root/mine /usr/bin/mine").stdout == ""
        assert (
            lab.run("docker images --all --quiet; docker ps --all --quiet; docker volume ls -q").stdout == ""
        )
        networks = lab.run("docker network ls --format '{{.Name}}'").stdout.split()
        assert networks == ["bridge", "host", "none"]


def test_a_client_that_forks_does_not_keep_its_lab() -> None:
    """A program that the client started holds no end of the pipe to the supervisor."""
    lab = Lab.start()
    members = processes(lab.pid)
    sleeper = subprocess.Popen(["sleep", "100"], close_fds=False)
    lab.stop()
    assert traces(lab.name, members) == []
    os.kill(sleeper.pid, signal.SIGKILL)
    sleeper.wait()


VERSION_2 = """
from snippets.lab import Lab
with Lab.start() as lab:
    print(lab.name)
    print(lab.run(
        "docker info --format {{.CgroupVersion}}; cat /sys/fs/cgroup/cgroup.controllers "
        "/sys/fs/cgroup/cgroup.subtree_control; tail -n 1 /proc/1/cgroup; "
        "docker run --rm --detach --name one busybox sleep 1000 >/dev/null 2>&1; "
        "ls -d /sys/fs/cgroup/docker/$(docker inspect --format {{.Id}} one)"
    ).stdout, end="")
"""


def test_control_groups_of_version_2() -> None:
    """Where the host has version 1 as well, in a mount namespace that shows version 2 alone."""
    script = (
        "umount --lazy --recursive /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup; "
        '"$@"; find /sys/fs/cgroup -type d'
    )
    result = subprocess.run(
        [*sudo(), "unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", VERSION_2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    name, version, controllers, handed_on, group, container, *groups = result.stdout.splitlines()
    assert version == "2"
    assert controllers
    assert controllers == handed_on
    assert group == "0::/init.scope"
    assert container.startswith("/sys/fs/cgroup/docker/")
    assert not [one for one in groups if name in one]
