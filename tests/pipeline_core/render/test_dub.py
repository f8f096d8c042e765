import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import (
    ContinueSettings,
    EncodeSettings,
    find_format,
    write_video,
)
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.media.video import media_file, read_frames
from talking_avatar.pipeline_core.render import estimate as estimating
from talking_avatar.pipeline_core.render.continuation import continued_clip
from talking_avatar.pipeline_core.render.dub_sound import JOIN_S
from talking_avatar.pipeline_core.render.estimate import estimate
from talking_avatar.pipeline_core.render.excerpt import excerpt, sound_of
from talking_avatar.pipeline_core.render.plan import (
    blend,
    frames,
    mask,
    plan_render,
    prepared,
    preview,
    replaced,
)
from talking_avatar.pipeline_core.render.settings import BlendSettings, DubSettings, RenderSettings
from talking_avatar.tests.numbered import (
    HEIGHT,
    MARK,
    WIDTH,
    MarkRenderer,
    motion_of,
    number_of,
    picture_of,
    track_of,
    write_clip,
)

HOST = PlainHost(threads=1)
FPS, COUNT = Fraction(25), 50


class PhotoRenderer:
    def prepare(self, face, settings, host):
        return face.portrait.image

    def frames(self, state, motion, start, stop, host):
        yield from (state for _ in range(start, stop))


@pytest.fixture(autouse=True)
def renderers(monkeypatch):
    """A renderer of photos that is preferred, and one that draws mouths on both."""
    marks = MarkRenderer()
    monkeypatch.setattr(registry, "_BACKENDS", {})
    registry.register(registry.Backend("renderer", "head", "Head", PhotoRenderer, "MIT", True, priority=9,
                                       capabilities={"needs": "photo", "moves": "head"}))
    registry.register(registry.Backend("renderer", "mouth", "Mouth", lambda: marks, "MIT", True,
                                       capabilities={"needs": "video, photo", "moves": "mouth"}))
    shared().clear()
    yield marks
    shared().clear()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    sound = np.full(32000, -0.25)
    return write_clip(tmp_path_factory.mktemp("dub") / "a.mkv", COUNT, sound=sound)


def plan_of(clip, spoken=30, unseen=(), settings=None, fps=FPS, **dub):
    return plan_render(track_of(clip, COUNT, unseen=unseen), motion_of(spoken, fps), settings or RenderSettings(), DubSettings(**dub))


def drawn(plan, start=0, stop=None):
    return list(frames(plan, start, stop, HOST))


def test_auto_takes_what_draws_from_this_source(clip):
    photo = replace(track_of(None, 1), portrait=portrait_from_array(picture_of(0)))
    assert plan_of(clip).backend.id == "mouth"
    assert plan_render(photo, motion_of(3), RenderSettings()).backend.id == "head"
    with pytest.raises(InputError, match="Head does not draw from a video") as caught:
        plan_of(clip, settings=RenderSettings(renderer="head"))
    assert "'mouth'" in caught.value.hint


def test_only_the_mouth_of_a_photo_moves_where_that_is_asked_for():
    photo = replace(track_of(None, 1), portrait=portrait_from_array(picture_of(5)))
    plan = plan_render(photo, motion_of(4), RenderSettings(renderer="mouth"))
    whole = drawn(plan)
    assert len(whole) == 4 and all((frame[MARK] == 255).all() for frame in whole)
    assert all((frame[:90] == photo.portrait.image[:90]).all() for frame in whole) and plan.untouched_spans() == []


def test_the_mouth_is_drawn_on_the_frames_of_the_video(clip, renderers):
    plan = plan_of(clip)
    whole = drawn(plan)
    assert (plan.frames, plan.fps, plan.size_px) == (COUNT, FPS, (WIDTH, HEIGHT))
    assert [number_of(frame) for frame in whole] == list(range(COUNT))
    assert all((frame[MARK] == 255).all() for frame in whole)
    assert [(base.number, base.source, base.strength) for base in renderers.bases] == [(i, i, 1.0) for i in range(COUNT)]
    assert (mask(plan, HOST)[MARK] == 255).all() and mask(plan, HOST).sum() == 255 * 32 * 32


