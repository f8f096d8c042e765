"""A contact sheet: the frames that tell, and tiles with times."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.render.sheet import (
    GAP_PX,
    TILE_PX,
    Tile,
    around_face,
    cropped,
    even_steps,
    sheet_picture,
    telling_moments,
)
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack

COUNT = 100


def motion(count=COUNT, **bumps):
    """A motion with shapes that reach 1 at the frames named."""
    layer = MotionLayer.zeros("speech", count)
    shapes, channels = layer.blendshapes.copy(), layer.articulation.copy()
    for name, frames in bumps.items():
        place = channels[:, ARTICULATION_INDEX[name]] if name in ARTICULATION_INDEX else shapes[:, INDEX[name]]
        for frame in frames:
            place[max(0, frame - 2):frame + 3] = np.maximum(place[max(0, frame - 2):frame + 3], 0.6)
            place[frame] = 1.0
    return MotionTrack(Fraction(25), count / 25, (replace(layer, blendshapes=shapes, articulation=channels),))


def test_every_kind_of_moment_is_found_at_its_peak():
    moments = telling_moments([motion(lipClosure=[10], jawOpen=[30], mouthPucker=[50], eyeBlinkLeft=[70], lipTuck=[90])], 6)
    labels = {moment.label: moment.frame for moment in moments if moment.label}
    assert labels == {"lips shut": 10, "mouth widest": 30, "lips round": 50, "blink": 70, "lip on teeth": 90}
    assert [moment.frame for moment in moments] == sorted(moment.frame for moment in moments)


def test_a_face_that_does_nothing_has_no_labels():
    moments = telling_moments([motion()], 5)
    assert {moment.label for moment in moments} == {""} and [m.frame for m in moments] == even_steps(COUNT, 5)


def test_blinks_are_told_only_where_eyes_are_drawn_and_everybody_who_talks_counts():
    blinking = motion(eyeBlinkLeft=[70])
    assert "blink" in {moment.label for moment in telling_moments([blinking], 4)}
    assert "blink" not in {moment.label for moment in telling_moments([blinking], 4, eyes=False)}
    both = telling_moments([motion(jawOpen=[20]), motion(jawOpen=[60])], 4)
    assert {moment.frame for moment in both if moment.label} == {20, 60}


def test_a_short_sheet_shows_every_kind_and_no_moment_twice():
    found = telling_moments([motion(jawOpen=[10, 30, 50, 80], lipClosure=[20])], 4)
    assert {"mouth widest", "lips shut"} <= {moment.label for moment in found} and len(found) == 4
    near = telling_moments([motion(jawOpen=[30], mouthFunnel=[32])], 12)
    assert np.diff([moment.frame for moment in near]).min() >= 5


@pytest.mark.parametrize(("frames", "steps"), [(1, [0]), (2, [0, 1]), (100, [0, 33, 66, 99])])
def test_clips_shorter_than_the_sheet_have_fewer_tiles(frames, steps):
    assert even_steps(frames, 4) == steps
    assert len(telling_moments([motion(frames)], 4)) <= len(steps)


def test_the_square_stays_inside_of_the_picture():
    points = np.array([[10.0, 5.0], [30.0, 45.0]])
    left, top, right, bottom = around_face(points, (200, 100))
    assert (left, top) == (0, 0) and right - left == bottom - top == 72
    assert around_face(points + 60, (200, 100))[:2] == (44, 28), "and elsewhere the face is in its middle"


def test_tiles_lie_in_rows_with_their_times():
    shades = [np.full((TILE_PX, TILE_PX, 3), shade, np.uint8) for shade in (60, 120, 180)]
    sheet = sheet_picture([Tile(shades[0], 0.0), Tile(shades[1], 1.5, "blink"), Tile(shades[2], 2.0)], 2)
    y, x = GAP_PX + TILE_PX // 2, GAP_PX + TILE_PX // 2
    step = (sheet.shape[0] - GAP_PX) // 2
    assert [int(sheet[p][0]) for p in ((y, x), (y, x + TILE_PX + GAP_PX), (y + step, x))] == [60, 120, 180]
    strip = sheet[GAP_PX + TILE_PX:step]
    assert strip[:, :TILE_PX].max() > 200, "the time is written"
    plain = sheet_picture([Tile(shades[0], 0.0), Tile(shades[1], 1.5)], 2)[GAP_PX + TILE_PX:step]
    assert (strip != plain)[:, TILE_PX + GAP_PX:].any() and (strip == plain)[:, :TILE_PX].all(), "and what is to be seen"


def test_tiles_have_one_width():
    assert cropped(np.zeros((40, 80, 3), np.uint8), (0, 0, 20, 20)).shape == (TILE_PX, TILE_PX, 3)
    assert cropped(np.zeros((900, 1600, 3), np.uint8), (0, 0, 1600, 900)).shape == (144, TILE_PX, 3)
