"""Lids in front of the eyes: new skin where the photo has none, a lash line where they meet."""

from __future__ import annotations

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .contact import lid_follow, lid_region
from .head_model import HeadModel, IntArray
from .layers import FINE, Box, FineLayers, Grain, blend_fine, box_around
from .plug import EyePlug
from .ramp import smoothstep
from .textures import LidTexture

LASH_WIDTH_CM = 0.06
LASH_STRENGTH = 0.65
EYE_WIDTH_CM = 2.6
OUTLINE_GROWTH = 1.25
"""Lashes reach beyond the lid by about this factor."""
LASH_REACH_CM = 4.2
"""Skin round the eye on which painted lashes may lie, all drawn anew during a blink."""
UPPER = 1.0
"""Attribute of skin above the eye; how far it follows the lid is added."""
BULGE = 0.05
"""Extra light on the middle of a shut lid, which bulges over the eyeball."""
CREASE = 0.06
"""Shade of the fold above a shut lid."""


class EyelidPainter:
    """Paints one eye of one face while its lids are on the way."""

    def __init__(
        self, model: HeadModel, side: str, plug: EyePlug, first_plug_vertex: int, lid: LidTexture,
        lash: FloatArray, grain: Grain,
    ) -> None:  # fmt: skip
        region = lid_region(model, side)
        self._lid, self._lash, self._grain = lid, lash, grain
        self._outline = region.vertices[(region.place < 28) | (region.depth <= 2)]
        self._margin = region.margin[:28]
        above = model.vertices[:, 1] > model.vertices[region.margin, 1].mean()
        near = np.linalg.norm(model.vertices - model.vertices[region.margin].mean(axis=0), axis=1) < LASH_REACH_CM
        self.triangles = _with_plug(triangles_of(model, np.flatnonzero(near)), plug, first_plug_vertex)
        self.attribute = np.where(near & above, UPPER + lid_follow(model, side), 0.0).astype(np.float32)
        self.attribute[self._margin] = UPPER + 1.0

    def box(self, points: FloatArray, shape: tuple[int, ...]) -> Box | None:
        """Return the box to draw for this frame's points."""
        outline = points[self._outline, :2]
        return box_around(outline, 0.2 * float(np.ptp(outline[:, 0])) + 2.0, shape)

    def paint(
        self, frame: UInt8Array, box: Box, layers: FineLayers, points: FloatArray,
        skin: UInt8Array, blink: float, scale_px: float,
    ) -> None:  # fmt: skip
        """Draw the eye into the frame.

        Parameters
        ----------
        frame : UInt8Array
            Changed in place.
        box : Box
            Round the eye.
        layers : FineLayers
            Lid skin and eyeball with `attribute`.
        points : FloatArray
            Skin vertices of this frame [shape=(N, 3), px].
        skin : UInt8Array
            Doubled photo.
        blink : float
            How far the lids have come down, 0..1.
        scale_px : float
            Pixels per centimetre.
        """
        uv = np.ascontiguousarray(layers.values[..., :2])
        open_rgb = cv2.remap(skin, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        uv = uv - np.float32(self._lid.offset)
        shut_rgb = cv2.remap(self._lid.pixels, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        place = np.where(layers.ids >= 0, layers.values[..., 2], 0.0)
        follow = np.clip(place - UPPER, 0.0, 1.0)
        new = smoothstep(place / (0.5 * UPPER) - 1.0) * min(1.0, 3.0 * blink)
        rgb = open_rgb + (shut_rgb.astype(np.float32) - open_rgb) * new[..., None]
        shade = BULGE * np.exp(-(((follow - 0.75) / 0.2) ** 2)) - CREASE * np.exp(-(((follow - 0.3) / 0.15) ** 2))
        rgb *= 1.0 + (shade * new * blink)[..., None]
        self._draw_lashes(rgb, box, points, blink, scale_px)
        weight = self._weight(box, layers, points)
        blend_fine(frame, box, rgb, weight, self._grain.at(box) * _reduced(new, box))

    def _draw_lashes(self, rgb: FloatArray, box: Box, points: FloatArray, blink: float, scale_px: float) -> None:
        line = box.fine(points[self._margin, :2])
        width = max(1.0, LASH_WIDTH_CM * scale_px * FINE)
        mask = np.zeros(rgb.shape[:2], np.float32)
        # Thin at the nose, full from the middle outwards, as lashes grow.
        taper = np.interp(np.linspace(0, 1, len(line) - 1), (0.0, 0.15, 0.6, 1.0), (0.7, 1.0, 0.8, 0.25))
        for a, b, share in zip(line[:-1], line[1:], taper, strict=True):
            ends = [tuple(int(v) for v in np.round(p * 16)) for p in (a, b)]
            cv2.line(mask, ends[0], ends[1], float(share), max(1, round(width)), cv2.LINE_8, 4)
        # The far eye of a turned face is too narrow for a line of its own.
        seen = float(np.clip(np.ptp(points[self._margin, 0]) / (EYE_WIDTH_CM * scale_px) * 3.0 - 1.5, 0.0, 1.0))
        strength = LASH_STRENGTH * seen * min(1.0, 1.5 * blink)
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.7, 0.35 * width)) * strength
        rgb += (self._lash - rgb) * mask[..., None]

    def _weight(self, box: Box, layers: FineLayers, points: FloatArray) -> FloatArray:
        outline = points[self._outline, :2]
        middle = outline.mean(axis=0)
        hull = cv2.convexHull(np.int32(np.round(box.fine(middle + OUTLINE_GROWTH * (outline - middle)))))
        inside = np.zeros(layers.ids.shape, np.float32)
        cv2.fillConvexPoly(inside, hull, 1.0)
        soft = cv2.GaussianBlur(inside, (0, 0), max(1.0, 0.05 * float(np.ptp(outline[:, 0])) * FINE))
        return np.asarray(soft * (layers.ids >= 0), np.float32)


def _with_plug(skin: IntArray, plug: EyePlug, first_plug_vertex: int) -> IntArray:
    return np.ascontiguousarray(np.concatenate([skin, plug.triangles + first_plug_vertex]), np.int32)


def triangles_of(model: HeadModel, vertices: IntArray) -> IntArray:
    """Return the triangles all of whose corners are among `vertices`."""
    member = np.zeros(len(model.vertices), bool)
    member[vertices] = True
    return np.ascontiguousarray(model.triangles[member[model.triangles].all(axis=1)])


def _reduced(layer: FloatArray, box: Box) -> FloatArray:
    rows, columns = box.shape
    return np.asarray(cv2.resize(np.asarray(layer, np.float32), (columns, rows), interpolation=cv2.INTER_AREA))
