"""The one exception of the lab package."""


class LabError(Exception):
    """A lab could not be built, started or used.

    The message says what happened, shows the last lines of the log that tells
    why (where there is one), and what to do next.
    """
