"""A contact sheet: what happens in a clip at a glance, with times and what is to be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arkit import ARTICULATION_INDEX, INDEX
from ..lazy import cv2
from ..lettering import width_of, write
from ..types import FloatArray, MotionLayer, MotionTrack, UInt8Array

TILE_PX = 256
"""Width of a tile: lips can be judged in it."""
GAP_PX = 8
FACE_SHARE = 1.8
"""Side of a tile in face heights: the face and its hair, so that lips can be judged."""
APART_S = 0.2
"""Moments that are nearer than this show the same."""
BLINK = "blink"
PEAKS = 8
"""Of each kind at most."""
REACHED = 0.25
"""A shape that never comes so far is no moment of its own."""
_PAPER, _INK, _FAINT, _SHADE = (24, 24, 27), (240, 240, 242), (160, 160, 168), (12, 12, 14)
_ACCENT = {"lips shut": (255, 138, 128), "mouth widest": (120, 200, 255), "lips round": (190, 170, 255),
           "lip on teeth": (255, 200, 110), BLINK: (130, 222, 160)}  # fmt: skip
"""Colours of the moments, light enough for the dark strip below a tile."""
_SIZE = 24
"""Readable where three tiles are as wide as a node."""
_STRIP_PX = 38

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Moment:
    """A frame worth a look."""

    frame: int
    label: str = ""
    """What is to be seen, "" for a frame like any other."""


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture of the sheet."""

    picture: UInt8Array
    time_s: float
    label: str = ""


def _closed(total: MotionLayer) -> FloatArray:
    return total.articulation[:, ARTICULATION_INDEX["lipClosure"]]


def _tucked(total: MotionLayer) -> FloatArray:
    return total.articulation[:, ARTICULATION_INDEX["lipTuck"]]


def _shape(*names: str) -> Callable[[MotionLayer], FloatArray]:
    return lambda total: np.asarray(np.maximum.reduce([total.blendshapes[:, INDEX[name]] for name in names]), np.float32)


KINDS: tuple[tuple[str, Callable[[MotionLayer], FloatArray]], ...] = (
    ("mouth widest", _shape("jawOpen")), ("lips shut", _closed), ("lips round", _shape("mouthPucker", "mouthFunnel")),
    (BLINK, _shape("eyeBlinkLeft", "eyeBlinkRight")), ("lip on teeth", _tucked))
"""What a viewer judges a talking face by, and the curve that tells when it is to be seen."""


def telling_moments(motions: Sequence[MotionTrack], count: int, *, eyes: bool = True) -> list[Moment]:
    """Return frames in order that show what there is to judge; where that is too little, frames in equal steps.

    Parameters
    ----------
    motions : sequence of MotionTrack
        How those who talk move, in the same frames.
    count : int
        How many are wanted; short clips have fewer.
    eyes : bool
        Whether blinks are drawn: over a video the eyes stay as they are.
    """
    apart = max(1, round(APART_S * motions[0].fps))
    found: dict[int, str] = {}
    kinds = [kind for kind in KINDS if eyes or kind[0] != BLINK]
    ranked = [(label, _peaks(curve(total), apart)) for label, curve in kinds for total in [m.summed() for m in motions]]
    # The best of each kind first, then the second best: a short sheet shows every kind.
    for rank in range(PEAKS):
        for label, frames in ranked:
            if rank < len(frames) and len(found) < count - 1 and all(abs(frames[rank] - f) >= apart for f in found):
                found[frames[rank]] = label
    for frame in even_steps(motions[0].frames, count):
        if len(found) < count and all(abs(frame - f) >= apart for f in found):
            found[frame] = ""
    return [Moment(frame, label) for frame, label in sorted(found.items())]


def _peaks(curve: npt.NDArray[np.float32], apart: int) -> list[int]:
    """Return the frames of a curve's peaks, the highest first."""
    left: FloatArray = np.asarray(curve, np.float32).copy()
    found: list[int] = []
    while len(found) < PEAKS and left.size and float(left.max()) >= REACHED:
        top = int(left.argmax())
        found.append(top)
        left[max(0, top - apart): top + apart + 1] = 0.0
    return found


def even_steps(frames: int, count: int) -> list[int]:
    """Return `count` frames in equal steps from the first to the last; fewer where there are fewer."""
    return [int(i) for i in np.unique(np.linspace(0, max(0, frames - 1), count).round())]


def around_face(points: FloatArray, size_px: tuple[int, int]) -> Box:
    """Return a square around one or more faces inside of a picture.

    Parameters
    ----------
    points : FloatArray
        Landmarks in pixels [shape=(..., 2 or 3)].
    size_px : tuple of int
        Width and height of the picture.
    """
    flat = points.reshape(-1, points.shape[-1])[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    side = int(min(max(float((high - low)[1]) * FACE_SHARE, float((high - low)[0]) * 1.2), *size_px))
    left, top = (int(np.clip(c - side / 2, 0, limit - side)) for c, limit in zip((low + high) / 2, size_px, strict=True))
    return left, top, left + side, top + side


def cropped(picture: UInt8Array, box: Box) -> UInt8Array:
    """Return a part of a picture as wide as a tile."""
    part = np.ascontiguousarray(picture[box[1]:box[3], box[0]:box[2], :3])
    size = (TILE_PX, max(1, round(TILE_PX * part.shape[0] / part.shape[1])))
    way = cv2.INTER_AREA if part.shape[1] > TILE_PX else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size, interpolation=way), np.uint8)


def sheet_picture(tiles: Sequence[Tile], columns: int) -> UInt8Array:
    """Put tiles of one size into rows, each with its time and what is to be seen below it [shape=(H, W, 3)]."""
    height, width = tiles[0].picture.shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    step_x, step_y = width + GAP_PX, height + _STRIP_PX + GAP_PX
    sheet: UInt8Array = np.full((rows * step_y + GAP_PX, columns * step_x + GAP_PX, 3), _PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        _place(sheet, tile, GAP_PX + column * step_x, GAP_PX + row * step_y)
    return sheet


def _place(sheet: UInt8Array, tile: Tile, x: int, y: int) -> None:
    height, width = tile.picture.shape[:2]
    sheet[y:y + height, x:x + width] = tile.picture
    sheet[y + height:y + height + _STRIP_PX, x:x + width] = _SHADE
    base = y + height + _STRIP_PX - 11
    time = f"{tile.time_s:.2f} s"
    write(sheet, time, (x + 8, base), _SIZE, _INK)
    if tile.label and width_of(time, _SIZE) + width_of(tile.label, _SIZE) + 24 < width:
        write(sheet, tile.label, (x + width - 8, base), _SIZE, _ACCENT.get(tile.label, _FAINT), "rs")
