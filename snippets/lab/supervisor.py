"""The root side of a lab: a program that its client talks to over a pair of pipes.

The client starts it (with sudo if need be), reads one JSON object a line from
its output and writes its requests, one a line, to its input. When that pipe
ends, because the client closed it or died, everything is stopped and removed.
The program has one thread: the labs are killed when the thread that started
them ends (PR_SET_PDEATHSIG), so that must be the thread that lasts.
"""

import ctypes
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from . import binaries, images, rootfs
from .cache import clear
from .engines import Engine
from .errors import LabError
from .machine import Machine, clear_labs
from .watched import ClientGone, heard, wait_for


def _say(**message: Any) -> None:
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise ClientGone from None


def _progress(text: str) -> None:
    _say(progress=text)


def _boot(cache: Path, engine: Engine) -> Machine:
    root = rootfs.root(cache, engine, _progress)
    try:
        content = images.content(cache, _progress)
    except BaseException:
        root.release()
        raise
    return Machine.boot(cache, engine, root, content)


def _serve(machine: Machine) -> None:
    ended = machine.descriptor()
    try:
        while True:
            waiting = wait_for([ended], None)
            if 0 not in waiting:  # the lab ended: only the client's requests can come now
                waiting = wait_for([], None)
            request = json.loads(heard())
            if request["ask"] == "check":
                _say(answer=machine.problem())
            elif request["ask"] == "log":
                _say(answer=machine.log(request["name"], request["lines"]))
    finally:
        os.close(ended)


def _main(verb: str, cache: Path, engine: Engine) -> None:
    if verb == "start":
        machine = _boot(cache, engine)
        try:
            _say(ready=machine.pid, name=machine.scratch.name)
            _serve(machine)
        finally:
            _listen(False)  # nothing is to interrupt this
            machine.stop()
    elif verb in ("root", "images", "build"):
        if verb != "images":
            rootfs.root(cache, engine, _progress).release()
        if verb != "root":
            images.content(cache, _progress).release()
        _say(ready=0)
    elif verb == "version":
        _say(ready=binaries.version(cache, engine, _progress))
    elif verb == "clean":
        running, stuck = clear_labs(cache / "labs")
        busy = clear([cache / "roots", cache / "images"])
        if stuck:
            raise LabError("Something could not be removed:\n" + "\n".join(stuck))
        _say(ready=max(running, len(busy)))


def _go(_signal: int, _frame: object) -> None:
    _listen(False)
    raise ClientGone


def _stay(_signal: int, _frame: object) -> None:
    """Do nothing. (What is ignored by SIG_IGN stays ignored in all programs that are started.)"""


def _listen(willing: bool) -> None:
    """Heed requests to terminate, or do not."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _go if willing else _stay)


def _take_signals() -> None:
    """Let all that this starts have the signals that somebody above it ignores.

    A job in the background ignores SIGQUIT. What posix_spawn of glibc starts, as make
    does, ignores the two signals that glibc keeps for itself (sysdeps/unix/sysv/linux/
    spawni.c), and its sigaction refuses to touch them: only the system call can.
    """
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    rt_sigaction = {"x86_64": 13, "aarch64": 134}.get(os.uname().machine)
    if rt_sigaction is None:
        return
    default = ctypes.create_string_buffer(32)  # a struct sigaction of zeros: SIG_DFL
    for number in (32, 33):
        ctypes.CDLL(None).syscall(rt_sigaction, number, default, None, ctypes.c_size_t(8))


def main() -> None:
    """Do what the arguments say: VERB CACHE ENGINE.

    VERB: start (a lab), root, images, build (both of them), version (of an engine's
    directory) or clean. CACHE: the cache directory. ENGINE: as `Engine.to_json` has it.
    """
    verb, cache, engine = sys.argv[1:4]
    os.umask(0o022)
    # Ctrl-C is for the client to act upon; asked to terminate, clear up first.
    signal.signal(signal.SIGINT, _stay)
    _take_signals()
    _listen(True)
    try:
        _main(verb, Path(cache), Engine.from_json(engine))
    except ClientGone:
        pass
    except LabError as error:
        _say(error=str(error))
    except Exception:
        _say(error=f"Unexpected error in the lab's supervisor:\n{traceback.format_exc()}")
