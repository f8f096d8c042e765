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
from ..photo_head.layers import FINE, Box
from ..photo_head.raster import rasterize
from ..photo_head.textures import TEXTURE_SCALE, doubled
from .lip_line import found_line
from .look import motion_blur_px
from .region import LowerFace
from .rest import RestFace
from .shading import Shading, Skin
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
FADE_RINGS = (5.0, 7.5)
"""What is replaced ends between these rings, about 8 and 13 mm from the lips' edge."""
RED_RINGS = (1.5, 4.0)
"""Rings outside the lips' edge from which their colours are compared."""
RED_ENDS = (4.0, 5.5)
"""Rings between which the red of the lips ends."""
OWN_RED = (-0.04, 0.3)
"""Bounds of what is taken over of the frame's own red, less the light (logarithms): stretched lips are paler; those in
the shade of an open mouth are darker, and lips drawn shut in that shade look parted."""
NEAR_DEG = 4.0
"""References whose head is turned by this much more than the nearest one's count a third of it."""
FAR_DEG = (22.0, 38.0)
"""Turns between the frame and its nearest reference over which replacing is given up."""
CLING_CM = 0.1
"""Borrowed lips may lie this much behind what is drawn: they are the same surface."""
INNER_RINGS = (-2.0, -1.0)
"""Behind the lips' edge nothing is replaced."""
AROUND_PX = 8
"""Of each reference so much more than its skin is kept."""


@dataclass(frozen=True, eq=False)
class LipReference:
    """The lips in one frame."""

    skin: UInt8Array
    """Doubled picture of the mouth."""
    texture: FloatArray
    """Its pixel, not doubled, for each vertex [shape=(N, 2)]."""
    table: FloatArray
    opening_cm: float
    sought: bool
    """Whether the line between the lips was looked for in the picture: landmarks never see this clip's lips meet."""
    turn_deg: FloatArray
    """Yaw and pitch [shape=(2,)]."""
    around: Skin
    """The skin around."""


@dataclass(frozen=True, eq=False)
class LipLoan:
    """What one frame borrows."""

    reference: LipReference
    share: float
    """0..1"""
    laid: FloatArray
    """Share of it that is laid at the places of `Shading`, and factors of its colours [shape=(P, 4)]."""
    shading: FloatArray
    """Logarithm of what the mouth's own shading is to be multiplied by, at the places of `Shading` [shape=(P, 3)]."""


