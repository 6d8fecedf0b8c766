"""The labels of engines, and tabs that must hold what their labels say."""

from __future__ import annotations

import pytest

from snippets.block import parse_page
from snippets.lab.engines import ENGINES
from snippets.site.engine_tabs import faults, label, tab

ONE = '```{{ .console engine="{}" }}\n    $ docker info\n    ```'


def page(*tabs: tuple[str, str]) -> str:
    """A page with a tab for each label, each with a block bound to engines."""
    return "# T\n\n" + "\n".join(f'=== "{text}"\n\n    {ONE.format(engines)}\n' for text, engines in tabs)


def found(text: str) -> list[tuple[int, str]]:
    return list(faults(text, parse_page(text, "docs/t.md")))


@pytest.mark.parametrize(
    ("engines", "wanted"),
    [
        ("20.10", "Docker 20.10"),
        ("28.5-containerd", "Docker 28.5 with the containerd store"),
        ("29.7", "Docker 29"),
        ("26.1 20.10", "Docker 26.1 and 20.10"),
        ("20.10 26.1 28.5", "Docker 20.10 to 28.5"),
        ("28.5 28.5-containerd", "Docker 28.5 with both stores"),
        ("20.10 26.1 28.5-containerd", "Docker 28.5 with the containerd store, 26.1 and 20.10"),
        ("28.5-containerd 29.7", "Docker 29 and 28.5 with the containerd store"),
        ("26.1 28.5 28.5-containerd 29.7", "Docker 26.1 to 29"),
        ("20.10 29.7", "Docker 29 and 20.10"),
    ],
)
def test_a_label_names_its_engines(engines: str, wanted: str) -> None:
    assert label(engines.split()) == wanted


def test_two_sets_of_engines_never_have_one_label() -> None:
    names = list(ENGINES)
    sets = [[n for i, n in enumerate(names) if bits >> i & 1] for bits in range(1, 2 ** len(names))]
    assert len({label(engines) for engines in sets}) == len(sets)


@pytest.mark.parametrize(
    ("engines", "said"), [(["28.6"], "unknown engine '28.6'; known: 20.10"), ([], "at least one")]
)
def test_a_label_of_nothing_known_is_an_error(engines: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        label(engines)


def test_tabs_that_hold_what_their_labels_say_have_no_fault() -> None:
    text = page(
        ("Docker 20.10 to 28.5", "20.10 26.1 28.5"),
        ("Docker 28.5", "28.5 28.5-containerd"),
        ("Docker 28.5 with both stores", "28.5 28.5-containerd"),
        ("Docker 26.1 to 28.5", "26.1 28.5 28.5-containerd"),
        ("Docker 20.10 to 26.1", "20.10 26.1"),
        ("Docker 29", "29.7"),
        ("Linux", "20.10"),
    )
    assert not found(text)


def test_a_block_of_another_engine_is_a_fault_with_its_line() -> None:
    text = page(("Docker 20.10", "20.10"), ("Docker 26.1", "28.5"))
    [(line, said)] = found(text)
    assert text.split("\n")[line - 1].strip().startswith("```")
    assert 'in the tab "Docker 26.1"' in said
    assert 'label the tab "Docker 28.5"' in said


def test_an_engine_that_nobody_knows_is_a_fault() -> None:
    assert found(page(("Docker 28.5", "28.6"))) == [
        (5, f"unknown engine '28.6'; known: {', '.join(ENGINES)}")
    ]


def test_a_tab_of_an_engine_without_a_bound_block_is_a_fault() -> None:
    text = '# T\n\n=== "Docker 28.5"\n\n    ```console\n    $ true\n    ```\n'
    assert found(text) == [(3, 'the tab "Docker 28.5" has no block that is bound to an engine')]


def test_a_tab_of_a_kind_of_host_holds_blocks_for_it() -> None:
    text = page(("Control groups version 2", "cgroup2")).replace("engine=", "host=")
    assert not found(text)
    [(_, said)] = found(text.replace("cgroup2", "cgroup1"))
    assert 'bound to cgroup1 in the tab "Control groups version 2"' in said
    assert 'label the tab "Control groups version 1"' in said
    assert "no block that is bound to a host" in found(text.replace(' host="cgroup2"', ""))[0][1]


def test_what_follows_a_tab_is_not_in_it() -> None:
    after = '\n```{ .console engine="20.10" }\n$ true\n```\n'
    assert not found(page(("Docker 26.1", "26.1")) + after)


def test_a_line_in_a_fence_is_no_tab() -> None:
    assert not found('```{ .markdown norun="an example" }\n=== "Docker 28.5"\n```\n')


def test_a_generated_tab_says_whose_it_is() -> None:
    assert tab(["26.1"], "a\n\nb") == (
        '=== "Docker 26.1"\n\n    <span data-engine="26.1"></span>\n\n    a\n\n    b\n'
    )


def nested(outer: str, *tabs: tuple[str, str]) -> str:
    """A page with a tab that holds a block of all its engines, and narrower tabs below it."""
    inner = page(*tabs).partition("\n\n")[2]
    indented = "\n".join(f"    {line}" if line else "" for line in inner.split("\n"))
    return page((outer, "28.5 28.5-containerd 29.7")) + "\n" + indented


def test_a_tab_may_hold_narrower_tabs_that_cover_it_together() -> None:
    assert not found(
        nested("Docker 29 and 28.5", ("Docker 29", "29.7"), ("Docker 28.5", "28.5 28.5-containerd"))
    )


def test_narrower_tabs_that_leave_an_engine_out_are_a_fault_of_the_tab_around_them() -> None:
    text = nested("Docker 29 and 28.5", ("Docker 29", "29.7"))
    assert found(text) == [
        (
            3,
            'the tab "Docker 29 and 28.5" holds tabs that cover something else together; '
            'label it "Docker 29", or change the tabs in it',
        )
    ]


def test_a_narrower_tab_holds_what_its_own_label_says() -> None:
    [(_, said)] = found(
        nested("Docker 29 and 28.5", ("Docker 29", "29.7"), ("Docker 26.1", "28.5 28.5-containerd"))
    )
    assert 'in the tab "Docker 26.1"' in said
