"""A lab: a throwaway Docker host with an engine, a registry and images of its own.

The package knows nothing of Markdown, pytest or MkDocs. It needs nothing but
Python's standard library, and either util-linux and, to build, mmdebstrap, or
a Docker that answers.
"""

from .archives import default_engine
from .backends import BACKENDS, missing
from .enginedir import engine_from_dir
from .engines import ENGINES, Engine
from .errors import LabError
from .lab import Lab

__all__ = ["BACKENDS", "ENGINES", "Engine", "Lab", "LabError", "default_engine", "engine_from_dir", "missing"]
