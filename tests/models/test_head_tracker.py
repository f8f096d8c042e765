"""What a face does, from landmarks of a head that is known exactly."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models.head_tracker import EYEBALL_BEHIND_CM, FOUND_ACROSS_UP, HeadTracker
from talking_avatar.models.photo_head.field import rotation_matrix
from talking_avatar.models.photo_head.fit import Pose
from talking_avatar.models.photo_head.head_model import load_head_model
from talking_avatar.models.photo_head.plug import EYEBALL_RADIUS_CM
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.types import FaceTrack
from talking_avatar.tests.models.photo_head.conftest import landmarks_of

COUNT = 50
EYES = ((473, 362, 263), (468, 133, 33))


def filmed(head_deg, gaze_deg, **units):
    """Measure a head whose eyes look somewhere and whose units move."""
    model, frames = load_head_model(), []
    for k in range(COUNT):
        shape = model.vertices + sum(value[k] * model.units[INDEX[name]] for name, value in units.items())
        pose = Pose(rotation_matrix(head_deg[k]), 12.0, np.float32([150, 140]))
        points = landmarks_of(model, np.asarray(shape, np.float32), pose)
        sight = np.radians(gaze_deg[k])
        look = np.float32([np.sin(sight[0]) * np.cos(sight[1]), np.sin(sight[1]), np.cos(sight[0]) * np.cos(sight[1])])
        away = pose.rotation @ (EYEBALL_RADIUS_CM * look - [0, 0, EYEBALL_BEHIND_CM])
        for iris, *corners in EYES:
            points[iris : iris + 5, :2] = points[corners, :2].mean(axis=0) + 12.0 * away[:2] * FOUND_ACROSS_UP * [1, -1]
        frames.append(points)
    face = FaceTrack(300, 300, np.array(frames)[:, None], np.ones((COUNT, 1), np.float32), (0,), fps=Fraction(25))
    return HeadTracker().track(face, PlainHost())


T = np.arange(COUNT) / 25
STILL = np.zeros((COUNT, 3))


def test_gaze_is_told_from_the_heads_own_turns():
    turning = np.stack([12 * np.sin(5 * T), 8 * np.cos(4 * T), 0 * T], axis=1)
    gaze = np.stack([10 * np.sin(3 * T), 6 * np.cos(7 * T)], axis=1)
    found = filmed(turning, gaze).gaze_deg
    assert np.abs(found - found.mean(axis=0) - gaze + gaze.mean(axis=0)).max() < 2.5
    ahead = filmed(turning, 0 * gaze).gaze_deg
    assert np.abs(ahead - ahead.mean(axis=0)).max() < 2.5, "a head that turns does not look around"


def test_jaw_smile_and_brows_are_told_apart():
    jaw, smile, brows = (0.2 + 0.2 * np.sin(w * T) for w in (11.0, 3.5, 6.0))
    track = filmed(STILL, STILL[:, :2], jawOpen=jaw, mouthSmileLeft=smile, mouthSmileRight=smile, browInnerUp=brows)
    for name, moved, least in (("jawOpen", jaw, 0.95), ("mouthSmileLeft", smile, 0.95), ("browInnerUp", brows, 0.8)):
        found = track.expression[:, INDEX[name]]
        assert np.corrcoef(found, moved)[0, 1] > least
        assert abs(np.corrcoef(found, np.random.default_rng(0).permutation(moved))[0, 1]) < 0.5
    assert track.expression[:, INDEX["jawOpen"]].std() == pytest.approx(jaw.std(), rel=0.5)
