"""A lab that cannot start, or that breaks: what happened, why, and what to do."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snippets.lab import Lab, LabError
from snippets.lab.programs import sudo

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
    package = tmp_path / "snippets"
    here = Path(__file__).parent.parent / "snippets"
    package.mkdir()
    (package / "__init__.py").write_text("")
    subprocess.run(["cp", "-r", str(here / "lab"), str(package)], check=True)
    engines = package / "lab/engines.py"
    engines.write_text(engines.read_text().replace("daemon={", 'daemon={"nonsense": 1, '))
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    result = subprocess.run(
        [*LAB, "shell", "true"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
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
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
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
