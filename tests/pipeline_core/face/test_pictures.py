"""Masks, overlay and report."""

import av
import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.errors import InputError, SettingError
from talking_avatar.pipeline_core.face import masks
from talking_avatar.pipeline_core.face.masks import MaskSettings, all_masks, face_mask, mouth_mask
from talking_avatar.pipeline_core.face.overlay import OTHER_RGB, SELECTED_RGB, overlay
from talking_avatar.pipeline_core.face.report import report
from talking_avatar.pipeline_core.media.video import media_file
from talking_avatar.pipeline_core.types import FaceTrack, Portrait


def track(*faces, size=(300, 400), selected=0, video=None, frames=1, portrait=True, found_by=""):
    height, width = size
    landmarks = np.stack(faces)[None].repeat(frames, axis=0)
    picture = Portrait(np.full((height, width, 3), 50, np.uint8), source="aunt.png") if portrait else None
    return FaceTrack(width, height, landmarks, np.full(landmarks.shape[:2], 0.9, np.float32),
                     tuple(range(len(faces))), selected, portrait=picture, video=video, warnings=("be careful",), found_by=found_by)


def test_masks_are_soft_and_nested(place):
    face = track(place(200, 150, 2.0))
    oval, mouth = face_mask(face), mouth_mask(face)
    assert oval.shape == mouth.shape == (300, 400)
    assert oval.dtype == mouth.dtype == np.uint8
    assert oval.max() == mouth.max() == 255
    assert oval[0, 0] == mouth[0, 0] == 0
    assert 0.1 < (mouth > 0).sum() / (oval > 0).sum() < 0.4
    assert (oval[mouth > 128] > 128).mean() > 0.8
    for mask in (oval, mouth):
        steps = np.abs(np.diff(mask.astype(int), axis=1))
        assert 0 < steps.max() < 120
    lips = face.selected_landmarks_px[[13, 14], :2].mean(axis=0).round().astype(int)
    assert mouth[lips[1], lips[0]] == 255


def turned(points, degrees):
    middle, a = points.mean(axis=0), np.radians(degrees)
    spin = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return ((points - middle) @ spin.T + middle).astype(np.float32)


def inside(mask, points, *numbers):
    return [int(mask[y, x]) for x, y in np.round(points[list(numbers), :2]).astype(int)]


@pytest.mark.parametrize("degrees", [0, 60, 90, 180, 250])
def test_masks_turn_with_the_face(place, degrees):
    points = turned(place(200, 150, 1.5), degrees)
    face = track(points)
    mouth, oval = mouth_mask(face), face_mask(face)
    # Lips and chin are in, nose, eyes and forehead are not.
    assert min(inside(mouth, points, 0, 17, 61, 291, 13, 14, 152)) > 200
    assert max(inside(mouth, points, 1, 33, 263, 10)) == 0
    assert min(inside(oval, points, 1, 33, 263, 13, 151, 9)) == 255
    forehead = points[10] + 0.15 * (points[10] - points[9])
    assert oval[round(float(forehead[1])), round(float(forehead[0]))] == 255


def test_the_mouth_mask_covers_the_lips_when_they_move(place):
    rest = place(200, 150, 1.5)
    mask = mouth_mask(track(rest))
    spoken = rest.copy()
    spoken[[14, 17, 87, 317, 84, 314]] += (0, 10, 0)
    spoken[[152, 148, 377]] += (0, 5, 0)
    assert min(inside(mask, spoken, 14, 17, 84, 314, 152)) > 200


def test_masks_have_neither_holes_nor_folds_on_a_face_in_profile(place):
    flat = place(200, 150, 1.5)
    flat[:, 0] = 200 + (flat[:, 0] - 200) * 0.3 + np.abs(flat[:, 1] - 150) * 0.3
    mask = face_mask(track(flat)) > 127
    assert mask.any()
    for line in (*mask, *mask.T):
        assert np.count_nonzero(np.diff(line.astype(int))) <= 2


def test_masks_grow_and_soften(place):
    face = track(place(200, 150, 1.5))
    areas = [(mouth_mask(face, MaskSettings(grow_ratio=g)) > 127).sum() for g in (-0.05, 0.0, 0.1)]
    assert areas[0] < areas[1] < areas[2]
    hard, soft = (mouth_mask(face, MaskSettings(feather_ratio=f)) for f in (0.0, 0.2))
    grey = [((m > 8) & (m < 247)).sum() for m in (hard, soft)]
    assert 0 < grey[0] < grey[1] / 3
    with pytest.raises(SettingError, match="grow_ratio"):
        MaskSettings(grow_ratio=3.0)
    with pytest.raises(SettingError, match="frames"):
        MaskSettings(frames="some")


