"""What shut lips of other frames bring along, and what they leave where it is: shading, colour, the line, detail."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from talking_avatar.models.photo_head.textures import TEXTURE_SCALE, doubled
from talking_avatar.models.video_head import renderer
from talking_avatar.models.video_head.detail import STAYS_PX, keep_detail
from talking_avatar.models.video_head.lip_bank import lip_frames
from talking_avatar.models.video_head.lip_line import found_line
from talking_avatar.models.video_head.shading import Skin
from talking_avatar.pipeline_core.interfaces import BaseFrame
from talking_avatar.pipeline_core.render.settings import RenderSettings

from .conftest import HOST, OPEN, SHUT, motion

FRAME = OPEN[1]
LIPS = (61, 37, 0, 267, 291, 405, 17, 181)
SIDE = 96


@pytest.fixture(scope="module")
def shut_again(talker):
    """Draws the mouth shut over a wide open frame whose picture was changed; nothing is taken for a hand."""
    painter = talker.state.painter
    state = replace(talker.state, painter=type(painter)(painter.shape, painter.look, painter.bank))

    def draw(picture):
        base = BaseFrame(0, FRAME, picture, 1.0)
        return next(iter(talker.renderer.redraw(state, motion(lipClosure=1.0), [base], HOST)))

    return draw


def darkened(picture, hull, factor, soft_px):
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.int32(np.round(hull))), 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), soft_px)
    return np.uint8(picture * (1.0 - (1.0 - factor) * mask[..., None])), mask


def test_shade_of_an_open_mouth_goes_with_it(talker, shut_again):
    points = talker.state.clip.landmarks_px[FRAME, :, :2]
    middle, down = points[17], (points[152] - points[17]) * 0.3
    across = 0.5 * (points[405] - points[181])
    spot = [middle + 0.2 * down - across, middle + 0.2 * down + across, middle + 1.6 * down + across, middle + 1.6 * down - across]
    shaded, mask = darkened(talker.pictures[FRAME], np.array(spot), 0.35, 2.0)
    clean, drawn = (shut_again(p).astype(float) for p in (talker.pictures[FRAME], shaded))
    put_on = (talker.pictures[FRAME].astype(float) - shaded).mean(axis=2)[mask > 0.9].mean()
    # The chin has moved: the worst place of a soft picture of the difference is where the shade is now.
    left = cv2.GaussianBlur((clean - drawn).mean(axis=2), (0, 0), 2.0).max()
    assert put_on > 30 and left < 0.45 * put_on


def test_lent_lips_have_their_own_colour(talker, shut_again):
    points = talker.state.clip.landmarks_px
    red = points[FRAME, list(LIPS), :2]
    dark, _ = darkened(talker.pictures[FRAME], red, 0.7, 1.0)
    clean, drawn = (shut_again(p).astype(float) for p in (talker.pictures[FRAME], dark))
    where = np.zeros(clean.shape[:2], np.uint8)
    now = points[FRAME, list(LIPS), :2] * 0.5 + points[FRAME, [61, 291]].mean(axis=0)[:2] * 0.5
    cv2.fillConvexPoly(where, cv2.convexHull(np.int32(np.round(now))), 1)
    assert drawn[where > 0].mean() > 0.95 * clean[where > 0].mean()


def skins(shading, light=0.0, shade=0.0):
    """A lent face, and its own, which is darker by `light`, and by `shade` near the mouth."""
    seen, even = np.ones(len(shading.vertices), np.float32), np.full((len(shading.vertices), 3), 4.8, np.float32)
    near = ~np.isin(np.arange(len(seen)), shading._far)[:, None]
    return Skin(even, seen), Skin(np.float32(even - light - shade * near), seen)


def test_light_of_the_whole_face_is_no_shade_of_the_mouth(talker):
    shading = talker.state.painter.bank.shading
    light, left = shading.compare(*skins(shading, light=0.3))
    assert light == pytest.approx(0.3, abs=0.02)
    assert np.abs(left).max() < 0.01 and shading.replaced(left).max() == 0.0


def test_shade_near_the_mouth_is_no_light_of_the_face(talker):
    shading = talker.state.painter.bank.shading
    light, left = shading.compare(*skins(shading, shade=0.5))
    assert np.abs(light).max() < 0.1
    assert left.max() > 0.4 and shading.replaced(left).max() > 0.9


def test_unseen_skin_tells_nothing(talker):
    shading = talker.state.painter.bank.shading
    lent, own = skins(shading, light=0.3, shade=0.5)
    light, left = shading.compare(lent, Skin(own.log, np.zeros_like(own.weight)))
    assert np.abs(light).max() == np.abs(left).max() == 0.0


def line_of(talker, frame, lower_by_cm):
    """Look for the line where landmarks put the lower lip's edge into its red."""
    painter = talker.state.painter
    model, mouth = painter.clip.model, painter.shape.mouth
    head = painter.clip.head_at(frame)
    texture, lips = head.source_px[:, :2].copy(), model.lips
    right = texture.copy()
    arc = np.zeros(len(lips.margin), np.float32)
    arc[mouth.lower.places] = np.sin(np.pi * mouth.lower.arc)
    fade = np.clip(1.0 - np.maximum(lips.depth, 0) / 4, 0, 1)
    texture[lips.vertices, 1] += lower_by_cm * head.pose.scale * fade * arc[lips.place]
    skin = doubled(np.ascontiguousarray(talker.pictures[frame]))
    return mouth, right, texture, found_line(model, mouth, skin, texture)


