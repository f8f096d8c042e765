"""What flite prints becomes phones."""

import shutil

import pytest
from talking_avatar.cli.speech_sets import flite
from talking_avatar.pipeline_core.errors import InputError, MissingDependency, SettingError
from talking_avatar.pipeline_core.types import Phone

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="apt install flite")


def test_printed_phones_are_read():
    assert flite.phones_of("pau:0.220 m:0.291 ey:0.450 ax:0.5 \n") == (
        Phone("", 0.0, 0.22), Phone("m", 0.22, 0.291), Phone("eɪ", 0.291, 0.45), Phone("ə", 0.45, 0.5))


@pytest.mark.parametrize("printed", ["pau:0.2 xx:0.3", "pau 0.2", "pau:", "pau:later"])
def test_anything_else_is_refused(printed):
    with pytest.raises(InputError, match="printed"):
        flite.phones_of(printed)


def test_an_unknown_voice_and_an_absent_program_are_told(monkeypatch):
    with pytest.raises(SettingError, match="kal16"):
        flite.speak("a", "nobody")
    monkeypatch.setattr(flite.shutil, "which", lambda name: None)
    with pytest.raises(MissingDependency, match="apt install flite"):
        flite.speak("a")


@needs_flite
def test_the_program_speaks():
    said = flite.speak("Bob's map.", "kal16", 1.2, 120)
    assert [p.ipa for p in said.phones if p.ipa] == ["b", "ɑ", "b", "z", "m", "æ", "p"]
    assert len(said.closures) == 4
    assert said.duration_s > flite.speak("Bob's map.", "kal16", 0.8).duration_s
    with pytest.raises(InputError):
        flite.speak("", "kal16")
