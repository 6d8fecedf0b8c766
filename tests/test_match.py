"""Matching: types of volatile tokens, elisions, and samples that are variables over a page."""

import json

import namesgenerator
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snippets.block import BlockError
from snippets.match import compare, differences, pattern_of_prompt
from snippets.match.bindings import Bindings
from snippets.match.tokens import TOKEN_TYPES, token_type, volatile
from snippets.settings import parse_settings

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
        ("Nov  4 03:51:21", "time"),
        ("Nov 24 03:51:21", "time"),
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
    for adjective in (*namesgenerator.left, "bold", "busy", "recursing", "sweet"):
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
        "storage_driver: x",
        "valid_lft forever preferred_lft forever",
        "demo_web",
        "bold_bell.txt",
        "the-bold_bell",
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
        ("USER PID %CPU COMMAND\nroot 12 0.0 init", "USER PID %CPU COMMAND\nroot 1234 0.0 init"),
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
        ("storage_driver: x", "image_store: x"),
        ("valid_lft forever", "preferred_lft forever"),
        ("bold_bell", "demo_web"),
        ("The PID is 5\nx 10 y", "The PID is 5\nx 20 y"),
        ("PID 7 ran\nx 10 y", "PID 7 ran\nx 20 y"),
        ("the  PID", "the PID"),
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


def learned(**meanings: str) -> Bindings:
    """What is known after an output that shows each sample with its meaning."""
    result = compare(list(meanings), list(meanings.values()), Bindings(), "page.md:3")
    assert result.ok
    return result.bindings


def test_commands_are_run_with_the_real_value() -> None:
    known = learned(**{f"{SAMPLE_ID} sweet_euler": f"{REAL_ID} bold_bell"})
    assert known.substitute(f"docker inspect {SAMPLE_ID} sweet_euler 3f2a") == (
        f"docker inspect {REAL_ID} bold_bell 0123"
    )
    assert known.substitute("docker run cafe") == "docker run cafe"


@pytest.mark.parametrize(
    ("command", "run"),
    [
        ("docker ps --filter name=bold_bell", "docker ps --filter name=sweet_euler"),
        ("docker run --volumes-from=bold_bell x", "docker run --volumes-from=sweet_euler x"),
        ("docker run --network container:bold_bell x", "docker run --network container:sweet_euler x"),
        ("curl http://x/containers/bold_bell/json", "curl http://x/containers/sweet_euler/json"),
        ("docker cp bold_bell:/a .", "docker cp sweet_euler:/a ."),
        ("docker commit bold_bell bold_bell-copy", "docker commit sweet_euler bold_bell-copy"),
    ],
)
def test_a_known_name_is_replaced_wherever_a_command_has_it(command: str, run: str) -> None:
    assert learned(bold_bell="sweet_euler").substitute(command) == run


@pytest.mark.parametrize(
    ("command", "run"),
    [
        ("kill 364", "kill 77"),
        ("kill -9 364 2048", "kill -9 77 3111"),
        ("sudo kill -s TERM 364; echo 364", "sudo kill -s TERM 77; echo 364"),
        ("kill --signal=KILL 364", "kill --signal=KILL 77"),
        ("kill $(pgrep x) 364", "kill $(pgrep x) 364"),
        ("cat /proc/364/status", "cat /proc/77/status"),
        ("ls -l /proc/364/ns /proc/2048/ns", "ls -l /proc/77/ns /proc/3111/ns"),
        ("ps -o pid,comm -p 364", "ps -o pid,comm -p 77"),
        ("ps -fp 364 -p 2048", "ps -fp 77 -p 3111"),
        ("ps --ppid 364 --pid=364,2048", "ps --ppid 77 --pid=77,3111"),
        ("nsenter -t 364 -n head -c 2048", "nsenter -t 77 -n head -c 2048"),
        ("nsenter --target=364 --uts hostname", "nsenter --target=77 --uts hostname"),
        ("lsns -p 364", "lsns -p 77"),
        ("tail --pid 364 -f x", "tail --pid 77 -f x"),
        # Numbers that are no PIDs.
        ("head -c 2048 x", "head -c 2048 x"),
        ("docker run -p 2048:80 x", "docker run -p 2048:80 x"),
        ("docker run -p 2048 x", "docker run -p 2048 x"),
        ("ps; docker run -p 2048 x", "ps; docker run -p 2048 x"),
        ("docker run --pids-limit 364 x", "docker run --pids-limit 364 x"),
        ("docker run --target 364", "docker run --target 364"),
        ("docker kill 364", "docker kill 364"),
        ("echo 364 skill 364", "echo 364 skill 364"),
        ("kill -364 1", "kill -364 1"),
        ("kill 3640", "kill 3640"),
    ],
)
def test_a_pid_is_replaced_only_where_a_number_is_one(command: str, run: str) -> None:
    known = compare(
        ["PID COMMAND", "364 x", "2048 x"], ["PID COMMAND", "77 x", "3111 x"], Bindings(), "page.md:3"
    ).bindings
    assert known.substitute(command) == run


