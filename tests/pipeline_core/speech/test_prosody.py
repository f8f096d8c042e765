import json

import numpy as np
import pytest
from talking_avatar.pipeline_core.interfaces import Recognition
from talking_avatar.pipeline_core.speech.envelope import envelope_of
from talking_avatar.pipeline_core.speech.prosody import (
    energy_of,
    phrases,
    pitch_of,
    prosody_json,
    stresses,
    syllables,
)
from talking_avatar.pipeline_core.speech.track import build_track
from talking_avatar.pipeline_core.types import Phone, Sound


def buzz(hertz: float, seconds: float, rate: int, gain: float = 0.5) -> np.ndarray:
    t = np.arange(int(seconds * rate)) / rate
    return gain * sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 12))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 24000, 44100, 48000])
@pytest.mark.parametrize("hertz", [85.0, 140.0, 230.0, 390.0])
def test_pitch_of_a_steady_voice(hertz, rate):
    sound = Sound(buzz(hertz, 1.0, rate)[None].astype(np.float32), rate)
    energy = energy_of(envelope_of(sound), sound.duration_s)
    pitch = pitch_of(sound, energy)[10:-10]
    assert len(energy) == 100 and np.abs(pitch - hertz).max() < 0.03 * hertz


def test_noise_has_no_pitch():
    noise = np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32) * 0.1
    sound = Sound(noise, 16000)
    assert (pitch_of(sound, energy_of(envelope_of(sound), 1.0)) > 0).mean() < 0.05


def test_energy_is_relative_to_the_clip():
    def level(gain):
        x = np.concatenate([np.zeros(8000), buzz(120, 0.5, 16000, gain)])
        return energy_of(envelope_of(Sound(x[None].astype(np.float32), 16000)), 1.0)

    assert np.allclose(level(0.05), level(0.5), atol=0.02)
    assert level(0.5)[:45].max() == 0 and abs(level(0.5)[60:90].mean() - 1) < 0.1


def test_the_loud_long_high_vowel_is_stressed_and_pauses_part_phrases():
    rate = 16000
    soft, loud = buzz(110, 0.1, rate, 0.1), buzz(150, 0.2, rate, 0.6)
    gap, pause = np.zeros(rate // 20), np.zeros(rate // 2)
    x = np.concatenate([soft, gap, loud, gap, soft, pause, soft, gap, soft])
    times = [(0, 0.1), (0.15, 0.35), (0.4, 0.5), (1.0, 1.1), (1.15, 1.25)]
    found = Recognition(tuple(Phone("ɑ", a, b) for a, b in times), ())
    track = build_track(found, Sound(x[None].astype(np.float32), rate), source="tts", engine="x")
    time_s, strength = max(stresses(track), key=lambda s: s[1])
    assert abs(time_s - 0.25) < 0.02 and strength > 0.6
    assert [tuple(round(v, 1) for v in p) for p in phrases(track)] == [(0.0, 0.5), (1.0, 1.2)]  # 1.25 rounds to even


def test_vowels_and_syllabic_consonants_make_syllables():
    sound = Sound(np.concatenate([buzz(120, 1.0, 16000) * np.linspace(1, 0.05, 16000)])[None].astype(np.float32), 16000)
    names = [("b", 0, 0.1), ("ʌ", 0.1, 0.3), ("t", 0.3, 0.4), ("n̩", 0.4, 0.6), ("aɪ", 0.6, 0.9), ("", 0.9, 1.0)]
    track = build_track(Recognition(tuple(Phone(*n) for n in names), ()), sound, source="tts", engine="x")
    found = syllables(track)
    assert [round(s.end_s - s.start_s, 1) for s in found] == [0.2, 0.2, 0.3]
    assert all(s.start_s < s.nucleus_s < s.end_s and 0 <= s.stress <= 1 for s in found)
    assert found[2].nucleus_s < 0.75, "the sound fades, so its weight lies early"
    assert stresses(track) == [(s.nucleus_s, s.stress) for s in found if s.stress]


def pulses(times, engine):
    """Return a track of loud voiced stretches of 120 ms, heard as one long vowel."""
    x = np.zeros(32000)
    for at in times:
        x[int(at * 16000) : int(at * 16000) + 1920] = buzz(140, 0.12, 16000) * np.hanning(1920)
    found = Recognition((Phone("ɑ", 0.0, 2.0),), ())
    return build_track(found, Sound((x + 1e-3)[None].astype(np.float32), 16000), source="acoustic", engine=engine)


def test_where_only_loudness_was_followed_its_peaks_are_the_syllables():
    times = [0.2, 0.45, 0.7, 1.2, 1.5]
    found = syllables(pulses(times, "energy"))
    assert [s.nucleus_s for s in found] == pytest.approx([t + 0.06 for t in times], abs=0.02)
    # The control: heard as sounds, the same is one vowel or the parts that pauses leave of it.
    assert len(syllables(pulses(times, "x"))) < len(times)


def test_silence_has_no_syllables():
    for engine in ("energy", "x"):
        track = build_track(Recognition((Phone("", 0.0, 1.0),), ()), Sound(np.zeros((1, 16000), np.float32), 16000),
                            source="none", engine=engine)
        assert syllables(track) == [] == stresses(track) == phrases(track)


def test_the_prosody_file_holds_one_axis():
    track = pulses([0.2, 0.5], "energy")
    data = json.loads(prosody_json(track))
    assert len(data["energy"]) == len(data["pitch_hz"]) == 200 and data["rate_hz"] == 100
    assert len(data["syllables"]) == 2 and set(data["syllables"][0]) == {"start", "end", "nucleus", "stress"}
    assert data["phrases"] and max(data["pitch_hz"]) == pytest.approx(140, abs=3)
