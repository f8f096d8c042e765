"""The measuring sets: what is said, made once, and spoilt as it is told, in the voice's own time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.cli import viseme_sets
from talking_avatar.cli.speech_sets import held_out
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, Utterance
from talking_avatar.cli.viseme_sentences import ENGLISH, LANGUAGES
from talking_avatar.cli.viseme_sets import (
    BACKGROUND_DB,
    CONDITIONS,
    LINES,
    QUIET,
    Line,
    Store,
    nobody_speaks,
    spoil,
)
from talking_avatar.pipeline_core.errors import BackendError
from talking_avatar.pipeline_core.types import Closure, Phone


def spoken(line, seed=0):
    """Buzz in the middle of two seconds."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(2 * RATE_HZ, np.float32)
    samples[RATE_HZ // 2 : 3 * RATE_HZ // 2] = 0.2 * np.sign(np.sin(np.arange(RATE_HZ) * 0.05 * rng.uniform(0.9, 1.1)))
    phones = (Phone("", 0, 0.5), Phone("m", 0.5, 1.5), Phone("", 1.5, 2.0))
    return Utterance(samples, phones, (Closure(0.5, 1.5),), line.text, "en", line.voice, line.engine)


@pytest.fixture
def asked(monkeypatch):
    """Every line that was really spoken."""
    lines = []

    def speak(line):
        if line.engine == "kokoro":
            raise BackendError("no such voice", hint="Fetch it.")
        lines.append(line)
        return spoken(line)

    monkeypatch.setattr(Line, "speak", speak)
    return lines


def test_everybody_says_every_sentence():
    assert len(ENGLISH) == len(set(ENGLISH)) >= 60 and set(held_out.SENTENCES[:21]) <= set(ENGLISH)
    for name, voices in (("flite", 1), ("kokoro", 4), ("heart", 1)):
        lines = LINES[name]()
        assert len(lines) == len(set(lines)) == voices * len(ENGLISH)
    assert {line.voice for line in LINES["flite"]()} == set(held_out.FLITE_VOICES)
    assert {line.voice for line in LINES["kokoro"]()} < set(held_out.KOKORO_VOICES)
    espeak = LINES["espeak"]()
    assert len(espeak) == len(ENGLISH) + 3 and len({line.voice for line in espeak}) == 4


def test_ten_languages_with_several_sentences_each():
    assert set(LANGUAGES) == set(held_out.OTHER_LANGUAGES) and len(LANGUAGES) == 10
    assert all(len(set(texts)) >= 4 and texts[0] == held_out.OTHER_LANGUAGES[name] for name, texts in LANGUAGES.items())
    assert len(LINES["languages"]()) == 40


def test_speech_is_made_once(tmp_path, asked):
    first = Store(tmp_path).speech("heart")
    assert len(asked) == len(first) == len(ENGLISH)
    again = Store(tmp_path).speech("heart")
    assert len(asked) == len(ENGLISH), "read from the disk"
    assert [u.text for u in again] == list(ENGLISH) and again[0].phones == first[0].phones


def test_speech_is_made_anew_when_its_maker_has_changed(tmp_path, asked, monkeypatch):
    Store(tmp_path, quick=True).speech("heart")
    count = len(asked)
    monkeypatch.setattr(viseme_sets, "_version", lambda *makers: "another")
    Store(tmp_path, quick=True).speech("heart")
    assert len(asked) == 2 * count


def test_noise_is_made_anew_when_the_voice_has_changed(tmp_path, asked, monkeypatch):
    made = []
    monkeypatch.setattr(viseme_sets, "spoil", lambda kind, u, pool, k: made.append(k) or u)
    store = Store(tmp_path, quick=True)
    first, second = store.speech("heart")[:2]
    store.spoilt("white", [first, second])
    store.spoilt("white", [first, second])
    assert made == [0, 1]
    store.spoilt("white", [first, replace(second, closures=())])
    assert made == [0, 1, 1]
    store.spoilt("babble", [first, second])
    store.spoilt("babble", [first, replace(second, samples=0.5 * second.samples)])
    assert made == [0, 1, 1, 0, 1, 0, 1], "babble is made of all voices"


def test_the_version_is_that_of_files_that_are_there(monkeypatch, tmp_path):
    makers = sorted({*viseme_sets._NOISE_MAKERS, *(m for some in viseme_sets._MAKERS.values() for m in some)})
    assert viseme_sets._version(*makers) != viseme_sets._version(*makers[1:])
    monkeypatch.setattr(viseme_sets, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text("1")
    first = viseme_sets._version("a.py")
    (tmp_path / "a.py").write_text("2")
    assert viseme_sets._version("a.py") != first
    with pytest.raises(FileNotFoundError):
        viseme_sets._version("b.py")


def test_voices_take_turns_and_those_that_are_missing_are_left_out(tmp_path, asked):
    store = Store(tmp_path)
    assert store.can_make("flite") and not store.can_make("kokoro")
    natural = store.natural(["flite", "heart"])
    assert [u.text for u in natural] == list(ENGLISH)
    assert {u.voice for u in natural} == {"slt", "heart"}


def test_a_quick_set_is_small_and_mixed(tmp_path, asked):
    store = Store(tmp_path, quick=True)
    few = store.speech("espeak")
    assert len(few) <= viseme_sets.QUICK_COUNT and len({u.voice for u in few}) > 1
    assert len(store.spoilt("white", few)) == len(few) and len(store.quiet("noises")) == 1


def level_db(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples))) + 1e-12)


