"""Commands in a lab that are expected to succeed; for the tests of what a lab is like inside."""

from snippets.lab import Lab


def output(lab: Lab, command: str) -> str:
    """Return what a bash command in the lab printed; it must end with status 0."""
    result = lab.run(command)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


def unexpected(warnings: list[str] | None) -> list[str]:
    """Return a daemon's warnings but the one that is about this host: Docker 29 deprecates control groups v1."""
    return [text for text in warnings or [] if "cgroup v1 is deprecated" not in text]
