"""Lips as the clip shows them shut, for frames in which its own mouth is wide open.

There the lips are stretched thin, or curled so far that their lower part is not seen: drawn shut, their few
pixels would smear. Some frames with shut lips lend theirs, in the colours of the frame that is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.clip_fit import HeadClip
from ..photo_head.contact import Opening
from ..photo_head.deform import NEUTRAL_WHEN_OPEN, lip_texture_table, withdrawn_lips
from ..photo_head.fit import turn_and_nod
from ..photo_head.head_model import HeadModel
from ..photo_head.layers import FINE, Box
from ..photo_head.raster import rasterize
from ..photo_head.textures import TEXTURE_SCALE, doubled
from .look import motion_blur_px
from .rest import RestFace
from .shape import SourceFace

REFERENCES = 4
SHUT_CM, SHUT_SHARE = 0.12, 0.1
"""Frames lend their lips that are open no further than this, or that are among this share of the most shut."""
LEAST_OPENING_CM = 0.8
"""A clip whose mouth never opens further than its references by this has no need of them."""
STEADY_PX = 1.0
"""Frames blurred by movement beyond this lend nothing, unless all are."""
BEGIN_CM, FULL_CM = 0.15, 0.6
"""Openings of the frame's own mouth at which its lips begin to be replaced, and are in full."""
LESS_CM = (-0.3, 0.4)
"""By how much the new opening must be smaller: lips that stay as open are best as they are."""
RED_RINGS, SKIN_RINGS = (1.5, 4.0), (6.5, 8.0)
"""Rings outside the lips' edge from which colours are compared."""
RED_ENDS = (4.0, 5.5)
"""Rings between which the red of the lips ends."""
FADE_RINGS = (5.0, 8.0)
"""What is replaced ends between these rings, about 8 and 14 mm from the lips' edge."""
NEAR_DEG = 4.0
"""References whose head is turned by this much more than the nearest one's count a third of it."""
FAR_DEG = (22.0, 38.0)
"""Turns between the frame and its nearest reference over which replacing is given up."""
SMOOTH_PLACES = 6.0
GAIN_LIMITS = (0.6, 1.6)
UNEVEN = 0.5
"""How much of the unevenness of the light around lies on the lips, which are rounder, too."""
CLING_CM = 0.1
"""Borrowed lips may lie this much behind what is drawn: they are the same surface."""
INNER_RINGS = (-2.0, -1.0)
"""Behind the lips' edge nothing is replaced."""
_DARK_LEVELS = 8.0


@dataclass(frozen=True, eq=False)
class LipReference:
    """The lips in one frame."""

    skin: UInt8Array
    """Doubled picture of the mouth."""
    texture: FloatArray
    """Its pixel, not doubled, for each vertex [shape=(N, 2)]."""
    table: FloatArray
    opening_cm: float
    turn_deg: FloatArray
    """Yaw and pitch [shape=(2,)]."""
    colours: FloatArray
    """Of the red and of the skin around, along the lips [shape=(2, 76, 3)]."""


@dataclass(frozen=True, eq=False)
class LipLoan:
    """What one frame borrows."""

    reference: LipReference
    share: float
    """0..1"""
    gain: FloatArray
    """Factor of the colours [shape=(V, 3)]."""


