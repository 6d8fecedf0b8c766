"""The programs that a page's commands run on its reader's machine, and what of them the page has to name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snippets.block import CONSOLE, Block, Command, Kind

EDITORS = frozenset(["code", "ed", "emacs", "joe", "mcedit", "micro", "nano", "pico", "vi", "vim"])

_BUILT_IN = """
    . : [ [[ alias bg break cd command continue declare disown echo eval exec exit export false fg hash
    jobs kill let local printf pwd read readonly return set shift source test times trap true type typeset
    ulimit umask unalias unset wait
"""
"""What bash and zsh bring themselves."""

_UTILITIES = """
    awk basename bash cat chmod chown cksum cmp comm cp cut date dd df diff dirname du env expr file find
    fold getconf grep gunzip gzip head hostname id join ln ls mkdir mkfifo mktemp mv nl nohup od paste
    readlink rm rmdir sed seq sh sleep sort split stat stty tail tar tee touch tr tty uname uniq wc whoami
    xargs zcat
"""
"""What macOS and every Linux come with."""

EVERYWHERE = frozenset([*_BUILT_IN.split(), *_UTILITIES.split()])
"""What a page need not name."""

_LINUX = """
    dockerd free getent groupadd groupdel losetup lsblk mount mountpoint pgrep pidof ps setsid sha256sum
    su timeout umount useradd userdel usermod
"""
LINUX = frozenset(_LINUX.split())
"""What every Linux with Docker has and no Mac, or what, as `ps`, shows the daemon's side there alone."""

_LINUX_TOOLS = """
    bridge conntrack containerd ctr findmnt ip ip6tables iptables journalctl lsns nft nsenter pstree runc
    ss sshd strace systemctl tcpdump unshare
"""
LINUX_TOOLS = frozenset(_LINUX_TOOLS.split())
"""What works on Linux alone, and not every Linux has it."""

_ROOT = """
    conntrack ctr dockerd ip6tables iptables lsns mount nft nsenter runc sshd strace su umount useradd
    userdel usermod
"""
ROOT = frozenset(_ROOT.split())
"""What does its part for root alone."""

ROOT_PATHS = re.compile(r"(?<![\w./:-])/var/lib/(?:docker|containerd)(?![\w.-])")

LINUX_PATHS = re.compile(
    r"(?<![\w./:-])/(?:proc|sys|dev/(?!null|stdout|stderr|stdin|fd|urandom|random|tty)|etc/(?:docker|ssh|systemd)"
    r"|var/lib/(?:docker|containerd)|var/log|run)(?![\w.-])[^\s'\")]*"
)
"""Paths that a Mac has not, or that are in a virtual machine there."""

LONG_OPTIONS = frozenset(["bash", "diff", "grep", "gunzip", "gzip", "sort", "tar"])
"""Those of `EVERYWHERE` that know long options on macOS, too."""

_STRING = re.compile(r"'[^']*'")
_HEREDOC = re.compile(r"<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)")
_FUNCTION = re.compile(r"(?:^|[;&|\s])(?P<name>[\w-]+)[ \t]*\(\)")
_BEFORE = frozenset(["!", "if", "then", "elif", "else", "while", "until", "do", "time"])
"""Words of the shell that a program follows."""

_FORWARDS = frozenset(["command", "env", "exec", "nohup", "sudo", "xargs"])
"""Programs that run the one which their first argument names."""

_NO_PROGRAMS = _BEFORE | {"fi", "done", "for", "in", "case", "esac"}

_STARTS = re.compile(r"^|\n|[|;&({`]|\$\(")
_PROGRAM = re.compile(
    r"[ \t]*(?:\w+=(?:\"[^\"]*\"|\$\([^()]*\)|[^\s;|&()]*)[ \t]+)*"
    r"(?P<word>[A-Za-z_./~][\w./+~-]*|\[|!)(?=[\s;|&)`]|$)(?P<rest>[^|;&\n]*)"
)
_INNER = re.compile(r"\$\([^()]*\)?")
_LONG_OPTION = re.compile(r"(?<=\s)--[a-z][\w-]*")

_NEEDS = re.compile(r"^\*\*Needs\*\*(?P<needs>.*?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Program:
    """A program that a command runs at the reader's shell.

    Attributes:
        word: how the command names it.
        rest: what follows the word in the same simple command.
        line: the page's 1-based line of the command.
    """

    word: str
    rest: str
    line: int


def programs(blocks: Iterable[Block], *, not_run: bool = False) -> Iterator[Program]:
    """The programs that the commands typed at the shell run, without the page's own functions.

    What runs in a container is an argument of `docker` here, and what is typed into a program is none of it.

    Args:
        blocks: the page's blocks in order.
        not_run: whether the commands of blocks that are not run count as well.
    """
    functions: set[str] = set()
    for block in blocks:
        if block.kind is not Kind.SESSION and not (not_run and block.language == CONSOLE):
            continue
        for command in block.commands:
            if not command.is_typed or not command.is_shell:
                continue
            text = _bare(command)
            functions |= {found["name"] for found in _FUNCTION.finditer(text)}
            for start in _STARTS.finditer(text):
                for word, rest in _run_from(text, start.end()):
                    if word not in functions | _NO_PROGRAMS:
                        yield Program(word, _INNER.sub("", rest), command.line)


def _run_from(text: str, at: int) -> Iterator[tuple[str, str]]:
    """The programs that begin at a place of a command's text, with their arguments: two of `sudo ls`."""
    while found := _PROGRAM.match(text, at):
        yield found["word"], found["rest"]
        if found["word"] not in _BEFORE | _FORWARDS:
            return
        at = found.end("word")


def _bare(command: Command) -> str:
    """A command without what the shell hands on as it is: heredocs and single-quoted strings."""
    rows: list[str] = []
    end = ""
    for row in command.lines:
        if end:
            end = "" if row.strip() == end else end
            continue
        rows.append(row)
        if opened := _HEREDOC.search(row):
            end = opened["end"]
    text = re.sub(r"\\\n\s*", " ", "\n".join(rows))
    return _STRING.sub("''", text)


def needs_of(text: str) -> str | None:
    """What a page says that it needs; None when it says nothing."""
    found = _NEEDS.search(text)
    return found["needs"] if found else None


def missing_needs(text: str, blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Find what a page's commands need beside Docker and its line **Needs** does not name.

    Args:
        text: the page.
        blocks: its blocks.

    Yields:
        The 1-based line of a command that needs it, and why.
    """
    needs = needs_of(text) or ""
    said: set[tuple[str, str]] = set()
    for program in programs(blocks):
        for word, why in _wanted(program):
            if (word, why) not in said and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", needs):
                said.add((word, why))
                yield program.line, f"{why}: the line **Needs** does not say {word}"


def _wanted(program: Program) -> Iterator[tuple[str, str]]:
    """What a program asks the line **Needs** to say: a word, and why."""
    word = program.word.rpartition("/")[2]
    if word == "docker":
        return
    paths = f"{program.word}{program.rest}"
    option = _LONG_OPTION.search(program.rest)
    if word not in EVERYWHERE | LINUX:
        yield word, f"`{word}` is not on every machine"
    if word in LINUX | LINUX_TOOLS:
        yield "Linux", f"`{word}` wants Linux"
    elif found := LINUX_PATHS.search(paths):
        yield "Linux", f"{found[0]} is there on Linux alone"
    elif option and word in EVERYWHERE - LONG_OPTIONS:
        yield "Linux", f"macOS knows no {option[0]} of `{word}`, where a short option would do"
    if word in ROOT or ROOT_PATHS.search(paths):
        yield "root", f"`{word}` wants root here"
