"""One frame's geometry: blendshapes and contact in the head frame, then head motion in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...pipeline_core.arkit import BLENDSHAPES, INDEX
from ...pipeline_core.types import FloatArray
from . import contact
from .eyeball import EyeSheet
from .field import HeadField
from .fit import FittedHead
from .head_model import HeadModel, IntArray
from .instant import FrameMotion
from .normals import vertex_normals
from .occlusion import visible_texture
from .plug import EyePlug, build_plug
from .ramp import smoothstep

RIM_CM = 1.8
"""Width of the band at the edge of the mesh over which expression fades into the picture."""
NEUTRAL_WHEN_OPEN = 0.5
"""Gap between the photo's lips (cm) from which its mouth expression is removed in full."""
TURNED_DEG = (15.0, 32.0)
"""Yaw over which trust in the fitted mouth expression fades."""
SIDEWAYS = (0.80, 0.97)
"""Sideways part of the skin's normal between which the mesh hands over to the surroundings: at
the side contours of a turned head there is no texture for what turns into view."""
FAR_SIDE_DEG = (20.0, 30.0)
"""Yaw over which the far side of the face is left to the surroundings."""
LARGEST_IRIS_CM = 0.75
"""Radius up to which an eye is a person's (eight portraits: 0.58 to 0.65, a drawn girl 0.85), and turns as such."""
EYE_DEPTH_CM = 0.6
"""Eyeballs are drawn this much deeper than they lie, so that lids always cover them."""
LINE_PUSH = 0.8
"""Rings by which the lip's texture withdraws from the dark line between the lips (about 1.6 mm)."""
BLINK_UNIT_SHARE = 0.75
"""The eyeBlink unit over-closes: three quarters of it shut the eye."""

_OPEN_KEEP = {"mouthSmile": 0.42, "mouthFrown": 0.4, "mouthRoll": 0.35, "mouthDimple": 0.42, "mouthPress": 0.3,
              "mouthShrug": 0.3, "mouthLeft": 0.7, "mouthRight": 0.7, "jawLeft": 0.6, "jawRight": 0.6,
              "mouth": 0.0, "jaw": 0.0, "cheek": 0.5, "nose": 0.5}  # fmt: skip
"""What stays of the photo's own expression when its mouth is open; eyes and brows stay whole.
Keeping 30 % of a smile lowered the identity distance of smiling portraits from 0.39 to 0.30; with
42 % the worst frame (rounded lips) of the sample portrait comes below 0.5 as well."""


@dataclass(frozen=True, eq=False)
class PosedFace:
    """Where everything is in one frame, in pixels of the output."""

    points: FloatArray
    """Skin, then both eyes [shape=(P, 3)]: x, y, depth."""
    uv: FloatArray
    """Photo pixel of each point [shape=(P, 2)]."""
    inner: FloatArray
    """How far behind the lips' edge a skin vertex lies, in rings, 0 on visible skin [shape=(N,)]."""
    blink: tuple[float, float]
    """How far the left and right lids have come down from where the photo has them, 0..1."""
    expression: FloatArray
    """Coefficients that were used [shape=(52,)]."""
    lip_outline_cm: FloatArray
    """The line along which the lips touch, closed, in the head frame [shape=(L, 3)]."""
    lip_gap_cm: float
    """Largest distance between the lips."""


