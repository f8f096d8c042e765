"""What the tests of installing and of the newest page stand on."""

import json
import os
import zipfile

import pytest
from talking_avatar.cli import fresh, front_end
from talking_avatar.cli.console import LauncherError

PAGE = "comfyui_frontend_package/static/index.html"


@pytest.fixture
def pages(tmp_path, monkeypatch):
    monkeypatch.setattr(front_end, "HOME", tmp_path)
    return tmp_path


def wheel(folder, version, names=(PAGE, "comfyui_frontend_package/static/assets/a.js.map")):
    path = folder / f"comfyui_frontend_package-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return path


def test_the_newest_page_is_the_one_with_the_highest_number(pages):
    assert front_end.newest() is None
    for version in ("1.9.2", "1.58.1", "1.32.9"):
        front_end.unpack(wheel(pages, version))
    version, folder = front_end.newest()
    assert version == "1.58.1" and (folder / "index.html").is_file()
    assert not list(pages.glob("*.whl")) and not list(pages.rglob("*.map"))


def test_a_page_is_fetched_once_and_never_installed(pages, monkeypatch):
    calls = []

    def fake(python, arguments, what, verb):
        calls.append((verb, arguments))
        wheel(pages, "1.58.1")

    monkeypatch.setattr(front_end, "pip_install", fake)
    front_end.prepare()
    front_end.prepare()
    assert [verb for verb, _ in calls] == ["download"]


def test_without_a_page_the_reason_is_said(pages, monkeypatch):
    monkeypatch.setattr(front_end, "pip_install", lambda *arguments, **more: None)
    with pytest.raises(LauncherError, match="no page"):
        front_end.prepare()


@pytest.fixture
def homes(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh, "HOME", tmp_path)
    return tmp_path


def test_an_environment_is_made_once_and_again_for_other_requirements(homes, monkeypatch):
    made = []

    def build(name, builder):
        made.append(name)
        (homes / name).mkdir(exist_ok=True)
        (homes / name / "record.json").write_text(json.dumps({"stamp": fresh._stamp()}))

    monkeypatch.setattr(fresh, "_build", build)
    with pytest.raises(LauncherError, match="not made yet"):
        fresh.fresh("comfyui")
    fresh.prepare()
    fresh.prepare()
    assert made == list(fresh.BUILDERS) and fresh.fresh("comfyui").folder == homes / "comfyui"
    monkeypatch.setattr(fresh, "BESIDE_OPENCV", ("numba", "more"))
    assert not fresh.is_ready("comfyui")


def test_packages_are_linked_with_what_they_need(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh, "_site_packages", lambda folder: folder)
    linked = fresh.link_distributions(tmp_path, ["pytest", "no-such-package-zzz", "numpy; python_version < '3'"])
    assert {"pytest", "pluggy", "packaging"} <= set(linked) and "numpy" not in linked
    module = tmp_path / "pluggy" / "__init__.py"
    assert os.stat(module).st_nlink > 1 or module.stat().st_size
    assert list(tmp_path.glob("pluggy-*.dist-info/METADATA"))
    assert not list(tmp_path.rglob("__pycache__"))


def test_extras_are_read_without_a_toml_reader():
    assert fresh._extras() == {}
