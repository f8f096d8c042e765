"""Texts on made-up hearing: what the model would hear of known phones, with doubts and mistakes."""

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import Cancelled, InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech.articulation import align as align_module
from talking_avatar.pipeline_core.speech.articulation import align_search
from talking_avatar.pipeline_core.speech.articulation.align import align
from talking_avatar.pipeline_core.speech.articulation.align_verdict import recognition_of
from talking_avatar.pipeline_core.speech.articulation.heard import Heard
from talking_avatar.pipeline_core.speech.articulation.symbols import PHONES, index_of
from talking_avatar.pipeline_core.speech.readings import WordReading, slots_of
from talking_avatar.pipeline_core.types import Phone

HOST = PlainHost()
TEXT = [("please", "p l i z"), ("put", "p ʊ t"), ("the", "ð ə|i"), ("big", "b ɪ ɡ"), ("blue", "b l u"), ("box", "b ɑ k s"),
        ("beside", "b ɪ s aɪ d"), ("my", "m aɪ"), ("lamp", "l æ m p")]
OTHER = [("every", "ɛ v ɹ i"), ("fish", "f ɪ ʃ"), ("knows", "n oʊ z"), ("where", "w ɛ ɹ"), ("shallow", "ʃ æ l oʊ"),
         ("water", "w ɔ ɾ|t ɚ"), ("hides", "h aɪ d z"), ("young", "j ʌ ŋ"), ("frogs", "f ɹ ɑ ɡ z")]


class Speech:
    """What a model hears of words said one after the other, and when each began and ended."""

    def __init__(self, words, seed=0, doubt=0.8, pauses=(), sure=4.0):
        rng = np.random.default_rng(seed)
        frames, self.times_s = [0] * 15, []
        for number, (_, reading) in enumerate(words):
            start = len(frames)
            for slot in slots_of(reading):
                for place in index_of(slot.choices[0]):
                    frames += [place] * int(rng.integers(4, 10))
            self.times_s.append((start / 100, len(frames) / 100))
            frames += [0] * (30 if number in pauses else 0)
        truth = np.array(frames + [0] * 15)
        scores = rng.normal(0, doubt, (len(truth), len(PHONES))).astype(np.float32)
        scores[np.arange(len(truth)), truth] += sure
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        self.heard = Heard(scores, np.zeros((len(truth), 7), np.float32))
        edges = [0, *(np.flatnonzero(np.diff(truth)) + 1).tolist(), len(truth)]
        self.alone = [Phone(PHONES[truth[a]], a / 100, b / 100) for a, b in zip(edges, edges[1:], strict=False)]


def read(words):
    return [WordReading(text, (reading,) if reading else ()) for text, reading in words]


def aligned(speech, text):
    return align(speech.heard, read(text), speech.alone, HOST)


def found_words(result):
    return [match.word.text for match in result.matches]


def test_every_word_is_found_at_its_time():
    speech = Speech(TEXT, pauses=(3,))
    found = aligned(speech, TEXT)
    assert found_words(found) == [text for text, _ in TEXT]
    errors = [abs(m.word.start_s - s) for m, (s, _) in zip(found.matches, speech.times_s, strict=True)]
    assert max(errors) <= 0.012 and found.covered > 0.95 and found.loss < 0.5
    assert found.phones[0].start_s == 0.0 and found.phones[-1].end_s == len(speech.heard.log_posteriors) / 100
    assert all(a.end_s == b.start_s for a, b in zip(found.phones, found.phones[1:], strict=False))
    assert [p.ipa for p in found.phones if p.ipa][-3:] == ["æ", "m", "p"] and "aɪ" in [p.ipa for p in found.phones]


def test_of_several_pronunciations_the_one_that_is_said_is_taken():
    said = [("the", "ð i"), ("cat", "k æ"), ("and", "ə n")]
    text = [("the", "ð ə|i"), ("cat", "k æ t?"), ("and", "æ|ə n d?")]
    assert [p.ipa for p in aligned(Speech(said), text).phones if p.ipa] == ["ð", "i", "k", "æ", "ə", "n"]
    two = [WordReading("read", ("ɹ i d", "ɹ ɛ d"))]
    speech = Speech([("read", "ɹ ɛ d")])
    assert [p.ipa for p in align(speech.heard, two, speech.alone, HOST).phones if p.ipa] == ["ɹ", "ɛ", "d"]


def test_a_word_that_nobody_says_is_left_out():
    speech = Speech(TEXT)
    found = aligned(speech, [*TEXT[:4], OTHER[4], *TEXT[4:]])
    assert found_words(found) == [text for text, _ in TEXT]
    told = recognition_of(found, read([*TEXT[:4], OTHER[4], *TEXT[4:]])).warnings
    assert told == ('1 of 10 words of the transcript is not said: "shallow"',)


