"""The command that runs a program inside a lab."""

# The environment of every program that is run in a lab; nothing else is in it.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def enter(pid: int, *argv: str) -> list[str]:
    """Return the command that, run as the host's root, runs `argv` inside a lab.

    Args:
        pid: the lab's PID 1, as the host numbers it.
        argv: program and arguments. It runs as root, in `/root`, with all signals as a login has them.
    """
    return [
        *("nsenter", "--target", str(pid), "--mount", "--pid", "--net", "--uts"),
        *("--ipc", "--cgroup", "--", "/usr/bin/env", "--ignore-environment"),
        # A job in the background ignores Ctrl-C; what it runs in a lab shall take it, as on any terminal.
        *("--default-signal", "--chdir=/root"),
        *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
        *argv,
    ]
