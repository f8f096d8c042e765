import contextlib
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.speech import captions, exchange
from talking_avatar.pipeline_core.speech.timing import viseme_cues
from talking_avatar.pipeline_core.types import Closure, Phone, SpeechTrack, VisemeCue, Word

TRACK = SpeechTrack(
    duration_s=1.0, source="tts", engine="x",
    phones=(Phone("", 0, 0.2), Phone("m", 0.2, 0.3), Phone("ɑ", 0.3, 1.0)),
    visemes=(VisemeCue("sil", 0, 0.2), VisemeCue("PP", 0.2, 0.3), VisemeCue("aa", 0.3, 1.0)),
    closures=(Closure(0.2, 0.3),), words=(Word("mah", 0.2, 1.0),),
)  # fmt: skip


def test_our_json_has_the_contract_keys_and_comes_back_equal():
    data = json.loads(exchange.cues_json(TRACK))
    assert {"duration_s", "engine", "phones", "visemes", "closures"} <= set(data)
    assert set(data["phones"][0]) == {"p", "start", "end"}
    assert set(data["visemes"][0]) == {"start", "end", "viseme", "weight"}
    back = exchange.read_cues(json.dumps(data))
    assert (back.phones, back.words, back.closures) == (TRACK.phones, TRACK.words, TRACK.closures)


@pytest.mark.parametrize("write", [exchange.rhubarb_json, exchange.rhubarb_tsv])
def test_rhubarb_round_trip_keeps_the_closure(write):
    back = exchange.read_cues(write(TRACK))
    assert [(p.ipa, p.start_s, p.end_s) for p in back.phones][:2] == [("", 0, 0.2), ("m", 0.2, 0.3)]


@pytest.mark.parametrize("write", [captions.srt, captions.vtt])
def test_captions_round_trip(write):
    cues = exchange.read_cues(write(TRACK, per_word=True))
    assert cues.words == TRACK.words and cues.phones == ()


def spoken():
    """Return half a minute of sounds of 60 to 250 ms, times that are no multiples of anything."""
    rng = np.random.default_rng(4)
    names = [*"mbpfvtdnszkɡlɹwæɑɛiuɔə", "", "aɪ", "oʊ", "tʃ", "θ"]
    ends = np.cumsum(rng.uniform(0.06, 0.25, 200))
    phones = tuple(Phone(str(rng.choice(names)), float(a), float(b)) for a, b in zip([0.0, *ends], ends, strict=False))
    shut = tuple(Closure(p.start_s, p.end_s) for p in phones if p.ipa in ("m", "b", "p"))
    words = tuple(Word(f"w{i}", p.start_s, p.end_s) for i, p in enumerate(phones) if p.ipa)
    return SpeechTrack(float(ends[-1]), "tts", "x", phones=phones, visemes=viseme_cues(phones, shut), closures=shut, words=words)


LONG = spoken()


def starts(items, key):
    """Return (what, when it starts) of neighbours that differ."""
    items = list(items)
    return [(key(b), b.start_s) for a, b in zip([None, *items], items, strict=False) if a is None or key(a) != key(b)]


def assert_same_times(found, wanted, within_s=0.001):
    assert [name for name, _ in found] == [name for name, _ in wanted]
    assert max(abs(a - b) for (_, a), (_, b) in zip(found, wanted, strict=True)) < within_s


IPA_TO_VISEME = {ipa: viseme for viseme, ipa in exchange.ovr.TO_IPA.items()}


@pytest.mark.parametrize("fps", [Fraction(60), Fraction(30000, 1001), Fraction(100)], ids=str)
@pytest.mark.parametrize("write", [exchange.ovr_csv, exchange.ovr_json])
def test_visemes_per_frame_come_back_with_their_times(write, fps):
    """At 30 frames per second many sounds are shorter than two frames: their borders are within a frame."""
    back = exchange.read_cues(write(LONG, fps))
    found = starts(back.phones, lambda p: IPA_TO_VISEME[p.ipa])
    wanted = starts(LONG.visemes, lambda v: v.viseme)
    assert back.format == "ovr_visemes"
    if fps == 100:
        assert_same_times(found, wanted)
        return
    near = [min((abs(a - b) for name, a in found if name == want), default=1) for want, b in wanted]
    assert np.mean(np.array(near) < 0.001) > (0.98 if fps == 60 else 0.7) and np.quantile(near, 0.98) < 1 / fps


