"""A lab that cannot start, or that breaks: what happened, why, and what to do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snippets.lab import ENGINES, Lab, LabError
from snippets.lab.engines import BUILDER
from snippets.lab.paths import cache_dir
from snippets.lab.programs import sudo
from snippets.lab.rootfs import root_path
from snippets.lab.upkeep import build

from .lab_traces import as_root

# Kill the process whose number a file holds, and wait until it is gone.
KILL = "pid=$(cat {}); kill -KILL $pid; while [ -e /proc/$pid ]; do sleep 0.01; done"

LAB = [sys.executable, "-m", "snippets.lab"]


def hidden(tools: str, *argv: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command on a host that lacks some tools: files that nothing can run lie over them."""
    script = 'for tool in $1; do mount --bind /dev/null "$(command -v $tool)"; done; shift; exec "$@"'
    environment = {**os.environ, "LAB_BACKEND": "namespaces"}
    if cache:
        environment["XDG_CACHE_HOME"] = str(cache)
    return subprocess.run(
        [*sudo(), "unshare", "--mount", "sh", "-c", script, "sh", tools, *argv],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )


def test_an_unknown_engine_is_named_with_the_known_ones() -> None:
    with pytest.raises(LabError, match=r"'1\.0'.*28\.5-containerd"):
        Lab.start("1.0")


def test_a_daemon_that_dies_shows_its_log_at_once() -> None:
    with Lab.start() as lab:
        lab.check()
        lab.run(KILL.format("/run/docker.pid"))
        begun = time.monotonic()
        with pytest.raises(
            LabError, match=r"dockerd (ended|does not answer)[^\n]*last lines:\n(.*\n)*.*API listen on"
        ):
            lab.check()
        assert time.monotonic() - begun < 2
        assert "Cannot connect to the Docker daemon" in lab.run("docker ps").stderr


def test_a_registry_that_dies_shows_its_log_at_once() -> None:
    with Lab.start() as lab:
        lab.run("docker pull hello-world;" + KILL.format("/run/lab/registry.pid"))
        with pytest.raises(
            LabError, match=r"registry (ended|does not answer)[^\n]*last lines:\n(.*\n)*.*hello-world"
        ):
            lab.check()


