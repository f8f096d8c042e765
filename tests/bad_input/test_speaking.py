"""Texts for the voice: numbers, words and pauses without an end."""

import numpy as np
import pytest
from talking_avatar.models import voice_heart
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import voicing
from talking_avatar.pipeline_core.speech.english.phrases import sentences_of
from talking_avatar.pipeline_core.speech.english.verbalize import verbalize

HOST = PlainHost()


@pytest.mark.parametrize("number, begins", [("1" * 5000, "one one one"), ("$" + "1" * 5000, "one one one"),
                                            ("1" + ",234" * 2000, "one two three four two three")])
def test_endless_numbers_are_read_digit_by_digit(number, begins):
    assert verbalize(number).removeprefix("$").strip().startswith(begins)


def test_text_without_spaces_is_cut():
    assert [len(word) for word in sentences_of("a." * 2500)[0].split()] == [2000, 2000, 1000]
    address = "https://example.com/" + "a" * 1900
    assert sentences_of(address) == [address]


def test_endless_pauses_are_refused(monkeypatch):
    monkeypatch.setattr(voicing, "LONGEST_S", 100.0)
    voice = voice_heart.HeartVoice()
    with pytest.raises(InputError, match="with its pauses"):
        voice.speak("Hi. [pause 60]" * 3, 1.0, HOST)
    sound = voice.speak("Hi. [pause 60]", 1.0, HOST)[0]
    assert sound.duration_s > 60 and np.abs(sound.samples[:, -1000:]).max() == 0
