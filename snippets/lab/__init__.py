"""A lab: a throwaway Docker host with an engine, a registry and images of its own.

The package knows nothing of Markdown, pytest or MkDocs. It needs nothing but
Python's standard library, and either util-linux and, to build, mmdebstrap, or
a Docker that answers.
"""

from .backends import BACKENDS, missing
from .enginedir import engine_from_dir
from .engines import DEFAULT_ENGINE, ENGINES, Engine
from .errors import LabError
from .lab import Lab

__all__ = ["BACKENDS", "DEFAULT_ENGINE", "ENGINES", "Engine", "Lab", "LabError", "engine_from_dir", "missing"]
