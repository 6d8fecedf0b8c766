"""Engines from a directory of binaries: what is in it runs, what is wrong with it is said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from snippets.lab import Lab, LabError, engine_from_dir

from .lab_binaries import copy_binaries


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The binaries of Docker 26.1, to be laid over the root of 28.5."""
    directory = tmp_path_factory.mktemp("engine, laid over") / "a'b"  # no character of it may matter
    quiet = tmp_path_factory.mktemp("engine") / "directory"
    copy_binaries("26.1", quiet)
    quiet.rename(directory)
    return directory


def test_its_binaries_are_what_runs(directory: Path) -> None:
    engine = engine_from_dir(directory)
    assert engine.name == "26.1"
    assert engine.version.startswith("26.1.")
    with Lab.start(engine) as lab:
        assert lab.engine == engine
        version = json.loads(lab.run("docker version --format json").stdout)
        assert version["Client"]["Version"] == version["Server"]["Version"] == engine.version
        running = lab.run(
            "readlink /proc/$(pidof dockerd)/exe /proc/$(pidof containerd)/exe; which docker runc"
        )
        assert [Path(line).parent for line in running.stdout.split()] == [Path("/usr/local/bin")] * 4
        assert lab.run("docker run --rm hello-world").stdout.splitlines()[1] == "Hello from Docker!"
        plugin = lab.run("docker info --format '{{range .ClientInfo.Plugins}}{{.Path}} {{end}}'").stdout
        assert plugin.startswith("/usr/local/lib/docker/cli-plugins/docker-buildx")
        assert lab.run("touch /usr/local/bin/mine").returncode != 0
    assert not (directory / "mine").exists()


def test_the_command_takes_it(directory: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "snippets.lab", "shell", "--engine-dir", str(directory)),
            *("docker", "version", "--format", "{{.Server.Version}}"),
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert result.stdout.startswith("26.1."), result.stderr


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_one_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"nosuch is not a directory"):
        engine_from_dir(tmp_path / "nosuch")
    with pytest.raises(LabError, match=r"holds no dockerd"):
        engine_from_dir(tmp_path)
    program(tmp_path / "docker/dockerd", "")
    with pytest.raises(LabError, match=r"docker does: name that"):
        engine_from_dir(tmp_path)
    (tmp_path / "docker/docker").write_text("")
    with pytest.raises(LabError, match=r"docker is not executable.*chmod"):
        engine_from_dir(tmp_path / "docker")


@pytest.mark.parametrize(
    ("dockerd", "said"),
    [
        ("#!/bin/sh\necho the reason >&2\nexit 3", "the reason"),
        ("#!/nosuch\n", "No such file"),
        ("\x7fELF and no more", "Syntax error|Exec format error|not found"),
        ("#!/bin/sh\necho Something else", "Something else"),
    ],
)
def test_binaries_that_do_not_run_are_shown_with_their_output(
    tmp_path: Path, dockerd: str, said: str
) -> None:
    program(tmp_path / "dockerd", dockerd)
    program(tmp_path / "docker", "#!/bin/sh\n")
    with pytest.raises(LabError, match=rf"do not run on Debian forky[^\n]*\n(.*\n)*.*({said})"):
        engine_from_dir(tmp_path)


def test_a_daemon_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    program(
        tmp_path / "dockerd",
        '#!/bin/sh\n[ "$1" = --version ] && exec echo "Docker version 30.1.2, build 0"\n'
        "echo no daemon today\nexit 1\n",
    )
    program(tmp_path / "docker", "#!/bin/sh\n")
    engine = engine_from_dir(tmp_path)
    assert engine.name == "30.1"
    with pytest.raises(LabError, match=r"dockerd ended(.*\n)*.*no daemon today"):
        Lab.start(engine)
