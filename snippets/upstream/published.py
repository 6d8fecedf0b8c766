"""Published images, put into a lab's registries in place of the stand-ins of the same name.

The machine's curl reads them from the real registries. They go into the lab's registries as the files in
which a registry keeps them. An index keeps all its entries, but only one platform and its attestation are
fetched: the others would be many times as large, and every manifest counts towards Docker Hub's limit of
pulls.

Sources: the distribution specification; the storage layout of distribution 2.8,
`registry/storage/paths.go`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shlex
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any

from snippets.upstream.machine import Machine, MachineError, run_in
from snippets.verify import Host

REGISTRIES = {"hub": "registry-1.docker.io", "ghcr": "ghcr.io"}
"""The lab's registries, by the name of their folder, with the host that each answers for."""

_STORE = "/var/lib/lab-registry"
_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_NOT_PUBLISHED = (401, 403, 404)
"""How registries answer for an image that is not there: some do not tell it from one that is private."""

_SUBJECT = "vnd.docker.reference.digest"
"""The annotation by which an attestation names the manifest that it speaks of."""


@dataclass
class PublishedImages:
    """The published images of the names that a lab's stand-ins have.

    Attributes:
        machine: the machine from which the real registries are asked.
        architecture: the platform to fetch, such as amd64.
        digests: the digest of each image, by its name; None where its registry has no such image.
    """

    machine: Machine
    architecture: str
    digests: dict[str, str | None] = field(default_factory=dict)
    _files: IO[bytes] | None = None

    def put_into(self, lab: Host) -> None:
        """Replace a lab's stand-ins by the published images, and remove those that nobody publishes.

        They are fetched for the first lab and kept for the next.

        Raises:
            MachineError: a registry does not answer, or refuses.
        """
        names = _names(lab)
        if self._files is None:
            files = io.BytesIO()
            with tarfile.open(fileobj=files, mode="w") as archive:
                for registry, repository, tag in names:
                    fetched = self._fetch(registry, repository, tag)
                    self.digests[f"{REGISTRIES[registry]}/{repository}:{tag}"] = fetched.digest
                    for name, content in fetched.files.items():
                        entry = tarfile.TarInfo(name)
                        entry.size = len(content)
                        archive.addfile(entry, io.BytesIO(content))
            self._files = files
        gone = [
            f"{_STORE}/{_repository(registry, repository)}/_manifests/tags/{tag}"
            for registry, repository, tag in names
            if self.digests[f"{REGISTRIES[registry]}/{repository}:{tag}"] is None
        ]
        script = f"tar --extract --directory {_STORE}" + (f" && rm -r {shlex.join(gone)}" if gone else "")
        self._files.seek(0)
        done = run_in(lab, script, self._files.read())
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise MachineError(f"The published images cannot be put into a lab: {said}")

    def _fetch(self, registry: str, repository: str, tag: str) -> _Fetched:
        source = _Repository(self.machine, REGISTRIES[registry], repository)
        fetched = _Fetched(_repository(registry, repository), registry)
        content = source.get(f"manifests/{tag}", may_be_absent=True)
        if content is None:
            return fetched
        fetched.digest = fetched.add_manifest(content)
        fetched.add_tag(tag, fetched.digest)
        for manifest in self._manifests(source, fetched, json.loads(content)):
            for blob in (manifest["config"], *manifest["layers"]):
                fetched.add_blob(blob["digest"], source.get(f"blobs/{blob['digest']}"))
        return fetched

    def _manifests(
        self, source: _Repository, fetched: _Fetched, top: Mapping[str, Any]
    ) -> Iterator[Mapping[str, Any]]:
        """The manifests of the platform: the one that the tag names, or the index's, attestation included."""
        if "manifests" not in top:
            yield top
            return
        ours = {
            entry["digest"]
            for entry in top["manifests"]
            if (entry["platform"]["os"], entry["platform"]["architecture"]) == ("linux", self.architecture)
        }
        for entry in top["manifests"]:
            if entry["digest"] in ours or entry.get("annotations", {}).get(_SUBJECT) in ours:
                content = source.get(f"manifests/{entry['digest']}")
                assert content is not None
                fetched.add_manifest(content)
                yield json.loads(content)


