"""Faces laid onto one upright canvas, so that a video and its source can be compared point by point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..lazy import cv2
from ..types import UInt8Array
from .landmarks import Points, interocular_px, layout_of, lip_outline
from .look import gradient, grey

EYE_DISTANCE_PX = 96.0
"""Distance of the eyes on the canvas at most; small faces are never enlarged, for that would look like blur."""
SIDE = 3.2
"""Width and height of the canvas, in eye distances."""
EYES_AT = (1.6, 1.2)
"""Where the middle between the eyes lies on it, in eye distances."""
LIPS_MARGIN, EYES_MARGIN = 0.10, 0.18
"""Lips and eyes move by themselves: they and this much around them are no place for a seam, in eye distances."""
NEAR_PX = 9
"""A difference is excused by an edge of the source that lies this near: heads turn a little."""
SEAM_PERCENT = 99.0
PASTE_LEVELS = 25.0

Flags = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Canvas:
    """The source's face, upright, and what frames are laid onto."""

    image: UInt8Array
    """RGB [shape=(S, S, 3)]."""
    points: Points
    """The source's landmarks on the canvas."""
    eyes_px: float
    """Distance of the eyes on the canvas."""

    @staticmethod
    def of(source: UInt8Array, points: Points, frame_eyes_px: float = EYE_DISTANCE_PX) -> Canvas:
        """Lay out the source's face; `frame_eyes_px` is the distance of the eyes in the video."""
        eyes = [points[list(pair), :2].mean(axis=0) for pair in layout_of(points).eyes]
        own = interocular_px(points)
        eyes_px = min(EYE_DISTANCE_PX, own, frame_eyes_px)
        across = (eyes[1] - eyes[0]) / np.linalg.norm(eyes[1] - eyes[0])
        scale = eyes_px / own
        turn = scale * np.array([[across[0], across[1]], [-across[1], across[0]]])
        middle = np.array(EYES_AT) * eyes_px
        matrix = np.column_stack([turn, middle - turn @ ((eyes[0] + eyes[1]) / 2)])
        side = round(SIDE * eyes_px)
        laid = points.astype(np.float64).copy()
        laid[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        return Canvas(_warped(source, matrix, side), laid, eyes_px)

    def lay(self, frame: UInt8Array, points: Points) -> UInt8Array:
        """Return a frame's face in the place and size of the source's [shape=(S, S, 3)]."""
        return _warped(frame, similarity(points, self.points), len(self.image))

    def hull(self, indices: Sequence[int] | None = None, margin: float = 0.0) -> Flags:
        """Return True inside the hull of some landmarks, grown by a margin in eye distances [shape=(S, S)]."""
        return hull_of(self.points if indices is None else self.points[list(indices)], self.image.shape,
                       margin * self.eyes_px)


def hull_of(points: Points, shape: tuple[int, ...], margin_px: float = 0.0) -> Flags:
    """Return True inside the convex hull of points, grown (or shrunk) by a margin [shape=(H, W)]."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points[:, :2]).astype(np.int32)), 1)
    size = 2 * round(abs(margin_px)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray((cv2.dilate if margin_px > 0 else cv2.erode)(mask, disc) > 0)


def similarity(points: Points, target: Points) -> npt.NDArray[np.float64]:
    """Return the 2 x 3 matrix that lays the rigid points onto the target's by turning, scaling and moving."""
    rigid = list(layout_of(points).rigid)
    here, there = (p[rigid, 0].astype(np.float64) + 1j * p[rigid, 1] for p in (points, target))
    arm = here - here.mean()
    factor = np.vdot(arm, there - there.mean()) / max(np.vdot(arm, arm).real, 1e-9)
    shift = there.mean() - factor * here.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _warped(image: UInt8Array, matrix: npt.NDArray[np.float64], side: int) -> UInt8Array:
    """Warp with averaging where the picture shrinks."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.75:
        # Whole-number blocks are averaged exactly; the warp does the rest.
        blocks = max(1, round(1.0 / scale))
        image, matrix = _shrunk(image, blocks), matrix * np.array([blocks, blocks, 1.0])
        matrix[:, 2] += matrix[:, :2] @ np.full(2, 0.5 - 0.5 / blocks)
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(image), matrix, (side, side), flags=cv2.INTER_LINEAR,
                                     borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(image: UInt8Array, blocks: int) -> UInt8Array:
    height, width = (n // blocks for n in image.shape[:2])
    if blocks == 1 or not height or not width:
        return image
    cut = np.ascontiguousarray(image[: height * blocks, : width * blocks])
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def paste_seam(canvas: Canvas, laid: Sequence[UInt8Array]) -> float:
    """Return how visible the border of something pasted onto the face is, to be compared with `pasted_control`.

    What is pasted moves with the face, so its border stays at one place of the canvas while lips, lids
    and the head's own turns do not. The median of many frames keeps that border and smears the rest. Its
    difference to the source is compared with the edges that the source has nearby.

    Parameters
    ----------
    canvas : Canvas
        The source.
    laid : sequence of UInt8Array
        Frames on the canvas, spread over the clip.
    """
    typical = np.median(np.stack([grey(picture) for picture in laid]), axis=0).astype(np.float32)
    return _seam_of(canvas, typical)


def pasted_control(canvas: Canvas) -> float:
    """Return `paste_seam` of the source with a rectangle around the mouth that is 25 levels off."""
    lips = canvas.points[list(lip_outline(canvas.points)), :2]
    low, high = lips.min(axis=0), lips.max(axis=0)
    margin = 0.3 * canvas.eyes_px
    (left, top), (right, bottom) = np.round(low - margin).astype(int), np.round(high + margin).astype(int)
    pasted = grey(canvas.image).copy()
    box = pasted[max(0, top) : bottom, max(0, left) : right]
    box += PASTE_LEVELS if float(box.mean()) < 128.0 else -PASTE_LEVELS
    return _seam_of(canvas, pasted)


def _seam_of(canvas: Canvas, picture: Grey) -> float:
    source = grey(canvas.image)
    difference = np.asarray(cv2.GaussianBlur(picture - source, (3, 3), 0), np.float32)
    own = np.asarray(cv2.GaussianBlur(source, (3, 3), 0), np.float32)
    excused = cv2.dilate(gradient(own), np.ones((NEAR_PX, NEAR_PX), np.uint8))
    return float(np.percentile((gradient(difference) / (excused + 2.0))[_skin(canvas)], SEAM_PERCENT))


def _skin(canvas: Canvas) -> Flags:
    layout = layout_of(canvas.points)
    skin = canvas.hull(margin=-0.04)
    skin &= ~canvas.hull(lip_outline(canvas.points), LIPS_MARGIN)
    for corners, lids in zip(layout.eyes, layout.lids, strict=True):
        skin &= ~canvas.hull([*corners, *(i for pair in lids for i in pair)], EYES_MARGIN)
    return skin
