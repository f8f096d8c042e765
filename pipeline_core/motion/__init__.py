"""Motion: curves that move a face, made from speech, prosody, emotion and idle life."""

from .emotion import EMOTIONS, parse_keyframes
from .generate import generate_motion
from .picture import curves_picture
from .settings import MotionSettings, exact_fps

__all__ = ["EMOTIONS", "MotionSettings", "curves_picture", "exact_fps", "generate_motion", "parse_keyframes"]
