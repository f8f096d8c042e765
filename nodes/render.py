"""A face and a motion become a plan of frames; one frame is shown at once."""

from __future__ import annotations

import logging
from typing import Any, cast, get_args

from comfy_api.latest import Input, io, ui

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import InputError, SettingError
from ..pipeline_core.face.detect import DetectSettings, detect_video
from ..pipeline_core.render.plan import plan_render, preview
from ..pipeline_core.render.settings import DubSettings, Length, RenderSettings, SilentMouth
from ..pipeline_core.types import FaceTrack, MotionTrack
from . import convert, sockets
from .choices import backend_ids, check_backend, problem_with
from .host import ComfyHost, keep

logger = logging.getLogger("talking_avatar")


class MouthRenderer(io.ComfyNode):
    """TA_MouthRenderer."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        size = ("The picture is scaled and cropped around the face, never stretched. 0 keeps the source's; a video keeps "
                "its own.")
        return io.Schema(
            node_id="TA_MouthRenderer",
            display_name="Mouth Renderer",
            category=sockets.CATEGORY,
            description="Plans the talking face and shows one frame of it. The video itself is drawn by Video Mux, "
                        "frame by frame, so that its length costs no memory.",
            inputs=[
                sockets.Face.Input("face", tooltip="From Detect Face."),
                sockets.Motion.Input("motion", tooltip="From Motion Generator."),
                sockets.Model.Input("model", optional=True, tooltip="A loaded model, for renderers that need one."),
                io.Video.Input("source", optional=True,
                               tooltip="The video to re-voice. Not needed when face comes from a video; with a face from "
                                       "a photo, the largest face of the video is taken."),
                io.Combo.Input("renderer", options=backend_ids("renderer"), default="auto",
                               tooltip="What draws the face. 'auto' takes the best one that can run here: photo_head moves the whole "
                                       "head of a photo, video_head redraws the mouth of a video, or of a photo that stays still."),
                io.Int.Input("width", default=0, min=0, max=8192, step=2, tooltip=f"Width of the video in pixels. {size}"),
                io.Int.Input("height", default=0, min=0, max=8192, step=2, tooltip=f"Height of the video in pixels. {size}"),
                io.Combo.Input("length", options=list(get_args(Length)), default=DubSettings().length, optional=True,
                               tooltip="Over a video, where the sound is not as long. pad_silence: all of the video, silence "
                                       "after the speech. cut_off: the longer one is cut. loop, bounce, hold: the video begins "
                                       "again, runs back and forth, or its last frame stays. remap: it runs faster or slower."),
                io.String.Input("ranges", default="", optional=True, placeholder="all, or seconds: 2.5-4.0, 7-8.2",
                                tooltip="Over a video: the stretches to re-voice, in seconds. The sound begins where the first "
                                        "one begins; everything else keeps its picture and sound. Empty: all of it."),
                io.Combo.Input("silent_mouth", options=list(get_args(SilentMouth)), default=DubSettings().silent_mouth,
                               optional=True,
                               tooltip="Over a video, once the speech is over. closed: the mouth stays closed. own: it moves as "
                                       "in the video."),
            ],
            outputs=[
                sockets.Render.Output(display_name="render", tooltip="For Blend and Idle or Video Mux."),
                io.Image.Output(display_name="preview", tooltip="The frame with the widest open mouth."),
                io.String.Output(display_name="report", tooltip="What is drawn, what is left as it is, and why."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, renderer: str | None = None, length: str | None = None, ranges: str | None = None,
                        silent_mouth: str | None = None) -> str | bool:
        """Refuse a renderer that is not there, and what cannot be read as a range, before anything runs."""
        known = check_backend("renderer", renderer)
        return known if known is not True else problem_with(DubSettings, length=length, ranges=ranges, silent_mouth=silent_mouth)

    @classmethod
    def execute(cls, face: FaceTrack, motion: MotionTrack, renderer: str, width: int, height: int,
                model: Any = None, source: Input.Video | None = None, length: str = DubSettings().length,
                ranges: str = "", silent_mouth: str = DubSettings().silent_mouth) -> io.NodeOutput:
        """Plan the frames and draw one."""
        if model is not None:
            raise SettingError(f"the renderer {renderer!r} takes no model", hint="Disconnect 'model'.")
        host = ComfyHost()
        if source is not None:
            face = _in_video(face, source, host)
        settings = RenderSettings(width_px=width or None, height_px=height or None, renderer=renderer)
        plan = plan_render(face, motion, settings, DubSettings(cast(Length, length), ranges, cast(SilentMouth, silent_mouth)))
        built = shared().builds["prepared"]
        picture = preview(plan, plan.showcase, host)
        logger.info("%s the face for %s", "prepared" if shared().builds["prepared"] > built else "re-used",
                    plan.backend.id)
        # What is said in the nodes before need not be said again.
        host.warn(w for w in plan.warnings if w not in (*face.warnings, *motion.warnings))
        image = convert.to_image(picture)
        return io.NodeOutput(plan, image, plan.report, ui=ui.PreviewImage(image, cls=cls))


def _in_video(face: FaceTrack, source: Input.Video, host: ComfyHost) -> FaceTrack:
    """Return the face as it is in a video; that of a photo only says that somebody talks."""
    media = convert.to_media(source)
    if face.video is None:
        host.status("Finding the face of the video")
        return keep(shared().get(("video_face", media.sha256), lambda: detect_video(media.path, DetectSettings(), host)))
    if face.video.sha256 != media.sha256:
        raise InputError("'face' was found in another video than 'source'",
                         hint="Connect the same video to Detect Face, or disconnect 'source'.")
    return face
