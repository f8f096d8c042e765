"""Utterances of the pack's own voice."""

import pytest
from talking_avatar.cli.speech_sets.voices import speak
from talking_avatar.pipeline_core.errors import BackendError


def test_the_bundled_voice_speaks():
    said = speak("Bob's map.")
    assert [p.ipa for p in said.phones if p.ipa] == ["b", "ɑ", "b", "z", "m", "æ", "p"]
    assert len(said.closures) == 4 and (said.engine, said.voice, said.language) == ("heart", "heart", "en-us")
    assert said.phones[-1].end_s == pytest.approx(said.duration_s, abs=1e-3)


def test_a_voice_that_is_not_here_says_how_to_get_it():
    with pytest.raises(BackendError, match=r"run\.py fetch kokoro"):
        speak("Bob.", "af_nobody")
