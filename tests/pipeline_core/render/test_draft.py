"""A quick look at a plan: small, in place, true, and never larger than the plan."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.models.samples import PORTRAITS, sample_portrait
from talking_avatar.pipeline_core.errors import Cancelled, SettingError
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.lazy import cv2
from talking_avatar.pipeline_core.render.draft import (
    DraftSettings,
    contact_sheet,
    draft,
    drafted,
    drafted_size,
    opaque,
    smaller,
    within,
)
from talking_avatar.pipeline_core.render.plan import frames, plan_render, replaced
from talking_avatar.pipeline_core.render.settings import RenderSettings
from talking_avatar.pipeline_core.render.sheet import TILE_PX
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack

HOST = PlainHost(threads=1)
COUNT = 30


@pytest.fixture(scope="module")
def plan():
    """Three looks of a second in the sample portrait."""
    register_all()
    face = detect_faces(sample_portrait(next(iter(PORTRAITS))), DetectSettings(), HOST)
    layer = MotionLayer.zeros("speech", COUNT)
    shapes = layer.blendshapes.copy()
    shapes[:, 24] = np.linspace(0, 0.7, COUNT)
    motion = MotionTrack(Fraction(25), COUNT / 25, (replace(layer, blendshapes=shapes),))
    return plan_render(face, motion, RenderSettings(width_px=320))


@pytest.mark.parametrize(("values", "word"), [({"start_s": -1.0}, "start_s"), ({"seconds": 0.0}, "seconds"),
                                              ({"side_px": 64}, "size"), ({"side_px": 4096}, "size"),
                                              ({"seconds": float("nan")}, "seconds"), ({"start_s": float("nan")}, "start_s")])
def test_what_cannot_be_shown_is_refused(values, word):
    with pytest.raises(SettingError, match=word):
        DraftSettings(**values)


@pytest.mark.parametrize(("start_s", "seconds", "span"), [(0.0, 0.4, (0, 10)), (0.8, 0.4, (20, 30)), (99.0, 0.4, (20, 30)),
                                                          (0.0, 60.0, (0, 30)), (0.5, 0.001, (12, 13))])
def test_the_part_lies_within_the_plan(plan, start_s, seconds, span):
    part = draft(plan, DraftSettings(start_s, seconds))
    assert (part.start, part.stop) == span


def test_a_small_drawing_shows_what_the_large_one_shows(plan):
    part = draft(plan, DraftSettings(0.8, 0.2, 192))
    assert part.plan.size_px == drafted_size(part, 192) == (192, 192) and plan.size_px == (320, 320)
    small = list(drafted(part, 192, HOST))
    large = [cv2.resize(frame, (192, 192), interpolation=cv2.INTER_AREA) for frame in frames(plan, part.start, part.stop, HOST)]
    before = cv2.resize(next(frames(plan, 0, 1, HOST)), (192, 192), interpolation=cv2.INTER_AREA)
    moved = np.abs(large[-1].astype(int) - before).max(axis=2) > 40
    assert moved.any() and most(small[-1], large[-1], moved) < 0.5 * most(before, large[-1], moved)


def most(one, two, where):
    """How much two pictures differ there."""
    return float(np.abs(one.astype(int) - two)[where].mean())


def test_nothing_is_enlarged_and_given_frames_are_scaled(plan):
    assert smaller(plan, 1024) is plan
    given = replaced(plan, Batch(np.full((COUNT, 400, 200, 3), 9, np.uint8)))
    part = draft(given, DraftSettings(side_px=128))
    assert part.plan is given and drafted_size(part, 128) == (64, 128)
    assert next(drafted(part, 128, HOST)).shape == (128, 64, 3)


class Batch:
    """Given frames."""

    def __init__(self, pictures):
        self._pictures, self.size_px = pictures, (pictures.shape[2], pictures.shape[1])

    def __len__(self):
        return len(self._pictures)

    def __getitem__(self, index):
        return self._pictures[index]


@pytest.mark.parametrize("shape", [(100, 50), (4000, 3000), (3, 9000)])
def test_pictures_fit_in_a_square(shape):
    small = within(np.full((*shape, 3), 77, np.uint8), 80)
    assert max(small.shape[:2]) == 80 and (small == 77).all()
    picture = np.zeros((50, 60, 3), np.uint8)
    assert within(picture, 80) is picture


def test_clear_pixels_show_a_chequered_ground():
    shown = opaque(np.zeros((48, 48, 4), np.uint8))
    assert shown.shape == (48, 48, 3) and set(np.unique(shown)) == {150, 190}
    solid = opaque(np.full((48, 48, 4), 255, np.uint8))
    assert (solid == 255).all()


def test_the_sheet_holds_the_face_and_tells_of_its_frames(plan):
    seen = SimpleNamespace(shown=0)

    class Watching(PlainHost):
        def show(self, picture=None, text=""):
            seen.shown += picture is not None

    sheet = contact_sheet(plan, 192, Watching(threads=1))
    assert seen.shown >= 4 and sheet.shape[2] == 3 and sheet.shape[1] > 3 * TILE_PX
    first, last = sheet[8:8 + TILE_PX, 8:8 + TILE_PX].astype(int), sheet[-46 - TILE_PX:-46, 8:8 + TILE_PX].astype(int)
    assert np.abs(first - last).max() > 40, "the frames differ"


def test_cancel_ends_the_sheet(plan):
    class Stops(PlainHost):
        def progress(self, done, total):
            raise Cancelled

    with pytest.raises(Cancelled):
        contact_sheet(plan, 192, Stops(threads=1))
