"""What the inside of a clip's mouth looks like: colours, focus and grain from a few of its frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.clip_fit import HeadClip
from ..photo_head.interior import UPPER_MIDDLE, MouthInterior
from ..photo_head.light import key_light, skin_colour
from ..photo_head.mouth_look import LUMINANCE, mouth_look, sample_tooth_colour
from ..photo_head.mouth_pose import Mouth, seated
from ..photo_head.mouth_tone import PhotoTone
from ..photo_head.textures import grain_level, lens_blur_px
from .rest import RestFace

OPEN_FRAMES, SPREAD_FRAMES = 5, 3
"""How many frames are looked at: those with the widest open mouth, and others evenly over the clip."""
APART_S = 0.4
"""Open frames are at least this far apart: neighbours show the same."""
FRONTAL_DEG = 25.0
SHUTTER = 0.5
"""Share of the time between two frames during which a camera sees, as is usual."""
LIGHT_LIMITS = (0.4, 2.5)
"""Bounds of a frame's light relative to the clip's; beyond, the cheeks are covered."""
_RIGID = (1, 61, 291)
"""Tip of the nose and corners of the mouth: what the inside of the mouth moves with."""


@dataclass(frozen=True, eq=False)
class ClipLook:
    """Colours that stay, and what each frame changes about them."""

    interior: MouthInterior
    skin_light: float
    """Linear brightness of the cheeks in the look."""
    grain: float
    """Standard deviation of the clip's noise, in levels."""

    def in_frame(self, clip: HeadClip, frame: int, picture: UInt8Array) -> MouthInterior:
        """Return the mouth's inside in the light, and with the motion blur, of a frame."""
        light = float(skin_colour(picture, clip.landmarks_px[frame]) @ LUMINANCE) / max(self.skin_light, 1e-4)
        return self.interior.seen_from(clip.rotation[frame], float(np.clip(light, *LIGHT_LIMITS)),
                                       motion_blur_px(clip, frame))  # fmt: skip


def look_frames(clip: HeadClip, rest: RestFace, fps: float) -> list[int]:
    """Choose the frames that tell the look."""
    seen = np.flatnonzero(clip.seen)
    yaw = np.degrees(np.arctan2(clip.rotation[seen, 0, 2], clip.rotation[seen, 2, 2]))
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
    skins, teeth, lights, shares = [], [], [], []
    for frame in frames:
        picture, points = pictures[frame], clip.landmarks_px[frame]
        skins.append(skin_colour(picture, points))
        tooth = sample_tooth_colour(picture, points)
        if tooth is not None:
            teeth.append(tooth / max(float(skins[-1] @ LUMINANCE), 1e-4))
        light, share = key_light(clip.model, clip.head_at(frame), picture)
        lights.append(light)
        shares.append(share)
    skin = np.median(skins, axis=0).astype(np.float32)
    brightness = float(skin @ LUMINANCE)
    tooth_rgb = np.asarray(np.median(teeth, axis=0) * brightness, np.float32) if teeth else None
    middle = np.mean(lights, axis=0)
    look = mouth_look(skin, tooth_rgb, (float(middle[0]), float(middle[1]), float(middle[2])), float(np.mean(shares)))
    first = frames[len(frames) // 2]
    blur = float(np.median([lens_blur_px(pictures[f], clip.landmarks_px[f]) for f in frames]))
    noise = grain * float(np.median([grain_level(pictures[f]) for f in frames]))
    interior = MouthInterior(clip.model, look, PhotoTone.of(pictures[first], clip.landmarks_px[first]), blur,
                             _seat(clip, rest, first), tuple(float(v) for v in clip.rotation[first, 2]))  # fmt: skip
    return ClipLook(interior, brightness, noise)


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
