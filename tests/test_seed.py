"""What the lesson grew from stays findable: its parts, analogies, tasks with their commands, questions and takeaways.

Each entry says, in words of our own, what a reader of the original looks for, and where they find it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from snippets.block import session_commands
from snippets.journey import navigation
from snippets.reader.page import ROOT, Page, read_pages
from snippets.reader.passages import plain


@cache
def page(name: str) -> Page:
    return next(read_pages([f"docs/{name}"]))


@cache
def words_of(name: str) -> str:
    """What a reader reads on a page, code in sentences included."""
    return "\n".join(plain(passage.text) for passage in page(name).prose.passages)


SUBJECTS = {
    "client-server": ("learn/parts.md", "client-server"),
    "client": ("learn/parts.md", r"client\b.*\bdocker\b"),
    "daemon": ("learn/parts.md", r"daemon\b.*\bdockerd\b"),
    "registries, Docker Hub": ("learn/parts.md", r"registr(?:y|ies)\b.*Docker Hub"),
    "REST API over a socket": ("learn/parts.md", r"\bAPI\b"),
    "several clients, one daemon": ("learn/parts.md", r"(?i)any program can be a client"),
    "a remote daemon": ("learn/parts.md", r"(?i)\bremote\b|another (?:machine|host|computer)"),
    "what the daemon does": (
        "learn/parts.md",
        r"(?i)images, containers, networks and volumes|volumes and networks",
    ),
    "a registry of your own": ("under-the-hood/registry.md", r"(?i)a registry of your own"),
    "tags": ("learn/parts.md", r"(?i)\btags?\b"),
    "push": ("under-the-hood/registry.md", r"(?i)\bpush\b"),
    "an image is a template": ("learn/images-and-containers.md", r"(?i)read-only template"),
    "what is in an image": ("learn/images-and-containers.md", r"(?i)what is in an image"),
    "class and object": ("learn/images-and-containers.md", r"(?i)like a class\b.*\bobject"),
    "where class and object end": ("learn/images-and-containers.md", r"(?s)(?i)like a class\b.*The limit: "),
    "DVD and tape": ("learn/images-and-containers.md", r"(?i)\bDVD\b.*\bVHS tape\b"),
    "where DVD and tape end": ("learn/images-and-containers.md", r"(?s)VHS tape.*The limit: "),
    "a container is an instance": ("learn/images-and-containers.md", r"(?i)runnable instance"),
    "writable layer": ("learn/images-and-containers.md", r"(?i)writable layer"),
    "start, stop, delete": ("learn/images-and-containers.md", r"(?i)a container.s life"),
    "lost with the container": ("learn/images-and-containers.md", r"(?i)what is lost"),
    "many containers of one image": (
        "learn/images-and-containers.md",
        r"(?i)\b(?:two|three|many|several) containers\b",
    ),
    "layers": ("learn/layers.md", r"(?i)stack of layers|layers\b"),
    "instructions and layers": ("learn/layers.md", r"\bRUN\b.*\bCOPY\b|\bCOPY\b.*\bRUN\b"),
    "layers are cached": ("learn/layers.md", r"(?i)build cache"),
    "layers are shared": ("learn/layers.md", r"(?i)shared layers"),
    "history": ("learn/layers.md", r"docker history"),
    "networks": ("learn/networks-volumes-plugins.md", r"(?i)\bbridge\b"),
    "host and overlay": (
        "learn/networks-volumes-plugins.md",
        r"(?i)\bhost\b(?s:.*)\boverlay\b|\boverlay\b(?s:.*)\bhost\b",
    ),
    "volumes": ("learn/networks-volumes-plugins.md", r"(?i)\bvolumes?\b"),
    "plugins": ("learn/networks-volumes-plugins.md", r"(?i)\bplugins?\b"),
    "the nine steps": ("learn/docker-run.md", r"(?i)nine steps"),
    "the container stays": ("learn/docker-run.md", r"(?i)the container that stayed"),
    "<missing>": ("practice/task-2-layers.md", "<missing>|missing"),
    "State, GraphDriver": ("practice/task-3-inspect.md", "GraphDriver"),
    "dangling": ("practice/task-5-disk-usage.md", r"(?i)dangling"),
    "takeaways": ("check/summary.md", r"(?i)key takeaways"),
    "takeaway: client-server": ("check/summary.md", r"client-server"),
    "takeaway: images and containers": ("check/summary.md", r"(?i)runnable instance.*writable layer"),
    "takeaway: registries": ("check/summary.md", r"(?i)registries.*Docker Hub"),
    "takeaway: the course of a command": ("check/summary.md", r"(?i)docker run.*client.*daemon.*registry"),
    "takeaway: commands": (
        "check/summary.md",
        r"docker info.*docker history.*docker inspect.*docker system df",
    ),
    "resources": ("check/summary.md", r"(?i)additional resources"),
    "next up": ("check/summary.md", r"(?i)next up"),
    "objectives": ("index.md", r"(?i)objectives"),
}


@pytest.mark.parametrize(("name", "pattern"), SUBJECTS.values(), ids=SUBJECTS)
def test_each_subject_of_the_original_is_where_a_reader_looks_for_it(name: str, pattern: str) -> None:
    assert re.search(pattern, words_of(name)), f"docs/{name} no longer has it"


def test_the_parts_come_in_the_order_of_the_original() -> None:
    order = navigation(ROOT / "mkdocs.yml")
    wanted = [
        "index.md",
        "learn/parts.md",
        "learn/images-and-containers.md",
        "learn/layers.md",
        "learn/networks-volumes-plugins.md",
        "learn/docker-run.md",
        *sorted(TASKS),
        "check/summary.md",
        "check/questions.md",
    ]
    assert [name for name in order if name in wanted] == wanted


TASKS = {
    "practice/task-1-daemon.md": ["docker info"],
    "practice/task-2-layers.md": ["docker pull ubuntu:latest", "docker history ubuntu"],
    "practice/task-3-inspect.md": [
        "docker image inspect ubuntu",
        "docker run -it --name myubuntu ubuntu bash",
        'echo "Hello from container" > /tmp/test.txt',
        "exit",
        "docker container inspect myubuntu",
    ],
    "practice/task-4-sizes.md": ["docker images", "docker ps -a"],
    "practice/task-5-disk-usage.md": ["docker system df"],
    "practice/task-6-registry.md": ["docker pull ghcr.io/actions/hello-world:latest"],
}


@pytest.mark.parametrize(("name", "commands"), TASKS.items(), ids=[Path(name).stem for name in TASKS])
def test_each_task_runs_the_commands_of_the_original_in_order(name: str, commands: list[str]) -> None:
    typed = iter(command.text for _, command in session_commands(page(name).blocks))
    for command in commands:
        assert any(text == command or text.startswith((f"{command} ", f"{command}\n")) for text in typed), (
            command
        )


QUESTIONS = [
    r"(?i)main parts of Docker",
    r"(?i)image\b.*\bcontainer",
    r"(?i)writable layer",
    r"docker run -it ubuntu bash\b(?s:.*)(?i:remove)",
    r"(?i)layers",
    r"(?i)pull",
]


def test_the_six_questions_are_there_each_with_a_folded_answer() -> None:
    text = page("check/questions.md").text
    sections = re.split(r"^### (?=\d\. )", text, flags=re.MULTILINE)[1:7]
    assert len(sections) == len(QUESTIONS)
    for number, (section, pattern) in enumerate(zip(sections, QUESTIONS, strict=True), 1):
        asked, _, answer = section.partition("??? answer")
        assert section.startswith(f"{number}. ")
        assert re.search(pattern, asked), asked
        assert answer
