"""What the pages claim about Docker, and what backs each claim."""

from __future__ import annotations

import pytest

from snippets.reader.claims import Way, claims, is_claim, is_source
from snippets.reader.page import Page
from snippets.reader.passages import Kind

RUNS = "```console\n$ true\n```\n"
SHOWS = Page(
    "docs/shows.md", f"# Shows\n\n## Here\n\n{RUNS}\n## Not here\n\nNothing.\n\n<div id='x'></div>\n"
)


def ways(text: str, path: str = "docs/page.md", *others: Page) -> list[Way]:
    return [claim.way for claim in claims([Page(path, text), SHOWS, *others]) if claim.page == path]


@pytest.mark.parametrize(
    "sentence",
    [
        "The daemon pulls the image.",
        "`dockerd` listens on a socket for Docker's clients.",
        "**Look:** the container has ended.",
        "In Docker 29, an image is an index.",
        "Each layer is a directory",
    ],
)
def test_a_statement_about_docker_is_a_claim(sentence: str) -> None:
    assert is_claim(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Who pulls the image?",
        "Type the command into a container.",
        "Now remove the container.",
        "To see the daemon's log, start it again.",
        "You've seen the daemon pull an image.",
        "This page removes the containers.",
        "The lab's registry has five images.",
        "the daemon",
        "What the daemon does with an image",
        "The sky is blue today.",
        "**Original:** the daemon does everything.",
        "**Needs** Docker and a shell that is root.",
    ],
)
def test_other_sentences_are_none(sentence: str) -> None:
    assert not is_claim(sentence)


def test_a_pronoun_goes_on_with_a_claim() -> None:
    assert is_claim("It keeps them for a day.", after_claim=True)
    assert not is_claim("It keeps them for a day.")


def test_a_cell_needs_a_verb() -> None:
    assert not is_claim("the daemon of the host.", Kind.CELL)
    assert is_claim("the daemon is on the host", Kind.CELL)


CLAIM = "The daemon keeps it."

BACKED = {
    "a block in the section": (f"## A\n\n{CLAIM}\n\n{RUNS}", Way.SHOWN),
    "a block in another section": (f"## A\n\n{CLAIM}\n\n## B\n\n{RUNS}", Way.NONE),
    "a block that is not run": (
        f'## A\n\n{CLAIM}\n\n```{{ .console norun="needs macOS" }}\n$ x\n```\n',
        Way.NONE,
    ),
    "a block of the page, for its first lines": (f"# A\n\n{CLAIM}\n\n## B\n\n{RUNS}", Way.SHOWN),
    "a block in a fold": (
        f'## A\n\n{CLAIM}\n\n??? proof "P"\n\n    ```console\n    $ true\n    ```\n',
        Way.SHOWN,
    ),
    "a block in another tab": (
        f'## A\n\n=== "Linux"\n\n    ```console\n    $ true\n    ```\n\n=== "macOS"\n\n    {CLAIM}\n',
        Way.NONE,
    ),
    "a block in its own tab": (
        f'## A\n\n=== "Linux"\n\n    {CLAIM}\n\n    ```console\n    $ true\n    ```\n\n=== "macOS"\n\n    x\n',
        Way.SHOWN,
    ),
    "a link": ("## A\n\nThe daemon [keeps it](shows.md#here).\n", Way.LINKED),
    "a link in a later sentence": (f"## A\n\n{CLAIM} [Here](shows.md#here) is the proof.\n", Way.LINKED),
    "a link in an earlier sentence": (f"## A\n\n[Here](shows.md#here) is the proof. {CLAIM}\n", Way.NONE),
    "a link in another paragraph": (f"## A\n\n{CLAIM}\n\n[Here](shows.md#here) is the proof.\n", Way.NONE),
    "a link to a section without a block": ("## A\n\nThe daemon [keeps it](shows.md#not-here).\n", Way.NONE),
    "a link to an anchor without a block": ("## A\n\nThe daemon [keeps it](shows.md#x).\n", Way.NONE),
    "a link to a page": ("## A\n\nThe daemon [keeps it](shows.md).\n", Way.LINKED),
    "a link on the page": (f"## A\n\nThe daemon [keeps it](#b-b).\n\n## B *b*\n\n{RUNS}", Way.LINKED),
    "a term": ("## A\n\nThe [daemon][] keeps it.\n", Way.NONE),
    "a footnote": (f"## A\n\n{CLAIM}[^a]\n\n[^a]: [docs](https://docs.docker.com/x)\n", Way.SOURCED),
    "a footnote at the end of the paragraph": (
        f"## A\n\n{CLAIM} That is so.[^a]\n\n[^a]: [docs](https://docs.docker.com/x)\n",
        Way.SOURCED,
    ),
    "a footnote without a link": (f"## A\n\n{CLAIM}[^a]\n\n[^a]: trust me\n", Way.NONE),
    "a footnote that is not there": (f"## A\n\n{CLAIM}[^a]\n", Way.NONE),
    "a cell, by its row": (
        "## A\n\n| x | y |\n|---|---|\n| The daemon keeps it | [b](shows.md#here) |\n",
        Way.LINKED,
    ),
    "what no block shows": (f"## A\n\nDocker Desktop has a daemon.\n\n{RUNS}", Way.NONE),
    "what no block shows, with a source": (
        f"## A\n\nDocker Desktop has a daemon.[^a]\n\n{RUNS}\n[^a]: [docs](https://docs.docker.com/x)\n",
        Way.SOURCED,
    ),
    "what no block shows, with a link to a block": (
        "## A\n\nDocker Desktop [has a daemon](shows.md#here).\n",
        Way.NONE,
    ),
    "the answer of a question": (f'## A\n\n??? answer "A"\n\n    {CLAIM}\n', Way.NONE),
}


