"""Utterances with exact phone times: their file, their silence, what is held out."""

import numpy as np
from talking_avatar.cli.speech_sets import held_out
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, Utterance, at_rate, load, save, with_silence
from talking_avatar.models.voice_kokoro import NAMES
from talking_avatar.pipeline_core.types import Closure, Phone


def utterance():
    phones = Phone("p", 0.0, 0.1), Phone("ɔː", 0.1, 0.3)
    samples = np.linspace(-1, 1, round(0.3 * RATE_HZ), dtype=np.float32)
    return Utterance(samples, phones, (Closure(0.0, 0.07),), "påw", "sv", "sv+f1", "espeak")


def test_a_file_gives_back_what_was_saved(tmp_path):
    save(utterance(), tmp_path / "a.npz")
    back = load(tmp_path / "a.npz")
    assert back.phones == utterance().phones and back.closures == utterance().closures
    assert (back.text, back.language, back.voice, back.engine) == ("påw", "sv", "sv+f1", "espeak")
    np.testing.assert_allclose(back.samples, utterance().samples, atol=1 / 32767)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_file_without_closures_is_read(tmp_path):
    save(Utterance(np.zeros(160, np.float32), (Phone("", 0.0, 0.01),), (), "", "en", "v", "flite"), tmp_path / "a.npz")
    assert load(tmp_path / "a.npz").closures == ()


def test_silence_moves_all_times():
    longer = with_silence(utterance(), 0.25, 0.5)
    assert longer.duration_s == 1.05
    assert [(p.ipa, round(p.start_s, 6), round(p.end_s, 6)) for p in longer.phones] == [
        ("", 0, 0.25), ("p", 0.25, 0.35), ("ɔː", 0.35, 0.55), ("", 0.55, 1.05)]
    assert longer.closures == (Closure(0.25, 0.32),)
    first = round(0.25 * RATE_HZ)
    assert not longer.samples[:first].any()
    np.testing.assert_array_equal(longer.samples[first : first + len(utterance().samples)], utterance().samples)


def test_another_rate_keeps_the_time_of_a_click():
    samples = np.zeros(24_000, np.float32)
    samples[12_000] = 1
    assert np.abs(at_rate(samples, 24_000)).argmax() == RATE_HZ // 2


def test_what_is_held_out_exists():
    assert set(held_out.KOKORO_VOICES) < set(NAMES.split())
    assert len(held_out.SENTENCES) == len(set(held_out.SENTENCES)) == 31