def test_frames_whose_shares_are_lost_lose_their_times():
    """The control: rounded to whole frames, the same visemes come back too early or late."""
    data = json.loads(exchange.ovr_json(LONG, Fraction(60)))
    data["frames"] = np.eye(15)[np.argmax(data["frames"], axis=1)].tolist()
    found = starts(exchange.read_cues(json.dumps(data)).phones, lambda p: IPA_TO_VISEME[p.ipa])
    with pytest.raises(AssertionError):
        assert_same_times(found, starts(LONG.visemes, lambda v: v.viseme))


def test_smooth_weights_of_another_program_give_way_half_way():
    rise = np.clip(np.linspace(-1, 2, 60), 0, 1)
    weights = np.zeros((60, 15))
    weights[:, 0], weights[:, 10] = 0.8 * (1 - rise), 0.6 * rise
    found = exchange.read_cues(json.dumps({"fps": 60, "frames": weights.tolist()})).phones
    assert [p.ipa for p in found] == ["", "ɑ"] and found[1].start_s == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("text", [
    "time,viseme\n0,sil\n0.2,PP\n0.3,aa\n1.0,sil\n", "start;end;viseme\n0;0.2;sil\n0.2;0.3;viseme_PP\n0.3;1.0;AA\n",
    '[{"viseme": "sil", "start": 0, "end": 0.2}, {"viseme": 1, "start": 0.2, "end": 0.3}, {"viseme": "viseme_aa", "start": 0.3, "end": 1}]',
    '{"visemes": [{"time": 0, "viseme": "sil"}, {"time": 0.2, "viseme": "pp"}, {"time": 0.3, "viseme": "aa"}], "duration_s": 1}',
], ids=["marks csv", "spans csv", "list", "marks json"])  # fmt: skip
def test_lists_of_visemes_as_others_write_them(text):
    found = exchange.read_cues(text).phones
    assert [(p.ipa, p.start_s, p.end_s) for p in found if p.end_s > p.start_s] == [("", 0, 0.2), ("p", 0.2, 0.3), ("ɑ", 0.3, 1.0)]


def test_vtube_parameters_keep_vowels_and_closures():
    text = exchange.vtube_json(LONG, Fraction(100))
    curves = json.loads(text)["parameters"]
    assert {len(c) for c in curves.values()} == {int(np.ceil(LONG.duration_s * 100))}
    assert all(0 <= v <= 1 for name, c in curves.items() if name != "MouthForm" for v in c)
    back = exchange.read_cues(text)
    borders = np.array([p.start_s for p in back.phones])
    shut = [c for c in LONG.closures if c.end_s - c.start_s < 0.15]
    alone = [c for c in shut if not any(not p.ipa and min(abs(p.end_s - c.start_s), abs(p.start_s - c.end_s)) < 1e-6 for p in LONG.phones)]
    assert len(alone) > 5 and all(np.abs(borders - c.start_s).min() < 0.001 for c in alone)
    opened = [p for p in LONG.phones if p.ipa == "ɑ"]
    assert all(next(q for q in back.phones if q.end_s > (p.start_s + p.end_s) / 2).ipa == "ɑ" for p in opened)


@pytest.mark.parametrize(("opening", "sounds"), [
    ("0 0 0 0 .8 .8 .8 .8 0 0 0 0 .8 .8 .8 .8 0 0 0 0", ["", "ɑ", "m", "ɑ", ""]),
    ("0 0 0 0 .8 .8 .8 .8" + " 0" * 20 + " .8 .8 .8 .8", ["", "ɑ", "", "ɑ"]),
], ids=["closure", "pause"])
def test_a_mouth_that_only_opens_and_shuts(opening, sounds):
    rows = [f"{i / 50},{v}" for i, v in enumerate(opening.split())]
    assert [p.ipa for p in exchange.read_cues("\n".join(["time,ParamMouthOpenY", *rows])).phones] == sounds


def test_words_of_a_speech_recogniser():
    text = json.dumps({"segments": [{"words": [{"word": " Hello", "start": 0.5, "end": 0.9}]},
                                    {"words": [{"word": " there", "start": 1, "end": 1.2}]}]})
    cues = exchange.read_cues(text)
    assert (cues.phones, cues.text, cues.words[1]) == ((), "Hello there", Word("there", 1.0, 1.2))
    assert exchange.read_cues('[{"text": "a", "start": 0, "end": 1}]').text == "a"


