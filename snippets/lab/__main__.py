"""`python -m snippets.lab`: the same as the `lab` command."""

import sys

from .cli import main

sys.exit(main())
