"""Expected output against actual output: volatile tokens match by type, and samples are variables.

A page shows sample values. A token such as an ID, a size or a time matches any token of the same type. The
tokens that name a thing (IDs, digests, generated names, addresses, PIDs) must also keep their meaning over
the whole page: one sample stands for one real value, two samples stand for two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

ELLIPSIS = "..."
"""On a line of its own it stands for any lines, inside a line for any text."""


@dataclass(frozen=True)
class TokenType:
    """A type of volatile token.

    Attributes:
        name: how reports call it.
        pattern: what it looks like, with the look-arounds that keep it apart from its surroundings.
        names_a_thing: whether the same sample must always stand for the same real value.
    """

    name: str
    pattern: str
    names_a_thing: bool = False


_UNIT = r"(?:[kKMGT]i?B|B|[KMGT])"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
_AGE = r"(?:Less than a second|About an? (?:minute|hour)|\d+ (?:second|minute|hour|day|week|month|year)s?)"

TOKEN_TYPES = (
    TokenType("digest", r"(?<!\w)sha256:[0-9a-f]{7,64}(?!\w)", True),
    TokenType("UUID", r"(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)", True),
    TokenType("ID", r"(?<!\w)(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{12})(?!\w)", True),
    TokenType("MAC address", r"(?<![\w:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:])", True),
    TokenType(
        "time",
        # The zero time says "never" and is no sample.
        r"(?!0001-01-01T)(?<![\w-])(?:"
        rf"\d{{4}}-\d\d-\d\d(?:[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?(?: [A-Z]{{3,4}})?)?"
        rf"|{_DAY},? (?:{_MONTH} +\d+|\d+ {_MONTH})(?: \d{{4}})? {_CLOCK}(?: [A-Z]{{3}})?(?: \d{{4}})?"
        rf"|{_CLOCK})(?![\w:-])",
    ),
    TokenType("age", rf"(?<!\w){_AGE} ago(?!\w)"),
    TokenType("span of time", rf"(?<!\w){_AGE}(?! ago)(?!\w)"),
    # Loopback, any-address and masks are the same everywhere.
    TokenType("IP address", r"(?<![\w.])(?!0\.0\.0\.0|127\.|255\.)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", True),
    TokenType(
        "version",
        r"(?<![\w.:-])(?!\d+(?:\.\d+){3}(?!\w))(?:v|go)?\d+\.\d+\.\d+(?:[-+~.][\w.+~-]*\w)?(?![\w.])",
    ),
    # "0B" says that there is nothing, and "0%" and "100%" say none and all.
    TokenType("size", rf"(?<![\w.])(?!0{_UNIT})\d+(?:\.\d+)?{_UNIT}(?!\w)"),
    TokenType("percentage", r"(?<![\w.])(?!(?:0|100)%)\d+(?:\.\d+)?%"),
    TokenType("duration", r"(?<![\w.])(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|µs|us|ms|s)(?!\w)"),
    TokenType(
        "published port", r"(?<=:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4})(?=->)", True
    ),
    TokenType("PID", r'(?:(?<="Pid": )|(?<="Pid":))[1-9]\d*', True),
    TokenType("number of bytes", r'(?:(?<="Size": )|(?<="size": )|(?<="Size":)|(?<="size":))[1-9]\d*'),
    TokenType("generated name", r"(?<![\w./=-])[a-z]{3,}_[a-z]{3,}\d?(?![\w./=-])", True),
)

_PID = next(token for token in TOKEN_TYPES if token.name == "PID")
_PID_FIELD = r"[1-9]\d*"
_PID_HEADINGS = ("PID", "PPID")
_TOKEN = re.compile("|".join(f"(?P<t{index}>{token.pattern})" for index, token in enumerate(TOKEN_TYPES)))
_HEX = re.compile(r"(?<![\w])(?:sha256:)?[0-9a-f]{4,64}(?!\w)")


@dataclass(frozen=True)
class Token:
    """A volatile token in a line: its type and where it stands."""

    type: TokenType
    start: int
    end: int


@dataclass(frozen=True)
class Conflict:
    """Two places of a page that cannot both be right about a sample.

    Attributes:
        sample: the sample in the page.
        actual: what it would stand for here.
        reason: the contradiction, in one sentence that names the other place.
    """

    sample: str
    actual: str
    reason: str


@dataclass(frozen=True)
class Binding:
    """What a sample stands for, and the line of the page that said so first."""

    type: str
    sample: str
    actual: str
    place: str


@dataclass(frozen=True)
class Bindings:
    """What the samples of a page stand for; a new one is made whenever something is learned.

    Attributes:
        known: the bindings by type and sample.
        literals: words that the page's own commands chose; they stand for themselves.
    """

    known: Mapping[tuple[str, str], Binding] = field(default_factory=dict)
    literals: frozenset[str] = frozenset()

    def bind(self, token: TokenType, sample: str, actual: str, place: str) -> Bindings | Conflict:
        """Learn that a sample stands for a value, or say what contradicts it.

        A short ID is the beginning of its long one, with or without `sha256:`.
        """
        if sample in self.literals:
            if sample == actual:
                return self
            return Conflict(sample, actual, f"{sample} is the page's own name, the output has {actual}")
        family, short_sample, short_actual = _family(token), _bare(sample), _bare(actual)
        known = self.known.get((family, short_sample))
        if known and known.actual == short_actual:
            return self
        for other in self.known.values():
            if other.type != family:
                continue
            same_sample = _same(family, other.sample, short_sample)
            same_actual = _same(family, other.actual, short_actual)
            if same_sample and not same_actual:
                return Conflict(
                    sample,
                    actual,
                    f"{sample} stands for {other.actual} since {other.place}, here it would be {actual}",
                )
            if same_actual and not same_sample:
                return Conflict(
                    sample,
                    actual,
                    f"{actual} is shown as {other.sample} in {other.place}, here the page shows {sample}",
                )
        binding = Binding(family, short_sample, short_actual, place)
        return replace(self, known={**self.known, (family, short_sample): binding})

    def with_command(self, text: str) -> Bindings:
        """Learn the words of a command: a name that it gives is no sample."""
        shown = {binding.sample for binding in self.known.values()}
        words = {token for token in _tokens_of(text) if token not in shown}
        return replace(self, literals=self.literals | words) if words else self

    def substitute(self, text: str) -> str:
        """The text with every known sample replaced by what it stands for.

        The beginning of an ID, as one types it, is replaced by the beginning of the real one.
        """
        text = _TOKEN.sub(lambda match: self._actual_of(match[0]), text)
        return _HEX.sub(lambda match: self._actual_of(match[0]), text)

    def sample_of(self, token: TokenType, actual: str) -> str | None:
        """The sample that stands for a real value, cut to its length; None when the page shows none yet."""
        family, bare = _family(token), _bare(actual)
        for binding in self.known.values():
            if (
                binding.type == family
                and binding.actual.startswith(bare)
                and len(binding.sample) >= len(bare)
            ):
                return actual[: len(actual) - len(bare)] + binding.sample[: len(bare)]
        return None

    def _actual_of(self, sample: str) -> str:
        bare = _bare(sample)
        for binding in self.known.values():
            if binding.sample == bare:
                return sample[: len(sample) - len(bare)] + binding.actual
            if (
                binding.type == "ID"
                and len(binding.actual) > len(bare) >= 4
                and binding.sample.startswith(bare)
            ):
                return sample[: len(sample) - len(bare)] + binding.actual[: len(bare)]
        return sample


@dataclass(frozen=True)
class Comparison:
    """The result of comparing a command's output.

    Attributes:
        ok: whether the output is what the page shows.
        bindings: what the samples stand for afterwards; as before when it is not.
        conflict: the contradiction, when every line is right on its own.
    """

    ok: bool
    bindings: Bindings
    conflict: Conflict | None = None


def compare(expected: Sequence[str], actual: Sequence[str], bindings: Bindings, place: str) -> Comparison:
    """Compare a command's output with what the page shows.

    Args:
        expected: the page's lines.
        actual: the lines that came.
        bindings: what the page's samples stand for so far.
        place: where the expected output stands, for reports of contradictions.
    """
    patterns = _patterns(expected)
    rows = [line.rstrip() for line in without_blank_end(actual)]
    for learned in _align(patterns, rows, bindings, place):
        return Comparison(True, learned)
    if any(True for _ in _align(patterns, rows, None, place)):
        return Comparison(False, bindings, _first_conflict(patterns, rows, bindings, place))
    return Comparison(False, bindings)


def differences(expected: Sequence[str], actual: Sequence[str]) -> list[str]:
    """The lines that do not match, `-` what the page shows and `+` what came, in order.

    Lines that match are left out; where some are, a line `  ...` stands for them.
    """
    patterns = _patterns(expected)[:_DIFF_LINES]
    rows = [line.rstrip() for line in without_blank_end(actual)]
    cut = len(rows) - _DIFF_LINES
    rows = rows[:_DIFF_LINES]
    kept = _longest_common(patterns, rows)
    report: list[str] = []
    at_expected = at_actual = 0
    for next_expected, next_actual in [*kept, (len(patterns), len(rows))]:
        report.extend(
            f"- {pattern.source}" for pattern in patterns[at_expected:next_expected] if not pattern.any_lines
        )
        if not any(pattern.any_lines for pattern in patterns[at_expected : next_expected + 1]):
            report.extend(f"+ {row}" for row in rows[at_actual:next_actual])
        elif any(not pattern.any_lines for pattern in patterns[at_expected:next_expected]):
            report.extend(f"+ {row}" for row in rows[at_actual:next_actual][:_DIFF_ELIDED])
        if next_expected < len(patterns) and (not report or report[-1] != "  ..."):
            report.append("  ...")
        at_expected, at_actual = next_expected + 1, next_actual + 1
    while report and report[-1] == "  ...":
        report.pop()
    if cut > 0:
        report.append(f"  ({cut} more lines came)")
    return report


_DIFF_LINES = 300
"""How many lines of each side a report compares; more would be read by nobody and take long."""

_DIFF_ELIDED = 10
"""How many actual lines a report shows where the page elides lines."""


def volatile(lines: Sequence[str]) -> list[list[Token]]:
    """The volatile tokens of each line of an output, in order."""
    return [list(_tokens(line, columns)) for line, columns in zip(lines, _pid_columns(lines), strict=True)]


def is_ellipsis(line: str) -> bool:
    """Whether a line of the page stands for any lines."""
    return line.strip() == ELLIPSIS


def without_blank_end(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the blank ones at the end, which carry nothing."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def align_lines(expected: Sequence[str], actual: Sequence[str]) -> list[tuple[int, int]]:
    """The longest list of pairs (index of an expected line, index of an actual one) that match, in order."""
    return _longest_common(_patterns(expected), actual)


def bind_line(expected: str, actual: str, bindings: Bindings, place: str) -> Bindings | Conflict:
    """Learn from one line that matches another; a line that does not match teaches nothing."""
    pattern = _compile(expected.rstrip(), ())
    match = None if pattern.any_lines else pattern.regex.fullmatch(actual)
    return _bind_line(pattern, match, bindings, place) if match else bindings


def prompt_pattern(prompt: str) -> re.Pattern[str]:
    """The pattern of a prompt of which parts may be volatile, such as `root@3f2a9c1b7d54:/#`."""
    return _compile(prompt.rstrip(), ()).regex


@dataclass(frozen=True)
class _LinePattern:
    """An expected line, ready to be held against actual ones."""

    source: str
    regex: re.Pattern[str]
    tokens: tuple[tuple[TokenType, str], ...]
    any_lines: bool = False


def _patterns(expected: Sequence[str]) -> list[_LinePattern]:
    lines = without_blank_end(expected)
    return [
        _compile(line.rstrip(), columns) for line, columns in zip(lines, _pid_columns(lines), strict=True)
    ]


@lru_cache(maxsize=10_000)
def _compile(line: str, pid_columns: tuple[int, ...]) -> _LinePattern:
    if is_ellipsis(line):
        return _LinePattern(line, re.compile(""), (), any_lines=True)
    parts: list[str] = []
    tokens: list[tuple[TokenType, str]] = []
    at = 0
    for token in _tokens(line, pid_columns):
        parts.append(_literal(line[at : token.start], at > 0, True, at == 0))
        pattern = _PID_FIELD if token.type is _PID else token.type.pattern
        parts.append(f"({pattern})")
        tokens.append((token.type, line[token.start : token.end]))
        at = token.end
    parts.append(_literal(line[at:], at > 0, False, at == 0))
    return _LinePattern(line, re.compile("".join(parts)), tuple(tokens))


def _literal(text: str, after_token: bool, before_token: bool, leading: bool) -> str:
    """A pattern for text between tokens, in which the width of columns may differ."""
    pattern = ""
    pieces = re.split(r"([ \t]+|\.\.\.)", text)
    for index, piece in enumerate(pieces):
        if piece == ELLIPSIS:
            pattern += ".*?"
        elif piece.strip() or not piece:
            pattern += re.escape(piece)
        elif pieces[index + 1] in _PID_HEADINGS:
            pattern += r"[ \t]*" if leading and not pattern else r"[ \t]+"
        elif leading and not pattern:
            pattern += r"[ \t]*" if before_token and not any(pieces[index + 1 :]) else re.escape(piece)
        elif (after_token and not pattern) or (before_token and not any(pieces[index + 1 :])):
            pattern += r"[ \t]+"
        else:
            pattern += r"[ \t]{2,}" if len(piece) > 1 else r"[ \t]"
    return pattern


def _tokens(line: str, pid_columns: tuple[int, ...]) -> Iterator[Token]:
    fields = [field for index, field in enumerate(re.finditer(r"\S+", line)) if index in pid_columns]
    pids = {
        match.start(): match for match in fields if re.fullmatch(_PID_FIELD, match[0]) and match[0] != "1"
    }
    at = 0
    while at < len(line):
        found = _TOKEN.search(line, at)
        nearest = min((start for start in pids if start >= at), default=None)
        if nearest is not None and (found is None or nearest <= found.start()):
            yield Token(_PID, nearest, pids[nearest].end())
            at = pids[nearest].end()
        elif found:
            yield Token(TOKEN_TYPES[int(str(found.lastgroup)[1:])], found.start(), found.end())
            at = found.end()
        else:
            return


def _tokens_of(text: str) -> Iterator[str]:
    for token in _tokens(text, ()):
        if token.type.names_a_thing:
            yield text[token.start : token.end]


def _pid_columns(lines: Sequence[str]) -> list[tuple[int, ...]]:
    """For each line the fields that hold PIDs, known from the nearest heading above."""
    columns: tuple[int, ...] = ()
    result: list[tuple[int, ...]] = []
    for line in lines:
        fields = line.split()
        if any(heading in fields for heading in _PID_HEADINGS):
            columns = tuple(index for index, name in enumerate(fields) if name in _PID_HEADINGS)
            result.append(())
        else:
            columns = columns if fields else ()
            result.append(columns)
    return result


def _align(
    patterns: Sequence[_LinePattern], rows: Sequence[str], bindings: Bindings | None, place: str
) -> Iterator[Bindings]:
    """Every way to lay the expected lines over the actual ones, the leftmost first.

    Without bindings only the types count. `...` lines are tried at every length, so that a sample that was
    met too early does not hide the right reading.
    """
    segments: list[list[_LinePattern]] = [[]]
    for pattern in patterns:
        if pattern.any_lines:
            segments.append([])
        else:
            segments[-1].append(pattern)

    def lay(number: int, start: int, known: Bindings | None) -> Iterator[Bindings]:
        segment = segments[number]
        last = number == len(segments) - 1
        if number == 0:
            places = range(1) if not last or len(rows) == len(segment) else range(0)
        elif last:
            first = len(rows) - len(segment)
            places = range(first, first + 1) if first >= start else range(0)
        else:
            places = range(start, len(rows) - len(segment) + 1)
        for at in places:
            learned = _lay_segment(segment, rows, at, known, place)
            if learned is None:
                continue
            if last:
                yield learned
            else:
                yield from lay(number + 1, at + len(segment), learned if known is not None else None)

    yield from lay(0, 0, bindings)


def _lay_segment(
    segment: Sequence[_LinePattern], rows: Sequence[str], at: int, known: Bindings | None, place: str
) -> Bindings | None:
    learned: Bindings = known or Bindings()
    if at + len(segment) > len(rows):
        return None
    for offset, pattern in enumerate(segment):
        match = pattern.regex.fullmatch(rows[at + offset])
        if match is None:
            return None
        if known is not None:
            result = _bind_line(pattern, match, learned, place)
            if isinstance(result, Conflict):
                return None
            learned = result
    return learned


def _bind_line(
    pattern: _LinePattern, match: re.Match[str], known: Bindings, place: str
) -> Bindings | Conflict:
    for (token, sample), actual in zip(pattern.tokens, match.groups(), strict=True):
        if token.names_a_thing:
            result = known.bind(token, sample, actual, place)
            if isinstance(result, Conflict):
                return result
            known = result
    return known


def _first_conflict(
    patterns: Sequence[_LinePattern], rows: Sequence[str], bindings: Bindings, place: str
) -> Conflict | None:
    for expected_at, actual_at in _longest_common(patterns, rows):
        pattern = patterns[expected_at]
        match = None if pattern.any_lines else pattern.regex.fullmatch(rows[actual_at])
        if match:
            result = _bind_line(pattern, match, bindings, place)
            if isinstance(result, Conflict):
                return result
            bindings = result
    return None


def _longest_common(patterns: Sequence[_LinePattern], rows: Sequence[str]) -> list[tuple[int, int]]:
    """The longest list of pairs (expected line, actual line) that match, in order on both sides."""
    height, width = len(patterns), len(rows)
    best = [[0] * (width + 1) for _ in range(height + 1)]
    equal = [
        [not pattern.any_lines and pattern.regex.fullmatch(row) is not None for row in rows]
        for pattern in patterns
    ]
    for i in range(height - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            best[i][j] = best[i + 1][j + 1] + 1 if equal[i][j] else max(best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < height and j < width:
        if equal[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _family(token: TokenType) -> str:
    """Digests and IDs are one family: a short image ID is the beginning of its digest."""
    return "ID" if token.name in ("ID", "digest") else token.name


def _bare(value: str) -> str:
    return value.removeprefix("sha256:")


def _same(family: str, one: str, other: str) -> bool:
    if family != "ID":
        return one == other
    return one.startswith(other) or other.startswith(one)
