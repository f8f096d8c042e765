import numpy as np
import pytest
from talking_avatar.models import speech_pocketsphinx as ps
from talking_avatar.models.voice_heart import HeartVoice
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.types import Sound

HOST = PlainHost()
TEXT = "Please put the big blue box beside my lamp."


@pytest.fixture(scope="module")
def aligner():
    return ps.Aligner()


@pytest.fixture(scope="module")
def spoken():
    return HeartVoice().speak(TEXT, 1.0, HOST)


def onset_errors_s(truth, found, shift_s=0.0):
    starts = [p.start_s for p in found.phones if p.ipa in ("p", "b", "m")]
    return [min(abs(s - p.start_s - shift_s) for s in starts) for p in truth.phones if p.ipa in ("p", "b", "m")]


def test_alignment_finds_every_word_and_lip_sound(aligner, spoken):
    sound, truth = spoken
    found = aligner.recognize(sound, TEXT, HOST)
    assert [w.text for w in found.words] == ["please", "put", "the", "big", "blue", "box", "beside", "my", "lamp"]
    assert np.median(onset_errors_s(truth, found)) <= 0.03
    assert np.median(onset_errors_s(truth, found, shift_s=0.1)) > 0.03, "the shifted control must fail"


@pytest.mark.parametrize("rate", [8000, 44100])
def test_any_rate_and_digital_silence(aligner, spoken, rate):
    from scipy.signal import resample_poly

    x = resample_poly(spoken[0].mono, rate // 100, 240)
    x = np.concatenate([np.zeros(rate), x, np.zeros(rate)]).astype(np.float32)
    found = aligner.recognize(Sound(np.stack([x, x]), rate), TEXT, HOST)
    assert abs(found.words[0].start_s - 1.0 - spoken[1].words[0].start_s) < 0.1


def test_unknown_words_are_guessed(aligner):
    assert aligner.readings("zorblaxify")[0][0] == "Z" and len(aligner.readings("maybe")) >= 1


@pytest.mark.parametrize("text", [
    "", "你好", "word " * 400, "Please put", "Everyone should have voted against that silly zoning resolution."])
def test_texts_that_do_not_fit_are_refused(aligner, spoken, text):
    with pytest.raises(InputError) as error:
        aligner.recognize(spoken[0], text, HOST)
    assert error.value.hint


def test_long_sound_is_worked_through_in_pieces(spoken):
    samples = ps._prepare(Sound(np.tile(spoken[0].samples, (1, 20)), 24000))
    cuts = list(ps._quiet_cuts(samples))
    assert cuts[0][0] == 0 and cuts[-1][1] == len(samples) and len(cuts) >= 2
    assert all(a[1] == b[0] for a, b in zip(cuts, cuts[1:], strict=False))
    assert max(b - a for a, b in cuts) <= 40 * ps.RATE_HZ


def test_phone_loop_hears_speech_and_silence(spoken):
    found = ps.PhoneLoop().recognize(spoken[0], "", HOST)
    assert len([p for p in found.phones if p.ipa]) > 15 and found.words == ()
    quiet = ps.PhoneLoop().recognize(Sound(np.zeros((1, 32000), np.float32), 16000), "", HOST)
    assert sum(p.end_s - p.start_s for p in quiet.phones if p.ipa) < 0.5
