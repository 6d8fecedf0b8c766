"""A run of a page that goes on after an output that differs, and notes every difference.

It's the run that rewrites a page. There, too, an output that differs is taken over, and its samples are
bound to what came. Here nothing is written: the edits are the differences.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from snippets.block import Block
from snippets.match import differences as diff_of
from snippets.rewrite import Edit
from snippets.verify import BlockFailure, NotRunError, PageRun, typed_lines


@dataclass(frozen=True)
class Difference:
    """What a command did otherwise than the page says.

    Attributes:
        page: the page.
        line: the page's 1-based line of the command.
        command: what was typed, line by line as the page shows it.
        reason: what is wrong, in one sentence.
        expected: the output that the page shows.
        actual: what came, with the page's samples where they still hold.
    """

    page: str
    line: int
    command: tuple[str, ...]
    reason: str
    expected: tuple[str, ...]
    actual: tuple[str, ...]


@dataclass
class Observation:
    """A run of a page, and what it found.

    Attributes:
        run: the run; it must be one that rewrites.
        differences: what differs, by the line of its command.
        stopped_at: the line of the failure after which nothing could be run any more, or 0.
        error: why the page could not be run at all, if so.
    """

    run: PageRun
    differences: dict[int, Difference] = field(default_factory=dict)
    stopped_at: int = 0
    error: str = ""
    _seen: list[Edit] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a run that would stop at the first difference."""
        if not self.run.rewrite:
            raise ValueError("only a run that rewrites goes on after a difference")

    def run_block(self, block: Block) -> None:
        """Run a block, and first those before it that have not run yet.

        Raises:
            BlockFailure: something differs; what follows can be run still, unless `stopped_at` is set.
            NotRunError: a failure before had stopped the page.
            Exception: whatever the host raises.
        """
        try:
            self.run.run_block(block)
        except BlockFailure as failure:
            self._note_failure(failure)
            raise
        except NotRunError:
            raise
        except Exception as error:
            self.error = self.error or str(error)
            raise
        finally:
            found = self._note_edits()
        if found:
            first, *more = found
            raise first.with_details([line for failure in more for line in failure.report().splitlines()])

    def check_leftovers(self) -> None:
        """Run what hasn't run yet, then compare what's left on the host with its start.

        Raises as `run_block` does.
        """
        self.run_block(self.run.blocks[-1])
        try:
            self.run.check_leftovers()
        except BlockFailure as failure:
            self._note_failure(failure)
            raise

    def run_all(self) -> None:
        """Run the whole page; what is found is noted and not raised. The host is stopped.

        Raises:
            Exception: whatever the host raises.
        """
        try:
            for block in self.run.blocks:
                self._quietly(block)
            self._quietly(None)
        finally:
            self.run.close()

    def knows(self, line: int) -> bool:
        """Whether the command at a line was run and its output compared."""
        return not self.error and (line in self.differences or not self.stopped_at or line < self.stopped_at)

    def _quietly(self, block: Block | None) -> None:
        try:
            if block:
                self.run_block(block)
            else:
                self.check_leftovers()
        except (BlockFailure, NotRunError):
            return

    def _note_failure(self, failure: BlockFailure) -> None:
        commands = [command for block in self.run.blocks for command in block.commands]
        shown = next((command.output for command in commands if command.line == failure.line), ())
        self.stopped_at = failure.line
        self._note(failure, shown if failure.differs else (), failure.details)

    def _note_edits(self) -> list[BlockFailure]:
        """Note the edits that came since; each as the failure that it is."""
        # By identity, and not by number: a command that keeps running takes its edit back when more comes.
        new = [edit for edit in self.run.edits if not any(edit is old for old in self._seen)]
        self._seen += new
        failures = []
        for edit in new:
            failure = self._failure_of(edit)
            self._note(failure, edit.command.output, edit.lines)
            failures.append(failure)
        return failures

    def _failure_of(self, edit: Edit) -> BlockFailure:
        block, command = edit.block, edit.command
        types = self.run.bindings.types
        return BlockFailure(
            block.path,
            command.line,
            f"the output is not what the page shows ({self.run.engine})",
            typed_lines(command),
            diff_of(command.output, edit.lines, types, any_order=block.any_order),
        )

    def _note(self, failure: BlockFailure, expected: tuple[str, ...], actual: tuple[str, ...]) -> None:
        self.differences[failure.line] = Difference(
            failure.path, failure.line, failure.command, failure.reason, expected, actual
        )
