"""Matching: types of volatile tokens, elisions, and samples that are variables over a page."""

import json

import namesgenerator
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snippets.match import compare, differences, pattern_of_prompt
from snippets.match.bindings import Bindings
from snippets.match.tokens import volatile

SAMPLE_ID, OTHER_ID, REAL_ID, OTHER_REAL = "3f2a9c1b7d54", "aaaaaaaaaaa1", "0123456789ab", "fedcba987654"


def matches(expected: str, actual: str) -> bool:
    return compare(expected.split("\n"), actual.split("\n"), Bindings(), "page.md:1").ok


def types(line: str) -> list[str]:
    return [token.type.name for token in volatile([line])[0]]


@pytest.mark.parametrize(
    ("sample", "name"),
    [
        ("3f2a9c1b7d54", "ID"),
        ("b" * 64, "ID"),
        ("9cc6dea35e9a963f281434761c656fba4ac43aed", "ID"),
        ("sha256:" + "a" * 64, "digest"),
        ("sha256:4421c7a95595", "digest"),
        ("f0aef4a4-5a4f-4ef4-a5c1-2f1c5d6ab9f0", "UUID"),
        ("02:42:ac:11:00:02", "MAC address"),
        ("172.17.0.2", "IP address"),
        ("2026-11-24T03:51:21.123456789Z", "time"),
        ("2026-11-24 03:51:21 +0000 UTC", "time"),
        ("2026-11-24T03:51:21+00:00", "time"),
        ("Tue Nov 24 03:51:21 2026", "time"),
        ("Tue, 24 Nov 2026 03:51:21 GMT", "time"),
        ("03:51", "time"),
        ("2 seconds ago", "age"),
        ("About a minute ago", "age"),
        ("Less than a second ago", "age"),
        ("3 weeks", "span of time"),
        ("Less than a second", "span of time"),
        ("28.5.2+dfsg4", "version"),
        ("6.18.44-fc-v509", "version"),
        ("go1.27.1", "version"),
        ("v2.1.9", "version"),
        ("78MB", "size"),
        ("20.5kB", "size"),
        ("23.51GiB", "size"),
        ("4.0K", "size"),
        ("49%", "percentage"),
        ("0.3s", "duration"),
        ("1m3.2s", "duration"),
        ("45.6ms", "duration"),
        ("sweet_euler", "generated name"),
        ("happy_curie7", "generated name"),
        ("sweet_tu", "generated name"),
    ],
)
def test_volatile_tokens_have_a_type(sample: str, name: str) -> None:
    assert types(f"x  {sample}  y") == [name]
    assert types(sample) == [name]


def test_every_name_that_docker_generates_is_known_as_one() -> None:
    for adjective in namesgenerator.left:
        assert types(f"{adjective}_bell") == ["generated name"], adjective
    for surname in namesgenerator.right:
        assert types(f"happy_{surname}") == ["generated name"], surname


