"""What a clip is known by: its face at rest, the lips it lends, the area that is drawn, colours, the neck."""

import numpy as np
import pytest
from talking_avatar.models.photo_head.head_model import load_head_model
from talking_avatar.models.photo_head.mouth_look import LUMINANCE
from talking_avatar.models.photo_head.mouth_pose import Mouth
from talking_avatar.models.video_head.lip_bank import lip_frames
from talking_avatar.models.video_head.look import Corridor, look_frames, motion_blur_px, seen_inside
from talking_avatar.models.video_head.neck import _way_out
from talking_avatar.models.video_head.region import LowerFace, fill_area, outline_px
from talking_avatar.models.video_head.sampling import some_pictures
from talking_avatar.pipeline_core.arkit import INDEX

from .conftest import FRAMES, OPEN, SHUT

JAW = INDEX["jawOpen"]


@pytest.fixture
def painter(talker):
    return talker.state.painter


def test_speech_is_not_part_of_the_rest(painter):
    rest, own = painter.shape.rest, painter.clip.expression
    resting = np.array([rest.expression(frame) for frame in range(FRAMES)])
    assert np.ptp(own[:, JAW]) > 0.15 > 0.03 > np.ptp(resting[:, JAW])
    shut = own[list(SHUT), JAW].mean()
    assert abs(resting[:, JAW].mean() - shut) < 0.1


def test_lips_rest_shut_however_open_the_frame_is(painter):
    gaps = [painter.shape.mouth.gap(painter.shape._shaped(source.neutral_cm, source.expression))[0]
            for source in (painter.shape.source(frame) for frame in (*OPEN, *SHUT))]
    assert max(float(np.linalg.norm(gap, axis=1).max()) for gap in gaps) < 0.15
    assert min(painter.shape.rest.opening_cm[list(OPEN)]) > 0.8


def test_shut_frames_lend_their_lips(painter):
    chosen = lip_frames(painter.clip, painter.shape.rest)
    opening = painter.shape.rest.opening_cm
    assert chosen and max(opening[chosen]) < 0.15 < 0.8 < opening.max()


def test_open_frames_borrow_and_shut_ones_do_not(painter, talker):
    def loans(frame):
        return painter._stage(talker.bases((frame,))[0]).loans

    assert sum(loan.share for loan in loans(OPEN[1])) == pytest.approx(1.0, abs=0.05)
    assert loans(SHUT[1]) == []


def test_everything_that_moves_lies_in_the_area(painter):
    face = painter.shape.face
    for frame in (0, 7, 15):
        head = painter.clip.head_at(frame)
        mask = np.zeros((272, 272), np.uint8)
        fill_area(mask, outline_px(painter.clip, frame))
        at = head.source_px[face.weight(head.pose)[:, 0] > 0.05, :2].round().astype(int)
        assert (mask[at[:, 1].clip(0, 271), at[:, 0].clip(0, 271)] > 0).mean() > 0.998


def test_lips_and_chin_move_in_full_and_the_nose_not_at_all(painter):
    weight = painter.shape.face.weight(painter.clip.pose(0))[:, 0]
    model = painter.clip.model
    assert weight[model.lips.margin].min() > 0.99
    tip = np.argmax(model.vertices[:, 2])
    assert weight[tip] == 0.0
    assert weight[np.linalg.norm(model.vertices - [0, -6.5, 10.5], axis=1).argmin()] > 0.99


def test_a_narrower_seam_moves_more(painter):
    narrow = LowerFace(painter.clip.model, painter.clip.neutral_cm, 0.5)
    pose = painter.clip.pose(0)
    assert narrow.weight(pose).sum() > painter.shape.face.weight(pose).sum()


def test_the_look_is_taken_from_open_frames(painter):
    frames = look_frames(painter.clip, painter.shape.rest, 25.0)
    assert max(painter.shape.rest.opening_cm[frames]) == painter.shape.rest.opening_cm.max()
    assert len(frames) == len(set(frames)) <= 10


def test_the_inside_is_seen_only_between_open_lips(painter, talker):
    brightest, darkest = seen_inside(talker.pictures[OPEN[1]], painter.clip.landmarks_px[OPEN[1]])
    assert brightest @ LUMINANCE > 0.02
    assert darkest.max() < 120
    assert seen_inside(talker.pictures[SHUT[1]], painter.clip.landmarks_px[SHUT[1]]) is None


def test_a_moving_head_is_blurred_and_a_still_one_is_not(painter):
    blur = [motion_blur_px(painter.clip, frame) for frame in range(FRAMES)]
    assert 0.0 < min(blur) < max(blur) < 1.5


def test_hidden_neck_borrows_from_below_what_hides_it():
    steps = np.arange(-0.35, 1.0, 0.1, dtype=np.float32)
    hidden, free, farther = steps < 0.2, steps < -9, steps > 0.5
    nearest = np.float32(np.where([hidden, free, farther], 100.0, -100.0))
    places, along = np.float32([[0, row, 0] for row in range(3)]), np.arange(len(steps), dtype=np.float32)
    found = _way_out(nearest, places, np.stack([along, np.zeros_like(along)]), steps)
    assert found[0] == pytest.approx(0.25 + 0.35, abs=0.06)
    assert found[1] == found[2] == 0.0


def test_frames_are_read_by_their_numbers(talker):
    found = some_pictures(talker.face, (17, 2, 3))
    assert sorted(found) == [2, 3, 17]
    assert all(np.array_equal(found[frame], talker.pictures[frame]) for frame in found)


def test_side_teeth_are_dark_behind_narrow_slits():
    corridor = Corridor.of(Mouth.from_tensors(load_head_model().mouth), 2.3)
    narrow, wide = corridor.light(0.2), corridor.light(1.6)
    for row in (slice(0, 14), slice(14, 28)):
        assert narrow[row][6:8].min() > 0.9, "incisors take the light there is"
        assert narrow[row][[3, 10]].max() < 0.3, "premolars lie in the dark"
        assert (wide[row][2:12] > narrow[row][2:12] - 0.02).all() and wide[row][[3, 10]].min() > narrow[row][[3, 10]].max()
        assert (np.diff(narrow[row][:7]) >= 0.0).all() and (np.diff(narrow[row][7:]) <= 0.0).all()
    assert corridor.light(0.0).max() == 0.0
