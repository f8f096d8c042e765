"""Words in the frames: the right ones at the right time, legible, inside the frame, and nothing else changes."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.errors import InputError, SettingError
from talking_avatar.pipeline_core.fonts import font_for, missing_letters
from talking_avatar.pipeline_core.render.captions import Captions, captioned, captions_of
from talking_avatar.pipeline_core.types import SpeechTrack, Word

FPS = Fraction(10)
WORDS = tuple(Word(text, 0.5 + 0.4 * i, 0.8 + 0.4 * i) for i, text in enumerate(["Bob", "may", "bake", "a", "pie"]))
LATER = (Word("Really?", 5.0, 5.5),)


def speech(words=(*WORDS, *LATER)):
    return SpeechTrack(duration_s=8.0, source="tts", engine="test", words=words)


def pictures(count=80, shape=(180, 320, 3), grey=90):
    return [np.full(shape, grey, np.uint8) for _ in range(count)]


def changed(before, after):
    """Rows and columns of the pixels that differ, and their number."""
    rows, columns = np.nonzero((before != after).any(axis=2))
    return rows, columns, len(rows)


def drawn(count=80, shape=(180, 320, 3), start=0, words=(*WORDS, *LATER), **look):
    captions, _ = captions_of(speech(words), **look)
    before = pictures(count, shape)
    return before, list(captioned(iter(before), captions, FPS, start))


def test_words_stand_while_they_are_said_and_a_little_longer():
    before, after = drawn()
    written = [changed(a, b)[2] > 0 for a, b in zip(before, after, strict=True)]
    assert written[:5] == [False] * 5 and all(written[5:27]), "from the first word on"
    assert not any(written[29:50]) and all(written[50:59]) and not any(written[60:])


def test_any_range_gives_the_same_pixels_as_the_whole():
    _, whole = drawn()
    _, part = drawn(count=12, start=20)
    assert all(np.array_equal(a, b) for a, b in zip(whole[20:32], part, strict=True))


@pytest.mark.parametrize(("place", "low", "high"), [("bottom", 0.6, 0.96), ("middle", 0.3, 0.7), ("top", 0.04, 0.4)])
def test_the_place_is_inside_the_safe_area(place, low, high):
    before, after = drawn(place=place)
    rows, columns, count = changed(before[10], after[10])
    assert count > 200 and low * 180 <= rows.min() and rows.max() <= high * 180
    assert columns.min() >= 0.04 * 320 and columns.max() <= 0.96 * 320
    assert abs((columns.min() + columns.max()) / 2 - 160) < 4, "centred"


def test_a_narrow_frame_gets_more_rows():
    flat, narrow = drawn(shape=(320, 640, 3)), drawn(shape=(320, 120, 3), size=2.5)
    heights = [np.ptp(changed(a[10], b[10])[0]) / 320 for a, b in (flat, narrow)]
    assert heights[1] > heights[0]
    assert np.ptp(changed(narrow[0][10], narrow[1][10])[1]) <= 120


def test_highlight_follows_the_words():
    _, after = drawn(style="highlight", color="#ff0000")
    reds = [np.nonzero((f[..., 0].astype(int) - f[..., 1] > 100).any(axis=0))[0] for f in after[5:25]]
    middles = [columns.mean() for columns in reds]
    assert middles[0] < middles[8] < middles[19], "from left to right"
    _, plain = drawn(style="outline", color="#ffffff")
    assert not (plain[10][..., 0].astype(int) - plain[10][..., 1] > 100).any()


def test_transparent_frames_show_the_words_and_stay_transparent_elsewhere():
    captions, _ = captions_of(speech(), style="box")
    frame = np.zeros((180, 320, 4), np.uint8)
    out = next(captioned(iter([frame]), captions, FPS, 10))
    assert out[..., 3].max() == 255 and (out[:90, :, 3] == 0).all() and not frame.any()


def test_letters_without_a_font_are_said():
    captions, warnings = captions_of(speech((Word("ok\U0010fffd", 0, 1),)))
    assert captions.lines and "No font" in warnings[0]
    assert captions_of(speech())[1] == () and missing_letters("Zürich, 9:30!") == ""
    assert font_for("Zürich", 20).size == 20


def test_nothing_said_and_impossible_looks_are_refused():
    with pytest.raises(InputError, match="not known what is said"):
        captions_of(speech(()))
    for look in ({"style": "neon"}, {"place": "left"}, {"size": 9.0}, {"color": "red"}):
        with pytest.raises(SettingError, match=str(next(iter(look.values())))):
            Captions((), **look)


def test_marks_and_capitals_come_from_the_text():
    words = tuple(Word(text, i, i + 0.9) for i, text in enumerate(["hello", "it", "is", "nine", "thirty", "o'clock", "you", "know"]))
    text = '"Hello!" It is 9:30 o\'clock, you know...'
    lines = captions_of(SpeechTrack(9.0, "tts", "test", words=words, text=text))[0].lines
    assert " ".join(word.text for line in lines for word in line) == '"Hello!" It is nine thirty o\'clock, you know...'
    assert [word.start_s for line in lines for word in line] == list(range(8))


def test_a_sentence_of_some_length_ends_its_line():
    words = tuple(Word(text, i * 0.3, i * 0.3 + 0.3) for i, text in enumerate(["That", "was", "a", "short", "one", "And", "now", "more"]))
    lines = captions_of(SpeechTrack(9.0, "tts", "test", words=words, text="That was a short one. And now more."))[0].lines
    assert [line[-1].text for line in lines] == ["one.", "more."]
