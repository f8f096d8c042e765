import numpy as np
from talking_avatar.pipeline_core.speech.articulation.decode import best_path, decode
from talking_avatar.pipeline_core.speech.articulation.heard import Heard
from talking_avatar.pipeline_core.speech.articulation.symbols import PHONES


def heard_of(places, sureness=5.0, noise=0.0, seed=0):
    scores = np.zeros((len(places), len(PHONES)), np.float32)
    scores[np.arange(len(places)), places] = sureness
    scores += np.random.default_rng(seed).standard_normal(scores.shape).astype(np.float32) * noise
    log_posteriors = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return Heard(log_posteriors, np.zeros((len(places), 7), np.float32))


def test_clear_phones_are_found():
    places = np.repeat([0, 3, 36, 1, 0], [20, 8, 12, 6, 10])
    phones = decode(heard_of(places))
    assert [p.ipa for p in phones] == ["", PHONES[3], PHONES[36], PHONES[1], ""]
    assert [round(p.end_s * 100) for p in phones] == [20, 28, 40, 46, 56]
    assert all(a.end_s == b.start_s for a, b in zip(phones, phones[1:], strict=False))


def test_flicker_is_ridden_over_where_the_best_of_each_frame_is_not():
    places = np.repeat([0, 3, 36, 0], [30, 20, 30, 30])
    heard = heard_of(places, sureness=3.0, noise=1.1)
    best_of_each = heard.log_posteriors.argmax(axis=1)
    assert np.count_nonzero(np.diff(best_of_each)) > 4
    assert np.count_nonzero(np.diff(best_path(heard.log_posteriors))) == 3


def test_no_phone_lasts_a_single_frame():
    places = np.repeat([0, 5, 7, 5, 0], [10, 10, 1, 10, 10])
    assert [p.ipa for p in decode(heard_of(places, sureness=2.0))] == ["", PHONES[5], ""]


def test_affricates_are_spelt_as_others_do():
    places = np.repeat([0, PHONES.index("ʧ"), PHONES.index("ʤ"), 0], 10)
    assert [p.ipa for p in decode(heard_of(places))] == ["", "tʃ", "dʒ", ""]


def test_nothing_is_heard_in_nothing():
    assert decode(heard_of(np.zeros(0, int))) == ()
    assert [p.ipa for p in decode(heard_of(np.zeros(1, int)))] == [""]
