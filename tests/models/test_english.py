"""The English front end with its shipped data: what is said, how it is pronounced, where it pauses."""

import re

import numpy as np
import pytest
from talking_avatar.models import voice_heart  # noqa: F401 - it registers itself
from talking_avatar.models.english import english
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.pipeline_core.speech.english import numbers, phrases_of
from talking_avatar.pipeline_core.speech.english.lexicon import Lexicon, Lines
from talking_avatar.pipeline_core.speech.english.phrases import MAX_SYMBOLS, sentences_of
from talking_avatar.pipeline_core.speech.english.tokens import tokens_of
from talking_avatar.pipeline_core.speech.english.verbalize import verbalize

SPOKEN = {
    "It costs $1,234.56 or €5.": "It costs one thousand two hundred thirty four dollars and fifty six cents or five euros.",
    "£3.20, ¥500, 50¢, US$20": "three pounds and twenty pence, five hundred yen, fifty cents, twenty dollars",
    "$3.2 billion and $5M": "three point two billion dollars and five million dollars",
    "$0.99 and $1": "ninety nine cents and one dollar",
    "on 3/4/2024 and 2024-01-31": "on March fourth, twenty twenty four and January thirty first, twenty twenty four",
    "Jan. 5th, 2019": "January fifth, twenty nineteen",
    "the 5th of May 2020": "the fifth of May twenty twenty",
    "31.12.99": "December thirty first, nineteen ninety nine",
    "At 7:30 pm, 9am and 12:00.": "At seven thirty P.M, nine A.M and twelve o'clock.",
    "15:05 or 10:30:15": "fifteen oh five or ten thirty and fifteen seconds",
    "Call 555-1234 or 1-800-555-0123.": "Call five five five, one two three four or one, eight zero zero, five five five, "
                                        "zero one two three.",
    "1/2 cup, 2 1/2 miles, 5/8": "one half cup, two and a half miles, five eighths",
    "5 km, 3.5kg, 1 ft, 16GB, 60fps": "five kilometers, three point five kilograms, one foot, sixteen gigabytes, "
                                      "sixty frames per second",
    "20°C, -5 °F": "twenty degrees Celsius, minus five degrees Fahrenheit",
    "50% or 3.14%": "fifty percent or three point one four percent",
    "3+4=7, 5 x 3, 10-20": "three plus four equals seven, five times three, ten to twenty",
    "In 1999, 2005 and 1066": "In nineteen ninety nine, two thousand five and ten sixty six",
    "the 1990s, the '80s": "the nineteen nineties, the eighties",
    "1,500 and 10,000,000": "one thousand five hundred and ten million",
    "e.g. this, i.e. that vs. others": "for example this, that is that versus others",
    "Dr. Smith of St. Paul St.": "Doctor Smith of Saint Paul Street.",
    "https://www.example.com/a?x=1": "example dot com slash a",
    "me@site.co.uk": "me at site dot co dot uk",
    "Chapter IV, Henry VIII, type X": "Chapter four, Henry the eighth, type ten",
    "GPT-4, A320, COVID-19, v2.0.1": "GPT four, A three twenty, COVID nineteen, v two point zero point one",
    "21st, 100th, #1, No. 5": "twenty first, one hundredth, number one, number five",
    "AT&T, 24/7, 5'11\"": "AT and T, twenty four seven, five foot eleven",
    "He/she and/or they": "He she and or they",
    "5s of 1920x1080": "five seconds of nineteen twenty by ten eighty",
    "“Curly” — ‘quotes’…": "“Curly” — 'quotes'…",
    "A 5-year-old in Jan 2024": "A five year-old in January twenty twenty four",
    "10:00-11:00, $5-10, 16:9": "ten o'clock to eleven o'clock, five dollars to ten dollars, sixteen to nine",
    "5 - 3 = 2, -5, 10,000th": "five minus three equals two, minus five, ten thousandth",
    "6 ft. tall, 100 m, p. 5": "six feet tall, one hundred meters, page five",
    "50/50, 12/25, 22/7, 2023/12/25": "fifty fifty, December twenty fifth, twenty two over seven, December twenty fifth, "
                                      "twenty twenty three",
    "node.js, rock 'n' roll": "node dot js, rock and roll",
    "tea ☕ & ™ 😀 end": "tea and end",
}


@pytest.fixture(scope="module")
def reader():
    return english()


def said(reader, text):
    return " ".join(phrase.symbols for phrase in phrases_of(text, reader))


@pytest.mark.parametrize("text", SPOKEN, ids=lambda text: text[:24])
def test_what_is_written_short_is_spoken_long(text):
    assert verbalize(text) == SPOKEN[text]


@pytest.mark.parametrize("value, words", [
    (0, "zero"), (21, "twenty one"), (105, "one hundred five"), (1_000_001, "one million one"), (-3, "minus three"),
    (10**18, " ".join(["one", *["zero"] * 18]))])
def test_cardinals(value, words):
    assert numbers.cardinal(value) == words


