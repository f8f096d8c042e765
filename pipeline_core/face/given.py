"""Faces that other programs found: ComfyUI's FACE_LANDMARKS, arrays of points, boxes in many forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..types import LANDMARK_COUNT, FloatArray
from .choice import Box
from .geometry import LEFT_EYE, RIGHT_EYE, box_iou

SURFACE_COUNT = 468
"""Points of the MediaPipe mesh without the irises."""
PLACE_ONLY_COUNTS = (5, 68, 98, 106, 203)
"""Landmarks of other kinds, which only say where the face is."""
_NORMALISED_UP_TO = 2.0
"""Points of faces in pixels go beyond this; those in 0..1 of the picture do not."""
_IRIS_SHARE = 0.23
"""Radius of an iris over the width of its eye, mean of 8 portraits."""
_WANTED = "Connect MediaPipe Face Landmarker of ComfyUI, or give 478 or 468 points of the MediaPipe mesh in pixels."


def given_frames(landmarks: Any, width_px: int, height_px: int) -> list[list[FloatArray]]:
    """Read landmarks in any known form.

    Parameters
    ----------
    landmarks : Any
        ComfyUI's FACE_LANDMARKS (``{"frames": [[face, ...], ...], "image_size": (H, W)}`` with
        ``landmarks_xy`` and ``landmarks_3d`` per face), or an array [shape=(N, 2 or 3) or
        (F, N, 2 or 3)] in pixels or in 0..1 of the picture.
    width_px, height_px : int
        Size of the picture that the landmarks are wanted for.

    Returns
    -------
    list of list of FloatArray
        The faces of each frame [shape=(N, 3), pixels]: N is 478, or one of `PLACE_ONLY_COUNTS`.

    Raises
    ------
    InputError
        If the form is unknown, the number of points is, or values are not numbers.
    """
    if not isinstance(landmarks, Mapping):
        return [_faces_of(landmarks, width_px, height_px)]
    frames = landmarks.get("frames")
    if not isinstance(frames, Sequence):
        raise InputError(f"landmarks are a table with {', '.join(map(str, landmarks)) or 'nothing'}, not with 'frames'",
                         hint=_WANTED)
    try:
        height, width = (max(int(side), 1) for side in landmarks.get("image_size", (height_px, width_px)))
        lists = [list(faces) for faces in frames]
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"the landmarks have no usable 'image_size' or 'frames' ({error})", hint=_WANTED) from error
    scale = np.array([width_px / width, height_px / height, width_px / width], np.float32)
    return [[_core_face(face) * scale for face in faces] for faces in lists]


def given_boxes(boxes: Any) -> list[tuple[float, ...]]:
    """Read boxes of the first frame: two or four numbers each, in the order in which they come.

    ``{"x", "y", "width", "height"}`` of ComfyUI's BOUNDING_BOX becomes four numbers in this order. Four
    bare numbers stay as they are: some programs mean a corner and a size, others two corners.

    Raises
    ------
    InputError
        If there is no box, or not in a known form.
    """
    if hasattr(boxes, "tolist"):
        boxes = boxes.tolist()
    if isinstance(boxes, Mapping):
        return [_box_of_table(boxes)]
    if isinstance(boxes, Sequence) and boxes and not isinstance(boxes, str):
        if all(isinstance(value, int | float) for value in boxes) and len(boxes) in (2, 4, 5):
            return [_finite(boxes[:4])]
        first = boxes[0]
        # One more level of lists: frames of boxes.
        nested = isinstance(first, Sequence) and first and not isinstance(first[0], int | float)
        return [box for entry in (first if nested else boxes) for box in given_boxes(entry)]
    raise InputError(f"the box {boxes!r:.80} has no known form" if boxes else "the list of boxes is empty",
                     hint="Give x, y, width, height in pixels of the picture.")


def meanings(numbers: Sequence[float]) -> list[Box]:
    """Return the boxes (left, top, right, bottom) that two or four bare numbers can mean."""
    if len(numbers) == 2:
        x, y = numbers
        return [(x - 1, y - 1, x + 1, y + 1)]
    x, y, a, b = numbers
    sized = (x, y, x + max(a, 1.0), y + max(b, 1.0))
    return [sized, (x, y, a, b)] if a > x and b > y else [sized]


def nearest(faces: Sequence[Box], wanted: Sequence[Box]) -> tuple[int, Box] | None:
    """Return the face that a box or point means best and the meaning taken, or None where none is met."""
    best = max(((box_iou(face, box), i, box) for i, face in enumerate(faces) for box in wanted), default=None)
    return None if best is None or best[0] <= 0 else (best[1], best[2])


def _box_of_table(table: Mapping[str, Any]) -> tuple[float, ...]:
    try:
        return _finite([float(table[name]) for name in ("x", "y", "width", "height")])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"a box with {', '.join(map(str, table)) or 'nothing'} lacks x, y, width or height",
                         hint="Give x, y, width, height in pixels of the picture.") from error


def _finite(numbers: Sequence[float]) -> tuple[float, ...]:
    if not np.isfinite(np.asarray(numbers, np.float64)).all():
        raise InputError(f"a box holds values that are not numbers: {tuple(numbers)}",
                         hint="Give x, y, width, height in pixels of the picture.")
    return tuple(float(value) for value in numbers)


def _core_face(face: Any) -> FloatArray:
    try:
        flat = np.asarray(face["landmarks_xy"], np.float32)
        solid = np.asarray(face.get("landmarks_3d", np.zeros((0, 3))), np.float32)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError("a face of the landmarks has no points 'landmarks_xy'", hint=_WANTED) from error
    depth = np.zeros(len(flat), np.float32)
    if solid.shape == (len(flat), 3):
        # The depth comes in units of the network's crop, like its x and y, which are also there in pixels.
        depth = solid[:, 2] * (flat.std(axis=0).sum() and
                               np.sqrt(flat.var(axis=0).sum() / max(float(solid[:, :2].var(axis=0).sum()), 1e-9)))
    return _complete(np.column_stack([flat, depth]) if flat.ndim == 2 and flat.shape[1] == 2 else flat)


def _faces_of(landmarks: Any, width_px: int, height_px: int) -> list[FloatArray]:
    try:
        points = np.asarray(landmarks.detach().cpu() if hasattr(landmarks, "detach") else landmarks, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"landmarks of the type {type(landmarks).__name__} are unknown", hint=_WANTED) from error
    points = points[None] if points.ndim == 2 else points
    if points.ndim != 3 or not points.size or points.shape[2] not in (2, 3):
        raise InputError(f"landmarks have the shape {points.shape}, not (faces, points, 2 or 3)", hint=_WANTED)
    points = np.pad(points, ((0, 0), (0, 0), (0, 3 - points.shape[2])))
    if np.abs(points[..., :2]).max() <= _NORMALISED_UP_TO:
        points = points * np.array([width_px, height_px, width_px], np.float32)
    return [_complete(face) for face in points]


def _complete(points: FloatArray) -> FloatArray:
    """Check one face; the irises are added where only the surface is given."""
    if not np.isfinite(points).all():
        raise InputError("landmarks hold values that are not numbers", hint="Leave out faces that were not found.")
    if points.ndim != 2 or len(points) not in (LANDMARK_COUNT, SURFACE_COUNT, *PLACE_ONLY_COUNTS):
        raise InputError(f"landmarks have {len(points)} points, and this number is unknown", hint=_WANTED)
    if len(points) == SURFACE_COUNT:
        points = np.concatenate([points, _iris(points, RIGHT_EYE, 8, 0), _iris(points, LEFT_EYE, 0, 8)])
    return np.asarray(points, np.float32)


def _iris(points: FloatArray, ring: tuple[int, ...], left: int, right: int) -> FloatArray:
    """Return centre and four rim points of an iris that looks straight ahead [shape=(5, 3)].

    `left` and `right` are the places of the eye's corners in its ring, on the subject's sides.
    """
    eye = points[list(ring)]
    centre = eye.mean(axis=0)
    across = (eye[left] - eye[right]) * _IRIS_SHARE
    down = np.array([-across[1], across[0], 0.0], np.float32)
    return np.asarray([centre, centre + across, centre - down, centre - across, centre + down], np.float32)
