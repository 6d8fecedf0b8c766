"""This machine as the host that pages run on: whether they may, and how it's emptied after each page.

A lab is thrown away. This machine isn't, so what a page made is found and removed: its processes,
containers, images, volumes, networks, build cache and the files in its home directory. What was there
before the first page stays, except for build cache. Whatever a page changes elsewhere on the machine
stays changed. That's why the machine has to be a disposable one.
"""

from __future__ import annotations

import json
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from snippets.lab import ENGINES, Engine
from snippets.lab.enter import ENVIRONMENT
from snippets.lab.lab import LIST_OBJECTS, TELL_KIND, read_objects
from snippets.verify import Host

PROGRAMS = (
    *(
        "awk",
        "bash",
        "curl",
        "docker",
        "env",
        "find",
        "findmnt",
        "grep",
        "ip",
        "iptables",
        "jq",
        "lsns",
        "nsenter",
    ),
    *(
        "od",
        "openssl",
        "pgrep",
        "ps",
        "setsid",
        "sha256sum",
        "ssh",
        "ssh-keygen",
        "sshd",
        "su",
        "tar",
        "useradd",
    ),
)
"""What the pages' commands and this module need; a lab has them all."""

CONTAINERD_STORE = "io.containerd.snapshotter.v1"
"""What `docker info` calls the driver's type where containerd keeps the images."""

_MARK = "LESSON_PAGE"
"""The variable in the environment of all that a page starts here, by which its processes are found again."""

_SECONDS = 120
"""How long a command of this module's own may take."""

_ROUNDS = 3
"""How often images are removed: one goes only after those that were made from it."""

_KINDS = {
    "container": ("docker container ls --all --quiet --no-trunc", "docker container rm --force --volumes"),
    "image": (
        'docker image ls --all --no-trunc --format \'{{if eq .Tag "<none>"}}{{.ID}}{{else}}'
        "{{.Repository}}:{{.Tag}}{{end}}'",
        "docker image rm --force",
    ),
    "volume": ("docker volume ls --quiet", "docker volume rm --force"),
    "network": ("docker network ls --quiet --no-trunc", "docker network rm"),
}
"""How each kind of object is listed and removed, in the order in which they let go of each other."""


class MachineError(Exception):
    """This machine cannot run the pages, or could not be emptied after one."""


