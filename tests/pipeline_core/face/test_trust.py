from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.face import trust as module
from talking_avatar.pipeline_core.face.trust import (
    BRIEF,
    HIDDEN,
    IMPLAUSIBLE,
    NO_FACE,
    OTHER_SHOT,
    OUTSIDE,
    SMALL,
    TURNED,
    Stretch,
    bridged,
    skipped,
    skipped_lines,
    trust,
    yaw_deg,
)
from talking_avatar.pipeline_core.types import FaceTrack

FRAMES = 100
FADE = [0.25, 0.5, 0.75]


@pytest.fixture
def clip(mesh):
    """A woman who talks to the camera for four seconds and sways a little; 640 x 480 px."""
    def made(cuts=(), fps=Fraction(25), frames=FRAMES):
        head = (mesh - mesh.mean(axis=0)) * 1.5
        sway = np.sin(np.arange(frames) / 6)[:, None, None] * np.array([12.0, 4.0, 0.0])
        points = (head + sway + (320, 240, 0)).astype(np.float32)[:, None]
        return FaceTrack(width_px=640, height_px=480, landmarks_px=points, face_ids=(0,), fps=fps, cuts=cuts,
                         score_ratio=np.full((frames, 1), 0.9, np.float32))
    return made


def changed(track, frames, change):
    """Return the track with the faces of some frames changed; None takes them out."""
    points, scores = track.landmarks_px.copy(), track.score_ratio.copy()
    for frame in frames:
        if change is None:
            points[frame], scores[frame] = np.nan, 0
        else:
            points[frame, 0] = change(points[frame, 0])
    return replace(track, landmarks_px=points, score_ratio=scores)


def about_its_middle(matrix):
    return lambda p: (p - p.mean(axis=0)) @ np.asarray(matrix, np.float32).T + p.mean(axis=0)