class FaceDeformer:
    """Everything about one fitted head that frames share."""

    def __init__(
        self, model: HeadModel, head: FittedHead, field: HeadField, sheet: EyeSheet, *, rim: float = 1.0,
        blinks: bool = True,
    ) -> None:  # fmt: skip
        self.model, self.head, self.field, self.blinks = model, head, field, blinks
        self.mouth = contact.mouth_opening(model)
        self.eyes = {side: contact.eye_opening(model, side) for side in ("left", "right")}
        source_cm = head.neutral_cm + np.tensordot(head.expression, model.units, 1)
        self.eye_gap = {side: eye.gap(source_cm)[0] for side, eye in self.eyes.items()}
        turns = [eye.radius < LARGEST_IRIS_CM * head.pose.scale for eye in sheet.eyes]
        self.plugs: list[EyePlug] = [
            build_plug(opening.region.margin, head.source_px, eye, sheet.offset_px(field.height) if whole else None)
            for opening, eye, whole in zip(self.eyes.values(), sheet.eyes, turns, strict=True)]
        above, _ = self.mouth.gap(source_cm)
        self.source_gap_cm = float(np.linalg.norm(above, axis=1).max())
        self.open_ratio = min(1.0, self.source_gap_cm / NEUTRAL_WHEN_OPEN)
        self.keep = keep_share(self.open_ratio, head.pose.yaw_deg)
        self._units = np.ascontiguousarray(model.units.reshape(len(model.units), -1))
        inside = smoothstep(model.rim_distance_cm / max(0.2, RIM_CM * rim))
        self.rim = (inside * _frontal(model, head))[:, None]
        self.carry = [_carry(field, points) for points in (head.source_px, *(plug.points for plug in self.plugs))]
        self.field_depth = field.depth_at(head.source_px[:, :2])
        self._inner = np.zeros(len(model.vertices), np.float32)
        lips = model.lips
        self._inner[lips.vertices] = np.maximum(0.0, -lips.depth)
        self.texture = visible_texture(model, head.source_px, head.pose)
        self.texture[:, 1] = np.minimum(self.texture[:, 1], field.height)  # below the photo lie the eyes
        self.lip_uv = lip_texture_table(model, head.source_px[:, :2])
        self.triangles: IntArray = self._all_triangles()

    def _all_triangles(self) -> IntArray:
        parts, base = [self.model.triangles], len(self.model.vertices)
        for plug in self.plugs:
            parts.append(plug.triangles + base)
            base += len(plug.points)
        return np.ascontiguousarray(np.concatenate(parts), np.int32)

    def expression(self, motion: FrameMotion) -> FloatArray:
        """Add the drive to what is kept of the photo's own expression [shape=(52,)]."""
        drive = motion.blendshapes
        activity = min(1.0, 3.0 * float(drive[INDEX["jawOpen"]])
                       + float(drive[INDEX["mouthPucker"]]) + float(drive[INDEX["mouthFunnel"]]))  # fmt: skip
        keep = np.where(IS_MOUTH, self.keep * (1.0 - 0.5 * activity), self.keep)
        return np.clip(self.head.expression * keep + drive, 0.0, 1.0).astype(np.float32)

    def shape(self, motion: FrameMotion) -> tuple[FloatArray, FloatArray, tuple[float, float]]:
        """Return (vertices in cm, coefficients, blink amounts) before head motion."""
        used = self.expression(motion)
        blinks = []
        for side in ("Left", "Right"):
            i = INDEX[f"eyeBlink{side}"]
            drive = float(motion.blendshapes[i]) if self.blinks else 0.0
            own = float(self.head.expression[i])
            used[i] = own + max(0.0, BLINK_UNIT_SHARE - own) * drive
            blinks.append(drive)
        active = np.flatnonzero(used)
        positions = (used[active] @ self._units[active]).reshape(-1, 3) + self.head.neutral_cm
        set_lips(self.mouth, positions, used, motion)
        for side, blink in zip(("left", "right"), blinks, strict=True):
            if blink > 0.0:
                contact.close_lids(self.eyes[side], positions, self.eye_gap[side], blink)
        return positions, used, (blinks[0], blinks[1])

    def pose(self, motion: FrameMotion) -> PosedFace:
        """Return the frame's geometry in pixels."""
        positions, used, blink = self.shape(motion)
        source = self.head.source_px
        still = self.head.pose.project(positions)
        still = source + self.rim * (still - source)
        still[:, 2] += (1.0 - self.rim[:, 0]) * (self.field_depth - source[:, 2])
        skin = self._moved(still, self.carry[0], motion)
        # Depth tests need the real relief back where the motion borrowed that of the surroundings.
        skin[:, 2] += (1.0 - self.rim[:, 0]) * (source[:, 2] - self.field_depth)
        gaps = [np.linalg.norm(gap, axis=1) for gap in self.mouth.gap(positions)]
        points, uvs = [skin], [self._skin_uv(*gaps)]
        for plug, carry in zip(self.plugs, self.carry[1:], strict=True):
            eye = self._moved(plug.points, carry, motion)
            eye[:, 2] -= EYE_DEPTH_CM * self.head.pose.scale
            points.append(eye)
            uvs.append(plug.uv(motion.gaze_deg))
        outline = positions[np.r_[self.mouth.upper.vertices, self.mouth.lower.vertices[-2:0:-1]]]
        return PosedFace(np.concatenate(points), np.concatenate(uvs), self._inner, blink, used, outline,
                         float(gaps[0].max()))  # fmt: skip

    def _moved(self, still: FloatArray, carry: tuple[FloatArray, FloatArray], motion: FrameMotion) -> FloatArray:
        weight, breath = carry
        moved = self.field.moved(still, motion)
        moved[:, :2] = still[:, :2] + weight * (moved[:, :2] - still[:, :2])
        moved[:, :2] += breath * np.float32(motion.channel("breath"))
        return moved

    def inside_mouth(self, positions_cm: FloatArray, motion: FrameMotion) -> FloatArray:
        """Project points of the mouth interior, given in the fitted head's frame [shape=(V, 3)]."""
        return self.field.moved(self.head.pose.project(positions_cm), motion)

    def _skin_uv(self, above: FloatArray, below: FloatArray) -> FloatArray:
        """Photo pixel of each vertex; the lips' own edge withdraws from the line between them."""
        return withdrawn_lips(self.model, self.mouth, self.texture, self.lip_uv, above, below, self.open_ratio)


def set_lips(mouth: contact.Opening, positions: FloatArray, used: FloatArray, motion: FrameMotion) -> None:
    """Round, tuck and shut the lips of a shaped head as the motion says, in place."""
    funnel = max(0.0, float(used[INDEX["mouthFunnel"]]))
    contact.unclench(mouth, positions)
    contact.round_lips(mouth, positions, funnel, float(used[INDEX["mouthPucker"]]))
    contact.tuck_lip(mouth, positions, motion.channel("lipTuck"))
    contact.close_lips(mouth, positions, motion.channel("lipClosure"))


