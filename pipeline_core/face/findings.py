"""The overlay with a close look at the face that talks, and what there is to say about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..lazy import cv2
from ..lettering import width_of, wrapped, write
from ..types import FaceTrack, FloatArray, UInt8Array
from . import geometry
from .masks import MaskSettings, masks_at
from .overlay import (
    FACE_MASK_RGB,
    MOUTH_MASK_RGB,
    SELECTED_RGB,
    background,
    draw_face,
    draw_masks,
    overlay,
    shown_frame,
)

WIDTH_PX = 720
"""Twice the width of a node."""
CLOSE_PX = 260
CLOSE_SHARE = 1.5
"""Side of the close look in face heights."""
MOST_LINES = 12
_PAPER, _INK, _FAINT, _GOOD, _WARN = (24, 24, 27), (240, 240, 242), (172, 172, 180), (74, 190, 128), (240, 180, 64)
_SIZE, _LEGEND, _LINE_PX, _PAD_PX, _DOT_PX = 20, 17, 28, 16, 6
_FINE = "No fault found: size, sharpness, direction and what covers it are fine."
_NOBODY = "No face is seen."


def findings_picture(face: FaceTrack, masks: MaskSettings) -> UInt8Array:
    """Draw the overlay, and below it the face that talks with its masks, and what a user should know [shape=(H, 720, 3)].

    Parameters
    ----------
    face : FaceTrack
        With its warnings.
    masks : MaskSettings
        How the masks are drawn.
    """
    marked = overlay(face)
    height = max(1, round(marked.shape[0] * WIDTH_PX / marked.shape[1]))
    way = cv2.INTER_AREA if marked.shape[1] > WIDTH_PX else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(marked, (WIDTH_PX, height), interpolation=way), np.uint8)
    close = _close_look(face, masks)
    left = _PAD_PX + (CLOSE_PX + _PAD_PX if close is not None else 0)
    lines = _lines(face, WIDTH_PX - left - _PAD_PX - 2 * _DOT_PX - 10)
    tall = max(CLOSE_PX if close is not None else 0, (len(lines) + 1) * _LINE_PX + 8) + 2 * _PAD_PX
    strip: UInt8Array = np.full((tall, WIDTH_PX, 3), _PAPER, np.uint8)
    if close is not None:
        strip[_PAD_PX:_PAD_PX + CLOSE_PX, _PAD_PX:_PAD_PX + CLOSE_PX] = close
        _legend(strip, left)
    for number, (text, dot) in enumerate(lines, 2):
        base = _PAD_PX + number * _LINE_PX + 2
        if dot is not None:
            cv2.circle(strip, (left + _DOT_PX, base - 6), _DOT_PX, dot, cv2.FILLED, cv2.LINE_AA)
        write(strip, text, (left + 2 * _DOT_PX + 10, base), _SIZE, _INK)
    return np.concatenate([picture, strip])


def _lines(face: FaceTrack, room_px: float) -> list[tuple[str, tuple[int, int, int] | None]]:
    """Return what is to be said, each finding with a dot in front of its first line."""
    said = [(text[:1].upper() + text[1:], _WARN) for text in face.warnings] or [(_FINE if face.face_ids else _NOBODY, _GOOD)]
    lines = [(line, colour if number == 0 else None)
             for text, colour in said for number, line in enumerate(wrapped(text, _SIZE, room_px))]
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES - 1], ("... more in the report", None)]


def _legend(strip: UInt8Array, left: int) -> None:
    x = left
    for text, rgb in (("face mask", FACE_MASK_RGB), ("mouth mask", MOUTH_MASK_RGB), ("landmarks", SELECTED_RGB)):
        strip[_PAD_PX + 12:_PAD_PX + 16, x:x + 18] = rgb
        write(strip, text, (x + 25, _PAD_PX + 20), _LEGEND, _FAINT)
        x += 25 + round(width_of(text, _LEGEND)) + 22


def _close_look(face: FaceTrack, masks: MaskSettings) -> UInt8Array | None:
    """Return the face that talks, large, with landmarks and masks [shape=(260, 260, 3)]; None where it is not seen."""
    frame = shown_frame(face)
    found = masks_at(face, frame, masks)
    if found is None:
        return None
    points = np.asarray(face.landmarks_px[frame, face.selected])
    matrix = _towards(points)
    look = replace(face, landmarks_px=_moved(points, matrix)[None, None], width_px=CLOSE_PX, height_px=CLOSE_PX,
                   score_ratio=np.ones((1, 1), np.float32), face_ids=(0,), selected=0, portrait=None, video=None,
                   hidden_ratio=None)
    way = cv2.INTER_AREA if matrix[0, 0] < 1 else cv2.INTER_CUBIC
    close = cv2.warpAffine(np.ascontiguousarray(background(face, frame)), matrix, (CLOSE_PX, CLOSE_PX), flags=way, borderValue=_PAPER)
    drawn = np.asarray(close, np.uint8)
    draw_face(drawn, np.asarray(look.landmarks_px[0, 0]), "", SELECTED_RGB, 1)
    draw_masks(drawn, *(masks_at(look, 0, masks) or found), 2)
    return drawn


def _towards(points: FloatArray) -> FloatArray:
    """Return the 2 x 3 matrix that brings the face into the middle of the close look."""
    left, top, right, bottom = geometry.face_box(points)
    scale = CLOSE_PX / (CLOSE_SHARE * max(bottom - top, right - left, 1.0))
    x, y = (left + right) / 2, (top + bottom) / 2 - 0.08 * (bottom - top)
    return np.array([[scale, 0.0, CLOSE_PX / 2 - scale * x], [0.0, scale, CLOSE_PX / 2 - scale * y]], np.float32)


def _moved(points: FloatArray, matrix: FloatArray) -> FloatArray:
    flat = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.column_stack([flat, points[:, 2] * matrix[0, 0]]).astype(np.float32)
