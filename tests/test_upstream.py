"""Pages on a machine's own Docker: a lab is the machine, with another image and other settings of the daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from snippets.lab import ENGINES, Lab
from snippets.lab.paths import cache_dir
from snippets.upstream.machine import Docker, nearest_engine
from snippets.upstream.report import as_markdown
from tests.lab_commands import output

pytest_plugins = ["pytester"]

CACHE = cache_dir().parent  # pytester moves the home directory; labs are to be made of what is there

DRIFTED = """# Drifted

```console
$ docker run --rm hello-world
...
Hello from Docker!
...
```

```console
$ docker image inspect hello-world --format '{{json .Config.Labels}}'
null
```

```console
$ docker info --format '{{json .Labels}}'
[]
```

```console
$ echo one
two
```

```console
$ docker volume create lesson-volume && docker network create --driver bridge lesson-net > id
lesson-volume
$ echo 'FROM hello-world' | docker build --quiet --tag lesson-image - > id
$ docker create --name lesson-container lesson-image > id
$ setsid sleep 4242 > log 2>&1 &
...
```
"""
FRESH = """# Fresh

```console
$ docker ps --all --quiet; docker volume ls --quiet; docker image ls --all --quiet; ls; pgrep -fc 'sleep 424[2]' || true
0
$ docker network ls --format '{{.Name}}' | sort
bridge
host
none
$ docker system df --format '{{.Type}} {{.TotalCount}}' | grep Build
Build Cache 0
```
"""
STOPPED = """# Stopped

```console
$ false
```

```console
$ echo never
```
"""
CONFTEST = """
import snippets.pytest_pages
from snippets.upstream.machine import Machine

snippets.pytest_pages.this_machine = lambda: Machine({prefix})
"""
OTHER_IMAGE = """
set -e
docker pull --quiet hello-world
printf 'FROM hello-world\\nLABEL published=yes\\n' | docker build --quiet --tag hello-world -
docker push --quiet hello-world
docker image rm --force hello-world
docker image prune --all --force
docker builder prune --all --force
jq '.labels = ["owner=lesson"]' /etc/docker/daemon.json > /tmp/daemon.json
cp /tmp/daemon.json /etc/docker/daemon.json
kill -HUP "$(cat /run/lab/dockerd.pid)"
until docker info --format '{{json .Labels}}' | grep --quiet owner; do sleep 0.1; done
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Lab]:
    with Lab.start() as lab:
        output(lab, OTHER_IMAGE)
        yield lab


