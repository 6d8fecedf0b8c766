"""The cache of the lab: an entry is complete or absent, whoever makes it and whatever happens."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from snippets.lab import machine
from snippets.lab.cache import lock
from snippets.lab.keys import key_of, key_of_tree

from .lab_traces import as_root, until

# A process that makes the entry ARGV[1], slowly, and then keeps it while its input lasts.
MAKER = """
import sys, time
from pathlib import Path
from snippets.lab.cache import entry
from snippets.lab.watched import ClientGone, wait_for

def make(target):
    say("making")
    (target / "half").write_text("x")
    wait_for([], float(sys.argv[2]))
    (target / "whole").write_text("x")

def say(text):
    print(text, flush=True)

def flaw(path):
    return None if (path / "whole").exists() else "whole is missing"

try:
    got = entry(Path(sys.argv[1]), what="it", flaw=flaw, make=make, progress=say)
    say("ready")
    wait_for([], None)
except ClientGone:
    say("gone")
"""


class Maker:
    """A process that makes or uses an entry."""

    def __init__(self, path: Path, seconds: float = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAKER, str(path), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def end(self, number: signal.Signals | None = None) -> None:
        assert self.process.stdin
        assert self.process.stdout
        if number:
            self.process.send_signal(number)
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    path = tmp_path / "kind/key"
    one = Maker(path, 0.5)
    assert one.line() == "making"
    other = Maker(path)
    assert "another process" in other.line()
    assert one.line().startswith("it: made in")
    assert one.line() == "ready"
    assert other.line() == "ready"
    one.end()
    other.end()
    assert {file.name for file in path.iterdir()} == {"half", "whole"}


@pytest.mark.parametrize("number", [None, signal.SIGKILL])
def test_an_interrupted_one_is_never_used(tmp_path: Path, number: signal.Signals | None) -> None:
    path = tmp_path / "kind/key"
    one = Maker(path, 60)
    assert one.line() == "making"
    one.end(number)
    assert not path.exists()
    # A process that could not clear up leaves that to the next.
    assert (tmp_path / "kind/key.partial").exists() == (number is not None)
    again = Maker(path)
    assert [again.line(), again.line(), again.line()] == ["making", "it: made in 0 s", "ready"]
    again.end()
    assert not (tmp_path / "kind/key.partial").exists()


def test_what_a_killed_build_of_another_version_left_goes_too(tmp_path: Path) -> None:
    one = Maker(tmp_path / "kind/old", 60)
    assert one.line() == "making"
    one.end(signal.SIGKILL)
    again = Maker(tmp_path / "kind/new")
    assert [again.line(), again.line(), again.line()] == ["making", "it: made in 0 s", "ready"]
    again.end()
    assert {file.name for file in (tmp_path / "kind").iterdir()} == {"new", "new.lock"}


def test_a_broken_one_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "kind/key"
    first = Maker(path)
    assert [first.line(), first.line(), first.line()] == ["making", "it: made in 0 s", "ready"]
    first.end()
    (path / "whole").unlink()
    again = Maker(path)
    assert "broken (whole is missing)" in again.line()
    assert [again.line(), again.line(), again.line()] == ["making", "it: made in 0 s", "ready"]
    again.end()


def test_a_stale_lock_is_no_lock(tmp_path: Path) -> None:
    """Of a process that is gone a lock's file stays, and what it was making."""
    path = tmp_path / "kind/key"
    (tmp_path / "kind/key.partial").mkdir(parents=True)
    (tmp_path / "kind/key.lock").write_text("999999")
    one = Maker(path)
    assert [one.line(), one.line(), one.line()] == ["making", "it: made in 0 s", "ready"]
    one.end()
    assert not (tmp_path / "kind/key.partial").exists()


def test_one_in_use_is_not_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "docker-architecture/roots/key"
    user = Maker(path)
    assert [user.line(), user.line(), user.line()] == ["making", "it: made in 0 s", "ready"]
    clean = [sys.executable, "-m", "snippets.lab", "clean"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run(clean, env=environment, check=False)
    assert path.exists()
    user.end()
    assert subprocess.run(clean, env=environment, check=False).returncode == 0
    assert list(tmp_path.rglob("*")) == [tmp_path / "docker-architecture"]


def test_a_lab_that_starts_while_others_are_cleared_keeps_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labs = tmp_path / "labs"
    scratch = labs / "0123abcd"
    held: list[IO[bytes]] = []

    def swept_just_before_a_start(swept: Path) -> tuple[int, list[str]]:
        result = sweep(swept)
        scratch.mkdir(parents=True)
        held.append(lock(scratch / "lock"))
        return result

    sweep = machine.sweep
    monkeypatch.setattr(machine, "sweep", swept_just_before_a_start)
    labs.mkdir()
    machine.clear_labs(labs)
    assert scratch.is_dir()
    monkeypatch.undo()
    assert machine.clear_labs(labs) == (1, [])
    assert scratch.is_dir()
    held[0].close()
    assert machine.clear_labs(labs) == (0, [])
    assert not labs.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The real build, of two roots at once, stopped while mmdebstrap works with mounts of its own."""
    build = subprocess.Popen(
        [sys.executable, "-m", "snippets.lab", "build", "--all"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert build.stderr
    assert "Debian" in build.stderr.readline()
    where = str(tmp_path)
    programs = "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done"
    assert until(lambda: re.search(f"mmdebstrap .*{where}", as_root(programs)) is not None)
    time.sleep(1.5)  # it has mounts and programs of its own now
    build.send_signal(number)
    assert build.wait(60) == (130 if number == signal.SIGINT else -number)
    build.stderr.close()
    assert until(lambda: where not in as_root(programs))
    assert where not in as_root("cat /proc/[0-9]*/mounts")
    left = as_root(f"find {where} -name '*.partial' -o -name 'mmdebstrap*'")
    assert left == ""


def test_keys_stand_for_contents(tmp_path: Path) -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    (tmp_path / "file").write_text("x")
    before = key_of_tree(tmp_path)
    assert key_of_tree(tmp_path) == before
    (tmp_path / "file").chmod(0o755)
    executable = key_of_tree(tmp_path)
    (tmp_path / "file").write_text("y")
    assert len({before, executable, key_of_tree(tmp_path)}) == 3
