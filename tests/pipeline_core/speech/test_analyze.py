import json

import numpy as np
import pytest
from talking_avatar.models import speech_articulation, voice_heart  # noqa: F401 - they register themselves
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import AudioTooShort, InputError, SettingError, UnknownBackend
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import (
    analyze,
    cues_json,
    engine_choices,
    synthesize,
)
from talking_avatar.pipeline_core.types import Sound

HOST = PlainHost()
TEXT = "Maybe Bob prefers fluffy purple muffins, but Pam buys big apples."


@pytest.fixture(scope="module")
def spoken():
    return synthesize(TEXT, host=HOST)


def recall(truth, found, tolerance_s, shift_s=0.0):
    middles = sorted((c.start_s + c.end_s) / 2 for c in found)
    hits = 0
    for closure in truth:
        middle = (closure.start_s + closure.end_s) / 2 + shift_s
        near = [m for m in middles if abs(m - middle) <= tolerance_s]
        if near:
            middles.remove(min(near, key=lambda m: abs(m - middle)))
            hits += 1
    return hits / len(truth)


def is_whole(track):
    for items in (track.phones, track.visemes):
        assert items[0].start_s == 0 and items[-1].end_s == pytest.approx(track.duration_s)
        assert all(a.end_s == pytest.approx(b.start_s) for a, b in zip(items, items[1:], strict=False))
    assert all(0 <= c.start_s < c.end_s <= track.duration_s + 1e-9 for c in track.closures)
    assert len(track.energy) == len(track.pitch_hz) == int(np.ceil(track.duration_s * 100 - 1e-6))
    return True


def test_exact_times_win_and_survive_a_new_sound_object(spoken):
    sound, speech = spoken
    again = analyze(Sound(sound.samples.copy(), sound.rate_hz), speech=speech, transcript="ignored", host=HOST)
    assert again.source == "tts" and again.closures == speech.closures and again.phones == speech.phones


def test_speech_of_another_sound_is_refused(spoken):
    sound, speech = spoken
    with pytest.raises(InputError, match="do not belong together"):
        analyze(Sound(sound.samples[:, : sound.rate_hz], sound.rate_hz), speech=speech, host=HOST)


def test_transcript_gives_alignment_with_closures_in_place(spoken):
    sound, speech = spoken
    track = analyze(sound, transcript=TEXT, host=HOST)
    assert track.source == "aligned" and is_whole(track) and [w.text for w in track.words][:2] == ["Maybe", "Bob"]
    assert recall(speech.closures, track.closures, 0.04) >= 0.8
    assert recall(speech.closures, track.closures, 0.08) >= 0.92
    assert recall(speech.closures, track.closures, 0.04, shift_s=0.15) < 0.5, "the control must fail"


def test_sound_alone_says_what_to_expect(spoken):
    track = analyze(spoken[0], host=HOST)
    assert (track.source, track.engine) == ("acoustic", "articulation") and is_whole(track)
    assert any("transcript" in w for w in track.warnings)


@pytest.mark.parametrize("wrong", [
    "The quarterly figures were published on Thursday evening in London by the committee.", "你好", "!?"])
def test_wrong_transcript_steps_down_with_a_warning(spoken, wrong):
    track = analyze(spoken[0], transcript=wrong, host=HOST)
    assert track.source == "acoustic" and any("transcript was not used" in w for w in track.warnings)


def test_without_any_package_the_mouth_still_moves(spoken, monkeypatch):
    monkeypatch.setattr(registry.Backend, "is_available", lambda self: False)
    track = analyze(spoken[0], transcript=TEXT, host=HOST)
    assert track.engine == "energy" and is_whole(track) and any("follows loudness only" in w for w in track.warnings)
    open_s = sum(v.end_s - v.start_s for v in track.visemes if v.viseme in ("aa", "E", "ou"))
    assert 0.2 * track.duration_s < open_s < 0.8 * track.duration_s


def test_imported_cues_are_kept(spoken):
    sound, speech = spoken
    track = analyze(sound, cues=cues_json(speech), transcript="ignored", host=HOST)
    assert track.source == "imported" and is_whole(track)
    assert recall(speech.closures, track.closures, 0.002) == 1.0


def test_captions_serve_as_transcript(spoken):
    captions = f"1\n00:00:00,000 --> 00:00:05,000\n{TEXT}\n"
    assert analyze(spoken[0], cues=captions, host=HOST).source == "aligned"


def test_captions_keep_their_words_where_the_sound_is_heard_alone(spoken):
    captions = f"1\n00:00:00,000 --> 00:00:02,000\n{TEXT}\n"
    track = analyze(spoken[0], cues=captions, engine="energy", host=HOST)
    assert track.source == "acoustic" and len(track.words) == len(TEXT.split())


def test_silence_keeps_the_mouth_closed():
    track = analyze(Sound(np.zeros((2, 44100), np.float32), 44100), transcript="hello", host=HOST)
    assert track.source == "none" and [v.viseme for v in track.visemes] == ["sil"] and track.warnings


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_too_short_is_refused(seconds):
    with pytest.raises(AudioTooShort):
        analyze(Sound(np.ones((1, int(seconds * 48000)), np.float32), 48000), host=HOST)


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.3])
@pytest.mark.parametrize("engine", ["auto", "articulation", "energy"])
def test_short_sounds_work(seconds, engine):
    x = np.random.default_rng(0).standard_normal((1, int(seconds * 16000))) * 0.1
    assert is_whole(analyze(Sound(x.astype(np.float32), 16000), engine=engine, host=HOST))


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (11025, 2), (22050, 1), (44100, 6), (96000, 2), (3000, 1)])
def test_odd_rates_and_channels(rate, channels):
    x = np.random.default_rng(0).standard_normal((channels, rate)) * 0.1
    assert is_whole(analyze(Sound(x.astype(np.float32), rate), host=HOST))


def test_nan_and_clipping_are_told():
    x = np.clip(np.random.default_rng(0).standard_normal((1, 16000)) * 2, -1, 1).astype(np.float32)
    x[0, 100:200] = np.nan
    x[0, 300] = np.inf
    track = analyze(Sound(x, 16000), host=HOST)
    assert is_whole(track) and np.isfinite(track.energy).all()
    assert any("no numbers" in w for w in track.warnings) and any("clipped" in w for w in track.warnings)


def test_engine_names(spoken):
    assert engine_choices()[0] == "auto" and engine_choices()[-1] == "energy"
    with pytest.raises(UnknownBackend) as caught:
        analyze(spoken[0], engine="nonsense", host=HOST)
    assert all(name in caught.value.hint for name in engine_choices())
    with pytest.raises(SettingError, match="needs a transcript"):
        analyze(spoken[0], engine="aligned", host=HOST)


def test_engines_are_loaded_once(spoken):
    before = shared().builds["voice"]
    synthesize("Again.", host=HOST)
    synthesize("And again.", host=HOST)
    assert shared().builds["voice"] == before


def test_json_is_valid_and_rounded(spoken):
    data = json.loads(cues_json(spoken[1]))
    assert data["duration_s"] == pytest.approx(spoken[0].duration_s) and data["closures"]
