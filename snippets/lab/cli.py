"""The `lab` command: play in a lab, build what labs need, clear up."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import archives, outer, setup
from .backends import BACKENDS, find
from .enginedir import engine_from_dir
from .engines import ENGINES, Engine
from .errors import LabError
from .lab import Lab
from .paths import cache_dir
from .upkeep import build, clean


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _shell(arguments: argparse.Namespace) -> int:
    backend = arguments.lab_backend
    if arguments.engine_dir:
        engine = engine_from_dir(arguments.engine_dir, backend=backend, progress=_progress)
    elif arguments.engine:
        engine = archives.resolve(arguments.engine, backend=backend, progress=_progress)
    else:
        engine = _default_engine(backend)
    with Lab.start(engine, backend=backend, progress=_progress) as lab:
        if not arguments.command:
            _progress(
                f"A throwaway host: {lab.engine.summary}, and no network. Its images are the\n"
                "lab's own stand-ins for the published ones. All of it is gone when you leave: `exit`."
            )
        argv = arguments.command or ["bash", "-i"]
        return _attached(lab.enter(*argv))


def _default_engine(backend: str | None) -> Engine:
    """Return the default engine; say so where a newer one would be it."""
    engine = archives.default_engine(backend=backend, progress=_progress)
    for notice in archives.instead_of(engine):
        _progress(f"lab: {notice}")
    return engine


def _attached(argv: Sequence[str]) -> int:
    """Run a program on this terminal and return its exit status.

    Ctrl-C and the like are for the program, not for this one. The terminal is put
    back as it was, whatever the program did to it and however it ended.
    """
    import termios  # not on every system that can ask this command for help

    terminal = None
    with contextlib.suppress(OSError, termios.error):
        terminal = termios.tcgetattr(0)
    # SIGTTOU: putting the terminal back must not stop this program.
    ignored = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ignored}
    try:
        status = subprocess.Popen(argv, preexec_fn=lambda: _default(ignored)).wait()
    finally:
        if terminal is not None:
            with contextlib.suppress(OSError, termios.error):
                os.tcsetpgrp(0, os.getpgrp())
                termios.tcsetattr(0, termios.TCSADRAIN, terminal)
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _default(numbers: Sequence[signal.Signals]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)


def _build(arguments: argparse.Namespace) -> int:
    backend = arguments.lab_backend
    lacking: dict[str, str] = {}
    if arguments.all:
        engines = archives.here(backend=backend, progress=_progress)
        lacking = archives.lacking(backend=backend)
    elif arguments.engine:
        engines = [archives.resolve(name, backend=backend, progress=_progress) for name in arguments.engine]
    else:
        engines = [_default_engine(backend)]
    build(engines, backend=backend, progress=_progress)
    for engine in engines:
        print(f"{engine.name}: ready")
    for name, why in lacking.items():
        print(f"{name}: not here. {why}")
    return 0


def _engine_list(arguments: argparse.Namespace) -> int:
    rows = []
    for engine in reversed(ENGINES.values()):
        archive = archives.find(engine, backend=arguments.lab_backend, progress=_progress)
        origin = f"Debian {engine.suite}"
        if archive:
            origin = f"{archive.origin} over {origin}; sha256 {archive.sha256}"
            origin += f": {archive.known}" if archive.known else ", which this project does not know"
        elif engine.release:
            origin = f"an archive of Docker {engine.release}, which is not here: lab engine get {engine.name}"
        here = bool(archive) or not engine.release
        rows.append({"name": engine.name, "summary": engine.summary, "label": f"Docker {engine.label}",
                     "release": engine.release, "here": here, "origin": origin})  # fmt: skip
    if arguments.json:
        print(json.dumps(rows))
        return 0
    default = next(row["name"] for row in rows if row["here"])
    for row in rows:
        print(f"{row['name']:16} {row['summary']}{' (the default)' if row['name'] == default else ''}")
        print(f"{'':16} from {row['origin']}")
    return 0


def _engine_add(arguments: argparse.Namespace) -> int:
    return _kept(archives.add(arguments.archive, backend=arguments.lab_backend, progress=_progress))


def _engine_get(arguments: argparse.Namespace) -> int:
    names = [arguments.engine] if arguments.engine else [name for name in ENGINES if ENGINES[name].release]
    for name in names:
        _kept(archives.get(name, base=arguments.source, backend=arguments.lab_backend, progress=_progress))
    return 0


def _kept(archive: archives.Archive) -> int:
    names = [engine.name for engine in ENGINES.values() if archive.version.startswith(engine.version)]
    print(f"{', '.join(names)}: Docker {archive.version} from {archive.origin}, sha256 {archive.sha256}")
    print(f"It is {archive.known}." if archive.known else "This project knows no archive with this checksum.")
    return 0


def _clean(arguments: argparse.Namespace) -> int:
    running = clean(arguments.lab_backend)
    if running:
        print(
            f"{running} running lab(s) or build(s) stay, with what they use. Leave them and clean again.",
            file=sys.stderr,
        )
        return 1
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    backend, lacking = find(arguments.lab_backend)
    for one in lacking:
        print(f"- {one}")
    if not lacking:
        print(f"This host has all that a lab needs. Labs run in: {backend.name}")
    print(f"Cache: {cache_dir()}" if backend.name == "namespaces" else f"Cache: the volume {outer.NAME}")
    return 1 if lacking else 0


def _setup(arguments: argparse.Namespace) -> int:
    return setup.install(_progress, browser=arguments.browser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab",
        description="A lab is a throwaway Docker host: an engine, a registry and images of its "
        "own, and nothing of your machine's. It needs root on Linux, or a Docker that answers.",
        epilog=f"What labs share is kept in {cache_dir()} (XDG_CACHE_HOME moves it).",
    )
    parser.add_argument(
        "--lab-backend",
        choices=BACKENDS,
        help="where labs run: in namespaces of this host, or in a container of its Docker "
        "(default: what LAB_BACKEND says, or else what this host can)",
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(
        name: str,
        run: object,
        text: str,
        among: "argparse._SubParsersAction[argparse.ArgumentParser]" = verbs,
    ) -> argparse.ArgumentParser:
        added = among.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(run=run)
        return added

    one = verb("shell", _shell, "start a lab and open a shell in it")
    one.add_argument(
        "--engine", choices=ENGINES, help="which engine (default: the newest that can be had here)"
    )
    one.add_argument(
        "--engine-dir",
        type=Path,
        metavar="DIR",
        help="instead, the engine whose binaries (dockerd, docker, ...) are in this directory",
    )
    one.add_argument("command", nargs=argparse.REMAINDER, help="run this instead of a shell")
    one = verb("build", _build, "make what labs need, ahead of the first start")
    one.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        help="for this engine (may be repeated; default: the newest that can be had here)",
    )
    one.add_argument("--all", action="store_true", help="for every engine that can be had here")
    engine = verbs.add_parser("engine", help="list the engines, or bring one that no Debian suite has")
    kinds = engine.add_subparsers(required=True, metavar="COMMAND")
    one = verb(
        "list", _engine_list, "list the engines: what each is, where it comes from, whether it is here", kinds
    )
    one.add_argument("--json", action="store_true", help="as JSON, for programs")
    one = verb("add", _engine_add, "check a static archive of Docker and keep it in the cache", kinds)
    one.add_argument("archive", type=Path, metavar="ARCHIVE", help="such as docker-29.7.2.tgz")
    one = verb("get", _engine_get, "download Docker's own static archive of an engine, and keep it", kinds)
    one.add_argument(
        "engine", nargs="?", choices=ENGINES, help="which (default: all that come from an archive)"
    )
    one.add_argument(
        "--from",
        dest="source",
        default=archives.DOWNLOADS,
        metavar="URL",
        help="another server that is laid out as Docker's (default: %(default)s)",
    )
    verb("clean", _clean, "remove everything that labs keep: file systems, images, archives, leftovers")
    verb("doctor", _doctor, "say what this host lacks for a lab")
    one = verb("setup", _setup, "install the system packages that this host lacks for a lab")
    one.add_argument("--browser", action="store_true", help="also a browser, to test the site in")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        argv: the arguments; None for those of the program.
    """
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted, nothing is left behind", file=sys.stderr)
        return 130
    return status
