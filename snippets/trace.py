"""A trace of a real `docker run`: API calls, registry requests, tasks, events, processes and what it prints.

No proxy stands in between. The daemon's debug log has the API calls and containerd's answers, the registry's
access log has the pull, `docker events` has the daemon's own account, the kernel reports every program
that is started (its process events connector, which root in the first PID namespace may listen to), and
the client's output is read line by line.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from snippets.record import RECORDINGS, TRACE, write_json

ABSENT, PRESENT = "absent", "present"
"""The two runs of a trace: the image is not there yet, and it is there already."""

IMAGE = "hello-world"
CONTAINER = "lesson-trace"
COMMAND = f"docker run --name {CONTAINER} {IMAGE}"
PROGRAM = "/hello"
"""What the image runs; it ends so soon that its arguments cannot always be read."""

ATTESTATION = "attestation"
"""What the requests for an image's attestation are known by: since Docker 29, a pull brings it along."""

CLIENT_ENDS = "docker run ends"
CLIENT_LISTS = "docker ps --all"
"""What the records of the client's end and of the list of containers after it are called."""


@dataclass(frozen=True)
class Record:
    """One thing that was seen.

    Attributes:
        source: `api`, `registry`, `task`, `event`, `process` or `terminal`.
        origin: who did it: `client`, `daemon`, `containerd`, `shim` or `runc`.
        target: to whom.
        what: the request, the event, the program or the line, without what changes from run to run.
        answer: what came back, where the source says so.
        milliseconds: since the command was typed; None where the source gives only whole seconds, and
            for what was asked after the run.
    """

    source: str
    origin: str
    target: str
    what: str
    answer: str = ""
    milliseconds: float | None = None


class TracedHost(Protocol):
    """What a trace needs of a lab."""

    pid: int

    def run(self, command: str) -> object:
        """Run a bash command."""

    def log(self, name: str, lines: int) -> str:
        """The last lines of a service's log."""


def record_trace(lab: TracedHost, output: Callable[[str], str]) -> dict[str, list[Record]]:
    """Record `docker run hello-world` in an empty lab: first with the image absent, then with it present.

    Args:
        lab: a lab without images.
        output: runs a command in the lab and returns what it printed.

    Raises:
        OSError: the kernel does not report processes to us.
    """
    return {name: _record_run(lab, output) for name in (ABSENT, PRESENT)}


def sequences(records: list[Record]) -> dict[str, list[str]]:
    """What a run did, without times: the order within each source; parallel downloads in a fixed order.

    The daemon fetches an attestation side by side with the image. Its requests have an order of their own,
    under `attestation`.
    """
    result: dict[str, list[str]] = {}
    for record in records:
        what = " ".join(filter(None, [record.what, record.answer]))
        attests = record.source == "registry" and ATTESTATION in what
        result.setdefault(ATTESTATION if attests else record.source, []).append(what)
    for source in ("registry", ATTESTATION):
        requests = result.get(source, [])
        blobs = iter(sorted(request for request in requests if "/blobs/" in request))
        result[source] = [next(blobs) if "/blobs/" in request else request for request in requests]
    return result


def write_trace(engine: str, runs: dict[str, list[Record]], folder: Path = RECORDINGS) -> None:
    """Write an engine's trace; one whose sequences are as before changes nothing."""
    old = read_trace(engine, folder)
    if old and {name: sequences(run) for name, run in old.items()} == {
        name: sequences(run) for name, run in runs.items()
    }:
        return
    data = {name: [asdict(record) for record in run] for name, run in runs.items()}
    write_json(_place(engine, folder), {"engine": engine, "command": COMMAND, "runs": data})


def read_trace(engine: str, folder: Path = RECORDINGS) -> dict[str, list[Record]] | None:
    """An engine's recorded trace, or None."""
    path = _place(engine, folder)
    if not path.exists():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    return {name: [Record(**record) for record in run] for name, run in data["runs"].items()}


def _place(engine: str, folder: Path) -> Path:
    return folder / engine / TRACE


