"""Utterances of the pack's own voices."""

import numpy as np
import pytest
from talking_avatar.cli.speech_sets import voices
from talking_avatar.pipeline_core.errors import BackendError
from talking_avatar.pipeline_core.interfaces import Recognition
from talking_avatar.pipeline_core.types import Phone, Sound

RATE_HZ = 24_000


class Toy:
    """Hums, hisses from 0.32 s on though it says 0.3 s, and shuts the lips from 0.6 s to 0.7 s."""

    def speak(self, text, speed, host):
        count = np.arange(RATE_HZ)
        samples = np.where((count > 0.32 * RATE_HZ) & (count < 0.5 * RATE_HZ),
                           np.random.default_rng(0).standard_normal(len(count)), np.sin(count / 6)) * 0.2
        samples[round(0.6 * RATE_HZ) : round(0.7 * RATE_HZ)] = 0
        spans = [("a", 0, 0.3), ("s", 0.3, 0.5), ("a", 0.5, 0.61), ("b", 0.61, 0.71), ("a", 0.71, 1)]
        phones = tuple(Phone(*span) for span in spans)
        return Sound(samples[None].astype(np.float32), RATE_HZ), Recognition(phones, ())


@pytest.mark.parametrize(("name", "engine", "language"), [
    ("heart", "heart", "en-us"), ("am_adam", "kokoro", "en-us"), ("bf_lily", "kokoro", "en-gb")])
def test_times_are_fitted_to_the_sound(monkeypatch, name, engine, language):
    monkeypatch.setattr(voices, "_voice", lambda name: Toy())
    said = voices.speak("Asaba.", name)
    assert (said.engine, said.voice, said.language, said.text) == (engine, name, language, "Asaba.")
    assert len(said.samples) == 16_000 and [p.ipa for p in said.phones] == list("asaba")
    assert said.phones[1].start_s == pytest.approx(0.32, abs=0.008)
    (closure,) = said.closures
    assert (closure.start_s, closure.end_s) == (pytest.approx(0.6, abs=0.005), pytest.approx(0.7, abs=0.005))
    assert said.phones[3].start_s == closure.start_s


def test_a_voice_that_is_not_here_says_how_to_get_it():
    with pytest.raises(BackendError, match=r"run\.py fetch kokoro"):
        voices.speak("Bob.", "af_nobody")
