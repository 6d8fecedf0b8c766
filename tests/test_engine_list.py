"""Adding an engine is adding one entry to the list: all that shows, runs or records engines follows."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from snippets.lab import ENGINES, archives, cli
from snippets.site import tables
from snippets.site.engine_tabs import label
from snippets.site.verification import Verification
from tests.sitebuild import ROOT, build

pytest_plugins = ["pytester"]

# Docker 26.1, under a name that is newer than all others.
ENTRY = replace(ENGINES["26.1"], name="99.1", label="99")

PAGE = """# Page

=== "Docker 99"

    ```{ .console engine="99.1" }
    $ echo 99
    99
    ```

=== "Docker 28.5"

    ```{ .console engine="28.5" }
    $ echo 28
    28
    ```
"""


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, ENTRY.name, ENTRY)


def test_labels_and_tables_name_it_first(added: None, tmp_path: Path) -> None:
    assert label(["28.5-containerd", "99.1"]) == "Docker 99 and 28.5 with the containerd store"
    for table in (tables.engines(), tables.engine_labels(), Verification(tmp_path, tmp_path).versions()):
        assert table.count("`99.1`") == 1
        assert table.index("`99.1`") < table.index(f"`{list(ENGINES)[-2]}`")
    assert Verification(tmp_path, tmp_path).engines[0] == "99.1"


def test_a_page_may_bind_blocks_to_it_and_tells_the_script_of_tabs(added: None, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(PAGE)
    site = build(tmp_path / "site", docs, nav=[{"Home": "index.md"}])  # strictly: no unknown engine
    html = BeautifulSoup((site.directory / "index.html").read_text(), "html.parser")
    assert [found["data-engines"] for found in html.select("[data-engines]")] == [
        " ".join(f"{engine.name}:{engine.store}" for engine in reversed(ENGINES.values()))
    ]
    assert html.select_one(".tabbed-labels label").get_text() == "Docker 99"  # type: ignore[union-attr]


def test_the_script_and_the_workflow_name_no_engine() -> None:
    for path in ("docs/assets/tabs.js", ".github/workflows/test.yml", ".ci/test"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not [name for name in ENGINES if name in text], path


def test_it_is_the_default_engine_and_has_a_job_in_ci(
    added: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert archives.default_engine().name == "99.1"
    assert cli.main(["engine", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "99.1"
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    assert "engine list --json" in jobs["engines"]["steps"][-1]["run"]
    assert jobs["pages"]["strategy"]["matrix"] == {"engine": "${{ fromJSON(needs.engines.outputs.engines) }}"}


def test_pytest_runs_pages_on_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        adding="""
        import tempfile
        from dataclasses import replace
        from pathlib import Path
        from snippets import pytest_pages
        from snippets.lab import ENGINES
        from tests.local_host import LocalHost

        ENGINES["99.1"] = replace(ENGINES["26.1"], name="99.1", label="99")
        pytest_pages.start_lab = lambda engine: LocalHost(Path(tempfile.mkdtemp()))
        """
    )
    pytester.makeini("[pytest]\naddopts = -p adding -p snippets.pytest_pages -p no:cacheprovider\n")
    pytester.mkdir("docs").joinpath("page.md").write_text(PAGE)
    for options in ((), ("--engine", "99.1")):
        result = pytester.run(sys.executable, "-m", "pytest", "-v", *options)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(["docs/page.md::echo-99@99.1 PASSED*"])
