"""The mouth's inside behind the lips: posed, rasterised and lit for one frame."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.types import FloatArray, UInt8Array
from .deform import PosedFace
from .fit import FittedHead
from .head_model import HeadModel
from .instant import FrameMotion
from .layers import FINE, Box, FineLayers
from .light import key_light, skin_colour
from .mouth_light import mouth_window
from .mouth_look import MouthLook, mouth_look, sample_tooth_colour
from .mouth_pose import TONGUE, Mouth, pose_mouth, seated
from .mouth_shade import CHANNELS, mouth_attributes, shade_mouth
from .mouth_tone import PhotoTone
from .raster import rasterize
from .textures import lens_blur_px

FIRST_ID = 1 << 20
"""Triangle numbers of the interior begin here, beyond those of the skin."""
UPPER_MIDDLE = 24
"""Place of the upper lip's middle on the lips' margin."""
LENS_SHARE = 0.5
"""The edges round the eyes, from which the lens is judged, are themselves soft: by eye half fits."""
MIN_BLUR_PX = 0.45
SHUT_CM = 0.02
"""Below this gap nothing of the inside can be seen."""
INNER_LIP_FALL = 0.3
"""Light lost per ring behind the lips' edge (about 2 mm)."""
SLIT_RATIO, OPEN_RATIO = 0.015, 0.04
"""Heights of the visible gap, as shares of the mouth's width, at which the lips shade what is behind
them entirely and not at all; by eye. With 0.07 dlib took a third more of the small openings for shut."""
SLIT_LIGHT = 0.05
"""Share of the light that is left in the narrowest slit: about that of the line between shut lips."""
SLIT_COLOUR = np.array([0.8, 1.2, 1.2], np.float32)
"""Exponents of that share for red, green and blue: what arrives has touched the lips."""
SLIT_REACH = 0.04
"""Share of the mouth's width over which heights are averaged: light comes in from the sides too."""
_TO_SRGB = np.array([
    round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055))
    for v in np.linspace(0.0, 1.0, 4096)
], np.float32)  # fmt: skip


class Placed(Protocol):
    """Knows where the inside of a mouth is in the picture."""

    def inside_mouth(self, positions_cm: FloatArray, motion: FrameMotion) -> FloatArray:
        """Project points, given in the fitted head's frame [shape=(V, 3)]."""


