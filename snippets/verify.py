"""Run a page's blocks in order in a throwaway Docker host and hold the outputs against the page."""

from __future__ import annotations

import base64
import difflib
import json
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Protocol

import yaml

from snippets.block import HOSTS, INTERRUPT, RUNNING, RUNS, Block, Command, Kind, session_commands
from snippets.match import compare, differences, pattern_of_prompt
from snippets.match.bindings import Bindings
from snippets.match.lines import without_blank_end
from snippets.match.tokens import TOKEN_TYPES
from snippets.merge import merge
from snippets.rewrite import Edit
from snippets.settings import PageSettings
from snippets.terminal import Outcome, Terminal, TerminalError, read_file, shell_argv

TIMEOUT = 60.0
"""Seconds that a command may take when its block sets no limit of its own."""

SHOWN_LINES = 20
"""How many of the terminal's last lines a report shows."""

LAST_LINES = 5
"""How many of them it shows below a diff."""

QUIET = 1.0
"""Seconds of silence after which a command that keeps running is taken to be at work."""

RUNNING_TIMEOUT = 10.0
"""Seconds that a command that keeps running gets to show what the page shows of it."""

BUILD_CACHE = "build cache"
"""What the front matter calls all records of the build cache together."""

RETRY_PAUSE = 0.25
"""Seconds between two tries of a command whose output comes eventually."""

_ECHO = re.compile(rf"^{re.escape(INTERRUPT)}\n|{re.escape(INTERRUPT)}", re.MULTILINE)

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended: 128 and the number of SIGINT."""


class Host(Protocol):
    """What the verifier needs of a Docker host; `snippets.lab.Lab` is one."""

    def enter(self, *argv: str) -> list[str]:
        """The command to run here so that argv runs there."""

    def objects(self) -> Mapping[str, str]:
        """What a page can leave behind: by kind and name, as in `container web`, the ID of an image."""

    def kind(self) -> str:
        """Which kind of host it is, one of `snippets.block.HOSTS`."""

    def check(self) -> None:
        """Raise when a part of the host died."""

    def stop(self) -> None:
        """End the host and all that runs in it."""


class BlockFailure(Exception):  # noqa: N818 - a finding about the page, not an error of the program
    """A block that does not do what the page says.

    Attributes:
        path: the page.
        line: the page's 1-based line of the command at fault.
        reason: what is wrong, in one sentence.
        command: what was typed, line by line as the page shows it.
        details: a diff, the terminal's last lines: what shows it.
        differs: whether it is an output that differs, so that rewriting the page mends it.
    """

    def __init__(
        self,
        path: str,
        line: int,
        reason: str,
        command: Sequence[str] = (),
        details: Sequence[str] = (),
        differs: bool = False,
    ):
        self.path = path
        self.line = line
        self.reason = reason
        self.command = tuple(command)
        self.details = tuple(details)
        self.differs = differs
        super().__init__(self.report())

    def __reduce__(self) -> tuple[type[BlockFailure], tuple[object, ...]]:
        """Worker processes hand findings over."""
        return type(self), (
            self.path,
            self.line,
            self.reason,
            self.command,
            self.details,
            self.differs,
        )

    def report(self) -> str:
        """The report for a person: place and reason, the command, what shows the fault."""
        return "\n".join(
            [
                f"{self.path}:{self.line}: {self.reason}",
                *(f"    {line}" for line in self.command),
                *(f"    {line}" for line in self.details),
            ]
        )

    def with_details(self, details: Sequence[str]) -> BlockFailure:
        """The same finding with more that shows it."""
        return BlockFailure(
            self.path, self.line, self.reason, self.command, [*self.details, *details], self.differs
        )


class NotRunError(Exception):
    """A block that was not run because one before it failed."""


class OtherHostError(NotRunError):
    """A block that was not run because it is for another kind of host."""


@dataclass
class _Running:
    """A command that keeps running, and what of its output the page shows at present.

    Attributes:
        block: the block that shows it.
        command: the command whose lines are to be what the terminal has shown since the lines before.
        since: how many lines of the output stand before those.
        seen: how many lines there were when these were as the page shows them.
        length: how many characters there were then.
        pressed: how many there were each time that Ctrl-C was pressed.
    """

    block: Block
    command: Command
    since: int = 0
    seen: int = 0
    length: int = 0
    pressed: list[int] = field(default_factory=list)

    def lines(self, output: str) -> list[str]:
        """The lines of its output; what the terminal echoes for Ctrl-C is none of it."""
        for place in reversed(self.pressed):
            if echo := _ECHO.search(output, place):
                output = output[: echo.start()] + output[echo.end() :]
        return output.split("\n")


@dataclass
class _Shell:
    """A terminal of the page.

    Attributes:
        terminal: the terminal.
        program_open: whether a program waits in it for input.
        running: the command that keeps running in it.
    """

    terminal: Terminal
    program_open: bool = False
    running: _Running | None = None

    @property
    def busy(self) -> bool:
        """Whether what is typed now would not reach the shell."""
        return self.program_open or self.running is not None


@dataclass
class PageRun:
    """One run of a page: a lab that is started when the first block needs it, its terminals, its samples.

    Attributes:
        blocks: the page's blocks in order.
        start_host: starts the throwaway Docker host.
        engine: the name of its engine; blocks bound to others are not run.
        settings: what the page declares about itself.
        default_timeout: seconds that a command may take.
        rewrite: whether output that differs becomes an edit of the page instead of a failure.
        lived_in: whether the host was used before: then blocks that declare that they vary may differ.
        patient: whether output that comes eventually is waited for.
        open_terminal: opens a terminal with a command that starts its shell.
        edits: the edits that would make the page true; the caller writes them.
        varied: the lines of blocks that differed as they declare.
        retried: the commands that were repeated, as `path:line: how often`.
        seconds: how long each block took, by its line.
        clean: whether all has run, is as the page says, and nothing is left behind.
    """

    blocks: Sequence[Block]
    start_host: Callable[[], Host]
    engine: str
    settings: PageSettings = field(default_factory=PageSettings)
    default_timeout: float = TIMEOUT
    rewrite: bool = False
    lived_in: bool = False
    patient: bool = True
    open_terminal: Callable[[Sequence[str]], Terminal] = Terminal
    edits: list[Edit] = field(default_factory=list)
    varied: set[int] = field(default_factory=set)
    retried: list[str] = field(default_factory=list)
    seconds: dict[int, float] = field(default_factory=dict)
    bindings: Bindings = field(init=False)
    _host: Host | None = None
    _at_start: Mapping[str, str] = field(default_factory=dict)
    _shells: dict[int, _Shell] = field(default_factory=dict)
    _kind: str = ""
    _done: int = 0
    _failed: str = ""
    clean: bool = False

    def __post_init__(self) -> None:
        """Begin with no sample known."""
        self.bindings = Bindings(types=(*self.settings.tokens, *TOKEN_TYPES))

    def run_block(self, block: Block) -> None:
        """Run a block, and first those before it that have not run yet.

        Raises:
            BlockFailure: the block, or one before it, does not do what the page says.
            NotRunError: a block before it had failed already, or it is for another kind of host.
            Exception: whatever the host raises when it cannot be started.
        """
        self._run_until(block)
        if block.runs_on(self.engine) and not self.runs(block):
            raise OtherHostError(f"not run here: this host has {HOSTS[self._kind]}")

    def _run_until(self, block: Block) -> None:
        if self._failed:
            raise NotRunError(f"not run, since {self._failed} failed")
        while self._done <= self.blocks.index(block):
            current = self.blocks[self._done]
            self._done += 1
            try:
                if current.kind in RUNS and self.runs(current):
                    self._start_host()
                begin = time.monotonic()
                self._run(current)
                self.seconds[current.line] = time.monotonic() - begin
            except BlockFailure as failure:
                self._failed = f"{failure.path}:{failure.line}"
                if died := self._what_died():
                    raise failure.with_details(died) from failure
                raise
            except Exception:
                self._failed = f"{current.path}:{current.line}"
                raise

    def check_leftovers(self) -> None:
        """Run what has not run yet, then hold what is left in the lab against what was there at the start.

        Raises:
            BlockFailure: the page leaves something behind that it does not declare.
            NotRunError: a block failed.
        """
        self._run_until(self.blocks[-1])
        ran = [block for block in self.blocks if block.kind in RUNS and self.runs(block)]
        if self._host is None or not ran:
            return
        now = self._host.objects()
        left = set(_left(self._at_start, now))
        declared = frozenset(self.settings.leaves)
        real = {self.bindings.substitute(entry): entry for entry in declared}
        path, last = ran[-1].path, ran[-1].end_line
        if undeclared := sorted(left - set(real)):
            raise BlockFailure(
                path,
                last,
                f"the page leaves {', '.join(undeclared)} behind; remove it in the page, or declare it "
                f"in the front matter: leaves: [{undeclared[0]}] ({self.engine})",
            )
        # On a host that met the page before, it was there already. The classic builder has no cache.
        there = {BUILD_CACHE, *now}
        if gone := sorted(entry for name, entry in real.items() if name not in there):
            raise BlockFailure(
                path,
                last,
                f"the front matter says that the page leaves {gone[0]}, but it does not ({self.engine})",
            )
        self.clean = True

    def runs(self, block: Block) -> bool:
        """Whether a block is for this run's engine and host, which is started where that has to be known."""
        if not block.host or not block.runs_on(self.engine):
            return block.runs_on(self.engine)
        self._kind = self._kind or self._start_host().kind()
        return block.host == self._kind

    def close(self) -> None:
        """Close the terminals and stop the lab."""
        for shell in self._shells.values():
            shell.terminal.close()
        self._shells.clear()
        if self._host:
            self._host.stop()
            self._host = None

    def _run(self, block: Block) -> None:
        if not self.runs(block):
            return
        if block.kind is Kind.SESSION:
            for command in block.commands:
                self._run_command(block, command)
            self._check_exit_was_met(block)
        elif block.kind is Kind.FILE:
            self._check_file(block)
        elif block.kind is Kind.DATA:
            _parse_data(block)

    def _run_command(self, block: Block, command: Command) -> None:
        following = self._following.get(id(command))
        awaited = following.prompt if following and not following.is_shell else ""
        if not command.is_typed:
            self._follow_running(block, command, following, awaited)
        elif following and not following.is_typed:
            self._start_running(block, command)
        else:
            self._run_to_end(block, command, awaited)

    def _run_to_end(self, block: Block, command: Command, awaited: str) -> None:
        """Run a command that ends, or that opens a program which then waits at the prompt `awaited`."""
        started, tries = time.monotonic(), 0
        self.bindings = self.bindings.with_command(command.text)
        while True:
            tries += 1
            last = not self.patient or time.monotonic() - started + RETRY_PAUSE > block.retry
            try:
                outcome = self._type(block, command, awaited)
                if outcome.status is not None:
                    self._check_end(block, command, awaited, outcome)
                self._compare(block, command, outcome.output, may_edit=last)
                break
            except BlockFailure:
                if last:
                    raise
                time.sleep(RETRY_PAUSE)
        if tries > 1:
            self._note_retry(block, command, tries, time.monotonic() - started)
        if outcome.status is None:
            self._meet_prompt(block, command, awaited, outcome)

    def _compare(self, block: Block, command: Command, output: str, *, may_edit: bool = True) -> None:
        """Hold an output against the page, or note an edit where the page is to be rewritten."""
        shown = output.split("\n")
        place = f"{block.path}:{command.output_line}"
        comparison = compare(command.output, shown, self.bindings, place, any_order=block.any_order)
        if not comparison.ok and self.rewrite and may_edit:
            lines = merge(command.output, shown, self.bindings, place)
            comparison = compare(lines, shown, self.bindings, place)
            if comparison.ok:
                self.edits.append(Edit(block, command, tuple(lines)))
        if not comparison.ok and self.lived_in and block.varies:
            self.varied.add(block.line)
            self._bind_lines(command, shown, place)
            return
        if not comparison.ok:
            last = [f"| {line}" for line in without_blank_end(shown)[-LAST_LINES:]]
            if comparison.conflict:
                raise self._failure(block, command, comparison.conflict.reason, last, differs=True)
            diff = differences(command.output, shown, self.bindings.types, any_order=block.any_order)
            raise self._failure(
                block, command, "the output is not what the page shows", [*diff, *last], differs=True
            )
        self.bindings = comparison.bindings

    def _bind_lines(self, command: Command, shown: Sequence[str], place: str) -> None:
        """Learn what the samples stand for from the lines that came as the page shows them."""
        for line in command.output:
            for came in shown if line.strip() != "..." else ():
                comparison = compare([line], [came], self.bindings, place)
                if comparison.ok:
                    self.bindings = comparison.bindings
                    break

    def _start_running(self, block: Block, command: Command) -> None:
        """Start a command that keeps running until the page presses Ctrl-C, or until it ends by itself."""
        self.bindings = self.bindings.with_command(command.text)
        shell = self._shell(block, command)
        self._check_free(block, command, shell)
        try:
            shell.terminal.start(self.bindings.substitute(command.text))
            shell.running = _Running(block, command)
            self._await_output(shell, shell.running)
        except TerminalError as error:
            raise self._stopped(block, command, "", error) from error

    def _follow_running(
        self, block: Block, command: Command, following: Command | None, awaited: str
    ) -> None:
        """Compare what a running command has shown since; end it with Ctrl-C or wait for its end."""
        shell = self._shell(block, command)
        running = shell.running
        if running is None:
            raise self._failure(block, command, "no command runs in this terminal", [])
        timeout = block.timeout or self.default_timeout
        if command.output:
            running.block, running.command, running.since = block, command, running.seen
        try:
            if command.prompt == INTERRUPT:
                self._interrupt(block, command, shell, running)
                timeout = RUNNING_TIMEOUT
            if following and not following.is_typed:
                if command.prompt == RUNNING:
                    self._await_output(shell, running)
                return
            outcome = shell.terminal.wait(timeout=timeout, prompt=_pattern_of(awaited))
        except TerminalError as error:
            raise self._stopped(block, command, awaited, error) from error
        self._compare_all(block, command, running, outcome.output)
        shell.running = None
        shell.program_open = outcome.status is None
        if outcome.status is None:
            self._meet_prompt(block, command, awaited, outcome)
        else:
            self._check_end(block, command, awaited, outcome, interrupted=bool(running.pressed))

    def _interrupt(self, block: Block, command: Command, shell: _Shell, running: _Running) -> None:
        """Press Ctrl-C, once the running command has shown what the page shows above that."""
        if command.output:
            self._await_output(shell, running)
        else:
            running.length = len(shell.terminal.output_of_running(quiet=QUIET))
        if shell.terminal.has_ended:
            raise self._failure(block, command, "the command had ended before Ctrl-C was pressed", [])
        shell.terminal.interrupt()
        running.pressed.append(running.length)

    def _await_output(self, shell: _Shell, running: _Running) -> None:
        """Wait until a running command has shown what the page shows of it."""
        block, command = running.block, running.command
        started, tries = time.monotonic(), 0
        while True:
            tries += 1
            shown = shell.terminal.output_of_running(quiet=QUIET)
            seconds = time.monotonic() - started
            last = (
                not self.patient
                or seconds > (block.retry or block.timeout or RUNNING_TIMEOUT)
                or shell.terminal.has_ended
            )
            try:
                self._compare(block, command, "\n".join(running.lines(shown)[running.since :]), may_edit=last)
            except BlockFailure:
                if last:
                    raise
            else:
                break
        running.seen, running.length = len(without_blank_end(running.lines(shown))), len(shown)
        if tries > 1 and block.retry:
            self._note_retry(block, command, tries, seconds)

    def _compare_all(self, block: Block, command: Command, running: _Running, output: str) -> None:
        """Compare what a command has shown until its end with the page's last lines of it.

        Where those were compared already, more may have come: then `...` may stand for it.
        """
        lines = running.lines(output)
        new, rest = (
            "\n".join(lines[running.since :]),
            [line for line in lines[running.seen :] if line.strip()],
        )
        if running.command is command and command.prompt == RUNNING:
            self._compare(running.block, running.command, new)
        elif rest:
            self.edits = [edit for edit in self.edits if edit.command is not running.command]
            # What came after Ctrl-C belongs below it, where an edit of the lines above cannot put it.
            after = output[running.length :].partition(INTERRUPT)[2]
            try:
                self._compare(running.block, running.command, new, may_edit=not after.strip())
            except BlockFailure as failure:
                more = [f"+ {line}" for line in rest]
                raise self._failure(block, command, "more output came", more) from failure

    def _type(self, block: Block, command: Command, awaited: str) -> Outcome:
        shell = self._shell(block, command)
        text = self.bindings.substitute(command.text)
        timeout = block.timeout or self.default_timeout
        self._check_free(block, command, shell)
        try:
            outcome = shell.terminal.run(text, timeout=timeout, prompt=_pattern_of(awaited))
        except TerminalError as error:
            raise self._stopped(block, command, awaited, error) from error
        shell.program_open = outcome.status is None
        return outcome

    def _check_free(self, block: Block, command: Command, shell: _Shell) -> None:
        """Whether the terminal shows the prompt that the page types at."""
        if shell.running:
            reason = "the command above still runs in this terminal; end it with ^C first"
        elif shell.program_open and command.is_shell:
            reason = "the program of the command above still waits for input; leave it first"
        elif not shell.program_open and not command.is_shell:
            reason = f"nothing is open that could show the prompt {command.prompt.strip()}"
        else:
            return
        raise self._failure(block, command, reason, [])

    def _meet_prompt(self, block: Block, command: Command, awaited: str, outcome: Outcome) -> None:
        comparison = compare([awaited], [outcome.prompt], self.bindings, f"{block.path}:{command.line}")
        if not comparison.ok:
            reason = comparison.conflict.reason if comparison.conflict else f"the prompt is {outcome.prompt}"
            raise self._failure(block, command, reason, [])
        self.bindings = comparison.bindings

    def _note_retry(self, block: Block, command: Command, tries: int, seconds: float) -> None:
        self.retried.append(f"{block.path}:{command.line}: {tries} tries, {seconds:.1f} s ({self.engine})")

    def _check_end(
        self, block: Block, command: Command, awaited: str, outcome: Outcome, *, interrupted: bool = False
    ) -> None:
        shown = _last_lines(outcome.output)
        if awaited:
            reason = (
                f"it ended with exit status {outcome.status} and never showed the prompt {awaited.strip()}"
            )
            raise self._failure(block, command, reason, shown)
        expected = block.exit_status if command is block.commands[-1] else 0
        ended_by_us = interrupted and expected == 0 and outcome.status == INTERRUPTED
        if outcome.status != expected and not ended_by_us:
            reason = f"exit status {outcome.status}, expected {expected}"
            raise self._failure(block, command, reason, shown)

    def _check_exit_was_met(self, block: Block) -> None:
        """Whether an exit status that the block declares was compared: a command that still runs has none."""
        shell = self._shells.get(block.terminal)
        if "exit" in block.options and shell and shell.busy:
            reason = (
                f'exit="{block.options["exit"]}" was never checked: the command still runs where the block '
                "ends; put the option on the block where it ends"
            )
            raise self._failure(block, block.commands[-1], reason, [])

    def _stopped(self, block: Block, command: Command, awaited: str, error: TerminalError) -> BlockFailure:
        details = _last_lines(error.output)
        reason = f"{error.reason}; the output so far:" if details else error.reason
        if awaited:
            details.append(f"(waited for the prompt {awaited.strip()})")
        return self._failure(block, command, reason, details)

    def _what_died(self) -> list[str]:
        """What the host says of a part of it that died: the cause of whatever failed since."""
        try:
            if self._host:
                self._host.check()
        except Exception as cause:
            return str(cause).splitlines()
        return []

    def _check_file(self, block: Block) -> None:
        """Hold a file that the page shows against the one that a command of the page made.

        It is looked for where the shell stands that was typed into last, of those that are free. A newline at
        its end does not count.
        """
        name = block.options["title"]
        # What the fence shows, as the output of a command that is not typed: an edit puts lines there.
        shown = Command(RUNNING, (), block.line + 1, block.lines)
        free = (shell for shell in reversed(self._shells.values()) if not shell.busy)
        if (shell := next(free, None)) is None:
            reason = f"no terminal is free in which a command could have made {name}"
            raise self._failure(block, shown, reason, _how_to_make(block))
        try:
            outcome = shell.terminal.run(read_file(name), timeout=self.default_timeout)
        except TerminalError as error:
            raise self._stopped(block, shown, "", error) from error
        if outcome.status != 0:
            reason = f"the page shows {name}, and no command above has made it"
            raise self._failure(block, shown, reason, [*_last_lines(outcome.output), *_how_to_make(block)])
        try:
            made = base64.b64decode(outcome.output).decode("utf-8").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise self._failure(block, shown, f"{name} is no UTF-8 text: {error}", []) from error
        if made == list(block.lines):
            return
        if not self.rewrite:
            diff = difflib.ndiff(block.lines, made)
            reason = f"{name} is not what the page shows"
            raise self._failure(block, shown, reason, [row for row in diff if row[0] in "-+"], differs=True)
        self.edits.append(Edit(block, shown, tuple(made)))

    def _start_host(self) -> Host:
        if self._host is None:
            self._host = self.start_host()
            self._at_start = self._host.objects()
        return self._host

    def _shell(self, block: Block, command: Command) -> _Shell:
        if block.terminal not in self._shells:
            try:
                terminal = self.open_terminal(self._start_host().enter(*shell_argv()))
            except TerminalError as error:
                raise self._stopped(block, command, "", error) from error
            self._shells[block.terminal] = _Shell(terminal)
        # The one that was typed into last comes last.
        shell = self._shells[block.terminal] = self._shells.pop(block.terminal)
        return shell

    @cached_property
    def _following(self) -> dict[int, Command]:
        """For each command, by its identity, the one that the page types next into the same terminal."""
        typed: dict[int, Command] = {}
        next_ones: dict[int, Command] = {}
        for block, command in session_commands(self.blocks):
            if self.runs(block):
                if before := typed.get(block.terminal):
                    next_ones[id(before)] = command
                typed[block.terminal] = command
        return next_ones

    def _failure(
        self, block: Block, command: Command, reason: str, details: Sequence[str], *, differs: bool = False
    ) -> BlockFailure:
        shown = "\n".join([*command.lines, *command.output])
        samples = [
            f"where {binding.sample} is {binding.actual} ({binding.place})"
            for binding in self.bindings.in_force(shown)
        ]
        return BlockFailure(
            block.path,
            command.line,
            f"{reason} ({self.engine})",
            typed_lines(command),
            [*details, *samples],
            differs,
        )


