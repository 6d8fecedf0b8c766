"""The root file system of an engine: Debian packages, the lab's own files, a CA."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .cache import Entry, Progress, entry, remove_tree
from .engines import Engine
from .errors import LabError
from .keys import key_of, key_of_tree
from .programs import environment
from .watched import check_client, run

HOSTFILES = Path(__file__).parent / "hostfiles"

# Names that the registries answer to, and the addresses of /etc/hosts.
REGISTRY_NAMES = ("registry-1.docker.io", "docker.io", "index.docker.io", "ghcr.io")

# What nobody reads in a lab.
_EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")

# The CA's key never leaves the directory that the certificates are made in.
_CERTIFY = """
set -eu
cd "$(mktemp -d)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \\
  -subj '/CN=Certificate authority of this lab' -keyout ca.key -out ca.crt
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \\
  -subj '/CN=Registry of this lab' -keyout lab.key -out lab.csr
printf 'subjectAltName = %s\\nextendedKeyUsage = serverAuth\\n' "$1" >extensions
openssl x509 -req -in lab.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \\
  -extfile extensions -out lab.crt
install -m 644 lab.crt /etc/docker/registry/lab.crt
install -m 600 lab.key /etc/docker/registry/lab.key
install -m 644 ca.crt /usr/local/share/ca-certificates/lab.crt
update-ca-certificates
rm -r "$PWD"
"""


def bootstrap(
    suite: str,
    packages: Sequence[str],
    target: Path,
    log: Path,
    *,
    variant: str = "minbase",
    options: Sequence[str] = (),
) -> None:
    """Make a Debian file system of a suite, from where this host gets its packages.

    Args:
        suite: name of the Debian release.
        packages: what it must hold besides what the variant holds.
        target: a directory, or a file ending in `.tar`.
        log: the file that the output is appended to.
        variant: mmdebstrap's word for how small it is.
        options: further options of mmdebstrap.

    Raises:
        LabError: mmdebstrap failed; with its last lines.
    """
    # mmdebstrap's own directory of temporary files: what it leaves when it is killed
    # goes with the rest of the unfinished build.
    temporary = log.with_name("tmp")
    temporary.mkdir(exist_ok=True)
    run(
        [
            *("env", f"TMPDIR={temporary}", "mmdebstrap", "--mode=root", f"--variant={variant}"),
            f"--include={','.join(packages)}",
            # The index of a release that is no longer refreshed stays usable.
            '--aptopt=Acquire::Check-Valid-Until "false"',
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in _EXCLUDED),
            *options,
            suite,
            str(target),
        ],
        log,
        what=f"mmdebstrap of Debian {suite}",
    )
    remove_tree(temporary)


def architecture() -> str:
    """Return Debian's name of this machine's architecture, such as `amd64`."""
    return subprocess.run(
        ["dpkg", "--print-architecture"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        stdin=subprocess.DEVNULL,
    ).stdout.strip()


def root_path(cache: Path, engine: Engine) -> Path:
    """Return where an engine's root is kept. Engines with the same packages share it."""
    key = key_of(
        *engine.base,
        architecture(),
        key_of_tree(HOSTFILES),
        Path(__file__).read_bytes(),
    )
    return cache / "roots" / key


def _chroot(root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        ["chroot", str(root), *argv],
        capture_output=True,
        text=True,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )
    if result.returncode != 0:
        raise LabError(f"{argv[0]} failed in the new root:\n{result.stdout}{result.stderr}")
    return result


def _make(engine: Engine, entry_path: Path) -> None:
    target = entry_path / "root"
    bootstrap(engine.suite, engine.all_packages, target, entry_path / "build.log")
    check_client()
    shutil.copytree(HOSTFILES, target, dirs_exist_ok=True)
    (target / "var/lib/lab-registry").mkdir()
    (target / "var/lib/containerd").mkdir(exist_ok=True)
    (target / "var/lib/docker").mkdir(exist_ok=True)
    names = ",".join(f"DNS:{name}" for name in REGISTRY_NAMES)
    _chroot(target, "sh", "-c", _CERTIFY, "sh", names)
    (entry_path / "version").write_text(_chroot(target, "dockerd", "--version").stdout)
    (entry_path / "sizes.json").write_text(
        json.dumps({name: (target / name).stat().st_size for name in _TELLING}, indent=2)
    )


# Files that tell whether a root is whole: the last to be made, and the largest.
_TELLING = (
    *("usr/sbin/dockerd", "usr/bin/docker", "usr/bin/containerd", "usr/bin/docker-registry"),
    *("usr/bin/tini", "usr/local/sbin/lab-start", "etc/docker/registry/lab.crt"),
    *("etc/ssl/certs/ca-certificates.crt", "var/lib/dpkg/status"),
)


def _flaw(path: Path) -> str | None:
    try:
        sizes = json.loads((path / "sizes.json").read_text())
    except (OSError, ValueError):
        return "it was not finished"
    for name in _TELLING:
        try:
            size = (path / "root" / name).stat().st_size
        except FileNotFoundError:
            return f"/{name} is missing"
        if size != sizes.get(name):
            return f"/{name} has {size} bytes instead of {sizes.get(name)}"
    return None


def _check_version(path: Path, engine: Engine) -> None:
    version = (path / "version").read_text().strip()
    if not version.startswith(f"Docker version {engine.version}"):
        raise LabError(
            f"The root of engine {engine.name!r} holds {version!r}, but the engine is declared as "
            f"version {engine.version}x. Debian {engine.suite} has moved on, or the declaration is "
            "wrong: correct its entry in engines.py, or take the engine from a suite that still "
            "holds this version. Where Debian was at fault and no longer is, `lab clean` makes "
            "room for a new root."
        )


def root(cache: Path, engine: Engine, progress: Progress) -> Entry:
    """Return the cache entry whose `root` is the engine's root, making it first if need be.

    Args:
        cache: the cache directory.
        engine: whose root.
        progress: is told before the slow step, and how long it took.

    Raises:
        LabError: it could not be made, or does not hold the version that the engine
            is declared as.
    """
    what = f"root of engine {engine.name}"

    def make(target: Path) -> None:
        progress(f"{what}: installing Debian {engine.suite} with Docker, 30 to 90 s")
        _make(engine, target)

    made = entry(root_path(cache, engine), what=what, flaw=_flaw, make=make, progress=progress)
    try:
        if not engine.directory:
            _check_version(made.path, engine)
    except BaseException:
        made.release()
        raise
    return made