@pytest.mark.parametrize("kind", ["white", "pink", "music", "babble"])
def test_backgrounds_lie_below_the_voice(kind):
    clean = spoken(Line("heart", "heart", "a"))
    pool = [spoken(Line("heart", "heart", "b"), seed).samples for seed in (1, 2, 3)]
    found = spoil(kind, clean, pool, 0)
    assert (found.phones, found.closures, found.text) == (clean.phones, clean.closures, clean.text)
    gain = float(found.samples @ clean.samples / (clean.samples @ clean.samples))
    below_db = level_db(clean.samples[RATE_HZ // 2 : 3 * RATE_HZ // 2]) - level_db(found.samples / gain - clean.samples)
    assert below_db == pytest.approx(BACKGROUND_DB, abs=3 if kind in ("music", "babble") else 1)
    assert np.abs(found.samples).max() <= 1.0
    assert (spoil(kind, clean, pool, 0).samples == found.samples).all()
    assert (spoil(kind, clean, pool, 1).samples != found.samples).any()


@pytest.mark.parametrize("kind", ["telephone", "mp3"])
def test_channels_keep_the_time(kind):
    rng = np.random.default_rng(0)
    clean = replace(spoken(Line("heart", "heart", "a")), samples=np.zeros(2 * RATE_HZ, np.float32))
    samples = clean.samples.copy()
    samples[16000:20000] = 0.3 * np.sin(np.cumsum(np.linspace(0.2, 0.9, 4000)) + rng.uniform())
    found = spoil(kind, replace(clean, samples=samples), [], 0).samples
    lags = np.correlate(found[15000:21000], samples[15000:21000], "full")
    assert len(found) == len(samples) and abs(int(lags.argmax()) - 5999) <= 16
    if kind == "telephone":
        assert level_db(spoil(kind, replace(clean, samples=np.sin(np.arange(32000) * 2.4).astype(np.float32)), [], 0).samples) < -30


def test_sounds_in_which_nobody_speaks(tmp_path):
    for kind in QUIET:
        sounds = [nobody_speaks(kind, number) for number in range(2 if kind == "noises" else 1)]
        assert all(len(s) == viseme_sets.QUIET_S * RATE_HZ and np.isfinite(s).all() for s in sounds)
    assert level_db(nobody_speaks("room noise", 1)) == pytest.approx(-60, abs=0.5)
    assert level_db(nobody_speaks("music", 0)) > -40 and not nobody_speaks("silence", 0).any()
    quiet = Store(tmp_path, quick=True).quiet("silence")
    assert quiet[0].closures == () and [p.ipa for p in quiet[0].phones] == [""]


def test_every_condition_has_a_title():
    assert len(CONDITIONS) == 6
