"""What a person looks like: face, hair and clothes in a few numbers, to know them again within a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..interfaces import DetectedFace
from ..lazy import cv2
from ..types import FloatArray, UInt8Array
from .covered import mouth_look
from .geometry import CHIN, FOREHEAD, LEFT_TEMPLE, RIGHT_TEMPLE

_FACE_PX, _PATCH_PX = 16, 24
_UPRIGHT = np.array([[0.28, 0.38], [0.72, 0.38], [0.5, 0.78]], np.float32)
"""Where both eyes and the mouth are put in the picture of a face, in 0..1."""
_EYES_AND_MOUTH = ((33, 133), (263, 362), (13, 14))
_HAIR, _CLOTHES = (-0.35, -0.9, 0.35, -0.55), (-0.5, 0.8, 0.5, 1.3)
"""Left, top, right and bottom in face widths from the face's middle, upright with the head. Narrow: beside them is background."""
UNIFORM = 0.15
"""So much more alike than their faces may people be said to be: two in one uniform with the same hair stay two."""
_BINS = (4, 8, 8)
_SEEN_SHARE = 0.3
"""A patch counts if this much of it is inside the picture."""


@dataclass(frozen=True, eq=False)
class Looks:
    """What is compared; a part that cannot be seen is None."""

    face: FloatArray
    """A small upright picture, zero mean and unit length; zeros where it is flat."""
    mouth: npt.NDArray[np.float16]
    """What tells whether something is in front of it; not compared."""
    hair: FloatArray | None = None
    """Square roots of the shares of colours."""
    clothes: FloatArray | None = None

    @property
    def known(self) -> bool:
        """Whether there is anything to compare."""
        return bool(self.face.any())


def looks_of(image: UInt8Array, face: DetectedFace) -> Looks:
    """Return the looks of a face in an RGB picture."""
    points = face.landmarks_px
    return Looks(_face(image, points), mouth_look(image, points), _colours(image, points, _HAIR), _colours(image, points, _CLOTHES))


def likeness(one: Looks, two: Looks) -> float:
    """Return how much two looks are alike, -1..1: the mean over face, hair and clothes, as far as both are seen.

    Hair and clothes raise it by `UNIFORM` at most.
    """
    return float(likenesses([one, two])[0, 1])


def likenesses(looks: Sequence[Looks]) -> npt.NDArray[np.float64]:
    """Return `likeness` of any two of several looks [shape=(N, N)]."""
    total = np.zeros((len(looks), len(looks)))
    parts, face = np.zeros_like(total), np.stack([one.face for one in looks])
    for name in ("face", "hair", "clothes"):
        given = [getattr(one, name) for one in looks]
        length = max((len(values) for values in given if values is not None), default=0)
        rows = np.stack([np.zeros(length, np.float32) if values is None else values for values in given])
        seen = np.array([values is not None for values in given])
        total += rows @ rows.T
        parts += np.outer(seen, seen)
    return np.asarray(np.minimum(total / parts, face @ face.T + UNIFORM))


def _face(image: UInt8Array, points: FloatArray) -> FloatArray:
    corners = np.asarray([points[list(pair), :2].mean(axis=0) for pair in _EYES_AND_MOUTH], np.float32)
    matrix = cv2.getAffineTransform(corners, _UPRIGHT * _FACE_PX)
    small = cv2.warpAffine(image, matrix, (_FACE_PX, _FACE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    values = np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.float32)
    values = values - values.mean(axis=(0, 1)) * 0.5 - values.mean() * 0.5
    length = float(np.linalg.norm(values))
    return np.asarray(values.reshape(-1) / length if length > 1.0 else np.zeros(values.size), np.float32)


def _colours(image: UInt8Array, points: FloatArray, box: tuple[float, float, float, float]) -> FloatArray | None:
    """Return square roots of the shares of lightness and colour in a patch, so that a product is their overlap."""
    across = points[LEFT_TEMPLE, :2] - points[RIGHT_TEMPLE, :2]
    across = across / max(float(np.linalg.norm(across)), 1e-6)
    down, width = np.array([-across[1], across[0]]), float(np.linalg.norm(points[LEFT_TEMPLE] - points[RIGHT_TEMPLE]))
    middle = (points[FOREHEAD, :2] + points[CHIN, :2]) / 2
    left, top, right, bottom = box
    corners = np.asarray([middle + width * (across * x + down * y) for x, y in ((left, top), (right, top), (left, bottom))])
    matrix = cv2.getAffineTransform(corners.astype(np.float32), np.array([[0, 0], [_PATCH_PX, 0], [0, _PATCH_PX]], np.float32))
    y, x = np.mgrid[:_PATCH_PX, :_PATCH_PX]
    back = cv2.invertAffineTransform(matrix)
    at = np.stack([x, y], axis=-1).reshape(-1, 2) @ back[:, :2].T + back[:, 2]
    inside = ((at >= 0) & (at <= np.array(image.shape[1::-1]) - 1)).all(axis=1)
    if inside.mean() < _SEEN_SHARE:
        return None
    patch = cv2.warpAffine(image, matrix, (_PATCH_PX, _PATCH_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(cv2.GaussianBlur(patch, (3, 3), 0), cv2.COLOR_RGB2LAB).reshape(-1, 3)[inside].astype(np.float32)
    # Finer near grey, where most colours are.
    lab[:, 1:] = np.sign(lab[:, 1:] - 128) * np.sqrt(np.abs(lab[:, 1:] - 128))
    counts, _ = np.histogramdd(lab, bins=_BINS, range=((0, 256), (-8, 8), (-8, 8)))
    return np.asarray(np.sqrt(counts.reshape(-1) / counts.sum()), np.float32)
