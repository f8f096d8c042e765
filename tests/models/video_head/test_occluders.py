from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from talking_avatar.models.video_head import occluders
from talking_avatar.models.video_head.occluders import OccluderFinder, sample_frames
from talking_avatar.pipeline_core.face.choice import DetectSettings
from talking_avatar.pipeline_core.face.geometry import LIPS_OUTER
from talking_avatar.pipeline_core.face.trust import HIDDEN, trust
from talking_avatar.pipeline_core.face.video import detect_video

from .conftest import FRAMES, HOST, write_clip

AT = 11


@pytest.fixture(scope="module")
def clip(talker):
    return talker.state.clip


@pytest.fixture(scope="module")
def finder(talker, clip):
    return OccluderFinder(clip, {frame: talker.pictures[frame] for frame in sample_frames(clip)})


def coverage(kind, clip, frame, shape):
    """Return the colour and the opacity of something in front of the mouth [shape=(H, W, 3), (H, W)]."""
    points = clip.landmarks_px[frame, :, :2]
    width = np.linalg.norm(points[234] - points[454])
    mouth, chin = points[[13, 14]].mean(axis=0), points[152]
    mask = np.zeros(shape, np.uint8)
    rng = np.random.default_rng(2)
    if kind == "microphone":
        cv2.circle(mask, np.int32(mouth + [0.05 * width, 0.1 * width]).tolist(), int(0.19 * width), 255, -1)
        colour = 38 + cv2.GaussianBlur(rng.normal(0, 25, shape), (0, 0), 1)[..., None] * [1, 1, 1.1]
    elif kind == "hair":
        top, bottom = mouth + [0.08 * width, -0.5 * width], mouth + [0.02 * width, 0.6 * width]
        cv2.line(mask, np.int32(top).tolist(), np.int32(bottom).tolist(), 255, max(2, int(0.04 * width)))
        colour = np.full((*shape, 3), (46, 34, 26))
    else:  # the fingers of a hand that comes from below
        for finger in range(4):
            x, y = mouth[0] + (finger - 1.5) * 0.14 * width, mouth[1] + (0.05 + 0.06 * abs(finger - 1.4)) * width
            cv2.line(mask, (int(x), int(y)), (int(x), int(chin[1] + 0.4 * width)), 255, int(0.12 * width))
        colour = np.full((*shape, 3), (205, 160, 140)) + cv2.GaussianBlur(rng.normal(0, 8, shape), (0, 0), 1)[..., None]
    return colour, cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.7)


def covered(kind, talker, clip, frame):
    picture = talker.pictures[frame]
    colour, alpha = coverage(kind, clip, frame, picture.shape[:2])
    mixed = picture * (1 - alpha[..., None]) + colour * alpha[..., None]
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8), alpha


def in_box(talker, picture, frame):
    """Return the box of the area that may change as slices, and the area."""
    box, area = talker.state.painter.area(frame, picture.shape[:2])
    return (slice(box.top, box.bottom), slice(box.left, box.right)), area > 0


def test_on_a_free_face_nothing_is_found(talker, clip, finder):
    for frame in range(FRAMES):
        mask = finder.mask(talker.pictures[frame], frame)
        part, area = in_box(talker, talker.pictures[frame], frame)
        assert mask.shape == talker.pictures[frame][part].shape[:2]
        assert mask[area].mean() < 0.01
        assert finder.shown(mask, frame, talker.pictures[frame].shape[:2]) == 1.0


@pytest.mark.parametrize(("kind", "kept", "overlap"), [("microphone", 0.95, 0.75), ("hand", 0.9, 0.65), ("hair", 0.8, 0.35)])
def test_what_is_in_front_is_found(talker, clip, finder, kind, kept, overlap):
    picture, alpha = covered(kind, talker, clip, AT)
    part, area = in_box(talker, picture, AT)
    mask, alpha = finder.mask(picture, AT), alpha[part]
    lips = clip.landmarks_px[AT, list(LIPS_OUTER), :2]
    around = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(around, [np.int32(lips.mean(axis=0) + 1.5 * (lips - lips.mean(axis=0)))], 1)
    assert mask[(alpha > 0.9) & (around[part] > 0)].mean() > kept
    found, there = (mask > 0.5) & area, (alpha > 0.5) & area
    assert (found & there).sum() / (found | there).sum() > overlap
    assert (finder.mask(picture, AT) == mask).all()


@pytest.mark.parametrize(("reach", "found"), [(0.0, False), (0.9, True)])
def test_the_fold_beside_a_laughing_mouth_is_no_thing_unless_it_comes_from_outside(talker, clip, finder, reach, found):
    points, picture = clip.landmarks_px[AT, :, :2], talker.pictures[AT].copy()
    width = np.linalg.norm(points[234] - points[454])
    corner = points[61] + np.float32([-0.02, 0.0]) * width
    outside = corner - np.float32([reach * width, 0.0])
    cv2.line(picture, np.int32(corner).tolist(), np.int32(outside).tolist(), (70, 30, 25), int(0.11 * width))
    part, area = in_box(talker, picture, AT)
    assert (finder.mask(picture, AT)[area].max() > 0.5) == found


