"""The picture of the processes that a page shows."""

from __future__ import annotations

import pytest

from snippets.block import parse_page
from snippets.site import processes
from snippets.site.figures import Process

PAGE = """\
```console
$ ps -o pid,ppid,comm -p 7
    PID    PPID COMMAND
     70      69 sleep
     69       1 containerd-shim
$ ps -o pid,comm -p 7
    PID COMMAND
     70 sleep
```

```console
$ ps -o pid,ppid,comm -p 8
    PID    PPID COMMAND
      8       1 a name with spaces
```
"""


def test_the_processes_of_all_tables_are_ordered_by_pid() -> None:
    assert processes.shown(parse_page(PAGE, "x.md"), {"sleep": "the container's"}) == [
        Process(8, 1, "a name with spaces"),
        Process(69, 1, "containerd-shim"),
        Process(70, 69, "sleep", "the container's"),
    ]


def test_the_picture_of_the_page_on_processes_has_the_shim_above_the_containers_process() -> None:
    drawn = processes.picture("under-the-hood/processes.md", "T")
    assert "<code>containerd-shim</code>" in drawn
    assert drawn.index("<code>containerd-shim</code>") < drawn.index("<ul><li><code>sleep</code>")


def test_a_page_without_such_a_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="no output with the headings PID PPID COMMAND"):
        processes.picture("under-the-hood/api.md", "T")
