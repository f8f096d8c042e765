"""The timelines of Text to Speech and Audio to Visemes: what they leave for the page, and what their edits do."""

import gc
import json
import logging
import sys
import wave
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.errors import InputError

CUES = json.dumps({"phones": [{"p": "", "start": 0, "end": 0.2}, {"p": "ɑ", "start": 0.2, "end": 0.7},
                              {"p": "", "start": 0.7, "end": 1.0}]})
WAS = {"viseme": "aa", "start_s": 0.2, "end_s": 0.7}


def patch(*edits):
    return json.dumps({"version": 1, "edits": list(edits)})


SHUT = patch({"op": "close", "was": WAS, "start_s": 0.4, "end_s": 0.5}, {"op": "emotion", "time_s": 0.3, "emotion": "sad", "strength": 1})
STALE = patch({"op": "change", "was": {**WAS, "viseme": "oh"}, "viseme": "E"})


@pytest.fixture
def listen(classes, comfy, monkeypatch):
    """Run the node as a page does (or a script): listen(edits, page=True)."""
    t = np.arange(16000) / 16000
    voice = np.sin(t * 900) * ((t > 0.2) & (t < 0.7)) * 0.4
    audio = {"waveform": torch.from_numpy(voice).float()[None, None], "sample_rate": 16000}

    def run(edits="", page=True, **more):
        cls = classes["TA_AudioToVisemes"]
        hidden = SimpleNamespace(extra_pnginfo={"workflow": {}} if page else None)
        monkeypatch.setattr(cls, "hidden", hidden, raising=False)
        return cls.execute(**{"audio": audio, "cues": CUES, "edits": edits, **more})

    return run


def test_the_lanes_and_the_sound_are_left_for_the_page(listen, tmp_path):
    left = listen(SHUT).ui
    folder = tmp_path / "temp" / "talking_avatar"
    data = json.loads((folder / left["ta_timeline"][0]["filename"]).read_text(encoding="utf-8"))
    assert data["edits"] == SHUT and data["duration_s"] == pytest.approx(1.0)
    assert [cell[0] for cell in data["base"]["cells"]] == ["sil", "aa", "sil"]
    assert [cell[0] for cell in data["edited"]["cells"]] == ["sil", "aa", "PP", "aa", "sil"]
    with wave.open(str(folder / left["ta_sound"][0]["filename"])) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(1.0, abs=0.01)


def test_without_a_page_nothing_is_made(listen, tmp_path):
    assert listen(SHUT, page=False).ui is None
    assert not (tmp_path / "temp" / "talking_avatar").exists()


def test_edits_reach_the_motion(listen, classes):
    def lips(speech):
        strengths = dict.fromkeys(("emotion_strength", "mouth", "head", "brows", "blinks", "idle", "gaze"), 1.0)
        motion = classes["TA_MotionGenerator"].execute(speech=speech, fps=20.0, emotion="neutral", still=True, seed=0, **strengths).args[0]
        return motion.summed().articulation[9, 0], [layer.name for layer in motion.layers]

    shut, layers = lips(listen(SHUT).args[0])
    assert shut == pytest.approx(1.0) and "emotion" in layers
    # The control: without edits the mouth is open there, and in no mood.
    open_, layers = lips(listen().args[0])
    assert open_ < 0.2 and "emotion" not in layers


def test_an_edit_that_does_not_match_any_more_is_told_and_kept(listen, caplog, tmp_path):
    with caplog.at_level(logging.WARNING, "talking_avatar"):
        output = listen(STALE)
    assert "1 of 1 edits of the timeline do not match" in caplog.text
    speech = output.args[0]
    assert [v.viseme for v in speech.visemes] == ["sil", "aa", "sil"] and "do not match" in speech.warnings[-1]
    data = json.loads((tmp_path / "temp" / "talking_avatar" / output.ui["ta_timeline"][0]["filename"]).read_text(encoding="utf-8"))
    assert data["stale"] == [0] and data["edits"] == STALE


def test_text_that_is_no_patch_is_refused_before_the_run_and_in_it(listen, classes):
    answer = classes["TA_AudioToVisemes"].validate_inputs(edits="{")
    assert "edits" in answer and "hint:" in answer
    assert classes["TA_AudioToVisemes"].validate_inputs(edits=SHUT) is True
    with pytest.raises(InputError, match="no JSON"):
        listen("{")


