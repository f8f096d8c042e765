"""Transcripts, captions and cues as people really have them, and as somebody makes them to hurt."""

import json

import numpy as np
import pytest
from talking_avatar.cli.render import read_text
from talking_avatar.pipeline_core.errors import InputError, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import sound_from_array
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.emotion import parse_keyframes
from talking_avatar.pipeline_core.speech import analyze, cues_json
from talking_avatar.pipeline_core.speech.captions import MAX_CUES, read_captions, srt, vtt
from talking_avatar.pipeline_core.speech.exchange import MAX_CHARACTERS, read_cues
from talking_avatar.pipeline_core.speech.text import spoken_words
from talking_avatar.pipeline_core.types import SpeechTrack

SCRIPTS = {
    "cyrillic": "Привет, как дела? Это проверка.", "chinese": "你好，我是一张照片。", "arabic": "مرحبا، كيف حالك؟ ٣٤٥",
    "hebrew": "שלום עולם", "emoji": "😀👍🏽👨‍👩‍👧‍👦🏳️‍🌈", "mixed": "Hello мир 世界 مرحبا 😀 42 %", "combining": "a" + "\u0301" * 5000,
    "control": "He\0l\x07lo\x1b[31m \u202eolleh\u202c \u200b\ufeff there", "long word": "a" * 50_000, "long": "hello there " * 40_000,
    "numbers": "9" * 5000 + " 1e999999 $" + "1,000" * 2000 + " 12:34:56", "brackets": "[" * 20_000 + "<" * 20_000 + "{" * 20_000,
    "surrogates": "broken \ud83d half \udc00", "breaks": "a\r\nb\u2028c\u0085d\x0be", "tags": "<b>" * 5000 + "bold" + "</b>" * 5000,
    "only marks": "... !? -- ''", "white": " \t\n\u3000", "apostrophes": "'" * 30_000,
}  # fmt: skip


def sound(seconds=2.0):
    rng = np.random.default_rng(0)
    loud = np.repeat(np.tile([0.02, 0.5], round(seconds * 4))[:round(seconds * 8)], 2000)
    return sound_from_array(loud * rng.normal(0, 0.3, len(loud)), 16000)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_any_transcript_becomes_words_or_none(text):
    words = spoken_words(text)
    assert all(word.isascii() and word.islower() for word in words)
    if text.isascii() and "hello" in text:
        assert words[:2] == ["hello", "there"]


@pytest.mark.parametrize("text", [SCRIPTS[name] for name in ("cyrillic", "chinese", "arabic", "emoji", "control", "surrogates", "mixed")])
def test_a_transcript_in_another_script_still_gives_a_track(text):
    track = analyze(sound(), transcript=text, engine="energy", host=PlainHost())
    assert track.phones[0].start_s == 0 and track.phones[-1].end_s == pytest.approx(2.0)
    json.loads(cues_json(track))
    motion = generate_motion(track, MotionSettings())
    assert np.isfinite(motion.summed().blendshapes).all()


