"""espeak-ng's marks become phones whose stops begin with their silent closure."""

import ctypes.util

import numpy as np
import pytest
from talking_avatar.cli.speech_sets import espeak
from talking_avatar.cli.speech_sets.espeak import Mark, closures_of, phones_of, sounding
from talking_avatar.pipeline_core.errors import InputError, MissingDependency, SettingError
from talking_avatar.pipeline_core.types import Sound

RATE_HZ = 20_000
needs_espeak = pytest.mark.skipif(ctypes.util.find_library("espeak-ng") is None, reason="apt install espeak-ng")


def sound(*spans_s, length_s=1.0):
    """A hum, silent in the given spans."""
    samples = np.sin(np.arange(round(length_s * RATE_HZ))).astype(np.float32)
    for start_s, end_s in spans_s:
        samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = 0
    return samples


def marks(*entries):
    return [Mark(round(at_s * RATE_HZ), symbol) for at_s, symbol in entries]


def spans(phones):
    return [(p.ipa, round(p.start_s, 2), round(p.end_s, 2)) for p in phones]


def test_a_stop_begins_with_the_silence_before_its_release():
    phones, releases = phones_of(marks((0, "a"), (0.5, "p"), (0.6, "a")), sound((0.42, 0.5)), RATE_HZ)
    assert spans(phones) == [("a", 0, 0.42), ("p", 0.42, 0.6), ("a", 0.6, 1)]
    assert releases == {1: 0.5}


def test_without_a_silence_a_stop_begins_at_its_mark():
    for symbol, quiet in (("p", (0.3, 0.4)), ("s", (0.42, 0.5))):
        phones, releases = phones_of(marks((0, "a"), (0.5, symbol), (0.6, "a")), sound(quiet), RATE_HZ)
        assert phones[1].start_s == 0.5 and not releases


def test_a_stop_after_a_pause_takes_a_usual_closure_and_no_more():
    given = marks((0, "a"), (0.2, ""), (0.49, ""), (0.5, "b"), (0.6, "a"))
    phones, releases = phones_of(given, sound((0.2, 0.5)), RATE_HZ)
    assert spans(phones) == [("a", 0, 0.2), ("", 0.2, 0.43), ("b", 0.43, 0.6), ("a", 0.6, 1)]
    assert releases == {2: 0.5}


def test_a_closure_ends_at_the_release_and_a_murmur_with_its_phone_at_most():
    samples = sound((0.42, 0.5))
    samples[round(0.7 * RATE_HZ) : round(0.8 * RATE_HZ)] *= 0.05
    phones, releases = phones_of(marks((0, "a"), (0.5, "p"), (0.6, "a"), (0.7, "m"), (0.8, "a")), samples, RATE_HZ)
    stop, murmur = closures_of(phones, releases, Sound(samples[None], RATE_HZ))
    assert (round(stop.start_s, 2), stop.end_s) == (0.42, 0.5)
    assert murmur.start_s == pytest.approx(0.7, abs=0.01) and murmur.end_s == pytest.approx(0.8, abs=0.02)


def test_tones_and_switches_of_language_belong_to_the_sound_before():
    assert sounding(marks((0, "(en)"), (0, "n"), (0.1, "ʲ"), (0.2, "ε"), (0.3, "1"), (0.4, ""), (0.5, "_:"))) == marks(
        (0, "n"), (0.2, "ɛ"), (0.4, ""), (0.5, "_:"))


def test_without_the_library_it_says_what_to_install(monkeypatch):
    def absent(name):
        raise OSError

    monkeypatch.setattr(espeak.ctypes, "CDLL", absent)
    with pytest.raises(MissingDependency, match="apt install espeak-ng"):
        espeak._engine.__wrapped__()


@needs_espeak
def test_the_engine_speaks():
    said = espeak.speak("Pub, Bob.", "en-us+f3", 180, 60)
    assert [p.ipa[0] for p in said.phones if p.ipa] == list("pʌbbɑb")
    assert len(said.closures) == 4 and said.language == "en-us" and np.abs(said.samples).max() > 0.1
    assert said.phones[0].start_s == 0 and said.phones[-1].end_s == pytest.approx(said.duration_s, abs=1e-3)
    with pytest.raises(SettingError, match="no voice"):
        espeak.speak("a", "klingon-b")
    with pytest.raises(InputError):
        espeak.speak("...", "en-us")
