"""What `.ci/drift.py` tells GitHub; a small `gh` keeps the issues in a file, since no GitHub is there to ask."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GH = """#!{python}
import json, sys
from pathlib import Path

file = Path(__file__).parent / "issues.json"
issues = json.loads(file.read_text()) if file.exists() else []
match sys.argv[1:]:
    case ["issue", "list", "--state", "open", "--label", "upstream-drift", *_]:
        print(*[number for number, issue in enumerate(issues, 1) if issue["open"]][:1])
    case ["issue", "create", *_]:
        issues.append(dict(open=True, body=sys.stdin.read(), comments=[]))
    case ["issue", "edit", number, *_]:
        issues[int(number) - 1]["body"] = sys.stdin.read()
    case ["issue", "comment", number, *_]:
        issues[int(number) - 1]["comments"].append(sys.stdin.read())
    case ["label", "create", *_]:
        pass
    case other:
        sys.exit(f"unknown: {{other}}")
file.write_text(json.dumps(issues))
"""
REPORT: dict[str, Any] = {
    "date": "2026-11-24",
    "docker": {
        "version": "29.7.2",
        "driver": "overlayfs",
        "containerd_store": True,
        "kernel": "6.18",
        "system": "Debian",
    },
    "engine": "29.7",
    "pages": {"docs/page.md": "as it says"},
    "errors": {},
    "differences": [],
}
DIFFERENCE = {
    "page": "docs/page.md",
    "line": 4,
    "command": ["$ echo 'a | b'"],
    "reason": "the output is not what the page shows (29.7)",
    "expected": ["a"],
    "actual": ["```"],
    "cause": "page",
    "says": "the page is wrong",
    "because": "it differs in a lab, too",
}


@pytest.fixture
def issues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    gh = tmp_path / "gh"
    gh.write_text(GH.format(python=sys.executable))
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "issues.json"


def tell(issues: Path, **said: Any) -> tuple[int, list[dict[str, Any]]]:
    report = issues.parent / "report.json"
    report.write_text(json.dumps({**REPORT, **said}))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, ROOT / ".ci/drift.py", report], env=environment)
    return done.returncode, json.loads(issues.read_text()) if issues.exists() else []


def test_drift_is_in_one_issue_however_often_it_is_found(issues: Path) -> None:
    status, (issue,) = tell(issues, differences=[DIFFERENCE])
    assert status == 0
    assert (
        r"| docs/page.md:4 | echo 'a \| b' | the page is wrong  | it differs in a lab, too |" in issue["body"]
    )
    assert "````diff\n$ echo 'a | b'\n- a\n+ ```\n````" in issue["body"]
    _, (issue,) = tell(issues, differences=[DIFFERENCE, {**DIFFERENCE, "line": 9}])
    assert "docs/page.md:9" in issue["body"]


def test_when_nothing_differs_any_more_the_issue_says_so_and_stays_open(issues: Path) -> None:
    assert tell(issues) == (0, [])
    tell(issues, differences=[DIFFERENCE])
    _, (issue,) = tell(issues)
    assert issue["open"] and issue["comments"][0].endswith("2026-11-24: 0 differences.\n")
    assert "docs/page.md:4" in issue["body"]


@pytest.mark.parametrize("said", [{"errors": {"docs/page.md": "no space left"}}, {"pages": {}}])
def test_a_run_that_could_not_run_the_pages_says_nothing_about_drift(
    issues: Path, said: dict[str, Any]
) -> None:
    tell(issues, differences=[DIFFERENCE])
    before = json.loads(issues.read_text())
    status, after = tell(issues, **said)
    assert status == 1 and after == before
