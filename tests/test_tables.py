"""The tables that pages print: from the declarations of the lab, and in step with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from snippets.lab.engines import DEFAULT_ENGINE, ENGINES
from snippets.site import tables


def test_every_engine_is_in_the_table_the_default_first() -> None:
    rows = [line for line in tables.engines().splitlines() if line.startswith("| `")]
    assert len(rows) == len(ENGINES)
    assert rows[0].startswith(f"| `{DEFAULT_ENGINE}` | ")


def test_every_image_of_the_lab_is_in_the_table() -> None:
    rows = [line for line in tables.images().splitlines() if line.startswith("| `")]
    assert len(rows) == len(list(tables.IMAGE_SOURCES.glob("*/Dockerfile"))) > 0
    assert any("`hello-world`" in row and "From `scratch`." in row and "`/hello`" in row for row in rows)


def test_an_image_is_read_from_its_dockerfile(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(
        '# host/name:1: what it is,\n# in two lines.\nFROM a AS b\nFROM c\nENTRYPOINT ["/x"]\nCMD ["y", "z"]\n'
    )
    assert tables.read_dockerfile(path) == ("host/name:1", "What it is, in two lines.", "c", "/x y z")


def test_a_dockerfile_that_does_not_say_what_it_is_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text("FROM scratch\n")
    with pytest.raises(ValueError, match="begin the file with a comment"):
        tables.read_dockerfile(path)


def test_a_bar_in_a_cell_stays_in_its_cell() -> None:
    assert r"| a\|b | c |" in tables.table(("x", "y"), [("a|b", "c")])
