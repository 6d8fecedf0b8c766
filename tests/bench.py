"""`make bench`: what the verifier costs, as medians of runs that take turns on this machine.

Ratios of one run mean something, single figures little: the machine may be shared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from snippets.block import parse_page
from snippets.lab import DEFAULT_ENGINE, Lab
from snippets.verify import PageRun

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
    print(f"lab start to `docker version` answered: {statistics.median(seconds):.2f} s ({DEFAULT_ENGINE})")


class SharedLab:
    """A lab that outlives the runs of pages in it."""

    def __init__(self, lab: Lab) -> None:
        self.enter, self.check = lab.enter, lab.check

    def objects(self) -> frozenset[str]:
        return frozenset()

    def stop(self) -> None:
        """It goes on."""


def cost_per_command() -> None:
    """The same commands in the same lab, start-up apart: typed by the verifier, and in one bash script."""
    count = 40
    with Lab.start() as lab:

        def by_verifier(commands: int) -> None:
            rows = "".join(
                f"$ docker version --format 'server {number}'\nserver {number}\n"
                for number in range(commands)
            )
            blocks = parse_page(f"```console\n{rows}```\n", "bench.md")
            run = PageRun(blocks, lambda: SharedLab(lab), DEFAULT_ENGINE)
            run.run_block(blocks[0])
            run.close()

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
    """200 `echo` commands in one file: extra milliseconds per command over plain bash, start-up apart."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "docs").mkdir()
        for count in (1, COMMANDS):
            commands = [f"echo line {number}" for number in range(count)]
            (folder / f"{count}.sh").write_text("".join(f"{command}\n" for command in commands))
            (folder / f"{count}.t").write_text(
                "".join(f"  $ {command}\n  line {number}\n" for number, command in enumerate(commands))
            )
            rows = "".join(f"$ {command}\nline {number}\n" for number, command in enumerate(commands))
            (folder / "docs" / f"{count}.md").write_text(f"```console\n{rows}```\n")
        (folder / "conftest.py").write_text(
            "from pathlib import Path\nimport snippets.pytest_pages\nfrom tests.local_host import LocalHost\n"
            "snippets.pytest_pages.start_lab = lambda engine: LocalHost(Path.cwd() / 'docs')\n"
        )
        (folder / "pytest.ini").write_text(
            "[pytest]\naddopts = -q -p snippets.pytest_pages -p no:cacheprovider\n"
        )
        tools: dict[str, Callable[[int], list[str]]] = {
            "bash": lambda count: ["bash", f"{count}.sh"],
            "this verifier, under pytest": lambda count: [str(BIN / "pytest"), f"docs/{count}.md"],
            "cram": lambda count: [str(BIN / "cram"), f"{count}.t"],
            "prysk": lambda count: [str(BIN / "prysk"), f"{count}.t"],
        }
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}

        def runner(argv: list[str]) -> Callable[[], None]:
            return lambda: _quiet(argv, folder, environment)

        times = taking_turns(*(runner(argv(count)) for argv in tools.values() for count in (1, COMMANDS)))
    each = {
        tool: 1000 * (times[2 * index + 1] - times[2 * index]) / (COMMANDS - 1)
        for index, tool in enumerate(tools)
    }
    print(f"{COMMANDS} echo commands in one file, extra ms per command over bash, start-up apart:")
    for tool, milliseconds in each.items():
        if tool != "bash":
            print(f"    {milliseconds - each['bash']:6.2f}  {tool}")


def memory() -> None:
    """The peak of a process whose command prints without end, and of one whose command prints 10 MB."""
    for what, command in (("10 MB", "seq 1 1300000"), ("without end", "yes")):
        code = (
            "import resource\nfrom snippets.terminal import Terminal, TerminalError, shell_argv\n"
            "from snippets.match import compare\nfrom snippets.match.bindings import Bindings\n"
            "with Terminal(shell_argv()) as terminal:\n"
            "    try:\n"
            f"        output = terminal.run({command!r}, timeout=60).output\n"
            "    except TerminalError as error:\n"
            "        output = error.output\n"
            "    compare(['1', '...', 'end'], output.split('\\n'), Bindings(), 'bench.md:1')\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
        )
        peak = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
        ).stdout
        print(f"peak memory, a command prints {what}: {peak.strip()} MB")


def taking_turns(*jobs: Callable[[], None]) -> list[float]:
    """The median seconds of each job, run in turns so that a noisy machine disturbs all alike."""
    seconds: list[list[float]] = [[] for _ in jobs]
    for _ in range(ROUNDS):
        for job, taken in zip(jobs, seconds, strict=True):
            begin = time.perf_counter()
            job()
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in seconds]


def _quiet(argv: list[str], folder: Path, environment: dict[str, str]) -> None:
    subprocess.run(argv, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
