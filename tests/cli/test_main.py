"""The command line contract: exit status, one error line on stderr, JSON as the last line of stdout."""

import json
import os
import subprocess
import sys

import pytest
from talking_avatar.cli import main as launcher
from talking_avatar.cli.console import LauncherError, one_line
from talking_avatar.pipeline_core.errors import ContractError, SettingError


@pytest.fixture
def here(monkeypatch):
    """Commands run in this process."""
    monkeypatch.setattr(launcher, "ensure", lambda *groups: sys.executable)
    monkeypatch.setattr(launcher, "is_current", lambda python: True)


def call(argv, capsys):
    status = launcher.main(argv)
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err.splitlines()


@pytest.mark.parametrize(("argv", "word"), [
    ([], "COMMAND"),
    (["score", "x.mp4"], "x.mp4"),
    (["render"], "--out"),
    (["render", "--text", "x", "--out", "b.mp4"], "--portrait"),
    (["render", "--portrait", "a.png", "--out", "b.mp4"], "--audio"),
    (["render", "--portrait", "a.png", "--text", "x", "--audio", "y", "--out", "b.mp4"], "not allowed"),
    (["render", "--portrait", "a.png", "--text", "x", "--out", "b.mp4", "--device", "tpu"], "tpu"),
    (["visemes", "--audio", "a.wav", "--out", "b.json", "--nonsense"], "--nonsense"),
    (["render", "--portrait", "a.png", "--text", "x", "--out", "b.mp4", "--size", "0x0"], "0"),
    (["render", "--portrait", "a.png", "--text", "x", "--out", "b.mp4", "--size", "big"], "big"),
    (["render", "--portrait", "a.png", "--text", "x", "--out", "b.mp4", "--fps", "-3"], "fps"),
    (["render", "--portrait", "a.png", "--text", "x", "--out", "b.mp4", "--emotion", "zzz"], "zzz"),
    (["render", "--portrait", "nowhere.png", "--text", "x", "--out", "b.mp4"], "nowhere.png"),
    (["render", "--video", "nowhere.mp4", "--text", "x", "--out", "b.mp4"], "nowhere.mp4"),
    (["render", "--video", "a.mp4", "--portrait", "a.png", "--text", "x", "--out", "b.mp4"], "not allowed"),
    (["render", "--video", "a.mp4", "--text", "x", "--out", "b.mp4", "--length", "stretch"], "stretch"),
    (["render", "--video", "a.mp4", "--text", "x", "--out", "b.mp4", "--range", "4-2"], "4-2"),
    (["render", "--video", "a.mp4", "--text", "x", "--out", "b.mp4", "--silent-mouth", "shut"], "shut"),
    (["visemes", "--audio", "nowhere.wav", "--out", "b.json"], "nowhere.wav"),
    (["bench", "--quality", "--quick", "--faces", "nowhere"], "nowhere"),
])
def test_bad_input_is_one_line_and_status_2(here, capsys, argv, word):
    status, out, err = call(argv, capsys)
    assert status == 2 and out == []
    errors = [line for line in err if line.startswith("error: ")]
    assert len(errors) == 1 and errors[0] == err[-1]
    assert word in errors[0] and " | hint: " in errors[0]


def test_with_json_the_last_line_of_stdout_is_an_object(here, capsys):
    status, out, err = call(["visemes", "--audio", "nowhere.wav", "--out", "b.json", "--json"], capsys)
    found = json.loads(out[-1])
    assert status == found["exit"] == 2
    assert "nowhere.wav" in found["error"] and found["hint"]
    assert err[-1].startswith("error: ")


def test_cues_do_not_replace_the_recording(here, capsys, tmp_path):
    voice, words = tmp_path / "voice.wav", tmp_path / "voice.txt"
    for path in (voice, words):
        path.write_bytes(b"irreplaceable")
        status, _, err = call(["visemes", "--audio", str(voice), "--transcript", str(words), "--out", str(path)], capsys)
        assert status == 2 and "made from this file" in err[-1] and path.read_bytes() == b"irreplaceable"


def test_ctrl_c_with_json_is_an_object_as_well(here, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "_dispatch", stop)
    status, out, err = call(["visemes", "--audio", "a", "--out", "b", "--json"], capsys)
    assert json.loads(out[-1])["exit"] == status == 130 and err == ["stopped"]


@pytest.mark.parametrize(("error", "status"), [
    (SettingError("a\nb", hint="c"), 2),
    (ContractError("shapes differ"), 1),
    (KeyError("x"), 1),
    (KeyboardInterrupt(), 130),
])
def test_status_tells_whose_fault_it_is(here, capsys, monkeypatch, error, status):
    def fail(*_):
        raise error

    monkeypatch.setattr(launcher, "_dispatch", fail)
    assert call(["visemes", "--audio", "a", "--out", "b"], capsys)[0] == status


def test_an_error_is_one_line_whatever_its_text():
    assert one_line(LauncherError("two\n lines", hint="and\tmore")) == "error: two lines | hint: and more"


def test_pytest_arguments_pass_through():
    arguments, rest = launcher._parse(["test", "--fast", "-k", "cache", "tests/cli"])
    assert arguments.fast and rest == ["-k", "cache", "tests/cli"]


def test_run_py_works_from_any_folder(tmp_path, request):
    """In a process of its own, with an interpreter of the user's that lacks nothing the parser needs."""
    done = subprocess.run([sys.executable, str(request.config.rootpath / "run.py"), "nonsense"], cwd=tmp_path,
                          capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1
