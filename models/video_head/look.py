"""What the inside of a clip's mouth looks like: colours, focus and grain from a few of its frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.clip_fit import HeadClip
from ..photo_head.fit import turn_and_nod
from ..photo_head.interior import UPPER_MIDDLE, MouthInterior
from ..photo_head.light import key_light, skin_colour
from ..photo_head.mouth_look import INNER_LIPS, LUMINANCE, mouth_look, sample_tooth_colour, to_linear
from ..photo_head.mouth_pose import FACE_BEHIND_LIP_CM, Mouth, seated
from ..photo_head.mouth_tone import PhotoTone
from ..photo_head.textures import grain_level, lens_blur_px
from .rest import RestFace

OPEN_FRAMES, SPREAD_FRAMES = 8, 2
"""How many frames are looked at: those with the widest open mouth, and others evenly over the clip."""
APART_S = 0.4
"""Open frames are at least this far apart: neighbours show the same."""
FRONTAL_DEG = 25.0
SHUTTER = 0.5
"""Share of the time between two frames during which a camera sees, as is usual."""
LIGHT_LIMITS = (0.4, 2.5)
"""Bounds of a frame's light relative to the clip's; beyond, the cheeks are covered."""
TELLING_CM, LEAST_PIXELS = 0.5, 12
"""A mouth that is open this far, with so many pixels, tells how bright it is inside."""
TEETH = 28
"""As `Mouth.tooth` numbers them, 14 a row."""
BACK_SHADE = ((2.5, 4.5, 6.5), (1.0, 0.5, 0.12))
"""Teeth from the middle, and the light there: a turned head shows the inner side of molars, which is dark."""
NARROW_LIGHT = ((0.1, 0.8), (0.4, 1.0))
"""Distances of the lips in cm, and the share of light that gets in: between lips that hardly part, teeth are dim."""
FLOOR_SHARE = 0.8
"""The darkest that is seen holds some light of what is near it."""
_RIGID = (1, 61, 291)
"""Tip of the nose and corners of the mouth: what the inside of the mouth moves with."""


@dataclass(frozen=True, eq=False)
class Corridor:
    """Teeth lie the deeper behind the lips, and behind the narrower a slit, the further they are from the middle."""

    slit: FloatArray
    """Height of the slit before each tooth, over that in the middle [shape=(28,)]."""
    behind_cm: FloatArray
    """How deep each tooth lies behind the lips [shape=(28,)]."""

    @staticmethod
    def of(mouth: Mouth, half_width_cm: float) -> Corridor:
        """Measure the teeth of the head; lips part in the shape of a parabola."""
        teeth = [mouth.vertices[mouth.tooth == number] for number in range(TEETH)]
        aside = np.array([abs(float(tooth[:, 0].mean())) for tooth in teeth])
        front = np.array([float(tooth[:, 2].max()) for tooth in teeth])
        rows = np.repeat(front.reshape(2, -1).max(axis=1), len(teeth) // 2)
        slit = np.clip(1.0 - (aside / half_width_cm) ** 2, 0.0, 1.0)
        return Corridor(slit.astype(np.float32), (FACE_BEHIND_LIP_CM + rows - front).astype(np.float32))

    def light(self, gap_cm: float) -> FloatArray:
        """Return the light on each tooth over that on the foremost: a slit lights what is behind it by its angle."""
        seen = self.slit * gap_cm
        angle = seen / (seen + self.behind_cm)
        return np.asarray(angle / max(float(angle.max()), 1e-6), np.float32)


@dataclass(frozen=True, eq=False)
class ClipLook:
    """Colours that stay, and what each frame changes about them."""

    interior: MouthInterior
    skin_light: float
    """Linear brightness of the cheeks in the look."""
    floor: FloatArray
    """The darkest that the clip shows inside the mouth, 0..255 [shape=(3,)]."""
    grain: float
    """Standard deviation of the clip's noise, in levels."""
    corridor: Corridor
    """How the light between the lips fades towards the corners of the mouth."""

    def light(self, clip: HeadClip, frame: int, picture: UInt8Array) -> float:
        """Return how bright a frame is relative to the clip."""
        light = float(skin_colour(picture, clip.landmarks_px[frame]) @ LUMINANCE) / max(self.skin_light, 1e-4)
        return float(np.clip(light, *LIGHT_LIMITS))

    def in_frame(self, clip: HeadClip, frame: int, light: float, gap_cm: float) -> MouthInterior:
        """Return the mouth's inside in the light, and with the motion blur, of a frame."""
        share = float(np.interp(gap_cm, *NARROW_LIGHT))
        return self.interior.seen_from(clip.rotation[frame], light * share, light * self.floor,
                                       motion_blur_px(clip, frame), self.corridor.light(gap_cm))  # fmt: skip


def look_frames(clip: HeadClip, rest: RestFace, fps: float) -> list[int]:
    """Choose the frames that tell the look."""
    seen = np.flatnonzero(clip.seen)
    yaw = np.degrees(turn_and_nod(clip.rotation[seen])[:, 0])
    frontal = seen[np.abs(yaw) < FRONTAL_DEG] if (np.abs(yaw) < FRONTAL_DEG).any() else seen
    chosen: list[int] = []
    for frame in frontal[np.argsort(-rest.opening_cm[frontal], kind="stable")]:
        if len(chosen) < OPEN_FRAMES and all(abs(int(frame) - other) >= APART_S * fps for other in chosen):
            chosen.append(int(frame))
    places = np.linspace(0, len(frontal) - 1, SPREAD_FRAMES + 2)[1:-1].round().astype(int)
    return sorted({*chosen, *(int(frontal[place]) for place in places)})


