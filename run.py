#!/usr/bin/env python3
"""Start here: python run.py demo | test | comfyui | render | visemes | score | bench (--help says more)."""

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PACKAGE = "talking_avatar"


def load_launcher():  # noqa: ANN201 - must parse on any Python 3
    """Import the launcher under a fixed package name, whatever this folder is called."""
    # The checkout itself must not answer `import nodes` or `import models`.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(ROOT)]
    sys.modules[PACKAGE] = package
    from importlib import import_module

    return import_module(PACKAGE + ".cli.main")


if __name__ == "__main__":
    if sys.version_info < (3, 10):  # noqa: UP036 - this message is for those who start it with an older one
        sys.exit("error: Python %d.%d is too old | hint: Start run.py with Python 3.10 or newer." % sys.version_info[:2])  # noqa: UP031
    sys.exit(load_launcher().main(sys.argv[1:]))
