"""Samples are variables: what each sample of a page stands for, and what contradicts it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from snippets.match.tokens import TOKEN_TYPES, TokenType, tokens_of

_HEX = re.compile(r"(?<![\w])(?:sha256:)?[0-9a-f]{4,64}(?!\w)")


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
        types: the types of volatile tokens that the page knows.
    """

    known: Mapping[tuple[str, str], Binding] = field(default_factory=dict)
    literals: frozenset[str] = frozenset()
    types: tuple[TokenType, ...] = TOKEN_TYPES

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
        named = (token for token in tokens_of(text, (), self.types) if token.type.names_a_thing)
        words = {word for token in named if not self._is_sample(word := text[token.start : token.end])}
        return replace(self, literals=self.literals | words) if words else self

    def substitute(self, text: str) -> str:
        """The text with every known sample replaced by what it stands for.

        The beginning of an ID, as one types it, is replaced by the beginning of the real one.
        """
        for token in reversed(list(tokens_of(text, (), self.types))):
            text = text[: token.start] + self._actual_of(text[token.start : token.end]) + text[token.end :]
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

    def _is_sample(self, word: str) -> bool:
        """Whether the page has shown a word, or a longer ID that begins with it."""
        return any(binding.sample.startswith(_bare(word)) for binding in self.known.values())

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

    def in_force(self, text: str) -> list[Binding]:
        """The bindings whose samples occur in a text, the whole or its beginning."""
        return [binding for binding in self.known.values() if binding.sample[:12] in text]


def _family(token: TokenType) -> str:
    """Digests and IDs are one family: a short image ID is the beginning of its digest."""
    return "ID" if token.name in ("ID", "digest") else token.name


def _bare(value: str) -> str:
    return value.removeprefix("sha256:")


def _same(family: str, one: str, other: str) -> bool:
    if family != "ID":
        return one == other
    return one.startswith(other) or other.startswith(one)
