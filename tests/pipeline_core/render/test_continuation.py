import av
import numpy as np
import pytest
from talking_avatar.pipeline_core import registry
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import Cancelled
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import ContinueSettings, EncodeSettings, write_video
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.pipeline_core.render.continuation import continued_clip, held
from talking_avatar.pipeline_core.render.plan import frames, plan_render
from talking_avatar.pipeline_core.render.settings import DubSettings, RenderSettings
from talking_avatar.pipeline_core.types import FaceTrack
from talking_avatar.tests.numbered import MARK, MarkRenderer, motion_of, number_of, track_of, write_clip

HOST = PlainHost(threads=1)
COUNT = 48


@pytest.fixture(autouse=True)
def renderer(monkeypatch):
    marks = MarkRenderer()
    monkeypatch.setattr(registry, "_BACKENDS", {})
    registry.register(registry.Backend("renderer", "mouth", "Mouth", lambda: marks, "MIT", True,
                                       capabilities={"needs": "video, photo", "moves": "mouth"}))
    shared().clear()
    return marks


@pytest.fixture
def plan(tmp_path):
    """Groups of 12 frames, of which the second is re-voiced."""
    face = track_of(write_clip(tmp_path / "clip.mp4", COUNT), COUNT)
    return plan_render(face, motion_of(5), RenderSettings(), DubSettings(ranges="0.56-0.76"))


def written(plan, path, count, settings=None, host=HOST):
    report = write_video(held(frames(plan, 0, None, host), count), path, fps=plan.fps, size=plan.size_px, count=count, sound=None,
                         settings=EncodeSettings(crf=4, preset="ultrafast"), metadata={}, host=host,
                         continued=continued_clip(plan, count, settings or ContinueSettings(), host))
    with av.open(str(path)) as container:
        return report, [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(("untouched", "drawn"), [("copy", [*range(12, 24)]), ("encode", [*range(COUNT)])])
def test_only_frames_of_changed_groups_are_asked_for(plan, renderer, tmp_path, untouched, drawn):
    report, shown = written(plan, tmp_path / "out.mp4", COUNT, ContinueSettings(untouched))
    assert [base.number for base in renderer.bases] == drawn
    assert [number_of(frame) for frame in shown] == list(range(COUNT))
    assert [bool(frame[MARK].mean() > 150) for frame in shown] == [i in range(14, 19) for i in range(COUNT)]
    assert any("36 of 48 frames are copied" in text for text in report.warnings) == (untouched == "copy")


def test_the_last_frame_is_held_after_copied_ones(plan, tmp_path):
    _, shown = written(plan, tmp_path / "out.mp4", COUNT + 5)
    assert [number_of(frame) for frame in shown] == [*range(COUNT), *[COUNT - 1] * 5]


def test_copying_can_be_cancelled(plan, tmp_path):
    class Stops(PlainHost):
        def progress(self, done, total):
            if done == total:
                raise Cancelled

    with pytest.raises(Cancelled):
        written(plan, tmp_path / "out.mp4", COUNT, host=Stops())
    assert not (tmp_path / "out.mp4").exists()


def test_a_photo_continues_nothing():
    photo = portrait_from_array(np.full((160, 192, 3), 128, np.uint8))
    points = track_of(None, 1).landmarks_px
    face = FaceTrack(192, 160, points, np.ones((1, 1), np.float32), (0,), portrait=photo)
    plan = plan_render(face, motion_of(5), RenderSettings())
    assert continued_clip(plan, 5, ContinueSettings(), HOST) is None


def test_holding_needs_a_picture():
    assert list(held(iter([1, 2]), 4)) == [1, 2, 2, 2] and list(held(iter([]), 4)) == []