def test_captions_of_two_lines_keep_the_order_of_their_words():
    text = "WEBVTT\n\n00:00.000 --> 00:02.000\none &amp; two\nthree\n"
    words = exchange.read_cues(text).words
    assert [w.text for w in words] == ["one", "&", "two", "three"] and words[-1].end_s == pytest.approx(2.0)


@pytest.mark.parametrize("write", [captions.srt, captions.vtt])
def test_words_with_marks_come_back(write):
    track = SpeechTrack(1.0, "tts", "x", words=(Word("R&D", 0.1, 0.4), Word("5", 0.4, 0.9)))
    assert exchange.read_cues(write(track, per_word=True)).words == track.words


@pytest.mark.parametrize("write", [exchange.rhubarb_json, exchange.rhubarb_tsv])
def test_rhubarb_keeps_milliseconds(write):
    found = {round(p.start_s, 3) for p in exchange.read_cues(write(LONG)).phones if p.ipa == "m"}
    assert all(min(abs(c.start_s - s) for s in found) < 0.001 for c in LONG.closures
               if not any(v.viseme == "PP" and v.end_s == c.start_s for v in LONG.visemes))


def test_the_curves_of_a_face_are_no_cues():
    from talking_avatar.pipeline_core.arkit import BLENDSHAPES

    with pytest.raises(InputError, match="whole face") as error:
        exchange.read_cues(",".join(["Timecode", "BlendshapeCount", *BLENDSHAPES]) + "\n00:00:00:00.0,52" + ",0" * 52)
    assert "Load Motion" in error.value.hint


@pytest.mark.parametrize("bad", [
    "{", "{}", "[]", "hello", '{"phones": 3}', '{"phones": [1]}', '{"phones": []}',
    '{"phones": [{"p": "a", "start": -1, "end": 2}]}', '{"phones": [{"p": "a", "start": 2, "end": 1}]}',
    '{"phones": [{"p": "a", "start": NaN, "end": 1}]}', '{"phones": [{"p": "a", "start": 0, "end": 1e99}]}',
    '{"phones": [{"p": "a", "start": true, "end": 1}]}', '{"mouthCues": [{"value": "Q", "start": 0, "end": 1}]}',
    '{"visemes": [{"viseme": "zz", "start": 0, "end": 1}]}', "0.1\tQ\n0.2\tX", "0.1\tA", "{" * 50_000,
    '{"phones": [{"p": "a", "start": 0, "end": 1%s}]}' % ("0" * 400), "0.1\tA\nnan\tX", "0.1\tA\ninf\tX",
    '{"phones": [{"p": "p", "start": 0, "end": 1}], "closures": [{"start": 0.5, "end": 0.2}]}',
    "time,viseme\n0,zz\n1,sil", "time,viseme\nnan,PP\n1,sil", "viseme,weight\nPP,1", '{"frames": []}', '{"frames": [[1]], "fps": 60}',
    '{"frames": [[0, 1], [0]], "fps": 60, "visemes": ["sil", "PP"]}', '{"frames": [["x"]], "fps": 60, "visemes": ["sil"]}',
    '{"frames": [[1e99]], "fps": 60, "visemes": ["sil"]}', '{"frames": [[1]], "fps": 0, "visemes": ["sil"]}',
    '{"parameters": []}', '{"parameters": {"FaceAngleX": [0]}, "fps": 30}', '{"parameters": {"MouthOpen": [0]}}',
    '{"parameters": {"MouthOpen": [0], "VoiceA": [0, 1]}, "fps": 30}', '{"words": []}', '{"segments": [5]}', '{"words": [{"start": 0, "end": 1}]}',
    "time,MouthOpen\n0,a", "time,MouthOpen\n1,0\n0,1", "time,MouthOpen\n0,inf", "[1]", '[{"start": 0}]',
    '{"a":' * 50_000, "1\n00:00:01,000 --> 00:00:02,000\n\n",
])  # fmt: skip
def test_hostile_cues_give_a_clear_error(bad):
    with pytest.raises(InputError) as error:
        exchange.read_cues(bad)
    assert error.value.hint


def test_too_many_cues_are_refused():
    entry = {"p": "a", "start": 0, "end": 1}
    with pytest.raises(InputError, match="more than"):
        exchange.read_cues(json.dumps({"phones": [entry] * (captions.MAX_CUES + 1)}))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        exchange.read_cues(text)
