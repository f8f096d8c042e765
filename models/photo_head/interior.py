"""The mouth's inside behind the lips: posed, rasterised and lit for one frame."""

from __future__ import annotations

import cv2
import numpy as np

from ...pipeline_core.arkit import INDEX
from ...pipeline_core.types import FloatArray, UInt8Array
from .deform import FaceDeformer, FrameMotion, PosedFace
from .fit import FittedHead
from .head_model import HeadModel
from .layers import FINE, Box, FineLayers
from .light import key_light, skin_colour
from .mouth_light import mouth_window
from .mouth_look import mouth_look, sample_tooth_colour
from .mouth_pose import Mouth, pose_mouth
from .mouth_shade import CHANNELS, mouth_attributes, shade_mouth
from .raster import rasterize
from .textures import lens_blur_px

FIRST_ID = 1 << 20
"""Triangle numbers of the interior begin here, beyond those of the skin."""
SHUT_CM = 0.02
"""Below this gap nothing of the inside can be seen."""
INNER_LIP_FALL = 0.3
"""Light lost per ring behind the lips' edge (about 2 mm)."""
_TO_SRGB = np.array([
    round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055))
    for v in np.linspace(0.0, 1.0, 4096)
], np.float32)  # fmt: skip


class MouthInterior:
    """Teeth, gums, tongue and cavity of one person."""

    def __init__(self, model: HeadModel, head: FittedHead, photo: UInt8Array, landmarks_px: FloatArray) -> None:
        self._mouth = Mouth.from_tensors(model.mouth)
        light, share = key_light(model, head, photo)
        self._look = mouth_look(
            skin_colour(photo, landmarks_px), sample_tooth_colour(photo, landmarks_px), light, share
        )
        # The inside is drawn with a lens as soft as the one that took the photo.
        self._blur = float(np.sqrt(max(0.3, lens_blur_px(photo, landmarks_px) ** 2 - 0.3)))
        self._affine = head.mouth_affine
        self._view = tuple(float(v) for v in head.pose.rotation[2])

    def paint(
        self,
        box: Box,
        outline: FloatArray,
        layers: FineLayers,
        skin: UInt8Array,
        posed: PosedFace,
        motion: FrameMotion,
        deformer: FaceDeformer,
    ) -> tuple[FloatArray, UInt8Array]:
        """Return the colour of the fine box [shape=(2 H, 2 W, 3)] and where its opening is (1)."""
        uv = np.ascontiguousarray(layers.values[..., :2])
        rgb = cv2.remap(skin, uv, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        covered = layers.ids >= 0
        opening = np.zeros(layers.ids.shape, np.uint8)
        if posed.lip_gap_cm < SHUT_CM:
            return rgb, opening
        inner = np.where(covered, layers.values[..., 2], 0.0)
        rgb *= np.exp(-INNER_LIP_FALL * inner)[..., None]
        self._paint_inside(rgb, box, layers, posed, motion, deformer)
        polygon = np.zeros(layers.ids.shape, np.uint8)
        cv2.fillPoly(polygon, [np.int32(np.round(box.fine(outline)))], 1)
        # Beside the far cheek of a turned face there is no skin to hide the inside: it stays away.
        seen = covered | (polygon > 0)
        layers.ids[~seen] = -1
        opening = (((layers.ids >= FIRST_ID) | ~covered | (inner > 0.25)) & seen).astype(np.uint8)
        sigma = self._blur * FINE
        known = seen.astype(np.float32)
        soft = cv2.GaussianBlur(rgb * known[..., None], (0, 0), sigma)
        soft /= np.maximum(cv2.GaussianBlur(known, (0, 0), sigma), 1e-3)[..., None]
        share = np.clip(1.5 * cv2.GaussianBlur(opening.astype(np.float32), (0, 0), sigma), 0.0, 1.0)
        return rgb + (soft - rgb) * share[..., None], opening

    def _paint_inside(
        self, rgb: FloatArray, box: Box, layers: FineLayers, posed: PosedFace, motion: FrameMotion,
        deformer: FaceDeformer,
    ) -> None:  # fmt: skip
        used = posed.expression
        vertices, normals = pose_mouth(
            self._mouth,
            jaw_open=float(used[INDEX["jawOpen"]]),
            jaw_lateral=float(used[INDEX["jawLeft"]] - used[INDEX["jawRight"]]),
            jaw_forward=float(used[INDEX["jawForward"]]),
            tongue_tip=motion.channel("tongueTip"),
            tongue_out=float(used[INDEX["tongueOut"]]),
            affine=self._affine,
        )
        points = deformer.inside_mouth(vertices, motion)
        attributes = mouth_attributes(self._mouth, vertices, normals)
        values = np.zeros((*layers.ids.shape, CHANNELS), np.float32)
        rasterize(box.fine(points[:, :2]), np.ascontiguousarray(points[:, 2]), self._mouth.triangles, attributes,
                  layers.depth, values, layers.ids, FIRST_ID, True)  # fmt: skip
        window = mouth_window(self._mouth, vertices, posed.lip_outline_cm)
        linear = np.zeros((*layers.ids.shape, 3), np.float32)
        shade_mouth(self._mouth, window, self._look, layers.ids, values, linear, FIRST_ID, self._view)
        inside = layers.ids >= FIRST_ID
        rgb[inside] = to_srgb(linear[inside])
        # What no surface covers lies deep in the throat.
        rgb[layers.ids < 0] = 6.0


def to_srgb(linear: FloatArray) -> FloatArray:
    """Return sRGB levels 0..255 of linear light."""
    last = len(_TO_SRGB) - 1
    return np.asarray(_TO_SRGB[np.clip(linear * last, 0, last).astype(np.int32)], np.float32)
