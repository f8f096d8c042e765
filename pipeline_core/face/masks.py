"""Soft-edged masks of the face and the mouth, from landmarks alone; made to be painted in by other nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError, SettingError
from ..lazy import cv2
from ..types import FaceTrack, FloatArray, UInt8Array
from .geometry import CHIN, FOREHEAD, LEFT_BROW, LIPS_OUTER, OVAL, RIGHT_BROW, face_width_px

FACE_FEATHER, MOUTH_FEATHER = 0.06, 0.05
"""Width of the soft edge as a share of the face width."""
FOREHEAD_SHARE = 0.35
"""How much further than the landmarks the forehead goes, as a share of their height above the brows;
chosen by eye on eight portraits: the landmarks end below the hair, and more would cover it."""
MOUTH_MARGIN = 0.06
"""How far the mouth mask reaches beyond lips and chin, as a share of the face width, before its soft edge.
In three clips of people who speak to the camera lips go 0.05 to 0.07 from their usual place, the chin 0.03
to 0.06 down."""
_CHIN_LINE = (150, 149, 176, 148, 152, 377, 400, 378, 379)
"""The lower jaw below the mouth."""
_NOSE_BASE = 2
MIN_EDGE_PX = 1.5
"""Narrower edges would show steps."""
MAX_BYTES = 2 << 30
"""All masks of a video together, as 32-bit floats."""


@dataclass(frozen=True)
class MaskSettings:
    """How the masks of face and mouth are drawn; shares of the face width."""

    grow_ratio: float = 0.0
    """Larger (+) or smaller (-) all around, -0.2 to 0.5."""
    feather_ratio: float = MOUTH_FEATHER
    """Width of the soft edge, 0 to 0.5. It lies half inside and half outside of the outline."""
    frames: str = "first"
    """"first" that shows the face, or "all" of a video."""

    def __post_init__(self) -> None:
        for name, low, high in (("grow_ratio", -0.2, 0.5), ("feather_ratio", 0.0, 0.5)):
            if not low <= getattr(self, name) <= high:
                raise SettingError(f"{name}={getattr(self, name)} is not in {low} to {high}",
                                   hint=f"Choose {name} in that range.")
        if self.frames not in FRAMES:
            raise SettingError(f"frames={self.frames!r} is unknown", hint=f"Choose one of: {', '.join(FRAMES)}.")


FRAMES = ("first", "all")


def face_mask(face: FaceTrack, settings: MaskSettings | None = None) -> UInt8Array:
    """Return 255 on the face that talks, forehead included, 0 outside [shape=(H, W)].

    Of a video, the first frame that shows the face. Without one the mask is empty.
    """
    return _first(face, _face_outline, settings or MaskSettings(feather_ratio=FACE_FEATHER))


def mouth_mask(face: FaceTrack, settings: MaskSettings | None = None) -> UInt8Array:
    """Return 255 where speech moves lips and chin, 0 elsewhere [shape=(H, W)]."""
    return _first(face, _mouth_outline, settings or MaskSettings())


def all_masks(face: FaceTrack, settings: MaskSettings) -> tuple[UInt8Array, UInt8Array]:
    """Return face and mouth masks of all frames [shape=(T, H, W) each]; empty where the face is not seen.

    Raises
    ------
    InputError
        If they would need more than `MAX_BYTES`.
    """
    count = len(face.landmarks_px)
    if 8 * count * face.width_px * face.height_px > MAX_BYTES:
        raise InputError(f"masks of {count} frames of {face.width_px} x {face.height_px} px take "
                         f"{8 * count * face.width_px * face.height_px / 1e9:.1f} GB",
                         hint="Take the masks of the first frame, or cut the video.")
    masks = np.zeros((2, count, face.height_px, face.width_px), np.uint8)
    for t in range(count):
        points = face.landmarks_px[t, face.selected]
        if np.isfinite(points).all():
            masks[0, t] = _drawn(face, _face_outline(points), points, settings)
            masks[1, t] = _drawn(face, _mouth_outline(points), points, settings)
    return masks[0], masks[1]


def masks_at(face: FaceTrack, frame: int, settings: MaskSettings) -> tuple[UInt8Array, UInt8Array] | None:
    """Return face and mouth mask of a frame [shape=(H, W) each]; None where the face is not seen."""
    points = np.asarray(face.landmarks_px[frame, face.selected]) if face.face_ids else np.full((1, 3), np.nan)
    if not np.isfinite(points).all():
        return None
    return (_drawn(face, _face_outline(points), points, settings), _drawn(face, _mouth_outline(points), points, settings))


def first_seen(face: FaceTrack) -> tuple[int, FloatArray] | None:
    """Return the first frame that shows the selected face, and its landmarks [shape=(478, 3)]."""
    if not face.landmarks_px.shape[1]:
        return None
    track = face.landmarks_px[:, face.selected]
    seen = np.flatnonzero(np.isfinite(track).all(axis=(1, 2)))
    return (int(seen[0]), np.asarray(track[seen[0]])) if len(seen) else None


def _first(face: FaceTrack, outline: Callable[[FloatArray], FloatArray], settings: MaskSettings) -> UInt8Array:
    seen = first_seen(face)
    if seen is None:
        return np.zeros((face.height_px, face.width_px), np.uint8)
    return _drawn(face, outline(seen[1]), seen[1], settings)


def _face_outline(points: FloatArray) -> FloatArray:
    """Return the oval of the face with the whole forehead, as a convex outline [shape=(N, 2)]."""
    oval = points[list(OVAL), :2].astype(np.float64)
    up = (points[FOREHEAD, :2] - points[CHIN, :2]).astype(np.float64)
    up /= max(float(np.linalg.norm(up)), 1e-6)
    above = (oval - points[[*RIGHT_BROW, *LEFT_BROW], :2].mean(axis=0)) @ up
    return convex(np.asarray(oval + np.maximum(above, 0.0)[:, None] * FOREHEAD_SHARE * up, np.float32))


def _mouth_outline(points: FloatArray) -> FloatArray:
    """Return what surrounds lips and chin with a margin, up to the nose, as a convex outline [shape=(N, 2)]."""
    reach = MOUTH_MARGIN * face_width_px(points)
    circle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(circle), np.sin(circle)], -1) * reach
    lips, chin = points[list(LIPS_OUTER), :2], points[list(_CHIN_LINE), :2]
    around = np.concatenate([(outline[:, None] + ring).reshape(-1, 2) for outline in (lips, chin)])
    # The nose stays as it is.
    up = (points[FOREHEAD, :2] - points[CHIN, :2]).astype(np.float64)
    up /= max(float(np.linalg.norm(up)), 1e-6)
    above = np.maximum((around - points[_NOSE_BASE, :2]) @ up, 0.0)
    return convex(np.asarray(around - above[:, None] * up, np.float32))


def convex(points: FloatArray) -> FloatArray:
    """Return the convex outline of points in order [shape=(N, 2)], clockwise; unlike their own it never folds."""
    hull = cv2.convexHull(np.ascontiguousarray(points, np.float32)).reshape(-1, 2)
    x, y = hull.T.astype(np.float64)
    clockwise = x @ np.roll(y, -1) >= y @ np.roll(x, -1)
    return np.asarray(hull if clockwise else hull[::-1], np.float32)


def _drawn(face: FaceTrack, outline: FloatArray, points: FloatArray, settings: MaskSettings) -> UInt8Array:
    mask = np.zeros((face.height_px, face.width_px), np.uint8)
    width = face_width_px(points)
    grow, edge = settings.grow_ratio * width, max(settings.feather_ratio * width, MIN_EDGE_PX)
    # Only what lies around the outline and in the picture is drawn: pictures may have 100 megapixels.
    border = max(grow, 0.0) + edge + 2
    size = np.array([face.width_px, face.height_px])
    x0, y0 = (int(v) for v in np.clip(np.floor(outline.min(axis=0) - border), 0, size))
    x1, y1 = (int(v) for v in np.clip(np.ceil(outline.max(axis=0) + border) + 1, 0, size))
    if x0 >= x1 or y0 >= y1 or len(outline) < 3:
        return mask
    inside = _depth(outline, np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32)) + grow
    part = np.clip(inside / edge + 0.5, 0.0, 1.0)
    mask[y0:y1, x0:x1] = np.rint(part * part * (3 - 2 * part) * 255)
    return mask


def _depth(outline: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how far pixels lie inside a convex outline, negative outside [shape=(len(y), len(x)), pixels]."""
    depth = np.full((len(y), len(x)), np.inf, np.float32)
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        along = b - a
        length = float(np.hypot(*along))
        if length > 1e-3:
            nx, ny = -along[1] / length, along[0] / length
            np.minimum(depth, (nx * (x - a[0]))[None, :] + (ny * (y - a[1]))[:, None], out=depth)
    return depth