def turn(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return about_its_middle([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def nod(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return about_its_middle([[1, 0, 0], [0, c, s], [0, -s, c]])


def test_a_clip_of_a_face_is_trusted_in_full(clip):
    found = trust(clip())
    assert (found.strength == 1).all() and found.skipped == ()
    assert trust(clip(frames=1)).strength.tolist() == [1.0]


@pytest.mark.parametrize(("change", "reason"), [
    (None, NO_FACE),
    (turn(50), TURNED),
    (turn(-50), TURNED),
    (nod(60), TURNED),
    (nod(-60), TURNED),
    (lambda p: p + (300, 0, 0), OUTSIDE),
    (lambda p: p - (0, 300, 0), OUTSIDE),
    (about_its_middle(np.eye(3) * 0.2), SMALL),
    (about_its_middle(np.diag([1, 0.3, 1])), IMPLAUSIBLE),
    (about_its_middle([[1, 0.8, 0], [0, 1, 0], [0, 0, 1]]), IMPLAUSIBLE),
])
def test_what_speaks_against_a_frame_is_named(clip, change, reason):
    found = trust(changed(clip(), range(40, 60), change))
    assert found.skipped == (Stretch(1.6, 2.4, reason),)
    assert found.reasons.count(reason) == 20
    assert found.strength[36:41].tolist() == [1.0, *FADE[::-1], 0.0]
    assert found.strength[59:64].tolist() == [0.0, *FADE, 1.0]


@pytest.mark.parametrize("change", [
    turn(30), turn(-30), nod(30), nod(-30), lambda p: p + (200, 0, 0), about_its_middle(np.eye(3) * 0.5),
    lambda p: p - (0, 190, 0),  # a forehead above the picture
])
def test_what_can_be_drawn_is_trusted(clip, change):
    assert trust(changed(clip(), range(40, 60), change)).skipped == ()


def test_without_depth_the_turn_is_known_from_the_outline(clip, mesh):
    flat = [1, 1, 0]
    turned = changed(clip(), range(40, 60), turn(50))
    assert trust(replace(turned, landmarks_px=turned.landmarks_px * flat)).skipped == (Stretch(1.6, 2.4, TURNED),)
    for degrees in (-50, -20, 0, 20, 50):
        assert yaw_deg(turn(degrees)(mesh)[None])[0] == pytest.approx(yaw_deg(mesh[None])[0] + degrees, abs=4)


def test_a_turn_near_the_limit_does_not_flicker(clip, monkeypatch):
    track, degrees = clip(), np.full(FRAMES, 38.0)
    degrees[::7] = 42
    for frame, angle in enumerate(degrees):
        track = changed(track, [frame], turn(angle))
    assert trust(track).skipped == (Stretch(0.0, 4.0, TURNED),)
    monkeypatch.setattr(module, "BACK_DEG", module.TURNED_DEG)
    assert len(trust(track).skipped) > 1


def test_a_covered_mouth_is_left_alone_with_soft_transitions(clip):
    track, share = clip(), np.zeros((FRAMES, 1), np.float32)
    share[40:60], share[60:64] = 0.6, 0.25
    found = trust(replace(track, hidden_ratio=share))
    assert found.skipped == (Stretch(1.6, 2.56, HIDDEN),)
    assert found.strength[37:40].tolist() == FADE[::-1] and found.strength[64:67].tolist() == FADE
    assert trust(replace(track, hidden_ratio=np.minimum(share, 0.29))).skipped == ()


def test_short_gaps_are_bridged_and_long_ones_are_not(clip):
    whole = clip()
    for gap, left in ((5, 0), (6, 6)):
        track = bridged(changed(whole, range(40, 40 + gap), None))
        assert np.isnan(track.landmarks_px[:, 0, 0, 0]).sum() == left
        assert len(trust(changed(whole, range(40, 40 + gap), None)).skipped) == (left > 0)
    filled = bridged(changed(whole, range(40, 45), None))
    assert np.abs(filled.landmarks_px - whole.landmarks_px)[40:45].max() < 3
    assert (filled.score_ratio > 0).all()
    others = np.delete(np.arange(FRAMES), range(40, 45))
    assert (filled.landmarks_px[others] == whole.landmarks_px[others]).all()


def test_the_length_of_a_gap_is_a_time(clip):
    assert trust(changed(clip(fps=Fraction(50)), range(40, 50), None)).skipped == ()
    assert trust(changed(clip(fps=Fraction(15)), range(40, 44), None)).skipped


def test_gaps_at_the_ends_at_cuts_and_between_two_places_stay(clip):
    for gone, cuts in ((range(3), ()), (range(97, 100), ()), (range(40, 43), (40,)), (range(40, 43), (42,)),
                       (range(40, 43), (43,))):
        assert np.isnan(bridged(changed(clip(cuts), gone, None)).landmarks_px).any()
    away = changed(changed(clip(), range(40, 43), None), range(43, 100), lambda p: p + (150, 0, 0))
    assert np.isnan(bridged(away).landmarks_px[40:43]).all()


def test_a_jump_of_a_frame_or_two_is_replaced_and_movement_is_not(clip):
    whole = clip()
    for frames in ([50], [50, 51], [0]):
        jumped = changed(whole, frames, lambda p: p + (60, 0, 0))
        mended = bridged(jumped).landmarks_px
        if frames[0]:
            assert np.abs(mended - whole.landmarks_px).max() < 2
        else:
            assert trust(jumped).reasons[0] == IMPLAUSIBLE
    steps = np.cumsum(np.full(FRAMES, 2.5)) - 125
    walking = whole
    for frame, step in enumerate(steps):
        walking = changed(walking, [frame], lambda p, step=step: p + np.float32([step, 0, 0]))
    assert bridged(walking) is walking, "nothing to fill: no copy of a long clip"


def test_at_a_cut_nothing_fades(clip):
    gone = changed(clip(cuts=(40, 60)), range(40, 60), None)
    found = trust(gone)
    assert found.skipped == (Stretch(1.6, 2.4, OTHER_SHOT),)
    assert set(found.strength) == {0.0, 1.0}
    assert set(trust(replace(gone, cuts=())).strength) == {0.0, *FADE, 1.0}
    assert (trust(clip(cuts=(50,))).strength == 1).all()


def test_a_face_that_is_seen_too_briefly_is_left_alone(clip):
    gone = changed(clip(), [*range(20, 40), *range(46, 60)], None)
    assert [s.reason for s in trust(gone).skipped] == [NO_FACE, BRIEF, NO_FACE]
    longer = changed(clip(), [*range(20, 40), *range(47, 60)], None)
    assert [s.reason for s in trust(longer).skipped] == [NO_FACE, NO_FACE]


def test_nobody_anywhere(clip):
    found = trust(changed(clip(), range(FRAMES), None))
    assert not found.strength.any() and found.skipped == (Stretch(0.0, 4.0, NO_FACE),)


def test_the_report_is_short(clip):
    assert skipped(["", "a", "a", "b", ""], Fraction(10)) == (Stretch(0.1, 0.3, "a"), Stretch(0.3, 0.4, "b"))
    many = [Stretch(float(i), i + 0.2 + 0.1 * (i == 5), "turned away") for i in range(20)]
    lines = skipped_lines(many, limit=3)
    assert len(lines) == 4 and "5.0 to 5.3 s: turned away" in lines
    assert lines[-1] == "and 17 shorter stretches, 3.4 s in all"
    assert skipped_lines(many[:3]) == ("0.0 to 0.2 s: turned away", "1.0 to 1.2 s: turned away",
                                       "2.0 to 2.2 s: turned away")
    assert skipped_lines([]) == ()
