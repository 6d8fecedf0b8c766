"""Pages on engines that the plugin is told of: from a directory of binaries, in labs of their own."""

import shutil
from pathlib import Path

import pytest

from tests.lab_binaries import copy_binaries

pytest_plugins = ["pytester"]

PAGE = """# Page

```console
$ docker version --format '{{.Client.Version}} {{.Server.Version}}'
26.1.5 26.1.5
$ docker info --format '{{.Driver}}'
overlay2
```

```{ .console engine="26.1" }
$ docker run --rm hello-world
...
Hello from Docker!
...
$ docker image rm hello-world
...
```

```{ .console engine="20.10" }
$ nosuch
```
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\naddopts = -p snippets.pytest_pages -p no:cacheprovider\n")
    pytester.mkdir("docs").joinpath("page.md").write_text(PAGE)
    return pytester


def test_an_engine_from_a_directory_runs_the_pages_that_name_its_version(
    project: pytest.Pytester, tmp_path: Path
) -> None:
    binaries = tmp_path / "binaries"
    copy_binaries("26.1", binaries)
    result = project.runpytest_subprocess("-v", f"--engine-dir={binaries}")
    shutil.rmtree(binaries)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["docs/page.md::docker-run-rm-hello-world@26.1 PASSED*"])


def test_a_directory_that_is_no_engine_is_refused(project: pytest.Pytester, tmp_path: Path) -> None:
    result = project.runpytest_subprocess(f"--engine-dir={tmp_path}")
    result.stderr.fnmatch_lines(["*holds no dockerd*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_an_unknown_backend_is_refused(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--lab-backend", "podman")
    result.stderr.fnmatch_lines(["*invalid choice: 'podman' (choose from *docker*namespaces*"])