def test_frames_without_a_face_pass_through_as_they_are(clip, renderers):
    gone = range(18, 33)
    plan = plan_of(clip, unseen=gone)
    bases = {}
    for index, frame in enumerate(drawn(plan)):
        bases[index] = renderers.bases[index]
        changed = (frame != bases[index].picture).any()
        assert changed == (bases[index].strength > 0)
        if bases[index].strength == 0:
            assert frame is bases[index].picture
    assert all(bases[index].strength == 0 for index in gone) and bases[5].strength == 1 and 0 < bases[34].strength < 1
    assert plan.untouched_spans() == [(18, 33, 18)]
    assert any("0.7 to 1.3 s: no face" in warning for warning in plan.warnings)
    assert "the mouth is drawn in 35 of them" in plan.report and "left as it is, 0.7 to 1.3 s: no face" in plan.report


def test_what_is_copied_is_told_before_and_takes_no_time(tmp_path, monkeypatch):
    plan = plan_of(write_clip(tmp_path / "clip.mp4", COUNT, gop=10), spoken=5, ranges="0.4-0.7")
    settings = EncodeSettings("mp4-h264")
    monkeypatch.setattr(estimating, "_SPEEDS", {estimating._kind(plan, find_format("mp4-h264"), settings, HOST): (1.0, 0.03)})
    clips = [continued_clip(plan, COUNT, ContinueSettings(untouched), HOST) for untouched in ("copy", "encode")]
    copied, encoded = (estimate(plan, settings, HOST, continued=clip) for clip in clips)
    assert copied.copied_frames == 40 and encoded.copied_frames == 0 and "40 of them copied" in copied.text
    assert copied.seconds == pytest.approx(encoded.seconds / 5)


def test_a_covered_mouth_is_in_the_report_and_its_frames_are_untouched(clip, renderers):
    free = plan_of(clip)
    share = np.zeros((COUNT, 1), np.float32)
    share[20:30] = 0.9
    plan = plan_render(replace(free.face, hidden_ratio=share), free.motion, RenderSettings())
    assert plan.untouched_spans() == [(20, 30, 20)] and free.untouched_spans() == []
    assert "left as it is, 0.8 to 1.2 s: the mouth is covered" in plan.report and "covered" not in free.report
    assert [stretch.reason for stretch in plan.timing.skipped] == ["the mouth is covered"]


def test_the_first_frames_may_show_nobody(clip):
    plan = plan_of(clip, unseen=range(20))
    assert plan.untouched_spans() == [(0, 20, 0)] and plan.timing.schedule.strength[plan.showcase] == 1
    assert (preview(plan, plan.showcase, HOST)[MARK] == 255).all()


def test_nobody_at_all_is_said_clearly(clip):
    with pytest.raises(NoFaceFound, match="the video holds no face"):
        plan_of(clip, unseen=range(COUNT))


def test_a_changed_video_is_refused(tmp_path):
    video = write_clip(tmp_path / "a.mkv", COUNT)
    plan = plan_of(video)
    write_clip(tmp_path / "a.mkv", COUNT + 1)
    with pytest.raises(InputError, match="changed"):
        drawn(plan)


def test_any_part_equals_the_whole(clip):
    plan = plan_of(clip, spoken=120, length="bounce", unseen=range(10, 20))
    whole = drawn(plan)
    assert [number_of(frame) for frame in whole[45:55]] == [45, 46, 47, 48, 49, 48, 47, 46, 45, 44]
    for start, stop in ((0, 3), (47, 60), (99, 120)):
        assert all((a == b).all() for a, b in zip(drawn(plan, start, stop), whole[start:stop], strict=True))


def test_a_video_keeps_its_size(clip):
    for settings in (RenderSettings(width_px=64), RenderSettings(width_px=WIDTH, height_px=HEIGHT + 2)):
        with pytest.raises(SettingError, match=f"{WIDTH} x {HEIGHT}"):
            plan_of(clip, settings=settings)
    assert plan_of(clip, settings=RenderSettings(WIDTH, HEIGHT)).size_px == (WIDTH, HEIGHT)


