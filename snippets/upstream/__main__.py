"""Print a report's JSON as Markdown: `python -m snippets.upstream REPORT`."""

import json
import sys
from pathlib import Path

from snippets.upstream.report import as_markdown

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m snippets.upstream REPORT")
    print(as_markdown(json.loads(Path(sys.argv[1]).read_text())), end="")
