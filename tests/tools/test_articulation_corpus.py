"""The training speech: its texts, what is kept out of it, and that a stopped run goes on."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.cli.speech_sets import held_out, voices
from talking_avatar.cli.speech_sets.utterance import RATE_HZ, Utterance, load
from talking_avatar.pipeline_core.errors import ContractError, InputError
from talking_avatar.pipeline_core.types import Phone
from talking_avatar.tools.articulation import corpus, texts

WORDS = texts.Words(["pub", "dog", "λόγοσ"], np.array([0.5, 0.25, 0.25]))


def rng(seed=0):
    return np.random.default_rng(seed)


def test_random_words_come_in_phrases():
    said = [texts.salad(WORDS, rng(seed)) for seed in range(30)]
    assert len(set(said)) == 30 and all(text.endswith(".") for text in said)
    words = " ".join(said).split()
    assert {word.strip(",.?!") for word in words} == {"pub", "dog", "λόγος"}
    assert 8 * 30 <= len(words) <= 22 * 30 and any("," in text for text in said)


def test_words_with_lip_sounds_come_more_often():
    shares = texts.weighted(["pin", "tin", "лист", "дом"][::-1], np.ones(4))
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares[[0, 3]] / shares[[1, 2]], texts.LIP_LETTERS)


def test_sentences_fill_their_templates():
    said = [texts.sentence(rng(seed)) for seed in range(200)]
    assert len(set(said)) > 190 and not any(mark in text for text in said for mark in "{}|\n")
    assert all(text[0].isupper() and text[-1] in ".?!" for text in said)
    assert not any(re.search("[^aeou]ys ", text) for text in said) and any("ies " in text for text in said)


def test_numbers_and_addresses_are_no_words():
    assert [word for word in ("don't", "पानी", "3d", "a.b", "www") if texts.is_word(word)] == ["don't", "पानी", "www"]


def test_what_is_held_out_is_in_no_set():
    assert not set(corpus.kokoro_voices()) & set(held_out.KOKORO_VOICES) and len(corpus.kokoro_voices()) == 23
    assert not {*corpus.DIPHONE_VOICES, *corpus.STATISTICAL_VOICES} & set(held_out.FLITE_VOICES)
    languages = {code.partition("-")[0] for code in (*corpus.OTHERS, *corpus.OTHERS.values())}
    assert not languages & {*held_out.OTHER_LANGUAGES, "zh", "yue"} and len(corpus.OTHERS) == 33


def test_mixed_voices_are_made_of_voices_that_are_not_held_out(monkeypatch):
    def speak(text, voice, speed, spoken_by):
        return voice, speed, spoken_by

    engine = SimpleNamespace(speak=speak, mixed=lambda timbre, manner: (timbre, manner))
    monkeypatch.setattr(corpus, "_engine", {"voices": engine}.__getitem__)
    monkeypatch.setattr(corpus, "english", lambda rng: "Well.")
    made = [corpus.kokoro_mixed(number, rng(number)) for number in range(200)]
    kept_out = {*held_out.KOKORO_VOICES, *corpus.VALIDATION_VOICES}
    timbres, manners = ({name for _, _, mix in made for name in mix[part]} for part in (0, 1))
    assert not kept_out & (timbres | manners) and not set(corpus.FOREIGN_VOICES) & manners
    assert set(corpus.FOREIGN_VOICES) <= timbres and {len(mix[0]) for *_, mix in made} == {1, 2, 3}
    assert all(sum(shares.values()) == pytest.approx(1) for *_, mix in made for shares in mix)
    speeds = [speed for _, speed, _ in made]
    assert corpus.MIXED_SPEEDS[0] <= min(speeds) < 0.75 and 1.45 < max(speeds) <= corpus.MIXED_SPEEDS[1]


def test_a_mixed_voice_takes_its_sound_and_its_manner_from_different_voices(monkeypatch):
    styles = {name: np.full((3, 256), value, np.float32) for name, value in (("a", 1.0), ("b", 3.0), ("c", 10.0))}
    monkeypatch.setattr(voices, "_styles", styles.__getitem__)
    monkeypatch.setattr(voices, "KokoroVoice", lambda name: SimpleNamespace())
    mixed = voices.mixed({"a": 0.5, "b": 0.5}, {"c": 1.0})
    assert (mixed.styles[:, :128] == 2.0).all() and (mixed.styles[:, 128:] == 10.0).all()


def test_an_utterance_depends_on_its_number_alone(one_set):
    first, again, other = corpus.utterance("toy", 3), corpus.utterance("toy", 3), corpus.utterance("toy", 4)
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.phones == again.phones and first.text != other.text
    low, high = corpus.SILENCE_S
    assert low <= first.phones[0].end_s <= high and low <= first.duration_s - first.phones[-1].start_s <= high


def test_a_held_out_sentence_is_refused(one_set):
    one_set.text = f"Well. {held_out.BOB}"
    with pytest.raises(ContractError, match="kept for measuring"):
        corpus.utterance("toy", 0)


def test_a_stopped_run_goes_on(tmp_path, one_set):
    minutes = corpus.build("toy", tmp_path)
    files = sorted((tmp_path / "toy").iterdir())
    assert minutes >= 0.5 and minutes == pytest.approx(sum(load(file).duration_s for file in files) / 60)
    made = len(one_set.numbers)
    files[2].unlink()
    assert corpus.build("toy", tmp_path) == pytest.approx(minutes)
    assert one_set.numbers[made:] == [2]


def test_what_cannot_be_said_is_left_out_unless_nothing_can(tmp_path, one_set):
    one_set.fails = lambda number: number == 1
    corpus.build("toy", tmp_path)
    assert not (tmp_path / "toy" / "00001.npz").exists() and (tmp_path / "toy" / "00002.npz").exists()
    one_set.fails = lambda number: True
    with pytest.raises(InputError):
        corpus.build("toy", tmp_path / "other")


class Toy:
    """Makes four seconds of hum."""

    def __init__(self):
        self.text, self.numbers, self.fails = "", [], lambda number: False

    def __call__(self, number, rng):
        if self.fails(number):
            raise InputError("nothing to say", hint="Say something.")
        self.numbers.append(number)
        samples = np.full(4 * RATE_HZ, 0.1, np.float32)
        return Utterance(samples, (Phone("a", 0.0, 4.0),), (), self.text or str(rng.random()), "en", "v", "espeak")


@pytest.fixture
def one_set(monkeypatch):
    toy = Toy()
    monkeypatch.setitem(corpus.SETS, "toy", corpus.Set(toy, 0.5))
    return toy
