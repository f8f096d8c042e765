"""Frames out as IMAGE, changed by another node, and back into the chain, frame for frame."""

from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch
from talking_avatar.models.samples import PORTRAITS
from talking_avatar.pipeline_core.errors import InputError, SettingError

SIZE = 96
MUX = {"filename_prefix": "a", "fps": 25.0, "crf": 0, "preset": "ultrafast", "save_output": False}
STRENGTHS = dict.fromkeys(("emotion_strength", "mouth", "head", "brows", "blinks", "idle", "gaze"), 1.0)
BLEND = {"idle": 1.0, "seam_feather": 1.0, "grain": 1.0, "background_motion": "carry"}


@pytest.fixture
def node(classes, comfy):
    return classes["TA_FramesToImages"]


@pytest.fixture
def mux(classes, monkeypatch):
    monkeypatch.setattr(classes["TA_VideoMux"], "hidden", SimpleNamespace(prompt=None, extra_pnginfo=None))
    return classes["TA_VideoMux"]


@pytest.fixture(scope="module")
def made(classes):
    """Plans of the plain and the cut-out sample, with the same motion at 29.97 frames per second."""
    t = np.arange(22050) / 44100
    audio = {"waveform": torch.from_numpy(np.sin(t * 900) * np.sin(t * 20) * 0.4).float()[None, None],
             "sample_rate": 44100}
    speech = classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy").args[0]
    motion = classes["TA_MotionGenerator"].execute(speech=speech, fps=29.97, emotion="neutral", still=False, seed=0,
                                                   **STRENGTHS).args[0]
    plans = []
    for name in list(PORTRAITS)[:2]:
        portrait = classes["TA_LoadPortrait"].execute(file=name).args[0]
        face = classes["TA_DetectFace"].execute(source=portrait, face_index=0, order="large-small",
                                                min_confidence=0.5).args[0]
        plans.append(classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=SIZE,
                                                         height=SIZE).args[0])
    return (*plans, audio)


@pytest.fixture
def plan(made):
    return made[0]


@pytest.fixture
def clear(made):
    return made[1]


def pictures(path):
    with av.open(path) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(int)


def test_all_frames_and_any_range(node, plan):
    images, audio, fps = node.execute(render=plan, start=0, count=0).args
    assert images.shape == (15, SIZE, SIZE, 3) and images.dtype == torch.float32
    assert fps == pytest.approx(30000 / 1001) and images.min() >= 0 and images.max() <= 1
    part = node.execute(render=plan, start=4, count=5).args[0]
    assert torch.equal(part, images[4:9])
    assert torch.equal(node.execute(render=plan, start=13, count=99).args[0], images[13:])


def test_the_sound_is_that_of_the_frames_to_the_sample(node, plan, made):
    sound = made[2]["waveform"][0, 0].numpy()
    pieces = [node.execute(render=plan, start=start, count=count).args[1]["waveform"][0, 0].numpy()
              for start, count in ((0, 4), (4, 5), (9, 0))]
    joined = np.concatenate(pieces)
    assert np.array_equal(joined[:len(sound)], sound) and not joined[len(sound):].any()
    assert len(joined) == round(15 * 1001 / 30000 * 44100)


def test_a_part_with_its_sound_keeps_its_number_of_frames(node, mux, plan):
    for start, count in ((0, 4), (1, 3), (4, 5), (7, 7)):
        images, audio, fps = node.execute(render=plan, start=start, count=count).args
        path = mux.execute(source=images, audio=audio, **{**MUX, "fps": round(fps, 3)}).args[1]
        assert len(pictures(path)) == count
    longer = {**audio, "waveform": torch.nn.functional.pad(audio["waveform"], (0, 2000))}  # the control: more sound
    assert len(pictures(mux.execute(source=images, audio=longer, **{**MUX, "fps": 29.97}).args[1])) == count + 2


def test_what_the_frames_take_is_said_before_they_are_drawn(node, plan, caplog):
    with caplog.at_level("INFO", "talking_avatar"):
        node.execute(render=plan, start=3, count=10)
    assert f"10 frames of {SIZE} x {SIZE} px take 1 MB as IMAGE" in caplog.messages


