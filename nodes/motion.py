"""Speech becomes movement."""

from __future__ import annotations

from fractions import Fraction

from comfy_api.latest import io, ui

from ..pipeline_core.media.text_file import read_text_file
from ..pipeline_core.motion import EMOTIONS, MotionSettings, curves_picture, exact_fps, generate_motion
from ..pipeline_core.motion.arkit_csv import centred, read_arkit_csv
from ..pipeline_core.types import FaceTrack, MotionTrack, SpeechTrack
from . import convert, sockets
from .choices import problem_with
from .host import ComfyHost
from .input_files import expect_table, fingerprint, table_choices
from .live import left_for_page
from .page import with_files

SEED_MAX = 0xFFFFFFFF


def _strength(id: str, tooltip: str) -> io.Float.Input:
    return sockets.strength(id, tooltip, "natural")


class MotionGenerator(io.ComfyNode):
    """TA_MotionGenerator."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_MotionGenerator",
            display_name="Motion Generator",
            category=sockets.CATEGORY,
            description="Turns speech into mouth, head, eye and brow movement, with blinks and breathing.",
            inputs=[
                sockets.Speech.Input("speech", tooltip="From Audio to Visemes or Text to Speech."),
                sockets.Face.Input("face", optional=True,
                                   tooltip="From Detect Face: fits gaze and expression to this portrait. A face from a video "
                                           "decides the frame rate."),
                sockets.Motion.Input("driving", optional=True,
                                     tooltip="Head, gaze and brows of another motion instead of invented ones."),
                sockets.Motion.Input("base", optional=True,
                                     tooltip="An expression that is held under everything else."),
                io.Float.Input("fps", default=25.0, min=1.0, max=120.0, step=0.001,
                               tooltip="Frames per second. 23.976, 29.97 and 59.94 mean the exact NTSC rates. Over a video its "
                                       "own rate is used instead: connect face."),
                io.Combo.Input("emotion", options=list(EMOTIONS), default="neutral",
                               tooltip="The mood of the whole clip. Keyframes, where given, come first."),
                _strength("emotion_strength", "How clearly the mood shows."),
                _strength("mouth", "How far the mouth opens. The lips close for p, b and m at any strength."),
                _strength("head", "Nods and turns that go with the speech."),
                _strength("brows", "How high the brows rise on stressed words."),
                _strength("blinks", "How often the eyes blink."),
                _strength("idle", "Breathing and slow sway."),
                _strength("gaze", "How far the eyes wander."),
                io.Boolean.Input("still", default=False,
                                 tooltip="No head movement and no breathing: only mouth, eyes and expression move."),
                io.Int.Input("seed", default=0, min=0, max=SEED_MAX, control_after_generate=True,
                             tooltip="Another number gives another, equally natural performance."),
                io.String.Input("keyframes", multiline=True, default="", optional=True,
                                placeholder="Emotion over time (optional), e.g.\n0 neutral\n2.5 happy 0.8",
                                tooltip="One line per change: seconds, emotion, strength (optional)."),
            ],
            outputs=[
                sockets.Motion.Output(display_name="motion", tooltip="For Mouth Renderer."),
                io.Image.Output(display_name="curves", tooltip="A picture of the movement over time."),
            ],
            hidden=[io.Hidden.extra_pnginfo],
        )

    @classmethod
    def validate_inputs(cls, emotion: str | None = "neutral", fps: float | None = 25.0) -> str | bool:
        """Refuse unknown moods and impossible frame rates before anything runs."""
        given, rate = "neutral" if emotion is None else emotion, "25" if fps is None else str(fps)
        return problem_with(lambda: MotionSettings(fps=exact_fps(rate), emotion=given))

    @classmethod
    def execute(cls, speech: SpeechTrack, fps: float, emotion: str, emotion_strength: float, mouth: float,
                head: float, brows: float, blinks: float, idle: float, gaze: float, still: bool, seed: int,
                keyframes: str = "", face: FaceTrack | None = None, driving: MotionTrack | None = None,
                base: MotionTrack | None = None) -> io.NodeOutput:
        """Make the motion."""
        # Through text, because 23.976 as a binary fraction is not the number that was typed.
        rate: Fraction = exact_fps(str(fps))
        settings = MotionSettings(fps=rate, mouth=mouth, head=head, brows=brows, blinks=blinks, idle=idle, gaze=gaze,
                                  emotion=emotion, emotion_strength=emotion_strength, still=still, seed=seed)
        host = ComfyHost()
        motion = generate_motion(speech, settings, face=face, driving=driving, base=base, keyframes=keyframes, host=host)
        left = left_for_page(cls.hidden.extra_pnginfo, host, face, motion)
        curves = convert.to_image(curves_picture(motion))
        return io.NodeOutput(motion, curves, ui=with_files(ui.PreviewImage(curves), **left))


class LoadMotion(io.ComfyNode):
    """TA_LoadMotion."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LoadMotion",
            display_name="Load Motion",
            category=sockets.CATEGORY,
            description="Loads a face performance: ARKit curves as the app Live Link Face and others write them (.csv).",
            inputs=[
                io.Combo.Input("file", options=table_choices(),
                               tooltip="A .csv file of ComfyUI's input folder: a column Timecode, or time in seconds, and "
                                       "columns with ARKit's names."),
                io.Boolean.Input("center_head", default=True, optional=True,
                                 tooltip="Take the middle of the head's angles as looking straight ahead: cameras rarely stand "
                                         "right in front. Off: the angles as recorded."),
            ],
            outputs=sockets.performance(),
        )

    @classmethod
    def validate_inputs(cls, file: str | None = None) -> str | bool:
        """Say which file is missing before anything runs."""
        return True if file is None else problem_with(expect_table, file)

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, center_head: bool = True) -> str:
        """Run again when the file changes."""
        return fingerprint(file)

    @classmethod
    def execute(cls, file: str | None = None, center_head: bool = True) -> io.NodeOutput:
        """Read the performance."""
        motion = read_arkit_csv(read_text_file(expect_table(file), "face performance"))
        motion = centred(motion) if center_head else motion
        curves = convert.to_image(curves_picture(motion))
        return io.NodeOutput(motion, curves, ui=ui.PreviewImage(curves))