@pytest.fixture
def project(pytester: pytest.Pytester, machine: Lab, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    pytester.makeconftest(CONFTEST.format(prefix=repr(tuple(machine.enter()))))
    pytester.makeini("[pytest]\naddopts = -p snippets.pytest_pages -p no:cacheprovider\n")
    pytester.mkdir("docs")
    return pytester


def add(project: pytest.Pytester, name: str, text: str) -> None:
    (project.path / "docs" / name).write_text(text)


def run(project: pytest.Pytester, *options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
    path = project.path / "report.json"
    result = project.runpytest_subprocess(
        "--upstream", "--disposable-machine", f"--upstream-report={path}", *options
    )
    return result, json.loads(path.read_text())


def test_each_difference_is_found_and_sorted_by_what_it_comes_from(
    project: pytest.Pytester, machine: Lab
) -> None:
    add(project, "drifted.md", DRIFTED)
    add(project, "fresh.md", FRESH)
    result, report = run(project)
    # Of drifted.md all blocks run: two are as it says, three differ, and the page leaves things behind.
    result.assert_outcomes(passed=4, failed=4)
    found = [(one["line"], one["cause"], one["expected"], one["actual"]) for one in report["differences"]]
    assert found[:3] == [
        (11, "image", ["null"], ['{"published":"yes"}']),
        (16, "docker", ["[]"], ['["owner=lesson"]']),
        (21, "page", ["two"], ["one"]),
    ]
    assert [(one["page"], one["cause"]) for one in report["differences"][3:]] == [("docs/drifted.md", "page")]
    left = report["differences"][3]["reason"]
    for name in ("container lesson-container", "image lesson-image:latest", "network lesson-net", "file log"):
        assert name in left
    assert report["pages"] == {"docs/drifted.md": "differs", "docs/fresh.md": "as it says"}
    assert (
        report["docker"]["version"]
        == output(machine, "docker version --format '{{.Server.Version}}'").strip()
    )
    assert report["published"]["registry-1.docker.io/library/hello-world:latest"].startswith("sha256:")
    result.stdout.fnmatch_lines(
        [
            "2 pages on Docker *: 4 differences.",
            "| docs/drifted.md:11 * | the published image differs from the stand-in | *",
            "| docs/drifted.md:16 * | this Docker differs from its engine * | *",
            "| docs/drifted.md:21 * | the page is wrong * | *",
        ]
    )
    assert "+ ['" not in as_markdown(report) and '+ ["owner=lesson"]' in as_markdown(report)
    assert output(machine, "ls /tmp | grep lesson; pgrep -f 'sleep 424[2]'; true") == ""


def test_after_a_wrong_exit_status_the_rest_of_the_page_is_not_run(project: pytest.Pytester) -> None:
    add(project, "stopped.md", STOPPED)
    result, report = run(project)
    result.assert_outcomes(failed=1, skipped=2)
    assert [(one["line"], one["cause"]) for one in report["differences"]] == [(4, "page")]


def test_pages_that_hold_leave_an_empty_report(project: pytest.Pytester) -> None:
    add(project, "fresh.md", FRESH)
    result, report = run(project)
    result.assert_outcomes(passed=2)
    assert report["differences"] == [] and report["errors"] == {}
    result.stdout.fnmatch_lines(["1 pages on Docker *: 0 differences."])


def test_an_image_that_nobody_publishes_is_none_in_the_experiment_either(
    project: pytest.Pytester, machine: Lab
) -> None:
    tags = "/var/lib/lab-registry/ghcr/docker/registry/v2/repositories/actions/hello-world/_manifests/tags"
    add(
        project,
        "page.md",
        "# Page\n\n```console\n$ docker pull --quiet ghcr.io/actions/hello-world\nghcr.io/actions/hello-world:latest\n```\n",
    )
    output(machine, f"mv {tags} /tmp/tags")
    try:
        _, report = run(project)
    finally:
        output(machine, f"mv /tmp/tags {tags}")
    assert report["published"]["ghcr.io/actions/hello-world:latest"] is None
    assert [one["cause"] for one in report["differences"]] == ["image"]


def test_without_a_lab_the_cause_is_undecided(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_BACKEND", "docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/nobody.sock")
    add(project, "page.md", "# Page\n\n```console\n$ echo one\ntwo\n```\n")
    _, report = run(project)
    assert [one["cause"] for one in report["differences"]] == ["undecided"]
    assert "could not be had" in report["differences"][0]["because"]


def refusal(project: pytest.Pytester, *options: str) -> str:
    add(project, "page.md", "# Page\n\n```console\n$ touch /tmp/typed\n```\n")
    result = project.runpytest_subprocess(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    return result.stderr.str()


def test_it_refuses_where_nobody_said_that_the_machine_is_disposable(
    project: pytest.Pytester, machine: Lab
) -> None:
    assert "--disposable-machine" in refusal(project, "--upstream")
    assert output(machine, "ls /tmp | grep typed || true") == ""


def test_it_refuses_where_there_are_containers_and_names_them(project: pytest.Pytester, machine: Lab) -> None:
    output(machine, "docker create --name somebodys hello-world")
    try:
        said = refusal(project, "--upstream", "--disposable-machine")
    finally:
        output(machine, "docker rm somebodys && docker image rm hello-world")
    assert "somebodys" in said and "docker rm --force somebodys" in said


def test_it_refuses_where_programs_are_missing_and_names_them(project: pytest.Pytester, machine: Lab) -> None:
    output(machine, "mv /usr/bin/jq /usr/bin/jq.away")
    try:
        said = refusal(project, "--upstream", "--disposable-machine")
    finally:
        output(machine, "mv /usr/bin/jq.away /usr/bin/jq")
    assert "The pages need jq, which" in said


def test_it_refuses_where_docker_does_not_answer(project: pytest.Pytester, machine: Lab) -> None:
    output(machine, "mv /var/run/docker.sock /var/run/docker.sock.away")
    try:
        said = refusal(project, "--upstream", "--disposable-machine")
    finally:
        output(machine, "mv /var/run/docker.sock.away /var/run/docker.sock")
    assert "doesn't answer" in said


@pytest.mark.parametrize(
    "option",
    ["--rewrite", "--record", "--changed-only", "--engine=26.1", "--engine-dir=/", "--numprocesses=2"],
)
def test_it_refuses_what_does_not_go_together(project: pytest.Pytester, option: str) -> None:
    assert option.partition("=")[0].replace("--numprocesses", "-n") in refusal(
        project, "--upstream", "--disposable-machine", option
    )


@pytest.mark.parametrize("option", ["--disposable-machine", "--upstream-report=report.json"])
def test_it_refuses_its_options_alone(project: pytest.Pytester, option: str) -> None:
    assert f"{option.partition('=')[0]} goes with --upstream" in refusal(project, option)


@pytest.mark.parametrize(
    ("version", "containerd_store", "engine"),
    [
        ("20.10.24", False, "20.10"),
        ("24.0.7", False, "26.1"),
        ("26.1.5", False, "26.1"),
        ("28.0.4", False, "28.5"),
        ("28.5.2", True, "28.5-containerd"),
        ("29.0.1", True, "29.7"),
        ("29.7.2", False, "28.5"),
        ("30.1.0", True, "29.7"),
    ],
)
def test_the_nearest_engine_has_the_same_store(version: str, containerd_store: bool, engine: str) -> None:
    assert nearest_engine(Docker(version, "", containerd_store, "amd64", "", "")) is ENGINES[engine]