def test_a_batch_that_does_not_fit_is_refused_with_numbers(node, plan, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in

    frame = SIZE * SIZE * 3 * 4
    monkeypatch.setattr(management, "free_bytes", frame * 10)
    with pytest.raises(InputError, match=rf"15 frames of {SIZE} x {SIZE} px take .* GB .*free.*hint: .*at most 7 frames"):
        node.execute(render=plan, start=0, count=0)
    assert len(node.execute(render=plan, start=0, count=7).args[0]) == 7


def test_impossible_ranges_are_refused(node, plan):
    for start, count in ((15, 1), (-1, 2), (0, -3)):
        with pytest.raises(SettingError, match="hint:"):
            node.execute(render=plan, start=start, count=count)


def test_transparent_frames_keep_their_opacity(node, clear, classes):
    images = node.execute(render=clear, start=2, count=2).args[0]
    assert images.shape == (2, SIZE, SIZE, 4)
    assert images[..., 3].min() == 0 and images[..., 3].max() == 1
    green = classes["TA_BlendAndIdle"].execute(render=clear, background_mode="color", background_color="#00ff00",
                                               **BLEND).args[0]
    over = node.execute(render=green, start=2, count=2).args[0]
    assert over.shape[-1] == 3 and torch.equal(over[0, 0, 0], torch.tensor([0.0, 1.0, 0.0]))


def test_progress_and_cancel(node, plan, monkeypatch):
    import comfy.model_management as management  # noqa: TID251 - the stand-in
    import comfy.utils  # noqa: TID251 - the stand-in

    node.execute(render=plan, start=0, count=6)
    assert comfy.utils.bars[-1].steps[-1] == (6, 6)
    monkeypatch.setattr(management, "interrupted", True)
    with pytest.raises(management.InterruptProcessingException):
        node.execute(render=plan, start=0, count=6)


@pytest.mark.parametrize("by", ["mux", "blend"])
def test_frames_come_back_as_they_went(node, mux, classes, plan, by):
    images = node.execute(render=plan, start=0, count=0).args[0]
    straight = pictures(mux.execute(source=plan, **MUX).args[1])
    assert (back(mux, classes, plan, images, by) == straight).all()
    # The control: a shift by one frame is seen.
    assert not (back(mux, classes, plan, images.roll(1, 0), by) == straight).all()


@pytest.mark.parametrize("by", ["mux", "blend"])
def test_frames_come_back_twice_as_large(node, mux, classes, plan, by):
    images = node.execute(render=plan, start=0, count=0).args[0]
    large = torch.nn.functional.interpolate(images.movedim(-1, 1), scale_factor=2, mode="nearest").movedim(1, -1)
    found = back(mux, classes, plan, large, by)
    straight = pictures(mux.execute(source=plan, **MUX).args[1])
    assert found.shape == (15, 2 * SIZE, 2 * SIZE, 3)
    reduced = found.reshape(15, SIZE, 2, SIZE, 2, 3).mean((2, 4))
    assert in_order(reduced, straight)
    # The control: one frame late.
    assert not in_order(np.roll(reduced, 1, 0), straight)


def in_order(found, wanted):
    """Tell whether each frame is most like the one of its number; colour conversions blur them a little."""
    error = np.abs(found[:, None] - wanted[None]).mean((2, 3, 4))
    return error.diagonal().max() < 4.0 and (error.diagonal() <= error.min(1) + 0.02).all()


def back(mux, classes, plan, images, by):
    if by == "mux":
        return pictures(mux.execute(source=plan, replacement=images, **MUX).args[1])
    blended = classes["TA_BlendAndIdle"].execute(render=plan, replacement=images, **BLEND).args[0]
    return pictures(mux.execute(source=blended, **MUX).args[1])


def test_a_video_comes_back_frame_for_frame(node, mux, plan):
    from comfy_api.latest import InputImpl  # noqa: TID251 - the stand-in

    first = mux.execute(source=plan, **MUX).args[1]
    again = mux.execute(source=plan, replacement=InputImpl.VideoFromFile(first), **MUX).args[1]
    assert len(pictures(again)) == 15 and in_order(pictures(again), pictures(first))


@pytest.mark.parametrize("count", [1, 14, 16, 30])
def test_another_number_of_frames_is_refused(mux, plan, count):
    with pytest.raises(InputError, match=rf"{count} frames, the render 15 .*hint:"):
        mux.execute(source=plan, replacement=torch.zeros((count, 8, 8, 3)), **MUX)


def test_frames_in_place_of_images_are_refused(mux, comfy):
    with pytest.raises(InputError, match="'source' is an IMAGE"):
        mux.execute(source=torch.zeros((2, 32, 32, 3)), replacement=torch.zeros((2, 32, 32, 3)), **MUX)
