"""Commands in a lab that are expected to succeed; for the tests of what a lab is like inside."""

from snippets.lab import Lab


def output(lab: Lab, command: str) -> str:
    """Return what a bash command in the lab printed; it must end with status 0."""
    result = lab.run(command)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout
