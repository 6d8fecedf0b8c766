"""The `lab` command: play in a lab, build what labs need, clear up."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import outer, setup
from .backends import BACKENDS, find
from .enginedir import engine_from_dir
from .engines import DEFAULT_ENGINE, ENGINES
from .errors import LabError
from .lab import Lab
from .paths import cache_dir
from .upkeep import build, clean


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _shell(arguments: argparse.Namespace) -> int:
    engine = arguments.engine
    backend = arguments.lab_backend
    if arguments.engine_dir:
        engine = engine_from_dir(arguments.engine_dir, backend=backend, progress=_progress)
    with Lab.start(engine, backend=backend, progress=_progress) as lab:
        if not arguments.command:
            _progress(
                f"A throwaway host: {lab.engine.summary}, and no network. Its images are the\n"
                "lab's own stand-ins for the published ones. All of it is gone when you leave: `exit`."
            )
        argv = arguments.command or ["bash", "-i"]
        return _attached(lab.enter(*argv))


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
    names = list(ENGINES) if arguments.all else arguments.engine or [DEFAULT_ENGINE]
    build(names, backend=arguments.lab_backend, progress=_progress)
    for name in names:
        print(f"{name}: ready")
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

    def verb(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(run=run)
        return added

    one = verb("shell", _shell, "start a lab and open a shell in it")
    one.add_argument(
        "--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="which engine (default: %(default)s)"
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
        help=f"for this engine (may be repeated; default: {DEFAULT_ENGINE})",
    )
    one.add_argument("--all", action="store_true", help="for every engine")
    verb("clean", _clean, "remove everything that labs keep: file systems, images, leftovers")
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
