"""The pack loads as ComfyUI loads it, whatever its folder is called."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FAKES = ROOT / "tests" / "fakes"
OWN = ("nodes", "models", "pipeline_core", "cli", "tools", "tests")


def load_custom_node(folder):
    """Do what ComfyUI's nodes.load_custom_node does up to the entry point."""
    name = str(folder).replace(".", "_x_")
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clean_imports(monkeypatch):
    """Forget everything that a test imports."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FAKES))
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("/", "comfy")) or name == "folder_paths" or "_x_" in name:
            del sys.modules[name]


@pytest.mark.parametrize("name", ["ComfyUI-TalkingAvatar", "talking_avatar", "my avatar pack", "Avatar.v1.2", "tést-ö"])
def test_loads_under_any_folder_name(tmp_path, clean_imports, name):
    folder = tmp_path / "custom_nodes" / name
    folder.parent.mkdir()
    folder.symlink_to(ROOT, target_is_directory=True)
    top_level = {m for m in sys.modules if m.split(".")[0] in OWN}
    path = list(sys.path)
    module = load_custom_node(folder)
    assert module.WEB_DIRECTORY == "./web"
    assert not hasattr(module, "NODE_CLASS_MAPPINGS")
    extension = asyncio.run(module.comfy_entrypoint())
    nodes = asyncio.run(extension.get_node_list())
    assert len(nodes) == 21
    assert {m for m in sys.modules if m.split(".")[0] in OWN} == top_level, "a folder of ours leaked to the top level"
    assert sys.path == path


def test_importing_the_folder_needs_no_comfyui(tmp_path, monkeypatch):
    for name in [m for m in sys.modules if m.startswith("comfy") or m == "folder_paths"]:
        monkeypatch.delitem(sys.modules, name)
    folder = tmp_path / "pack"
    folder.symlink_to(ROOT, target_is_directory=True)
    module = load_custom_node(folder)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if Path(p) != FAKES])
    monkeypatch.setitem(sys.modules, "folder_paths", None)
    with pytest.raises(ImportError):
        asyncio.run(module.comfy_entrypoint())


def test_a_broken_entry_point_is_logged_with_its_traceback(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "folder_paths", None)
    folder = tmp_path / "broken.pack"
    folder.symlink_to(ROOT, target_is_directory=True)
    module = load_custom_node(folder)
    with pytest.raises(ImportError):
        asyncio.run(module.comfy_entrypoint())
    record = next(r for r in caplog.records if r.name == "talking_avatar")
    assert record.exc_info is not None
