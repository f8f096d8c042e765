"""Recordings of people: with what lies beside them, a mouth's opening, and curves that are late."""

from __future__ import annotations

import numpy as np
import pytest
from talking_avatar.cli.console import LauncherError
from talking_avatar.cli.viseme_recordings import (
    SHUT,
    lagged,
    moved,
    opening,
    recordings,
    shut_frames,
    tracked_faces,
)
from talking_avatar.pipeline_core.arkit import ARTICULATION, ARTICULATION_INDEX, BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.interfaces import Recognition
from talking_avatar.pipeline_core.media.audio import save_wav
from talking_avatar.pipeline_core.speech.track import build_track
from talking_avatar.pipeline_core.types import MotionLayer, Phone, Sound

GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "my 2 ""x"" y"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = "M"
        intervals [2]:
            xmin = 0.25
            xmax = 0.75
            text = "AY1"
        intervals [3]:
            xmin = 0.75
            xmax = 1
            text = ""
"""
MY = (Phone("m", 0, 0.25), Phone("aɪ", 0.25, 0.75), Phone("", 0.75, 1))


def sound(seconds=1.0, level=0.1):
    noise = np.random.default_rng(0).standard_normal((1, int(16000 * seconds))).astype(np.float32)
    return Sound(level * noise, 16000)


def track(phones, seconds=1.0):
    return build_track(Recognition(tuple(phones), ()), sound(seconds), source="imported", engine="hand")


def test_recordings_are_read_with_what_lies_beside_them(tmp_path):
    for name in ("grid", "text", "other", "nothing"):
        save_wav(tmp_path / f"{name}.wav", sound())
    (tmp_path / "grid.TextGrid").write_text(GRID)
    (tmp_path / "text.txt").write_text("my")
    (tmp_path / "other.lab").write_text("something else")

    def align(heard, text):
        if text != "my":
            raise InputError("no", hint="no")
        return track(MY)

    found = list(recordings(tmp_path, align))
    assert [(r.truth.voice, r.source, r.truth.text) for r in found] == [
        ("grid", "TextGrid", ""), ("text", "forced alignment", "my")]
    assert all(len(r.truth.closures) == 1 and len(r.truth.samples) == 16000 for r in found)
    assert [r.truth.voice for r in recordings(tmp_path, None)] == ["grid"]


@pytest.mark.parametrize("reader", [lambda folder: recordings(folder, None), tracked_faces])
def test_an_empty_folder_is_said(reader, tmp_path):
    with pytest.raises(LauncherError):
        list(reader(tmp_path))


def test_faces_come_in_pairs(tmp_path):
    save_wav(tmp_path / "a.wav", sound())
    save_wav(tmp_path / "b.wav", sound())
    channels = np.zeros((30, 116))
    channels[:, 74] = np.arange(30)
    np.save(tmp_path / "a.npy", channels)
    ((heard, jaw),) = tracked_faces(tmp_path)
    assert heard.duration_s == pytest.approx(1) and list(jaw) == list(range(30))


def layer(jaw, contact=0.0, lower=0.0):
    shapes, articulation = np.zeros((1, len(BLENDSHAPES))), np.zeros((1, len(ARTICULATION)))
    shapes[0, INDEX["jawOpen"]], articulation[0, ARTICULATION_INDEX["lipClosure"]] = jaw, contact
    shapes[0, [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]] = lower
    blank = MotionLayer.zeros("x", 1)
    return MotionLayer("x", shapes, articulation, blank.head_deg, blank.head_shift, blank.gaze_deg)


def test_opening_is_of_jaw_and_lips_and_ends_with_contact():
    assert opening(layer(0.3)) == pytest.approx(0.3) and opening(layer(0.3, lower=0.2)) == pytest.approx(0.5)
    assert opening(layer(0.3, contact=1.0)) == 0.0 and opening(layer(0.0)) == 0.0


def test_silence_shuts_the_mouth_and_vowels_do_not():
    assert shut_frames([track([Phone("", 0, 1)])]) == (25, 25)
    shut, frames = shut_frames([track([Phone("", 0, 0.1), Phone("a", 0.1, 0.9), Phone("", 0.9, 1)])])
    assert frames == 25 and shut < 8
    assert opening(moved(track(MY))).max() > 5 * SHUT


@pytest.mark.parametrize(("late", "lag_ms"), [(0, 0), (2, 200 / 3), (-3, -100)])
def test_a_late_curve_is_found_and_one_of_somebody_else_is_not(late, lag_ms):
    curve = np.convolve(np.random.default_rng(1).standard_normal(600), np.hanning(7), "same")
    found = lagged(np.roll(curve, late), curve)
    assert found["r"] > 0.99 and found["lag_ms"] == pytest.approx(lag_ms)
    assert found["r0"] == pytest.approx(found["r"]) if late == 0 else found["r0"] < 0.9
    other = np.convolve(np.random.default_rng(2).standard_normal(600), np.hanning(7), "same")
    assert lagged(other, curve)["r"] < 0.4
    assert lagged(np.zeros(600), curve)["r"] == 0.0
