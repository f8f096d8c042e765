import pytest
from talking_avatar.pipeline_core.speech.text import letters_to_sounds, spoken_words


@pytest.mark.parametrize(("text", "words"), [
    ("Hello, World!", "hello world"), ("$9.99", "nine dollars ninety nine"), ("in 1984", "in nineteen eighty four"),
    ("the 23rd", "the twenty third"), ("3.14", "three point one four"), ("1,250 men", "one thousand two hundred fifty men"),
    ("50%", "fifty percent"), ("it’s [laughs] <b>café</b>", "it's cafe"), ("7:30", "seven thirty"), ("😀 你好", ""),
])  # fmt: skip
def test_spoken_words(text, words):
    assert " ".join(spoken_words(text)) == words


def test_unknown_words_keep_their_lip_sounds():
    assert [p for p in letters_to_sounds("zombifab") if p in "BPM"] == ["M", "B", "B"]
    assert letters_to_sounds("'")


def test_huge_numbers_are_read_digit_by_digit():
    assert spoken_words("1" * 400) == ["one"] * 400
