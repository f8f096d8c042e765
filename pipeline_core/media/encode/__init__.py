"""Frames and sound in, one finished result out."""

from .codecs import PRESETS
from .continued import Continued, ContinueSettings, OtherAudio, Untouched
from .formats import (
    AUTO,
    DEFAULT_FORMAT,
    Format,
    catalogue,
    find_format,
    format_for,
    load_format,
    usable_formats,
)
from .settings import EncodeReport, EncodeSettings
from .space import estimate_bytes
from .write import check_video_target, write_video

__all__ = ["AUTO", "DEFAULT_FORMAT", "PRESETS", "ContinueSettings", "Continued", "EncodeReport", "EncodeSettings", "Format",
           "OtherAudio", "Untouched", "catalogue", "check_video_target", "estimate_bytes", "find_format", "format_for", "load_format", "usable_formats",
           "write_video"]