@dataclass
class _Fetched:
    """An image as the files in which a registry keeps it, by their paths below the registries' folder."""

    repository: str
    registry: str
    digest: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    def add_manifest(self, content: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.add_blob(digest, content, "_manifests/revisions")
        return digest

    def add_blob(self, digest: str, content: bytes | None, kind: str = "_layers") -> None:
        assert content is not None
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            raise MachineError(f"A registry was asked for {digest} and sent {found}. Try again.")
        value = digest.removeprefix("sha256:")
        self.files[f"{self.registry}/docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data"] = content
        self.files[f"{self.repository}/{kind}/sha256/{value}/link"] = digest.encode()

    def add_tag(self, tag: str, digest: str) -> None:
        folder = f"{self.repository}/_manifests/tags/{tag}"
        self.files[f"{folder}/current/link"] = digest.encode()
        self.files[f"{folder}/index/sha256/{digest.removeprefix('sha256:')}/link"] = digest.encode()


@dataclass
class _Repository:
    """A repository of a registry, asked with the machine's curl."""

    machine: Machine
    registry: str
    name: str

    def get(self, path: str, *, may_be_absent: bool = False) -> bytes | None:
        """What the registry sends for a path of the repository; None where it may be absent and is."""
        url = f"https://{self.registry}/v2/{self.name}/{path}"
        headers = [f"Accept: {_MANIFESTS}", *self._authorization]
        status, content = self._curl(url, headers)
        if status == 200:
            return content
        if may_be_absent and status in _NOT_PUBLISHED:
            return None
        said = content.decode(errors="replace").strip()[:300]
        raise MachineError(f"{url} answered {status}. {said}")

    @cached_property
    def _authorization(self) -> list[str]:
        """The header that lets one read, where the registry wants one: a token that anybody gets."""
        answer = self.machine.output(f"curl --silent --show-error --head https://{self.registry}/v2/")
        challenge = re.search(r"(?im)^www-authenticate:\s*bearer\s+(.*)$", answer)
        if challenge is None:
            return []
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge[1]))
        query = f"service={said.get('service', '')}&scope=repository:{self.name}:pull"
        status, content = self._curl(f"{said['realm']}?{query}", [])
        if status != 200:  # some registries give no token for what is not there; the request itself tells
            return []
        token = json.loads(content)
        return [f"Authorization: Bearer {token.get('token') or token['access_token']}"]

    def _curl(self, url: str, headers: list[str]) -> tuple[int, bytes]:
        options = [word for header in headers for word in ("--header", header)]
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--location",
            "--write-out",
            r"\n%{http_code}",
            *options,
            url,
        ]
        done = run_in(self.machine, shlex.join(command))
        if done.returncode:
            raise MachineError(f"{url} cannot be read. {done.stderr.decode(errors='replace').strip()}")
        content, _, status = done.stdout.rpartition(b"\n")
        return int(status), content


def _repository(registry: str, repository: str) -> str:
    return f"{registry}/docker/registry/v2/repositories/{repository}"


def _names(lab: Host) -> list[tuple[str, str, str]]:
    """What a lab's registries hold: registry, repository and tag of each image."""
    found = []
    for registry in REGISTRIES:
        below = f"{_STORE}/{_repository(registry, '')}"
        done = run_in(lab, f"find {below} -path '*/_manifests/tags/*' -name current -printf '%P\\n'")
        for line in sorted(done.stdout.decode().splitlines()):
            repository, _, rest = line.partition("/_manifests/tags/")
            found.append((registry, repository, rest.split("/")[0]))
    return found