def test_a_few_digits_are_no_beginning_of_an_id() -> None:
    known = learned(**{"8080aaaaaaaa": "0123bbbbbbbb", "123456789012": "aaaaaaaaaaaa"})
    assert known.substitute("docker run -p 8080:80 x") == "docker run -p 8080:80 x"
    assert known.substitute("docker rm 8080a 123456789012") == "docker rm 0123b aaaaaaaaaaaa"


def test_what_was_replaced_is_not_replaced_again() -> None:
    known = learned(**{SAMPLE_ID: REAL_ID, REAL_ID: OTHER_REAL})
    assert known.substitute(f"{SAMPLE_ID} {REAL_ID} 3f2a 0123456789a") == (
        f"{REAL_ID} {OTHER_REAL} 0123 fedcba98765"
    )


@pytest.mark.parametrize(
    ("command", "shown", "came"),
    [
        ("docker run --name bold_bell x", "sweet_euler", "bold_bell"),
        ("docker run --name bold_bell x", "bold_bell", "sweet_euler"),
        ("docker network create --subnet 10.1.2.0/24 x", "10.9.9.0/24", "10.1.2.0/24"),
        ("docker network create --subnet 10.1.2.0/24 x", "10.1.2.0/24", "10.9.9.0/24"),
        (f"docker pull x@sha256:{'a1' * 32}", "b2" * 6, "a1" * 6),
        (f"docker pull x@sha256:{'a1' * 32}", "a1" * 6, "b2" * 6),
        ("docker run --mac-address 02:42:ac:11:00:09 x", "02:42:ac:11:00:07", "02:42:ac:11:00:09"),
    ],
)
def test_what_a_command_chose_stands_for_itself(command: str, shown: str, came: str) -> None:
    known = Bindings().with_command(command)
    assert compare([came], [came], known, "page.md:1").ok
    result = compare([shown], [came], known, "page.md:1")
    assert not result.ok
    assert result.conflict is not None
    assert "is the page's own name" in result.conflict.reason


def test_a_number_may_be_that_of_a_command_by_accident() -> None:
    types = (token_type("build number", r"\d{5}", names_a_thing=True), *TOKEN_TYPES)
    known = Bindings(types=types).with_command("echo 12345; curl localhost:49153")
    assert compare(["54321"], ["12345"], known, "page.md:1").ok
    assert compare(["0.0.0.0:32768->80/tcp"], ["0.0.0.0:49153->80/tcp"], known, "page.md:1").ok
    assert not compare(["12345"], ["54321"], known, "page.md:1").ok


def test_a_value_that_a_sample_put_into_a_command_is_not_the_pages_own() -> None:
    known = learned(bold_bell="sweet_euler").with_command("docker logs bold_bell")
    assert compare(["bold_bell"], ["sweet_euler"], known, "page.md:5").ok


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
    assert differences(["x", "a", "..."], ["y", "a", "b", "c"]) == ["- x", "+ y"]


def test_differences_far_down_are_found() -> None:
    lines = [f"line {number}" for number in range(400)]
    wrong = [*lines[:350], "wrong", *lines[351:]]
    assert differences(lines, wrong) == ["  ...", "- line 350", "+ wrong"]
    assert differences(["...", *lines[5:]], wrong) == ["  ...", "- line 350", "+ wrong"]
    assert differences([*lines[:351], "..."], wrong)[:3] == ["  ...", "- line 350", "+ wrong"]
    assert differences(["...", *lines[5:40], "...", *lines[60:]], wrong) == ["  ...", "- line 350", "+ wrong"]