@pytest.mark.parametrize(("text", "way"), BACKED.values(), ids=BACKED)
def test_what_backs_a_claim(text: str, way: Way) -> None:
    assert ways(text)[0] is way


def test_a_link_to_sources_backs_what_no_block_shows() -> None:
    sources = Page("docs/desktop.md", "# D\n\nx[^a]\n\n[^a]: [docs](https://docs.docker.com/x)\n")
    assert ways("## A\n\nDocker Desktop [has a daemon](desktop.md).\n", "docs/page.md", sources) == [
        Way.LINKED
    ]


def test_a_question_with_choices_claims_nothing_but_its_choices_do() -> None:
    text = f'## A\n\n!!! question "Q"\n\n    {CLAIM}\n\n    ??? right "R"\n\n        {CLAIM}\n'
    assert ways(text) == [Way.NONE]
    assert ways(f'## A\n\n{CLAIM} Who does?\n\n??? answer "A"\n\n    x\n') == []


def test_an_entry_is_backed_as_a_whole() -> None:
    text = f"## A\n\n[Here](shows.md#here) is the proof. {CLAIM}\n\n## B\n\n{CLAIM}\n"
    assert ways(text, "docs/reference/glossary.md") == [Way.NONE, Way.NONE]
    assert ways(text.replace("shows", "../shows"), "docs/reference/glossary.md") == [Way.LINKED, Way.NONE]


def test_pages_about_the_project_claim_nothing() -> None:
    assert ways(f"## A\n\n{CLAIM}\n", "docs/project/contributing.md") == []


def test_a_claim_says_where_it_is_and_what_is_missing() -> None:
    (claim,) = claims([Page("docs/a.md", f"## A\n\nSomething else\nis here. {CLAIM}\n")])
    assert str(claim).startswith("docs/a.md:4: 'The daemon keeps it.': no block in its section")


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("https://docs.docker.com/engine/", True),
        ("https://github.com/moby/moby/blob/docker-v29.7.2/daemon/delete.go#L10", True),
        ("https://github.com/moby/moby/blob/master/daemon/delete.go", False),
        ("https://github.com/moby/moby", False),
        ("https://github.com/moby/moby/releases/tag/v28.0.0", True),
        ("https://github.com/moby/moby/issues/45610", True),
        ("https://github.com/opencontainers/image-spec/tree/v1.1.0", True),
        ("https://github.com/moby/moby/commit/6a43e3d", True),
        ("https://raw.githubusercontent.com/moby/moby/main/x", False),
        ("other.md", False),
    ],
)
def test_source_code_is_linked_at_a_tag(target: str, wanted: bool) -> None:
    assert is_source(target) is wanted
