"""Edits of the timeline: each operation moves the mouth, survives a new analysis that agrees, and is never lost silently."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models import voice_heart  # noqa: F401 - it registers itself
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.speech import analyze, cues_json, synthesize
from talking_avatar.pipeline_core.speech.cells import cells_of, track_of
from talking_avatar.pipeline_core.speech.edits import TOLERANCE_S, apply_edits, read_edits
from talking_avatar.pipeline_core.speech.phones import has_closure
from talking_avatar.pipeline_core.speech.timing import viseme_cues
from talking_avatar.pipeline_core.types import Closure, Phone, Sound, SpeechTrack

RNG = np.random.default_rng(7)


def track(phones, closures=()):
    """A track of phones that each last as long as given: [("m", 0.1), ...]."""
    edges = np.cumsum([0.0, *(length for _, length in phones)]).round(6)
    spans = tuple(Phone(p, a, b) for (p, _), a, b in zip(phones, edges, edges[1:], strict=False))
    shut = tuple(Closure(*c) for c in closures) or tuple(Closure(p.start_s, p.end_s) for p in spans if has_closure(p.ipa))
    return SpeechTrack(float(edges[-1]), "tts", "x", spans, viseme_cues(spans, shut), closures=shut)


MARY = track([("", 0.3), ("m", 0.1), ("ɛ", 0.2), ("ɹ", 0.1), ("i", 0.2), ("h", 0.09), ("æ", 0.11), ("d", 0.1), ("", 0.3)])
MY_TOP = track([("", 0.2), ("m", 0.1), ("aɪ", 0.2), ("t", 0.1), ("ɑ", 0.2), ("p", 0.12), ("", 0.2)],
               [(0.2, 0.3), (0.8, 0.86)])


@pytest.fixture(scope="module")
def spoken():
    return synthesize("Maybe Bob prefers fluffy purple muffins.", host=PlainHost())[1]


def patch(*edits):
    return json.dumps({"version": 1, "edits": list(edits)})


def was(track, viseme, number=0):
    cue = [v for v in track.visemes if v.viseme == viseme][number]
    return {"viseme": viseme, "start_s": cue.start_s, "end_s": cue.end_s}


def shape(track):
    return [(v.viseme, round(v.start_s, 3), round(v.end_s, 3)) for v in track.visemes]


def sounds(track):
    return [(p.ipa, round(p.start_s, 3), round(p.end_s, 3)) for p in track.phones]


def mouth(track, name, at_s):
    """The value of a blendshape or an articulation channel at an instant of the generated motion."""
    motion = generate_motion(track, MotionSettings(fps=Fraction(100), still=True)).summed()
    frame = round(at_s * 100)
    if name in INDEX:
        return float(motion.blendshapes[frame, INDEX[name]])
    return float(motion.articulation[frame, ARTICULATION_INDEX[name]])


def is_whole(track):
    """Whether visemes and phones cover the sound, and each contact has a sound of its own."""
    for items in (track.phones, track.visemes):
        assert items[0].start_s == 0 and items[-1].end_s == pytest.approx(track.duration_s)
        assert all(a.end_s == pytest.approx(b.start_s) and a.end_s > a.start_s for a, b in zip(items, items[1:], strict=False))
    for a, b in zip(track.closures, track.closures[1:], strict=False):
        assert a.start_s < a.end_s <= b.start_s + 1e-9
    assert len(track.closures) == sum(has_closure(p.ipa) for p in track.phones)
    return True


@pytest.mark.parametrize("text", ["", "  \n", patch()])
def test_no_edits_change_nothing(text):
    assert apply_edits(MARY, text).track is MARY


def test_cells_put_together_again_are_the_track(spoken):
    for each in (MARY, MY_TOP, spoken):
        again = track_of(each, cells_of(each))
        assert (again.phones, again.visemes, again.closures) == (each.phones, each.visemes, each.closures)


def test_a_changed_viseme_moves_the_mouth_and_nothing_far_away():
    edited = apply_edits(MARY, patch({"op": "change", "was": was(MARY, "E"), "viseme": "ou"})).track
    assert is_whole(edited) and ("ou", 0.4, 0.6) in shape(edited) and ("u", 0.4, 0.6) in sounds(edited)
    assert mouth(edited, "mouthPucker", 0.5) > 0.6 > 0.2 > mouth(MARY, "mouthPucker", 0.5)
    assert mouth(edited, "jawOpen", 1.0) == pytest.approx(mouth(MARY, "jawOpen", 1.0), abs=0.01)
    # The sound itself can be chosen, too.
    edited = apply_edits(MARY, patch({"op": "change", "was": was(MARY, "E"), "viseme": "aa", "phone": "æ"})).track
    assert ("æ", 0.4, 0.6) in sounds(edited) and edited.visemes[2].weight == pytest.approx(0.95)


def test_half_of_a_diphthong_is_changed_alone():
    edited = apply_edits(MY_TOP, patch({"op": "change", "was": was(MY_TOP, "ih"), "viseme": "oh"})).track
    assert is_whole(edited)
    assert sounds(edited)[2:4] == [("a", 0.3, 0.41), ("ɔ", 0.41, 0.5)]
    # The other sounds are as they were.
    assert edited.phones[:2] == MY_TOP.phones[:2] and edited.phones[4:] == MY_TOP.phones[3:]


def test_a_border_moves_with_the_contact_beside_it():
    edit = {"op": "border", "left": "PP", "right": "E", "was_s": 0.4, "time_s": 0.45}
    edited = apply_edits(MARY, patch(edit)).track
    assert is_whole(edited) and shape(edited)[1:3] == [("PP", 0.3, 0.45), ("E", 0.45, 0.6)]
    assert edited.closures == (Closure(0.3, pytest.approx(0.45)),)
    assert mouth(edited, "lipClosure", 0.43) > 0.6 > mouth(MARY, "lipClosure", 0.43)
    # Not beyond the cell: what is beside it keeps 10 ms.
    edited = apply_edits(MARY, patch({**edit, "time_s": 0.9})).track
    assert is_whole(edited) and shape(edited)[2] == ("E", 0.59, 0.6)


def test_neighbours_of_a_deleted_viseme_meet_in_its_middle():
    edited = apply_edits(MARY, patch({"op": "delete", "was": was(MARY, "RR")})).track
    assert is_whole(edited) and ("E", 0.4, 0.65) in shape(edited) and ("ih", 0.65, 0.9) in shape(edited)
    # A neighbour's contact does not grow.
    edited = apply_edits(MARY, patch({"op": "delete", "was": was(MARY, "E")})).track
    assert is_whole(edited) and edited.closures == (Closure(0.3, 0.4),)
    for end in (0, -1):
        first = MARY.visemes[end]
        gone = {"viseme": "sil", "start_s": first.start_s, "end_s": first.end_s}
        assert is_whole(apply_edits(MARY, patch({"op": "delete", "was": gone})).track)
    alone = track([("ɑ", 0.5)])
    assert shape(apply_edits(alone, patch({"op": "delete", "was": was(alone, "aa")})).track) == [("sil", 0.0, 0.5)]


def test_an_inserted_viseme_cuts_what_was_there():
    edit = {"op": "insert", "was": was(MARY, "E"), "viseme": "ou", "start_s": 0.45, "end_s": 0.55}
    edited = apply_edits(MARY, patch(edit)).track
    assert is_whole(edited) and shape(edited)[2:5] == [("E", 0.4, 0.45), ("ou", 0.45, 0.55), ("E", 0.55, 0.6)]
    assert mouth(edited, "mouthPucker", 0.5) > 0.4
    # Over several, and beyond the end: nothing shorter than 10 ms is left.
    edited = apply_edits(MARY, patch({**edit, "start_s": 0.405, "end_s": 0.72})).track
    assert is_whole(edited) and shape(edited)[2:4] == [("ou", 0.4, 0.72), ("ih", 0.72, 0.9)]
    edited = apply_edits(MARY, patch({**edit, "was": was(MARY, "sil", 1), "start_s": 1.3, "end_s": 9.0})).track
    assert is_whole(edited) and shape(edited)[-1] == ("ou", 1.3, 1.5)


def test_a_forced_closure_shuts_the_lips():
    edit = {"op": "close", "was": was(MARY, "ih"), "start_s": 0.76, "end_s": 0.84}
    edited = apply_edits(MARY, patch(edit)).track
    assert is_whole(edited) and Closure(0.76, 0.84) in edited.closures and Closure(0.3, 0.4) in edited.closures
    assert mouth(edited, "lipClosure", 0.8) == pytest.approx(1.0) and mouth(MARY, "lipClosure", 0.8) < 0.1
    # Where lips touch already it is one contact, without a flutter.
    edited = apply_edits(MARY, patch({**edit, "was": was(MARY, "E"), "start_s": 0.38, "end_s": 0.5})).track
    assert is_whole(edited) and edited.closures == (Closure(0.3, 0.5),)


def test_a_forbidden_closure_leaves_the_lips_apart():
    edited = apply_edits(MARY, patch({"op": "open", "was": was(MARY, "PP")})).track
    assert is_whole(edited) and edited.closures == ()
    assert mouth(edited, "lipClosure", 0.36) < 0.3 and mouth(MARY, "lipClosure", 0.35) == pytest.approx(1.0)


def test_a_contact_that_is_cut_stays_a_contact_on_both_sides():
    edit = {"op": "insert", "was": was(MARY, "PP"), "viseme": "aa", "start_s": 0.33, "end_s": 0.37}
    edited = apply_edits(MARY, patch(edit)).track
    assert is_whole(edited) and [(round(c.start_s, 3), round(c.end_s, 3)) for c in edited.closures] == [(0.3, 0.33), (0.37, 0.4)]


def test_a_track_whose_contacts_are_its_bilabials_keeps_them_beside_a_forced_one():
    bare = replace(MARY, closures=())
    edited = apply_edits(bare, patch({"op": "close", "was": was(MARY, "ih"), "start_s": 0.76, "end_s": 0.84})).track
    assert edited.closures == (Closure(0.3, 0.4), Closure(0.76, 0.84))


def test_a_track_without_phones_is_edited_through_its_visemes():
    bare = replace(MARY, phones=())
    edited = apply_edits(bare, patch({"op": "change", "was": was(MARY, "E"), "viseme": "ou"})).track
    assert edited.phones == () and mouth(edited, "mouthPucker", 0.5) > 0.6


def test_later_edits_see_what_earlier_ones_did():
    edited = apply_edits(MARY, patch(
        {"op": "change", "was": was(MARY, "E"), "viseme": "oh"},
        {"op": "border", "left": "oh", "right": "RR", "was_s": 0.6, "time_s": 0.65},
        {"op": "insert", "was": {"viseme": "oh", "start_s": 0.4, "end_s": 0.65}, "viseme": "FF", "start_s": 0.5, "end_s": 0.56}))
    assert not edited.stale and is_whole(edited.track)
    assert shape(edited.track)[2:6] == [("oh", 0.4, 0.5), ("FF", 0.5, 0.56), ("oh", 0.56, 0.65), ("RR", 0.65, 0.7)]


def test_keyframes_travel_with_the_speech_and_give_way_to_those_of_the_motion():
    keys = ({"op": "emotion", "time_s": 1.0, "emotion": "sad", "strength": 1.0},
            {"op": "emotion", "time_s": 0.2, "emotion": "happy", "strength": 0.5})
    edited = apply_edits(MARY, patch(*keys)).track
    assert [(k.time_s, k.emotion, k.strength) for k in edited.keyframes] == [(0.2, "happy", 0.5), (1.0, "sad", 1.0)]
    assert edited.visemes is MARY.visemes
    settings = MotionSettings()

    def emotion(motion):
        return next((la.blendshapes for la in motion.layers if la.name == "emotion"), None)

    own = emotion(generate_motion(edited, settings))
    assert np.allclose(own, emotion(generate_motion(MARY, settings, keyframes="0.2 happy 0.5; 1 sad")))
    typed = emotion(generate_motion(edited, settings, keyframes="0 angry"))
    assert np.allclose(typed, emotion(generate_motion(MARY, settings, keyframes="0 angry"))) and not np.allclose(own, typed)
    # The control: without either there is no such layer.
    assert emotion(generate_motion(MARY, settings)) is None


def jittered(track, most_s):
    """The same sounds as another analysis finds them: each border somewhere else."""
    edges = [0.0, *(p.end_s + RNG.uniform(-most_s, most_s) for p in track.phones[:-1]), track.duration_s]
    phones = tuple(Phone(p.ipa, a, b) for p, a, b in zip(track.phones, edges, edges[1:], strict=False))
    shut = tuple(Closure(p.start_s, p.end_s) for p in phones if has_closure(p.ipa))
    return replace(track, phones=phones, visemes=viseme_cues(phones, shut), closures=shut)


EVERY = (
    {"op": "change", "was": was(MARY, "E"), "viseme": "ou"},
    {"op": "delete", "was": was(MARY, "RR")},
    {"op": "insert", "was": was(MARY, "sil", 1), "viseme": "FF", "start_s": 1.3, "end_s": 1.4},
    {"op": "close", "was": was(MARY, "ih"), "start_s": 0.76, "end_s": 0.84},
    {"op": "open", "was": was(MARY, "PP")},
    {"op": "border", "left": "sil", "right": "PP", "was_s": 0.3, "time_s": 0.26},
)


@pytest.mark.parametrize("edit", EVERY, ids=lambda edit: edit["op"])
def test_edits_survive_an_analysis_that_agrees_within_the_tolerance(edit):
    for _ in range(50):
        found = apply_edits(jittered(MARY, TOLERANCE_S), patch(edit))
        assert found.stale == () and is_whole(found.track) and found.track.visemes != MARY.visemes


@pytest.mark.parametrize("edit", EVERY, ids=lambda edit: edit["op"])
def test_edits_that_do_not_match_any_more_are_told_and_change_nothing(edit):
    late = track([("", 0.3 + 1.5 * TOLERANCE_S), *[(p.ipa, p.end_s - p.start_s) for p in MARY.phones[1:]]])
    late = replace(late, warnings=("loud",))
    found = apply_edits(late, patch(edit))
    if edit["op"] == "border":
        assert found.stale == (0,)
    assert found.stale == (0,) and (found.track.visemes, found.track.closures) == (late.visemes, late.closures)
    assert found.track.warnings[0] == "loud" and "1 of 1 edits" in found.track.warnings[1]
    assert f"1 ({edit['op']} at" in found.track.warnings[1]


def test_another_sound_at_the_same_time_is_not_edited():
    other = track([(("ɑ" if p.ipa == "ɛ" else p.ipa), p.end_s - p.start_s) for p in MARY.phones])
    found = apply_edits(other, patch({"op": "change", "was": was(MARY, "E"), "viseme": "ou"},
                                     {"op": "close", "was": was(MARY, "ih"), "start_s": 0.76, "end_s": 0.84},
                                     {"op": "emotion", "time_s": 99, "emotion": "sad", "strength": 1}))
    assert found.stale == (0, 2) and Closure(0.76, 0.84) in found.track.closures


def test_of_two_that_match_the_nearer_is_edited():
    fast = track([("t", 0.05), ("s", 0.03), ("t", 0.05), ("ɑ", 0.2)])
    found = apply_edits(fast, patch({"op": "change", "was": {"viseme": "DD", "start_s": 0.06, "end_s": 0.11}, "viseme": "ou"}))
    assert [v.viseme for v in found.track.visemes] == ["DD", "SS", "ou", "aa"]


def test_edits_of_a_voice_survive_the_way_through_a_file_and_through_the_sound(spoken):
    viseme = max((v for v in spoken.visemes if v.viseme not in ("sil", "PP")), key=lambda v: v.end_s - v.start_s)
    middle = 0.5 * (viseme.start_s + viseme.end_s)
    anchor = {"viseme": viseme.viseme, "start_s": viseme.start_s, "end_s": viseme.end_s}
    found = apply_edits(spoken, patch({"op": "close", "was": anchor, "start_s": middle - 0.03, "end_s": middle + 0.03}))
    assert found.stale == () and is_whole(found.track) and len(found.track.closures) == len(spoken.closures) + 1
    sound = Sound(spoken.sound.samples.copy(), spoken.sound.rate_hz)
    for again in (analyze(sound, speech=found.track, host=PlainHost()),
                  analyze(sound, cues=cues_json(found.track), host=PlainHost())):
        assert len(again.closures) == len(found.track.closures)
        assert any(c.start_s - 0.01 <= middle <= c.end_s + 0.01 for c in again.closures)


def test_a_patch_reads_back_as_it_was_written():
    text = patch(*EVERY, {"op": "emotion", "time_s": 1, "emotion": "sad", "strength": 0.5})
    assert json.loads(patch(*read_edits(text))) == json.loads(text)


CHANGE = {"op": "change", "was": was(MARY, "E"), "viseme": "ou"}


@pytest.mark.parametrize(("text", "word"), [
    ("x", "JSON"), ("[" * 100_000, "JSON"), ("[]", "version"), ("null", "version"), ('{"version": 2, "edits": []}', "version"),
    ('{"version": 1, "edits": {}}', "version"), (patch(*[CHANGE] * 5001), "5001"), ("x" * 1_000_001, "characters"),
    (patch(3), "operation"), (patch({"op": []}), "operation"), (patch({"op": "explode"}), "operation"),
    (patch({"op": "change"}), "edit 1 needs"), (patch({**CHANGE, "path": "/etc"}), "nothing else"),
    (patch(CHANGE, {**CHANGE, "viseme": "zz"}), "edit 2: 'zz'"), (patch({**CHANGE, "viseme": ["aa"]}), "viseme"),
    (patch({**CHANGE, "was": "aa"}), "replaced"), (patch({**CHANGE, "was": {"viseme": "aa"}}), "needs"),
    (patch({**CHANGE, "was": {**CHANGE["was"], "start_s": float("nan")}}), "time"),
    (patch({**CHANGE, "was": {**CHANGE["was"], "start_s": -1}}), "time"),
    (patch({**CHANGE, "was": {**CHANGE["was"], "end_s": True}}), "time"),
    (patch({**CHANGE, "was": {**CHANGE["was"], "end_s": 10**400}}), "time"),
    (patch({**CHANGE, "phone": "i"}), "no sound of the viseme ou"), (patch({**CHANGE, "phone": "<b>"}), "phone"),
    (patch({"op": "close", "was": CHANGE["was"], "start_s": 1, "end_s": 1.01}), "20 ms"),
    (patch({"op": "insert", "was": CHANGE["was"], "viseme": "aa", "start_s": 2, "end_s": 1}), "20 ms"),
    (patch({"op": "emotion", "time_s": 1, "emotion": "hungry", "strength": 1}), "hungry"),
    (patch({"op": "emotion", "time_s": 1, "emotion": "sad", "strength": 3}), "strength"),
])  # fmt: skip
def test_hostile_text_is_refused_with_a_hint(text, word):
    with pytest.raises(InputError, match="edits of the timeline") as caught:
        apply_edits(MARY, text)
    assert word in caught.value.message and len(caught.value.message) < 300 and caught.value.hint


def test_an_empty_track_takes_no_edits_and_says_so():
    found = apply_edits(SpeechTrack(1.0, "none", "x"), patch(*EVERY))
    assert found.stale == tuple(range(len(EVERY)))


def test_any_row_of_edits_leaves_a_whole_track(spoken):
    for _ in range(30):
        now, edits = spoken, []
        for _ in range(12):
            cue = now.visemes[RNG.integers(len(now.visemes))]
            start = round(RNG.uniform(0, now.duration_s - 0.2), 4)
            anchor = {"viseme": cue.viseme, "start_s": cue.start_s, "end_s": cue.end_s}
            edits.append([
                {"op": "change", "was": anchor, "viseme": "PP"}, {"op": "delete", "was": anchor}, {"op": "open", "was": anchor},
                {"op": "insert", "was": anchor, "viseme": "oh", "start_s": start, "end_s": start + 0.07},
                {"op": "close", "was": anchor, "start_s": start, "end_s": start + RNG.uniform(0.02, 0.2)},
            ][RNG.integers(5)])
            found = apply_edits(spoken, patch(*edits))
            now = found.track
            assert found.stale == () and is_whole(now)
