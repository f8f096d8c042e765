"""The nodes one after the other, as a workflow runs them, on the stand-in; small, so that it is quick."""

import av
import numpy as np
import pytest
import torch
from talking_avatar.pipeline_core.cache import shared
from talking_avatar.pipeline_core.errors import InputError, NoFaceFound, SettingError
from talking_avatar.pipeline_core.types import MotionTrack, SpeechTrack

MOTION = {"fps": 25.0, "emotion": "neutral", "emotion_strength": 1.0, "mouth": 1.0, "head": 1.0, "brows": 1.0,
          "blinks": 1.0, "idle": 1.0, "gaze": 1.0, "still": False, "seed": 0}
DETECT = {"face_index": 0, "order": "large-small", "min_confidence": 0.5}
BLEND = {"idle": 1.0, "seam_feather": 1.0, "grain": 1.0, "background_motion": "carry"}


@pytest.fixture
def audio():
    t = np.arange(8000) / 16000
    return {"waveform": torch.from_numpy(np.sin(t * 900) * np.sin(t * 20) * 0.4).float()[None, None],
            "sample_rate": 16000}


@pytest.fixture
def face(classes, comfy, small):
    portrait = classes["TA_LoadPortrait"].execute(image=small).args[0]
    return classes["TA_DetectFace"].execute(source=portrait, **DETECT).args[0]


@pytest.fixture
def motion(classes, audio):
    speech = classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy").args[0]
    return classes["TA_MotionGenerator"].execute(speech=speech, **MOTION).args[0]


def test_a_face_has_an_overlay_masks_and_a_report(classes, comfy, small):
    result = classes["TA_DetectFace"].execute(source=small, **DETECT)
    face, overlay, face_mask, mouth_mask, report = result.args
    assert len(face.face_ids) == 1 and overlay.shape == small.shape
    assert 0 < mouth_mask.mean() < face_mask.mean() < 0.5
    assert report and result.ui.image.shape[1] > overlay.shape[1] and result.ui.image.shape[3] == 3, "with words below"


def test_no_face_and_too_few_faces_are_explained(classes, comfy, small):
    with pytest.raises(NoFaceFound, match="hint:"):
        classes["TA_DetectFace"].execute(source=torch.full((1, 128, 128, 3), 0.5), **DETECT)
    with pytest.raises(SettingError, match="face_index=3"):
        classes["TA_DetectFace"].execute(source=small, **{**DETECT, "face_index": 3})


def test_sound_becomes_speech_and_motion(classes, comfy, audio):
    speech, timeline, cues = classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy").args
    assert isinstance(speech, SpeechTrack) and timeline.shape[-1] == 3 and '"visemes"' in cues
    result = classes["TA_MotionGenerator"].execute(speech=speech, **{**MOTION, "fps": 29.97})
    motion, curves = result.args
    assert result.ui.image is curves, "the node shows them"
    assert isinstance(motion, MotionTrack) and str(motion.fps) == "30000/1001" and curves.shape[-1] == 3


def test_the_plan_is_shown_blended_and_written(classes, comfy, face, motion):
    plan, preview, report = classes["TA_MouthRenderer"].execute(
        face=face, motion=motion, renderer="auto", width=128, height=128).args
    assert f"drawn in {motion.frames} of them" in report
    assert preview.shape == (1, 128, 128, 3)
    built = shared().builds["prepared"]
    blended, mask = classes["TA_BlendAndIdle"].execute(render=plan, **BLEND).args
    assert mask.shape == (1, 128, 128) and mask.any()
    path = classes["TA_VideoMux"].execute(source=blended, filename_prefix="a", fps=99.0, crf=30, preset="ultrafast",
                                          save_output=False).args[1]
    assert shared().builds["prepared"] == built, "one fitted face serves preview, mask and video"
    with av.open(path) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(container.streams.audio) == 1, "the motion's own sound is there without AUDIO"
    assert len(frames) == motion.frames and frames[0].shape == (128, 128, 3)


def test_frames_of_another_node_can_replace_the_drawn_ones(classes, comfy, face, motion):
    plan = classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=64, height=64).args[0]
    green = torch.zeros((motion.frames, 96, 96, 3))
    green[..., 1] = 1.0
    replaced, _ = classes["TA_BlendAndIdle"].execute(render=plan, replacement=green, **BLEND).args
    path = classes["TA_VideoMux"].execute(source=replaced, filename_prefix="b", fps=25.0, crf=30, preset="ultrafast",
                                          save_output=False).args[1]
    with av.open(path) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert frame.shape == (96, 96, 3) and frame[..., 1].mean() > 200 > 60 > frame[..., 0].mean()


def test_a_background_needs_to_know_where_the_person_is(classes, comfy, face, motion):
    plan = classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=64, height=64).args[0]
    with pytest.raises(InputError, match="background"):
        classes["TA_BlendAndIdle"].execute(render=plan, background=torch.zeros((1, 64, 64, 3)), **BLEND)


def test_sockets_of_later_renderers_are_refused_not_ignored(classes, comfy, face, motion):
    with pytest.raises(SettingError, match="takes no model"):
        classes["TA_MouthRenderer"].execute(face=face, motion=motion, renderer="auto", width=64, height=64, model=object())


@pytest.mark.parametrize(("format", "word"), [("Rhubarb JSON", '"mouthCues"'), ("TextGrid", "ooTextFile"), ("OVR visemes CSV", "time,sil,PP"),
                                              ("ARKit CSV", "Timecode,"), ("VTube JSON", '"MouthOpen"'), ("prosody JSON", '"pitch_hz"')])
def test_what_was_heard_comes_in_the_chosen_form(classes, comfy, audio, format, word):
    assert word in classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy", format=format).args[2]


def test_captions_without_words_are_explained(classes, comfy, audio):
    with pytest.raises(InputError, match="no words"):
        classes["TA_AudioToVisemes"].execute(audio=audio, engine="energy", format="SRT words")