def run_in(host: Machine | Host, script: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a bash script on a host and return what it printed, as bytes: layers of images are no text.

    Raises:
        MachineError: it took longer than two minutes.
    """
    try:
        return subprocess.run(
            host.enter("bash", "-c", script), input=stdin, capture_output=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"{shlex.quote(script)} did not end within {_SECONDS} s.") from error


def output_of(host: Machine | Host, script: str) -> str:
    """What a bash script prints on a host.

    Raises:
        MachineError: it failed; with what it said.
    """
    done = run_in(host, script)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise MachineError(f"{script.strip()}: exit status {done.returncode}. {said}")
    return done.stdout.decode(errors="replace")


@dataclass(frozen=True)
class Machine:
    """A machine whose Docker the pages are to run on.

    Attributes:
        prefix: the command that runs another one there; none for this machine itself.
    """

    prefix: tuple[str, ...] = ()

    def enter(self, *argv: str) -> list[str]:
        """The command to run here so that argv runs there, as root with a lab's environment."""
        variables = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return [*self.prefix, "env", "--ignore-environment", "--default-signal", *variables, *argv]

    def output(self, script: str) -> str:
        """What a bash script prints there; raises as `output_of` does."""
        return output_of(self, script)

    def inspect(self) -> Docker:
        """What this machine's Docker is, once it is sure that pages may run on it.

        Raises:
            MachineError: programs are missing, this isn't root, Docker doesn't answer, or it has containers.
        """
        try:
            found = run_in(self, f"for name in {' '.join(PROGRAMS)}; do command -v $name; done")
        except FileNotFoundError as error:
            raise MachineError(
                f"There is no {error.filename} on this machine. Pages need a Linux host."
            ) from error
        there = {path.rpartition("/")[2] for path in found.stdout.decode().split()}
        if lacking := sorted(set(PROGRAMS) - there):
            raise MachineError(
                f"The pages need {', '.join(lacking)}, which this machine doesn't have in "
                f"{ENVIRONMENT['PATH']}. Install what's missing and start again."
            )
        if self.output("id --user").strip() != "0":
            raise MachineError("The pages are typed as root, as in a lab. Start again with sudo.")
        try:
            version = json.loads(self.output("docker version --format '{{json .}}'"))["Server"]
            info = json.loads(self.output("docker info --format '{{json .}}'"))
        except (MachineError, TypeError) as error:
            raise MachineError(
                f"This machine's Docker doesn't answer at the usual socket. {error} Start the daemon and try "
                "again."
            ) from error
        names = self.output("docker container ls --all --format '{{.Names}}'").split()
        if names:
            raise MachineError(
                f"There are containers on this machine that no page made: {', '.join(names)}. Pages could "
                f"disturb them. If nobody needs them, remove them: docker rm --force {' '.join(names)}"
            )
        return Docker(
            version["Version"],
            info["Driver"],
            CONTAINERD_STORE in json.dumps(info["DriverStatus"]),
            version["Arch"],
            info["KernelVersion"],
            info["OperatingSystem"],
        )

    def objects_by_kind(self) -> dict[str, frozenset[str]]:
        """The IDs or names of all objects of this machine's Docker, by their kind."""
        return {kind: frozenset(self.output(listing).split()) for kind, (listing, _) in _KINDS.items()}


@dataclass(frozen=True)
class Docker:
    """What a machine's Docker is.

    Attributes:
        version: what the daemon says of its version.
        driver: its storage driver.
        containerd_store: whether containerd keeps the images.
        architecture: of its images, such as amd64.
        kernel: the machine's kernel.
        system: the machine's operating system.
    """

    version: str
    driver: str
    containerd_store: bool
    architecture: str
    kernel: str
    system: str


def nearest_engine(docker: Docker, engines: Mapping[str, Engine] = ENGINES) -> Engine:
    """The engine whose blocks are for this Docker: one with the same image store, then the nearest version.

    Of two that are equally far, it's the older one: newer versions often still answer as it did.
    """
    major, minor = _numbers(docker.version)

    def distance(engine: Engine) -> tuple[bool, int, bool, int]:
        its_major, its_minor = _numbers(engine.version)
        return (
            (engine.store == "containerd") != docker.containerd_store,
            abs(its_major - major),
            its_major > major,
            abs(its_minor - minor),
        )

    return min(engines.values(), key=distance)


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


@dataclass
class MachineHost:
    """A machine while a page runs on it, with a home directory of the page's own; a `snippets.verify.Host`.

    Attributes:
        machine: the machine.
        before: its Docker's objects before the first page, by kind; they stay.
        home: the page's home directory.
    """

    machine: Machine
    before: Mapping[str, frozenset[str]]
    home: str = field(init=False)
    _mark: str = field(init=False)

    def __post_init__(self) -> None:
        """Make the home directory."""
        self._mark = f"{_MARK}={secrets.token_hex(8)}"
        self.home = self.machine.output("mktemp --directory /tmp/lesson.XXXXXXXX").strip()

    def enter(self, *argv: str) -> list[str]:
        """The command to run here so that argv runs there, in the page's home directory."""
        return self.machine.enter("env", f"--chdir={self.home}", f"HOME={self.home}", self._mark, *argv)

    def objects(self) -> dict[str, str]:
        """What a page can leave behind, as `snippets.lab.Lab.objects` tells it."""
        return read_objects(output_of(self, LIST_OBJECTS))

    def kind(self) -> str:
        """Which control groups the machine has, as `snippets.lab.Lab.kind` tells it."""
        return output_of(self, TELL_KIND).strip()

    def check(self) -> None:
        """Raise when Docker does not answer any more."""
        self.machine.output("docker version --format '{{.Server.Version}}'")

    def stop(self) -> None:
        """Remove what the page made.

        Raises:
            MachineError: something of it is still there.
        """
        # The script's own environment has no mark.
        run_in(
            self.machine,
            "cd /proc && for process in [0-9]*; do "
            f"grep --quiet --no-messages --null-data --line-regexp {self._mark} $process/environ && "
            "kill -KILL $process; done",
        )
        for _ in range(_ROUNDS):
            if not (left := self._left()):
                break
            for kind, names in left.items():
                run_in(self.machine, shlex.join([*_KINDS[kind][1].split(), *sorted(names)]))
        run_in(self.machine, "docker builder prune --all --force")
        run_in(self.machine, f"rm --recursive --force --one-file-system {self.home}")
        if left := self._left():
            named = "; ".join(f"{kind} {', '.join(sorted(names))}" for kind, names in left.items())
            raise MachineError(f"This page's objects could not be removed from the machine: {named}")

    def _left(self) -> dict[str, frozenset[str]]:
        now = self.machine.objects_by_kind()
        return {kind: new for kind, names in now.items() if (new := names - self.before[kind])}
