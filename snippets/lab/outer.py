"""Docker as the outer engine: a container in which the supervisor makes its labs.

The container holds no lab of its own kind: in it run the same programs as on a Linux
host. Its client talks to it over the pipes of `docker run`; when they end, so does the
container, and it removes itself. What labs share is kept in a volume.
"""

import io
import os
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .client import supervise
from .engines import Engine
from .errors import LabError
from .keys import key_of, key_of_tree

# All that labs make in a Docker bears this name: containers, the volume, the image.
NAME = "docker-architecture-lab"

# What the image is built on, instead of Debian from Docker Hub: for a host without it.
BASE_VARIABLE = "LAB_DOCKER_BASE"
BASE = "debian:trixie-slim"

_PACKAGE = Path(__file__).resolve().parent
_INSIDE = "/opt/docker-architecture"  # where the image has the package
_ENGINE = "/engine"  # where a container has an engine's directory

# What a lab's host must be allowed, beside what every container is. Not --privileged, nor
# all capabilities: an outer engine that runs in a container itself lacks some (SYS_RESOURCE
# mostly), and cannot hand on what it lacks.
_CAPABILITIES = (
    *("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYSLOG", "IPC_LOCK", "SYS_NICE"),
)
_ALLOWED = (
    *(f"--cap-add={capability}" for capability in _CAPABILITIES),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--security-opt", "label=disable"),
    *("--device-cgroup-rule", "a *:* rwm"),
    *("--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"),
)

# A terminal in the container where there is one here, else plain pipes.
_ENTER = """t=; [ -t 0 ] && [ -t 1 ] && t=t; exec "$0" exec --interactive ${t:+--tty} "$@\""""


def _docker(*argv: str, data: bytes = b"", seconds: float | None = 60) -> subprocess.CompletedProcess[bytes]:
    """Run the client; its output and its errors are one.

    Raises:
        LabError: there is none, or it does not end.
    """
    try:
        return subprocess.run(
            [_client(), *argv],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"Docker does not answer: {error}") from error


def _client() -> str:
    client = shutil.which("docker")
    if client is None:
        raise LabError("There is no `docker` in PATH. Install Docker, or leave LAB_BACKEND unset.")
    return client


def _text(result: subprocess.CompletedProcess[bytes], lines: int = 20) -> str:
    return "\n".join(result.stdout.decode(errors="replace").strip().splitlines()[-lines:])


def missing() -> list[str]:
    """Return what this host lacks to run labs in Docker: what is missing, and what to do."""
    if shutil.which("docker") is None:
        return ["Docker: there is no `docker` in PATH. Install Docker."]
    try:
        said = _docker("version", "--format", "{{.Server.Os}}", seconds=20)
    except LabError as error:
        return [f"Docker: {error}"]
    if said.returncode != 0:
        return [
            "Docker: the one here does not answer. Start it, and let this user use it "
            f"(group `docker`). It said: {_text(said, 2)}"
        ]
    if _text(said, 1) != "linux":
        return ["Docker: the one here runs Windows containers. Switch it to Linux containers."]
    return []


def _context(base: str) -> tuple[bytes, str]:
    """Return what the image is built from, as a tar archive, and a name that stands for it."""
    key = key_of(base, key_of_tree(_PACKAGE))
    archive = io.BytesIO()

    def no_cache(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if "__pycache__" in member.name else member

    # Not Python's default format: BuildKit takes its first header for a Dockerfile.
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(_PACKAGE / "Dockerfile", "Dockerfile")
        tar.add(_PACKAGE.parent / "__init__.py", "snippets/__init__.py")
        tar.add(_PACKAGE, "snippets/lab", filter=no_cache)
    return archive.getvalue(), f"{NAME}:{key}"


def _image(progress: Callable[[str], None]) -> str:
    """Return the name of the image, which is built first if need be."""
    base = os.environ.get(BASE_VARIABLE) or BASE
    context, image = _context(base)
    if _docker("image", "inspect", image).returncode == 0:
        return image
    progress(f"lab: building the image {image} on {base}, 10 to 60 s")
    built = _docker(
        *("build", "--tag", image, "--label", NAME, "--build-arg", f"BASE={base}", "-"),
        data=context,
        seconds=None,
    )
    if built.returncode != 0:
        raise LabError(
            f"The image that labs run in could not be built on {base}:\n{_text(built)}\n"
            f"It needs the network for the base image and Debian's packages. {BASE_VARIABLE} names "
            "another base: an image of Debian, which may have the packages already."
        )
    for other in _text(_docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", NAME), 1000).split():
        if other != image:
            _docker("image", "rm", other)  # stays if a container uses it
    return image


def launch(
    verb: str, engine: Engine, progress: Callable[[str], None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the command that starts a container with a supervisor, and what enters it.

    Args:
        verb: what the supervisor is to do.
        engine: for which engine.
        progress: is told before the image is built.

    Raises:
        LabError: the image could not be built.
    """
    # What never came to run, or did not remove itself, because the daemon was killed.
    _docker("container", "prune", "--force", "--filter", f"label={NAME}", "--filter", "until=5m")
    image = _image(progress)
    container = f"{NAME}-{secrets.token_hex(4)}"
    mounts = ["--mount", f"type=volume,source={NAME},target=/cache"]
    if engine.directory:
        mounts += ["--mount", f'"type=bind","source={engine.directory}","target={_ENGINE}","readonly"']
        engine = replace(engine, directory=_ENGINE)
    run = (
        *(_client(), "run", "--interactive", "--rm", "--init", "--log-driver", "none"),
        *("--name", container, "--label", NAME, *_ALLOWED, *mounts, image),
    )
    return (
        (*run, "python3", *supervise(_INSIDE, verb, "/cache", engine)),
        ("sh", "-c", _ENTER, _client(), container),
    )


def clean() -> int:
    """Remove the containers, the volume and the image. Return how many containers run and stay.

    Raises:
        LabError: something could not be removed.
    """
    running = _text(_docker("container", "ls", "--quiet", "--filter", f"label={NAME}"), 1000).split()
    _docker("container", "prune", "--force", "--filter", f"label={NAME}")
    if running:
        return len(running)
    for removal in (
        ("volume", "rm", "--force", NAME),
        *(("image", "rm", "--force", one) for one in _images()),
    ):
        result = _docker(*removal)
        if result.returncode != 0:
            raise LabError(f"`docker {' '.join(removal)}` failed: {_text(result)}")
    return 0


def _images() -> set[str]:
    return set(_text(_docker("image", "ls", "--quiet", "--filter", f"label={NAME}"), 1000).split())
