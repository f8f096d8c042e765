"""A face that was filmed moves another face."""

from __future__ import annotations

from typing import Any

import torch
from comfy_api.latest import Input, io, ui

from ..pipeline_core.errors import InputError
from ..pipeline_core.face.detect import DetectSettings
from ..pipeline_core.face.video import detect_pictures, detect_video
from ..pipeline_core.motion import curves_picture, exact_fps
from ..pipeline_core.motion.given_shapes import with_given_shapes
from ..pipeline_core.motion.transfer import TransferSettings, transfer_motion, with_strengths
from ..pipeline_core.registry import resolve
from ..pipeline_core.render.dub_sound import own_sound
from ..pipeline_core.types import FaceTrack, HeadTrack, MediaFile, MotionTrack, Sound
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost


def _strength(id: str, tooltip: str) -> io.Float.Input:
    return sockets.strength(id, tooltip, "as the driver does it")


SHAPES = ("fit", "landmarks' own")
"""Whose expression counts where landmarks are given."""


class MotionFromVideo(io.ComfyNode):
    """TA_MotionFromVideo."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_MotionFromVideo",
            display_name="Motion from Video",
            category=sockets.CATEGORY,
            description="Takes expression, head and eyes from a filmed face, relative to that face at rest: film yourself, "
                        "and let the portrait act.",
            inputs=[
                io.MultiType.Input("driver", [io.Video, io.Image, sockets.Motion],
                                   tooltip="A VIDEO, or an IMAGE batch with its fps, that shows one face; or a motion of Load "
                                           "Motion, whose parts get the strengths below."),
                sockets.Face.Input("face", optional=True,
                                   tooltip="From Detect Face, the portrait that is going to move: fits the movement to it."),
                sockets.FaceLandmarks.Input("landmarks", optional=True,
                                            tooltip="Landmarks of the driver in every frame, found by MediaPipe Face "
                                                    "Landmarker of ComfyUI: the face is not searched again."),
                _strength("mouth", "Jaw, lips and cheeks."),
                _strength("brows", "Raised and lowered brows."),
                _strength("eyes", "Blinks, squints and wide eyes."),
                _strength("head", "Turns, nods, tilts and shifts of the head."),
                _strength("gaze", "Where the eyes look."),
                io.Float.Input("neutral_s", default=-1.0, min=-1.0, max=36000.0, step=0.04,
                               tooltip="When the driver's face is at rest, in seconds. -1 finds it."),
                io.Int.Input("face_index", default=0, min=0, max=63, tooltip="Which face drives, where several are seen."),
                io.Float.Input("fps", default=25.0, min=1.0, max=120.0, step=0.001,
                               tooltip="Frames per second of an IMAGE batch. A VIDEO has its own."),
                io.Combo.Input("shapes", options=list(SHAPES), default=SHAPES[0],
                               tooltip="Where landmarks carry blendshapes: fit measures the expression anew, with the "
                                       "head that draws it; landmarks' own takes theirs."),
            ],
            outputs=sockets.performance(),
        )

    @classmethod
    def validate_inputs(cls, fps: float | None = 25.0) -> str | bool:
        """Refuse impossible frame rates before anything runs."""
        return problem_with(exact_fps, "25" if fps is None else str(fps))

    @classmethod
    def execute(cls, driver: torch.Tensor | Input.Video | MotionTrack, mouth: float, brows: float, eyes: float, head: float,
                gaze: float, neutral_s: float, face_index: int, fps: float, shapes: str = SHAPES[0],
                face: FaceTrack | None = None, landmarks: Any = None) -> io.NodeOutput:
        """Measure the driver and make the motion."""
        settings = TransferSettings(mouth=mouth, brows=brows, eyes=eyes, head=head, gaze=gaze, neutral_s=neutral_s)
        host = ComfyHost()
        if isinstance(driver, MotionTrack):
            motion = with_strengths(driver, settings)
        else:
            if shapes != SHAPES[0] and landmarks is None:
                raise InputError("there are no landmarks whose blendshapes could be taken",
                                 hint="Connect MediaPipe Face Landmarker of ComfyUI, or set shapes to fit.")
            track, sound = _measured(driver, face_index, fps, landmarks, host)
            track = track if shapes == SHAPES[0] else with_given_shapes(track, landmarks)
            motion = transfer_motion(track, settings, face=face, sound=sound)
        host.warn(motion.warnings)
        curves = convert.to_image(curves_picture(motion))
        return io.NodeOutput(motion, curves, ui=ui.PreviewImage(curves))


def _measured(driver: torch.Tensor | Input.Video, face_index: int, fps: float, landmarks: Any, host: ComfyHost
              ) -> tuple[HeadTrack, Sound | None]:
    settings = DetectSettings(face_index=face_index)
    sound = None
    host.status("Finding the driver's face")
    if isinstance(driver, torch.Tensor):
        found = detect_pictures(convert.ImageBatch(driver), exact_fps(str(fps)), settings, host, landmarks=landmarks)
    else:
        video = convert.to_media(driver)
        found = detect_video(video.path, settings, host, landmarks=landmarks)
        sound = _sound_of(video)
    host.status("Measuring the driver's face")
    return resolve("tracker").load().track(found, host), sound


def _sound_of(video: MediaFile) -> Sound | None:
    try:
        return own_sound(video)
    except InputError:  # a clip whose sound cannot be read drives as well
        return None
