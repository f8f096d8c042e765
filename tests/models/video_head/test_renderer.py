"""Redrawn mouths: nothing else changes, lips meet when they shall, the clip's own speech is gone."""

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models.video_head.renderer import VideoHeadRenderer
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.face.choice import DetectSettings, landmarker_of
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.interfaces import BaseFrame, MouthRenderer
from talking_avatar.pipeline_core.registry import resolve
from talking_avatar.pipeline_core.render.settings import RenderSettings

from .conftest import FRAMES, HOST, OPEN, SHUT, Talker, motion

WIDE = {"jawOpen": 0.4}


@pytest.fixture(scope="module")
def gap():
    """Measures the gap between the lips in a picture, as a share of the mouth's width."""
    landmarker = landmarker_of(DetectSettings())

    def measure(picture) -> float:
        points = landmarker.detect([np.ascontiguousarray(picture[..., :3])], HOST)[0][0].landmarks_px[:, :2]
        return float(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[61] - points[291]))

    return measure


def differs(a, b):
    return np.any(a != b, axis=2)


def test_it_is_found_by_its_name():
    assert isinstance(resolve("renderer", "video_head").load(), MouthRenderer)
    assert resolve("renderer", "auto").id == "photo_head"


def test_only_the_area_of_the_frame_changes(talker):
    for base, drawn in zip(talker.bases(), talker.drawn(motion(**WIDE)), strict=True):
        mask = talker.renderer.frame_mask(talker.state, base.source)
        changed = differs(base.picture, drawn)
        assert changed[mask == 255].sum() > 200
        assert not changed[mask == 0].any()
        assert 0.02 < (mask > 0).mean() < 0.5


def test_the_mask_covers_the_area_of_every_frame(talker):
    union = np.max([talker.renderer.frame_mask(talker.state, frame) for frame in range(FRAMES)], axis=0)
    assert np.array_equal(talker.renderer.mask(talker.state, motion()), union)


def test_eyes_and_brows_stay(talker):
    points = talker.state.clip.landmarks_px[0, [105, 334, 33, 263, 168], :2].round().astype(int)
    mask = talker.renderer.frame_mask(talker.state, 0)
    assert not mask[points[:, 1], points[:, 0]].any()


def test_lips_meet_where_they_shall(talker, gap):
    shut = talker.drawn(motion(jawOpen=0.12, lipClosure=1.0), OPEN + SHUT)
    parted = talker.drawn(motion(**WIDE), OPEN + SHUT)
    assert max(gap(picture) for picture in shut) < 0.03
    assert min(gap(picture) for picture in parted) > 0.12


def test_the_clips_own_speech_is_gone(talker, gap):
    assert min(gap(talker.pictures[frame]) for frame in OPEN) > 0.12
    assert max(gap(picture) for picture in talker.drawn(motion(), OPEN)) < 0.05


def test_strength_0_hands_on_the_picture_itself(talker):
    bases = talker.bases(range(3), 0.0)
    drawn = talker.drawn(motion(**WIDE), range(3), 0.0)
    assert all(picture is base.picture for base, picture in zip(bases, drawn, strict=True))


def test_a_mouth_fades_in_by_opening(talker, gap):
    gaps = [gap(talker.drawn(motion(**WIDE), (8,), strength)[0]) for strength in (0.0, 0.5, 1.0)]
    assert gaps[0] + 0.03 < gaps[1] < gaps[2] - 0.03


def test_a_weak_mouth_changes_little(talker):
    picture = talker.pictures[12].astype(int)
    change = [np.abs(talker.drawn(motion(), (12,), s)[0] - picture).mean() for s in (0.02, 0.2, 1.0)]
    assert change[0] < 0.25 * change[2]
    assert change == sorted(change)


def test_any_part_of_a_clip_and_any_number_of_threads_give_the_same_pixels(talker):
    track = motion(jawOpen=np.linspace(0, 0.5, FRAMES))
    whole = talker.drawn(track, host=PlainHost(threads=1))
    part = talker.drawn(track, range(9, 13))
    assert all(np.array_equal(a, b) for a, b in zip(whole[9:13], part, strict=True))
    assert not np.array_equal(whole[9], whole[10])