@pytest.mark.parametrize(
    "text",
    [
        "0B",
        "0%",
        "100%",
        "0001-01-01T00:00:00Z",
        "127.0.0.1",
        "0.0.0.0:80",
        "ubuntu:22.04",
        "postgres:16.1.2",
        "Exited (0)",
        "1.51",
        "80/tcp",
        "/bin/my_own_script",
        "key=some_value",
        "deadbeef",
        "UTF8",
        '"Pid": 0',
    ],
)
def test_what_is_the_same_everywhere_is_literal(text: str) -> None:
    assert types(text) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("same", "same"),
        ("same  ", "same"),
        ("a\n\n", "a"),
        ("Up 2 seconds", "Up About a minute"),
        ("Exited (0) 1 second ago", "Exited (0) 3 minutes ago"),
        ("NAME   SIZE\nx      78MB", "NAME        SIZE\nx           1.2GB"),
        ("a   3 days ago   b", "a   About a minute ago   b"),
        ("IP 172.17.0.2/16", "IP 172.17.0.9/16"),
        ("...", ""),
        ("...", "anything\nat all"),
        ("first\n...\nlast", "first\nlast"),
        ("first\n...\nlast", "first\na\nb\nlast"),
        ("...\nlast", "last"),
        ("a ... d", "a b c d"),
        ("layers: ...", "layers: [1, 2]"),
        ("...\nb\n...\nd\n...", "a\nb\nb\nc\nd"),
        ("    PID TTY\n     12 pts/0", "  PID TTY\n 1234 pts/0"),
        ('"Pid": 4242,', '"Pid": 17,'),
        ("0.0.0.0:32768->80/tcp", "0.0.0.0:49153->80/tcp"),
    ],
)
def test_matches(expected: str, actual: str) -> None:
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("word", "other"),
        ("word", ""),
        ("", "word"),
        ("one\ntwo", "two\none"),
        ("one", "one\ntwo"),
        ("Exited (0) 1 second ago", "Exited (1) 1 second ago"),
        ("0B", "1.2kB"),
        ("1.2kB", "0B"),
        ("78MB", "3 seconds"),
        ("3 seconds ago", "3 seconds"),
        ("3 seconds", "3 seconds ago"),
        ("100%", "99%"),
        ("49%", "100%"),
        ("0001-01-01T00:00:00Z", "2026-11-24T03:51:21Z"),
        ("2026-11-24T03:51:21Z", "0001-01-01T00:00:00Z"),
        ('"Pid": 0,', '"Pid": 12,'),
        ("3f2a9c1b7d54", "sha256:3f2a9c1b7d54"),
        ("CREATED   STATUS", "CREATED   STATE"),
        ("  indented", "indented"),
        ("one word", "one  word"),
        ("a\n...\nz", "a\nb"),
        ("...\nb\n...\nd", "d\nb"),
        ("a ... d", "a b c"),
        ("172.17.0.2", "28.5.2"),
    ],
)
def test_does_not_match(expected: str, actual: str) -> None:
    assert not matches(expected, actual)


def test_a_sample_keeps_its_meaning() -> None:
    learned = compare([SAMPLE_ID], [REAL_ID], Bindings(), "page.md:3").bindings
    assert compare([SAMPLE_ID], [REAL_ID], learned, "page.md:9").ok
    again = compare([SAMPLE_ID], [OTHER_REAL], learned, "page.md:9")
    assert not again.ok
    assert again.conflict is not None
    assert again.conflict.reason == (
        f"{SAMPLE_ID} stands for {REAL_ID} since page.md:3, here it would be {OTHER_REAL}"
    )


def test_two_samples_do_not_share_a_value() -> None:
    learned = compare([SAMPLE_ID], [REAL_ID], Bindings(), "page.md:3").bindings
    twice = compare([OTHER_ID], [REAL_ID], learned, "page.md:9")
    assert twice.conflict is not None
    assert twice.conflict.reason == (
        f"{REAL_ID} is shown as {SAMPLE_ID} in page.md:3, here the page shows {OTHER_ID}"
    )


def test_a_short_id_is_the_beginning_of_its_long_one() -> None:
    long_sample, long_real = SAMPLE_ID + "0" * 52, REAL_ID + "1" * 52
    learned = compare([SAMPLE_ID], [REAL_ID], Bindings(), "page.md:3").bindings
    assert compare([f"sha256:{long_sample}"], [f"sha256:{long_real}"], learned, "page.md:4").ok
    assert not compare([f"sha256:{long_sample}"], [f"sha256:{OTHER_REAL}{'1' * 52}"], learned, "page.md:4").ok
    assert not compare([f"{OTHER_ID}{'0' * 52}"], [long_real], learned, "page.md:4").ok


def test_commands_are_run_with_the_real_value() -> None:
    learned = compare(
        [f"{SAMPLE_ID} sweet_euler"], [f"{REAL_ID} bold_bell"], Bindings(), "page.md:3"
    ).bindings
    assert learned.substitute(f"docker inspect {SAMPLE_ID} sweet_euler 3f2a") == (
        f"docker inspect {REAL_ID} bold_bell 0123"
    )
    assert learned.substitute("docker run cafe") == "docker run cafe"


