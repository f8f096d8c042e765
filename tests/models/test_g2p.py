import ctypes.util

import pytest
from talking_avatar.models import g2p, g2p_espeak
from talking_avatar.pipeline_core.errors import InputError

WITHOUT = pytest.mark.usefixtures("no_espeak")


@pytest.fixture
def no_espeak(monkeypatch):
    monkeypatch.setattr(g2p_espeak, "phonemes", lambda words, language: None)


def said(text, language="auto"):
    return {word.text: word.readings for word in g2p.readings(text, language)}


def test_english_is_read_by_the_front_end_with_the_ways_people_say_it():
    words = said("Dr. Lee paid $5 for the butter, and [laughs] he's left <i>his</i> bird.")
    assert list(words) == ["Dr", "Lee", "paid", "$5", "for", "the", "butter", "and", "he's", "left", "his", "bird"]
    assert words["$5"] == ("f aɪ v d ɑ|ɒ l ə|ɚ ɹ? z",) and words["Dr"] == ("d ɑ|ɒ k t ə|ɚ ɹ?",)
    assert words["and"] == ("æ|ə n d?",) and words["the"] == ("ð ə|i",) and words["his"] == ("h? ɪ|ə z",)
    assert words["butter"] == ("b ʌ ɾ|t|d ə|ɚ ɹ?",) and words["left"] == ("l ɛ f t?",) and words["bird"] == ("b ɝ|ə d",)


def test_long_numbers_are_shown_as_they_are_spoken():
    assert len(said("Call 555-123-4567 now.")) > 6


@WITHOUT
def test_other_languages_are_read_by_their_letters():
    assert said("El perro corre por el parque.")["parque"] == ("p a r k e",)
    assert said("Grazie mille", "it")["Grazie"] == ("ɡ r a ʦ|ʣ j e",)


@WITHOUT
def test_words_that_nobody_can_read_are_kept_without_a_reading():
    words = said("大きな犬がこうえんで走っています。")
    assert words["犬"] == () and words["がこうえんで"]


@WITHOUT
@pytest.mark.parametrize("text", ["", "  ...", "[music]"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(InputError, match="no words"):
        g2p.readings(text)


@WITHOUT
def test_a_text_that_cannot_be_read_is_refused_and_says_what_helps():
    with pytest.raises(InputError, match="cannot be read") as error:
        g2p.readings("你好，世界。今天天气很好。")
    assert "espeak" in error.value.hint


def test_without_the_word_list_english_is_spelled(monkeypatch, tmp_path):
    monkeypatch.setattr(g2p, "DATA", tmp_path / "none")
    monkeypatch.setattr(g2p_espeak, "phonemes", lambda words, language: None)
    assert said("The ship and the fish", "en")["fish"] == ("f ɪ|aɪ ʃ",)


class FakeLibrary:
    """espeak-ng as far as it is used: says the letters, one clause at a time."""

    def __init__(self, voices=("es", "ja")):
        self.voices = voices

    def espeak_SetVoiceByName(self, name):
        return 0 if name.decode() in self.voices else 2

    def espeak_TextToPhonemes(self, pointer, mode, phonemes):
        text = pointer.contents.value.decode()
        pointer.contents.value = None
        return ("(en)_tʃ_(ja)" if text == "犬" else "_".join(text)).encode()


def test_espeak_is_asked_word_by_word(monkeypatch):
    monkeypatch.setattr(g2p_espeak, "_library", FakeLibrary)
    assert g2p_espeak.phonemes(["hola", "si"], "es") == [["h", "o", "l", "a"], ["s", "i"]]
    assert g2p_espeak.phonemes(["犬"], "ja") == [[]], "what it describes in English instead is no reading"
    assert g2p_espeak.phonemes(["hej"], "sv") is None
    words = said("El perro corre por la calle.")
    assert words["perro"] == ("p e r r o",) and words["la"] == ("l a",)


def test_no_library_no_phonemes(monkeypatch):
    monkeypatch.setattr(g2p_espeak, "_places", lambda: [("no-such-library.so", None)])
    g2p_espeak._library.cache_clear()
    try:
        assert not g2p_espeak.is_available() and g2p_espeak.phonemes(["hola"], "es") is None
    finally:
        g2p_espeak._library.cache_clear()


@pytest.mark.skipif(not ctypes.util.find_library("espeak-ng"), reason="espeak-ng is not installed")
def test_the_real_library_reads_numbers_and_spanish():
    assert [s.strip("ˈˌ") for s in g2p_espeak.phonemes(["guerra"], "es")[0]] == ["ɡ", "e", "r", "a"]
    assert len(g2p_espeak.phonemes(["25"], "es")[0]) > 5
