"""Static archives as engines: what is in one runs, what is wrong with it is said, nothing half made stays."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import platform
import struct
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from snippets.lab import ENGINES, Lab, LabError, archives
from snippets.lab.paths import cache_dir

from .lab_binaries import copy_binaries

LAB = [sys.executable, "-m", "snippets.lab"]

# A program of this machine, and what its archive is called where Docker publishes it.
PROGRAM = Path(sys.executable).resolve().read_bytes()
PUBLISHED = f"linux/static/stable/{platform.machine()}/docker-26.1.5.tgz"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Docker 26.1 laid out as Docker publishes it, and named so. Nobody knows its checksum."""
    binaries = tmp_path_factory.mktemp("binaries") / "docker"
    copy_binaries("26.1", binaries)
    path = tmp_path_factory.mktemp("archives") / PUBLISHED
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.add(binaries, "docker", filter=lambda member: None if "cli-plugins" in member.name else member)
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without archives, which has the roots and the images that all tests share: do not clean it."""
    shared, own = cache_dir(), tmp_path / "cache/docker-architecture"
    own.mkdir(parents=True)
    for kind in ("roots", "images"):
        (shared / kind).mkdir(parents=True, exist_ok=True)
        (own / kind).symlink_to(shared / kind)
    monkeypatch.setenv("XDG_CACHE_HOME", str(own.parent))
    monkeypatch.delenv(archives.VARIABLE, raising=False)
    return own / "engines"


def kept(cache: Path) -> list[str]:
    """What the cache has of archives, whole or not."""
    return sorted(path.name for path in cache.iterdir() if path.name != ".lock") if cache.exists() else []


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_in_it_runs(cache: Path, archive: Path) -> None:
    said: list[str] = []
    added = archives.add(archive, progress=said.append)
    assert (added.version, added.sha256, added.known) == ("26.1.5+dfsg1", sha256(archive), "")
    assert any(f"no checksum that this project knows ({added.sha256})" in line for line in said)
    assert kept(cache) == [added.sha256]
    with Lab.start("26.1") as lab:
        assert lab.run("readlink /proc/$(pidof dockerd)/exe").stdout == "/usr/local/bin/dockerd\n"
        assert lab.run("docker run --rm hello-world").stdout.splitlines()[1] == "Hello from Docker!"
    # It is unpacked once.
    before = (added.directory / "dockerd").stat()
    assert archives.add(archive).directory == added.directory
    assert (added.directory / "dockerd").stat() == before


def test_two_at_once_unpack_it_once(cache: Path, archive: Path) -> None:
    adding = [
        subprocess.Popen([*LAB, "engine", "add", archive], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = {process.communicate()[0] for process in adding}
    assert outputs == {
        f"26.1: Docker 26.1.5+dfsg1 from docker-26.1.5.tgz, sha256 {sha256(archive)}\n"
        "This project knows no archive with this checksum.\n"
    }
    assert kept(cache) == [sha256(archive)]
    listed = json.loads(subprocess.check_output([*LAB, "engine", "list", "--json"], text=True))
    assert [row["name"] for row in listed] == list(reversed(ENGINES))
    [row] = [row for row in listed if row["name"] == "26.1"]
    assert row["origin"].startswith("docker-26.1.5.tgz over Debian trixie; sha256")
    archives.clear()
    assert not cache.exists()


def test_a_checksum_that_an_entry_knows_says_the_version(
    cache: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {sha256(archive): "a build of ours"}
    monkeypatch.setitem(ENGINES, "29.7", replace(ENGINES["29.7"], checksums=known))
    monkeypatch.setattr(archives, "version_of", lambda *_, **__: pytest.fail("it was asked"))
    added = archives.add(archive)
    assert (added.version, added.known) == (ENGINES["29.7"].release, "a build of ours")
    assert archives.default_engine().name == "29.7"


def test_without_its_archive_an_engine_is_lacking_and_an_older_one_is_the_default(cache: Path) -> None:
    assert list(archives.lacking()) == ["29.7"]
    assert [engine.name for engine in archives.here()] == [name for name in ENGINES if name != "29.7"]
    default = archives.default_engine()
    assert default == ENGINES["28.5-containerd"]
    [notice] = archives.instead_of(default)
    assert "28.5-containerd here, not 29.7" in notice
    for start in ("29.7", ENGINES["29.7"]):
        with pytest.raises(
            LabError, match=r"`lab engine get 29.7`.*`lab engine add ARCHIVE`.*ENGINE_ARCHIVES"
        ):
            Lab.start(start)


def test_a_directory_of_archives_is_named_once(
    cache: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(archives.VARIABLE, str(archive.parent))
    assert archives.resolve("26.1").directory == str(cache / sha256(archive) / "bin")
    assert archives.resolve("20.10") == ENGINES["20.10"]
    # It has precedence over the cache, where an archive stays.
    monkeypatch.delenv(archives.VARIABLE)
    assert archives.resolve("26.1").directory == str(cache / sha256(archive) / "bin")
    monkeypatch.setenv(archives.VARIABLE, str(archive))
    with pytest.raises(LabError, match=r"ENGINE_ARCHIVES names .*tgz, which is not a directory"):
        archives.resolve("26.1")


def test_an_archive_whose_name_is_of_another_version_is_named(
    cache: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docker-29.7.2.tgz").symlink_to(archive)
    monkeypatch.setenv(archives.VARIABLE, str(tmp_path))
    with pytest.raises(LabError, match=r"docker-29.7.2.tgz is of Docker 26.1.5\S*; wanted is 29.7.x"):
        archives.default_engine()
    assert kept(cache) == []


def test_a_damaged_entry_is_unpacked_again(cache: Path, archive: Path) -> None:
    added = archives.add(archive)
    (added.directory / "dockerd").write_bytes(b"cut")
    assert archives.find(ENGINES["26.1"]) is None
    again = archives.add(archive)
    assert (again.directory / "dockerd").stat().st_size == again.files["dockerd"] > 3


def test_what_a_killed_process_left_goes(cache: Path, archive: Path) -> None:
    (cache / "0123.partial/bin").mkdir(parents=True)
    archives.add(archive)
    assert kept(cache) == [sha256(archive)]


# ---- What is wrong with an archive is named, and nothing of it stays. ----


def elf(machine: int) -> bytes:
    """A program for another machine."""
    return PROGRAM[:18] + struct.pack("<H", machine) + PROGRAM[20:]


def member(
    name: str, content: bytes = PROGRAM, kind: bytes = tarfile.REGTYPE
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(content), "docker/dockerd"
    return info, content


def packed(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


WHOLE = (member("docker/dockerd"), member("docker/docker"))

FAULTS: dict[str, tuple[tuple[tuple[tarfile.TarInfo, bytes], ...], str]] = {
    "no dockerd": ((member("docker/docker"),), "holds no docker/dockerd"),
    "no client": ((member("docker/dockerd"),), "holds no docker/docker"),
    "another layout": ((member("dockerd"), member("docker")), "holds no docker/dockerd"),
    "another machine": (
        (member("docker/dockerd", elf(22)), member("docker/docker")),
        rf"docker/dockerd is built for s390x, and this is {platform.machine()}",
    ),
    "another system": ((member("docker/dockerd", b"MZ" * 20), *WHOLE[1:]), "is not for Linux"),
    "out of it": ((*WHOLE, member("docker/../../out")), r"holds 'docker/../../out', which leads out of it"),
    "absolute": ((*WHOLE, member("/out")), r"holds '/out', which leads out of it"),
    "a link": ((*WHOLE, member("docker/runc", b"", tarfile.SYMTYPE)), "neither a file nor a directory"),
    "a hard link": ((*WHOLE, member("docker/runc", b"", tarfile.LNKTYPE)), "neither a file nor a directory"),
    "a device": ((*WHOLE, member("docker/null", b"", tarfile.CHRTYPE)), "neither a file nor a directory"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_its_content_is_named(fault: str, cache: Path, tmp_path: Path) -> None:
    members, said = FAULTS[fault]
    with pytest.raises(LabError, match=said) as caught:
        archives.add(packed(tmp_path / "docker.tgz", *members))
    assert str(tmp_path / "docker.tgz") in str(caught.value)
    assert kept(cache) == []
    assert not list(tmp_path.rglob("out"))


def cut(archive: Path) -> bytes:
    return archive.read_bytes()[:-1000]


def flipped(archive: Path) -> bytes:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (cut, "is cut off or damaged"),
        (flipped, "is cut off or damaged"),
        (lambda _: b"PK\x03\x04", "is not a gzip file"),
        (lambda _: b"", "is not a gzip file"),
    ],
)
def test_an_archive_that_is_not_whole_is_named(
    damaged: Callable[[Path], bytes], said: str, cache: Path, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "docker.tgz").write_bytes(damaged(archive))
    with pytest.raises(LabError, match=said):
        archives.add(tmp_path / "docker.tgz")
    assert kept(cache) == []


def test_a_file_that_is_not_there_is_named(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"nosuch.tgz cannot be read: No such file"):
        archives.add(tmp_path / "nosuch.tgz")
    with pytest.raises(LabError, match=r"cannot be read: Is a directory"):
        archives.add(tmp_path)


def test_the_version_of_no_engine_is_named(
    cache: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not taken out: put back, it would be the last one of the list, the newest.
    monkeypatch.setitem(ENGINES, "26.1", replace(ENGINES["26.1"], version="26.2."))
    with pytest.raises(LabError, match=r"is of Docker 26.1.5\S*; wanted is 20.10.x, 26.2.x, 28.5.x"):
        archives.add(archive)
    assert kept(cache) == []


def test_programs_that_do_not_run_are_shown_with_their_output(cache: Path, tmp_path: Path) -> None:
    broken = packed(
        tmp_path / "docker.tgz", member("docker/dockerd", PROGRAM[:4096]), member("docker/docker")
    )
    with pytest.raises(LabError, match=r"(?s)cannot be used. .*dockerd --version:\n.+"):
        archives.add(broken)
    assert kept(cache) == []


# ---- Downloads, from a server on this machine; Docker's own was never asked. ----


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files; of those below `/cut` it announces more than it sends."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length" and self.path.startswith("/cut"):
            value = str(int(value) + 1)
        super().send_header(keyword, value)

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/cut"))


@pytest.fixture
def server(archive: Path) -> Iterator[str]:
    """The address of a server that has the archive where Docker's has its own."""
    handler = functools.partial(Handler, directory=archive.parents[4])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """26.1 as an engine that Docker's own archive brings."""
    monkeypatch.setitem(ENGINES, "26.1", replace(ENGINES["26.1"], release="26.1.5"))