def test_motion_of_another_rate_keeps_its_time(clip):
    plan = plan_of(clip, spoken=60, fps=Fraction(50))
    assert (plan.fps, plan.motion.frames, plan.frames) == (FPS, 30, COUNT)
    own = motion_of(60, Fraction(50)).layers[0].blendshapes[:, 0]
    np.testing.assert_allclose(plan.motion.layers[0].blendshapes[:, 0], own[::2], atol=1e-6)


def test_settings_are_part_of_the_plan_and_not_of_what_is_prepared(clip):
    plans = [plan_of(clip), plan_of(clip, length="hold"), plan_of(clip, ranges="0.4-0.8", silent_mouth="own")]
    assert len({plan.to_json() for plan in plans}) == 3 and len({plan.state_key for plan in plans}) == 1
    assert json.loads(plans[2].to_json())["dub"] == {"length": "pad_silence", "ranges": "0.4-0.8", "silent_mouth": "own"}
    built = shared().builds["prepared"]
    for plan in plans:
        prepared(plan, HOST)
    assert shared().builds["prepared"] == built + 1


def test_background_replacement_and_estimate(clip):
    plan = plan_of(clip)
    red = replaced(plan, np.full((COUNT, 8, 8, 3), 200, np.uint8))
    assert red.size_px == (8, 8) and red.untouched_spans() == [] and drawn(red, 3, 4)[0].max() == 200
    for settings in (BlendSettings(background="color"), BlendSettings(background="blur")):
        with pytest.raises(InputError):
            blend(plan, settings)
    assert estimate(plan, EncodeSettings("mp4-h264"), HOST).frames == COUNT


def test_a_face_that_is_seen_too_briefly_changes_nothing_and_stops_nothing(clip):
    plan = plan_of(clip, unseen=[i for i in range(COUNT) if not 20 <= i < 23])
    assert any("drawn nowhere" in warning for warning in plan.warnings) and plan.untouched_spans() == [(0, COUNT, 0)]
    assert [number_of(frame) for frame in drawn(plan)] == list(range(COUNT))


def test_a_transparent_video_stays_transparent_or_gets_a_background(tmp_path):
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[-20:] = 0
    pictures = [np.dstack([picture_of(i), alpha]) for i in range(COUNT)]
    path = tmp_path / "clear.mkv"
    write_video(pictures, path, fps=FPS, size=(WIDTH, HEIGHT), count=COUNT, sound=None, metadata={}, host=HOST,
                settings=EncodeSettings("mkv-ffv1-flac", alpha=True))
    plan = plan_of(media_file(path), ranges="0.4-0.8", spoken=5)
    assert plan.transparent and np.array_equal(drawn(plan, 3, 4)[0], pictures[3])
    write_video(frames(plan, 0, None, HOST), tmp_path / "out.mkv", fps=FPS, size=plan.size_px, count=COUNT, sound=None,
                settings=EncodeSettings("mkv-ffv1-flac", alpha=plan.transparent), metadata={}, host=HOST,
                continued=continued_clip(plan, COUNT, ContinueSettings(), HOST))
    written = [rgba for _, rgba in read_frames(tmp_path / "out.mkv", alpha=True)]
    assert all(np.array_equal(rgba, want) for rgba, want in zip(written, drawn(plan), strict=True))
    assert (written[14][MARK][..., :3] == 255).all() and (written[14][-20:, :, 3] == 0).all()
    red = blend(plan, BlendSettings(background="color", background_color="#ff0000"))
    frame = drawn(red, 3, 4)[0]
    assert frame.shape == (HEIGHT, WIDTH, 3) and (frame[-20:] == (255, 0, 0)).all() and number_of(frame) == 3
    assert red.untouched_spans() == []


@pytest.mark.parametrize(("length", "word", "seconds"), [
    ("pad_silence", "silence follows", 2), ("cut_off", "the video is cut", 1.2), ("loop", "the video is cut", 1.2),
    ("bounce", "the video is cut", 1.2), ("hold", "the video is cut", 1.2), ("remap", "faster", 1.2)])
