"""Draw what was found on the picture: numbered boxes and contours, the talking face in another colour."""

from __future__ import annotations

import numpy as np

from ..lazy import cv2
from ..media.video import frame_number_at, read_frames, verify_unchanged
from ..types import FaceTrack, FloatArray, UInt8Array
from . import geometry

FACE_MASK_RGB, MOUTH_MASK_RGB = (96, 190, 255), (255, 120, 150)
SELECTED_RGB, OTHER_RGB = (64, 255, 120), (255, 190, 40)
_DARK_RGB = (16, 16, 16)
_GREY, _GREY_MIDDLE = 96, 128
_SUBPIXEL_BITS = 4
_CLOSED = (geometry.OVAL, geometry.LIPS_OUTER, geometry.LIPS_INNER, geometry.RIGHT_EYE, geometry.LEFT_EYE,
           geometry.RIGHT_BROW, geometry.LEFT_BROW)
_IRISES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))
"""Centre and rim of each iris."""


def overlay(face: FaceTrack) -> UInt8Array:
    """Return the picture (or the frame of a video that shows most people) with all faces marked [shape=(H, W, 3)]."""
    frame = shown_frame(face)
    canvas = np.array(background(face, frame), dtype=np.uint8)
    thickness = max(1, round(max(canvas.shape[:2]) / 500))
    order = [i for i in range(len(face.face_ids)) if i != face.selected]
    # The talking face last, so that nothing covers it.
    for i in [*order, face.selected] if face.face_ids else []:
        points = np.asarray(face.landmarks_px[frame, i])
        if np.isfinite(points).all():
            selected = i == face.selected
            draw_face(canvas, points, str(i), SELECTED_RGB if selected else OTHER_RGB, thickness)
    return canvas


def draw_masks(canvas: UInt8Array, face_mask: UInt8Array, mouth_mask: UInt8Array, thickness: int) -> None:
    """Draw the middle of the soft edges of both masks, in place."""
    for mask, rgb in ((face_mask, FACE_MASK_RGB), (mouth_mask, MOUTH_MASK_RGB)):
        outlines, _ = cv2.findContours((mask >= _GREY_MIDDLE).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, outlines, -1, rgb, thickness, cv2.LINE_AA)


def shown_frame(face: FaceTrack) -> int:
    """Return the frame that shows most people; of several, one with the face that talks, and the surest."""
    seen = np.asarray(np.isfinite(face.landmarks_px).all(axis=(2, 3)))
    if not seen.any():
        return 0
    return int(np.argmax(seen.sum(axis=1) + 0.5 * seen[:, face.selected] + 0.1 * face.score_ratio.mean(axis=1)))


def background(face: FaceTrack, frame: int) -> UInt8Array:
    """Return the picture itself, or that frame of the video [shape=(H, W, 3)]; grey where there is neither."""
    if face.portrait is not None:
        return face.portrait.image
    if face.video is None:
        return np.full((face.height_px, face.width_px, 3), _GREY, np.uint8)
    verify_unchanged(face.video)
    path, at_s = face.video.path, (frame + 0.5) / float(face.fps)
    first = frame_number_at(path, at_s)
    image = next(read_frames(path, first))[1]
    for time_s, candidate in read_frames(path, first):
        if time_s > at_s:
            break
        image = candidate
    return image


def draw_face(canvas: UInt8Array, points: FloatArray, label: str, rgb: tuple[int, int, int], thickness: int) -> None:
    """Draw contours, box and number of a face, in place; without a number the contours only."""
    left, top, right, bottom = geometry.face_box(points)
    fine = max(1, min(thickness, round(geometry.face_width_px(points) / 250)))
    for outline in (*_CLOSED[:5], geometry.NOSE):
        _line(canvas, points[list(outline), :2], rgb, fine, closed=outline is not geometry.NOSE)
    for brow in _CLOSED[5:]:
        _line(canvas, points[list(brow), :2], rgb, fine, closed=True)
    for centre, rim in _IRISES:
        radius = float(np.linalg.norm(points[list(rim), :2] - points[centre, :2], axis=1).mean())
        _circle(canvas, points[centre, :2], radius, rgb, fine)
    if not label:
        return
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    _line(canvas, corners, _DARK_RGB, thickness + 2, closed=True)
    _line(canvas, corners, rgb, thickness, closed=True)
    _number(canvas, label, (left, top), rgb, right - left)


def _line(canvas: UInt8Array, points: FloatArray, rgb: tuple[int, int, int], thickness: int, *, closed: bool) -> None:
    fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.polylines(canvas, [fixed], closed, rgb, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _circle(canvas: UInt8Array, centre: FloatArray, radius: float, rgb: tuple[int, int, int], thickness: int) -> None:
    scale = 1 << _SUBPIXEL_BITS
    x, y = (round(float(v) * scale) for v in centre)
    cv2.circle(canvas, (x, y), round(radius * scale), rgb, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _number(canvas: UInt8Array, label: str, corner: tuple[float, float], rgb: tuple[int, int, int], width: float) -> None:
    """Draw the face's number dark on a filled tab above its box, inside the picture."""
    # Readable in a picture shown 500 px wide, and not larger than a third of a tiny face in a crowd.
    height = max(max(canvas.shape[:2]) / 28, 9.0)
    height = max(min(height, width * 0.4), 9.0)
    font, scale, weight = cv2.FONT_HERSHEY_SIMPLEX, height / 22, max(1, round(height / 11))
    (text_w, text_h), _ = cv2.getTextSize(label, font, scale, weight)
    pad = max(2, round(height * 0.25))
    x = int(np.clip(corner[0], 0, max(0, canvas.shape[1] - text_w - 2 * pad)))
    y = int(np.clip(corner[1] - text_h - 2 * pad, 0, max(0, canvas.shape[0] - text_h - 2 * pad)))
    cv2.rectangle(canvas, (x, y), (x + text_w + 2 * pad, y + text_h + 2 * pad), rgb, cv2.FILLED)
    cv2.putText(canvas, label, (x + pad, y + pad + text_h), font, scale, _DARK_RGB, weight, cv2.LINE_AA)
