"""Pictures of an image's parts that a page's own output shows, so that picture and output cannot disagree."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snippets.block import Block, Command, parse_page, session_commands
from snippets.site.engine_tabs import label, tab
from snippets.site.figures import Layer, Node, layer_sizes, size, tree

DOCS = Path(__file__).resolve().parents[2] / "docs"

CHECKSUM = "get manifests/latest | sha256sum"
PLATFORMS = (
    "get manifests/latest"
    """ | jq --raw-output '.manifests[].platform | [.os, .architecture, .variant // empty] | join("/")'"""
    " | sort | uniq -c"
)
ENTRY = (
    "get manifests/latest"
    " | jq --arg kind $kind 'first(.manifests[] | select(.platform.architecture == $kind))'"
)
MANIFEST = "get manifests/$manifest | jq"
"""The commands of a page that print an index's digest, its number of entries, one entry and its manifest."""

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_ENTRY = re.compile(r"(?P<step>\S.*?)\s{2,}(?P<number>[\d.]+)(?P<unit>[kMG]?B)(?:\s{2,}\S.*)?")
"""What made a step and the size that it added, at the end of a line of `docker history`."""


def history(page: str, image: str, title: str) -> str:
    """Return the Markdown of tabs with the sizes in a page's `docker history IMAGE`: one for each output.

    Args:
        page: the page's path below docs/.
        image: the image's name in the command.
        title: what the picture shows; the engines are added to it.

    Raises:
        ValueError: the page shows no such output, or one that is no history.
    """
    command = f"docker history {image}"
    shown = [(block, found) for block, found in _commands(page) if found.text == command and block.engines]
    if not shown:
        raise ValueError(f"{page} does not show `{command}` in a tab for an engine")
    return "\n".join(
        tab(
            block.engines,
            layer_sizes(f"{title}, {label(block.engines)}", entries(found.output, f"{page}:{found.line}")),
        )
        for block, found in shown
    )


def entries(output: Sequence[str], where: str) -> list[Layer]:
    """Return the steps in the output of `docker history`, in its order, each with the size that it added.

    Raises:
        ValueError: a line has no size; `where` says where that is.
    """
    layers = []
    for line in output[1:]:
        # The first two columns are the ID and the age. What stands between columns has two spaces at least.
        found = _ENTRY.fullmatch(re.sub(r"^\S+\s{2,}\S.*?\s{2,}", "", line.rstrip(), count=1))
        if not found:
            raise ValueError(f"{where}: no line of `docker history` with a size: {line!r}")
        layers.append(Layer(_step(found["step"]), round(float(found["number"]) * _UNITS[found["unit"]])))
    return layers


def objects(page: str, title: str) -> str:
    """Return the tree of what a registry keeps of an image for one kind of machine, as a page shows it.

    Args:
        page: the page's path below docs/.
        title: what the picture shows.

    Raises:
        ValueError: the page does not show one of the parts, or not in full.
    """
    outputs = {_one_line(command.text): "\n".join(command.output) for _, command in reversed(_commands(page))}
    for command in (CHECKSUM, PLATFORMS, ENTRY, MANIFEST):
        if command not in outputs:
            raise ValueError(f"{page} does not show `{command}`")
    entry, manifest = (_json(page, command, outputs[command]) for command in (ENTRY, MANIFEST))
    entries = sum(int(line.split()[0]) for line in outputs[PLATFORMS].splitlines())
    parts = [
        Node(_short(part["digest"]), f"{kind}, {size(part['size'])}")
        for kind, part in [
            ("configuration", manifest["config"]),
            *(("layer, compressed", layer) for layer in manifest["layers"]),
        ]
    ]
    below = Node(
        _short(entry["digest"]),
        f"manifest for {entry['platform']['architecture']}, {size(entry['size'])}",
        tuple(parts),
    )
    root = Node(_short(f"sha256:{outputs[CHECKSUM].split()[0]}"), f"index, {entries} entries", (below,))
    return tree(title, f"A tree of {len(parts) + 2} parts, each with its digest and what it is", [root])


def _one_line(command: str) -> str:
    """A command as it would be on one line."""
    return re.sub(r"\s*\\\n\s*", " ", command)


def _json(page: str, command: str, output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError as error:
        raise ValueError(f"{page}: the output of `{command}` is not shown in full: {error}") from error


def _commands(page: str) -> list[tuple[Block, Command]]:
    return list(session_commands(parse_page((DOCS / page).read_text(encoding="utf-8"), page)))


def _step(text: str) -> str:
    """A step as its instruction: what the builders put around it is taken off."""
    text = re.sub(r"\s*# buildkit$", "", re.sub(r"^/bin/sh -c #\(nop\)\s+", "", text))
    return re.sub(r"^(RUN )?/bin/sh -c ", "RUN ", text)


def _short(digest: str) -> str:
    return digest[: len("sha256:") + 12]
