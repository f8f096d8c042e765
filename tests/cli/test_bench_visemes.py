"""The comparison: everybody hears the same, who is absent is named, and refusals are counted."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from talking_avatar.cli import bench_visemes, main, viseme_engines
from talking_avatar.cli.bench_visemes import measured, run, set_table
from talking_avatar.cli.console import LauncherError
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, Utterance
from talking_avatar.cli.viseme_baselines import Rhubarb, _is_whole, find_rhubarb
from talking_avatar.cli.viseme_engines import Engine, Timed, find_engines
from talking_avatar.cli.viseme_sets import CONDITIONS
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.interfaces import Recognition
from talking_avatar.pipeline_core.speech.track import build_track
from talking_avatar.pipeline_core.types import Closure, Phone, Sound, SpeechTrack

PHONES = (Phone("", 0, 0.5), Phone("b", 0.5, 0.6), Phone("ɑ", 0.6, 0.8), Phone("b", 0.8, 0.9), Phone("", 0.9, 1.5))
SHUT = (Closure(0.5, 0.6), Closure(0.8, 0.9))
TRUTH = Utterance(np.zeros(int(1.5 * RATE_HZ), np.float32), PHONES, SHUT, "Bob", "en", "hand", "espeak")


def track(engine, phones=PHONES, closures=SHUT):
    return SpeechTrack(1.5, "acoustic", engine, phones, closures=closures)


def engine(id, hear, needs_text=False):
    return Engine(id, f"engine {id}", needs_text, hear)


def refuse(sound, text):
    raise InputError("no", hint="no")


def test_everybody_hears_the_same():
    texts = []

    def listen(sound, text):
        texts.append(text)
        assert sound.duration_s == 1.5
        return track("text")

    found = measured([TRUTH, replace(TRUTH, voice="other")], [
        engine("text", listen, needs_text=True), engine("deaf", refuse),
        engine("shy", lambda sound, text: track("another"), needs_text=True)])["engines"]
    assert texts == ["Bob"] * 2
    assert found["text"]["recall40"] == 100 and found["text"]["refused"] == 0
    assert found["deaf"]["recall80"] == found["deaf"]["acc9_speech"] == 0 and found["deaf"]["acc9_all"] > 70
    assert found["shy"]["refused"] == 2 and found["shy"]["recall40"] == 100
    assert set(found["text"]["voices"]) == {"hand", "other"} and found["text"]["closures"] == 4


def test_listening_is_timed_by_itself():
    class Slow:
        def recognize(self, sound, transcript, host):
            sum(range(300_000))
            return Recognition(PHONES, ())

    timed = Timed(Slow())
    slow = replace(engine("slow", lambda sound, text: (timed.recognize(sound, text, None), track("slow"))[1]), timed=timed)
    found = measured([TRUTH], [slow, engine("quick", lambda sound, text: track("quick"))])["engines"]
    assert found["slow"]["x_listening"] <= found["slow"]["x_real_time"] and found["quick"]["x_listening"] is None


def test_the_table_says_what_is_wanted():
    engines = [engine("a", lambda sound, text: track("a")), engine("t", lambda sound, text: track("t"), needs_text=True)]
    lines = set_table("flite", measured([TRUTH], engines)["engines"], engines).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "engine a", "engine t", "wanted, sound alone", "wanted, with text"]
    cells = [cell.strip() for cell in lines[2].split("|")]
    assert cells[2:7] == ["100.0"] * 5 and "+0 ms" in cells and cells[11] == "-", "no boundaries without a text"
    assert "| 0 ms " in lines[3] and "| 96.0 " in lines[4]
    assert "wanted" not in set_table("pink", measured([TRUTH], engines)["engines"], engines)


def test_who_is_absent_is_named(monkeypatch):
    monkeypatch.setattr(viseme_engines, "_has_pocketsphinx", lambda: False)
    monkeypatch.setattr(viseme_engines, "find_rhubarb", lambda given: None)
    monkeypatch.setattr(viseme_engines, "backends", lambda kind: [])
    engines, absent = find_engines(None, None)
    assert [e.id for e in engines] == ["energy"]
    assert len(absent) == 4 and sum("pocketsphinx" in line for line in absent) == 2
    assert sum("--rhubarb" in line for line in absent) == 2
    with pytest.raises(LauncherError, match="ears"):
        find_engines(["ears"], None)


def test_loudness_hears_something():
    ((energy,), _) = find_engines(["energy"], None)
    rng = np.random.default_rng(0)
    sound = Sound((0.1 * rng.standard_normal((1, 16000))).astype(np.float32), 16000)
    assert energy.hear(sound, "").engine == "energy"


def test_one_run_prints_everything(monkeypatch, tmp_path, capsys):
    class Sets:
        def __init__(self, folder, *, quick):
            assert quick and folder == tmp_path

        def speech(self, name):
            if name == "kokoro":
                raise LauncherError("no voices", hint="Fetch them.")
            return [TRUTH]

        def can_make(self, name):
            return name != "kokoro"

        def natural(self, names):
            assert names == ["flite", "heart"]
            return [TRUTH]

        def spoilt(self, kind, clean):
            return clean

        def quiet(self, kind):
            return [TRUTH]

    monkeypatch.setattr(bench_visemes, "Store", Sets)
    noise = np.random.default_rng(0).standard_normal((1, int(1.5 * RATE_HZ)))
    sound = Sound(0.1 * noise.astype(np.float32), RATE_HZ)
    heard = build_track(Recognition(PHONES, ()), sound, source="acoustic", engine="a")
    monkeypatch.setattr(bench_visemes, "find_engines", lambda wanted, rhubarb: ([engine("a", lambda s, t: heard)], ["b: gone"]))
    parsed = main.build_parser().parse_args(["bench", "--visemes", "--quick", "--json", "--sets", str(tmp_path)])
    assert run(parsed) == 0
    out = capsys.readouterr()
    result = json.loads(out.out.splitlines()[-1], parse_constant=lambda name: pytest.fail(name))
    assert set(result["sets"]) == {"flite", "heart", "espeak", "languages", "clean", *bench_visemes.QUICK_CONDITIONS}
    assert 0 < result["quiet"]["a"]["silence"] < 100, "the engine hears a vowel in it"
    assert "| engine a       | 0.0; 0.0 |" in out.err and "| wanted at most | 10; 10   | 10; 10   | - " in out.err
    assert "Not compared: b: gone" in out.err and "no voices" in out.err
    only = Namespace(**{**vars(parsed), "only": ["flite"], "json": False})
    assert run(only) == 0
    assert "espeak-ng" not in capsys.readouterr().err


def test_without_quick_every_condition_is_measured(tmp_path):
    class Sets:
        can_make = natural = spoilt = lambda self, *about: [TRUTH]

    every = Namespace(quick=False, only=["spoilt"], real=None)
    assert [name for name, _, _ in bench_visemes.wanted_sets(every, Sets())] == ["clean", *CONDITIONS]


READINGS = [[["B", "AA", "B"]], [["P", "UH"], ["P", "UH", "T"]]]


@pytest.mark.parametrize(("names", "whole"), [
    ("_sil B AA B P UH T", True), ("B AA B _sil P UH _sil", True), ("B AA B", False), ("B AA B P UH T T", False), ("", False)])
def test_a_search_that_lost_the_text_is_noticed(names, whole):
    assert _is_whole(names.split(), READINGS) is whole


def test_shapes_of_rhubarb_that_overlap_are_cut(monkeypatch):
    cues = {"mouthCues": [{"start": 0.0, "end": 0.3, "value": "X"}, {"start": 0.3, "end": 0.8, "value": "D"},
                          {"start": 0.8, "end": 1.0, "value": "G"}, {"start": 0.6, "end": 0.8, "value": "A"}]}
    monkeypatch.setattr(Rhubarb, "_run", lambda self, folder, sound, text: json.dumps(cues))
    found = Rhubarb(Path(), needs_text=False).hear(Sound(np.zeros((1, 16000), np.float32), 16000))
    assert [(p.ipa, p.start_s, p.end_s) for p in found.phones] == [
        ("", 0.0, 0.3), ("ɑ", 0.3, 0.6), ("m", 0.6, 0.8), ("f", 0.8, 1.0)]
    assert found.closures == (Closure(0.6, 0.8),)


def test_rhubarb_is_taken_from_where_it_is_said_to_be(tmp_path, monkeypatch):
    program = tmp_path / "rhubarb"
    program.write_text("")
    assert find_rhubarb(str(program)) == program
    monkeypatch.setattr("shutil.which", lambda name: str(program) if name == "rhubarb" else None)
    assert find_rhubarb(None) == program
    with pytest.raises(LauncherError, match="no Rhubarb"):
        find_rhubarb(str(tmp_path))
