from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models.photo_head import draw
from talking_avatar.models.photo_head.renderer import PhotoHeadRenderer
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, Portrait
from talking_avatar.tests.models.photo_head.motions import HOST, TALK, drawn, track


@pytest.fixture(scope="module")
def renderer():
    return PhotoHeadRenderer()


@pytest.fixture(scope="module")
def state(renderer, neutral_person):
    return renderer.prepare(neutral_person.face, RenderSettings(), HOST)


def test_without_motion_the_photo_comes_back_almost_unchanged(renderer, state, neutral_person):
    frame = drawn(renderer, state, track(1))[0].astype(int)
    photo = neutral_person.face.portrait.image.astype(int)
    assert np.abs(frame - photo).mean() < 0.5
    assert np.percentile(np.abs(frame - photo), 99.5) < 12


@pytest.mark.parametrize("motion", [track(**TALK), track(head_deg=(3, -2, 1), breath=1.0, jawOpen=0.3)])
def test_outside_the_mask_every_pixel_is_the_photo(renderer, state, neutral_person, motion):
    mask = renderer.mask(state, motion)
    photo = neutral_person.face.portrait.image
    for frame in drawn(renderer, state, motion):
        assert np.array_equal(frame[mask == 0], photo[mask == 0])
    assert not np.array_equal(frame[mask > 0], photo[mask > 0])


def test_a_still_head_is_drawn_inside_the_head_and_neck(renderer, state, neutral_person):
    still, moving = (renderer.mask(state, m) for m in (track(**TALK), track(head_deg=(3, 0, 0))))
    points = neutral_person.face.selected_landmarks_px[:468, :2]
    low, high = points.min(0), points.max(0)
    width = high[0] - low[0]
    rows, columns = np.nonzero(still)
    assert columns.min() > low[0] - 0.25 * width and columns.max() < high[0] + 0.25 * width
    assert rows.min() > low[1] - 0.45 * width
    assert (still > 0).sum() < (moving > 0).sum()


def test_same_motion_same_frames_in_any_range_and_number_of_threads(renderer, state):
    motion = track(head_deg=(3, 2, 1), **TALK)
    whole = drawn(renderer, state, motion)
    part = drawn(renderer, state, motion, 2, 4)
    assert np.array_equal(part[0], whole[2]) and np.array_equal(part[1], whole[3])
    single = list(renderer.frames(state, motion, 0, motion.frames, PlainHost(threads=1)))
    assert all(np.array_equal(a, b) for a, b in zip(whole, single, strict=True))


def test_an_open_mouth_is_dark_or_toothy_and_a_closed_one_is_skin(renderer, state, neutral_person):
    points = neutral_person.face.selected_landmarks_px
    x, y = points[[13, 14], :2].mean(0)
    opened = drawn(renderer, state, track(2, jawOpen=0.4))[-1]
    closed = drawn(renderer, state, track(2, jawOpen=0.4, lipClosure=1.0))[-1]
    y0, x0 = round(y + 3), round(x)
    photo = neutral_person.face.portrait.image[y0 - 2 : y0 + 3, x0 - 4 : x0 + 5].astype(int)
    change = [np.abs(f[y0 - 2 : y0 + 3, x0 - 4 : x0 + 5] - photo).mean() for f in (opened, closed)]
    assert change[0] > 1.5 * change[1]


def test_a_blink_changes_the_eyes_only(renderer, state, neutral_person):
    before, after = drawn(renderer, state, track(2, eyeBlinkLeft=1.0, eyeBlinkRight=1.0))
    rows, columns = np.nonzero(np.any(before != after, axis=2))
    points = neutral_person.face.selected_landmarks_px
    assert rows.max() < points[1, 1], "above the tip of the nose"
    assert len(rows) > 200


def test_cropping_does_not_change_what_is_seen(renderer, head_model, neutral_person):
    """Faces near the border are drawn as well as others."""
    image = neutral_person.face.portrait.image[20:236, 40:230]
    landmarks = np.array(neutral_person.face.landmarks_px) - np.float32([40, 20, 0])
    face = FaceTrack(190, 216, landmarks, np.ones((1, 1), np.float32), (0,), portrait=Portrait(np.ascontiguousarray(image)))
    cropped = renderer.prepare(face, RenderSettings(), HOST)
    motion = track(2, jawOpen=0.3)
    whole = drawn(renderer, renderer.prepare(neutral_person.face, RenderSettings(), HOST), motion)[-1]
    part = drawn(renderer, cropped, motion)[-1]
    difference = np.abs(whole[20:236, 40:230].astype(int) - part)
    assert np.percentile(difference, 99) < 25


def test_opacity_follows_the_head(renderer, neutral_person):
    portrait = neutral_person.face.portrait
    alpha = np.zeros(portrait.image.shape[:2], np.uint8)
    alpha[40:230, 60:200] = 255
    face = replace(neutral_person.face, portrait=Portrait(portrait.image, alpha))
    frames = drawn(renderer, renderer.prepare(face, RenderSettings(), HOST), track(2, head_deg=(6, 0, 0)))
    assert frames[0].shape[2] == 4
    assert np.array_equal(frames[0][..., 3], alpha)
    assert not np.array_equal(frames[1][..., 3], alpha)


def test_a_held_background_moves_less(renderer, neutral_person):
    motion = track(2, head_deg=(5, 0, 0))
    carried, held = (
        renderer.mask(renderer.prepare(neutral_person.face, RenderSettings(options=o), HOST), motion)
        for o in ({}, {"background_motion": "hold"})
    )
    assert (held > 0).sum() < 0.8 * (carried > 0).sum()


def test_a_video_is_refused_with_a_hint(renderer, neutral_person):
    with pytest.raises(InputError) as caught:
        renderer.prepare(replace(neutral_person.face, portrait=None), RenderSettings(), HOST)
    assert "photo" in caught.value.hint


def test_large_frames_are_drawn_by_fewer_threads(state, renderer, monkeypatch):
    region = draw.Region.of(np.full((2160, 3840), 255, np.uint8))
    painter, host = state.painter, PlainHost(threads=16)
    assert painter.threads(draw.Region.of(np.full((64, 64), 255, np.uint8)), host) == 16
    few = painter.threads(region, host)
    assert 1 < few < 16 and few * 2160 * 3840 * draw.PIXEL_BYTES <= draw.DRAWING_BYTES
    monkeypatch.setattr(draw, "DRAWING_BYTES", 1)
    assert painter.threads(region, host) == 1
