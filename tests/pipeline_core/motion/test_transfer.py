"""A driver's measurements become another face's motion."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, BLENDSHAPES, INDEX
from talking_avatar.pipeline_core.errors import ContractError, InputError, SettingError
from talking_avatar.pipeline_core.motion.given_shapes import with_given_shapes
from talking_avatar.pipeline_core.motion.rest import rest_of
from talking_avatar.pipeline_core.motion.transfer import (
    HEAD_MAX_DEG,
    LEFT_BEHIND,
    TransferSettings,
    driven_parts,
    lids_motion,
    lips_shut,
    transfer_motion,
    with_strengths,
)
from talking_avatar.pipeline_core.types import HeadTrack

FRAMES, RATE = 200, 25
BLINK = slice(100, 103)


def driver(**columns):
    """A face with habits: raised brows, a turned head, a smile that never quite goes; it speaks for four seconds."""
    t = np.arange(FRAMES) / RATE
    shapes = np.zeros((FRAMES, 52), np.float32)
    talking = (t > 2) & (t < 6)
    opening = np.where(talking, 0.25 - 0.25 * np.cos(2 * np.pi * 2.0 * t), 0.0)
    for name, value in {"jawOpen": 0.05 + opening, "mouthSmileLeft": 0.2, "mouthSmileRight": 0.2 + 0.4 * (t > 7),
                        "browInnerUp": 0.3 + 0.4 * ((t > 4) & (t < 5)), **columns}.items():
        shapes[:, INDEX[name]] = value
    lids = np.full((FRAMES, 2), 0.3)
    lids[BLINK] = [[0.15], [0.08], [0.15]]
    head = np.stack([20 + 8 * np.sin(2 * np.pi * 0.5 * t), np.full(FRAMES, -6.0), 0 * t], axis=1)
    return HeadTrack(Fraction(RATE), shapes, head, np.stack([0 * t + 3.0, 0 * t, 0 * t], axis=1),
                     np.stack([0 * t + 4.0, 0 * t - 2.0], axis=1), lids,
                     np.stack([0.01 + 0.3 * opening, 0 * t + 0.8], axis=1), np.ones(FRAMES, bool))


def curve(motion, name):
    return motion.summed().blendshapes[:, INDEX[name]]


def test_rest_is_found_and_taken_off():
    rest = rest_of(driver())
    assert rest.expression[INDEX["jawOpen"]] == pytest.approx(0.05, abs=0.01)
    assert rest.expression[INDEX["browInnerUp"]] == pytest.approx(0.3, abs=0.01)
    assert rest.lids_ratio == pytest.approx([0.3, 0.3], abs=0.01) and rest.gaze_deg == pytest.approx([4, -2])
    motion = transfer_motion(driver(), TransferSettings())
    assert motion.frames == FRAMES and motion.fps == RATE
    assert np.abs(curve(motion, "mouthSmileLeft")).max() < 0.01 and curve(motion, "mouthSmileRight")[-5:].min() > 0.3
    total = motion.summed()
    assert np.abs(total.head_deg[:, 1]).max() < 0.1 and 7 < np.abs(total.head_deg[:, 0]).max() < 9
    assert np.abs(total.head_shift).max() < 0.1


def test_drawn_irises_go_with_the_head():
    total = transfer_motion(driver(), TransferSettings()).summed()
    assert total.gaze_deg == pytest.approx(total.head_deg[:, :2] * np.array(LEFT_BEHIND), abs=0.1)
    for still in ({"head": 0.0}, {"gaze": 0.0}):
        assert np.abs(transfer_motion(driver(), TransferSettings(**still)).summed().gaze_deg).max() < 0.1


def test_what_falls_below_rest_goes_the_other_way():
    t = np.arange(FRAMES) / RATE
    lost = ((t > 3) & (t < 5)).astype(float)
    motion = transfer_motion(driver(mouthSmileLeft=0.3 - 0.3 * lost, browInnerUp=0.4 - 0.4 * lost), TransferSettings())
    for name in ("mouthFrownLeft", "browDownLeft", "browDownRight"):
        assert curve(motion, name)[lost > 0].min() > 0.15, name
        assert curve(motion, name)[:50].max() < 0.01, name
    assert curve(motion, "mouthFrownRight").max() < 0.01, "the other corner stays"


def test_brows_raised_beyond_their_unit_rise_as_a_whole():
    def outer(top):
        t = np.arange(FRAMES) / RATE
        return curve(transfer_motion(driver(browInnerUp=top * ((t > 4) & (t < 5))), TransferSettings()), "browOuterUpLeft").max()

    assert outer(1.6) == pytest.approx(0.6, abs=0.05) and outer(0.9) < 0.01


def test_rest_may_be_chosen():
    motion = transfer_motion(driver(), TransferSettings(neutral_s=4.5))
    assert curve(motion, "browInnerUp").max() < 0.01, "its rest is the raised brow"
    with pytest.raises(SettingError, match="after the end"):
        transfer_motion(driver(), TransferSettings(neutral_s=60.0))


def test_movement_follows_the_driver():
    track = driver()
    motion = transfer_motion(track, TransferSettings())
    jaw = track.expression[:, INDEX["jawOpen"]]
    assert np.corrcoef(curve(motion, "jawOpen"), jaw)[0, 1] > 0.99
    shuffled = np.random.default_rng(0).permutation(jaw)
    assert abs(np.corrcoef(curve(motion, "jawOpen"), shuffled)[0, 1]) < 0.4


def test_blinks_shut_the_eyes_and_lips_that_touch_stay_shut():
    motion = transfer_motion(driver(), TransferSettings())
    blink = curve(motion, "eyeBlinkLeft")
    assert blink[101] > 0.9 and blink[:95].max() < 0.05 and blink[100] > 0.4
    shut = motion.summed().articulation[:, ARTICULATION_INDEX["lipClosure"]]
    assert shut[:40].min() == 1.0 and shut[60:140].min() == 0.0
    assert lips_shut(np.float32([0.0, 0.2])).tolist() == [1.0, 0.0]


def test_lids_without_a_blink_are_not_shut_by_a_droop():
    lids = np.full((50, 2), 0.3, np.float32)
    lids[20:30] = 0.24
    moved = lids_motion(lids, np.float32([0.3, 0.3]))
    assert 0.2 < moved.max() < 0.35 and lids_motion(1.2 * lids[:5], np.float32([0.3, 0.3])).max() < 0


@pytest.mark.parametrize("group", ["mouth", "brows", "eyes", "head", "gaze"])
def test_each_strength_scales_its_part_alone(group):
    track = replace(driver(), gaze_deg=np.random.default_rng(1).normal(0, 3, (FRAMES, 2)).astype(np.float32))
    parts = {"mouth", "brows", "eyes", "head", "gaze"}
    assert driven_parts(transfer_motion(track, TransferSettings())) == parts
    assert driven_parts(transfer_motion(track, TransferSettings(**{group: 0.0}))) == parts - {group}
    with pytest.raises(SettingError, match=group):
        TransferSettings(**{group: 2.5})


def test_strengths_apply_to_recorded_motions():
    motion = transfer_motion(driver(), TransferSettings())
    half = with_strengths(motion, TransferSettings(head=0.5, mouth=2.0))
    assert half.summed().head_deg == pytest.approx(motion.summed().head_deg * 0.5)
    assert curve(half, "jawOpen").max() <= 1.0 and curve(half, "jawOpen").max() > curve(motion, "jawOpen").max()


def test_heads_that_turn_far_are_held_back():
    track = driver()
    far = replace(track, head_deg=track.head_deg * np.float32(6.0))
    turned = transfer_motion(far, TransferSettings()).summed().head_deg
    assert 18 < np.abs(turned).max() <= HEAD_MAX_DEG


def test_gaps_are_bridged_held_and_told():
    track = driver()
    seen = track.seen.copy()
    seen[50:54] = seen[110:170] = seen[195:] = False
    head = track.head_deg.copy()
    head[~seen] = 80.0  # what stands in a gap must not count
    motion = transfer_motion(replace(track, seen=seen, head_deg=head), TransferSettings())
    turned = motion.summed().head_deg[:, 0]
    assert np.abs(turned).max() < 10 and np.abs(np.diff(turned)).max() < 2.5
    assert np.ptp(turned[110:150]) < 0.01, "a long gap holds"
    assert len(motion.warnings) == 1 and "4.4-6.8 s" in motion.warnings[0]
    assert not transfer_motion(track, TransferSettings()).warnings


def test_a_clip_of_one_frame_is_at_rest():
    track = driver()
    one = HeadTrack(track.fps, *(getattr(track, n)[:1] for n in ("expression", "head_deg", "head_shift", "gaze_deg",
                                                                 "lids_ratio", "lips_ratio", "seen")))
    assert not driven_parts(transfer_motion(one, TransferSettings()))


def test_broken_measurements_are_refused():
    track = driver()
    with pytest.raises(ContractError, match="not numbers"):
        replace(track, gaze_deg=np.full((FRAMES, 2), np.nan))
    with pytest.raises(ContractError, match="lids_ratio"):
        replace(track, lids_ratio=np.zeros((3, 2)))


def test_shapes_of_other_programs():
    faces = [[{"blendshapes": {**dict.fromkeys(BLENDSHAPES, 0.0), "_neutral": 1.0, "jawOpen": k / FRAMES}}] for k in range(FRAMES)]
    faces[10] = []
    given = with_given_shapes(driver(), {"frames": faces})
    assert given.expression[:, INDEX["jawOpen"]] == pytest.approx(np.arange(FRAMES) / FRAMES, abs=1e-5)
    for strength in (1.0, 0.5):
        jaw = curve(transfer_motion(given, TransferSettings(mouth=strength)), "jawOpen")
        assert np.diff(jaw)[-50:] == pytest.approx(np.full(50, strength / FRAMES), abs=1e-5), "another program's scale is its own"
    assert not given.expression[:, INDEX["browInnerUp"]].any()
    for bad in ({"frames": [[{}]] * FRAMES}, {"frames": faces[:5]}, {}, 3):
        with pytest.raises(InputError):
            with_given_shapes(driver(), bad)
