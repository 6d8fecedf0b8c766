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

INDEX = "get manifests/latest"
MANIFEST = "get manifests/$manifest | jq"
"""The commands of a page that print an image's index, byte for byte, and its manifest."""

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
    """Return the tree of what a registry keeps of an image, from the index and the manifest on a page.

    Args:
        page: the page's path below docs/.
        title: what the picture shows.

    Raises:
        ValueError: the page does not show them in full, or they do not belong together.
    """
    outputs = {command.text: "\n".join(command.output) for _, command in reversed(_commands(page))}
    checksum = f"{INDEX} | sha256sum"
    for command in (checksum, INDEX, MANIFEST):
        if command not in outputs:
            raise ValueError(f"{page} does not show `{command}`")
    index, manifest = (_json(page, command, outputs[command]) for command in (INDEX, MANIFEST))
    listed = index["manifests"]
    if len(listed) != 1:
        raise ValueError(f"{page}: the index lists {len(listed)} manifests; which one is shown?")
    parts = [
        Node(_short(part["digest"]), f"{kind}, {size(part['size'])}")
        for kind, part in [
            ("configuration", manifest["config"]),
            *(("layer, compressed", layer) for layer in manifest["layers"]),
        ]
    ]
    below = Node(
        _short(listed[0]["digest"]),
        f"manifest for {listed[0]['platform']['architecture']}, {size(listed[0]['size'])}",
        tuple(parts),
    )
    digest = f"sha256:{outputs[checksum].split()[0]}"
    root = Node(_short(digest), f"index, {size(len(outputs[INDEX].encode()))}", (below,))
    return tree(title, f"A tree of {len(parts) + 2} parts, each with its digest and its size", [root])


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