def clip_look(clip: HeadClip, rest: RestFace, pictures: Mapping[int, UInt8Array], grain: float = 1.0) -> ClipLook:
    """Take the look from some frames of a clip.

    Parameters
    ----------
    clip : HeadClip
        The head.
    rest : RestFace
        Its rest.
    pictures : mapping
        RGB frames by number.
    grain : float
        Strength of the noise relative to the clip's own.
    """
    frames = sorted(pictures)
    skins, teeth, brightest, depths, lights, shares = [], [], [], [], [], []
    for frame in frames:
        picture, points = pictures[frame], clip.landmarks_px[frame]
        skins.append(skin_colour(picture, points))
        tooth = sample_tooth_colour(picture, points)
        if tooth is not None:
            teeth.append(tooth / max(float(skins[-1] @ LUMINANCE), 1e-4))
        inside = seen_inside(picture, points)
        if inside is not None and rest.opening_cm[frame] > TELLING_CM:
            brightest.append(inside[0] / max(float(skins[-1] @ LUMINANCE), 1e-4))
            depths.append(inside[1])
        light, share = key_light(clip.model, clip.head_at(frame), picture)
        lights.append(light)
        shares.append(share)
    skin = np.median(skins, axis=0).astype(np.float32)
    brightness = float(skin @ LUMINANCE)
    tooth_rgb = _tooth_colour(teeth, brightest, brightness)
    middle = np.mean(lights, axis=0)
    look = mouth_look(skin, tooth_rgb, (float(middle[0]), float(middle[1]), float(middle[2])), float(np.mean(shares)))
    first = frames[len(frames) // 2]
    blur = float(np.median([lens_blur_px(pictures[f], clip.landmarks_px[f]) for f in frames]))
    noise = grain * float(np.median([grain_level(pictures[f]) for f in frames]))
    look = replace(look, tooth_tint=look.tooth_tint * _back_shade()[:, None])
    interior = MouthInterior(clip.model, look, PhotoTone.of(pictures[first], clip.landmarks_px[first]), blur,
                             _seat(clip, rest, first), tuple(float(v) for v in clip.rotation[first, 2]))  # fmt: skip
    return ClipLook(interior, brightness, _floor(depths), noise, _corridor(clip))


def _corridor(clip: HeadClip) -> Corridor:
    lips = clip.neutral_cm[clip.model.lips.margin, 0]
    return Corridor.of(Mouth.from_tensors(clip.model.mouth), 0.5 * float(np.ptp(lips)))


def _tooth_colour(teeth: list[FloatArray], brightest: list[FloatArray], skin_light: float) -> FloatArray | None:
    """Choose the colour of teeth from those seen, or else from the brightest that was seen inside the mouth.

    Both are relative to the brightness of the skin. Teeth that the clip never shows well are no brighter than
    what it shows there.
    """
    if teeth:
        return np.asarray(np.median(teeth, axis=0) * skin_light, np.float32)
    if not brightest:
        return None
    order = np.argsort([float(colour @ LUMINANCE) for colour in brightest])
    return np.asarray(brightest[order[-1 - len(order) // 4]] * skin_light, np.float32)


def _floor(depths: list[FloatArray]) -> FloatArray:
    if not depths:
        return np.zeros(3, np.float32)
    return np.asarray(FLOOR_SHARE * np.median(depths, axis=0), np.float32)


def seen_inside(picture: UInt8Array, landmarks_px: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Return colours within the lips [shape=(3,)]: of the brightest tenth, in linear light, and of the darkest, 0..255.

    None where they are shut.
    """
    line = landmarks_px[list(INNER_LIPS), :2]
    low = np.maximum(np.floor(line.min(axis=0)).astype(int), 0)
    high = np.maximum(np.ceil(line.max(axis=0)).astype(int) + 1, 0)
    crop = picture[low[1] : high[1], low[0] : high[0]]
    if crop.size == 0:
        return None
    mask = np.zeros(crop.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.int32(np.round(line - low))], 1)
    rim = max(1, round(0.04 * (high[0] - low[0])))
    levels = crop[cv2.erode(mask, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0]
    pixels = to_linear(levels)
    if len(pixels) < LEAST_PIXELS:
        return None
    order = np.argsort(pixels @ LUMINANCE)
    tenth = -(-len(order) // 10)
    return (np.asarray(pixels[order[-tenth:]].mean(axis=0), np.float32),
            np.asarray(levels[order[:tenth]].mean(axis=0), np.float32))


def _back_shade() -> FloatArray:
    """Return the light that reaches each tooth past lips and cheeks [shape=(28,)]."""
    beside = np.abs(np.arange(TEETH) % 14 - 6.5)
    return np.interp(beside, *BACK_SHADE).astype(np.float32)


def _seat(clip: HeadClip, rest: RestFace, frame: int) -> FloatArray:
    """Place teeth and tongue behind the lips at rest."""
    middle = rest.neutral_cm(frame)[clip.model.lips.margin[UPPER_MIDDLE]]
    placed = np.tensordot(clip.identity, clip.model.mouth_identity, 1)
    return seated(Mouth.from_tensors(clip.model.mouth), np.asarray(placed, np.float32), middle)


def motion_blur_px(clip: HeadClip, frame: int) -> float:
    """Return the standard deviation of what movement smears while the shutter is open."""
    before, after = max(0, frame - 1), min(len(clip.seen) - 1, frame + 1)
    if after == before or not (clip.seen[before] and clip.seen[after]):
        return 0.0
    step = (clip.landmarks_px[after, _RIGID, :2] - clip.landmarks_px[before, _RIGID, :2]).mean(axis=0)
    return float(np.linalg.norm(step)) / (after - before) * SHUTTER / np.sqrt(12.0)
