"""Every command of the lesson works as it stands, on a machine that has what its page says.

For one page: `pytest tests/test_as_it_stands.py -k learn/parts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from snippets.block import Block, parse_page
from snippets.lab import Lab
from snippets.match.tokens import TOKEN_TYPES
from snippets.reader import samples, which_engine
from snippets.reader.tools import EDITORS, missing_needs, programs
from snippets.settings import parse_settings

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))


class Navigation(yaml.SafeLoader):
    """Reads mkdocs.yml without the functions that it names."""


Navigation.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def blocks_of(page: str) -> list[Block]:
    return parse_page((ROOT / page).read_text(encoding="utf-8"), page)


def in_reading_order(entries: Iterable[object]) -> Iterator[str]:
    """The pages of a navigation, as mkdocs.yml has it."""
    for entry in entries:
        for inside in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(inside, str):
                yield f"docs/{inside}"
            elif isinstance(inside, list):
                yield from in_reading_order(inside)


def listed(page: str, found: Iterable[tuple[int, str]]) -> str:
    return "\n".join(f"{page}:{line}: {said}" for line, said in found)


@pytest.mark.parametrize("page", PAGES)
def test_no_command_holds_a_sample(page: str) -> None:
    types = (*parse_settings((ROOT / page).read_text(encoding="utf-8"), page).tokens, *TOKEN_TYPES)
    if found := listed(page, samples.faults(blocks_of(page), types)):
        pytest.fail(found, pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_what_it_needs(page: str) -> None:
    if found := listed(page, missing_needs((ROOT / page).read_text(encoding="utf-8"), blocks_of(page))):
        pytest.fail(found, pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_opens_an_editor(page: str) -> None:
    if found := listed(
        page,
        (
            (program.line, f"`{program.word}` is typed into by hand; make the file with cat > FILE <<'EOF'")
            for program in programs(blocks_of(page), not_run=True)
            if program.word in EDITORS
        ),
    ):
        pytest.fail(found, pytrace=False)


@pytest.fixture(scope="module")
def known_to_the_lab() -> Iterator[frozenset[str]]:
    """All that a shell in the lab can run."""
    with Lab.start() as lab:
        yield frozenset(lab.run("compgen -c").stdout.split())


@pytest.mark.parametrize("page", PAGES)
def test_no_page_needs_what_the_lab_lacks(page: str, known_to_the_lab: frozenset[str]) -> None:
    if found := listed(
        page,
        (
            (program.line, f"the lab has no `{program.word}`")
            for program in programs(blocks_of(page))
            if not program.word.startswith((".", "/", "~")) and program.word not in known_to_the_lab
        ),
    ):
        pytest.fail(found, pytrace=False)


def test_where_the_first_engine_tab_stands_a_command_tells_which_is_the_readers() -> None:
    site = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Navigation)
    pages = list(in_reading_order(site["nav"]))
    assert set(pages) == set(PAGES)
    found = "\n".join(which_engine.faults((page, blocks_of(page)) for page in pages))
    if found:
        pytest.fail(found, pytrace=False)


# ---- What the checks find. ----


def console(*lines: str, options: str = "console") -> str:
    return "\n".join([f"```{options}", *lines, "```", "", ""])


LONG = "44ed131757ec3e36257e26fcfb091aafb1f14bc3bc616bb57211e4e6fa07a4c7"

SAMPLES = {
    "digest": (
        console("$ docker push demo", f"1: digest: sha256:{LONG} size: 1")
        + console("$ docker pull --quiet \\", f"> demo@sha256:{LONG}"),
        [(7, f"holds {LONG}")],
    ),
    "ID": (
        console("$ docker images --quiet", "c87ea4a01550", "$ docker image rm c87ea4a01550"),
        [(4, "holds c87ea4a01550")],
    ),
    "beginning of an ID": (
        console("$ docker ps --quiet", "c87ea4a01550", "$ docker stop c87e"),
        [(4, "holds c87e")],
    ),
    "long form of an ID": (
        console("$ docker ps --quiet", LONG[:12], f"$ docker stop {LONG}"),
        [(4, f"holds {LONG}")],
    ),
    "ID in a name": (
        console("$ ip link", "3: br-4ac718457a4f: <UP>", "$ ip link show master br-4ac718457a4f"),
        [(4, "holds 4ac718457a4f")],
    ),
    "ID of a prompt": (
        console("$ docker run -it busybox", "root@3f2a9c1b7d54:/# exit", "$ docker rm 3f2a9c1b7d54"),
        [(4, "holds 3f2a9c1b7d54")],
    ),
    "generated name": (
        console("$ docker ps -a", "1 minute ago   bold_bell", "$ docker rm bold_bell"),
        [(4, "holds bold_bell")],
    ),
    "IP address": (
        console("$ docker exec web hostname -i", "172.17.0.2", "$ curl http://172.17.0.2/"),
        [(4, "holds 172.17.0.2")],
    ),
    "MAC address": (
        console("$ ip link", "link/ether 02:42:ac:11:00:02", "$ arping 02:42:ac:11:00:02"),
        [(4, "holds 02:42:ac:11:00:02")],
    ),
    "UUID": (
        console(
            "$ uuidgen", "2d913a3d-0251-46de-975e-4cab032065af", "$ x 2d913a3d-0251-46de-975e-4cab032065af"
        ),
        [(4, "holds 2d913a3d")],
    ),
    "PID of ps": (console("$ docker inspect -f '{{.State.Pid}}' a", "364", "$ ps 364"), [(4, "holds 364")]),
    "PID of pstree": (
        console("$ ps -C sleep", "    PID CMD", "    364 sleep", "$ pstree -p 364"),
        [(5, "holds 364")],
    ),
    "PID of kill": (console("$ docker top a", "UID PID", "root 364", "$ kill -TERM 364"), [(5, "holds 364")]),
    "PID in a path": (console("$ echo $!", "364", "$ cat /proc/364/status"), [(4, "holds 364")]),
    "PID in JSON": (
        console("$ docker inspect a", '"Pid": 364,', "$ nsenter --target 364 --net ip link"),
        [(4, "holds 364")],
    ),
    "PID that the page shows again": (
        console("$ echo $!", "364", "$ ps 364", "364", "$ kill 364"),
        [(4, "holds 364"), (6, "holds 364")],
    ),
    "port": (console("$ docker port a 80", "0.0.0.0:32768", "$ curl localhost:32768"), [(4, "holds 32768")]),
    "PID anywhere": (
        console("$ docker top a", "UID PID", "root 364", "$ grep Pid s/364 && echo 364 37"),
        [(5, "holds 364")],
    ),
    "port anywhere": (
        console("$ docker ps", "0.0.0.0:32768->80/tcp", "$ open host:32768"),
        [(4, "holds 32768")],
    ),
    "port in JSON": (
        console("$ docker inspect a", '"HostPort": "32768"', "$ nc 127.0.0.1 32768"),
        [(4, "holds 32768")],
    ),
    "time": (
        console(
            "$ date -Is", "2026-11-24T03:51:21+00:00", "$ docker events --since 2026-11-24T03:51:21+00:00"
        ),
        [(4, "holds 2026-11-24")],
    ),
    "in a block that is not run": (
        console("$ docker ps -q", "c87ea4a01550")
        + console("$ docker rm c87ea4a01550", options='{ .console norun="needs macOS" }'),
        [(7, "holds c87ea4a01550")],
    ),
    "typed into a program": (
        console("$ sh", "/ # ip addr", "172.17.0.2", "/ # ping 172.17.0.2"),
        [(5, "holds 172.17.0.2")],
    ),
    "in a heredoc": (
        console("$ docker ps -q", "c87ea4a01550", "$ cat > f <<'EOF'", "> c87ea4a01550", "> EOF"),
        [(4, "holds c87ea4a01550")],
    ),
    "chosen by the page": (
        console("$ docker run --name bold_bell -p 32768:80 --ip 172.17.0.9 x", "c87ea4a01550")
        + console("$ docker ps", "bold_bell 172.17.0.9 0.0.0.0:32768->80/tcp", "$ docker rm bold_bell")
        + console("$ curl localhost:32768", "$ ping 172.17.0.9"),
        [],
    ),
    "filled in by the shell": (
        console("$ docker ps -q", "c87ea4a01550", "$ docker stop $(docker ps -q)", "$ ps -p $(pgrep sleep)"),
        [],
    ),
    "number of something else": (
        console("$ docker images -q | wc -l", "20", "$ head -n 20 f", "$ sleep 20", "$ docker kill 20"),
        [],
    ),
    "ID that nobody has shown": (console("$ docker inspect 3f2a9c1b7d54"), []),
}


@pytest.mark.parametrize(("page", "wanted"), SAMPLES.values(), ids=SAMPLES)
def test_a_sample_in_a_command_is_found(page: str, wanted: list[tuple[int, str]]) -> None:
    found = list(samples.faults(parse_page(page, "page.md")))
    assert [line for line, _ in found] == [line for line, _ in wanted], found
    for (_, said), (_, part) in zip(found, wanted, strict=True):
        assert part in said


PROGRAMS = {
    "pipeline": ("$ docker ps | grep a && cat f || true; ls", "docker grep cat true ls"),
    "substitution": ('$ echo "$(docker ps -q)" `id`', "echo docker id"),
    "loop": ("$ until curl -s x > /dev/null 2>&1; do sleep 1; done", "curl sleep"),
    "condition": ("$ if ! test -e f; then touch f; fi", "test touch"),
    "variables": ('$ since=$(date +%s) a="b c" docker events', "docker date"),
    "continued": ("$ docker ps \\\n>   | jq .", "docker jq"),
    "quoted": ("$ docker ps --format '{{.ID}} | nano' | wc -l", "docker wc"),
    "heredoc": ("$ cat > f <<'EOF'\n> nano; vi\n> EOF\n$ ls", "cat ls"),
    "sudo": ("$ sudo apt-get update", "sudo apt-get"),
    "path": ("$ /usr/sbin/sshd -D", "/usr/sbin/sshd"),
    "function": ("$ api() { curl -s \"$@\"; }\n$ api x | jq .", "curl jq"),
    "in a container": ("$ docker run -it busybox\n/ # vi f\n/ # exit", "docker"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "wanted"), PROGRAMS.values(), ids=PROGRAMS)
def test_the_programs_of_a_command_are_found(lines: str, wanted: str) -> None:
    found = programs(parse_page(console(lines), "page.md"))
    assert [program.word for program in found] == wanted.split()


NEEDS = {
    "nothing": ("Docker and a shell", "$ docker ps | grep x | sort --reverse", []),
    "tool": (
        "Docker",
        "$ curl x\n$ curl y",
        ["`curl` is not on every machine: the line **Needs** does not say curl"],
    ),
    "named tool": ("Docker and `curl`", "$ curl x", []),
    "part of a word": ("Docker and a shipping agent", "$ ip link", ["say ip", "say Linux"]),
    "Linux": ("Docker", "$ ps aux", ["`ps` wants Linux"]),
    "named Linux": ("Docker on Linux", "$ ps aux", []),
    "path": ("Docker", "$ cat /proc/1/status", ["/proc/1/status is there on Linux alone"]),
    "path in a container": ("Docker", "$ docker exec a cat /proc/1/status", []),
    "root": ("Linux", "$ ls /var/lib/docker", ["`ls` wants root here"]),
    "socket": ("Docker and `curl`", "$ curl --unix-socket /var/run/docker.sock http://localhost/_ping", []),
    "long option": ("Docker", "$ docker images -q | wc --lines", ["macOS knows no --lines of `wc`"]),
    "long option of another program": ("Docker", '$ test "$(docker ps --all)"', []),
    "no line": (None, "$ jq . f", ["say jq"]),
}


@pytest.mark.parametrize(("needs", "lines", "wanted"), NEEDS.values(), ids=NEEDS)
def test_what_a_page_must_name_is_found(needs: str | None, lines: str, wanted: list[str]) -> None:
    text = (f"**Needs** {needs}\n\nLinux with jq as root\n\n" if needs else "jq\n\n") + console(lines)
    found = [said for _, said in missing_needs(text, parse_page(text, "page.md"))]
    assert len(found) == len(wanted), found
    assert all(part in said for part, said in zip(wanted, found, strict=True)), found


BOUND = console("$ true", options='{ .console engine="20.10" }')
TELLS = console(f"$ {which_engine.COMMAND}", "29.7.2 overlayfs", options='{ .console engine="29.7" }')


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        ([console("$ true"), BOUND + TELLS], ["docs/1.md:1: "]),
        ([TELLS + BOUND], []),
        ([BOUND, TELLS], ["docs/0.md:1: "]),
        ([TELLS, BOUND], []),
        ([console("$ true")], []),
    ],
)
def test_the_first_engine_tab_is_found(pages: list[str], wanted: list[str]) -> None:
    named = [(f"docs/{number}.md", parse_page(text, "p")) for number, text in enumerate(pages)]
    found = list(which_engine.faults(named))
    assert len(found) == len(wanted)
    assert all(said.startswith(place) for said, place in zip(found, wanted, strict=True))
