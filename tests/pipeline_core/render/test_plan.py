import json
from dataclasses import fields, replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError, UnknownBackend
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.media.video import media_file
from talking_avatar.pipeline_core.render.plan import (
    RenderPlan,
    blend,
    effective_motion,
    frames,
    mask,
    plan_render,
    prepared,
    preview,
    replaced,
    sized_face,
)
from talking_avatar.pipeline_core.render.settings import BlendSettings, RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack, MotionLayer, MotionTrack

HOST = PlainHost(threads=2)


class SquareRenderer:
    """Paints a square at the nose, as bright as the mouth is open; transparency stays."""

    def prepare(self, face, settings, host):
        assert (face.width_px, face.height_px) == (settings.width_px, settings.height_px)
        return face

    def frames(self, state, motion, start, stop, host):
        total = motion.summed()
        for index in range(start, stop):
            picture = state.portrait.image.copy()
            x, y = state.selected_landmarks_px[1, :2].astype(int)
            picture[y:y + 4, x:x + 4] = int(255 * total.blendshapes[index, 0])
            yield picture if state.portrait.alpha is None else np.dstack([picture, state.portrait.alpha])

    def mask(self, state, motion):
        out = np.zeros(state.portrait.image.shape[:2], np.uint8)
        x, y = state.selected_landmarks_px[1, :2].astype(int)
        out[y:y + 4, x:x + 4] = 255
        return out


@pytest.fixture(autouse=True)
def square(monkeypatch):
    monkeypatch.setattr(registry, "_BACKENDS", {})
    registry.register(registry.Backend("renderer", "square", "Square", SquareRenderer, "Apache-2.0", True,
                                       capabilities={"needs": "photo"}))
    shared().clear()
    yield
    shared().clear()


def face(width=64, height=48, alpha=False, seed=0):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 200, (height, width, 4 if alpha else 3), dtype=np.uint8)
    points = np.zeros((1, 1, 478, 3), np.float32)
    points[..., :2] = rng.uniform((width * 0.5, height * 0.4), (width * 0.8, height * 0.7), (478, 2))
    return FaceTrack(width, height, points, np.ones((1, 1), np.float32), (0,), portrait=portrait_from_array(picture))


def motion(count=10, fps=Fraction(25), idle=0.2):
    speech, calm = MotionLayer.zeros("speech", count), MotionLayer.zeros("idle", count)
    shapes = np.zeros((count, 52), np.float32)
    shapes[:, 0] = np.linspace(0, 0.7, count)
    still = np.full((count, 52), idle, np.float32)
    return MotionTrack(fps, float(count / fps), (replace(speech, blendshapes=shapes), replace(calm, blendshapes=still)))


def all_frames(plan, start=0, stop=None):
    return list(frames(plan, start, stop, HOST))


def test_a_plan_holds_no_frames_and_says_what_it_is():
    plan = plan_render(face(), motion(), RenderSettings(options={"b": 1, "a": [2]}))
    assert not len(shared())  # nothing was prepared
    assert not any(isinstance(getattr(plan, f.name), np.ndarray) for f in fields(RenderPlan))
    told = json.loads(plan.to_json())
    assert told["settings"]["options"] == {"a": [2], "b": 1} and told["renderer"] == "square"
    assert (plan.frames, plan.fps, plan.size_px) == (10, Fraction(25), (64, 48))
    assert plan.to_json() == plan_render(face(), motion(), RenderSettings(options={"a": [2], "b": 1})).to_json()
    assert plan.to_json() != plan_render(face(seed=1), motion(), RenderSettings()).to_json()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10), st.integers(0, 10))
def test_any_range_equals_the_whole(a, b):
    start, stop = sorted((a, b))
    plan = plan_render(face(), motion(), RenderSettings())
    whole = all_frames(plan)
    part = all_frames(plan, start, stop)
    assert len(part) == stop - start
    assert all((p == q).all() for p, q in zip(part, whole[start:stop], strict=True))


