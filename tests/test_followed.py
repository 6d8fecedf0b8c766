"""Whoever follows the pages in order, typing each command and believing each sentence, ends well.

For one page: `pytest tests/test_followed.py -k learn/parts`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from snippets.block import Block, parse_page
from snippets.journey import navigation
from snippets.reader import prose, typed

ROOT = Path(__file__).parents[1]
PAGES = [f"docs/{page}" for page in navigation(ROOT / "mkdocs.yml")]
"""All pages, in the order in which they are read."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def blocks_of(page: str) -> list[Block]:
    return parse_page(text_of(page), page)


def fail_if(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("page", PAGES)
def test_no_command_misleads_who_types_it(page: str) -> None:
    found = typed.faults(text_of(page), blocks_of(page))
    fail_if([f"{page}:{line}: {said}" for line, said in found])


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_misleads_who_believes_it(page: str) -> None:
    found = prose.faults(text_of(page), blocks_of(page))
    fail_if([f"{page}:{line}: {said}" for line, said in found])


def test_text_and_footer_go_on_with_the_same_page() -> None:
    fail_if(list(prose.wrong_next([(page, text_of(page)) for page in PAGES])))


def test_before_a_page_names_an_exit_status_it_says_how_to_see_one() -> None:
    fail_if(list(prose.unexplained_status((page, text_of(page), blocks_of(page)) for page in PAGES)))


# ---- What the checks find. ----

ONCE = "```console\n$ {}\n```\n"

TYPED = {
    "a time ago": (ONCE.format("docker events --since 1m --until=-1s"), ["2: "]),
    "a time ago, in a table": ("| `docker events --since=10m` | x |\n", ["1: "]),
    "a time that was noted": (ONCE.format("docker events --since $since --until=-1s"), []),
    "a second terminal": ('```{ .console title="Terminal 2" }\n$ x\n```\n', ["1: a second terminal"]),
    "the first terminal": ('```{ .console title="Terminal 1" }\n$ x\n```\n', []),
    "the end of the lab": (ONCE.format("exit"), ["2: `exit` leaves"]),
    "the end of a program": (ONCE.format("docker run -it busybox\n/ # exit"), []),
    "all tags": (ONCE.format("docker images \\\n>   --quiet ubuntu"), ["2: "]),
    "all tags, counted": (ONCE.format("docker images ubuntu | wc -l"), ["2: "]),
    "all images in a format": (ONCE.format("docker images --format json | grep ubuntu"), []),
    "one tag": (ONCE.format("docker images ubuntu:24.04"), []),
    "an image of the page's own": (ONCE.format("docker images localhost:5001/lesson/own"), []),
    "all images": (ONCE.format("docker images"), []),
    "images by a label": (ONCE.format("docker images --filter label=lesson ubuntu"), []),
    "no newline": (ONCE.format("curl --silent http://localhost:5001/v2/"), ["2: "]),
    "no newline, quoted": (ONCE.format("curl 'http://localhost/_ping'"), ["2: "]),
    "no newline of a blob": (ONCE.format("curl -s localhost:5001/v2/a/blobs/$digest"), ["2: "]),
    "no newline of a second command": (ONCE.format("true && curl -s localhost/_ping; true"), ["2: "]),
    "no newline of a function": (
        ONCE.format('get() { curl "localhost:5001/v2/a/$1"; }\n$ get manifests/1\n$ get manifests/1 | jq'),
        ["3: "],
    ),
    "a newline from curl": (ONCE.format(r"curl --write-out '\n' http://localhost:5001/v2/"), []),
    "a newline from echo": (ONCE.format("curl http://localhost/_ping && echo"), []),
    "a newline from the server": (ONCE.format("curl http://localhost:5001/v2/_catalog"), []),
    "in a pipe": (ONCE.format("curl localhost:5001/v2/a/manifests/1 \\\n>   | jq ."), []),
    "in a variable": (ONCE.format("x=$(curl localhost:5001/v2/a/manifests/1)"), []),
    "redirected": (ONCE.format("curl localhost:5001/v2/a/blobs/$d > x"), []),
    "in a file": (ONCE.format("curl --output x localhost:5001/v2/a/blobs/$d"), []),
}


@pytest.mark.parametrize(("text", "wanted"), TYPED.values(), ids=TYPED)
def test_a_command_that_misleads_is_found(text: str, wanted: list[str]) -> None:
    found = [f"{line}: {said}" for line, said in typed.faults(text, parse_page(text, "page.md"))]
    assert len(found) == len(wanted), found
    assert all(said.startswith(place) for said, place in zip(found, wanted, strict=True)), found


REMOVES = "\n\n```console\n$ docker image rm ubuntu\n```\n"

SAID = {
    "who stops here": (f"The next page uses it. If you stop here, remove\nit:{REMOVES}", ["4: "]),
    "files": ("If you stop:\n\n```console\n$ rm Dockerfile\n```\n", ["3: "]),
    "everybody": (f"Remove it:{REMOVES}", []),
    "who had it before": (f"If you had it before and want to keep it, leave this out:{REMOVES}", []),
    "who had it before, later": (f"If you had it before and want to keep it, pull it later:{REMOVES}", []),
    "a condition of something else": (f"If it fails, wait. Remove it:{REMOVES}", []),
    "a condition of a command": ("If it fails:\n\n```console\n$ docker run --rm busybox\n```\n", []),
    "a root shell": ("a\n\n**Needs** a root\nshell (`sudo --login`)\n", ["3: "]),
    "a root shell outside of the lab": (
        "In the lab you are root; else, `sudo -i`.\n\nLeave `sudo -i`.\n",
        [],
    ),
    "a command with sudo": ("`sudo systemctl start docker`\n", []),
}


@pytest.mark.parametrize(("text", "wanted"), SAID.values(), ids=SAID)
def test_a_sentence_that_misleads_is_found(text: str, wanted: list[str]) -> None:
    found = [f"{line}: {said}" for line, said in prose.faults(text, parse_page(text, "page.md"))]
    assert len(found) == len(wanted), found
    assert all(said.startswith(place) for said, place in zip(found, wanted, strict=True)), found


def test_a_page_that_goes_on_with_another_page_than_its_footer_is_found() -> None:
    pages = [
        ("docs/a.md", "x\n\nNext: [b](b/c.md#d), or [a](a.md).\n"),
        ("docs/b/c.md", "no word of it: [a](../a.md)\n"),
        ("docs/b/d.md", "x\nNext: go back to [a](../a.md)\n"),
    ]
    assert list(prose.wrong_next(pages[:2])) == []
    assert list(prose.wrong_next([pages[0], *pages])) == [
        "docs/a.md:3: the text goes on with docs/b/c.md, the footer with docs/a.md",
        "docs/b/d.md:2: the text goes on with docs/a.md, the footer with ",
    ]


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["The [exit status][] 137 is 128 + 9.", "`echo $?`"], ["docs/0.md:1: "]),
        (["x\n\nExit code 137 is what\n`echo $?` shows.", "exit status 1"], []),
        (["`echo $?`", "exit status 1"], []),
        (["The exit status counts.", ONCE.format("x\nexit status 1")], []),
    ],
)
def test_an_exit_status_that_nobody_can_see_is_found(texts: list[str], wanted: list[str]) -> None:
    pages = [(f"docs/{n}.md", text, parse_page(text, "p")) for n, text in enumerate(texts)]
    found = list(prose.unexplained_status(pages))
    assert len(found) == len(wanted), found
    assert all(said.startswith(place) for said, place in zip(found, wanted, strict=True))
