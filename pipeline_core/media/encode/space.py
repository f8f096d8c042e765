"""How much disk a result will take, and whether there is as much."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

from ...errors import OutputError
from ...types import Sound
from .formats import Format

_HALF_PER_CRF = 6
"""x264 halves the size about every six steps of crf."""
_SURELY_SMALLER = 5
"""A result can be this many times smaller than typical: beyond that a disk is clearly too full."""
_SPOOL_BITS_PER_PIXEL = 12.0
"""What a GIF's frames take on disk until its colours are chosen."""


def estimate_bytes(form: Format, crf: int, *, size: tuple[int, int], fps: Fraction, count: int,
                   sound: Sound | None) -> int:
    """Return the typical size of a result.

    Parameters
    ----------
    form : Format
        What is written.
    crf : int
        Quality, where the format has one.
    size : tuple of int
        Width and height of the frames in pixels.
    fps : Fraction
        Frame rate.
    count : int
        Number of frames.
    sound : Sound or None
        What is heard.
    """
    scale = min(1.0, form.max_side_px / max(size)) if form.max_side_px else 1.0
    bits = form.bits_per_pixel * (2 ** ((18 - crf) / _HALF_PER_CRF) if form.video.max_crf else 1.0)
    if form.container_name == "gif":
        bits += _SPOOL_BITS_PER_PIXEL
    pictures = size[0] * size[1] * scale**2 * count * bits / 8
    return round(pictures + _sound_bytes(form, sound) * float(count / fps)) + 4096


def _sound_bytes(form: Format, sound: Sound | None) -> float:
    """Return bytes per second of sound."""
    if sound is None or form.audio is None:
        return 0.0
    if not form.audio.lossless:
        return form.bit_rate / 8
    width = 2 if form.audio.sample_format == "s16" else 3
    return float(min(sound.samples.shape[0], form.audio.max_channels) * sound.rate_hz * width)


def check_space(target: Path, needed: int) -> list[str]:
    """Return a warning where the disk may be too full.

    Raises
    ------
    OutputError
        If it clearly is.
    """
    try:
        free = shutil.disk_usage(target.parent).free
    except OSError:
        return []  # a network disk that does not tell; writing shows it
    said = f"about {_megabytes(needed)} will be written, and {str(target.parent)!r} has {_megabytes(free)} free"
    if free < needed / _SURELY_SMALLER:
        raise OutputError(said, hint="Make room, choose another folder, or a format that takes less, as mp4-h264.")
    return [f"The disk may be too full: {said}."] if free < needed else []


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e6:.2f} MB"
