"""Several plans over one source: each changes its own part, and the whole behaves like one plan."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError
from talking_avatar.pipeline_core.face.territory import owners, share_of
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.render.estimate import estimate
from talking_avatar.pipeline_core.render.excerpt import excerpt, sound_of
from talking_avatar.pipeline_core.render.join import join, prolonged
from talking_avatar.pipeline_core.render.plan import blend, frames, mask, plan_render
from talking_avatar.pipeline_core.render.settings import BlendSettings, DubSettings, RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, Sound
from talking_avatar.tests.numbered import GOLDEN, HEIGHT, WIDTH, motion_of, number_of, track_of, write_clip

HOST = PlainHost(threads=1)
PHOTO_SIZE = 320, 200


class WholePicture:
    """Makes the whole photo as bright as the mouth is open, as a moving head would change its surroundings."""

    def prepare(self, face, settings, host):
        return face

    def frames(self, state, motion, start, stop, host):
        for row in motion.summed().blendshapes[start:stop]:
            picture = np.full_like(state.portrait.image, round(250 * float(row[0])))
            yield picture if state.portrait.alpha is None else np.dstack([picture, state.portrait.alpha])

    def mask(self, state, motion):
        return np.full(state.portrait.image.shape[:2], 255, np.uint8)


class Dot:
    """Paints a dot at the lower lip of its face, as bright as the mouth is open."""

    def prepare(self, face, settings, host):
        return face

    def place(self, state):
        x, y = (state.landmarks_px[0, state.selected, 14, :2]).astype(int)
        return slice(y - 3, y + 4), slice(x - 3, x + 4)

    def redraw(self, state, motion, bases, host):
        for base in bases:
            picture = base.picture.copy()
            value = round(250 * float(motion.summed().blendshapes[min(base.number, motion.frames - 1), 0]))
            picture[self.place(state)] = picture[self.place(state)] * (1 - base.strength) + value * base.strength
            yield picture

    def mask(self, state, motion):
        out = np.zeros((state.height_px, state.width_px), np.uint8)
        out[self.place(state)] = 255
        return out

    def frame_mask(self, state, source):
        return self.mask(state, None)


@pytest.fixture(autouse=True)
def renderers(monkeypatch):
    monkeypatch.setattr(registry, "_BACKENDS", {})
    for id, kind, needs in (("whole", WholePicture, "photo"), ("dot", Dot, "video, photo")):
        registry.register(registry.Backend("renderer", id, id, kind, "Apache-2.0", True, priority=id == "whole",
                                           capabilities={"needs": needs}))
    shared().clear()
    yield
    shared().clear()


def two_faces(face, apart=90.0):
    """Return the same track with a second face to the right, for both choices."""
    other = face.landmarks_px * (0.8, 0.8, 0.8) + (apart, 20, 0)
    points = np.concatenate([face.landmarks_px, other], axis=1).astype(np.float32)
    both = replace(face, landmarks_px=points, score_ratio=np.ones(points.shape[:2], np.float32), face_ids=(0, 1))
    return both, replace(both, selected=1)


def photo(alpha=False):
    rng = np.random.default_rng(0)
    picture = rng.integers(60, 200, (*PHOTO_SIZE[::-1], 4 if alpha else 3), dtype=np.uint8)
    mesh = np.asarray(json.loads(GOLDEN.read_text())["astronaut_px"], np.float32)
    points = (mesh - mesh.mean(axis=0) + (90, 100, 0))[None, None]
    face = FaceTrack(*PHOTO_SIZE, points, np.ones((1, 1), np.float32), (0,), portrait=portrait_from_array(picture))
    return two_faces(face, 160.0)


def quiet(motion, level):
    """The same motion with an even opening and an even sound."""
    layer = motion.layers[0]
    shapes = np.zeros_like(layer.blendshapes)
    shapes[:, 0] = level
    sound = Sound(np.full_like(motion.sound.samples, level), motion.sound.rate_hz)
    return replace(motion, layers=(replace(layer, blendshapes=shapes),), sound=sound)


def photo_plans(lengths=(10, 10), renderer="auto", alpha=False, **settings):
    return [plan_render(face, quiet(motion_of(count), level), RenderSettings(renderer=renderer, **settings))
            for face, count, level in zip(photo(alpha), lengths, (0.2, 0.6), strict=True)]


def test_each_pixel_of_a_photo_is_that_of_the_nearest_person():
    joined = join(photo_plans())
    left, right = (face.landmarks_px[0, face.selected] for face in photo())
    picture = next(frames(joined, 3, 4, HOST))
    owner = owners(*PHOTO_SIZE, [left, right])
    assert (picture[owner == 0] == 50).all() and (picture[owner == 1] == 150).all()
    x, y = right[1, :2].astype(int)
    assert picture[y, x, 0] == 150 and 0.2 < owner.mean() < 0.8


def test_territories_meet_at_rest():
    left, right = (face.landmarks_px[0, face.selected] for face in photo())
    y, x = np.mgrid[: PHOTO_SIZE[1], : PHOTO_SIZE[0]]
    places = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    shares = [share_of(places, *pair).reshape(x.shape) for pair in ((left, [right]), (right, [left]))]
    owner = owners(*PHOTO_SIZE, [left, right])
    # Where the owner changes, nobody moves; near a face everything does.
    border = np.zeros_like(owner, bool)
    border[:, 1:] = owner[:, 1:] != owner[:, :-1]
    assert max(share[border].max() for share in shares) < 0.02
    assert shares[0][owner == 1].max() == 0 == shares[1][owner == 0].max()
    assert shares[0][tuple(left[4, 1::-1].astype(int))] == 1
    assert share_of(places, left, []).min() == 1


def test_mouths_are_drawn_one_over_the_other():
    joined = join(photo_plans(renderer="dot"))
    source = photo()[0].portrait.image
    picture = next(frames(joined, 0, 1, HOST))
    changed = (picture != source).any(axis=2)
    assert sorted(set(picture[changed][:, 0])) == [50, 150]
    assert changed.sum() <= 2 * 49 and (mask(joined, HOST)[changed] == 255).all()
    assert (mask(joined, HOST) == 255).sum() == 2 * 49


def test_a_moving_head_and_a_mouth():
    head, mouth = photo_plans()[0], photo_plans(renderer="dot")[1]
    for pair in ((head, mouth), (mouth, head)):
        picture = next(frames(join(pair), 0, 1, HOST))
        assert (picture == 50).mean() > 0.99 and (picture == 150).any()


def test_any_range_gives_the_same_frames():
    joined = join(photo_plans(renderer="dot"))
    whole = list(frames(joined, 0, None, HOST))
    assert len(whole) == joined.frames == 10
    assert all(np.array_equal(a, b) for a, b in zip(frames(joined, 4, 7, HOST), whole[4:7], strict=True))


def test_the_shorter_performance_goes_on_in_silence():
    joined = join(photo_plans((10, 30)))
    assert joined.frames == 30 and joined.sound.samples.shape[1] == joined.sound.rate_hz * 30 // 25
    assert np.allclose(joined.sound.samples[0, :100], 0.8, atol=1e-6) and np.allclose(joined.sound.samples[0, -100:], 0.6)
    last = next(frames(joined, 29, 30, HOST))
    assert set(last.reshape(-1)) == {0, 150}


def test_life_goes_back_and_forth_and_speech_ends():
    motion = motion_of(5)
    idle = MotionLayer("idle", *(getattr(motion.layers[0], name) for name in (
        "blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")))
    longer = prolonged(replace(motion, layers=(motion.layers[0], idle)), 12 / 25)
    assert longer.frames == 12
    speech, life = (layer.blendshapes[:, 0] for layer in longer.layers)
    assert np.allclose(life, motion.layers[0].blendshapes[[0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3], 0])
    assert np.array_equal(speech[:5], motion.layers[0].blendshapes[:, 0]) and speech[-1] < 0.01
    assert prolonged(motion, 5 / 25) is motion


def test_a_crop_shows_both():
    joined = join(photo_plans(width_px=200, height_px=200))
    alone = photo_plans(width_px=200, height_px=200)
    assert joined.size_px == (200, 200)
    assert len(set(next(frames(joined, 0, 1, HOST)).reshape(-1))) == 2
    assert joined.parts[0].state_key != alone[0].state_key


def test_the_rest_of_the_chain_takes_it_as_one_plan():
    joined = join(photo_plans())
    part = excerpt(joined, 2, 3)
    assert part.shape == (3, 200, 320, 3) and np.allclose(sound_of(part).samples, 0.8, atol=1e-6)
    expected = estimate(joined, EncodeSettings(), HOST)
    assert expected.frames == 10 and expected.memory_mb > 0
    assert len(json.loads(joined.to_json())["people"]) == 2
    assert joined.report.count("face ") == 2


def test_blend_settings_count_for_all():
    joined = join(photo_plans(alpha=True))
    assert joined.transparent and next(frames(joined, 0, 1, HOST)).shape[2] == 4
    green = blend(joined, BlendSettings(background="color", background_color="#00ff00", idle=0.5))
    assert not green.transparent and next(frames(green, 0, 1, HOST)).shape[2] == 3
    assert {part.blend.idle for part in green.parts} == {0.5}


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mp4", 50)


def clip_plans(clip, motions, **dub):
    faces = two_faces(track_of(clip, 50), 45.0)
    return [plan_render(face, motion, RenderSettings(), DubSettings(**dub)) for face, motion in zip(faces, motions, strict=True)]


def test_over_a_video_everything_else_stays(clip):
    joined = join(clip_plans(clip, [quiet(motion_of(50), 0.2), quiet(motion_of(50), 0.6)]))
    pictures = list(frames(joined, 0, None, HOST))
    assert [number_of(p) for p in pictures] == list(range(50)) and pictures[0].shape == (HEIGHT, WIDTH, 3)
    assert all({50, 150} <= set(p.reshape(-1)) for p in pictures[5:45])


def test_whose_turn_it_is_not_keeps_their_own_mouth_or_closes_it(clip):
    first, second = quiet(motion_of(50), 0.2), quiet(motion_of(50), 0.6)
    samples = second.sound.samples.copy()
    samples[:, : samples.shape[1] // 2] = 0
    second = replace(second, sound=Sound(samples, second.sound.rate_hz))
    own = join(clip_plans(clip, [first, second], silent_mouth="own"))
    strength = [part.timing.schedule.strength for part in own.parts]
    assert (strength[0][5:45] == 1).all() and (strength[1][:20] == 0).all() and (strength[1][30:45] == 1).all()
    early, late = (next(frames(own, i, i + 1, HOST)) for i in (8, 38))
    assert 150 not in early and 50 in early and {50, 150} <= set(late.reshape(-1))
    # The control: closed draws the mouth all the time.
    closed = join(clip_plans(clip, [first, second], silent_mouth="closed"))
    assert 150 in next(frames(closed, 8, 9, HOST))
    assert closed.untouched_spans() == own.untouched_spans() == []


def test_lines_of_one_person_are_placed_one_by_one(tmp_path):
    hum = np.full(32_000, 0.25, np.float32)
    face = track_of(write_clip(tmp_path / "hum.mkv", 50, sound=hum), 50)
    first, second = quiet(motion_of(10), 0.2), quiet(motion_of(15), 0.6)
    first, second = (replace(m, sound=Sound(np.full((1, round(16_000 * m.duration_s)), level, np.float32), 16_000))
                     for m, level in ((first, 0.5), (second, -0.5)))

    def plan(motion, ranges):
        return plan_render(face, motion, RenderSettings(), DubSettings(ranges=ranges, silent_mouth="own"))

    joined = join([plan(second, "1.2-1.8"), plan(first, "0.2-0.6")])
    assert joined.frames == 50 and joined.untouched_spans() == [(0, 5, 0), (15, 30, 15), (45, 50, 45)]
    pictures = list(frames(joined, 0, None, HOST))
    assert [50 in pictures[i] and 150 not in pictures[i] for i in (8, 10)] == [True, True]
    assert 150 in pictures[36] and 50 not in pictures[36] and [number_of(p) for p in pictures] == list(range(50))
    heard = joined.sound.samples[0]
    assert heard[[1600, 6400, 12_800, 24_000, 31_000]] == pytest.approx([0.25, 0.5, 0.25, -0.5, 0.25], abs=0.01)
    assert heard.shape == (32_000,)
    for ranges in ("0.5-1.0", "0.2-0.6", ""):
        with pytest.raises(InputError, match="same face"):
            join([plan(first, "0.2-0.6"), plan(second, ranges)])


def test_different_sources_faces_and_orders_are_refused(clip, tmp_path):
    one, two = photo_plans()
    with pytest.raises(InputError, match="same face"):
        join([one, one])
    with pytest.raises(InputError, match="same face"):
        join([join([one, two]), two])
    with pytest.raises(InputError, match="another photo or video"):
        join([one, clip_plans(clip, [motion_of(50)] * 2)[1]])
    with pytest.raises(InputError, match="px"):
        join([one, photo_plans(width_px=200)[1]])
    with pytest.raises(InputError, match="frames per second"):
        join([one, replace(two, motion=motion_of(10, Fraction(30)))])
    with pytest.raises(InputError, match="same frames"):
        join([clip_plans(clip, [motion_of(50)] * 2, ranges="0.4-0.8")[0], clip_plans(clip, [motion_of(50)] * 2, length="loop")[1]])
