"""run.py render: the whole chain without ComfyUI."""

from __future__ import annotations

import argparse
import re

from ..models import register_all
from ..pipeline_core.errors import SettingError
from ..pipeline_core.face.detect import DetectSettings
from ..pipeline_core.media.encode import ContinueSettings, EncodeSettings, load_format
from ..pipeline_core.media.text_file import read_text_file
from ..pipeline_core.motion import MotionSettings, exact_fps
from ..pipeline_core.pipeline import AvatarRequest, render_avatar
from ..pipeline_core.render.settings import DubSettings, RenderSettings
from .console import EXIT_OK, emit
from .host import ConsoleHost


def run(arguments: argparse.Namespace) -> int:
    """Make the video and print what it took."""
    register_all()
    result = render_avatar(request_from(arguments), ConsoleHost(arguments.device))
    emit(result.to_dict(), arguments.json)
    return EXIT_OK


def request_from(arguments: argparse.Namespace) -> AvatarRequest:
    """Return the request that the arguments describe."""
    width, height = parse_size(arguments.size)
    return AvatarRequest(
        portrait=arguments.portrait, out_path=arguments.out, audio=arguments.audio, text=arguments.text or "",
        voice=arguments.voice, speed=arguments.speed,
        transcript=read_text(arguments.transcript),
        detect=DetectSettings(face_index=arguments.face_index, min_confidence=arguments.min_confidence,
                              detector=arguments.detector),
        motion=MotionSettings(fps=exact_fps(arguments.fps), emotion=arguments.emotion, seed=arguments.seed,
                              still=arguments.still),
        render=RenderSettings(width_px=width, height_px=height, renderer=arguments.renderer),
        video=arguments.video,
        dub=DubSettings(arguments.length, ", ".join(arguments.ranges), arguments.silent_mouth),
        keep=ContinueSettings(arguments.untouched, arguments.other_audio),
        encode=encode_settings(arguments),
    )


def encode_settings(arguments: argparse.Namespace) -> EncodeSettings:
    """Return the format by name, from a file, or "auto", which goes by the ending of the result."""
    own = arguments.format.endswith(".json")
    return EncodeSettings(load_format(arguments.format) if own else arguments.format, crf=arguments.crf,
                          preset=arguments.preset)


def parse_size(text: str) -> tuple[int | None, int | None]:
    """Return width and height of "1280x720", or (None, None) for "source"."""
    if text == "source":
        return None, None
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if not match:
        raise SettingError(f"size={text!r} is not a size", hint="Use for example --size 1280x720, or --size source.")
    return int(match[1]), int(match[2])


def read_text(path: str | None) -> str:
    """Return the contents of a text file, or "" for None."""
    if path is None:
        return ""
    return read_text_file(path, "transcript")