def test_a_motion_that_is_too_short_holds_its_last_frame(talker):
    short = talker.drawn(motion(3, jawOpen=[0.1, 0.2, 0.4]), (7,))[0]
    assert np.array_equal(short, talker.drawn(motion(8, jawOpen=0.4), (7,))[0])


def test_frames_without_a_face_pass_through(interrupted):
    drawn = interrupted.drawn(motion(**WIDE))
    for frame, picture in enumerate(drawn):
        assert (picture is interrupted.pictures[frame]) == (8 <= frame < 16)
        assert interrupted.renderer.frame_mask(interrupted.state, frame).any() == (not 8 <= frame < 16)


def test_head_eyes_and_brows_of_the_motion_are_ignored(talker):
    plain = talker.drawn(motion(**WIDE), (5,))[0]
    more = motion(**WIDE, head_deg=[9, 5, 3], gaze_deg=[10, 5], eyeBlinkLeft=1.0, browInnerUp=1.0)
    assert np.array_equal(plain, talker.drawn(more, (5,))[0])


def test_frames_are_drawn_as_they_are_asked_for(talker):
    asked = []

    def bases():
        for base in talker.bases():
            asked.append(base.number)
            yield base

    stream = talker.renderer.redraw(talker.state, motion(**WIDE), bases(), HOST)
    assert asked == []
    next(stream)
    assert len(asked) <= HOST.threads + 1


def test_pictures_are_not_changed_in_place(talker):
    picture = talker.pictures[4].copy()
    picture.flags.writeable = False
    list(talker.renderer.redraw(talker.state, motion(**WIDE), [BaseFrame(4, 4, picture, 1.0)], HOST))
    assert np.array_equal(picture, talker.pictures[4])


def test_opacity_stays(talker):
    alpha = np.full((*talker.pictures[4].shape[:2], 1), 77, np.uint8)
    see_through = np.concatenate([talker.pictures[4], alpha], axis=2)
    drawn = next(iter(talker.renderer.redraw(talker.state, motion(**WIDE), [BaseFrame(4, 4, see_through, 1.0)], HOST)))
    assert np.array_equal(drawn[..., 3], alpha[..., 0])
    assert np.array_equal(drawn[..., :3], talker.drawn(motion(**WIDE), (4,))[0])


def test_only_the_mouth_of_a_photo_moves(portrait, gap):
    renderer = VideoHeadRenderer()
    state = renderer.prepare(portrait, RenderSettings(), HOST)
    photo = portrait.portrait.image
    track = motion(3, jawOpen=[0.0, 0.4, 0.1], lipClosure=[0.0, 0.0, 1.0])
    drawn = list(renderer.redraw(state, track, [BaseFrame(n, 0, photo, 1.0) for n in range(3)], HOST))
    assert gap(drawn[1]) > 0.12 > 0.03 > gap(drawn[2])
    assert not differs(drawn[1], photo)[renderer.frame_mask(state, 0) == 0].any()


def test_a_face_without_pictures_is_refused(talker):
    nowhere = replace(talker.face, video=None)
    with pytest.raises(InputError, match="neither a photo nor a video"):
        VideoHeadRenderer().prepare(nowhere, RenderSettings(), HOST)


def test_something_in_front_stays_there(talker):
    painter = talker.state.painter
    box, _ = painter.area(4, talker.pictures[4].shape[:2])

    class Hand:
        def mask(self, picture, frame):
            front = np.zeros(box.shape, np.float32)
            front[:, : box.shape[1] // 2] = 1.0
            return front

        def shown(self, mask, frame, shape):
            return 1.0

    covered = type(painter)(painter.shape, painter.look, painter.bank, Hand())
    state = replace(talker.state, painter=covered)
    drawn = Talker(talker.face, talker.pictures, talker.renderer, state).drawn(motion(**WIDE), (4,))[0]
    changed = differs(drawn, talker.pictures[4])
    middle = box.left + box.shape[1] // 2
    assert not changed[:, :middle].any()
    assert np.array_equal(drawn[:, middle:], talker.drawn(motion(**WIDE), (4,))[0][:, middle:])
