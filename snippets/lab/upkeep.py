"""What labs share: making it ahead of the first start, and removing it."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from . import archives
from .backends import choose
from .client import Progress, Supervisor
from .engines import BUILDER, ENGINES, Engine

# How many things are made at once. Each is at times busy with the network or the disk.
_AT_ONCE = 2


def build(
    engines: Sequence[str | Engine],
    *,
    backend: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Make what labs need, so that the first start is as fast as any.

    Args:
        engines: engines, or names of `ENGINES`.
        backend: as for `Lab.start`.
        progress: is given a line of text before and after each slow step.

    Raises:
        LabError: an engine's archive is not here, or something could not be made. The rest is.
    """
    resolved = [archives.resolve(engine, backend=backend, progress=progress) for engine in engines]
    # The images are made by one engine for all, on its root.
    builder = ENGINES[BUILDER]
    roots = {engine.base: engine for engine in resolved}
    first = "build" if roots.pop(builder.base, None) else "images"
    jobs = [(first, builder), *(("root", engine) for engine in roots.values())]
    chosen = choose(backend)
    commands = [chosen.launch(verb, engine, progress).command for verb, engine in jobs]
    running: list[Supervisor] = []
    telling = threading.Lock()

    def tell(text: str) -> None:
        if progress:
            with telling:
                progress(text)

    def do(command: Sequence[str]) -> None:
        supervisor = Supervisor(command)
        running.append(supervisor)
        try:
            supervisor.ready(tell)
        finally:
            supervisor.stop()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(do, command) for command in commands]
        try:
            wait(futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):
                for supervisor in running:
                    supervisor.cancel()
                time.sleep(0.1)
            raise
    for future in futures:
        future.result()


def clean(backend: str | None = None) -> int:
    """Remove everything that labs keep or left behind.

    Args:
        backend: as for `Lab.start`.

    Returns:
        How many labs or builds are running; what those use stays.

    Raises:
        LabError: something could not be removed.
    """
    running = choose(backend, needed=False).clean()
    if not running:
        archives.clear()
    return running