def test_a_name_that_a_command_gives_stands_for_itself() -> None:
    known = Bindings().with_command("docker run --name my_web nginx")
    assert compare(["my_web"], ["my_web"], known, "page.md:1").ok
    assert not compare(["my_web"], ["bold_bell"], known, "page.md:1").ok


def test_a_sample_that_a_command_repeats_stays_a_sample() -> None:
    digest, real = f"sha256:{'a1' * 32}", f"sha256:{'b2' * 32}"
    known = compare([digest], [real], Bindings(), "page.md:1").bindings
    known = known.with_command(f"docker pull x@{digest}; docker inspect {'a1' * 6}")
    assert compare([f"{digest} {'a1' * 6}"], [f"{real} {'b2' * 6}"], known, "page.md:2").ok


def test_a_sample_met_too_early_does_not_hide_the_right_reading() -> None:
    known = compare([SAMPLE_ID], [OTHER_REAL], Bindings(), "page.md:1").bindings
    assert compare(
        ["...", f"{SAMPLE_ID} x", "..."], [f"{REAL_ID} x", f"{OTHER_REAL} x"], known, "page.md:2"
    ).ok


def test_a_failed_comparison_teaches_nothing() -> None:
    result = compare([SAMPLE_ID, "x"], [REAL_ID, "y"], Bindings(), "page.md:1")
    assert (result.ok, result.bindings) == (False, Bindings())


def test_differences_are_only_what_does_not_match() -> None:
    expected = ["head", "one  1MB", "two", "tail"]
    actual = ["head", "one  2MB", "zwei", "drei", "tail", ""]
    assert differences(expected, actual) == ["  ...", "- two", "+ zwei", "+ drei"]


def test_differences_do_not_report_what_the_page_elides() -> None:
    assert differences(["a", "...", "z"], ["a", "b", "c", "y"]) == ["  ...", "- z", "+ b", "+ c", "+ y"]
    assert differences(["a", "..."], ["x", "b"]) == ["- a", "+ x", "+ b"]


def test_a_prompt_may_hold_an_id() -> None:
    prompt = pattern_of_prompt("root@3f2a9c1b7d54:/# ").regex
    assert prompt.fullmatch("root@0123456789ab:/#")
    assert not prompt.fullmatch("root@0123456789ab:/tmp#")


_IDS = st.text(alphabet="0123456789abcdef", min_size=12, max_size=12)


@given(mapping=st.dictionaries(_IDS, _IDS, min_size=1, max_size=8), order=st.data())
def test_unification_finds_exactly_the_consistent_pages(
    mapping: dict[str, str], order: st.DataObject
) -> None:
    """A page is consistent when its samples and the real values are one to one."""
    samples = order.draw(st.lists(st.sampled_from(sorted(mapping)), min_size=1, max_size=20))
    one_to_one = len({mapping[sample] for sample in samples}) == len(set(samples))
    known, consistent = Bindings(), True
    for number, sample in enumerate(samples):
        result = compare([sample], [mapping[sample]], known, f"page.md:{number}")
        known, consistent = result.bindings, consistent and result.ok
    assert consistent is one_to_one


@given(
    lines=st.lists(
        st.text(alphabet=st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=30), max_size=6
    )
)
def test_every_output_matches_itself(lines: list[str]) -> None:
    rows = [line.rstrip() for line in lines]
    assert compare(rows, lines, Bindings(), "page.md:1").ok
    assert differences(rows, rows) == []