def test_a_shorter_sound_is_told_about(clip, length, word, seconds):
    plan = plan_of(clip, 30, length=length)
    assert float(plan.frames / plan.fps) == seconds and any(word in warning for warning in plan.warnings)
    assert plan.sound.duration_s == 1.2


@pytest.mark.parametrize(("length", "word"), [("pad_silence", "backwards"), ("cut_off", "the sound is cut"), ("loop", "again"),
                                              ("bounce", "backwards"), ("hold", "stays"), ("remap", "slower")])
def test_a_longer_sound_is_told_about_and_cut_only_where_asked(clip, length, word):
    plan = plan_of(clip, 75, length=length)
    assert any(word in warning for warning in plan.warnings)
    assert plan.sound.duration_s == float(plan.frames / plan.fps) == (2.0 if length == "cut_off" else 3.0)
    assert not any("sound lasts" in warning for warning in plan_of(clip, 51).warnings)


def test_a_line_replaces_the_sound_of_its_range_only(clip):
    plan = plan_of(clip, 10, ranges="0.4-1")
    assert plan.untouched_spans() == [(0, 10, 0), (25, 50, 25)]
    samples, rate = plan.sound.samples[0], plan.sound.rate_hz
    at = [round(t * rate) for t in (0.4, 0.8, 1.0)]
    join = round(JOIN_S * rate) + 1
    assert len(samples) == 2 * rate
    np.testing.assert_allclose(samples[:at[0]], -0.25, atol=1e-4)
    np.testing.assert_allclose(samples[at[0] + join:at[1]], 0.5, atol=1e-4)
    np.testing.assert_allclose(samples[at[1]:at[2] - join], 0, atol=1e-4)
    np.testing.assert_allclose(samples[at[2]:], -0.25, atol=1e-4)
    assert np.abs(np.diff(samples)).max() < 0.51 and np.abs(np.diff(samples[:at[1] - 1])).max() < 2 / join
    assert sound_of(excerpt(plan, 0, 10)).samples.mean() == pytest.approx(-0.25, abs=1e-3)


def test_the_motion_moves_to_its_range(clip, renderers):
    motions = []
    renderers.redraw = lambda state, motion, bases, host: motions.append(motion) or (base.picture for base in bases)
    drawn(plan_of(clip, 10, ranges="0.4-1"))
    jaw = motions[0].summed().blendshapes[:, 0]
    own = motion_of(10).layers[0].blendshapes[:, 0]
    assert len(jaw) == COUNT and not jaw[:10].any() and not jaw[26:].any()
    np.testing.assert_allclose(jaw[10:20], own)
    assert (np.diff(jaw[19:26]) < 0).any(), "the mouth closes softly"


def test_a_line_that_does_not_fit_is_told_about(clip):
    assert any("the last one is made longer" in w for w in plan_of(clip, 30, ranges="0.4-0.8").warnings)
    assert any("it is cut" in w for w in plan_of(clip, 30, ranges="0.4-0.8", length="cut_off").warnings)
    assert any("between the ranges" in w for w in plan_of(clip, 20, ranges="0.4-0.6, 1-2").warnings)
    assert not any("range" in w for w in plan_of(clip, 20, ranges="0.4-1.2").warnings)


def test_a_mute_video_gets_the_line_in_silence(tmp_path):
    video = write_clip(tmp_path / "mute.mp4", COUNT)
    sound = plan_of(video, 10, ranges="0.4-0.8").sound
    assert sound.duration_s == 2 and not sound.samples[:, :6400].any() and sound.samples[0, 9600] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("ranges", ["", "0.4-0.8"])
def test_a_motion_without_sound_leaves_the_video_its_own(clip, ranges):
    silent = replace(motion_of(10), sound=None)
    sound = plan_render(track_of(clip, COUNT), silent, RenderSettings(), DubSettings(ranges=ranges)).sound
    assert sound.duration_s == 2 and np.abs(sound.samples + 0.25).max() < 1e-3
