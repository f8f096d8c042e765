"""The whole performance: statistics over a minute, determinism, settings, extra tracks."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.errors import Cancelled, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion import MotionSettings, curves_picture, exact_fps, generate_motion
from talking_avatar.pipeline_core.motion.blinks import plan_blinks
from talking_avatar.pipeline_core.motion.gestures import Beats
from talking_avatar.pipeline_core.speech.prosody import phrases, stresses
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack, Sound

SEEDS = range(8)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def quietest_second(motion):
    """Smallest head movement within any second, in degrees."""
    head, step = motion.summed().head_deg, round(float(motion.fps))
    return min(float(np.ptp(head[i : i + step], axis=0).max()) for i in range(0, len(head) - step, 5))


def blink_runs(motion):
    """Frames per blink, a blink being lids more than half shut."""
    shut = motion.summed().blendshapes[:, INDEX["eyeBlinkLeft"]] > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(int)))
    return edges[1::2] - edges[::2]


def layer_of(motion, name):
    return next(layer for layer in motion.layers if layer.name == name)


def same(a, b):
    return all(np.array_equal(getattr(a, n), getattr(b, n))
               for n in ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg"))


@pytest.fixture(scope="module")
def minute(say):
    speech = say.minute()
    assert 55 < speech.duration_s < 65
    return speech


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minute_is_alive(minute, seed):
    motion = generate_motion(minute, MotionSettings(seed=seed))
    head = motion.summed().head_deg
    assert 0.7 <= rms(head[:, 0]) <= 3.0
    assert 0.5 <= rms(head[:, 1]) <= 2.0
    assert rms(head[:, 2]) <= 1.0
    assert np.abs(head).max() < 7.0
    assert quietest_second(motion) > 0.15
    # No jerk: at 25 fps the turn's speed changes by less than 0.8 degrees per frame.
    assert np.abs(np.diff(head, 2, axis=0)).max() < 0.8


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("talking", [True, False])
def test_blinks_are_human(minute, say, seed, talking):
    speech = minute if talking else say.silence(60.0)
    motion = generate_motion(speech, MotionSettings(seed=seed))
    runs = blink_runs(motion)
    assert 10 <= len(runs) * 60 / speech.duration_s <= 25
    assert runs.min() * 40 >= 80 and runs.max() * 40 <= 400
    lids = motion.summed().blendshapes[:, INDEX["eyeBlinkRight"]]
    assert (lids == 1.0).sum() >= len(runs)


def test_the_statistics_notice_a_wax_figure(minute):
    motion = generate_motion(minute, MotionSettings(head=0.0, idle=0.0, blinks=0.0))
    assert rms(motion.summed().head_deg) < 0.7
    assert len(blink_runs(motion)) == 0
    assert quietest_second(motion) < 0.15


def test_blinks_gather_at_phrase_ends(minute):
    beats = Beats(stresses(minute), phrases(minute))
    ends = np.array([end for _, end in beats.phrases])

    def share(blinks):
        return np.mean([np.abs(ends - b.start_s).min() < 0.3 for b in blinks])

    with_phrases = np.mean([share(plan_blinks(beats, minute.duration_s, seed=s)) for s in SEEDS])
    without = np.mean([share(plan_blinks(Beats([], []), minute.duration_s, seed=s)) for s in SEEDS])
    assert with_phrases > 1.4 * without


def test_nods_and_brows_follow_stress(minute):
    motion = generate_motion(minute, MotionSettings(idle=0.0))
    layer = layer_of(motion, "prosody")
    brow = layer.blendshapes[:, INDEX["browInnerUp"]]
    peaks = np.flatnonzero((brow[1:-1] > 0.15) & (brow[1:-1] >= brow[:-2]) & (brow[1:-1] > brow[2:])) + 1
    at = np.array([t for t, _ in stresses(minute)] + [end for _, end in phrases(minute)])
    apart = [np.abs(at - i / 25).min() for i in peaks]
    assert len(peaks) > 8 and np.median(apart) < 0.2
    shifted = [np.abs(at + 0.35 - i / 25).min() for i in peaks]
    assert np.median(shifted) > np.median(apart)


def test_gaze_returns_to_the_viewer(minute):
    gaze = layer_of(generate_motion(minute, MotionSettings(seed=5)), "gaze").gaze_deg
    away = np.abs(gaze).max(axis=1) > 1.5
    assert 0.08 < away.mean() < 0.5
    assert np.abs(gaze).max() <= 4.5
    jumps = np.abs(np.diff(gaze[:, 0])) > 0.5
    assert jumps.any() and jumps.mean() < 0.08, "eyes rest between saccades"


def test_silence_breathes_with_a_shut_mouth(say):
    motion = generate_motion(say.silence(60.0), MotionSettings())
    total = motion.summed()
    assert (total.articulation[:, ARTICULATION_INDEX["lipClosure"]] == 1.0).all()
    assert total.blendshapes[:, INDEX["jawOpen"]].max() == 0.0
    breath = total.articulation[:, ARTICULATION_INDEX["breath"]]
    rises = np.sum((breath[1:] > 0.5) & (breath[:-1] <= 0.5))
    assert 12 <= rises <= 18
    face = total.blendshapes[:, [i for name, i in INDEX.items() if "Blink" not in name]]
    assert np.ptp(face, axis=0).max() > 0.02, "a face at rest is not frozen"
    assert np.abs(np.diff(total.head_deg, 2, axis=0)).max() < 0.2


def test_still_moves_only_mouth_and_eyes(minute):
    motion = generate_motion(minute, MotionSettings(still=True, emotion="sad"))
    total = motion.summed()
    assert not total.head_deg.any() and not total.head_shift.any()
    assert not total.articulation[:, ARTICULATION_INDEX["breath"]].any()
    assert len(blink_runs(motion)) > 8 and total.gaze_deg.any()
    assert total.blendshapes[:, INDEX["jawOpen"]].max() > 0.2


def test_same_seed_same_motion_and_other_seed_other_motion(minute):
    first, again, other = (generate_motion(minute, MotionSettings(seed=s)) for s in (7, 7, 8))
    for a, b in zip(first.layers, again.layers, strict=True):
        assert same(a, b)
    for name in ("prosody", "blinks", "gaze", "idle"):
        assert not same(layer_of(first, name), layer_of(other, name))
    assert same(layer_of(first, "speech"), layer_of(other, "speech"))


@pytest.mark.parametrize(("strength", "moved"), [
    ("mouth", "speech"), ("head", "prosody"), ("brows", "prosody"), ("blinks", "blinks"), ("idle", "idle"),
    ("gaze", "gaze")])  # fmt: skip
def test_a_strength_changes_its_own_layer_only(minute, strength, moved):
    before = generate_motion(minute, MotionSettings())
    after = generate_motion(minute, replace(MotionSettings(), **{strength: 1.5}))
    assert [la.name for la in before.layers if not same(la, layer_of(after, la.name))] == [moved]


def test_head_strength_is_proportional(minute):
    one, two = (layer_of(generate_motion(minute, MotionSettings(head=h)), "prosody") for h in (1.0, 2.0))
    np.testing.assert_allclose(two.head_deg, 2 * one.head_deg, atol=1e-4)
    assert np.array_equal(one.blendshapes, two.blendshapes)


@pytest.mark.parametrize("change", [
    {"fps": Fraction(0)}, {"fps": Fraction(-25)}, {"fps": Fraction(121)}, {"mouth": -0.1}, {"head": 2.5},
    {"blinks": float("nan")}, {"emotion": "hungry"}, {"seed": -1}, {"emotion_strength": 9.0}])  # fmt: skip
def test_settings_outside_their_range_are_refused(change):
    with pytest.raises(SettingError) as caught:
        MotionSettings(**change)
    assert str(next(iter(change.values()))) in caught.value.message or "fps" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(("value", "exact"), [
    (25, Fraction(25)), (23.976, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001)), ("25", Fraction(25)),
    (59.94, Fraction(60000, 1001)), (12.5, Fraction(25, 2)), (Fraction(24000, 1001), Fraction(24000, 1001)),
    (30.0, Fraction(30))])  # fmt: skip
def test_frame_rates_are_exact(value, exact):
    assert exact_fps(value) == exact


@pytest.mark.parametrize("value", ["abc", "", float("inf"), float("nan"), 1e9, None])
def test_nonsense_frame_rates_are_refused(value):
    with pytest.raises(SettingError):
        exact_fps(value)


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(25), Fraction(60)])
def test_length_and_sound_pass_through(say, fps):
    speech = replace(say.speech_of(say.BOB), sound=Sound(np.zeros((1, 160), np.float32), 16000),
                     warnings=("careful",))
    motion = generate_motion(speech, MotionSettings(fps=fps))
    assert motion.frames == len(motion.layers[0].blendshapes) >= speech.duration_s * float(fps)
    assert motion.sound is speech.sound and motion.duration_s == speech.duration_s
    assert motion.warnings == ("careful",)


@pytest.mark.parametrize("duration", [0.01, 0.05, 0.3])
def test_very_short_clips_work(say, duration):
    motion = generate_motion(say.silence(duration), MotionSettings(emotion="happy"), keyframes="0.5 sad")
    assert np.isfinite(motion.summed().blendshapes).all()


def test_visemes_alone_make_a_performance(say):
    motion = generate_motion(say.viseme_speech(), MotionSettings())
    assert motion.summed().blendshapes[:, INDEX["jawOpen"]].max() > 0.15


def test_cancel_stops_the_work(minute):
    class Impatient(PlainHost):
        def progress(self, done, total):
            if done == 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        generate_motion(minute, MotionSettings(), host=Impatient())


def _track(seconds, fps, **columns):
    blank = MotionLayer.zeros("x", round(seconds * fps))
    shapes = blank.blendshapes.copy()
    for name, value in columns.items():
        shapes[:, INDEX[name]] = value
    head = np.full_like(blank.head_deg, 5.0)
    layer = replace(blank, blendshapes=shapes, head_deg=head)
    return MotionTrack(Fraction(fps), seconds, (layer,))


def test_a_driving_motion_replaces_head_and_eyes_but_not_the_mouth(say):
    speech = say.speech_of(say.BOB)
    driving = _track(1.0, 10, jawOpen=1.0, browInnerUp=0.5)
    motion = generate_motion(speech, MotionSettings(idle=0.0), driving=driving)
    layer = layer_of(motion, "driving")
    assert layer.blendshapes[:, INDEX["jawOpen"]].max() == 0.0
    assert np.allclose(layer.blendshapes[:, INDEX["browInnerUp"]], 0.5) and np.allclose(layer.head_deg, 5.0)
    assert "prosody" not in {la.name for la in motion.layers}
    assert any("driving motion ends" in w for w in motion.warnings)


def test_what_the_driving_motion_does_not_move_is_invented(say):
    speech = say.speech_of(say.BOB)

    def names(**columns):
        motion = generate_motion(speech, MotionSettings(idle=0.0), driving=_track(1.0, 10, **columns))
        return {la.name for la in motion.layers} & {"prosody", "blinks", "gaze"}

    assert names(browInnerUp=0.5, eyeBlinkLeft=0.1) == {"gaze"}
    assert names(browInnerUp=0.5, eyeLookUpLeft=0.1) == {"blinks"}
    assert names() == {"prosody", "blinks", "gaze"}
    brows = generate_motion(speech, MotionSettings(idle=0.0), driving=_track(1.0, 10))
    assert not layer_of(brows, "prosody").head_deg.any() and layer_of(brows, "prosody").blendshapes.any()


def test_a_base_expression_is_added_and_leaves_room_for_speech(say):
    speech = say.speech_of(say.BOB)
    motion = generate_motion(speech, MotionSettings(), base=_track(0.1, 10, mouthSmileLeft=0.6, cheekPuff=0.3))
    layer = layer_of(motion, "base")
    smile = layer.blendshapes[:, INDEX["mouthSmileLeft"]]
    assert np.isclose(smile[0], 0.6) and smile.min() < 0.35
    assert np.allclose(layer.blendshapes[:, INDEX["cheekPuff"]], 0.3)
    still = generate_motion(speech, MotionSettings(still=True), base=_track(0.1, 10))
    assert not still.summed().head_deg.any()


def _face(closed=False, turned=False):
    points = np.zeros((1, 1, 478, 3), np.float32)
    place = {33: (0, 0), 133: (30, 0), 263: (100, 0), 362: (70, 0), 1: (90 if turned else 50, 10)}
    gap = 1.0 if closed else 9.0
    place |= {159: (15, -gap / 2), 145: (15, gap / 2), 386: (85, -gap / 2), 374: (85, gap / 2)}
    for k, xy in place.items():
        points[0, 0, k, :2] = xy
    return FaceTrack(200, 200, points, np.ones((1, 1), np.float32), (0,))


def test_closed_eyes_do_not_blink(say):
    speech = say.speech_of(say.BOB)
    motion = generate_motion(speech, MotionSettings(), face=_face(closed=True))
    assert {"blinks", "gaze"}.isdisjoint(la.name for la in motion.layers)
    assert generate_motion(speech, MotionSettings(), face=_face()).warnings == ()


def test_a_turned_face_turns_less(minute):
    front, side = (layer_of(generate_motion(minute, MotionSettings(), face=_face(turned=t)), "prosody")
                   for t in (False, True))
    assert rms(side.head_deg) < 0.75 * rms(front.head_deg)


def test_the_picture_shows_the_curves(minute, say):
    speech = say.speech_of(say.BOB)
    empty = curves_picture(generate_motion(say.silence(speech.duration_s), MotionSettings(still=True)))
    busy = curves_picture(generate_motion(speech, MotionSettings()))
    assert busy.dtype == np.uint8 and busy.ndim == 3 and busy.shape[2] == 3
    assert empty.shape == busy.shape
    assert (np.abs(busy.astype(int) - empty).max(axis=2) > 40).mean() > 0.01
    assert curves_picture(generate_motion(minute, MotionSettings())).shape == busy.shape
    assert curves_picture(generate_motion(say.silence(0.01), MotionSettings())).any()