def typed_lines(command: Command) -> list[str]:
    """A command as the page shows it, with its prompts; nothing of one that was not typed."""
    first, *more = command.lines or ("",)
    return [f"{command.prompt}{first}".rstrip(), *(f"> {line}" for line in more)] if command.prompt else []


def _name(entry: str) -> str:
    """What a page calls an object: nobody knows a record of the build cache by its name."""
    return BUILD_CACHE if entry.startswith(f"{BUILD_CACHE} ") else entry


def _left(start: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """What is there now and was not at the start; of a directory that is new, not each file."""
    new = {entry for entry in now if entry not in start}
    for entry in new:
        kind_of_file, _, path = entry.partition(" ")
        above = (f"{kind_of_file} {parent}" for parent in PurePosixPath(path).parents)
        if kind_of_file == "file" and any(parent in new for parent in above):
            continue
        # A host's own image lost its name to the page's clean-up, and a container still needs it.
        if entry.startswith("untagged image ") and now[entry] in start.values():
            continue
        yield _name(entry)


def _parse_data(block: Block) -> None:
    """Parse a block of data; what does not parse is a failure with its line."""
    try:
        if block.language == "json":
            json.loads(block.source)
        elif block.language == "toml":
            tomllib.loads(block.source)
        else:
            yaml.safe_load(block.source)
    except json.JSONDecodeError as error:
        raise BlockFailure(block.path, block.line + error.lineno, f"no JSON: {error.msg}") from error
    except tomllib.TOMLDecodeError as error:
        raise BlockFailure(block.path, block.line, f"no TOML: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BlockFailure(block.path, block.line + line, f"no YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = block.source.count("\n", 0, error.position) + 1
        reason = f"no YAML: a character that it does not allow, U+{error.character:04X}"
        raise BlockFailure(block.path, block.line + line, reason) from error
    except (yaml.YAMLError, ValueError) as error:
        raise BlockFailure(block.path, block.line, f"no YAML: {error}") from error


def _how_to_make(block: Block) -> list[str]:
    """The command that makes the file that a fence shows, as a page has it above the fence."""
    title = block.options["title"]
    folder = PurePosixPath(title).parent.as_posix()
    return [
        "make it in a console block above:",
        *([] if folder == "." else [f"$ mkdir -p {folder}"]),
        f"$ cat > {title} <<'EOF'",
        *(f"> {line}".rstrip() for line in [*block.lines, "EOF"]),
    ]


def _pattern_of(awaited: str) -> re.Pattern[str] | None:
    """The pattern of a prompt that is waited for, where one is."""
    return pattern_of_prompt(awaited).regex if awaited else None


def _last_lines(output: str) -> list[str]:
    lines = output.rstrip().split("\n") if output.strip() else []
    return ["...", *lines[-SHOWN_LINES:]] if len(lines) > SHOWN_LINES else lines