def test_docker_s_own_archive_is_downloaded_and_its_checksum_said(
    cache: Path, archive: Path, server: str, published: None
) -> None:
    said: list[str] = []
    added = archives.get("26.1", base=server, progress=said.append)
    assert (added.origin, added.sha256) == (f"{server}/{PUBLISHED}", sha256(archive))
    assert said[0] == f"engine 26.1: downloading {server}/{PUBLISHED}"
    assert said[1] == f"engine 26.1: its sha256 is {sha256(archive)} (none of Docker's own is pinned yet)"
    assert kept(cache) == [sha256(archive)]
    assert archives.resolve("26.1").directory == str(added.directory)


@pytest.mark.parametrize("right", [True, False])
def test_a_pinned_checksum_is_held_against_what_came(
    right: bool, cache: Path, archive: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = sha256(archive) if right else "0" * 64
    engine = replace(ENGINES["26.1"], release="26.1.5", checksums={pinned: PUBLISHED})
    monkeypatch.setitem(ENGINES, "26.1", engine)
    if right:
        assert archives.get("26.1", base=server).known == PUBLISHED
    else:
        with pytest.raises(LabError, match=rf"has the sha256 {sha256(archive)}, but 0000.* is pinned"):
            archives.get("26.1", base=server)
    assert kept(cache) == ([pinned] if right else [])


@pytest.mark.parametrize(
    ("place", "said"),
    [("/nosuch", "cannot be downloaded: HTTP Error 404"), ("/cut", r"was cut off: \d+ of \d+ bytes came")],
)
def test_a_download_that_fails_is_named(
    place: str, said: str, cache: Path, server: str, published: None
) -> None:
    with pytest.raises(LabError, match=f"{place}/linux/static/stable/.*{said}"):
        archives.get("26.1", base=server + place)
    assert kept(cache) == []


def test_a_server_that_is_not_there_is_named(cache: Path, published: None) -> None:
    with pytest.raises(LabError, match=r"http://127.0.0.1:9/linux.* cannot be downloaded: .*refused"):
        archives.get("26.1", base="http://127.0.0.1:9")


def test_an_engine_of_debian_s_is_not_downloaded(cache: Path) -> None:
    with pytest.raises(LabError, match=r"20.10 comes from Debian bookworm: there is nothing to download"):
        archives.get("20.10")


def test_the_command_says_what_is_wrong_and_how_to_go_on(cache: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "http_proxy": "", "no_proxy": "*"}
    commands = {
        ("engine", "get", "29.7", "--from", "http://127.0.0.1:9"): "docker-29.7.2.tgz cannot be downloaded",
        ("engine", "add", str(tmp_path)): "cannot be read",
        ("shell", "--engine", "29.7", "true"): "`lab engine get 29.7`",
    }
    for arguments, said in commands.items():
        result = subprocess.run([*LAB, *arguments], capture_output=True, text=True, env=environment)
        assert (result.returncode, result.stdout) == (1, "")
        assert said in result.stderr