class MouthInterior:
    """Teeth, gums, tongue and cavity of one person.

    Parameters
    ----------
    model : HeadModel
        The head.
    look : MouthLook
        Colours and light.
    tone : PhotoTone
        The tint of a picture without colours.
    blur_px : float
        Standard deviation of the blur on the sharpest edges of the picture.
    affine : FloatArray
        Where the mean head's interior belongs [shape=(3, 4), cm].
    view : tuple of float
        Unit vector towards the viewer in the head frame.
    """

    def __init__(
        self, model: HeadModel, look: MouthLook, tone: PhotoTone, blur_px: float, affine: FloatArray,
        view: tuple[float, ...],
    ) -> None:  # fmt: skip
        self._mouth = Mouth.from_tensors(model.mouth)
        self.look, self.tone, self.affine, self.view = look, tone, affine, view
        # The inside is drawn with a lens about as soft as the one that took the photo.
        self.blur_px = max(MIN_BLUR_PX, LENS_SHARE * blur_px)
        self._floor: FloatArray | None = None
        parts = self._mouth.part[self._mouth.triangles[:, 0]]
        self._tongue = np.flatnonzero(parts == TONGUE)

    @classmethod
    def of_photo(
        cls, model: HeadModel, head: FittedHead, photo: UInt8Array, landmarks_px: FloatArray
    ) -> MouthInterior:
        """Take colours, light and sharpness from a photo."""
        light, share = key_light(model, head, photo)
        look = mouth_look(skin_colour(photo, landmarks_px), sample_tooth_colour(photo, landmarks_px), light, share)
        middle = head.neutral_cm[model.lips.margin[UPPER_MIDDLE]]
        affine = seated(Mouth.from_tensors(model.mouth), head.mouth_affine, middle)
        view = tuple(float(v) for v in head.pose.rotation[2])
        return cls(model, look, PhotoTone.of(photo, landmarks_px), lens_blur_px(photo, landmarks_px), affine, view)

    def seen_from(
        self, rotation: FloatArray, light_ratio: float, floor_rgb: FloatArray, blur_px: float, tooth_light: FloatArray
    ) -> MouthInterior:
        """Return the same mouth in another frame of the same clip.

        Parameters
        ----------
        rotation : FloatArray
            Head frame to camera frame [shape=(3, 3)].
        light_ratio : float
            Brightness of the light relative to that of the look.
        floor_rgb : FloatArray
            Levels 0..255 of what is darkest in the mouth [shape=(3,)].
        blur_px : float
            Further standard deviation of blur, by movement.
        tooth_light : FloatArray
            Light on each tooth relative to that of the look [shape=(28,)].
        """
        other = copy(self)
        other.view = tuple(float(v) for v in rotation[2])
        light = np.float32(light_ratio)
        other.look = replace(self.look, sky_rgb=self.look.sky_rgb * light, key_rgb=self.look.key_rgb * light,
                             tooth_tint=self.look.tooth_tint * tooth_light[:, None])
        other._floor = floor_rgb
        other.blur_px = float(np.hypot(self.blur_px, blur_px))
        return other

    def paint(
        self,
        box: Box,
        outline: FloatArray,
        layers: FineLayers,
        rgb: FloatArray,
        posed: PosedFace,
        motion: FrameMotion,
        placed: Placed,
    ) -> tuple[FloatArray, UInt8Array]:
        """Draw the inside over the skin's colours `rgb` of the fine box [shape=(2 H, 2 W, 3)], in place.

        Returns the colour of the box and where its opening is (1).
        """
        covered = layers.ids >= 0
        opening = np.zeros(layers.ids.shape, np.uint8)
        if posed.lip_gap_cm < SHUT_CM:
            return rgb, opening
        inner = np.where(covered, layers.values[..., 2], 0.0)
        rgb *= np.exp(-INNER_LIP_FALL * inner)[..., None]
        polygon = np.zeros(layers.ids.shape, np.uint8)
        cv2.fillPoly(polygon, [np.int32(np.round(box.fine(outline)))], 1)
        self._paint_inside(rgb, box, polygon, layers, posed, motion, placed)
        # Beside the far cheek of a turned face there is no skin to hide the inside: it stays away.
        seen = covered | (polygon > 0)
        layers.ids[~seen] = -1
        opening = (((layers.ids >= FIRST_ID) | ~covered | (inner > 0.25)) & seen).astype(np.uint8)
        sigma = self.blur_px * FINE
        known = seen.astype(np.float32)
        soft = cv2.GaussianBlur(rgb * known[..., None], (0, 0), sigma)
        soft /= np.maximum(cv2.GaussianBlur(known, (0, 0), sigma), 1e-3)[..., None]
        share = np.clip(1.5 * cv2.GaussianBlur(opening.astype(np.float32), (0, 0), sigma), 0.0, 1.0)
        return rgb + (soft - rgb) * share[..., None], opening

    def _paint_inside(
        self, rgb: FloatArray, box: Box, polygon: UInt8Array, layers: FineLayers, posed: PosedFace,
        motion: FrameMotion, placed: Placed,
    ) -> None:  # fmt: skip
        used = posed.expression
        vertices, normals = pose_mouth(
            self._mouth,
            jaw_open=float(used[INDEX["jawOpen"]]),
            jaw_lateral=float(used[INDEX["jawLeft"]] - used[INDEX["jawRight"]]),
            jaw_forward=float(used[INDEX["jawForward"]]),
            tongue_tip=motion.channel("tongueTip"),
            tongue_out=float(used[INDEX["tongueOut"]]),
            affine=self.affine,
        )
        points = placed.inside_mouth(vertices, motion)
        attributes = mouth_attributes(self._mouth, vertices, normals)
        values = np.zeros((*layers.ids.shape, CHANNELS), np.float32)
        xy, depth = box.fine(points[:, :2]), np.ascontiguousarray(points[:, 2])
        # Through the opening only: elsewhere the inside must not show even where it is nearer.
        window_depth = np.where(polygon > 0, layers.depth, np.float32(np.inf))
        rasterize(xy, depth, self._mouth.triangles, attributes, window_depth, values, layers.ids, FIRST_ID, True)
        if used[INDEX["tongueOut"]] > 0:
            outside = np.where(polygon > 0, window_depth, layers.depth)
            rasterize(xy, depth, self._mouth.triangles[self._tongue], attributes, outside, values, layers.ids,
                      FIRST_ID + int(self._tongue[0]), True)  # fmt: skip
        window = mouth_window(self._mouth, vertices, posed.lip_outline_cm)
        linear = np.zeros((*layers.ids.shape, 3), np.float32)
        shade_mouth(self._mouth, window, self.look, layers.ids, values, linear, FIRST_ID, self.view)
        inside = layers.ids >= FIRST_ID
        width_px = max(float(np.count_nonzero(polygon.any(axis=0))), 1.0)
        linear *= light_in_slit(inside | ((layers.ids < 0) & (polygon > 0)), width_px)
        rgb[inside] = self.tone.applied(to_srgb(linear[inside]))
        # What no surface covers lies deep in the throat.
        rgb[layers.ids < 0] = 6.0
        if self._floor is not None:
            dark = inside | ((layers.ids < 0) & (polygon > 0))
            rgb[dark] = self._floor + rgb[dark] * (1.0 - self._floor / np.float32(255.0))


def light_in_slit(opening: UInt8Array, width_px: float) -> FloatArray:
    """Tell how much of the light passes nearly shut lips, which the open window does not know.

    Parameters
    ----------
    opening : ndarray
        Not 0 where the inside is seen [shape=(H, W)].
    width_px : float
        Width of the mouth in the same pixels.

    Returns
    -------
    ndarray
        Share of red, green and blue for each column, 1 where the mouth is open [shape=(1, W, 3)].
    """
    height = np.count_nonzero(opening, axis=0).astype(np.float32)[None]
    height = cv2.GaussianBlur(height, (0, 0), max(SLIT_REACH * width_px, 0.5))
    share = np.clip((height / width_px - SLIT_RATIO) / (OPEN_RATIO - SLIT_RATIO), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    return np.asarray((SLIT_LIGHT + (1.0 - SLIT_LIGHT) * share)[..., None] ** SLIT_COLOUR, np.float32)


def to_srgb(linear: FloatArray) -> FloatArray:
    """Return sRGB levels 0..255 of linear light."""
    last = len(_TO_SRGB) - 1
    return np.asarray(_TO_SRGB[np.clip(linear * last, 0, last).astype(np.int32)], np.float32)