def test_every_number_up_to_a_thousand_has_its_own_words():
    words = [numbers.cardinal(i) for i in range(1001)] + [numbers.ordinal(i) for i in range(1001)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("text, first, second", [
    ("I want to read the book.", "ɹˈid", "ɹˈɛd"), ("I have read the book.", "ɹˈɛd", "ɹˈid"),
    ("We live here.", "lˈɪv", "lˈIv"), ("They record music.", "ɹəkˈɔɹd", "ɹˈɛkəɹd"),
    ("This is a new record.", "ɹˈɛkəɹd", "ɹəkˈɔɹd")])  # fmt: skip
def test_two_readings_are_told_apart(reader, text, first, second):
    found = said(reader, text)
    assert first in found and second not in found


@pytest.mark.parametrize("text, phonemes", [
    ("NASA", "nˈæsə"), ("FBI", "ˌɛfbˌiˈI"), ("U.S.", "jˌuˈɛs"), ("the apple", "ði ˈæpᵊl"), ("the pear", "ðə pˈɛɹ"),
    ("don't", "dˈOnt"), ("McDonald's", "məkdˈɑnəldz"), ("well-known", "wˌɛlnˈOn"), ("boxes", "bˈɑksᵻz"),
    ("hiccuped", "hˈɪkəpt")])  # fmt: skip
def test_words_are_pronounced(reader, text, phonemes):
    assert said(reader, text).rstrip(".") == phonemes


def test_unknown_words_are_read_letter_by_letter(reader):
    found = said(reader, "The flurbo zimmelt kranately.")
    assert len(found.split()) == 4 and all(len(word) > 3 for word in found.split()[1:])


@pytest.mark.parametrize("text, count", [
    ("Dr. Smith came. He left.", 2), ("J. K. Rowling wrote it.", 1), ("Wait... what?", 1), ("Really?! Yes.", 2),
    ("e.g. 5 of them. Then 6.", 2), ("He lives in the U.S. now.", 1), ("“Stop.” He ran.", 2)])
def test_sentences(text, count):
    assert len(sentences_of(text)) == count


def test_pauses_are_where_the_text_has_them(reader):
    phrases = list(phrases_of("One. Two.\nThree. [pause 0.5] Four [pause 200 ms] five. [pause] ", reader))
    assert [(len(p.words), p.pause_s, p.scales) for p in phrases] == [
        (1, 0.0, True), (1, 0.3, True), (1, 0.5, False), (1, 0.2, False), (1, 0.5, False)]


def test_a_pause_has_a_limit(reader):
    assert [p.pause_s for p in phrases_of("[pause 99999] Hello.", reader)] == [60.0, 0.3]


def test_contractions_are_two_tokens_and_punctuation_its_own():
    assert [t.text for t in tokens_of('"Don\'t," he said (cannot).')] == [
        '"', "Do", "n't", ",", '"', "he", "said", "(", "can", "not", ")", "."]


def test_long_sentences_are_cut_and_nothing_is_lost(reader):
    phrases = list(phrases_of("word " * 300, reader))
    assert sum(len(p.words) for p in phrases) == 300 and max(len(p.symbols) for p in phrases) <= MAX_SYMBOLS


def test_words_keep_their_symbols_behind_a_mark_that_is_not_spoken(reader):
    phrase = next(phrases_of("/ Hello there.", reader))
    assert [phrase.symbols[first:last] for _, first, last in phrase.words] == phrase.symbols.rstrip(".").split()


def test_the_work_for_a_compound_grows_with_its_length_only(reader, monkeypatch):
    looked_up = []
    read = Lexicon.read
    monkeypatch.setattr(Lexicon, "read", lambda self, word, *rest: looked_up.append(word) or read(self, word, *rest))
    assert next(phrases_of("ha-" * 60 + "ha", reader)).words
    assert len(looked_up) < 17 * 121
    looked_up.clear()
    assert next(phrases_of("what-you-see-is-what-you-get", reader)).words and len(looked_up) == 1


@pytest.mark.parametrize("text", ["😀", "你好", "Привет", "γειά", "...", "\x00", "—", "[pause 1]", "$", "'"])
def test_what_cannot_be_spoken_gives_no_words(reader, text):
    assert not [phrase for phrase in phrases_of(text, reader) if phrase.words]


def test_any_text_is_read_without_an_error(reader):
    rng = np.random.default_rng(5)
    letters = list("aA1 2.,:;/-'\"$%°#@[](){}’“”—…éßñ٣²½😀你\t") + [" in ", "st", "12:30", "3/4", "Dr. ", "IV", "$5", "km"]
    for _ in range(300):
        text = "".join(rng.choice(letters, rng.integers(1, 40)))
        for phrase in phrases_of(text, reader):
            assert not re.search(r"\d", phrase.symbols)


def test_the_table_finds_first_last_and_no_word():
    table = Lines(np.frombuffer("\na\t1\nbb\t2\nö\t3\n".encode(), np.uint8))
    assert [table.find(word) for word in ("a", "bb", "ö", "b", "", "z", "A")] == ["1", "2", "3", None, None, None, None]


def test_what_is_left_out_is_said():
    _, speech = synthesize("Hello 世界 and 😀.", host=PlainHost())
    assert speech.warnings == ("not spoken, because the voice reads English: 2 letters of other scripts and 1 emoji",)
    assert not synthesize("Café → naïve ½.", host=PlainHost())[1].warnings
