"""Shading round the mouth: what shut lips of another frame show there, in the light of the frame that is drawn.

An open mouth throws shade below the lower lip and hollows the cheeks. Drawn shut with that shade left, lips
look as if there were a second mouth under them. Light of the whole face and what the mouth does to it are told
apart by the skin farther away, which the mouth leaves as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.head_model import HeadModel
from ..photo_head.ramp import smoothstep
from ..photo_head.raster import rasterize
from ..photo_head.textures import TEXTURE_SCALE
from .region import LowerFace

REACH_CM = (1.2, 3.4)
"""Distances from the lips over which their shading ends."""
FAR_CM = (2.2, 3.8)
"""Skin between these distances tells the light of the whole face."""
EVEN_CM, STEP_CM = 0.3, 0.4
"""Shading is smoother than this (standard deviation), so that places so far apart tell all of it."""
DARK_LEVELS = 8.0
"""Added to both sides of a ratio of colours, so that noise in the dark counts little."""
LIMIT = 0.8
"""Of the logarithm of a ratio: beyond, something else is seen there."""
LEVEL = 0.1
"""Ridge of the fit of the light, in shares of the skin: half a face must not make a slope of a step."""
REPLACED = (0.12, 0.35)
"""Differences of shading between which relighting gives way to the lent skin: deep shade holds no skin to be lit."""
INSIDE_RING = -2
"""Ring behind the lips' edge up to which they are looked at."""
FITS, ODD = 3, 0.06
"""Rounds of the fit of the light, and the difference from it that counts half in the next: folds, hair, the chin's edge."""
FIELD_PX = 60
"""Longer side of the picture in which shading is drawn before it is enlarged: it is smooth."""
EDGE_RING = 4
"""Ring round the lips' inner edge that is the outer edge of their red."""
RED_RING = 6.5
"""Ring round the lips' edge up to which the red of an open mouth reaches in some frames: inside nothing is compared."""
LEAST = 1e-6
"""Places that weigh less in a mean are left out of it."""
_MEAN = np.full(3, 1 / 3, np.float32)
TINT = 0.5
"""How much of a difference in hue is taken over: shade has little of it, and what else has is no shading."""


@dataclass(frozen=True, eq=False)
class Skin:
    """Colours of the skin round the mouth in one frame."""

    log: FloatArray
    """Logarithm of the levels [shape=(V, 3)]."""
    weight: FloatArray
    """How well each place is seen, 0..1 [shape=(V,)]."""