class LipBank:
    """Shut lips of one clip."""

    def __init__(self, clip: HeadClip, rest: RestFace, mouth: Opening, face: LowerFace, pictures: Mapping[int, UInt8Array]) -> None:
        self._clip, self._rest, self._mouth, self._face, self._region = clip, rest, mouth, face, clip.model.lips
        depth = self._region.depth
        outside = np.clip((FADE_RINGS[1] - depth) / (FADE_RINGS[1] - FADE_RINGS[0]), 0.0, 1.0)
        mask = np.zeros(len(clip.model.vertices), np.float32)
        mask[self._region.vertices] = outside * np.clip((depth - INNER_RINGS[0]) / (INNER_RINGS[1] - INNER_RINGS[0]), 0.0, 1.0)
        self.shading = Shading(clip.model, face)
        self._mask = mask[self.shading.vertices]
        red = np.zeros(len(clip.model.vertices), np.float32)
        red[self._region.vertices] = np.clip((RED_ENDS[1] - depth) / (RED_ENDS[1] - RED_ENDS[0]), 0.0, 1.0)
        self._red = red[self.shading.vertices]
        ring = np.full(len(red), np.inf)
        ring[self._region.vertices] = depth
        ring = ring[self.shading.vertices]
        self._inner_red = (ring >= RED_RINGS[0]) & (ring <= RED_RINGS[1])
        self._references = [self._reference(frame, pictures[frame]) for frame in sorted(pictures)]

    def _reference(self, frame: int, picture: UInt8Array) -> LipReference:
        head = self._clip.head_at(frame)
        uv = head.source_px[:, :2]
        corners = uv[self.shading.vertices]
        size = np.array(picture.shape[1::-1])
        low = np.clip(np.floor(corners.min(axis=0)).astype(int) - AROUND_PX, 0, size - 1)
        high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + AROUND_PX + 1, low + 1, size)
        skin = doubled(np.ascontiguousarray(picture[low[1] : high[1], low[0] : high[0]]))
        texture = uv - low.astype(np.float32)
        around = self.shading.skin(skin, texture, self._face.weight(head.pose))
        opening_cm = float(self._rest.opening_cm[frame])
        line = found_line(self._clip.model, self._mouth, skin, texture) if opening_cm > SHUT_CM else None
        if line is not None:
            texture, opening_cm = line, 0.0
        return LipReference(skin, texture, lip_texture_table(self._clip.model, texture), opening_cm,
                            line is not None, self._turn_deg(frame), around)

    def _turn_deg(self, frame: int) -> FloatArray:
        return np.degrees(turn_and_nod(self._clip.rotation[frame])).astype(np.float32)

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
        if not self._references:
            return []
        amount = 1.0 if self._references[0].sought else _ramp(source.opening_cm, BEGIN_CM, FULL_CM)
        if amount <= 0.0:
            return []
        apart = np.array([np.linalg.norm(r.turn_deg - self._turn_deg(frame)) for r in self._references])
        amount *= 1.0 - _ramp(float(apart.min()), *FAR_DEG)
        shares = np.exp(-((apart**2 - apart.min() ** 2) / NEAR_DEG**2))
        shares /= shares.sum()
        own = self.shading.skin(skin, texture, source.weight)
        return [self._loan(reference, float(share * amount), own)
                for reference, share in zip(self._references, shares, strict=True) if share * amount > 0.01]

    def _loan(self, reference: LipReference, share: float, own: Skin) -> LipLoan:
        light, left = self.shading.compare(reference.around, own)
        redder = (own.log - reference.around.log + light)[self._inner_red].mean(axis=0)
        light = light - self._red[:, None] * np.clip(redder, *OWN_RED)
        mask = np.maximum(self._mask, self.shading.replaced(left) * reference.around.weight)
        return LipLoan(reference, share, np.concatenate([mask[:, None], np.exp(-light)], axis=1), left)

    def vertices_of(self, loans: list[LipLoan]) -> np.ndarray:
        """Return the head's vertices where loans are laid."""
        return self.shading.vertices[np.any([loan.laid[:, 0] > 0.0 for loan in loans], axis=0)]

    def lit(self, skin: UInt8Array, texture: FloatArray, loans: list[LipLoan], strength: float) -> UInt8Array:
        """Return a frame's doubled texture in the shading of the lips that it borrows.

        Parameters
        ----------
        skin : UInt8Array
            The texture.
        texture : FloatArray
            Its pixel, not doubled, for each vertex [shape=(N, 2)].
        loans : list of LipLoan
            From `loans`.
        strength : float
            Of the new mouth and its need, 0..1, from `lip_strength`.
        """
        left = sum(loan.shading * np.float32(loan.share * strength) for loan in loans)
        return self.shading.lay(skin, texture, left)

    def lay(self, rgb: FloatArray, depth: FloatArray, box: Box, scale: int, points: FloatArray, gaps: tuple[FloatArray, FloatArray],
            loans: list[LipLoan], strength: float) -> None:  # fmt: skip
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
        strength : float
            Of the new mouth and its need, 0..1, from `lip_strength`.
        """
        vertices = self.shading.vertices
        at = points[vertices]
        xy = box.fine(at[:, :2]) if scale == FINE else np.ascontiguousarray(at[:, :2] - np.float32([box.left, box.top]))
        layer, total = np.zeros_like(rgb), np.zeros(rgb.shape[:2], np.float32)
        behind = depth - np.float32(CLING_CM * self._clip.scale.mean())
        for loan in loans:
            lent = loan.reference
            least = min(1.0, lent.opening_cm / NEUTRAL_WHEN_OPEN)
            uv = withdrawn_lips(self._clip.model, self._mouth, lent.texture, lent.table, *gaps, least)[vertices]
            values = np.zeros((*rgb.shape[:2], 6), np.float32)
            attributes = np.concatenate([uv * np.float32(TEXTURE_SCALE), loan.laid], axis=1)
            rasterize(xy, np.ascontiguousarray(at[:, 2]), self.shading.triangles, attributes.astype(np.float32),
                      behind.copy(), values, np.zeros(rgb.shape[:2], np.int32),
                      0, True)  # fmt: skip
            colour = cv2.remap(lent.skin, np.ascontiguousarray(values[..., :2]), None, cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
            share = values[..., 2] * np.float32(loan.share * strength)
            layer += colour * values[..., 3:] * share[..., None]
            total += share
        rgb *= (1.0 - total)[..., None]
        rgb += layer


def lip_strength(own_opening_cm: float, gap_cm: float) -> float:
    """Return how much a mouth needs borrowed lips, 0..1: none where it stays as open as it is."""
    return _ramp(own_opening_cm - gap_cm, *LESS_CM)


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


def _ramp(value: float, low: float, high: float) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
