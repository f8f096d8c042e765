"""run.py visemes: what was heard, as any of the files that other programs read."""

import json
import sys

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile
from talking_avatar.cli import main as launcher
from talking_avatar.cli.visemes import formats_of
from talking_avatar.pipeline_core.cue_files import FORMATS, cue_format_of
from talking_avatar.pipeline_core.errors import SettingError
from talking_avatar.pipeline_core.motion.arkit_csv import read_arkit_csv
from talking_avatar.pipeline_core.speech.exchange import read_cues

CUES = {"phones": [{"p": "", "start": 0, "end": 0.2}, {"p": "m", "start": 0.2, "end": 0.3}, {"p": "ɑ", "start": 0.3, "end": 0.8},
                   {"p": "", "start": 0.8, "end": 1.0}],
        "words": [{"text": "mah", "start": 0.2, "end": 0.8}], "closures": [{"start": 0.2, "end": 0.3}]}  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a sound and cues; commands run in this process."""
    monkeypatch.setattr(launcher, "ensure", lambda *groups: sys.executable)
    monkeypatch.setattr(launcher, "is_current", lambda python: True)
    t = np.arange(16000) / 16000
    voice = np.sin(2 * np.pi * 150 * t) * ((t > 0.3) & (t < 0.8)) * 12000
    wavfile.write(tmp_path / "voice.wav", 16000, voice.astype(np.int16))
    (tmp_path / "in.json").write_text(json.dumps(CUES), encoding="utf-8")
    return tmp_path


def call(folder, capsys, *more):
    status = launcher.main(["visemes", "--audio", str(folder / "voice.wav"), "--json", *more])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1])


NAMES = ["a.json", "a.tsv", "a.TextGrid", "a.srt", "a.vtt", "a.csv", "a.rhubarb.json", "a.ovr.json", "a.vtube.json", "a.arkit.csv"]


def test_every_format_by_the_names_of_the_files(folder, capsys):
    more = [part for name in NAMES for part in ("--out", str(folder / name))]
    status, found = call(folder, capsys, "--cues", str(folder / "in.json"), *more, "--picture", str(folder / "a.png"), "--fps", "30")
    assert status == 0 and found["out"].endswith("a.json") and len(found["files"]) == len(NAMES)
    assert {"duration_s", "engine", "phones", "visemes", "closures", "words", "warnings"} <= set(found)
    assert json.loads((folder / "a.json").read_text())["closures"] == [{"start": 0.2, "end": 0.3}]
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in NAMES}
    formats = [read_cues(texts[name]).format for name in NAMES[:-1]]
    assert formats == ["cues_json", "rhubarb_tsv", "textgrid", "captions", "captions", "ovr_visemes", "rhubarb_json", "ovr_visemes", "vtube"]
    assert read_arkit_csv(texts["a.arkit.csv"]).frames == 30
    assert Image.open(folder / "a.png").size[0] >= 1000


def test_a_format_may_be_named_and_one_name_is_cues_as_ever(folder, capsys):
    cues = ["--cues", str(folder / "in.json")]
    assert call(folder, capsys, *cues, "--out", str(folder / "b"), "--format", "textgrid")[0] == 0
    assert read_cues((folder / "b").read_text(encoding="utf-8")).format == "textgrid"
    assert call(folder, capsys, *cues, "--out", str(folder / "cues"))[0] == 0
    assert set(json.loads((folder / "cues").read_text(encoding="utf-8"))) >= {"duration_s", "engine", "phones", "visemes", "closures"}


@pytest.mark.parametrize(("more", "word"), [
    (["--out", "x.json", "--format", "zzz"], "zzz"), (["--out", "x.json", "--out", "y.tsv", "--format", "srt"], "2 files"),
    (["--out", "x.srt"], "words"), (["--out", "x.csv", "--fps", "0"], "fps"), (["--out", "x.json", "--cues", "nowhere.json"], "nowhere"),
    (["--out", "x.json", "--out", "voice.wav"], "made from this file"), (["--out", "in.json", "--cues", "in.json"], "made from this file"),
])
def test_what_cannot_be_written_is_refused_and_nothing_is(folder, capsys, monkeypatch, more, word):
    monkeypatch.chdir(folder)
    before = sorted(p.name for p in folder.iterdir())
    status, found = call(folder, capsys, *more)
    assert status == 2 and word in found["error"] and found["hint"]
    assert sorted(p.name for p in folder.iterdir()) == before


def test_endings_choose_and_the_longest_wins():
    assert [cue_format_of(f"talk{ending.upper()}") for form in FORMATS for ending in form.endings] == [
        form for form in FORMATS for _ in form.endings]
    assert cue_format_of("a.b/c.json.bak").id == "cues-json"
    with pytest.raises(SettingError, match="zzz"):
        formats_of(["a"], "zzz")
