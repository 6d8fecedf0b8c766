"""A directory of an engine's binaries, as the official static archive is; for the tests of such."""

from pathlib import Path

from snippets.lab import ENGINES
from snippets.lab.paths import cache_dir
from snippets.lab.rootfs import root_path
from snippets.lab.upkeep import build

from .lab_traces import as_root

_NAMES = "dockerd docker containerd ctr containerd-shim-runc-v2 runc docker-init docker-proxy"


def copy_binaries(engine: str, target: Path) -> None:
    """Copy the binaries of an engine's root into a new directory, as links where that can be."""
    build([engine])
    root = root_path(cache_dir(), ENGINES[engine]) / "root"
    as_root(
        f"mkdir -p {target}/cli-plugins && cd {root}/usr && "
        f"for name in {_NAMES}; do for place in bin sbin; do "
        f"file=$(realpath $place/$name) && [ -f $file ] && "
        f"{{ cp -l $file {target}/$name || cp $file {target}/$name; }}; done; done; "
        f"cp libexec/docker/cli-plugins/* {target}/cli-plugins/"
    )
