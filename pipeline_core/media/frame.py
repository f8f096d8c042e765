"""A decoded frame of a video (or of a HEIC picture) as upright RGB for an ordinary screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange

from ..lazy import cv2
from ..types import FloatArray, UInt8Array

_UNKNOWN, _BT709, _BT601, _BT2020 = 2, 1, 5, 9
"""Codes of matrices and primaries (ITU-T H.273, tables 2 and 4); libswscale uses the same numbers."""
_PQ, _HLG = 16, 18
"""Codes of the HDR transfer curves (H.273, table 3)."""
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_HD_HEIGHT_PX = 576
"""Untagged videos above this are BT.709 by convention, those below BT.601."""
_WHITE_NITS = 203.0
"""Diffuse white of HDR (ITU-R BT.2408)."""
_HLG_PEAK_NITS, _HLG_GAMMA = 1000.0, 1.2
"""Nominal display of HLG (BT.2100, table 5)."""
_KNEE = 0.7
"""Above this share of white, highlights are compressed."""
_WIDE_TO_SRGB = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""Linear BT.2020 to linear BT.709 (ITU-R BT.2087)."""
_COMB_STEP = 20
"""Grey levels by which a line must differ from both neighbours, in the same direction, to be a comb."""


@dataclass(frozen=True)
class Tags:
    """How the numbers of a picture stand for colours (ITU-T H.273)."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool

    @property
    def hdr(self) -> bool:
        """Whether ordinary screens cannot show it as it is."""
        return self.transfer in (_PQ, _HLG)


def tags_of(frame: Any, context: Any = None) -> Tags:
    """Return what a frame says of itself, completed by its codec (for older PyAV) and by what players assume."""
    def code(name: str) -> int:
        found = int(getattr(frame, name, _UNKNOWN))
        return int(getattr(context, name, _UNKNOWN)) if found == _UNKNOWN else found

    matrix = int(frame.colorspace)
    if matrix not in _MATRICES:
        matrix = _BT709 if frame.height > _HD_HEIGHT_PX else _BT601
    full = int(frame.color_range) == int(ColorRange.JPEG) or frame.format.name.startswith("yuvj")
    return Tags(code("color_primaries"), code("color_trc"), matrix, full)


def frame_pixels(frame: Any, tags: Tags | None = None, *, alpha: bool = False) -> UInt8Array:
    """Return RGB in sRGB, or RGBA where it is asked for and the frame has it; not turned.

    HDR is brought down to the range of an ordinary screen; combs of interlaced frames are removed.

    Parameters
    ----------
    frame : av.VideoFrame
        Of any pixel format and depth.
    tags : Tags, optional
        What the container says, where that overrides the frame.
    alpha : bool
        Return RGBA [shape=(H, W, 4)] where the frame has transparency.
    """
    tags = tags or tags_of(frame)
    if tags.hdr:
        return _tone_mapped(_converted(frame, "rgb48le", tags), tags.transfer, tags.primaries == _BT2020)
    see_through = alpha and any(part.is_alpha for part in frame.format.components)
    pixels = np.asarray(_converted(frame, "rgba" if see_through else "rgb24", tags), dtype=np.uint8)
    return without_combs(pixels) if getattr(frame, "interlaced_frame", False) else pixels


def _converted(frame: Any, form: str, tags: Tags) -> npt.NDArray[Any]:
    if frame.format.is_rgb or frame.format.name in ("pal8", "monow", "monob"):
        return np.asarray(frame.to_ndarray(format=form))
    matrix = _MATRICES.get(tags.matrix, _BT601)
    source = ColorRange.JPEG if tags.full_range else ColorRange.MPEG
    try:
        same = frame.reformat(format=form, src_colorspace=matrix, dst_colorspace=matrix,
                              src_color_range=source, dst_color_range=ColorRange.JPEG)
    except ValueError:  # an older PyAV does not know every matrix
        same = frame.reformat(format=form)
    return np.asarray(same.to_ndarray())


@cache
def _to_light(transfer: int) -> FloatArray:
    """Return the light of each of 65536 codes, 1 = diffuse white [shape=(65536,)]."""
    code = np.arange(65536) / 65535.0
    if transfer == _PQ:  # BT.2100, table 4
        power = code ** (1 / 78.84375)
        nits = 10000.0 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    else:  # BT.2100, table 5, with the system gamma applied to each colour
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = _HLG_PEAK_NITS * scene**_HLG_GAMMA
    return np.asarray(nits / _WHITE_NITS, dtype=np.float32)


@cache
def _to_srgb_codes() -> UInt8Array:
    """Return the sRGB code of light in 4096 steps [shape=(4097,)] (IEC 61966-2-1)."""
    light = np.arange(4097) / 4096.0
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(code * 255), dtype=np.uint8)


def _tone_mapped(rgb16: npt.NDArray[np.uint16], transfer: int, wide: bool) -> UInt8Array:
    light = _to_light(transfer)[rgb16]
    if wide:
        light = np.maximum(cv2.transform(light, _WIDE_TO_SRGB), 0.0)
    # The brightest channel decides, so that highlights keep their hue.
    top = light.max(axis=2, keepdims=True)
    room = 1.0 - _KNEE
    shown = np.where(top <= _KNEE, top, _KNEE + room * (1.0 - np.exp(-(top - _KNEE) / room)))
    light *= shown / np.maximum(top, 1e-6)
    return _to_srgb_codes()[np.round(np.clip(light, 0.0, 1.0) * 4096).astype(np.uint16)]


def without_combs(pixels: UInt8Array) -> UInt8Array:
    """Return an interlaced frame [shape=(H, W, C)] with moving edges in one piece.

    Every second line shows a later instant. Where such a line sticks out against both of its
    neighbours it is replaced by their mean; what rests keeps its full sharpness. Each frame is
    treated by itself, so that any range of frames gives the same pictures.
    """
    if pixels.shape[0] < 4:
        return pixels
    above, line, below = (pixels[start::2].astype(np.int16) for start in (0, 1, 2))
    above, line = above[:len(below)], line[:len(below)]
    up, down = line - above, line - below
    comb = (np.minimum(np.abs(up), np.abs(down)) > _COMB_STEP) & (up * down > 0)
    found = cv2.dilate(comb.any(axis=2).astype(np.uint8), np.ones((3, 5), np.uint8)).astype(bool)
    out: UInt8Array = pixels.copy()
    out[1:2 * len(below):2] = np.where(found[..., None], (above + below + 1) // 2, line).astype(np.uint8)
    return out
