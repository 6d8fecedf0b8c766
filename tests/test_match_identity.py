"""What names a thing keeps its meaning over a page, whatever its type."""

import pytest

from snippets.match import compare
from snippets.match.bindings import Bindings
from snippets.match.tokens import TOKEN_TYPES

# For each type lines with a value of it: two of the page and two that came.
IDENTITIES = {
    "digest": ("{}", [f"sha256:{character * 64}" for character in "abcd"]),
    "UUID": ("id {}", [f"f0aef4a4-5a4f-4ef4-a5c1-2f1c5d6ab9f{digit}" for digit in range(4)]),
    "ID": ("{}   x", [character * 12 for character in "abcd"]),
    "MAC address": ("link/ether {}", [f"02:42:ac:11:00:0{digit}" for digit in range(4)]),
    "IP address": ("{}/16", [f"172.17.0.{digit}" for digit in range(2, 6)]),
    "published port": ("0.0.0.0:{}->80/tcp", ["32768", "32769", "49153", "49154"]),
    "PID": ('"Pid": {},', ["364", "365", "2048", "2049"]),
    "generated name": ("/{}", ["bold_bell", "sweet_euler", "happy_tu", "zen_wu"]),
}  # fmt: skip

each = pytest.mark.parametrize(("line", "values"), IDENTITIES.values(), ids=IDENTITIES)


def test_all_types_that_name_a_thing_are_here() -> None:
    assert set(IDENTITIES) == {token.name for token in TOKEN_TYPES if token.names_a_thing}


@each
def test_one_sample_has_one_meaning(line: str, values: list[str]) -> None:
    sample, _, real, other = (line.format(value) for value in values)
    known = compare([sample], [real], Bindings(), "page.md:3").bindings
    assert compare([sample], [real], known, "page.md:9").ok
    again = compare([sample], [other], known, "page.md:9")
    assert not again.ok
    assert again.conflict is not None
    assert "since page.md:3" in again.conflict.reason


@each
def test_two_samples_have_two_meanings(line: str, values: list[str]) -> None:
    sample, second, real, other = (line.format(value) for value in values)
    known = compare([sample], [real], Bindings(), "page.md:3").bindings
    assert compare([second], [other], known, "page.md:9").ok
    again = compare([second], [real], known, "page.md:9")
    assert not again.ok
    assert again.conflict is not None
    assert "in page.md:3" in again.conflict.reason


@each
def test_a_sample_has_one_meaning_within_an_output(line: str, values: list[str]) -> None:
    sample, second, real, other = (line.format(value) for value in values)
    assert compare([sample, second, sample], [real, other, real], Bindings(), "page.md:3").ok
    assert not compare([sample, second, sample], [real, other, other], Bindings(), "page.md:3").ok
    assert not compare([sample, second], [real, real], Bindings(), "page.md:3").ok


def test_a_pid_in_a_table_is_the_one_in_json() -> None:
    known = compare(['"Pid": 364'], ['"Pid": 77'], Bindings(), "page.md:3").bindings
    assert compare(["PID CMD", "364 x"], ["PID CMD", "77 x"], known, "page.md:9").ok
    assert not compare(["PID CMD", "364 x"], ["PID CMD", "78 x"], known, "page.md:9").ok
    assert not compare(["PID CMD", "365 x"], ["PID CMD", "77 x"], known, "page.md:9").ok
