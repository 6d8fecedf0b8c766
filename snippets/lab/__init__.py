"""A lab: a throwaway Docker host with an engine, a registry and images of its own.

The package knows nothing of Markdown, pytest or MkDocs. It needs nothing but
Python's standard library, util-linux and, to build, mmdebstrap.
"""

from .engines import DEFAULT_ENGINE, ENGINES, Engine
from .errors import LabError
from .host import missing
from .lab import Lab

__all__ = ["DEFAULT_ENGINE", "ENGINES", "Engine", "Lab", "LabError", "missing"]
