"""One identity over a clip, pose and expression in every frame, no tremble and no lag."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models.head_tracker import head_track
from talking_avatar.models.photo_head.batch_fit import align
from talking_avatar.models.photo_head.clip_fit import fit_clip
from talking_avatar.models.photo_head.field import rotation_matrix
from talking_avatar.models.photo_head.fit import Pose
from talking_avatar.pipeline_core.arkit import INDEX
from talking_avatar.pipeline_core.errors import NoFaceFound
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.types import FaceTrack
from talking_avatar.tests.models.photo_head.conftest import landmarks_of

FPS = Fraction(25)
COUNT = 60
TREMBLE_PX = 0.15


class Clip:
    """A known head that turns, opens its mouth and shuts its eyes once, seen with tremble."""

    def __init__(self, model):
        rng = np.random.default_rng(5)
        t = np.arange(COUNT) / 25.0
        self.identity = rng.normal(0, 0.7, 60).astype(np.float32)
        self.head_deg = np.stack([12 * np.sin(2 * t), 4 * np.sin(3 * t), 0 * t], axis=1)
        self.jaw = 0.4 * np.clip(np.sin(2 * np.pi * 1.5 * t), 0, 1) * (t > 0.8)
        self.blink = np.where(np.arange(COUNT) // 2 == 20, 0.75, 0.0)
        neutral = model.vertices + np.tensordot(self.identity, model.identity, 1)
        frames = []
        for k in range(COUNT):
            shape = neutral + self.jaw[k] * model.units[INDEX["jawOpen"]]
            shape = shape + self.blink[k] * (model.units[INDEX["eyeBlinkLeft"]] + model.units[INDEX["eyeBlinkRight"]])
            pose = Pose(rotation_matrix(self.head_deg[k]), 12.0, np.float32([150 + k, 140]))
            frames.append(landmarks_of(model, shape.astype(np.float32), pose))
        self.exact = np.array(frames)
        self.seen = self.exact + rng.normal(0, TREMBLE_PX, self.exact.shape).astype(np.float32)


@pytest.fixture(scope="module")
def clip(head_model):
    return Clip(head_model)


@pytest.fixture(scope="module")
def fitted(head_model, clip):
    return fit_clip(head_model, clip.seen, np.ones(COUNT, np.float32), FPS, PlainHost())


def test_pose_and_expression_are_found(clip, fitted):
    yaw = np.degrees(np.arctan2(fitted.rotation[:, 0, 2], fitted.rotation[:, 2, 2]))
    assert np.abs(yaw - clip.head_deg[:, 0]).max() < 2.0
    assert np.corrcoef(fitted.expression[:, INDEX["jawOpen"]], clip.jaw)[0, 1] > 0.97
    blink = fitted.expression[:, INDEX["eyeBlinkLeft"]]
    assert blink[40:42].min() > 0.3 and np.delete(blink, [39, 40, 41, 42]).max() < 0.2
    assert fitted.seen.all() and fitted.residual_ratio.max() < 0.01


def test_the_head_lies_on_the_landmarks_of_each_frame(head_model, fitted):
    for frame in (0, 25, 40):
        head = fitted.head_at(frame)
        off = head_model.landmarks(head.source_px)[:, :2] - fitted.landmarks_px[frame, :468, :2]
        assert np.linalg.norm(off, axis=1).mean() < 0.5


def test_tremble_goes_and_nothing_comes_late(clip, fitted):
    def tremble(points):
        return np.abs(np.diff(points[:18, :468, :2], 2, axis=0)).mean()

    assert tremble(fitted.landmarks_px) < 0.6 * tremble(clip.seen)
    error = [np.abs(fitted.landmarks_px[2 + s:58 + s, :468, :2] - clip.exact[2:58, :468, :2]).mean() for s in (-1, 0, 1)]
    assert error[1] < min(error[0], error[2])
    gap = np.linalg.norm(fitted.landmarks_px[:, 386] - fitted.landmarks_px[:, 374], axis=1)
    exact = np.linalg.norm(clip.exact[:, 386] - clip.exact[:, 374], axis=1)
    assert gap[40] < exact[40] + 0.15 * (exact[35] - exact[40]), "a blink stays shut"


def test_short_gaps_are_bridged_and_long_ones_left(head_model, clip):
    points, score = clip.seen.copy(), np.ones(COUNT, np.float32)
    score[10:13] = score[30:45] = 0
    points[score == 0] = np.nan
    fitted = fit_clip(head_model, points, score, FPS, PlainHost())
    assert fitted.seen[10:13].all() and not fitted.seen[30:45].any() and fitted.seen[45:].all()
    assert np.abs(fitted.landmarks_px[11] - clip.exact[11])[:, :2].mean() < 1.5
    assert np.isnan(fitted.landmarks_px[30:45]).all() and np.isfinite(fitted.expression).all()
    points[13:] += 400  # another place: a cut
    assert not fit_clip(head_model, points, score, FPS, PlainHost()).seen[10:13].any()


def test_a_photo_is_a_clip_of_one_frame(head_model, clip, fitted):
    one = fit_clip(head_model, clip.seen[:1], np.ones(1, np.float32), Fraction(1), PlainHost())
    assert one.expression.shape == (1, 52) and one.head_at(0).residual_ratio < 0.01
    with pytest.raises(NoFaceFound):
        fit_clip(head_model, clip.seen[:1], np.zeros(1, np.float32), Fraction(1), PlainHost())


def test_the_tracker_measures_angles_lids_and_lips(clip, fitted):
    face = FaceTrack(400, 400, clip.seen[:, None], np.ones((COUNT, 1), np.float32), (0,), fps=FPS)
    track = head_track(fitted, face)
    assert np.abs(track.head_deg - clip.head_deg).max() < 2.5
    assert track.lids_ratio[40].max() < 0.7 * np.median(track.lids_ratio)
    assert np.corrcoef(track.lips_ratio[:, 0], clip.jaw)[0, 1] > 0.97
    assert np.ptp(track.head_shift[:, 0]) > 0.5 and np.abs(track.gaze_deg).max() < 15


def test_alignment_undoes_itself():
    rng = np.random.default_rng(1)
    points, target = rng.normal(size=(4, 50, 3)), rng.normal(size=(4, 50, 3))
    rigid = align(points, target)
    assert rigid.undo(rigid.apply(points)) == pytest.approx(points, abs=1e-9)
