"""Eyes that turn as a whole, and what the lids cover of them."""

from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models.photo_head.eyeball import paint_eyes
from talking_avatar.models.photo_head.plug import EYEBALL_PER_IRIS, build_plug
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.tests.models.photo_head.motions import HOST, drawn, track

SIZE, RADIUS = 200, 14
CENTRES = np.float32([[150, 60], [50, 60]])
"""Left and right eye of the subject."""
SKIN, WHITE, IRIS = (200, 150, 130), (235, 235, 230), (70, 50, 40)


def outline(centre, half=(24.0, 9.0)):
    """A lid opening that covers the iris above and below."""
    turn = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    return np.float32(centre + np.stack([np.cos(turn), np.sin(turn)], axis=1) * half)


@pytest.fixture
def eyes():
    y, x = np.mgrid[:SIZE, :SIZE]
    image = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    points = np.zeros((478, 3), np.float32)
    for centre, first in zip(CENTRES, (473, 468), strict=True):
        inside = ((x - centre[0]) / 24) ** 2 + ((y - centre[1]) / 9) ** 2 < 1
        image[inside] = WHITE
        image[inside & (np.hypot(x - centre[0], y - centre[1]) < RADIUS)] = IRIS
        points[first : first + 5, :2] = centre + RADIUS * np.float32([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
    return image, [outline(centre) for centre in CENTRES], points


def test_covered_iris_and_white_are_painted_on_and_the_eye_itself_stays(eyes):
    image, margins, points = eyes
    sheet = paint_eyes(image, margins, points)
    top = sheet.top
    for eye, (x, y) in zip(sheet.eyes, CENTRES.astype(int), strict=True):
        assert eye.radius == pytest.approx(RADIUS) and eye.centre == pytest.approx([x, y])
        assert np.array_equal(sheet.rows[y - top, x - 18 : x + 18], image[y, x - 18 : x + 18])
        assert image[y - 11, x].tolist() == list(SKIN), "the lid covers it"
        assert np.abs(sheet.rows[y - 11 - top, x].astype(int) - IRIS).max() < 30
        assert np.abs(sheet.rows[y - 12 - top, x + 17].astype(int) - WHITE).max() < 40


@pytest.mark.parametrize("clockwise", [True, False])
def test_the_iris_goes_as_a_whole_and_corners_stay(eyes, clockwise):
    image, margins, points = eyes
    eye, loop = paint_eyes(image, margins, points).eyes[0], margins[0][:: 1 if clockwise else -1]
    plug = build_plug(np.arange(56), np.column_stack([loop, np.zeros(56)]).astype(np.float32), eye, 0.0)
    shift = plug.texture - plug.uv(np.float32([10, 0]))
    inner = np.linalg.norm(plug.texture[: plug.turning] - eye.centre, axis=1) < 0.6 * RADIUS
    assert shift[: plug.turning][inner] == pytest.approx(np.tile([np.radians(10) * EYEBALL_PER_IRIS * RADIUS, 0], (inner.sum(), 1)), abs=1e-3)
    assert not shift[plug.turning :].any(), "lashes stay with the lids"
    behind = plug.texture[: plug.turning, 0] - eye.centre[0] < -0.8 * 24
    assert np.abs(shift[: plug.turning][behind]).max() < 0.4 * shift.max()
    a, b, c = (plug.points[plug.triangles[:, k], :2] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert area.max() <= 1e-3, "every triangle shows its front, whichever way the margin runs"
    warped = replace(plug, sheet_px=None)
    assert np.array_equal(warped.uv(np.float32([0, 0])), plug.texture)
    assert not np.allclose(warped.uv(np.float32([10, 0])), plug.uv(np.float32([10, 0])))


def test_a_portrait_looks_to_both_sides_and_up_with_both_eyes(photographed):
    renderer = PhotoHeadRenderer()
    state = renderer.prepare(photographed, RenderSettings(), HOST)
    points = photographed.selected_landmarks_px

    def darkness(frame, eye):
        """Where the dark of an eye lies [shape=(2,), px]."""
        corners = points[list(eye), :2]
        (left, top), (right, bottom) = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
        grey = frame[top : bottom + 1, left : right + 1].astype(float).mean(axis=2)
        weight = np.maximum(np.quantile(grey, 0.5) - grey, 0.0)
        y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
        return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()

    ahead = drawn(renderer, state, track(1))[0]
    for eye in ((33, 133, 159, 145), (263, 362, 386, 374)):
        right, left = (darkness(drawn(renderer, state, track(2, gaze_deg=(side, 0)))[-1], eye) for side in (12, -12))
        assert right[0] - left[0] > 0.4, "pixels, of eyes about 12 wide"
        assert left[0] < darkness(ahead, eye)[0] < right[0]