def test_masks_of_all_frames_follow_the_face(place, monkeypatch):
    landmarks = np.stack([place(100), place(200), np.full((478, 3), np.nan)])[:, None]
    face = FaceTrack(400, 300, landmarks, np.ones((3, 1), np.float32), (0,), fps=25)
    faces, mouths = all_masks(face, MaskSettings(frames="all"))
    assert faces.shape == mouths.shape == (3, 300, 400)
    assert (faces[0] == face_mask(face, MaskSettings())).all()
    assert [int(mask.any()) for mask in mouths] == [1, 1, 0]
    monkeypatch.setattr(masks, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="3 frames"):
        all_masks(face, MaskSettings(frames="all"))


def test_masks_take_the_face_that_talks(place):
    faces = place(100), place(300, 200)
    assert face_mask(track(*faces))[100, 100] == 255
    second = face_mask(track(*faces, selected=1))
    assert (second[100, 100], second[200, 300]) == (0, 255)


@pytest.mark.parametrize("at", [(0, 0), (400, 300), (-900, 50), (5000, 5000)])
def test_masks_at_and_beyond_the_border(place, at):
    mask = face_mask(track(place(*at, 1.5)))
    assert mask.shape == (300, 400)
    assert mask.any() == (at in ((0, 0), (400, 300)))


def test_masks_without_a_face_in_sight(place):
    assert not face_mask(track(np.full((478, 3), np.nan, np.float32))).any()
    none = FaceTrack(40, 30, np.zeros((1, 0, 478, 3), np.float32), np.zeros((1, 0), np.float32), ())
    assert not mouth_mask(none).any()
    assert overlay(none).shape == (30, 40, 3)
    assert "0 faces" in report(none)


def count(image, rgb):
    return int((image == rgb).all(axis=2).sum())


def test_overlay_marks_the_talker_in_its_own_colour(place):
    faces = place(100), place(300, 200)
    drawn = overlay(track(*faces))
    assert count(drawn[:, :200], SELECTED_RGB) > 100 and count(drawn[:, :200], OTHER_RGB) == 0
    assert count(drawn[:, 200:], OTHER_RGB) > 100 and count(drawn[:, 200:], SELECTED_RGB) == 0
    other = overlay(track(*faces, selected=1))
    assert count(other[:, :200], OTHER_RGB) > 100


def test_overlay_leaves_the_picture_itself_alone(place):
    face = track(place())
    before = face.portrait.image.copy()
    assert (overlay(face) != before).any()
    assert (face.portrait.image == before).all()


@pytest.mark.parametrize(("size", "scale"), [((20, 20), 0.1), ((1, 1), 0.01), ((2000, 3000), 6.0)])
def test_overlay_works_at_any_size(place, size, scale):
    assert overlay(track(place(size[1] / 2, size[0] / 2, scale), size=size)).shape == (*size, 3)


def test_lines_grow_with_the_picture(place):
    small = overlay(track(place(200, 150)))
    large = overlay(track(place(2000, 1500, 10), size=(3000, 4000)))
    share = [count(i, SELECTED_RGB) / (i.shape[0] * i.shape[1]) for i in (small, large)]
    assert share[1] > 0.15 * share[0]


def write_clip(path, levels):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for level in levels:
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_overlay_of_a_video_shows_the_first_frame_with_the_face(tmp_path, place):
    path = tmp_path / "clip.mp4"
    write_clip(path, [20, 20, 20, 200, 200])
    landmarks = np.full((5, 1, 478, 3), np.nan, np.float32)
    landmarks[3:, 0] = place(160, 120)
    face = FaceTrack(320, 240, landmarks, np.ones((5, 1), np.float32), (0,), fps=25, video=media_file(path))
    assert abs(int(overlay(face)[0, 0, 0]) - 200) < 8
    assert face_mask(face).any()
    assert "seen in 2 of 5 frames" in report(face)
    write_clip(path, [20] * 9)
    with pytest.raises(InputError, match="changed"):
        overlay(face)


def test_report_names_everything(place):
    register_all()
    text = report(track(place(100), place(300, 200, 2.0), selected=1, found_by="face_mesh"))
    first, *lines = text.splitlines()
    assert first == "aunt.png: 400 x 300 px, 2 faces"
    assert lines[0].startswith("face 0: 89 px wide at (1") and "talks" not in lines[0]
    assert lines[1].startswith("face 1: 178 px wide") and lines[1].endswith("<- talks")
    assert all(word in lines[0] for word in ("yaw", "pitch", "roll", "score 0.90"))
    assert "warning: be careful" in lines
    assert "Apache-2.0" in lines[-1]
