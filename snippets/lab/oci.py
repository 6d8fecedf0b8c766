"""Writes images as an OCI image layout, the same bytes for the same content.

The formats are those of the OCI image specification (layout, index, manifest, configuration), of the
in-toto statement and SPDX 2.3 (attestations), and of BuildKit's annotations for attestations in an index.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import LabError
from .programs import environment
from .watched import advised

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
STATEMENT = "application/vnd.in-toto+json"

# When all images were created, as they say: a clock would give each machine digests of its own.
CREATED = "2026-09-01T00:00:00Z"

_SPDX = "https://spdx.dev/Document"

Descriptor = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One entry of an image's history.

    Attributes:
        by: what created it. `{layer}` stands for the digest of the layer that it added.
        tree: name of the directory whose files are the layer; empty where it added none.
        comment: the entry's comment, such as BuildKit's.
    """

    by: str
    tree: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Build:
    """One image for some platforms: the entries that follow each other in an index.

    Attributes:
        platforms: such as `linux/arm/v7`; for Windows, the third part is the version.
        config: what a container starts with (`Cmd`, `Env`, …).
        history: the oldest step first.
        attested: an attestation follows each entry.
        annotations: of each manifest.
    """

    platforms: tuple[str, ...]
    config: Mapping[str, Any]
    history: tuple[Step, ...]
    attested: bool = True
    annotations: Mapping[str, str] = field(default_factory=dict)


class Layout:
    """An OCI image layout: a directory of blobs, and an index of the images that they make up."""

    def __init__(self, path: Path) -> None:
        """Start an empty layout in a directory that does not exist yet."""
        self.path = path
        self._blobs = path / "blobs/sha256"
        self._images: list[Descriptor] = []
        self._blobs.mkdir(parents=True)

    def add(self, name: str, builds: Sequence[Build], trees: Mapping[tuple[str, str], Path]) -> None:
        """Add an image.

        Args:
            name: its full name, such as `docker.io/library/ubuntu:24.04`.
            builds: the entries of its index, in order.
            trees: platform and tree's name → the directory with the layer's files.
        """
        entries: list[Descriptor] = []
        for build in builds:
            for platform in build.platforms:
                paths = [trees[platform, step.tree] for step in build.history if step.tree]
                image = self._image(build, platform, paths)
                entries.append(image)
                if build.attested:
                    entries.append(self._attestation(name, image["digest"], paths))
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        # The annotation is where `docker load` finds the name.
        self._images.append(self._json(index, INDEX) | {"annotations": {"io.containerd.image.name": name}})

    def close(self) -> None:
        """Write what makes the directory a layout: the list of its images, and the format's version."""
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self._images}
        (self.path / "index.json").write_text(json.dumps(index))
        (self.path / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))

    def _image(self, build: Build, platform: str, paths: Sequence[Path]) -> Descriptor:
        layers = [self._layer(path) for path in paths]
        waiting = iter(layers)
        history = []
        for step in build.history:
            entry: dict[str, Any] = {"created": CREATED}
            diff_id = next(waiting)[1] if step.tree else ""
            entry["created_by"] = step.by.replace("{layer}", diff_id)
            if step.comment:
                entry["comment"] = step.comment
            if not step.tree:
                entry["empty_layer"] = True
            history.append(entry)
        config = {
            **_platform(platform),
            "created": CREATED,
            "config": build.config,
            "history": history,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}" for _, diff_id in layers]},
        }
        manifest = self._manifest(config, [layer for layer, _ in layers], build.annotations)
        return manifest | {"platform": _platform(platform)}

    def _attestation(self, name: str, subject: str, paths: Sequence[Path]) -> Descriptor:
        """Add the manifest that holds what is stated about an image: here, the list of its files."""
        statement = {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": _SPDX,
            "subject": [{"name": name, "digest": {"sha256": subject.removeprefix("sha256:")}}],
            "predicate": _bill_of_materials(name, subject, paths),
        }
        layer = self._json(statement, STATEMENT) | {"annotations": {"in-toto.io/predicate-type": _SPDX}}
        config = {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        return self._manifest(config, [layer], {}) | {
            "annotations": {
                "vnd.docker.reference.digest": subject,
                "vnd.docker.reference.type": "attestation-manifest",
            },
            "platform": {"architecture": "unknown", "os": "unknown"},
        }

    def _manifest(
        self, config: Mapping[str, Any], layers: Sequence[Descriptor], annotations: Mapping[str, str]
    ) -> Descriptor:
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._json(config, CONFIG),
            "layers": layers,
        }
        if annotations:
            manifest["annotations"] = annotations
        return self._json(manifest, MANIFEST)

    def _json(self, value: Mapping[str, Any], media_type: str) -> Descriptor:
        """Add a document. Those that people read from a registry are indented, as published ones are."""
        indent = 2 if media_type in (INDEX, MANIFEST) else None
        data = json.dumps(value, indent=indent, ensure_ascii=False).encode()
        digest = hashlib.sha256(data).hexdigest()
        (self._blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def _layer(self, tree: Path) -> tuple[Descriptor, str]:
        """Add a directory's files as a layer, and return it with the digest of what it unpacks to."""
        archive = self.path / "layer.tar"
        _run(
            *("tar", f"--directory={tree}", "--create", f"--file={archive}", "--format=pax", "--sort=name"),
            *(f"--mtime={CREATED}", "--clamp-mtime", "--numeric-owner"),
            *(
                "--xattrs-include=security.capability",
                "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
            ),
            *("--", *sorted(path.name for path in tree.iterdir())),
        )
        diff_id = _digest(archive)
        _run("gzip", "--no-name", str(archive))
        packed = archive.with_name("layer.tar.gz")
        digest = _digest(packed)
        layer = {"mediaType": LAYER, "digest": f"sha256:{digest}", "size": packed.stat().st_size}
        packed.rename(self._blobs / digest)
        return layer, diff_id


def _platform(name: str) -> dict[str, str]:
    system, architecture, *rest = name.split("/")
    more = {"os.version" if system == "windows" else "variant": rest[0]} if rest else {}
    return {"architecture": architecture, "os": system, **more}


def _bill_of_materials(name: str, subject: str, paths: Sequence[Path]) -> dict[str, Any]:
    """Return an SPDX document that lists the files of an image."""
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://spdx.invalid/{name}@{subject}",
        "creationInfo": {"created": CREATED, "creators": ["Tool: the lab's writer of image layouts"]},
        "files": [
            {
                "SPDXID": f"SPDXRef-File-{number}",
                "fileName": f"./{file}",
                "checksums": [
                    {"algorithm": algorithm.upper(), "checksumValue": _digest(path / file, algorithm)}
                    for algorithm in ("sha1", "sha256")
                ],
                "licenseConcluded": "NOASSERTION",
                "copyrightText": "NOASSERTION",
            }
            for number, (path, file) in enumerate(_files(paths))
        ],
    }


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Find all regular files below some directories, under one name each, with the directory."""
    seen = set()
    for path in paths:
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink() and file.stat().st_ino not in seen:
                seen.add(file.stat().st_ino)
                yield path, file.relative_to(path)


def _digest(path: Path, algorithm: str = "sha256") -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _run(*argv: str) -> None:
    done = subprocess.run(
        argv, env=environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if done.returncode != 0:
        raise LabError(f"{argv[0]} failed while an image's layer was written: {advised(done.stderr)}")
