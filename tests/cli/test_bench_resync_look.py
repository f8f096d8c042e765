"""The pictures of re-voiced clips: every meter is near 1, or 0, for the source itself, and far off for its control."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image
from talking_avatar.cli import bench_resync_controls as controls
from talking_avatar.cli import bench_resync_look as look
from talking_avatar.cli.bench_resync_judge import watch
from talking_avatar.cli.bench_resync_sheet import MARGIN_PX, TILE_PX, Sheet

SIDE = 240
EYES_PX = 60.0


def face(gap_px=4.0):
    """Return 68 points of a plain face from the front."""
    def ring(count, centre, radii, first_deg=180.0, round_deg=360.0):
        angles = np.radians(first_deg + np.arange(count) * round_deg / count)
        return np.array(centre) + np.column_stack([np.cos(angles), np.sin(angles)]) * radii

    jaw = ring(17, (120, 110), (62, 92), 180.0, -190.0)
    brows = [(70 + 10 * k, 70) for k in range(5)] + [(130 + 10 * k, 70) for k in range(5)]
    nose = [(120, 88 + 10 * k) for k in range(4)] + [(108 + 6 * k, 128) for k in range(5)]
    eyes = np.vstack([ring(6, (120 + s * EYES_PX / 2, 90), (10, 5)) for s in (-1, 1)])
    outer, inner = ring(12, (120, 155), (26, 12 + gap_px / 2)), ring(8, (120, 155), (20, gap_px / 2))
    return np.vstack([jaw, brows, nose, eyes, outer, inner]).astype(np.float64)


def skin(seed=1):
    noise = np.random.default_rng(seed).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0).astype(np.float32)
    return np.clip(128 + 3 * (soft - 128), 0, 255).astype(np.uint8)


def sights(change=lambda index, picture: picture, count=8, mask=None):
    """Yield frames of skin that drifts slowly, as a head does."""
    mask = np.zeros((SIDE, SIDE), np.uint8) if mask is None else mask
    base, noise = skin(), np.random.default_rng(2)
    for index in range(count):
        drift = np.array([[1.0, 0.0, 0.4 * index], [0.0, 1.0, 0.2 * index]])
        source = cv2.warpAffine(base, drift, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        source = np.clip(source + noise.normal(0, 1, source.shape), 0, 255).astype(np.uint8)
        drawn = change(index, source)
        points = face() + drift[:, 2] + noise.normal(0, 0.3, (68, 2))
        yield look.Sight(look.Moment(index / 25, source, drawn, mask, source, drawn), points, points)


def measured(meter, some):
    for sight in some:
        meter.add(sight)
    return meter.value


MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[120:200, 70:170] = 255


def test_the_source_itself_is_perfect():
    some = list(sights(mask=MASK))
    assert measured(look.Sharpness(), some) == pytest.approx(1.0, abs=0.05)
    assert measured(look.Seam(), some) == measured(look.FinishedSeam(), some) == 0.0
    for meter in (look.Flicker(), look.Swim(), look.TextureSwim()):
        assert measured(meter, some) == pytest.approx(1.0)
    stray = look.Stray()
    measured_stray = [stray.add(s) for s in some]
    assert stray.levels == stray.pixels == 0 and len(measured_stray) == 8


def test_a_blurred_mouth_is_not_sharp():
    assert measured(look.Sharpness(), map(controls.blurred, sights())) < 0.5
    assert measured(look.Sharpness(look.SKIN_MARGIN), map(controls.blurred, sights())) < 0.5


def test_only_mouths_that_are_open_as_far_are_compared():
    """Teeth are sharp: shut lips must not be called soft because the source shows teeth elsewhere."""
    meter = look.Sharpness()
    sharp, soft = skin(), cv2.GaussianBlur(skin(), (0, 0), 2.0)
    for index in range(12):
        wide = index % 2 == 0
        own = sharp if wide else soft
        moment = look.Moment(0.0, own, soft, MASK, own, soft)
        meter.add(look.Sight(moment, face(16.0 if wide else 2.0), face(2.0)))
    assert meter.value == pytest.approx(1.0, abs=0.1)


def test_a_hard_paste_is_a_seam_in_the_picture_and_in_the_file():
    for meter in (look.Seam(), look.FinishedSeam()):
        assert measured(meter, map(controls.pasted, sights())) > 0.3


def test_one_stained_pixel_is_found_and_a_changed_mask_is_not():
    inside = look.Stray()
    for sight in sights(lambda _, picture: np.where(MASK[..., None] > 0, 255 - picture, picture), mask=MASK):
        inside.add(sight)
    assert inside.levels == 0
    stained = look.Stray()
    for sight in map(controls.stained, sights(mask=MASK)):
        stained.add(sight)
    assert (stained.levels, stained.pixels) == (1, 1)


def test_trembling_flickers_and_swims():
    shaken = list(map(controls.Jittered(), sights(mask=MASK, count=12)))
    assert measured(look.Flicker(), shaken) > 1.1
    moved = [replace(s, points=s.own + 1.0 * (-1) ** i * (np.arange(68) % 2)[:, None]) for i, s in enumerate(shaken)]
    assert measured(look.Swim(), moved) > 1.15
    assert measured(look.TextureSwim(), [replace(s, points=s.own) for s in shaken]) > 1.15


def test_the_mask_has_no_border_at_the_edge_of_the_picture():
    whole = np.full((50, 50), 255, np.uint8)
    assert not look.mask_border(whole, 60.0).any()
    half = whole.copy()
    half[:25] = 0
    border = look.mask_border(half, 60.0)
    assert border[25:31].all() and not border[:25].any() and not border[33:].any()


def test_identity_is_of_the_same_frame():
    def describe(picture):
        return picture.reshape(-1, 3).mean(axis=0) / 255

    assert measured(look.Identity(describe), sights()) == 0.0
    other = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert measured(look.Identity(describe), map(controls.Swapped(other), sights())) > 0.3


def test_watching_runs_every_meter_and_every_control(monkeypatch):
    class Judge:
        def __call__(self, image):
            return face()

    monkeypatch.setattr("talking_avatar.cli.bench_resync_judge.CloseLandmarks", Judge)
    moments = [s.moment for s in sights(mask=MASK, count=6)]
    other = np.zeros((SIDE, SIDE, 3), np.uint8)
    found = watch(moments, other, lambda picture: picture.reshape(-1, 3).mean(axis=0) / 255)
    assert set(look.METERS) <= set(found.values) == set(found.controls)
    assert found.values["stray"] == 0 and found.controls["stray"] == 1
    assert found.controls["seam"] > 0.3 > found.values["seam"]
    assert found.controls["identity"] > 0.3 > found.values["identity"] and len(found.points) == 6


def test_the_sheet_shows_frames_before_and_after(tmp_path):
    sheet = Sheet(20, lambda picture: face())
    passed = list(sheet.over(s.moment for s in sights(lambda _, picture: 255 - picture, count=20)))
    sheet.save(tmp_path / "sheet.png")
    shown = np.asarray(Image.open(tmp_path / "sheet.png")).astype(int)
    first = shown[MARGIN_PX:, MARGIN_PX:][:TILE_PX, :TILE_PX]
    second = shown[MARGIN_PX + TILE_PX + MARGIN_PX:, MARGIN_PX:][:TILE_PX, :TILE_PX]
    assert len(passed) == 20 and np.abs(first + second - 255).mean() < 2