def test_a_timeline_that_cannot_be_made_costs_nothing_else(listen, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("planted")

    monkeypatch.setattr(sys.modules["talking_avatar.nodes.timeline"], "timeline_json", fail)
    output = listen()
    assert output.args[0].visemes and "ta_timeline" not in output.ui and "planted" in caplog.text


def test_an_edit_does_not_ask_for_the_analysis_again(listen, classes, monkeypatch):
    node = classes["TA_AudioToVisemes"]()  # ComfyUI keeps it from run to run, but not what an older run gave
    module = sys.modules["talking_avatar.nodes.speech"]
    heard, analyze = [], module.analyze
    monkeypatch.setattr(module, "analyze", lambda *given, **more: heard.append(more) or analyze(*given, **more))
    for form, edits in (("cues JSON", ""), ("cues JSON", SHUT), ("TextGrid", STALE)):
        listen(edits, engine="energy", format=form)
    assert len(heard) == 1
    # The control: other cues are analysed.
    listen(SHUT, engine="energy", cues=CUES.replace("0.7", "0.6"))
    assert len(heard) == 2
    # And without the node nothing is remembered.
    del node
    listen(SHUT, engine="energy")
    assert len(heard) == 3


def test_the_remembered_analysis_goes_with_the_output(listen, own_cache):
    output = listen(engine="energy")
    assert len(own_cache)
    del output
    gc.collect()
    assert not len(own_cache)


LINE = "Maybe."


@pytest.fixture
def speak(classes, comfy, monkeypatch):
    """Run Text to Speech: speak(edits, text=LINE)."""
    def run(edits="", text=LINE):
        cls = classes["TA_TextToSpeech"]
        monkeypatch.setattr(cls, "hidden", SimpleNamespace(extra_pnginfo={"workflow": {}}), raising=False)
        return cls.execute(text=text, voice="auto", speed=1.0, edits=edits)

    return run


def opened_and_sad(speech):
    """Edits of a speech: its first contact is opened, and the mood changes."""
    cue = next(v for v in speech.visemes if v.viseme == "PP")
    was = {"viseme": "PP", "start_s": cue.start_s, "end_s": cue.end_s}
    return patch({"op": "open", "was": was}, {"op": "emotion", "time_s": 0.2, "emotion": "sad", "strength": 1})


def test_a_speech_is_edited_where_it_is_made_and_stays_so(speak, listen, tmp_path):
    audio, found = speak().args
    output = speak(opened_and_sad(found))
    speech = output.args[1]
    assert len(speech.closures) == len(found.closures) - 1 and [k.emotion for k in speech.keyframes] == ["sad"]
    data = json.loads((tmp_path / "temp" / "talking_avatar" / output.ui["ta_timeline"][0]["filename"]).read_text(encoding="utf-8"))
    assert data["source"] == "tts" and data["stale"] == [] and data["base"] != data["edited"]
    # Audio to Visemes gets another copy of the sound and takes the times to the letter; its own edits come on top.
    happy = patch({"op": "emotion", "time_s": 0.1, "emotion": "happy", "strength": 1})
    heard = listen(happy, audio=audio, speech=speech, cues="")
    assert [heard.args[0].phones, heard.args[0].visemes, heard.args[0].closures] == [speech.phones, speech.visemes, speech.closures]
    assert [k.emotion for k in heard.args[0].keyframes] == ["happy", "sad"]
    data = json.loads((tmp_path / "temp" / "talking_avatar" / heard.ui["ta_timeline"][0]["filename"]).read_text(encoding="utf-8"))
    assert data["keyframes"] == [[0.2, "sad", 1.0]]


def test_edits_of_another_text_are_told_once_and_kept(speak, listen, caplog):
    edits = opened_and_sad(speak().args[1])
    with caplog.at_level(logging.WARNING, "talking_avatar"):
        audio, speech = speak(edits, text="We wait for you here, Bob.").args
        assert "1 of 2 edits of the timeline do not match" in caplog.text
        caplog.clear()
        listen(audio=audio, speech=speech, cues="")
    assert "edits" not in caplog.text
    with pytest.raises(InputError, match="no JSON"):
        speak("{")


def test_text_that_is_no_patch_is_refused_before_anything_is_said(classes):
    assert "edits" in classes["TA_TextToSpeech"].validate_inputs(voice="auto", edits="{")
    assert "zzz" in classes["TA_TextToSpeech"].validate_inputs(voice="zzz", edits=SHUT)
    assert classes["TA_TextToSpeech"].validate_inputs(voice="auto", edits=SHUT) is True


def test_an_edit_does_not_ask_for_the_voice_again(speak, classes, monkeypatch):
    node = classes["TA_TextToSpeech"]()
    module = sys.modules["talking_avatar.nodes.speech"]
    said, synthesize = [], module.synthesize
    monkeypatch.setattr(module, "synthesize", lambda *given, **more: said.append(given) or synthesize(*given, **more))
    edits = opened_and_sad(speak().args[1])
    speak(edits)
    assert len(said) == 1
    # The control: another text is spoken.
    speak(edits, text="Baby.")
    assert len(said) == 2
    del node
