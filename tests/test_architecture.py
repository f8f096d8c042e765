"""Who may import whom, and other rules that a reviewer should not have to check."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pipeline_core", "models", "nodes", "cli")
MAY_IMPORT = {
    "pipeline_core": {"pipeline_core"},
    "models": {"models", "pipeline_core"},
    "nodes": {"nodes", "models", "pipeline_core"},
    "cli": {"cli", "models", "pipeline_core"},
}
COMFYUI = {"comfy", "comfy_api", "comfy_execution", "comfy_extras", "folder_paths", "server", "execution", "node_helpers"}
STDLIB_ONLY = ["run.py", "cli/main.py", "cli/console.py", "cli/environment.py", "cli/comfy_install.py", "cli/__init__.py"]
MAX_LINES = 400


def sources():
    files = [ROOT / "__init__.py", ROOT / "run.py"]
    return files + [f for package in PACKAGES for f in sorted((ROOT / package).rglob("*.py"))]


def violations(path, text):
    """Return what is wrong with a file, as sentences."""
    relative = path.relative_to(ROOT)
    package = relative.parts[0] if len(relative.parts) > 1 else ""
    found = []
    for node in ast.walk(ast.parse(text)):
        for level, module in imports_of(node):
            where = f"{relative}:{node.lineno}"
            top = module.split(".")[0]
            if level == 0:
                if top in COMFYUI and package != "nodes":
                    found.append(f"{where} imports {module}: ComfyUI belongs to nodes/ only")
                if top in (*PACKAGES, "talking_avatar", "tools", "tests"):
                    found.append(f"{where} imports {module}: use a relative import")
                continue
            target = target_of(relative, level, module)
            if package and target not in MAY_IMPORT[package]:
                found.append(f"{where}: {package} must not import {target}")
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print" and package not in ("cli", ""):
            found.append(f"{relative}:{node.lineno} prints: use the logger")
    return found


def imports_of(node):
    if isinstance(node, ast.Import):
        return [(0, alias.name) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.module is None:
            return [(node.level, alias.name) for alias in node.names]
        return [(node.level, node.module)]
    return []


def target_of(relative, level, module):
    """Return the top folder that a relative import leads to."""
    folder = list(relative.parts[:-1])
    base = folder[:len(folder) - (level - 1)]
    return (base + module.split("."))[0]


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_file_keeps_the_rules(path):
    text = path.read_text(encoding="utf-8")
    assert violations(path, text) == []
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize(("place", "line"), [
    ("pipeline_core/x.py", "import folder_paths"),
    ("pipeline_core/media/x.py", "from ...nodes import host"),
    ("pipeline_core/x.py", "from ..models import register_all"),
    ("models/x.py", "from ..nodes.host import ComfyHost"),
    ("models/photo_head/x.py", "from ...cli import main"),
    ("nodes/x.py", "from pipeline_core.types import Sound"),
    ("nodes/x.py", "from ..cli import main"),
    ("cli/x.py", "from comfy_api.latest import io"),
    ("pipeline_core/x.py", "print(1)"),
])
def test_planted_violation_is_found(place, line):
    assert violations(ROOT / place, line)


@pytest.mark.parametrize(("place", "line"), [
    ("nodes/x.py", "import folder_paths"),
    ("nodes/x.py", "from ..pipeline_core.types import Sound"),
    ("models/x.py", "from ..pipeline_core.types import Sound"),
    ("models/photo_head/x.py", "from . import fit"),
    ("cli/x.py", "print(1)"),
])
def test_allowed_line_passes(place, line):
    assert violations(ROOT / place, line) == []


@pytest.mark.parametrize("name", STDLIB_ONLY)
def test_the_launcher_starts_on_a_bare_python(name):
    """These run before anything is installed: module-level imports are the standard library's."""
    import sys

    for node in ast.parse((ROOT / name).read_text(encoding="utf-8")).body:
        for level, module in imports_of(node):
            assert level > 0 or module.split(".")[0] in sys.stdlib_module_names, module


def test_the_root_is_small_and_light():
    text = (ROOT / "__init__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 25
    module_level = [module for node in ast.parse(text).body for _, module in imports_of(node)]
    assert set(module_level) <= {"logging", "__future__", "typing"}