def test_transcript_files_of_every_editor(tmp_path):
    text = "Grüße, 你好 😀\nzweite Zeile"
    for name, encoding in (("a", "utf-8"), ("b", "utf-8-sig"), ("c", "utf-16"), ("d", "utf-16-le"), ("e", "utf-32")):
        bom = "\ufeff" if encoding == "utf-16-le" else ""
        (tmp_path / name).write_bytes((bom + text).replace("\n", "\r\n").encode(encoding))
        assert read_text(str(tmp_path / name)).split() == text.split()
    (tmp_path / "latin").write_bytes("Grüße".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    with open(tmp_path / "huge", "wb") as out:
        out.truncate(200_000_000)
    for name in ("latin", "folder", "huge", "missing"):
        with pytest.raises(InputError) as caught:
            read_text(str(tmp_path / name))
        assert name in caught.value.message and caught.value.hint


SRT = "1\n00:00:00,100 --> 00:00:00,900\nhello there\n\n2\n00:00:01,000 --> 00:00:01,900\ngeneral\n"


@pytest.mark.parametrize("change", [
    lambda t: t, lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\n", "\r"), lambda t: "\ufeff" + t,
    lambda t: "WEBVTT\n\nNOTE a remark\n\n" + t.replace(",", "."), lambda t: "\n\n\n" + t + "\n\n", lambda t: t.replace(",", "."),
    lambda t: t.replace("hello", "<i>hello</i>"), lambda t: t.replace("1\n00", "intro\n00", 1)],
    ids=["plain", "crlf", "cr", "bom", "vtt", "blank", "dots", "tags", "names"])  # fmt: skip
def test_captions_as_editors_write_them(change):
    words = read_cues(change(SRT)).words
    assert [w.text for w in words] == ["hello", "there", "general"]
    assert words[0].start_s == pytest.approx(0.1) and words[-1].end_s == pytest.approx(1.9)


def test_captions_that_overlap_are_negative_or_out_of_order_stay_in_order():
    text = ("1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:00,000 --> 00:00:09,000\nlong one\n\n"
            "3\n-00:00:01,000 --> 00:00:01,000\nminus\n\n4\n00:00:03,000 --> 00:00:02,000\nbackwards\n\n"
            "5\n99:59:59,999 --> 100:00:00,000\nfar\n\n6\n00:00:01,000 --> 00:00:01,000\nnothing\n")
    words = read_captions(text)
    assert [w.text for w in words] == ["long", "late", "one", "far"]
    assert all(0 <= w.start_s < w.end_s for w in words)
    track = analyze(sound(), cues=text, engine="energy", host=PlainHost())
    assert all(w.start_s < 2.0 for w in track.words)


def test_captions_in_other_scripts_come_back_equal():
    words = read_captions(SRT.replace("hello there", "Привет 世界 😀").replace("general", "مرحبا"))
    track = SpeechTrack(2.0, "imported", "captions", words=words)
    for write in (srt, vtt):
        assert [w.text for w in read_cues(write(track, per_word=True)).words] == ["Привет", "世界", "😀", "مرحبا"]


PHONE = '{"p": "a", "start": 0, "end": 1}'
BOMBS = {
    "deep lists": '{"phones": ' + "[" * 200_000, "deep objects": '{"a":' * 200_000, "deep closed": '{"phones": ' + "[" * 900 + "]" * 900 + "}",
    "huge number": '{"phones": [{"p": "a", "start": 0, "end": ' + "9" * 5000 + "}]}",
    "huge exponent": '{"phones": [{"p": "a", "start": 0, "end": 1e999999}]}',
    "negative": '{"phones": [{"p": "a", "start": -1e-9, "end": 1}]}', "nan": '{"phones": [{"p": "a", "start": NaN, "end": NaN}]}',
    "infinity": '{"phones": [{"p": "a", "start": -Infinity, "end": Infinity}]}', "text time": '{"phones": [{"p": "a", "start": "0", "end": "1"}]}',
    "null": '{"phones": [{"p": null, "start": 0, "end": 1}]}', "list symbol": '{"phones": [{"p": ["a"], "start": 0, "end": 1}]}',
    "wrong kind": '{"phones": {"p": "a"}}', "long symbol": '{"phones": [{"p": "' + "a" * 1000 + '", "start": 0, "end": 1}]}',
    "many": '{"phones": [' + ",".join([PHONE] * (MAX_CUES + 1)) + "]}", "cut": '{"phones": [' + PHONE, "two": "{}{}", "bare list": "[" + PHONE + "]",
    "big": " " * (MAX_CHARACTERS + 1), "bytes": "\x00\x01\x02", "tsv nan": "nan\tA\n1\tX", "tsv backwards": "1.0\tA\n0.5\tX",
    "tsv shape": "0\tZ\n1\tX", "tsv one": "0\tA", "tsv three": "0\tA\tB\n1\tX\tY", "tsv text": "zero\tA\none\tX", "tsv far": "0\tA\n1e300\tX",
    "shape": '{"mouthCues": [{"start": 0, "end": 1, "value": "AA"}]}', "no cues": '{"mouthCues": []}', "cue kind": '{"mouthCues": 5}',
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_broken_and_hostile_cues_are_refused(text):
    with pytest.raises(InputError, match="cues cannot be used") as caught:
        read_cues(text)
    assert caught.value.hint and len(caught.value.message) < 300
    caught.value.message.encode()


def test_the_last_of_two_equal_keys_counts():
    cues = read_cues('{"phones": 5, "phones": [' + PHONE + '], "text": 1}')
    assert len(cues.phones) == 1


def test_half_characters_do_not_reach_the_files(tmp_path):
    cues = read_cues('{"phones": [' + PHONE + '], "words": [{"text": "\\ud83d\\ude00 \\ud83d", "start": 0, "end": 1}]}')
    assert cues.words[0].text.startswith("😀")
    cues.words[0].text.encode()
    track = analyze(sound(), cues='{"phones": [{"p": "\\udc00", "start": 0, "end": 1}]}', engine="energy", host=PlainHost())
    (tmp_path / "cues.json").write_text(cues_json(track), encoding="utf-8")


@pytest.mark.parametrize("phones", [
    [("a", 0, 0)], [("a", 0, 1), ("a", 0, 1), ("a", 0, 1)], [("b", 1, 2), ("a", 0, 1)], [("💥", 0, 1), ("", 1, 2)],
    [("p", 0, 86_000)], [("m", 50, 60)], [("p", i / 1000, (i + 1) / 1000) for i in range(2000)]],
    ids=["empty", "overlap", "order", "unknown", "long", "after the end", "tiny"])  # fmt: skip
def test_odd_cues_still_cover_the_sound(phones):
    cues = json.dumps({"phones": [{"p": p, "start": a, "end": b} for p, a, b in phones]})
    track = analyze(sound(), cues=cues, engine="energy", host=PlainHost())
    ends = [0.0, *(p.end_s for p in track.phones)]
    assert all(p.start_s == pytest.approx(end) for p, end in zip(track.phones, ends, strict=False))
    assert ends[-1] == pytest.approx(track.duration_s)
    assert np.isfinite(generate_motion(track, MotionSettings()).summed().blendshapes).all()


@pytest.mark.parametrize("text", ["happy", "0 happy 1 2", "-1 happy", "nan happy", "0 glücklich", "0 happy nan", "0 happy 9", "1e999 sad",
                                  "\0 happy", "0;1;2", "٣ happy x"])
def test_emotion_keyframes_that_are_none(text):
    with pytest.raises(SettingError) as caught:
        parse_keyframes(text)
    assert caught.value.hint