def test_the_face_is_prepared_once_for_every_motion():
    before = shared().builds["prepared"]
    for count in (3, 7):
        all_frames(plan_render(face(), motion(count), RenderSettings()))
    preview(blend(plan_render(face(), motion(), RenderSettings()), BlendSettings(idle=0.5)), 3, HOST)
    assert shared().builds["prepared"] == before + 1
    all_frames(plan_render(face(), motion(3), RenderSettings(width_px=32)))
    all_frames(plan_render(face(seed=2), motion(3), RenderSettings()))
    all_frames(blend(plan_render(face(), motion(3), RenderSettings()), BlendSettings(grain=0.0)))
    assert shared().builds["prepared"] == before + 4


def test_prepared_again_after_eviction():
    plan = plan_render(face(), motion(), RenderSettings())
    first, builds = all_frames(plan), shared().builds["prepared"]
    shared().clear()
    assert all((p == q).all() for p, q in zip(first, all_frames(plan), strict=True))
    assert shared().builds["prepared"] == builds + 1


def test_preview_and_mask():
    plan = plan_render(face(), motion(), RenderSettings())
    whole, area = np.stack(all_frames(plan)), mask(plan, HOST)
    np.testing.assert_array_equal(preview(plan, 4, HOST), whole[4])
    changed = (whole != plan.face.portrait.image).any(axis=(0, 3))
    assert changed.any() and not changed[area == 0].any()


@pytest.mark.parametrize(("wanted", "size"), [((None, None), (64, 48)), ((32, None), (32, 24)), ((None, 96), (128, 96)),
                                              ((100, 100), (100, 100)), ((17, 90), (17, 90))])
def test_sizes(wanted, size):
    plan = plan_render(face(), motion(3), RenderSettings(*wanted))
    assert plan.size_px == size and preview(plan, 0, HOST).shape == (size[1], size[0], 3)
    moved = sized_face(plan)
    assert (moved.width_px, moved.height_px) == size
    nose = moved.selected_landmarks_px[:, :2].mean(axis=0)
    assert 0 <= nose[0] <= size[0] and 0 <= nose[1] <= size[1]


def test_a_huge_source_is_drawn_smaller_and_says_so():
    plan = plan_render(face(4000, 2000), motion(1), RenderSettings())
    assert plan.size_px == (3840, 1920) and "3840" in plan.warnings[0]
    assert not plan_render(face(4000, 2000), motion(1), RenderSettings(width_px=4000)).warnings


@pytest.mark.parametrize("bad", [{"width_px": 0}, {"height_px": -5}, {"width_px": 9000},
                                 {"options": {"x": object()}}], ids=str)
def test_bad_settings(bad):
    with pytest.raises(SettingError) as caught:
        RenderSettings(**bad)
    assert caught.value.hint


@pytest.mark.parametrize("bad", [{"idle": -1}, {"grain": 9}, {"seam_feather": float("nan")},
                                 {"background_motion": "spin"}, {"background": "beach"}, {"background_blur": 9},
                                 {"background_color": "red"}, {"background_end": "stop"}], ids=str)
def test_bad_blend_settings(bad):
    with pytest.raises(SettingError):
        BlendSettings(**bad)


def test_bad_requests():
    with pytest.raises(UnknownBackend, match="nope"):
        plan_render(face(), motion(), RenderSettings(renderer="nope"))
    nobody = replace(face(), landmarks_px=np.zeros((1, 0, 478, 3), np.float32), score_ratio=np.zeros((1, 0)), face_ids=())
    unseen = replace(face(), landmarks_px=np.full((1, 1, 478, 3), np.nan, np.float32))
    for track in (nobody, unseen):
        with pytest.raises(NoFaceFound):
            plan_render(track, motion(), RenderSettings())
    with pytest.raises(InputError, match="photo"):
        plan_render(replace(face(), portrait=None), motion(), RenderSettings())
    plan = plan_render(face(), motion(), RenderSettings())
    for start, stop in ((-1, 3), (5, 4), (0, 11)):
        with pytest.raises(SettingError):
            all_frames(plan, start, stop)


