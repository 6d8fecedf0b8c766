"""`make bench`: what the verifier costs, as medians of runs that take turns on this machine.

Ratios of one run mean something, single figures little: the machine may be shared.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from snippets.block import parse_page
from snippets.lab import Lab, default_engine
from snippets.verify import Host, PageRun
from tests.local_host import LocalHost

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
COMMANDS = 200
ROUNDS = 11


def main() -> int:
    """Run every measurement and print its figures."""
    lab_start()
    cost_per_command()
    against_peers()
    memory()
    return 0


def lab_start() -> None:
    """From nothing to an answered `docker version`, with a warm cache."""
    seconds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        with Lab.start() as lab:
            lab.run("docker version")
            seconds.append(time.perf_counter() - begin)
    print(
        f"lab start to `docker version` answered: {statistics.median(seconds):.2f} s ({default_engine().name})"
    )


class SharedLab:
    """A lab that outlives the runs of pages in it."""

    def __init__(self, lab: Lab) -> None:
        self.enter, self.check, self.kind = lab.enter, lab.check, lab.kind

    def objects(self) -> Mapping[str, str]:
        return {}

    def stop(self) -> None:
        """It goes on."""


def verify(rows: str, start_host: Callable[[], Host]) -> None:
    """Run a page that has one console block."""
    blocks = parse_page(f"```console\n{rows}```\n", "bench.md")
    run = PageRun(blocks, start_host, default_engine().name)
    run.run_block(blocks[0])
    run.close()


def cost_per_command() -> None:
    """The same commands in the same lab, start-up apart: typed by the verifier, and in one bash script."""
    count = 40
    with Lab.start() as lab:

        def by_verifier(commands: int) -> None:
            rows = "".join(
                f"$ docker version --format 'server {number}'\nserver {number}\n"
                for number in range(commands)
            )
            verify(rows, lambda: SharedLab(lab))

        def by_bash(commands: int) -> None:
            script = "\n".join(f"docker version --format 'server {number}'" for number in range(commands))
            subprocess.run(lab.enter("bash", "-c", script), check=True, stdout=subprocess.DEVNULL)

        jobs = (
            lambda: by_verifier(1),
            lambda: by_verifier(count),
            lambda: by_bash(1),
            lambda: by_bash(count),
        )
        one_verified, verified, one_plain, plain = taking_turns(*jobs)
    verifier, bash = (verified - one_verified) / (count - 1), (plain - one_plain) / (count - 1)
    print(
        f"a docker command: verifier {1000 * verifier:.1f} ms, one bash script {1000 * bash:.1f} ms, "
        f"ratio {verifier / bash:.2f}, {1000 * (verifier - bash):.2f} ms extra"
    )


def against_peers() -> None:
    """200 `echo` commands in one file: extra milliseconds per command over plain bash, start-up apart.

    The verifier runs in this process: the start of pytest takes seconds, and differs by more than 200 commands.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = {}
        for count in (1, COMMANDS):
            commands = [f"echo line {number}" for number in range(count)]
            (folder / f"{count}.sh").write_text("".join(f"{command}\n" for command in commands))
            (folder / f"{count}.t").write_text(
                "".join(f"  $ {command}\n  line {number}\n" for number, command in enumerate(commands))
            )
            rows[count] = "".join(f"$ {command}\nline {number}\n" for number, command in enumerate(commands))

        def program(*argv: str) -> None:
            subprocess.run(argv, check=True, cwd=folder, stdout=subprocess.DEVNULL)

        tools: dict[str, Callable[[int], None]] = {
            "bash": lambda count: program("bash", f"{count}.sh"),
            "this verifier": lambda count: verify(rows[count], lambda: LocalHost(folder)),
            "cram": lambda count: program(str(BIN / "cram"), f"{count}.t"),
            "prysk": lambda count: program(str(BIN / "prysk"), f"{count}.t"),
        }
        times = taking_turns(*(partial(run, count) for run in tools.values() for count in (1, COMMANDS)))
    each = {
        tool: 1000 * (times[2 * index + 1] - times[2 * index]) / (COMMANDS - 1)
        for index, tool in enumerate(tools)
    }
    print(f"{COMMANDS} echo commands in one file, extra ms per command over bash, start-up apart:")
    for tool, milliseconds in each.items():
        if tool != "bash":
            print(f"    {milliseconds - each['bash']:6.2f}  {tool}")


# What a command prints, and the command. The long line and the moves are small, and were costly to draw.
PRINTED = {
    "10 MB": "seq 1 1300000",
    "without end": "yes",
    "long lines without end": "yes $(head -c 3000 /dev/zero | tr '\\0' x)",
    "a line of 50,000 characters and 1,000 erased ones": (
        "head -c 50000 /dev/zero | tr '\\0' x; echo; yes $'\\e[2K' | head -1000"
    ),
    "1 MB and one move of the cursor": "seq 1 160000; printf '\\e[1A\\e[2Kend\\n'",
    "a line of 15 MB and one return": "head -c 15000000 /dev/zero | tr '\\0' x; printf '\\rend\\n'",
    "a progress bar of 1 MB": "for n in $(seq 1 100000); do printf '\\r%6d %%' $n; done; echo",
}


def memory() -> None:
    """Time and peak memory of a process in which a command is run and its output is compared."""
    for what, command in PRINTED.items():
        code = (
            "import resource, time\nfrom snippets.terminal import Terminal, TerminalError, shell_argv\n"
            "from snippets.match import compare\nfrom snippets.match.bindings import Bindings\n"
            "with Terminal(shell_argv()) as terminal:\n"
            "    begin = time.perf_counter()\n"
            "    try:\n"
            f"        output = terminal.run({command!r}, timeout=60).output\n"
            "    except TerminalError as error:\n"
            "        output = error.output\n"
            "    compare(['1', '...', 'end'], output.split('\\n'), Bindings(), 'bench.md:1')\n"
            "    print(f'{time.perf_counter() - begin:.2f} s,')\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
        )
        taken = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout
        print(f"a command prints {what}: {' '.join(taken.split())} MB at peak")


def taking_turns(*jobs: Callable[[], None]) -> list[float]:
    """The median seconds of each job, run in turns so that a noisy machine disturbs all alike."""
    seconds: list[list[float]] = [[] for _ in jobs]
    for _ in range(ROUNDS):
        for job, taken in zip(jobs, seconds, strict=True):
            begin = time.perf_counter()
            job()
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    sys.exit(main())