def test_differences_say_what_they_leave_out() -> None:
    report = differences([f"line {number}" for number in range(310)], [str(number) for number in range(400)])
    assert report[-2:] == [
        "  (10 more lines are shown that were not compared)",
        "  (100 more lines came that were not compared)",
    ]


def test_differences_in_any_order_are_what_finds_no_partner() -> None:
    assert differences(["a", "b", "x"], ["y", "b", "a"], any_order=True) == ["- x", "+ y"]
    assert differences(["a", "..."], ["c", "b"], any_order=True) == ["- a", "+ c", "+ b"]


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
        ("[...]", "[...]"),
        ("{...}", "{...}"),
        ("[[...]]", "[[...]]"),
        (json.dumps(list(range(2000))), json.dumps(list(range(2000)), indent=1)),
        ("[0, ..., 1000, ..., 1999]", json.dumps(list(range(2000)), indent=1)),
        ("[" * 5000 + "]" * 5000, "[" * 5000 + "]" * 5000),
        ("[" * 64 + "]" * 64, " ".join("[" * 64 + "]" * 64)),
    ],
    ids=lambda text: text[:40],
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


@pytest.mark.parametrize(
    ("expected", "actual"), [('{"a": 1}', "{...}"), ("[1]", "[...]"), ("[1]", "[1, ...]")]
)
def test_an_output_elides_nothing(expected: str, actual: str) -> None:
    assert not matches(expected, actual)
    assert differences([expected], [actual]) == [f"- {expected}", f"+ {actual}"]


def test_json_in_any_order() -> None:
    def ok(expected: str, actual: str) -> bool:
        return compare([expected], [actual], Bindings(), "page.md:1", any_order=True).ok

    assert ok("[1, 2, 3]", "[3, 1, 2]")
    assert ok('{"a": [1, 2], "b": 3}', '{"b": 3, "a": [2, 1]}')
    assert ok('[{"Id": "3f2a9c1b7d54", ...}, ...]', '[{"n": 1}, {"n": 2, "Id": "0123456789ab"}]')
    assert not ok("[1, 2]", "[2, 1, 1]")
    assert not ok("[1, 1, 2]", "[2, 1, 2]")
    assert not ok('["3f2a9c1b7d54", "3f2a9c1b7d54"]', '["0123456789ab", "fedcba987654"]')
    assert not compare(["[1, 2]"], ["[2, 1]"], Bindings(), "page.md:1").ok
    assert differences(["[1, 2]"], ["[3, 1]"], any_order=True) == ["  at the top:", "- [1, 2]", "+ [3, 1]"]


def test_json_keeps_samples_consistent() -> None:
    learned = compare(
        ['{"Id": "3f2a9c1b7d54"}'], ['{"Id": "0123456789ab"}'], Bindings(), "page.md:3"
    ).bindings
    again = compare(['{"Id": "3f2a9c1b7d54"}'], ['{"Id": "fedcba987654"}'], learned, "page.md:9")
    assert again.conflict is not None
    assert "since page.md:3" in again.conflict.reason
    elided = compare(['{..., "Id": "3f2a9c1b7d54", ...}'], ['{"a": 1, "Id": "fedcba987654"}'], learned, "p:9")
    assert elided.conflict is not None
    assert "since page.md:3" in elided.conflict.reason


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


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "is no regular expression"),
        ("(?i)red|blue", r"cannot stand beside others: global flags .* write \(\?i:"),
        ("(x)", "has a group that captures"),
        ("x*", "matches the empty text"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_where_it_is_declared(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        token_type("colour", pattern)
    page = f"---\ntitle: x\ntokens:\n  build: '\\d'\n  colour:\n    pattern: '{pattern}'\n---\n"
    with pytest.raises(BlockError, match=rf"^page.md:5: .*{says}"):
        parse_settings(page, "page.md")


def test_a_pattern_of_look_arounds_alone_finds_no_token() -> None:
    assert volatile(["xx 1MB"], (token_type("place", "(?=x)"), *TOKEN_TYPES))[0][0].type.name == "size"