def test_the_line_between_shut_lips_is_found_in_the_picture(talker):
    mouth, right, wrong, found = line_of(talker, SHUT[1], 0.35)
    middle = slice(len(mouth.lower.vertices) // 4, -len(mouth.lower.vertices) // 4)
    low = mouth.lower.vertices[middle]
    off = [np.abs(texture[low, 1] - right[low, 1]).mean() for texture in (wrong, found)]
    assert off[1] < 0.45 * off[0]
    apart = np.abs(mouth.gap(np.pad(found, ((0, 0), (0, 1))))[0][middle, 1])
    assert apart.max() < 1.0


def test_there_is_no_line_between_open_lips(talker):
    assert line_of(talker, OPEN[1], 0.0)[-1] is None


SKIN = np.ones((SIDE, SIDE), np.uint8)


def noise(seed):
    picture = 128 + 5 * np.random.default_rng(seed).standard_normal((SIDE, SIDE, 3))
    return np.uint8(np.clip(picture, 0, 255))


def moved(by_px):
    """Coordinates of skin that moved to the left by so much."""
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    return np.stack([TEXTURE_SCALE * (x + by_px), TEXTURE_SCALE * y], axis=2).astype(np.float32)


def test_grain_stays_where_skin_hardly_moves():
    own = noise(1)
    drawn = np.roll(own, -1, axis=1)
    keep_detail(drawn, own, moved(0.5), np.zeros(2, np.float32), SKIN)
    before = np.abs(np.roll(own, -1, axis=1).astype(int) - own)[8:-8, 8:-8].mean()
    assert np.abs(drawn.astype(int) - own)[8:-8, 8:-8].mean() < 0.4 * before


def test_grain_is_as_strong_where_it_begins_to_move():
    own, drawn = noise(1), noise(2)
    before = drawn.std()
    keep_detail(drawn, own, moved(0.5 * sum(STAYS_PX)), np.zeros(2, np.float32), SKIN)
    assert drawn.std() == pytest.approx(before, rel=0.08)


def test_detail_moves_with_skin_that_moves_far():
    own = noise(1)
    drawn = noise(2)
    before = drawn.copy()
    keep_detail(drawn, own, moved(STAYS_PX[1] + 0.1), np.zeros(2, np.float32), SKIN)
    assert np.array_equal(drawn, before)


def test_nothing_of_the_lips_stays_behind():
    own, drawn = noise(1), noise(2)
    before = drawn.copy()
    keep_detail(drawn, own, moved(0.5), np.zeros(2, np.float32), 0 * SKIN)
    assert np.array_equal(drawn, before)


def test_edges_move_however_little_the_skin_does():
    own = np.full((SIDE, SIDE, 3), 60, np.uint8)
    own[:, SIDE // 2 :] = 190
    drawn = np.roll(own, -1, axis=1)
    before = drawn.astype(int)
    keep_detail(drawn, own, moved(1.0), np.zeros(2, np.float32), SKIN)
    assert np.abs(drawn[:, 8:-8].astype(int) - before[:, 8:-8]).max() <= 12


class Covered:
    """Finds a hand before the face in some frames."""

    def __init__(self, *frames):
        self.frames = frames

    def __call__(self, clip, pictures, cuts):
        return self

    def mask(self, picture, frame):
        return np.full((4, 4), frame in self.frames, np.float32)


def test_covered_lips_are_not_lent(talker, monkeypatch):
    shut = lip_frames(talker.state.clip, talker.state.painter.shape.rest)
    lenders = []
    for covered in ((), shut[:1], shut):
        monkeypatch.setattr(renderer, "OccluderFinder", Covered(*covered))
        state = talker.renderer.prepare(talker.face, RenderSettings(), HOST)
        lenders.append(len(state.painter.bank._references))
    assert lenders == [len(shut), len(shut) - 1, len(shut)] and len(shut) > 1