def test_idle_strength_scales_the_idle_layer_only():
    plan = plan_render(face(), motion(), RenderSettings())
    none = effective_motion(blend(plan, BlendSettings(idle=0.0))).summed().blendshapes[:, 0]
    np.testing.assert_allclose(none, np.linspace(0, 0.7, 10), atol=1e-6)
    assert effective_motion(plan) is plan.motion


def test_alpha_survives_or_shows_the_background():
    plan = plan_render(face(alpha=True), motion(3), RenderSettings())
    drawn = preview(plan, 0, HOST)
    np.testing.assert_array_equal(drawn[..., 3], plan.face.portrait.alpha)
    blue = portrait_from_array(np.full((20, 90, 3), (0, 0, 200), np.uint8))
    shown = preview(blend(plan, BlendSettings(), background=blue), 0, HOST)
    alpha = drawn[..., 3:] / 255.0
    np.testing.assert_allclose(shown, drawn[..., :3] * alpha + (1 - alpha) * (0, 0, 200), atol=0.51)
    assert (mask(blend(plan, BlendSettings(), background=blue), HOST) == 255).all()


def test_a_mask_makes_the_photo_transparent():
    plan = plan_render(face(), motion(3), RenderSettings())
    with pytest.raises(InputError, match="where the person is"):
        blend(plan, BlendSettings(), background=portrait_from_array(np.zeros((48, 64, 3), np.uint8)))
    white = portrait_from_array(np.full((48, 64, 3), 255, np.uint8))
    shown = preview(blend(plan, BlendSettings(), background=white, mask=right_half()), 0, HOST)
    assert (shown[:, :28] == 255).all() and (shown[:5, 36:] == plan.face.portrait.image[:5, 36:]).all()
    with pytest.raises(InputError, match="mask is 3 x 3 px.*another picture"):
        blend(plan, BlendSettings(background="transparent"), mask=np.zeros((3, 3), np.uint8))


def test_without_a_mask_every_background_says_what_is_missing():
    plan = plan_render(face(), motion(3), RenderSettings())
    for name in ("color", "blur", "transparent"):
        with pytest.raises(InputError, match=f"{name}.*where the person is.*Connect a MASK"):
            blend(plan, BlendSettings(background=name))
        blend(plan, BlendSettings(background=name), mask=right_half())
        blend(plan_render(face(alpha=True), motion(3), RenderSettings()), BlendSettings(background=name))


def test_backgrounds_of_a_cut_out_person():
    plan = plan_render(face(), motion(3), RenderSettings())
    clear = blend(plan, BlendSettings(background="transparent"), mask=right_half())
    assert clear.transparent and preview(clear, 0, HOST).shape == (48, 64, 4)
    green = blend(plan, BlendSettings(background="color", background_color="#00ff00"), mask=right_half())
    shown = preview(green, 0, HOST)
    assert not green.transparent and (shown[:, :28] == (0, 255, 0)).all()
    assert (mask(green, HOST) == 255).all()
    # A later step that leaves the background alone keeps it; another choice replaces it.
    kept = blend(green, BlendSettings(grain=0.5))
    np.testing.assert_array_equal(preview(kept, 0, HOST), shown)
    blurred = preview(blend(green, BlendSettings(background="blur")), 0, HOST)
    assert blurred[:, :28].std() < 0.5 * plan.face.portrait.image[:, :28].std() and blurred.shape == shown.shape
    assert blend(plan, BlendSettings(), mask=right_half()).warnings[-1].startswith("The mask changes nothing")


def test_a_picture_contradicts_a_colour():
    plan = plan_render(face(alpha=True), motion(3), RenderSettings())
    for name in ("color", "transparent"):
        with pytest.raises(SettingError, match="contradicts"):
            blend(plan, BlendSettings(background=name), background=portrait_from_array(np.zeros((48, 64, 3), np.uint8)))