def withdrawn_lips(
    model: HeadModel, mouth: contact.Opening, texture: FloatArray, table: FloatArray, above: FloatArray,
    below: FloatArray, least: float,
) -> FloatArray:  # fmt: skip
    """Move the texture of the lips' edge away from the dark line between them.

    Parameters
    ----------
    model, mouth
        The head and its lips.
    texture : FloatArray
        Photo pixel of each vertex [shape=(N, 2)].
    table : FloatArray
        From `lip_texture_table`.
    above, below : FloatArray
        Distances of upper and lower lip to their partners, in cm.
    least : float
        Share of the way that the texture withdraws even from lips that meet, 0..1.

    Returns
    -------
    FloatArray
        Photo pixel of each vertex [shape=(N, 2)].
    """
    uv = texture.copy()
    lips = model.lips
    gap = np.zeros(len(lips.margin), np.float32)
    gap[mouth.upper.places] = above
    gap[mouth.lower.places] = below
    push = LINE_PUSH * np.clip(np.maximum(gap / 0.35, least), 0.0, 1.0)[lips.place]
    near = lips.depth < 2.0
    outside = np.maximum(lips.depth[near], 0.0)
    row = push[near] + outside * (2.0 - push[near]) / 2.0
    low = np.minimum(row.astype(np.int32), len(table) - 2)
    part = (row - low)[:, None]
    place = lips.place[near]
    uv[lips.vertices[near]] = table[low, place] * (1 - part) + table[low + 1, place] * part
    return uv


IS_MOUTH = np.array([name.startswith(("mouth", "jaw")) for name in BLENDSHAPES])


def keep_share(open_ratio: float, yaw_deg: float) -> FloatArray:
    """Share of the photo's expression that stays, per unit [shape=(52,)].

    From a turned face only the opening is removed: one side of the mouth is a guess there, and
    undoing it would tear the far contour.
    """
    turned = float(np.clip((abs(yaw_deg) - TURNED_DEG[0]) / (TURNED_DEG[1] - TURNED_DEG[0]), 0.0, 1.0))
    keep = np.ones(len(BLENDSHAPES), np.float32)
    for i, name in enumerate(BLENDSHAPES):
        when_open = next((v for prefix, v in _OPEN_KEEP.items() if name.startswith(prefix)), 1.0)
        if not name.startswith(("jawOpen", "mouthLowerDown", "mouthUpperUp")):
            when_open += (1.0 - when_open) * turned
        keep[i] = 1.0 + (when_open - 1.0) * open_ratio
    return keep


def _carry(field: HeadField, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how points of the photo take part in head motion [shape=(N, 1)] and breath [shape=(N, 2)]."""
    return field.weight_at(points[:, :2])[:, None], field.breath_at(points[:, :2])


def _frontal(model: HeadModel, head: FittedHead) -> FloatArray:
    normals = -vertex_normals(head.source_px, model.triangles)  # y points down, which mirrors the winding
    spared = np.zeros(len(normals), bool)
    for region in (model.lips, *model.lids.values()):
        spared[region.vertices] = True
    return frontal(normals, head.pose.yaw_deg, spared)


def frontal(normals: FloatArray, yaw_deg: float, spared: np.ndarray) -> FloatArray:
    """Return 1 where skin faces the viewer or up/down, 0 where it is seen from the side [shape=(N,)].

    On a turned face also 0 beyond the far contour: what lies there has the background for texture.

    Parameters
    ----------
    normals : FloatArray
        Of the vertices, in camera axes [shape=(N, 3)].
    yaw_deg : float
        Turn of the head.
    spared : ndarray of bool
        Vertices that are never beyond the contour [shape=(N,)].
    """
    sideways = np.abs(normals[:, 0])
    turned = float(smoothstep(np.float32((abs(yaw_deg) - FAR_SIDE_DEG[0]) / (FAR_SIDE_DEG[1] - FAR_SIDE_DEG[0]))))
    if turned > 0.0:
        beyond = (normals[:, 0] * np.sign(yaw_deg) > 0.3) & (normals[:, 2] < 0.0) & ~spared
        sideways[beyond] += turned * (np.hypot(normals[beyond, 0], normals[beyond, 2]) - sideways[beyond])
    return smoothstep((SIDEWAYS[1] - sideways) / (SIDEWAYS[1] - SIDEWAYS[0]))


def lip_texture_table(model: HeadModel, source: FloatArray) -> FloatArray:
    """Photo pixel at (whole ring outside the margin, place) [shape=(4, 76, 2)].

    New vertices lie on every half ring, so each whole ring has one vertex per place.
    """
    lips, length = model.lips, len(model.lips.margin)
    table = np.zeros((4, length, 2), np.float32)
    for ring in range(4):
        on = lips.depth == ring
        table[ring, lips.place[on]] = source[lips.vertices[on]]
    return table
