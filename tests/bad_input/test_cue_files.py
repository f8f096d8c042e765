"""Cue files of other programs as people damage them, and as somebody makes them to hurt: read, or refused in a sentence."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core.arkit import BLENDSHAPES
from talking_avatar.pipeline_core.cue_files import FORMATS, cue_text
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.audio import sound_from_array
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.arkit_csv import read_arkit_csv
from talking_avatar.pipeline_core.speech import analyze
from talking_avatar.pipeline_core.speech.captions import MAX_CUES
from talking_avatar.pipeline_core.speech.exchange import MAX_CHARACTERS, read_cues
from talking_avatar.pipeline_core.types import Closure, Phone, SpeechTrack, VisemeCue, Word

QUICK = settings.get_profile("quick")
TRACK = SpeechTrack(
    0.8, "tts", "x", phones=(Phone("", 0, 0.2), Phone("m", 0.2, 0.3), Phone("ɑ", 0.3, 0.6), Phone("", 0.6, 0.8)),
    visemes=(VisemeCue("sil", 0, 0.2), VisemeCue("PP", 0.2, 0.3), VisemeCue("aa", 0.3, 0.6), VisemeCue("sil", 0.6, 0.8)),
    closures=(Closure(0.2, 0.3),), words=(Word("mah", 0.2, 0.6),))  # fmt: skip
VALID = {form.id: cue_text(TRACK, form, Fraction(10)) for form in FORMATS if form.id != "prosody-json"}
HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n'
FACE = ",".join(["Timecode", *BLENDSHAPES])


def read(text):
    """Read with the reader that the text is for; one of them refuses what the other one takes."""
    try:
        cues = read_cues(text)
    except InputError as error:
        assert error.hint and len(error.message) < 300
        error.message.encode()
        try:
            motion = read_arkit_csv(text)
        except InputError as second:
            assert second.hint and len(second.message) < 300
            return None
        assert np.isfinite(motion.summed().blendshapes).all() and motion.frames > 0
        return motion
    assert all(0 <= p.start_s <= p.end_s for p in (*cues.phones, *cues.words))
    return cues


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_the_files_that_are_damaged_below_are_whole(text):
    assert read(text) is not None


@settings(QUICK, max_examples=300)
@given(st.sampled_from(sorted(VALID)), st.floats(0, 1), st.floats(0, 1),
       st.sampled_from(["", "\0", "-", "9", "e9", "nan", '"', ",", "\t", "\n", "[", "}", "0" * 400, "\ud83d", "\u202e", "PP", " "]),
       st.sampled_from(["cut", "insert", "drop", "twice"]))  # fmt: skip
def test_damaged_files_give_cues_or_a_sentence(name, first, second, junk, kind):
    text = VALID[name]
    a, b = sorted((int(first * len(text)), int(second * len(text))))
    read({"cut": text[:a] + junk, "insert": text[:a] + junk + text[a:], "drop": text[:a] + junk + text[b:],
          "twice": text[:b] + text[a:b] + junk + text[b:]}[kind])


BOMBS = {
    "quotes": HEAD + '"' * 200_001, "open label": HEAD + '1\n"IntervalTier"\n"phones"\n0\n1\n1\n0\n1\n"' + "a" * 500_000,
    "many tiers": HEAD + "99999\n" + '"IntervalTier"\n"a"\n0\n1\n0\n' * 99_999, "huge count": HEAD + '1\n"IntervalTier"\n"phones"\n0\n1\n' + "9" * 400,
    "negative count": HEAD + '-1\n"IntervalTier"\n', "half a count": HEAD + '1\n"IntervalTier"\n"phones"\n0\n1\n1e3\n0\n1\n"a"',
    "backwards": HEAD + '1\n"IntervalTier"\n"phones"\n0\n1\n1\n1\n0\n"a"', "only noise": HEAD + '1\n"IntervalTier"\n"phones"\n0\n1\n1\n0\n1\n"<noise>"',
    "wide table": "time," + ",".join(f"c{i}" for i in range(200_000)), "tall table": "time,MouthOpen\n" + "0,0\n" * 1_000_001,
    "rising spikes": "time,MouthOpen\n" + "".join(f"{i / 10},{i % 2}\n" for i in range(MAX_CUES + 2)),
    "past a day": "time,MouthOpen\n0,1\n86401,0", "times fall": "time,VoiceA\n1,1\n0.5,0", "no times": "sil,PP,FF,TH,DD,kk,CH,SS\n1,0,0,0,0,0,0,0",
    "long cell": "time,MouthOpen\n0," + "1" * 200_000, "open quote": 'time,MouthOpen\n0,"1\n1,0', "zeros": "time,MouthOpen\n\0,\0\n",
    "deep frames": '{"frames": ' + "[" * 100_000, "wide frames": '{"fps": 60, "frames": [[' + "0," * 500_000 + "0]]}",
    "huge weight": '{"fps": 60, "frames": [[' + "9" * 5000 + "]]}", "text weight": '{"fps": 60, "frames": [["1"]]}', "fps nan": '{"fps": NaN, "frames": [[1]]}',
    "ragged curves": '{"fps": 60, "parameters": {"MouthOpen": [1, 2], "VoiceA": [1]}}', "no curves": '{"fps": 60, "parameters": {"Gaze": [1]}}',
    "unknown viseme": '{"visemes": [{"viseme": "' + "z" * 5000 + '", "start": 0, "end": 1}]}', "viseme 99": '[{"viseme": 99, "start": 0, "end": 1}]',
    "endless word": '{"words": [{"text": "' + "a" * 5000 + '", "start": 0, "end": 1}]}', "bare numbers": "[1, 2, 3]", "face": FACE,
    "face without times": FACE.replace("Timecode", "Row") + "\n1" + ",0" * 52, "face of words": FACE + "\n00:00:00:00" + ",x" * 52,
    "face that lasts a day": FACE + "\n00:00:00:00" + ",0" * 52 + "\n13:00:00:00" + ",0" * 52, "face at no time": FACE + "\nnoon" + ",0" * 52,
    "big": " " * (MAX_CHARACTERS + 1) + "x",
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_hostile_files_are_refused(text):
    assert read(text) is None


@pytest.mark.parametrize("name", ["textgrid", "ovr-csv", "ovr-json", "vtube-json", "rhubarb-tsv"])
def test_cues_on_another_sound_still_cover_it(name):
    for seconds in (0.3, 0.8, 3.0):
        sound = sound_from_array(np.random.default_rng(0).normal(0, 0.1, int(seconds * 16000)), 16000)
        track = analyze(sound, cues=VALID[name], engine="energy", host=PlainHost())
        assert track.phones[0].start_s == 0 and track.phones[-1].end_s == pytest.approx(seconds)
        assert np.isfinite(generate_motion(track, MotionSettings()).summed().blendshapes).all()
