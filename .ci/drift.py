"""Tell GitHub what `pytest --upstream` found: one open issue says what drifted, however often it is found.

Takes the report's JSON, and needs `gh` with a token that may write issues. The issue is found again by its
label. Nothing is closed here: a person does that, once the pages are mended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from snippets.upstream.report import as_markdown

LABEL = "upstream-drift"
TITLE = "Docker or its images have moved away from the pages"


def gh(*words: str, text: str = "") -> str:
    """What `gh` prints for a command, given a text for `--body-file -`."""
    done = subprocess.run(["gh", *words], input=text, text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout.strip()


def main() -> None:
    """Open the issue, bring it up to date, or say in it that nothing differs any more."""
    if len(sys.argv) != 2:
        sys.exit("usage: .venv/bin/python .ci/drift.py REPORT")
    report = json.loads(Path(sys.argv[1]).read_text())
    if report["errors"] or not report["pages"]:
        said = "".join(f"\n{page}: {why}" for page, why in report["errors"].items())
        sys.exit(f"error: not all pages could be run, so the issue stays as it is.{said}")
    text = as_markdown(report)
    found = ("issue", "list", "--state", "open", "--label", LABEL, "--limit", "1")
    number = gh(*found, "--json", "number", "--jq", ".[].number")
    if not report["differences"]:
        if number:
            gh("issue", "comment", number, "--body-file", "-", text=text)
    elif number:
        gh("issue", "edit", number, "--body-file", "-", text=text)
    else:
        gh("label", "create", LABEL, "--force", "--description", "Pages that differ on a current Docker")
        gh("issue", "create", "--title", TITLE, "--label", LABEL, "--body-file", "-", text=text)


if __name__ == "__main__":
    main()
