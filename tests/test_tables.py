"""The tables that pages print: from the declarations of the lab, and in step with them."""

from __future__ import annotations

from snippets.lab.engines import ENGINES
from snippets.lab.standins import STAND_INS
from snippets.site import tables


def test_every_engine_is_in_the_table_the_newest_first() -> None:
    rows = [line for line in tables.engines().splitlines() if line.startswith("| `")]
    assert len(rows) == len(ENGINES)
    assert rows[0].startswith(f"| `{list(ENGINES)[-1]}` | ")


def test_every_image_of_the_lab_is_in_the_table() -> None:
    rows = [line for line in tables.images().splitlines() if line.startswith("| `")]
    assert len(rows) == len(STAND_INS)
    assert "| `hello-world:latest` | One static program. | `/hello` |" in rows
    assert any(
        "`registry:2`" in row and "`/entrypoint.sh /etc/docker/registry/config.yml`" in row for row in rows
    )


def test_a_bar_in_a_cell_stays_in_its_cell() -> None:
    assert r"| a\|b | c |" in tables.table(("x", "y"), [("a|b", "c")])