@given(
    word=st.text(alphabet="ghijklmnopqrstuvwxyz", min_size=1, max_size=8),
    other=st.text(alphabet="ghijklmnopqrstuvwxyz", min_size=1, max_size=8),
)
def test_words_are_literal(word: str, other: str) -> None:
    assume(word != other)
    assert not matches(f"Status: {word}", f"Status: {other}")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ('{"a": 1, "b": 2}', '{\n  "a": 1,\n  "b": 2\n}'),
        ('{\n...\n"b": 2\n}', '{"a": 1, "b": 2}'),
        ('{\n"a": 1,\n...\n}', '{"a": 1, "b": 2, "c": 3}'),
        ('{"a": ...}', '{"a": [1, {"x": 2}]}'),
        ('{"a": {...}}', '{"a": {"x": 2}}'),
        ('{"a": [...]}', '{"a": []}'),
        ("[1, ..., 9]", "[1, 2, 3, 9]"),
        ('["sha256:...", "x"]', '["sha256:abc", "x"]'),
        ('[{"Id": "3f2a9c1b7d54"}]', '[{"Id": "0123456789ab"}]'),
        ('{"Pid": 12, "Size": 3}', '{"Pid": 4242, "Size": 99}'),
        ('{"a": null, "b": true, "c": 1.5}', '{"a": null, "b": true, "c": 1.5}'),
        ('{"3f2a9c1b7d54": {}}', '{"0123456789ab": {}}'),
        ('[["a", 1]]', '[["a", 1]]'),
    ],
)
def test_json_matches(expected: str, actual: str) -> None:
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ('{"a": 1}', '{"a": 2}', ["  at .a:", "- 1", "+ 2"]),
        ('{"a": "1"}', '{"a": 1}', ["  at .a:", '- "1"', "+ 1"]),
        ('{"a": 0}', '{"a": false}', ["  at .a:", "- 0", "+ false"]),
        ('{"a": {"b": [1, 2]}}', '{"a": {"b": [1, 3]}}', ["  at .a.b[1]:", "- 2", "+ 3"]),
        ('{"a": 1}', '{"a": 1, "b": 2}', ["  at the top:", '- {"a"}', '+ {"a", "b"}']),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', ["  at the top:", '- {"a", "b"}', '+ {"b", "a"}']),
        ('{"b": 2, ...}', '{"a": 1}', ["  at .b:", "- 2", "+ no such member"]),
        ('{"Pid": 0}', '{"Pid": 12}', ["  at .Pid:", "- 0", "+ 12"]),
        ("[]", "{}", ["  at the top:", "- []", "+ {}"]),
        ("[1, 2]", "[1]", ["  at the top:", "- [1, 2]", "+ [1]"]),
        ('{"a": "Up 2 seconds"}', '{"a": "Up 2MB"}', ["  at .a:", '- "Up 2 seconds"', '+ "Up 2MB"']),
    ],
)
def test_json_that_differs_is_reported_by_its_path(expected: str, actual: str, difference: list[str]) -> None:
    assert not matches(expected, actual)
    assert differences([expected], [actual]) == difference


def test_json_keeps_samples_consistent() -> None:
    learned = compare(
        ['{"Id": "3f2a9c1b7d54"}'], ['{"Id": "0123456789ab"}'], Bindings(), "page.md:3"
    ).bindings
    again = compare(['{"Id": "3f2a9c1b7d54"}'], ['{"Id": "fedcba987654"}'], learned, "page.md:9")
    assert again.conflict is not None
    assert "since page.md:3" in again.conflict.reason


def test_what_only_looks_like_json_is_text() -> None:
    assert matches("{{.ID}} [x\nmore", "{{.ID}} [x\nmore")
    assert not matches("[notice] one", "[notice] two")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ghijk ", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="ghijk", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(value=_JSON)
def test_every_json_matches_itself_however_it_is_laid_out(value: object) -> None:
    assert matches(json.dumps([value]), json.dumps([value], indent=4))


def test_lines_in_any_order() -> None:
    def ok(expected: str, actual: str) -> bool:
        return compare(expected.split(), actual.split(), Bindings(), "page.md:1", any_order=True).ok

    assert ok("a b c", "c a b")
    assert not ok("a b", "a b c")
    assert ok("a b ...", "c b a")
    assert not ok("a b", "a a")
    assert not ok("a b c", "a b")
    assert not ok("3f2a9c1b7d54 3f2a9c1b7d54", "0123456789ab fedcba987654")
