"""What a format may consist of: containers, codecs, and the options that are safe to pass on.

A format file may come from a stranger. Only what is listed here reaches FFmpeg; options that name
files (as ``x264-params`` can) are not in the lists.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

import av
from PIL import features

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
MAX_CRF = 51
"""The scale of crf is that of H.264; other codecs' scales are stretched to it."""


@dataclass(frozen=True)
class VideoCodec:
    """A picture codec."""

    pixel_formats: tuple[str, ...]
    options: Mapping[str, Collection[str | int]] = field(default_factory=dict)
    """Option -> values a format may give."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Options that are always given."""
    max_crf: int = 0
    """Largest crf of the codec's own scale; 0 where it has none."""
    presets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Preset -> options."""
    min_side_px: int = 16
    tag: str = ""
    """Four characters that name the codec in mp4 and mov, where players expect others than FFmpeg's."""


@dataclass(frozen=True)
class AudioCodec:
    """A sound codec."""

    sample_format: str
    rates_hz: tuple[int, ...] = ()
    """Rates that the codec takes; empty: any."""
    max_channels: int = 2
    lossless: bool = False
    bit_rates: range = range(0)
    """Bits per second that a format may ask for."""
    ending: str = ""
    """File name ending of this sound on its own, beside a picture sequence."""


@dataclass(frozen=True)
class Container:
    """A kind of file."""

    ending: str
    """File name ending; "" is a folder."""
    muxer: str
    video: tuple[str, ...]
    audio: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


def _named_presets() -> dict[str, dict[str, str]]:
    return {name: {"preset": name} for name in PRESETS}


_VP9_SPEEDS = (8, 7, 5, 4, 3, 2, 1, 1, 0)
"""libvpx's cpu-used for each of `PRESETS`; above 5 it works in its mode for live pictures."""


def _vp9_presets() -> dict[str, dict[str, str]]:
    return {name: {"cpu-used": str(speed), "deadline": "realtime" if speed > 5 else "good"}
            for name, speed in zip(PRESETS, _VP9_SPEEDS, strict=True)}


VIDEO_CODECS: Mapping[str, VideoCodec] = {
    "libx264": VideoCodec(
        ("yuv420p", "yuv444p"),
        {"tune": ("film", "animation", "grain", "stillimage", "fastdecode"), "g": range(1, 601),
         "profile": ("baseline", "main", "high", "high444")},
        max_crf=51, presets=_named_presets()),
    "libx265": VideoCodec(
        ("yuv420p", "yuv420p10le"),
        {"tune": ("grain", "animation", "fastdecode"), "g": range(1, 601)},
        # x265 writes its banner to stderr whatever FFmpeg's log level is.
        # Below the size of its blocks it writes beyond its own memory (seen at 48 px).
        fixed={"x265-params": "log-level=none"}, max_crf=51, presets=_named_presets(), min_side_px=64, tag="hvc1"),
    "libvpx-vp9": VideoCodec(
        ("yuv420p", "yuva420p", "yuv444p"),
        {"g": range(1, 601), "tile-columns": range(7), "lossless": range(2), "arnr-strength": range(7)},
        # b:v=0 makes crf the only judge of quality; two layers of alpha allow no hidden frames.
        fixed={"b": "0", "row-mt": "1", "auto-alt-ref": "0"}, max_crf=63, presets=_vp9_presets()),
    "prores_ks": VideoCodec(
        ("yuv422p10le", "yuv444p10le", "yuva444p10le"),
        # No profile: the best one for the pixel format is the default, and older FFmpegs misread the names.
        {"alpha_bits": (8, 16),
         "vendor": ("apl0", "fmpg"), "bits_per_mb": range(8193)}),
    "ffv1": VideoCodec(
        ("bgra", "bgr0", "yuv444p"),
        {"level": (3,), "slices": (4, 6, 9, 12, 16, 24, 30), "slicecrc": range(2), "coder": (0, 1, 2),
         "context": range(2), "g": range(1, 601)}),
    "png": VideoCodec(("rgba", "rgb24"), {"compression_level": range(10)}),
    "gif": VideoCodec(("pal8",)),
    "webp": VideoCodec(("rgba",), {"quality": range(101), "lossless": range(2), "compression_level": range(7)}),
}

AUDIO_CODECS: Mapping[str, AudioCodec] = {
    # Rates every player takes; at lower ones an AAC frame lasts longer and 192 kbit/s do not fit.
    "aac": AudioCodec("fltp", (44_100, 48_000), bit_rates=range(32_000, 512_001)),
    "libopus": AudioCodec("flt", (48_000,), bit_rates=range(16_000, 510_001)),
    "flac": AudioCodec("s32", max_channels=8, lossless=True, ending=".flac"),
    "pcm_s24le": AudioCodec("s32", max_channels=8, lossless=True, ending=".wav"),
    "pcm_s16le": AudioCodec("s16", max_channels=8, lossless=True, ending=".wav"),
}

_ISO_OPTIONS = {"movflags": "use_metadata_tags+faststart+write_colr"}
"""Players can start before the whole file is there (faststart); tags of any name are kept."""

CONTAINERS: Mapping[str, Container] = {
    "mp4": Container(".mp4", "mp4", ("libx264", "libx265"), ("aac", "flac"), _ISO_OPTIONS),
    "mov": Container(".mov", "mov", ("libx264", "libx265", "prores_ks"), ("aac", "pcm_s24le", "pcm_s16le"),
                     _ISO_OPTIONS),
    "webm": Container(".webm", "webm", ("libvpx-vp9",), ("libopus",)),
    "mkv": Container(".mkv", "matroska", ("libx264", "libx265", "libvpx-vp9", "ffv1", "prores_ks"),
                     ("aac", "libopus", "flac", "pcm_s24le", "pcm_s16le")),
    "gif": Container(".gif", "gif", ("gif",), options={"loop": "0"}),
    "webp": Container(".webp", "webp", ("webp",)),
    "folder": Container("", "", ("png",), ("flac", "pcm_s24le", "pcm_s16le")),
}


@cache
def is_built_in(codec: str) -> bool:
    """Return whether the installed PyAV, or Pillow for pictures, can write this codec."""
    if codec in ("png", "webp"):
        return bool(features.check({"png": "zlib"}.get(codec, codec)))
    try:
        av.Codec(codec, "w")
    except (av.FFmpegError, ValueError):
        return False
    return True