def _record_run(lab: TracedHost, output: Callable[[str], str]) -> list[Record]:
    before = {name: len(_log(lab, name)) for name in ("dockerd", "registry")}
    with ProcessWatch(lab.pid) as watch:
        start, *printed = output(_TIMED).splitlines()
        begin = _nanoseconds(start)
        events = _await_end(lambda: _log(lab, "dockerd")[before["dockerd"] :], output, begin)
    logs = {name: _log(lab, name)[count:] for name, count in before.items()}
    terminal = _terminal(printed, begin)
    client_ends = terminal[-1].milliseconds or 0.0
    records = [
        record
        for record in _api_and_tasks(logs["dockerd"], begin)
        # Later calls are ours: what asks for the events.
        if record.source != "api" or (record.milliseconds or 0.0) < client_ends
    ]
    records += [*_events(events, begin), *watch.records(begin), *terminal]
    records.sort(key=lambda record: record.milliseconds or 0.0)
    requests = list(_registry(logs["registry"], _roles(output)))
    stays = _listed(output)
    output(f"docker rm {CONTAINER}")
    pull = next((index for index, record in enumerate(records) if "/images/create" in record.what), 0)
    return [*records[: pull + 1], *requests, *records[pull + 1 :], stays]


_TIMED = f"""echo $EPOCHREALTIME
{{ {COMMAND} 2>&1; echo "exit status $?"; }} | {{
  chrt --fifo --pid 1 $BASHPID
  while IFS= read -r line; do printf '%s %s\\n' "$EPOCHREALTIME" "$line"; done
}}"""
"""The command between two times: when it begins, and when each of its lines came.

The reader goes before others: a busy machine would let it see a line long after it was printed.
"""

_PRINTED = re.compile(r"Unable to find image .*|\S+: Pulling from .*|Status: .*|Hello from Docker!")
"""Lines that are the same in every run. The progress of the pull between them is not."""


def _terminal(lines: list[str], begin: int) -> list[Record]:
    """What the client printed, and last its end."""
    records = []
    for line in lines[:-1]:
        stamp, _, text = line.partition(" ")
        if _PRINTED.fullmatch(text):
            records.append(_line(text, "", _nanoseconds(stamp) - begin))
    stamp, _, status = lines[-1].partition(" ")
    return [*records, _line(CLIENT_ENDS, status, _nanoseconds(stamp) - begin)]


def _line(what: str, answer: str, nanoseconds: int) -> Record:
    return Record("terminal", "client", "terminal", what, answer, round(nanoseconds / 1e6, 1))


def _nanoseconds(stamp: str) -> int:
    """A time of Bash's EPOCHREALTIME, which has six decimals."""
    return int(stamp.replace(".", "")) * 1000


def _listed(output: Callable[[str], str]) -> Record:
    """What the list of containers says of the container after the run, without how long ago it ended."""
    listing = output(f"{CLIENT_LISTS} --filter name={CONTAINER} --format '{{{{.Names}}}} {{{{.Status}}}}'")
    status = re.match(r"\S+ Exited \(\d+\)", listing)
    return Record("terminal", "client", "terminal", CLIENT_LISTS, status[0] if status else listing.strip())


def _log(lab: TracedHost, name: str) -> list[str]:
    return lab.log(name, 1_000_000).splitlines()


def _await_end(
    log: Callable[[], list[str]], output: Callable[[str], str], begin: int
) -> list[dict[str, Any]]:
    """The events of the run, once the daemon has reported the container's end and cleared up behind it."""
    since = f"{begin // 10**9}.{begin % 10**9:09}"
    for _ in range(100):
        listing = output(f"docker events --since {since} --until $(date +%s.%N) --format '{{{{json .}}}}'")
        events = [json.loads(line) for line in listing.splitlines()]
        if any(event["Action"] == "die" for event in events) and "/tasks/exit" in "\n".join(log()):
            time.sleep(_CLEAR_UP)
            return events
        time.sleep(0.1)
    raise TimeoutError("the daemon reported no end of the container within 10 s")


_CLEAR_UP = 0.5
"""Seconds that the shim gets to end after the daemon has reported the end of its container."""

_LOG_LINE = re.compile(r'^time="(?P<time>[^"]+)" level=\w+ (?P<rest>.*)$')
_TASK = re.compile(r"module=libcontainerd .*topic=/tasks/(?P<what>create|start|exit)\b")
"""What containerd reports. Of a task's deletion it does not always: the daemon may have stopped to listen."""