class Shading:
    """Compares the skin round the mouth in two frames of one clip."""

    def __init__(self, model: HeadModel, face: LowerFace) -> None:
        lips = model.lips
        edge = model.vertices[lips.vertices[lips.depth == EDGE_RING]]
        ring = np.full(len(model.vertices), np.inf)
        ring[lips.vertices] = lips.depth
        near = np.union1d(face.moving, lips.vertices)
        near = near[ring[near] >= INSIDE_RING]
        away = _distances(model.vertices[near], edge).min(axis=1)
        away[ring[near] <= RED_RING] = 0.0
        self.vertices = near[away < FAR_CM[1]].astype(np.int32)
        """Where skin is compared [shape=(V,)]."""
        at, away = model.vertices[self.vertices], away[away < FAR_CM[1]]
        self._fade = smoothstep((REACH_CM[1] - away) / (REACH_CM[1] - REACH_CM[0]))
        self._far = np.flatnonzero(away > FAR_CM[0])
        self._place = np.column_stack([np.ones(len(at)), at[:, :2] / FAR_CM[1]]).astype(np.float32)
        self._place[:, 2] -= self._place[:, 2].mean()
        near = np.exp(-0.5 * (_distances(at, at[_spread(at)]) / EVEN_CM) ** 2)
        near[near < LEAST] = 0.0
        self._gather = csr_matrix((near * (ring[self.vertices] > RED_RING)[:, None]).T, dtype=np.float32)
        self._spread = csr_matrix(near / near.sum(axis=1, keepdims=True), dtype=np.float32)
        number = np.full(len(model.vertices), -1, np.int32)
        number[self.vertices] = np.arange(len(self.vertices), dtype=np.int32)
        triangles = number[model.triangles]
        self.triangles = np.ascontiguousarray(triangles[(triangles >= 0).all(axis=1)])
        """Between those places, by number of the place [shape=(F, 3)]."""

    def skin(self, texture: UInt8Array, at_px: FloatArray, weight: FloatArray) -> Skin:
        """Look at a frame.

        Parameters
        ----------
        texture : UInt8Array
            Doubled picture of the face.
        at_px : FloatArray
            Its pixel, not doubled, for each vertex of the head [shape=(N, 2)].
        weight : FloatArray
            How well each vertex is seen, 0..1 [shape=(N, 1)].
        """
        at = np.ascontiguousarray(at_px[self.vertices] * np.float32(TEXTURE_SCALE))[None]
        seen = cv2.remap(texture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
        inside = np.all((at[0] >= 0) & (at[0] < texture.shape[1::-1]), axis=1)
        return Skin(np.log(seen.astype(np.float32) + np.float32(DARK_LEVELS)), weight[self.vertices, 0] * inside)

    def compare(self, lent: Skin, own: Skin) -> tuple[FloatArray, FloatArray]:
        """Return the logarithms of two ratios of a lent frame to the own one [shape=(V, 3) each].

        The first is that of the light on the whole face, the second what is left of it near the mouth.
        """
        ratio = np.clip(lent.log - own.log, -LIMIT, LIMIT)
        weight = lent.weight * own.weight
        light = self._light(ratio[self._far], weight[self._far])
        told = np.concatenate([(ratio - light) * weight[:, None], weight[:, None]], axis=1)
        left = self._spread @ (self._gather @ told)
        left = left[:, :3] / (left[:, 3:] + np.float32(1e-2))
        grey = (left @ _MEAN)[:, None]
        left = grey + np.float32(TINT) * (left - grey)
        return light, np.asarray(left * self._fade[:, None], np.float32)

    def _light(self, ratio: FloatArray, weight: FloatArray) -> FloatArray:
        """Fit a slope of light to the far ratios, and again without what it does not explain; return it everywhere."""
        slope, told, place = np.zeros((3, 3), np.float32), weight, self._place[self._far]
        for _ in range(FITS):
            weighted = (place * told[:, None]).T
            gram = weighted @ place
            gram[range(1, 3), range(1, 3)] += LEVEL * told.sum()
            gram[range(3), range(3)] += 1e-3
            slope = np.linalg.solve(gram, weighted @ ratio).astype(np.float32)
            odd = np.abs(ratio - place @ slope) @ _MEAN
            told = weight / (1.0 + (odd / np.float32(ODD)) ** 2)
        return np.asarray(self._place @ slope, np.float32)

    @staticmethod
    def replaced(left: FloatArray) -> FloatArray:
        """Return the share of each place that is too different to be relit [left, shape=(V, 3); shape=(V,)]."""
        return smoothstep((np.abs(left).max(axis=1) - REPLACED[0]) / (REPLACED[1] - REPLACED[0]))

    def lay(self, texture: UInt8Array, at_px: FloatArray, left: FloatArray) -> UInt8Array:
        """Return a doubled texture in another shading.

        Parameters
        ----------
        texture : UInt8Array
            Doubled picture of the face.
        at_px : FloatArray
            Its pixel, not doubled, for each vertex of the head [shape=(N, 2)].
        left : FloatArray
            Logarithm of the factor at each place [shape=(V, 3)].
        """
        at = at_px[self.vertices]
        low = np.clip(np.floor(at.min(axis=0)).astype(int), 0, np.array(texture.shape[1::-1]) // 2 - 1)
        high = np.clip(np.ceil(at.max(axis=0)).astype(int) + 1, low + 1, np.array(texture.shape[1::-1]) // 2)
        detail = np.float32(min(1.0, FIELD_PX / max(high - low)))
        columns, rows = np.maximum(np.round((high - low) * detail).astype(int), 2)
        field = np.zeros((rows, columns, 4), np.float32)
        values = np.concatenate([left, np.ones((len(left), 1), np.float32)], axis=1)
        xy = np.ascontiguousarray((at - low) * detail - 0.5, np.float32)
        rasterize(xy, np.zeros(len(xy), np.float32), self.triangles, values,
                  np.full((rows, columns), -np.inf, np.float32), field, np.zeros((rows, columns), np.int32), 0, True)  # fmt: skip
        soft = cv2.GaussianBlur(field, (0, 0), 1.0)
        gain = np.exp(soft[..., :3] / np.maximum(soft[..., 3:], 0.05))
        size = (int(high[0] - low[0]) * TEXTURE_SCALE, int(high[1] - low[1]) * TEXTURE_SCALE)
        gain = cv2.resize(gain, size, interpolation=cv2.INTER_LINEAR)
        lit = texture.copy()
        part = lit[low[1] * 2 : high[1] * 2, low[0] * 2 : high[0] * 2]
        np.copyto(part, cv2.multiply(part, gain, dtype=cv2.CV_8U))
        return lit


def _distances(points: FloatArray, others: FloatArray) -> FloatArray:
    """Return how far points are from others [shape=(P, O)]."""
    return np.asarray(np.linalg.norm(points[:, None] - others[None], axis=2), np.float32)


def _spread(points: FloatArray) -> list[int]:
    """Choose points so that each point is nearer than `STEP_CM` to a chosen one."""
    chosen, apart = [0], np.linalg.norm(points - points[0], axis=1)
    while apart.max() > STEP_CM:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
