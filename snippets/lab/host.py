"""What this host must have to run a lab, and what to do about what it lacks."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .paths import cache_dir
from .programs import PATH, sudo

# Tool → Debian package. All but mmdebstrap are on every Debian and Ubuntu.
TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "pivot_root": "util-linux",
    "mount": "mount",
    "umount": "mount",
    "chroot": "coreutils",
    "dpkg": "dpkg",
    "mmdebstrap": "mmdebstrap",
}

# The keys that Debian's packages are checked with: Ubuntu does not have them.
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# File systems, as `stat -f` names them, that cannot hold a lab's writable directory.
_UNFIT = {"overlayfs", "nfs", "nfs4", "fuseblk", "fuse", "ecryptfs", "v9fs", "cifs", "smb2"}


# Any of these will do for the tests that look at the site in a browser.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def wanted_packages(*, lab: bool = True, browser: bool = False) -> dict[str, str]:
    """Return the Debian packages that this host lacks, each with what it is for.

    Args:
        lab: ask for what a lab in namespaces needs.
        browser: ask for a browser as well, which no lab needs.
    """
    wanted = {}
    for tool, package in TOOLS.items():
        if lab and shutil.which(tool, path=PATH) is None:
            wanted[package] = f"{tool}, to {_purpose(tool)}"
    if lab and not Path(KEYRING).exists():
        wanted["debian-archive-keyring"] = "the keys that Debian's packages are checked with"
    if browser and not any(shutil.which(name) for name in BROWSERS):
        wanted["chromium"] = "a browser, to test the site in"
    return wanted


def _purpose(tool: str) -> str:
    return "build the labs' file systems" if tool == "mmdebstrap" else "start a lab"


def missing() -> list[str]:
    """Return what this host lacks for a lab in namespaces: what is missing, and what to do."""
    if sys.platform != "linux":
        return obstacles()
    lacking = [
        f"{package} ({purpose}): `lab setup` installs it, or `apt-get install {package}`."
        for package, purpose in wanted_packages().items()
    ]
    return lacking + obstacles()


def obstacles() -> list[str]:
    """Return what this host lacks that no package brings."""
    if sys.platform != "linux":
        return [
            f"Linux: a lab runs Docker Engine itself, which this system ({sys.platform}) cannot. "
            "Use a Linux machine or a virtual machine with Debian or Ubuntu."
        ]
    lacking = []
    if sudo() and not _works(*sudo(), "true"):
        lacking.append(
            "root: a lab makes namespaces and mounts. Run as root, or allow this user sudo "
            "without a password (an entry with NOPASSWD in /etc/sudoers.d)."
        )
    elif shutil.which("unshare", path=PATH) and not _works(
        *sudo(),
        *("unshare", "--mount", "--pid", "--fork", "--net", "--uts", "--ipc", "--cgroup", "true"),
    ):
        lacking.append(
            "namespaces: this kernel or container does not allow root to make them. Use a "
            "virtual machine, or a container that may (--privileged)."
        )
    if not _overlay():
        lacking.append("overlayfs: this kernel has no `overlay` file system. Load it: `modprobe overlay`.")
    groups = Path("/sys/fs/cgroup")
    if not groups.is_dir() or not any(groups.iterdir()):
        lacking.append(
            f"control groups: {groups} is not mounted. Mount it: `mount -t cgroup2 cgroup2 {groups}`."
        )
    if os.statvfs(_cache_place()).f_flag & os.ST_NOEXEC:
        lacking.append(
            f"a disk for the cache: {cache_dir()} is on a file system that is mounted `noexec`. "
            "Set XDG_CACHE_HOME to a directory on another one."
        )
    if (kind := _file_system()) in _UNFIT:
        lacking.append(
            f"a disk for the cache: {cache_dir()} is on {kind}, which Docker's layers cannot lie "
            "on. Set XDG_CACHE_HOME to a directory on ext4, xfs or btrfs."
        )
    return lacking


def _works(*argv: str) -> bool:
    try:
        return (
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PATH": PATH},
                timeout=20,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _overlay() -> bool:
    known = Path("/proc/filesystems").read_text().split()
    # As a module it is loaded by the first mount.
    return "overlay" in known or Path(f"/lib/modules/{os.uname().release}/kernel/fs/overlayfs").is_dir()


def _cache_place() -> Path:
    """Return the cache directory, or the nearest directory above it that exists."""
    for path in (cache_dir(), *cache_dir().parents):
        with contextlib.suppress(PermissionError):
            if path.exists():
                return path
    return Path("/")


def _file_system() -> str:
    """Return the name of the file system that the cache is, or will be, on."""
    result = subprocess.run(
        ["stat", "--file-system", "--format=%T", str(_cache_place())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return result.stdout.strip()
