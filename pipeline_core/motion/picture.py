"""Draw a motion's curves so that a person can read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arkit import ARTICULATION_INDEX, INDEX
from ..lazy import cv2
from ..lettering import write
from ..types import MotionLayer, MotionTrack, UInt8Array

WIDTH_PX = 1280
ROW_PX = 118
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 82, 168, 40, 34
_NAME_PX, _NUMBER_PX = 15, 13
_PAPER, _INK, _FAINT, _LINE, _PANEL = (250, 250, 248), (50, 50, 54), (120, 120, 124), (222, 222, 218), (255, 255, 255)
_COLOURS = ((31, 98, 178), (204, 82, 22), (40, 138, 70), (138, 70, 160))
"""Blue, orange, green, violet (RGB): told apart with the common kinds of colour blindness by lightness."""


@dataclass(frozen=True)
class _Row:
    title: str
    low: float
    high: float
    curves: tuple[tuple[str, npt.NDArray[np.float32]], ...]


def _rows(total: MotionLayer) -> list[_Row]:
    def shape(name: str) -> npt.NDArray[np.float32]:
        return total.blendshapes[:, INDEX[name]]

    def channel(name: str) -> npt.NDArray[np.float32]:
        return total.articulation[:, ARTICULATION_INDEX[name]]

    yaw, pitch, roll = total.head_deg.T
    reach = max(4.0, float(np.ceil(np.abs(total.head_deg).max())))
    look = max(4.0, float(np.ceil(np.abs(total.gaze_deg).max())))
    opening = max(0.4, float(shape("jawOpen").max()))
    return [
        _Row("jaw", 0.0, round(opening, 1) + 0.1, (("jaw open", shape("jawOpen")),)),
        _Row("lips", 0.0, 1.0, (("lips shut (p b m)", channel("lipClosure")), ("lip tuck (f v)", channel("lipTuck")),
                                ("tongue tip", channel("tongueTip")))),
        _Row("shape", 0.0, 1.0, (("pucker", shape("mouthPucker")), ("funnel", shape("mouthFunnel")),
                                 ("stretch", shape("mouthStretchLeft")), ("smile", shape("mouthSmileLeft")))),
        _Row("eyes", 0.0, 1.0, (("blink", shape("eyeBlinkLeft")), ("inner brow up", shape("browInnerUp")),
                                ("outer brow up", shape("browOuterUpLeft")), ("brow down", shape("browDownLeft")))),
        _Row("head deg", -reach, reach, (("yaw", yaw), ("pitch", pitch), ("roll", roll))),
        _Row("gaze deg", -look, look, (("right", total.gaze_deg[:, 0]), ("up", total.gaze_deg[:, 1]))),
        _Row("breath", 0.0, 1.0, (("breath", channel("breath")),)),
    ]


def _curve(image: UInt8Array, row: _Row, values: npt.NDArray[np.float32], box: tuple[int, int, int, int],
           colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    columns = right - left
    share = 1.0 - (np.clip(values, row.low, row.high) - row.low) / (row.high - row.low)
    y = top + 3 + share * (bottom - top - 6)
    if len(y) > columns:
        # Long clips: draw each column's span, so that no blink and no closure is lost between pixels.
        edges = np.linspace(0, len(y), columns + 1).astype(int)
        high, low = np.maximum.reduceat(y, edges[:-1]), np.minimum.reduceat(y, edges[:-1])
        # Each column also reaches the last value of the one before: the curve stays connected.
        before = y[np.maximum(edges[:-1] - 1, 0)]
        high, low = np.maximum(high, before), np.minimum(low, before)
        for column in range(columns):
            cv2.line(image, (left + column, int(low[column])), (left + column, int(high[column])), colour, 1)
        return
    x = left + (np.arange(len(y)) + 0.5) * columns / len(y)
    points = np.stack([x, y], axis=1)
    cv2.polylines(image, [np.round(points * 16).astype(np.int32)], False, colour, 2, cv2.LINE_AA, shift=4)


def _seconds_step(duration_s: float) -> float:
    for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0):
        if duration_s / step <= 14:
            return step
    return 600.0


def curves_picture(motion: MotionTrack) -> UInt8Array:
    """Draw the summed curves of a motion over time.

    Parameters
    ----------
    motion : MotionTrack
        Any length; long ones show the span of each pixel column.

    Returns
    -------
    numpy.ndarray
        RGB [shape=(H, 1280, 3)]: rows for jaw, lips, mouth shape, eyes, head, gaze and breath with a
        legend to the right and seconds below.
    """
    rows = _rows(motion.summed())
    height = TOP_PX + len(rows) * ROW_PX + BOTTOM_PX
    image = np.full((height, WIDTH_PX, 3), _PAPER, np.uint8)
    names = ", ".join(layer.name for layer in motion.layers)
    write(image, f"{motion.duration_s:.2f} s, {motion.frames} frames at {float(motion.fps):.6g} fps, "
                 f"seed {motion.seed}   layers: {names}", (LEFT_PX, 26), 17, _INK)
    right = WIDTH_PX - RIGHT_PX
    shown_s = motion.frames / float(motion.fps)
    step = _seconds_step(shown_s)
    for k, row in enumerate(rows):
        top = TOP_PX + k * ROW_PX
        box = (LEFT_PX, top, right, top + ROW_PX - 12)
        _panel(image, row, box, shown_s, step)
        for j, (name, values) in enumerate(row.curves):
            _curve(image, row, values, box, _COLOURS[j])
            cv2.line(image, (right + 10, top + 16 + 22 * j), (right + 28, top + 16 + 22 * j), _COLOURS[j], 3)
            write(image, name, (right + 36, top + 21 + 22 * j), _NAME_PX, _INK)
    for i in range(int(shown_s / step) + 1):
        x = LEFT_PX + round((right - LEFT_PX) * i * step / shown_s)
        write(image, f"{i * step:g} s", (x, height - 18), _NAME_PX, _INK, "ms")
    return image


def _panel(image: UInt8Array, row: _Row, box: tuple[int, int, int, int], shown_s: float, step: float) -> None:
    left, top, right, bottom = box
    cv2.rectangle(image, (left, top), (right, bottom), _PANEL, -1)
    for i in range(int(shown_s / step) + 1):
        x = left + round((right - left) * i * step / shown_s)
        cv2.line(image, (x, top), (x, bottom), _LINE, 1)
    if row.low < 0.0:
        middle = (top + bottom) // 2
        cv2.line(image, (left, middle), (right, middle), _LINE, 1)
    cv2.rectangle(image, (left, top), (right, bottom), _LINE, 1)
    write(image, f"{row.high:g}", (left - 8, top + 12), _NUMBER_PX, _FAINT, "rs")
    write(image, f"{row.low:g}", (left - 8, bottom - 1), _NUMBER_PX, _FAINT, "rs")
    write(image, row.title, (left - 8, (top + bottom) // 2 + 5), _NAME_PX, _INK, "rs")