_ID = re.compile(r"\b[0-9a-f]{64}\b")


def _api_and_tasks(lines: list[str], begin: int) -> list[Record]:
    """API calls and containerd's events, from the daemon's debug log of either style.

    Of the answers to the calls it has the errors, and those only in the newer style.
    """
    records: list[Record] = []
    for line in lines:
        entry = _LOG_LINE.match(line)
        if not entry:
            continue
        at, rest = _since(entry["time"], begin), entry["rest"]
        if call := re.search(r'msg="Calling ([A-Z]+) ([^"\s]+)', rest):
            records.append(_call(call[1], call[2], at))
        elif 'msg="handling ' in rest and (named := _named(rest)):
            records.append(_call(*named, at))
        elif 'msg="error response for ' in rest and (named := _named(rest)):
            call_made = _call(*named, at).what
            index = max(i for i, record in enumerate(records) if record.what == call_made)
            records[index] = replace(records[index], answer=_error(rest))
        elif (task := _TASK.search(rest)) and "ignoring" not in rest:
            records.append(Record("task", "containerd", "daemon", f"task {task['what']}", milliseconds=at))
    return records


def _call(method: str, url: str, at: float) -> Record:
    return Record("api", "client", "daemon", f"{method} {_path(url)}", milliseconds=at)


def _named(rest: str) -> tuple[str, str] | None:
    """The method and the URL that a line of the newer style names."""
    method, url = re.search(r" method=([A-Z]+)", rest), re.search(r' request-url="?([^"\s]+)', rest)
    return (method[1], url[1]) if method and url else None


def _error(rest: str) -> str:
    """The status and the text of an error, where the line has them."""
    status = re.search(r" status=(\d+)", rest)
    text = re.search(r' error-response="((?:[^"\\]|\\.)*)"', rest)
    return " ".join(found[1].replace(r"\"", '"') for found in (status, text) if found)


def _events(events: list[dict[str, Any]], begin: int) -> Iterator[Record]:
    for event in events:
        at = (event["timeNano"] - begin) / 1e6
        what = f"{event['Type']} {event['Action']}"
        code = event["Actor"]["Attributes"].get("exitCode")
        answer = "" if code is None else f"exit code {code}"
        yield Record("event", "daemon", "listeners", what, answer, round(at, 1))


def _registry(lines: list[str], roles: dict[str, str]) -> Iterator[Record]:
    """Pull requests, from the registry's access log; digests become what they are of."""
    for line in lines:
        request = re.search(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d+)', line)
        if request and "UpstreamClient(Docker-Client" in line:
            path = request["path"]
            for digest, role in roles.items():
                path = path.replace(digest, f"<{role}>")
            yield Record("registry", "daemon", "registry", f"{request['method']} {path}", request["status"])


def _roles(output: Callable[[str], str]) -> dict[str, str]:
    """What each digest of the image is: its index, manifest, config or layer, or one of an attestation.

    A digest with a dash in place of its colon is a tag: where the OCI distribution specification has clients
    look for what refers to a manifest, if the registry does not answer that question itself.
    """
    base = f"https://registry-1.docker.io/v2/library/{IMAGE}/manifests"
    accept = (
        "-H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'"
    )
    head = output(f"curl -fsSI {accept} {base}/latest")
    found = re.search(r"(?im)^docker-content-digest:\s*(\S+)", head)
    index = found[1] if found else ""
    roles = {index: "index"}
    for entry in json.loads(output(f"curl -fsS {accept} {base}/{index}")).get("manifests", []):
        attests = "vnd.docker.reference.type" in entry.get("annotations", {})
        of = f"{ATTESTATION} " if attests else ""
        roles[entry["digest"]] = f"{of}manifest"
        manifest = json.loads(output(f"curl -fsS {accept} {base}/{entry['digest']}"))
        roles[manifest["config"]["digest"]] = f"{of}config"
        roles.update({layer["digest"]: f"{of}layer" for layer in manifest["layers"]})
    return roles | {digest.replace(":", "-"): f"{role} as a tag" for digest, role in roles.items()}