def test_a_background_batch_begins_again_or_is_held():
    plan = plan_render(face(), motion(5), RenderSettings())
    batch = np.stack([np.full((48, 64, 3), 100 * i, np.uint8) for i in range(2)])
    for end, wanted in (("loop", [0, 100, 0, 100, 0]), ("hold", [0, 100, 100, 100, 100])):
        shown = all_frames(blend(plan, BlendSettings(background_end=end), background=batch, mask=right_half()))
        assert [int(f[0, 0, 0]) for f in shown] == wanted


def test_a_clip_of_uneven_frames_is_shown_by_its_time_stamps(tmp_path):
    with av.open(str(tmp_path / "u.mkv"), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, ms in enumerate((0, 40, 200, 240, 400, 440)):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 + 40 * i, np.uint8), format="rgb24")
            picture.pts, picture.time_base = ms, Fraction(1, 1000)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    plan = plan_render(face(), motion(16), RenderSettings())
    video = media_file(tmp_path / "u.mkv")
    held = all_frames(blend(plan, BlendSettings(background_end="hold"), background=video, mask=right_half()))
    assert [round((int(f[24, 8, 0]) - 20) / 40) for f in held] == [0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5]
    looped = all_frames(blend(plan, BlendSettings(), background=video, mask=right_half()))
    assert [round((int(f[24, 8, 0]) - 20) / 40) for f in looped][:14] == [0, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 5, 0, 1]


@pytest.mark.parametrize("clip_fps", [Fraction(25), Fraction(50), Fraction(25, 2), Fraction(30000, 1001)])
def test_a_background_video_runs_at_its_own_speed_and_loops(tmp_path, clip_fps):
    video, level = clip(tmp_path / "b.mp4", clip_fps)
    plan = plan_render(face(), motion(30), RenderSettings())
    shown = all_frames(blend(plan, BlendSettings(), background=video, mask=right_half()))
    expected = [int(Fraction(i, 25) * clip_fps) % 6 for i in range(30)]
    assert [level(f[24, 8]) for f in shown] == expected
    later = list(frames(blend(plan, BlendSettings(), background=video, mask=right_half()), 17, 23, HOST))
    assert [level(f[24, 8]) for f in later] == expected[17:23]
    held = all_frames(blend(plan, BlendSettings(background_end="hold"), background=video, mask=right_half()))
    assert [level(f[24, 8]) for f in held] == [min(5, int(Fraction(i, 25) * clip_fps)) for i in range(30)]


def test_a_replacement_takes_the_place_of_each_frame():
    batch = np.stack([np.full((96, 128, 3), 10 * i, np.uint8) for i in range(6)])
    plan = blend(plan_render(face(), motion(6), RenderSettings()), BlendSettings(), replacement=batch)
    assert plan.size_px == (128, 96)
    assert [int(f[0, 0, 0]) for f in all_frames(plan)] == [0, 10, 20, 30, 40, 50]
    assert [int(f[0, 0, 0]) for f in all_frames(plan, 2, 5)] == [20, 30, 40]
    assert not len(shared())  # the renderer is not even loaded
    with pytest.raises(InputError):
        blend(plan, BlendSettings(), replacement=np.zeros((3, 4, 4), np.uint8))


@pytest.mark.parametrize("count", [1, 5, 7, 12])
def test_another_number_of_frames_is_refused_with_both_numbers(count):
    plan = plan_render(face(), motion(6), RenderSettings())
    with pytest.raises(InputError, match=rf"{count} frames, the render 6 .*hint: Take all frames"):
        replaced(plan, np.zeros((count, 48, 64, 3), np.uint8))


def test_frames_come_back_as_they_went():
    plan = plan_render(face(), motion(6), RenderSettings())
    drawn = all_frames(plan)
    back = replaced(plan, np.stack(drawn))
    assert all((a == b).all() for a, b in zip(all_frames(back), drawn, strict=True))
    turned = replaced(plan, np.stack(drawn[::-1]))  # the control
    assert not all((a == b).all() for a, b in zip(all_frames(turned), drawn, strict=True))


