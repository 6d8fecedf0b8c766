"""The pictures of an image's parts: the numbers are those that the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from snippets.site import images
from snippets.site.figures import Layer

HISTORY = """\
IMAGE          CREATED          CREATED BY                                      SIZE      COMMENT
a25889802890   1 second ago     /bin/sh -c #(nop)  CMD ["cat" "/greeting.txt…   0B
<missing>      1 second ago     COPY greeting.txt /greeting.txt # buildkit      8.19kB    buildkit.dockerfile.v0
<missing>      2 seconds ago    RUN /bin/sh -c echo "made by RUN" > /made-by…   12B       buildkit.dockerfile.v0
<missing>      2 seconds ago    /bin/sh -c sleep 2; cp needs.txt installed.t…   10B
<missing>      18 minutes ago   /bin/sh -c #(nop) ADD file:...                  71.1MB
""".splitlines()

PAGE = """\
=== "Docker 20.10"

    ```{ .console engine="20.10" }
    $ docker history it
    IMAGE          CREATED        CREATED BY           SIZE      COMMENT
    <missing>      2 days ago     COPY a b             19B
    ```

=== "Docker 26.1"

    ```{ .console engine="26.1" }
    $ docker history it
    IMAGE          CREATED        CREATED BY           SIZE      COMMENT
    <missing>      2 days ago     COPY a b             8.19kB
    ```

```console
$ get manifests/latest | sha256sum
2222222222222222222222222222222222222222222222222222222222222222  -
$ get manifests/latest \\
>   | jq --raw-output '.manifests[].platform | [.os, .architecture, .variant // empty] | join("/")' \\
>   | sort | uniq -c
      1 linux/amd64
      2 unknown/unknown
$ get manifests/latest | jq --arg kind $kind 'first(.manifests[] | select(.platform.architecture == $kind))'
{
  "digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
  "size": 536,
  "platform": {"architecture": "amd64"}
}
$ get manifests/$manifest | jq
{
  "config": {
    "digest": "sha256:3333333333333333333333333333333333333333333333333333333333333333",
    "size": 575
  },
  "layers": [
    {
      "digest": "sha256:4444444444444444444444444444444444444444444444444444444444444444",
      "size": 1119383
    }
  ]
}
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(images, "DOCS", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_each_entry_is_its_instruction_and_the_size_that_it_added() -> None:
    assert images.entries(HISTORY, "x.md:1") == [
        Layer('CMD ["cat" "/greeting.txt…', 0),
        Layer("COPY greeting.txt /greeting.txt", 8190),
        Layer('RUN echo "made by RUN" > /made-by…', 12),
        Layer("RUN sleep 2; cp needs.txt installed.t…", 10),
        Layer("ADD file:...", 71_100_000),
    ]


def test_a_line_without_a_size_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"x\.md:1: no line of `docker history` with a size: '\.\.\.'"):
        images.entries([HISTORY[0], "..."], "x.md:1")


@pytest.mark.usefixtures("page")
def test_each_output_has_a_tab_of_its_own() -> None:
    tabs = images.history("page.md", "it", "Sizes").split("=== ")[1:]
    assert [text.split("\n")[0] for text in tabs] == ['"Docker 20.10"', '"Docker 26.1"']
    assert "<td>COPY a b</td><td>19B</td>" in tabs[0]
    assert "<td>COPY a b</td><td>8.19kB</td>" in tabs[1]
    assert '<span data-engine="26.1">' in tabs[1]


@pytest.mark.usefixtures("page")
def test_a_page_without_the_history_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not show `docker history other`"):
        images.history("page.md", "other", "Sizes")


@pytest.mark.usefixtures("page")
def test_the_objects_hang_below_each_other_with_kind_and_size() -> None:
    found = BeautifulSoup(images.objects("page.md", "Objects"), "html.parser")
    assert [text.get_text() for text in found.select("svg .code")] == [
        "sha256:222222222222", "sha256:111111111111", "sha256:333333333333", "sha256:444444444444",
    ]  # fmt: skip
    assert [text.get_text() for text in found.select("svg .soft")] == [
        "index, 3 entries", "manifest for amd64, 536B", "configuration, 575B", "layer, compressed, 1.12MB",
    ]  # fmt: skip
    assert len(found.select("ul ul ul > li")) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('  "size": 536,\n', "...\n", "the output of `get manifests/latest .*` is not shown in full"),
        ("$ get manifests/$manifest | jq\n", "$ true\n", r"does not show `get manifests/\$manifest \| jq`"),
        ("| sha256sum", "| sha512sum", r"does not show `get manifests/latest \| sha256sum`"),
        ("| uniq -c", "| uniq", "does not show `get manifests/latest .* uniq -c`"),
    ],
)
def test_objects_that_are_not_on_the_page_are_an_error(page: Path, old: str, new: str, message: str) -> None:
    page.write_text(PAGE.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        images.objects("page.md", "Objects")


def test_the_pages_show_what_their_pictures_are_computed_from() -> None:
    sizes = images.history("learn/layers.md", "lesson-layers", "Sizes")
    assert sizes.count('<rect class="bar"') == 3 * sizes.count("=== ") > 0
    assert "layer, compressed, " in images.objects("under-the-hood/registry.md", "Objects")
