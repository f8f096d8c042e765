"""The picture shows what was heard where it was heard, at any length."""

import cv2
import numpy as np
import pytest
from talking_avatar.pipeline_core.interfaces import Recognition
from talking_avatar.pipeline_core.speech import picture, timeline_picture
from talking_avatar.pipeline_core.speech.track import build_track
from talking_avatar.pipeline_core.types import Phone, Sound, SpeechTrack, Word

RED = np.array(picture._SHUT)


def track(seconds, rate=16000, words=True, phones=None):
    t = np.arange(max(1, int(seconds * rate))) / rate
    sound = Sound((0.3 * np.sin(2 * np.pi * 140 * t) * (np.modf(t)[0] > 0.3))[None].astype(np.float32), rate)
    each = phones or [("", 0.0, 0.3), ("m", 0.3, 0.4), ("aɪ", 0.4, 0.9), ("t͡ʃ", 0.9, 1.0)]
    found = [Phone(p, k + a, k + b) for k in range(int(np.ceil(seconds))) for p, a, b in each if k + b <= seconds]
    said = tuple(Word("my", k + 0.3, k + 0.9) for k in range(int(seconds))) if words else ()
    return build_track(Recognition(tuple(found), said), sound, source="tts", engine="x")


def reds(image):
    """Return the columns that are red in the lanes below the head."""
    return np.flatnonzero((image[picture._TOP_PX :] == RED).all(axis=2).sum(axis=0) > 30)


def test_closed_lips_are_red_where_they_are_and_only_there():
    speech = track(1.0)
    columns = reds(timeline_picture(speech))
    width = picture.WIDTH_PX - picture._LEFT_PX - picture._RIGHT_PX
    phone = next(p for p in speech.phones if p.ipa == "m")
    assert columns.min() == pytest.approx(picture._LEFT_PX + phone.start_s * width, abs=3)
    assert columns.max() == pytest.approx(picture._LEFT_PX + phone.end_s * width, abs=3)
    # The control: another sound in its place is not red.
    assert not len(reds(timeline_picture(track(1.0, phones=[("", 0, 0.3), ("n", 0.3, 0.4), ("aɪ", 0.4, 1.0)]))))


@pytest.mark.parametrize(("seconds", "rows"), [(0.02, 1), (1.0, 1), (5.0, 1), (5.5, 2), (12.0, 3), (29.0, 6), (300.0, 6)])
def test_any_length_has_rows_of_readable_width(seconds, rows):
    found, end_s = picture._rows(track(seconds, 1000) if seconds > 30 else track(seconds), 0.0)
    assert len(found) == rows and all(row.end_s - row.start_s <= picture.ROW_S + 0.11 for row in found)
    assert end_s == pytest.approx(min(seconds, 30.0), abs=0.02)


def written(monkeypatch):
    """Return a list that gets every text that is written."""
    texts = []
    monkeypatch.setattr(picture, "_text", lambda image, text, *rest, **more: texts.append(text))
    return texts


def test_what_is_not_shown_is_said(monkeypatch):
    texts = written(monkeypatch)
    timeline_picture(track(70.0, 1000))
    assert "not shown: 30.0 to 70.0 s" in texts and "shown: 0.0 to 30.0 s" in texts[0]
    texts.clear()
    timeline_picture(track(70.0, 1000), start_s=60.0)
    assert "shown: 60.0 to 70.0 s" in texts[0] and not any(text.startswith("not shown") for text in texts)
    texts.clear()
    timeline_picture(track(4.0))
    assert not any("shown" in text for text in texts)


@pytest.mark.parametrize(("ipa", "letters"), [("aɪ", "ay"), ("tʃ", "ch"), ("t͡ʃʰ", "ch"), ("ˈɝ", "er"), ("ŋ", "ng"), ("ʁ", "r"), ("iː", "iy"),
                                              ("ɬ", "l"), ("q", "q"), ("", ""), ("💥", "")])  # fmt: skip
def test_sounds_are_spelled_in_letters(ipa, letters):
    assert picture._spelled(ipa) == letters


@pytest.mark.parametrize("major", [4, 5])
def test_words_in_any_script_with_any_opencv(monkeypatch, major):
    monkeypatch.setattr(cv2, "getVersionMajor", lambda: major)
    speech = track(2.0)
    words = tuple(Word(text, k / 4, k / 4 + 0.2) for k, text in enumerate(["für", "Привет", "你好", "مرحبا", "😀", "\0\n", "a" * 300]))
    image = timeline_picture(SpeechTrack(2.0, "aligned", "x", speech.phones, speech.visemes, words, speech.closures, energy=speech.energy,
                                         pitch_hz=speech.pitch_hz, sound=speech.sound))
    assert image.dtype == np.uint8 and image.shape[1:] == (picture.WIDTH_PX, 3)
    assert picture._drawable("für") == ("fur" if major == 4 else "für")


@pytest.mark.parametrize("speech", [
    SpeechTrack(0.02, "none", ""), SpeechTrack(3.0, "imported", "y", phones=(Phone("💥", 0, 3),)),
    SpeechTrack(2.0, "none", "z", sound=Sound(np.full((2, 10), np.nan, np.float32), 8000))], ids=["empty", "unknown", "nothing heard"])
def test_tracks_that_hold_next_to_nothing(speech):
    assert timeline_picture(speech).shape[1] == picture.WIDTH_PX


def test_drift_does_not_hide_the_voice():
    speech = track(1.0)
    drift = np.cos(2 * np.pi * np.arange(16000) / 16000)[None].astype(np.float32)
    quiet = Sound(speech.sound.samples * 0.1, 16000)
    drawn = timeline_picture(speech, Sound(quiet.samples + drift, 16000))
    difference = np.abs(drawn.astype(int) - timeline_picture(speech, quiet)).max(axis=2)[:, picture._LEFT_PX + 60 : -80]
    assert (difference > 40).mean() < 0.02