def _path(url: str) -> str:
    return _ID.sub("<id>", url.replace("%2F", "/"))


def _since(stamp: str, begin: int) -> float:
    """Milliseconds between `begin`, in nanoseconds since the epoch, and a time of the daemon's log."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    second = datetime.datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return round((int(second) * 10**9 + int(fraction.ljust(9, "0")[:9]) - begin) / 1e6, 1)


class ProcessWatch:
    """Listens to the kernel's process events and keeps the programs that are started in a lab.

    The messages are those of linux/cn_proc.h, on a netlink socket of the connector.

    Args:
        lab: the lab's PID 1. Its descendants count, and of ours, which run commands in the lab, the client.
    """

    _CONNECTOR, _PROCESSES, _LISTEN = 11, 1, 1
    _FORK, _EXEC = 1, 2
    _HEADER = 16 + 20  # nlmsghdr and cn_msg

    def __init__(self, lab: int) -> None:
        self._daemons = {lab, *_descendants(lab)}
        self._ours = {os.getpid()}
        self._parents: dict[int, int] = {}
        self._programs: list[tuple[int, int, list[str]]] = []
        self._stop = threading.Event()

    def __enter__(self) -> ProcessWatch:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, self._CONNECTOR)
        # Other processes of the machine are reported too; a full buffer would lose ours.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 2**20)
        self._socket.bind((0, self._PROCESSES))
        body = struct.pack("=IIIIHHI", self._PROCESSES, 1, 0, 0, 4, 0, self._LISTEN)
        self._socket.send(struct.pack("=IHHII", 16 + len(body), 3, 0, 0, os.getpid()) + body)
        self._socket.settimeout(0.1)
        self._clock = time.time_ns() - time.monotonic_ns()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def records(self, begin: int) -> Iterator[Record]:
        """The client, and the programs that containerd and its children started, in order."""
        # runc's init clones itself beside itself, and one of its clones becomes the program.
        inits = {pid for _, pid, argv in self._programs if argv[-1:] == ["init"]}
        creators = {self._parents[pid] for pid in inits if pid in self._parents}
        for stamp, pid, argv in self._programs:
            if not argv and (pid in inits or self._parents.get(pid) in inits | creators):
                argv = [PROGRAM]  # it had ended before we could look
            named = _program(argv)
            if named and (pid in self._daemons) == (named[0] != "client"):
                at = (stamp + self._clock - begin) / 1e6
                yield Record("process", named[0], "kernel", named[1], milliseconds=round(at, 1))

    def _listen(self) -> None:
        # A program may live for less than a millisecond: who wants to read its arguments must be first,
        # before the reader of the terminal, too.
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                message = self._socket.recv(4096)
                what, _, stamp = struct.unpack_from("=IIQ", message, self._HEADER)
                if what == self._FORK:
                    _, parent, _, child = struct.unpack_from("=IIII", message, self._HEADER + 16)
                    for family in (self._daemons, self._ours):
                        if parent in family:
                            family.add(child)
                            self._parents[child] = parent
                elif what == self._EXEC:
                    _, process = struct.unpack_from("=II", message, self._HEADER + 16)
                    if process in self._daemons | self._ours:
                        self._programs.append((stamp, process, _arguments(process)))


def _program(argv: list[str]) -> tuple[str, str] | None:
    """Who starts a program and how the trace calls it; None for helpers that are not part of the story.

    You start the client; in the trace it begins with itself.
    """
    name = Path(argv[0]).name if argv else ""
    verbs = [word for word in argv[1:] if word in ("create", "start", "init", "delete", "kill", "state")]
    if " ".join([name, *argv[1:]]) == COMMAND:
        return "client", COMMAND
    if name.startswith("containerd-shim"):
        return "containerd", " ".join([name, *verbs[-1:]])
    if name in ("runc", "exe") and verbs:
        return "shim", f"runc {verbs[-1]}"
    if argv[:1] == [PROGRAM]:
        return "runc", PROGRAM
    return None


def _arguments(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []  # it has ended already
    return [part.decode("utf-8", "replace") for part in raw.split(b"\0") if part]


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield int(child)
                yield from _descendants(int(child))