@pytest.mark.parametrize(("sure_cm2", "share", "found"), [(3.2, 0.25, True), (1.5, 0.25, False), (3.2, 1.0, False)])
def test_a_hand_may_look_like_skin_where_it_lies_beside_the_face(finder, monkeypatch, sure_cm2, share, found):
    """What differs little reaches from outside to the cheek, where some of it is surely no face."""
    monkeypatch.setattr(occluders, "_REACHING_SHARE", share)
    rows, columns = finder._places.shape
    where = np.dstack(np.meshgrid(np.arange(columns), np.arange(rows))).astype(np.float32)
    excess, side = np.zeros((rows, columns), np.float32), round(np.sqrt(sure_cm2) * occluders.WORK_PX_PER_CM)
    excess[35:105, 28:48] = 0.5
    excess[39 : 39 + side, 32 : 32 + side] = 2.0
    assert finder._coherent(excess, where)[45, 38] == found


def test_a_darker_picture_is_no_thing(talker, finder):
    darker = (talker.pictures[AT] * 0.75).astype(np.uint8)
    part, area = in_box(talker, darker, AT)
    assert finder.mask(darker, AT)[area].mean() < 0.01


def test_a_third_of_the_frames_may_be_covered(talker, clip):
    pictures = {frame: talker.pictures[frame] for frame in sample_frames(clip)}
    some = {frame: covered("microphone", talker, clip, frame)[0] for frame in pictures if frame % 3 == 1}
    picture, alpha = covered("microphone", talker, clip, AT)
    part, _ = in_box(talker, picture, AT)
    assert OccluderFinder(clip, pictures | some).mask(picture, AT)[alpha[part] > 0.9].mean() > 0.9
    everywhere = {frame: covered("microphone", talker, clip, frame)[0] for frame in pictures}
    assert OccluderFinder(clip, everywhere).mask(picture, AT)[alpha[part] > 0.9].mean() < 0.1


def test_a_shot_is_judged_by_itself(talker, clip, finder):
    def other_light(picture):
        shade = np.linspace(0.35, 1.2, picture.shape[1])[None, :, None] * [1.1, 1.0, 0.8]
        return np.clip(picture * shade, 0, 255).astype(np.uint8)

    half = FRAMES // 2
    pictures = {f: p if f < half else other_light(p) for f, p in enumerate(talker.pictures)}
    part, area = in_box(talker, pictures[half], half)
    assert finder.mask(pictures[half], half)[area].mean() > 0.05
    both = OccluderFinder(clip, pictures, (half,))
    assert both.mask(pictures[half], half)[area].mean() < 0.01
    few = OccluderFinder(clip, {f: p for f, p in pictures.items() if f < half + 2}, (half,))
    assert not few.mask(pictures[half], half).any()


def test_samples_are_spread_over_the_longest_shots():
    clip = SimpleNamespace(seen=np.arange(1000) != 3)
    assert len(sample_frames(clip)) == occluders.SAMPLES and 3 not in sample_frames(clip)
    chosen = np.array(sample_frames(clip, (4, 300, 400)))
    assert [int(((chosen >= a) & (chosen < b)).sum()) for a, b in ((0, 4), (4, 300), (300, 400), (400, 1000))] == [0, 12, 12, 12]
    assert len(sample_frames(clip, tuple(range(20, 1000, 20)))) == occluders.MOST_SAMPLES
    assert sample_frames(SimpleNamespace(seen=np.ones(1, bool))) == []


def test_a_covered_mouth_is_left_alone(talker, clip, finder):
    picture, _ = covered("microphone", talker, clip, AT)
    shape = picture.shape[:2]
    assert finder.shown(finder.mask(picture, AT), AT, shape) == 0.0
    hair, _ = covered("hair", talker, clip, AT)
    assert finder.shown(finder.mask(hair, AT), AT, shape) > 0.5


def test_frames_with_a_covered_mouth_are_known_before_anything_is_drawn(talker, tmp_path):
    held, pictures = range(10, 14), [picture.copy() for picture in talker.pictures]
    for frame in held:
        x, y = talker.face.landmarks_px[frame, 0, [13, 14], :2].mean(axis=0)
        cv2.circle(pictures[frame], (int(x), int(y) + 4), 26, (40, 38, 42), -1)
    write_clip(tmp_path / "held.mp4", pictures)
    found = detect_video(tmp_path / "held.mp4", DetectSettings(), HOST)
    judged = trust(found)
    assert [frame for frame, reason in enumerate(judged.reasons) if reason == HIDDEN] == list(held)
    assert not judged.strength[10:14].any() and 0 < judged.strength[9] < judged.strength[6] == 1
    assert trust(talker.face).skipped == ()