def test_words_that_are_not_in_the_text_stay_as_they_were_heard():
    speech = Speech([*TEXT[:4], *OTHER[:4], *TEXT[4:]])
    found = aligned(speech, TEXT)
    assert found_words(found) == [text for text, _ in TEXT]
    (start_s, end_s), = found.unread
    assert abs(start_s - speech.times_s[4][0]) < 0.05 and abs(end_s - speech.times_s[7][1]) < 0.05
    inside = [p.ipa for p in found.phones if p.start_s >= start_s and p.end_s <= end_s]
    assert inside == [p.ipa for p in speech.alone if p.start_s >= start_s - 1e-6 and p.end_s <= end_s + 1e-6]
    assert "not in the transcript" in recognition_of(found, read(TEXT)).warnings[0]


def test_half_a_text_serves_its_half():
    speech = Speech([*TEXT, *OTHER])
    for half in (TEXT, OTHER):
        found = aligned(speech, half)
        assert found_words(found) == [text for text, _ in half] and 0.3 < found.covered < 0.7
        assert recognition_of(found, read(half)).words


@pytest.mark.parametrize("text", [OTHER, OTHER[::-1], OTHER * 20])
def test_another_text_is_refused(text):
    speech = Speech(TEXT * 3)
    with pytest.raises(InputError) as error:
        recognition_of(aligned(speech, text), read(text))
    assert error.value.hint
    assert recognition_of(aligned(speech, TEXT * 3), read(TEXT * 3)).warnings == (), "the right text is taken"


def test_a_part_from_the_middle_of_a_long_text_is_found(monkeypatch):
    monkeypatch.setattr(align_module, "_COSTS", replace(align_module._COSTS, beam=30.0))
    text = [*OTHER * 8, *TEXT, *OTHER * 8]
    found = aligned(Speech(TEXT), text)
    assert found_words(found) == [text for text, _ in TEXT]
    assert len(recognition_of(found, read(text)).words) == len(TEXT)


def test_an_unreadable_word_stands_for_any_sound():
    speech = Speech([*TEXT[:4], OTHER[4], *TEXT[4:]])
    text = [*TEXT[:4], ("貝", ""), *TEXT[4:]]
    found = aligned(speech, text)
    assert found_words(found) == [text for text, _ in text] and not found.unread
    assert abs(found.matches[4].word.start_s - speech.times_s[4][0]) < 0.05
    assert "cannot be read" in recognition_of(found, read(text)).warnings[0]


def test_edges_lie_between_frames_where_the_sounds_do():
    """Two sounds that cross over slowly: the edge is where they are equal, not at a whole frame."""
    speech = Speech([("e", "i"), ("n", "n")], doubt=0.0)
    scores = np.full((60, len(PHONES)), -12.0, np.float32)
    ee, n = index_of("i")[0], index_of("n")[0]
    chance = 1 / (1 + np.exp((np.arange(60) + 0.5 - 30.3) * 1.5))
    scores[:, ee], scores[:, n] = np.log(chance + 1e-6), np.log(1 - chance + 1e-6)
    found = align(Heard(scores, np.zeros((60, 7), np.float32)), read([("e", "i"), ("n", "n")]), speech.alone, HOST)
    assert abs(found.matches[1].word.start_s - 0.303) < 0.002


def test_blocks_do_not_change_the_way(monkeypatch):
    """Steps are found again block by block: the same way as in one go."""
    speech = Speech(TEXT * 6, doubt=1.5)
    whole = aligned(speech, TEXT * 6)
    monkeypatch.setattr(align_search, "_BLOCK", 37)
    assert aligned(speech, TEXT * 6).phones == whole.phones


def test_memory_is_bounded(monkeypatch):
    """A long text on a long sound: the table of steps stays as wide as the beam, not as the text."""
    sizes = []
    empty = np.empty

    def spy(shape, dtype=float):
        if dtype is np.uint8:
            sizes.append(shape[0] * shape[1])
        return empty(shape, dtype)

    text = TEXT * 120
    speech = Speech(text)
    monkeypatch.setattr(align_module, "_COSTS", replace(align_module._COSTS, beam=60.0))
    monkeypatch.setattr(align_module, "_TRUSTING", align_module._COSTS)
    monkeypatch.setattr(align_search.np, "empty", spy)
    assert len(aligned(speech, text).matches) == len(text)
    states = 14 * len(text)
    assert max(sizes) < 0.2 * states * align_search._BLOCK


def test_cancel_stops_the_search():
    class Stopping(PlainHost):
        def progress(self, done, total):
            raise Cancelled

    speech = Speech(TEXT)
    with pytest.raises(Cancelled):
        align(speech.heard, read(TEXT), speech.alone, Stopping())
