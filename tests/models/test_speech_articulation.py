"""The articulation model on a voice that it was never trained on: the bundled one."""

import tracemalloc
from functools import lru_cache

import numpy as np
import pytest
from talking_avatar.cli.viseme_metrics import pooled, score_phones
from talking_avatar.models import speech_articulation as engine
from talking_avatar.models import voice_heart  # noqa: F401 - it registers itself
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import resample
from talking_avatar.pipeline_core.speech import analyze, synthesize
from talking_avatar.pipeline_core.speech.articulation.net import joined
from talking_avatar.pipeline_core.types import Sound

HOST = PlainHost(threads=1)
TEXTS = ("Maybe Bob prefers fluffy purple muffins.", "A pot of tea helps to pass the evening.",
         "The soft cushion broke the man's fall.", "Smoky fires lack flame and heat.",
         "Five brave boys move above the blue moon.", "People may bump the paper map before breakfast.")


@lru_cache
def spoken(text):
    return synthesize(text, host=HOST)


def figures(found, shift_s=0.0):
    counts = []
    for text, track in found.items():
        truth = spoken(text)[1]
        closures = [type(c)(c.start_s + shift_s, c.end_s + shift_s) for c in track.closures]
        counts.append(score_phones(truth, track.phones, closures))
    return pooled(counts).figures()


def test_sound_alone_finds_lips_on_an_unknown_voice():
    found = {text: analyze(spoken(text)[0], engine="articulation", host=HOST) for text in TEXTS}
    good, late = figures(found), figures(found, shift_s=0.15)
    assert good["acc9_speech"] >= 75 and good["recall80"] >= 85 and good["precision80"] >= 85
    assert late["recall80"] < 60, "the control must fail"


def test_a_transcript_places_nearly_all_lips():
    found = {text: analyze(spoken(text)[0], transcript=text, host=HOST) for text in TEXTS}
    assert all(track.source == "aligned" for track in found.values())
    good, late = figures(found), figures(found, shift_s=0.15)
    assert good["acc9_speech"] >= 77 and good["recall40"] >= 95 and good["boundary_ms"] <= 15
    assert late["recall80"] < 60, "the control must fail"
    assert [w.text.lower().strip(".") for w in found[TEXTS[0]].words] == TEXTS[0].lower().strip(".").split()


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_any_rate_gives_nearly_the_same(rate_hz):
    sound = spoken(TEXTS[0])[0]
    track = analyze(resample(sound, rate_hz), transcript=TEXTS[0], host=HOST)
    assert track.source == "aligned" and figures({TEXTS[0]: track})["recall40"] >= 85


@pytest.mark.parametrize("text", ["The quarterly figures were published on Thursday in London by the committee.",
                                  "Yes.", "one two three four five six seven eight nine ten eleven twelve"])
def test_texts_that_are_not_said_are_refused(text):
    with pytest.raises(InputError, match="not what is said"):
        engine.Aligned().recognize(spoken(TEXTS[0])[0], text, HOST)


def test_lips_stay_shut_in_noise_and_tones():
    rng = np.random.default_rng(0)
    time_s = np.arange(16000 * 6) / 16000
    chords = sum(np.sin(2 * np.pi * hz * time_s) for hz in (220, 277, 330)) * 0.05
    for samples in (rng.standard_normal(16000 * 6) * 0.01, rng.standard_normal(16000 * 6) * 0.2, chords):
        track = analyze(Sound(samples.astype(np.float32)[None], 16000), engine="articulation", host=HOST)
        assert sum(p.end_s - p.start_s for p in track.phones if p.ipa) <= 0.01 * track.duration_s
    voice = analyze(spoken(TEXTS[0])[0], engine="articulation", host=HOST)
    assert sum(p.end_s - p.start_s for p in voice.phones if p.ipa) > 0.5 * voice.duration_s, "the control must fail"


def test_torch_hears_what_numpy_hears(monkeypatch):
    monkeypatch.setattr(engine, "_TORCH_FRAMES", 90)
    sound = spoken(TEXTS[1])[0]
    torch_heard, heard = engine.hear_by_torch(sound, HOST), engine.hear(sound, HOST)
    assert np.abs(torch_heard.log_posteriors - heard.log_posteriors).max() < 2e-3
    assert np.abs(torch_heard.articulators - heard.articulators).max() < 1e-3


def test_live_hears_what_the_whole_hears():
    sound = spoken(TEXTS[1])[0]
    live, mono = engine.listener(sound.rate_hz), sound.mono
    parts = [live.push(mono[first : first + 1024]) for first in range(0, len(mono), 1024)]
    heard, whole = joined([*parts, live.finish()]), engine.hear(sound, HOST)
    assert np.abs(heard.log_posteriors - whole.log_posteriors).max() < 1e-3


def test_memory_stays_small_and_the_same_sound_gives_the_same():
    sound = Sound(np.tile(spoken(TEXTS[0])[0].samples, (1, 40)), spoken(TEXTS[0])[0].rate_hz)
    engine.hear(spoken(TEXTS[0])[0], HOST)
    tracemalloc.start()
    heard = engine.hear(sound, HOST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6
    assert np.array_equal(heard.log_posteriors, engine.hear(sound, HOST).log_posteriors)


def test_the_asset_is_small():
    assert engine.WEIGHTS.stat().st_size <= 8e6