class LipBank:
    """Shut lips of one clip."""

    def __init__(self, clip: HeadClip, rest: RestFace, mouth: Opening, pictures: Mapping[int, UInt8Array]) -> None:
        self._clip, self._rest, self._mouth, self._region = clip, rest, mouth, clip.model.lips
        depth = self._region.depth
        outside = np.clip((FADE_RINGS[1] - depth) / (FADE_RINGS[1] - FADE_RINGS[0]), 0.0, 1.0)
        self._mask = (outside * np.clip((depth - INNER_RINGS[0]) / (INNER_RINGS[1] - INNER_RINGS[0]), 0.0, 1.0)).astype(np.float32)
        self._red = np.clip((RED_ENDS[1] - depth) / (RED_ENDS[1] - RED_ENDS[0]), 0.0, 1.0).astype(np.float32)
        self._triangles = _renumbered(clip.model)
        steps = np.abs(np.arange(76)[:, None] - np.arange(76)[None])
        even = np.exp(-0.5 * (np.minimum(steps, 76 - steps) / SMOOTH_PLACES) ** 2)
        self._even = np.asarray(even / even.sum(axis=1, keepdims=True), np.float32)
        self._references = [self._reference(frame, pictures[frame]) for frame in sorted(pictures)]

    def _reference(self, frame: int, picture: UInt8Array) -> LipReference:
        head = self._clip.head_at(frame)
        uv = head.source_px[:, :2]
        lips = uv[self._region.vertices]
        size = np.array(picture.shape[1::-1])
        low = np.clip(np.floor(lips.min(axis=0)).astype(int) - 8, 0, size - 1)
        high = np.clip(np.ceil(lips.max(axis=0)).astype(int) + 9, low + 1, size)
        skin = doubled(np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]]))
        texture = uv - low.astype(np.float32)
        return LipReference(skin, texture, lip_texture_table(self._clip.model, texture),
                            float(self._rest.opening_cm[frame]), self._turn_deg(frame), self._colours(skin, texture))  # fmt: skip

    def _turn_deg(self, frame: int) -> FloatArray:
        return np.degrees(turn_and_nod(self._clip.rotation[frame])).astype(np.float32)

    def _colours(self, skin: UInt8Array, texture: FloatArray) -> FloatArray:
        """Return the colours of lips and skin along the lips [shape=(2, 76, 3)]."""
        found = []
        for low, high in (RED_RINGS, SKIN_RINGS):
            on = (self._region.depth >= low) & (self._region.depth <= high)
            at = np.ascontiguousarray(texture[self._region.vertices[on]] * np.float32(TEXTURE_SCALE))[None]
            seen = cv2.remap(skin, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
            place = self._region.place[on]
            count = np.bincount(place, minlength=76)[:, None]
            mean = np.stack([np.bincount(place, seen[:, k], 76) for k in range(3)], axis=1) / np.maximum(count, 1)
            found.append(self._even @ mean.astype(np.float32))
        return np.stack(found)

    def loans(self, frame: int, source: SourceFace, skin: UInt8Array, texture: FloatArray) -> list[LipLoan]:
        """Choose what a frame borrows; nothing where its own lips are nearly shut.

        Parameters
        ----------
        frame : int
            Of the clip.
        source : SourceFace
            Its face.
        skin : UInt8Array
            Its doubled texture.
        texture : FloatArray
            Pixel of that texture, not doubled, for each vertex [shape=(N, 2)].
        """
        amount = _ramp(source.opening_cm, BEGIN_CM, FULL_CM)
        if amount <= 0.0 or not self._references:
            return []
        apart = np.array([np.linalg.norm(r.turn_deg - self._turn_deg(frame)) for r in self._references])
        amount *= 1.0 - _ramp(float(apart.min()), *FAR_DEG)
        shares = np.exp(-((apart**2 - apart.min() ** 2) / NEAR_DEG**2))
        shares /= shares.sum()
        own = self._colours(skin, texture)
        return [LipLoan(reference, float(share * amount), self._gain(own, reference.colours))
                for reference, share in zip(self._references, shares, strict=True) if share * amount > 0.01]

    def _gain(self, own: FloatArray, lent: FloatArray) -> FloatArray:
        """Return the light that differs along the lips on the skin around, and evenly on the lips themselves."""
        light = np.clip((own[1] + _DARK_LEVELS) / (lent[1] + _DARK_LEVELS), *GAIN_LIMITS)
        red = np.clip(own[0].mean(axis=0) / np.maximum(lent[0].mean(axis=0), 1.0), *GAIN_LIMITS)
        red = red * (1.0 + UNEVEN * (light / light.mean(axis=0) - 1.0))
        place = self._region.place
        return np.asarray(light[place] + (red - light)[place] * self._red[:, None], np.float32)

    def lay(self, rgb: FloatArray, depth: FloatArray, box: Box, scale: int, points: FloatArray, gaps: tuple[FloatArray, FloatArray],
            loans: list[LipLoan], own_opening_cm: float, strength: float) -> None:  # fmt: skip
        """Lay borrowed lips over a drawn box.

        Parameters
        ----------
        rgb : FloatArray
            Colours 0..255 of the box, changed in place [shape=(scale * H, scale * W, 3)].
        depth : FloatArray
            Of what is drawn there: borrowed lips lie on the own ones, not in front of the nose.
        box : Box
            Where it is in the picture.
        scale : int
            Its pixels per picture pixel: 1 or `FINE`.
        points : FloatArray
            Where all vertices are in the picture [shape=(N, 3)].
        gaps : tuple
            Distances of upper and lower lip to their partners, in cm.
        loans : list of LipLoan
            From `loans`.
        own_opening_cm : float
            How far the frame's own lips are apart.
        strength : float
            How much of the new mouth is shown, 0..1.
        """
        region = self._region
        at = points[region.vertices]
        xy = box.fine(at[:, :2]) if scale == FINE else np.ascontiguousarray(at[:, :2] - np.float32([box.left, box.top]))
        layer, total = np.zeros_like(rgb), np.zeros(rgb.shape[:2], np.float32)
        strength *= _ramp(own_opening_cm - float(gaps[0].max()), *LESS_CM)
        behind = depth - np.float32(CLING_CM * self._clip.scale.mean())
        for loan in loans:
            lent = loan.reference
            least = min(1.0, lent.opening_cm / NEUTRAL_WHEN_OPEN)
            uv = withdrawn_lips(self._clip.model, self._mouth, lent.texture, lent.table, *gaps, least)[region.vertices]
            values = np.zeros((*rgb.shape[:2], 6), np.float32)
            attributes = np.concatenate([uv * np.float32(TEXTURE_SCALE), self._mask[:, None], loan.gain], axis=1)
            rasterize(xy, np.ascontiguousarray(at[:, 2]), self._triangles, attributes.astype(np.float32),
                      behind.copy(), values, np.zeros(rgb.shape[:2], np.int32),
                      0, True)  # fmt: skip
            colour = cv2.remap(lent.skin, np.ascontiguousarray(values[..., :2]), None, cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
            share = values[..., 2] * np.float32(loan.share * strength)
            layer += colour * values[..., 3:] * share[..., None]
            total += share
        rgb *= (1.0 - total)[..., None]
        rgb += layer


def lip_frames(clip: HeadClip, rest: RestFace) -> list[int]:
    """Choose frames with shut lips and as different turns of the head as there are."""
    seen = np.flatnonzero(clip.seen)
    opening = rest.opening_cm[seen]
    limit = max(SHUT_CM, float(np.quantile(opening, SHUT_SHARE)))
    if opening.max() < limit + LEAST_OPENING_CM - SHUT_CM:
        return []
    shut = seen[opening <= limit]
    blur = np.array([motion_blur_px(clip, int(frame)) for frame in shut])
    shut = shut[blur <= max(STEADY_PX, float(np.median(blur)))]
    turn = np.degrees(turn_and_nod(clip.rotation[shut]))
    chosen = [int(np.linalg.norm(turn - np.median(turn, axis=0), axis=1).argmin())]
    apart = np.full(len(shut), np.inf)
    while len(chosen) < REFERENCES:
        apart = np.minimum(apart, np.linalg.norm(turn - turn[chosen[-1]], axis=1))
        if apart.max() < NEAR_DEG:
            break
        chosen.append(int(apart.argmax()))
    return sorted(int(shut[place]) for place in chosen)


def _renumbered(model: HeadModel) -> np.ndarray:
    """Return the triangles of the lips' region, by place in it."""
    number = np.full(len(model.vertices), -1, np.int32)
    number[model.lips.vertices] = np.arange(len(model.lips.vertices), dtype=np.int32)
    number[model.lips.vertices[model.lips.depth < INNER_RINGS[0]]] = -1
    triangles = number[model.triangles]
    return np.ascontiguousarray(triangles[(triangles >= 0).all(axis=1)])


def _ramp(value: float, low: float, high: float) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