def test_the_background_and_the_mask_follow_larger_frames():
    plan = plan_render(face(), motion(4), RenderSettings())
    large = np.full((4, 96, 128, 3), 90, np.uint8)
    shown = preview(blend(plan, BlendSettings(background="color", background_color="#ff0000"), mask=right_half(),
                          replacement=large), 1, HOST)
    assert shown.shape == (96, 128, 3)
    assert (shown[:, :56] == (255, 0, 0)).all() and (shown[:, 72:] == 90).all()
    # Frames without opacity in place of transparent ones get it back; those that have it keep it.
    clear = blend(plan, BlendSettings(background="transparent"), mask=right_half())
    assert (preview(replaced(clear, large), 1, HOST)[:, 72:, 3] == 255).all()
    own = np.full((4, 96, 128, 4), 77, np.uint8)
    assert (preview(replaced(clear, own), 1, HOST) == 77).all()
    # A background that is in the frames already is not put behind them a second time.
    green = blend(plan, BlendSettings(background="color", background_color="#00ff00"), mask=right_half())
    assert (preview(replaced(green, large), 1, HOST) == 90).all()


@pytest.mark.parametrize(("clip_fps", "count", "expected"), [
    (Fraction(25), 6, [0, 1, 2, 3, 4, 5]), (Fraction(24), 6, [0, 1, 2, 3, 4, 5]),
    (Fraction(50), 3, [0, 2, 4]), (Fraction(25, 2), 12, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])])
def test_a_replacement_video_is_taken_by_number_or_by_time(tmp_path, clip_fps, count, expected):
    video, level = clip(tmp_path / "a.mp4", clip_fps)
    plan = replaced(plan_render(face(), motion(count), RenderSettings()), video)
    assert [level(f[16, 16]) for f in all_frames(plan)] == expected
    assert [level(f[16, 16]) for f in all_frames(plan, 1, 3)] == expected[1:3]
    assert bool(plan.warnings) == (clip_fps != 25)
    (tmp_path / "a.mp4").write_bytes((tmp_path / "a.mp4").read_bytes() + b"x")
    with pytest.raises(InputError, match="changed"):
        all_frames(plan)


@pytest.mark.parametrize("count", [4, 8])
def test_a_replacement_video_of_another_length_is_refused(tmp_path, count):
    video, _ = clip(tmp_path / "a.mp4", Fraction(25))
    with pytest.raises(InputError, match=rf"6 frames \(0\.24 s at 25 per second\), the render {count} "):
        replaced(plan_render(face(), motion(count), RenderSettings()), video)


def right_half():
    """A mask of the photo with the face in it."""
    matte = np.zeros((48, 64), np.uint8)
    matte[:, 32:] = 255
    return matte


def clip(path, fps):
    """Write six frames, each lighter than the one before; return the file and what reads their number."""
    pictures = [np.full((48, 64, 3), 20 + 40 * i, np.uint8) for i in range(6)]
    write_video(pictures, path, fps=fps, size=(64, 48), count=6, sound=None, settings=EncodeSettings(), metadata={},
                host=HOST)
    return media_file(path), lambda pixel: round((int(pixel[0]) - 20) / 40)


def test_a_changed_source_video_is_refused(tmp_path):
    path = tmp_path / "source.bin"
    path.write_bytes(b"one")
    registry.register(registry.Backend("renderer", "dub", "Dub", SquareRenderer, "MIT", True,
                                       capabilities={"needs": "photo or video"}))
    track = replace(face(), portrait=None, video=media_file(path))
    plan = plan_render(track, motion(), RenderSettings(renderer="dub"))
    path.write_bytes(b"two!")
    with pytest.raises(InputError, match="changed"):
        prepared(plan, HOST)
