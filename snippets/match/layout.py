"""Expected entries laid over actual ones: the lines of an output, the elements and members of JSON.

Whether entries fit by their types alone is told in polynomial time. The samples of those that do are then
tried one way after another, and the number of tries has a bound.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Generic, Protocol, TypeVar

from snippets.match.bindings import Bindings, Conflict
from snippets.match.tokens import TokenType

Shown = TypeVar("Shown")
Came = TypeVar("Came")
State = TypeVar("State")
ShownIn = TypeVar("ShownIn", contravariant=True)
CameIn = TypeVar("CameIn", contravariant=True)

TRIES = 20_000
"""How many lines or JSON scalars are tried for an output, and one more for each of its characters.

Those without samples are not counted: they end no way of reading it.
"""

TRIES_AHEAD = 100
"""How many are tried to tell whether an entry can be laid at all."""


class TooManyTriesError(Exception):
    """So many ways to read an output were tried that no more will be."""


@dataclass(frozen=True)
class Reading:
    """A way to read the entries laid so far.

    Attributes:
        bindings: what the samples stand for then.
        laid: how many lines or JSON scalars were laid.
    """

    bindings: Bindings
    laid: int = 0


@dataclass
class Search:
    """A search for a way to read an output.

    Attributes:
        place: where the expected output stands, for bindings.
        tries: how many more lines or scalars with samples may be tried.
        conflict: what contradicted the way that got furthest.
    """

    place: str
    tries: int = TRIES
    conflict: Conflict | None = None
    _furthest: float = field(default=-1, init=False)

    def may_have(self, readings: Iterator[Reading]) -> bool:
        """Whether there is a reading, as far as a few tries tell; nothing of it is noted for the search."""
        if self._furthest == inf:  # within another look ahead, which has its own number of tries
            return any(True for _ in readings)
        before = self._furthest, self.tries
        self._furthest, self.tries = inf, TRIES_AHEAD
        try:
            return any(True for _ in readings)
        except TooManyTriesError:
            return True
        finally:
            self._furthest, self.tries = before

    def learn(self, samples: Sequence[tuple[TokenType, str, str]], reading: Reading) -> Reading | None:
        """The reading with one more line or scalar laid, or None where its samples contradict it.

        Args:
            samples: its volatile tokens, as for `Bindings.bind_all`.
            reading: what was laid before.

        Raises:
            TooManyTriesError: so many were tried that no more will be.
        """
        if any(token.names_a_thing for token, _, _ in samples):
            if self.tries <= 0:
                raise TooManyTriesError
            self.tries -= 1
        result = reading.bindings.bind_all(samples, self.place)
        if isinstance(result, Bindings):
            return Reading(result, reading.laid + 1)
        if reading.laid > self._furthest:
            self.conflict, self._furthest = result, reading.laid
        return None


class Rules(Protocol[ShownIn, CameIn]):
    """How the entries of one kind of output are held against each other."""

    def is_gap(self, shown: ShownIn) -> bool:
        """Whether an expected entry stands for any number of actual ones."""

    def fits(self, shown: ShownIn, came: CameIn) -> bool:
        """Whether an actual entry is what is expected, whatever the samples stand for."""

    def readings(self, shown: ShownIn, came: CameIn, reading: Reading) -> Iterator[Reading]:
        """Every way to read an actual entry that fits, after what was laid before."""

    def samples(self, shown: ShownIn) -> frozenset[str]:
        """The samples that an expected entry uses."""


@dataclass
class Layout(Generic[Shown, Came]):
    """Expected entries and the actual ones that they are to be laid over.

    Attributes:
        shown: the expected entries, some of them gaps.
        came: the actual entries.
        rules: how two of them are held against each other.
        search: what is tried and what contradicts it.
        any_order: whether the actual entries may come in any order.
    """

    shown: Sequence[Shown]
    came: Sequence[Came]
    rules: Rules[Shown, Came]
    search: Search
    any_order: bool = False

    def fits(self) -> bool:
        """Whether the entries can be laid, whatever their samples stand for."""
        if self.any_order:
            return self._counts_fit() and None not in _assigned(self._fitting)
        return self._ends is not None

    def readings(self, reading: Reading) -> Iterator[Reading]:
        """Every way to lay the entries, the leftmost first; none where they do not fit.

        Raises:
            TooManyTriesError: by the search that the rules use.
        """
        return self._in_any_order(reading) if self.any_order else self._in_order(reading)

    def left_over(self) -> tuple[list[Shown], list[Came]]:
        """The expected and the actual entries that find no partner when, in any order, as many as can do."""
        given = _assigned(self._fitting)
        return (
            [entry for entry, number in zip(self._wanted, given, strict=True) if number is None],
            [entry for number, entry in enumerate(self.came) if number not in given],
        )

    @cached_property
    def _segments(self) -> list[list[Shown]]:
        """The entries before, between and behind the gaps; gaps that follow each other are one."""
        segments: list[list[Shown]] = [[]]
        for entry in self.shown:
            if not self.rules.is_gap(entry):
                segments[-1].append(entry)
            elif segments[-1] or len(segments) == 1:
                segments.append([])
        return segments

    def _fits_at(self, segment: Sequence[Shown], at: int) -> bool:
        return all(self.rules.fits(entry, self.came[at + offset]) for offset, entry in enumerate(segment))

    @cached_property
    def _ends(self) -> list[int] | None:
        """For each segment between two gaps the last place where it can begin; None where one fits nowhere.

        The first and the last segment have one place each. When each one between them is put as far right as
        it goes, the ones before it have all the room that there can be.
        """
        head, *middle = self._segments
        if not middle:
            return [] if len(head) == len(self.came) and self._fits_at(head, 0) else None
        tail = middle.pop()
        end = len(self.came) - len(tail)
        if end < len(head) or not self._fits_at(head, 0) or not self._fits_at(tail, end):
            return None
        ends = []
        for segment in reversed(middle):
            places = range(end - len(segment), len(head) - 1, -1)
            found = next((at for at in places if self._fits_at(segment, at)), None)
            if found is None:
                return None
            ends.append(found)
            end = found
        return ends[::-1]

    def _in_order(self, reading: Reading) -> Iterator[Reading]:
        ends = self._ends
        if ends is None:
            return
        head, *middle = self._segments
        tail = middle.pop() if middle else []
        fixed = [
            *zip(head, self.came, strict=False),
            *zip(tail, self.came[len(self.came) - len(tail) :], strict=True),
        ]
        # What has one place alone is laid first, as nothing else can be tried for it.
        first = ((learned, len(head)) for learned in self._laid(fixed, reading))
        # What was tried from a place on holds for every later place with the same knowledge. Bindings are
        # kept, not copied, where nothing was learned.
        tried: dict[tuple[int, int], tuple[int, Bindings]] = {}

        def placed(number: int, state: tuple[Reading, int]) -> Iterator[tuple[Reading, int]]:
            learned, start = state
            key = (number, id(learned.bindings))
            if key in tried and start >= tried[key][0]:
                return iter(())
            tried[key] = (start, learned.bindings)
            return self._placed(middle[number], start, ends[number], learned)

        for learned, _ in _choices(first, len(middle), placed):
            yield learned

    def _placed(
        self, segment: Sequence[Shown], start: int, end: int, reading: Reading
    ) -> Iterator[tuple[Reading, int]]:
        for at in range(start, end + 1):
            if self._fits_at(segment, at):
                pairs = list(zip(segment, self.came[at : at + len(segment)], strict=True))
                yield from ((learned, at + len(segment)) for learned in self._laid(pairs, reading))

    def _laid(self, pairs: Sequence[tuple[Shown, Came]], reading: Reading) -> Iterator[Reading]:
        """Every way to read pairs of entries that fit, one after another."""
        return _choices(
            iter([reading]), len(pairs), lambda number, learned: self.rules.readings(*pairs[number], learned)
        )

    @cached_property
    def _wanted(self) -> list[Shown]:
        return [entry for entry in self.shown if not self.rules.is_gap(entry)]

    def _counts_fit(self) -> bool:
        """Without a gap no actual entry may be left over."""
        wanted, came = len(self._wanted), len(self.came)
        return wanted == came or (wanted < came and wanted < len(self.shown))

    @cached_property
    def _fitting(self) -> list[list[int]]:
        """For each expected entry the numbers of the actual ones that fit it."""
        return [
            [number for number, entry in enumerate(self.came) if self.rules.fits(wanted, entry)]
            for wanted in self._wanted
        ]

    def _in_any_order(self, reading: Reading) -> Iterator[Reading]:
        if not self._counts_fit():
            return
        wanted = self._wanted
        possible = self._possible(reading)
        if None in (given := _assigned(possible)):
            self._note_left_over(given, reading)
            return
        order = _most_constrained_first(possible, [self.rules.samples(entry) for entry in wanted])

        # Beside what was laid each step keeps a number for every entry that is not laid yet, so that only a
        # contradiction ends it.
        def laid_next(
            laid: int, state: tuple[Reading, list[int | None]]
        ) -> Iterator[tuple[Reading, list[int | None]]]:
            learned, given = state
            taken = {given[entry] for entry in order[:laid]}
            return self._given(order[laid], possible, given, taken, learned)

        for learned, _ in _choices(iter([(reading, given)]), len(order), laid_next):
            yield learned

    def _given(
        self,
        entry: int,
        possible: Sequence[Sequence[int]],
        given: Sequence[int | None],
        taken: Collection[int | None],
        reading: Reading,
    ) -> Iterator[tuple[Reading, list[int | None]]]:
        """Every way to lay an entry that leaves numbers for all others, and what has which number then."""
        for number in possible[entry]:
            if number in taken:
                continue
            moved = [None if other == number else other for other in given]
            moved[entry] = number
            displaced = next((i for i, other in enumerate(given) if other == number and i != entry), None)
            if displaced is None or _augment(possible, moved, displaced, {*taken, number}):
                for learned in self.rules.readings(self._wanted[entry], self.came[number], reading):
                    yield learned, moved

    def _possible(self, reading: Reading) -> list[list[int]]:
        """For each expected entry the numbers of those that fit it and that nothing known excludes."""
        return [
            [
                number
                for number in numbers
                # What names nothing is excluded by nothing.
                if not self.rules.samples(entry)
                or self.search.may_have(self.rules.readings(entry, self.came[number], reading))
            ]
            for entry, numbers in zip(self._wanted, self._fitting, strict=True)
        ]

    def _note_left_over(self, given: Sequence[int | None], reading: Reading) -> None:
        """Note what contradicts that an entry without an actual one takes one of those left over."""
        left_over = [entry for number, entry in enumerate(self.came) if number not in given]
        for wanted, number in zip(self._wanted, given, strict=True):
            for entry in [*left_over, *self.came] if number is None else ():
                if self.rules.fits(wanted, entry):
                    deque(self.rules.readings(wanted, entry, reading), maxlen=0)


def _choices(
    first: Iterator[State], depth: int, deeper: Callable[[int, State], Iterator[State]]
) -> Iterator[State]:
    """Every state that is some choices deep, depth first; without recursion, as outputs are long.

    Args:
        first: the states before the first choice.
        depth: how many choices there are.
        deeper: the states that a choice, by its number, leads to from a state.
    """
    stack = [first]
    while stack:
        state = next(stack[-1], None)
        if state is None:
            stack.pop()
        elif len(stack) > depth:
            yield state
        else:
            stack.append(deeper(len(stack) - 1, state))


def _assigned(possible: Sequence[Sequence[int]]) -> list[int | None]:
    """A number of its own for each entry, of those that it can take; None for as few entries as possible.

    A maximum matching in a bipartite graph, by augmenting paths.
    """
    given: list[int | None] = [None] * len(possible)
    for entry in range(len(possible)):
        _augment(possible, given, entry, ())
    return given


def _augment(
    possible: Sequence[Sequence[int]], given: list[int | None], root: int, barred: Collection[int | None]
) -> bool:
    """Give an entry that has no number one of its own, where others can move for it to numbers not barred."""
    holder = {number: entry for entry, number in enumerate(given) if number is not None}
    came_from: dict[int, int] = {}
    queue = deque([root])
    while queue:
        entry = queue.popleft()
        fresh = [number for number in possible[entry] if number not in came_from and number not in barred]
        came_from.update(dict.fromkeys(fresh, entry))
        end: int | None = next((number for number in fresh if number not in holder), None)
        if end is None:
            queue.extend(holder[number] for number in fresh)
            continue
        while end is not None:
            entry = came_from[end]
            given[entry], end = end, given[entry]
        return True
    return False


def _most_constrained_first(
    possible: Sequence[Sequence[int]], samples: Sequence[frozenset[str]]
) -> list[int]:
    """The order in which to try entries, so that what cannot be is found out soon.

    Those that share samples with entries tried before come next, else those that can take the fewest.
    """
    users = Counter(sample for used in samples for sample in used)
    shared = [sum(users[sample] - 1 for sample in used) for used in samples]
    left, order = set(range(len(possible))), []
    tried: set[str] = set()
    while left:
        entry = min(left, key=lambda i: (tried.isdisjoint(samples[i]), len(possible[i]), -shared[i], i))
        left.remove(entry)
        order.append(entry)
        tried |= samples[entry]
    return order