def test_a_daemon_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The supervisor of a copy of the package, whose engine has a bad daemon.json."""
    copy_of_package(tmp_path, "daemon={", 'daemon={"nonsense": 1, ')
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    result = subprocess.run(
        [*LAB, "shell", "--engine", BUILDER, "true"],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 1
    assert "dockerd ended" in result.stderr
    assert "nonsense" in result.stderr
    assert time.monotonic() - begun < 20


def test_a_stopped_lab_says_so() -> None:
    lab = Lab.start()
    lab.stop()
    lab.stop()  # once more does no harm
    with pytest.raises(LabError, match="stopped"):
        lab.check()


def test_a_missing_tool_is_named_with_its_package() -> None:
    result = hidden("mmdebstrap", *LAB, "doctor")
    assert result.returncode == 1
    assert "mmdebstrap" in result.stdout
    assert "lab setup" in result.stdout


def test_setup_without_apt_says_what_to_install() -> None:
    result = hidden("mmdebstrap apt-get", *LAB, "setup")
    assert result.returncode == 1
    assert "no apt-get" in result.stderr
    assert "mmdebstrap" in result.stderr


def test_setup_changes_nothing_when_all_is_there() -> None:
    result = subprocess.run([*LAB, "setup"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0
    assert "all system packages are there" in result.stderr


def test_without_namespaces() -> None:
    result = subprocess.run(
        [*sudo(), "setpriv", "--bounding-set=-sys_admin", *LAB, "--lab-backend=namespaces", "doctor"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert "namespaces" in result.stdout


def test_without_root() -> None:
    code = (
        "import os; from snippets.lab import missing; "
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); print(missing('namespaces'))"
    )
    result = subprocess.run([*sudo(), sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "sudo without a password" in result.stdout


def test_a_full_disk_is_named_before_anything_is_made(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=64m small {tmp_path} && "$@"; status=$?; find {tmp_path}; exit $status'
    result = subprocess.run(
        [*sudo(), "unshare", "--mount", "sh", "-c", script, "sh", *LAB, "build"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "ENGINE_ARCHIVES": ""},
    )
    assert result.returncode == 1
    assert "GiB free" in result.stderr
    assert "XDG_CACHE_HOME" in result.stderr
    assert "partial" not in result.stdout


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "docker-architecture").write_text("")
    result = subprocess.run(
        [*LAB, "build"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert result.returncode == 1
    assert "cache directory" in result.stderr


def copy_of_package(where: Path, old: str, new: str) -> None:
    """Make a copy of the package whose engines are declared otherwise."""
    package = where / "snippets"
    here = Path(__file__).parent.parent / "snippets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    subprocess.run(["cp", "-r", str(here / "lab"), str(package)], check=True)
    engines = package / "lab/engines.py"
    engines.write_text(engines.read_text().replace(old, new))


def test_a_root_of_another_version_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian moves on: simulated by a declaration that the root does not keep."""
    build(["28.5-containerd"])
    copy_of_package(tmp_path, 'version="28.5."', 'version="29.9."')
    monkeypatch.chdir(tmp_path)
    result = subprocess.run(
        [*LAB, "shell", "--engine", "28.5-containerd", "true"],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == 1
    assert "engine '28.5-containerd' holds 'Docker version 28.5" in result.stderr
    assert "declared as version 29.9" in result.stderr
    assert "engines.py" in result.stderr


def test_a_root_that_is_cut_off_is_made_again_and_never_used(tmp_path: Path) -> None:
    build(["26.1"])
    good = root_path(cache_dir(), ENGINES["26.1"])
    cut = root_path(tmp_path / "docker-architecture", ENGINES["26.1"])
    as_root(
        f"mkdir -p {cut.parent} && {{ cp -al {good} {cut} || {{ rm -rf {cut}; cp -a {good} {cut}; }}; }} && cd {cut}/root/usr/sbin && "
        "head -c 1000 dockerd >part && mv part dockerd"
    )
    lab = subprocess.Popen(
        [*LAB, "shell", "--engine", "26.1", "docker", "version"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert lab.stderr
    assert "broken (/usr/sbin/dockerd has 1000 bytes instead of" in lab.stderr.readline()
    assert "installing Debian trixie" in lab.stderr.readline()
    lab.send_signal(signal.SIGINT)
    said, _ = lab.communicate()
    assert said == ""
    assert not cut.exists()


def supervise(verb: str, cache: Path, mount: str, prepare: str = "true") -> tuple[str, str]:
    """Have a supervisor do something whose cache is a small file system. Return what it said and left."""
    code = "import snippets.lab.cache as cache; cache._FREE_BYTES = 0; import snippets.lab.supervisor as it; it.main()"
    script = f'mount -t tmpfs -o {mount} small {cache} && {prepare} && "$@"; echo; find {cache}'
    process = subprocess.Popen(
        [
            *(*sudo(), "unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "-c", code),
            *(verb, str(cache), ENGINES["26.1"].to_json()),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    output = process.stdout.read()
    process.stdin.close()
    process.stdout.close()
    process.wait()
    said, _, left = output.partition("\n\n")
    return said, left


def test_a_disk_that_gets_full_leaves_nothing_half_made(tmp_path: Path) -> None:
    said, left = supervise("root", tmp_path, "size=64m")
    assert "no space left" in said.lower()
    assert "Free some disk space" in said
    assert {Path(line).name for line in left.split()} <= {
        tmp_path.name,
        "roots",
        root_path(tmp_path, ENGINES["26.1"]).name + ".lock",
    }


@pytest.mark.parametrize("inodes", [4, 9, 24, 60])
def test_a_disk_that_is_full_at_the_start_of_a_lab(tmp_path: Path, inodes: int) -> None:
    build(["26.1"])
    shared = f"ln -s {cache_dir()}/roots {cache_dir()}/images {tmp_path}"
    said, left = supervise("start", tmp_path, f"nr_inodes={inodes}", shared)
    assert "no space left" in said.lower()
    assert "Free some disk space" in said
    assert [line for line in left.split() if f"{tmp_path}/labs/" in line] in ([], [f"{tmp_path}/labs/.lock"])
