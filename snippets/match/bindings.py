"""Samples are variables: what each sample of a page stands for, and what contradicts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from snippets.match.tokens import TOKEN_TYPES, TokenType, pids_of_command, tokens_of

_BEGINNING_OF_ID = re.compile(r"(?<!\w)(?:sha256:)?(?:(?=\d*[a-f])[0-9a-f]{4,64}|\d{12,64})(?!\w)")
"""What may be the beginning of an ID in a command. Few digits are a number there: a port, a size."""

_ID = "ID"
"""The family of IDs and digests, whose beginning is as good as the whole."""

_NEVER_BY_ACCIDENT = {_ID, "UUID", "MAC address", "IP address", "generated name"}
"""The families of which no value comes that a command has chosen for something else, as a PID may."""


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
        literals: what the page's own commands chose, by type; it stands for itself.
        types: the types of volatile tokens that the page knows.
    """

    known: Mapping[tuple[str, str], Binding] = field(default_factory=dict)
    literals: frozenset[tuple[str, str]] = frozenset()
    types: tuple[TokenType, ...] = TOKEN_TYPES

    def bind(self, token: TokenType, sample: str, actual: str, place: str) -> Bindings | Conflict:
        """Learn that a sample stands for a value, or say what contradicts it.

        A short ID is the beginning of its long one, with or without `sha256:`.
        """
        family, short_sample, short_actual = _family(token), _bare(sample), _bare(actual)
        for kind, chosen in self.literals if short_sample != short_actual else ():
            if kind == family and _same(family, chosen, short_sample):
                return Conflict(sample, actual, f"{sample} is the page's own name, the output has {actual}")
            if kind == family and family in _NEVER_BY_ACCIDENT and _same(family, chosen, short_actual):
                return Conflict(
                    sample, actual, f"{actual} is the page's own name, here the page shows {sample}"
                )
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

    def bind_all(self, samples: Iterable[tuple[TokenType, str, str]], place: str) -> Bindings | Conflict:
        """Learn what the samples of a line stand for, given as type, sample and actual value."""
        known = self
        for token, sample, actual in samples:
            if token.names_a_thing:
                result = known.bind(token, sample, actual, place)
                if isinstance(result, Conflict):
                    return result
                known = result
        return known

    def with_command(self, text: str) -> Bindings:
        """Learn the words of a command: a name that it gives is no sample."""
        words = {
            (_family(token.type), _bare(text[token.start : token.end]))
            for token in tokens_of(text, (), self.types)
            if token.type.names_a_thing
        }
        chosen = {(family, word) for family, word in words if self._actual_of(family, word) is None}
        return replace(self, literals=self.literals | chosen) if chosen else self

    def substitute(self, text: str) -> str:
        """The text with every known sample replaced by what it stands for.

        The beginning of an ID, as one types it, is replaced by the beginning of the real one; a PID only
        where a number is one.
        """
        spans = [
            (token.start, token.end, _family(token.type))
            for token in (*tokens_of(text, (), self.types), *pids_of_command(text))
        ]
        for found in _BEGINNING_OF_ID.finditer(text):
            if all(found.end() <= start or end <= found.start() for start, end, _ in spans):
                spans.append((*found.span(), _ID))
        parts, at = [], 0
        for start, end, family in sorted(spans):
            bare = _bare(text[start:end])
            actual = self._actual_of(family, bare)
            if actual is not None and start >= at:
                parts += [text[at : end - len(bare)], actual]
                at = end
        return "".join([*parts, text[at:]])

    def sample_of(self, token: TokenType, actual: str) -> str | None:
        """The sample that stands for a real value, cut to its length; None when the page shows none yet."""
        family, bare = _family(token), _bare(actual)
        for binding in self.known.values():
            cut = binding.sample[: len(bare)] if family == _ID else binding.sample
            begins = binding.actual.startswith(bare) and len(cut) == len(bare)
            if binding.type == family and (begins if family == _ID else binding.actual == bare):
                return actual[: len(actual) - len(bare)] + cut
        return None

    def _actual_of(self, family: str, sample: str) -> str | None:
        """What a sample, or the beginning of an ID, stands for; None when the page has not shown it."""
        for binding in self.known.values():
            if binding.type != family:
                continue
            if binding.sample == sample:
                return binding.actual
            if family == _ID and len(sample) >= 4 and binding.sample.startswith(sample):
                return binding.actual[: len(sample)]
        return None

    def in_force(self, text: str) -> list[Binding]:
        """The bindings whose samples occur in a text, the whole or its beginning."""
        return [binding for binding in self.known.values() if binding.sample[:12] in text]


def _family(token: TokenType) -> str:
    """Digests and IDs are one family: a short image ID is the beginning of its digest."""
    return _ID if token.name in (_ID, "digest") else token.name


def _bare(value: str) -> str:
    return value.removeprefix("sha256:")


def _same(family: str, one: str, other: str) -> bool:
    if family != _ID:
        return one == other
    return one.startswith(other) or other.startswith(one)
