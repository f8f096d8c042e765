"""One face drives another: what was measured in a clip becomes a motion, relative to that face's own rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from ..arkit import ARTICULATION, BLENDSHAPES, INDEX
from ..errors import SettingError
from ..face.geometry import mouth_width_ratio
from ..types import FaceTrack, FloatArray, HeadTrack, MotionLayer, MotionTrack, Sound
from .curves import Curve
from .rest import Rest, rest_of
from .settings import STRENGTH_MAX
from .source_face import judge

BRIDGE_S = 0.5
"""While the face is not seen, its last look is held, and the next one is reached within this time."""
REPORT_S = 0.5
"""Gaps from this length on are worth a warning."""
HEAD_FREE_DEG, HEAD_MAX_DEG = 15.0, 22.0
"""A photo turns well up to the first; what goes beyond is eased towards the second."""
SHIFT_FREE, SHIFT_MAX = 0.35, 0.7
"""The same for shifts, in inter-ocular distances."""
LIDS_SHUT_SHARE = 0.3
"""Share of the usual lid gap that the mesh still shows on shut eyes, where a clip has no blink to tell."""
LIDS_BLINK_SHARE = (0.2, 0.5)
"""A clip whose lids come this close has a blink: its smallest gap is a shut eye."""
LIDS_WIDE = 0.46
"""How much the lid gap grows at eyeWide = 1, as a share of the usual one; measured on the head model."""
LIPS_SHUT, LIPS_APART = 0.02, 0.05
"""Gaps between the lips, in inter-ocular distances, at which they touch for sure, and no longer do: shut lips of
three clips show 0.005 to 0.012."""
RETARGET_MIN, RETARGET_MAX = 0.9, 1.2
"""Bounds of the factor for a wider or narrower mouth. Lids need none: they move by shares of their own gap."""
_SQUINT_FROM = 0.1
"""Lowered lids show a squint fully from this blink on; below it comes in, because without blink the lids are free."""

_GROUP_PREFIXES = {"mouth": ("jaw", "mouth", "cheek", "nose", "tongue"), "brows": ("brow",),
                   "eyes": ("eyeBlink", "eyeSquint", "eyeWide"), "gaze": ("eyeLook",)}
GROUPS = {group: np.array([name.startswith(prefixes) for name in BLENDSHAPES])
          for group, prefixes in _GROUP_PREFIXES.items()}
"""Which blendshapes each strength scales; "head" has none."""
_OPPOSED = (("mouthLeft", "mouthRight"), ("jawLeft", "jawRight"))
"""Shapes that undo each other: only their difference moves the face."""
LEFT_BEHIND = (0.37, 0.42)
"""What a drawn iris lacks of the way between the corners of its eye when a photo's head turns and nods, in degrees of
gaze per degree: it lies in the plane of the lids. Median of seven portraits, between 0.3 and 0.45. It is part of the gaze,
and scaled with it: eyes that shall not follow the driver's are left as the photo has them."""
_INSTEAD = {
    "mouthSmileLeft": {"mouthFrownLeft": 1.8, "mouthPucker": 0.6}, "mouthSmileRight": {"mouthFrownRight": 1.8, "mouthPucker": 0.6},
    "browInnerUp": {"browDownLeft": 0.5, "browDownRight": 0.5},
    "browOuterUpLeft": {"browDownLeft": 0.5}, "browOuterUpRight": {"browDownRight": 0.5},
    "browDownLeft": {"browOuterUpLeft": 0.6, "browInnerUp": 0.3}, "browDownRight": {"browOuterUpRight": 0.6, "browInnerUp": 0.3}}
"""What else moves a face the way that a shape goes when it falls below the driver's rest, per unit: shapes have no
negative side, and who rests with half a smile loses it while talking. The corners of the mouth: the least squares of
the lips' outline, with three quarters of the frown's 2.4, because more drew smiles one and a half times as large. The
brows: half of what a lowered brow weighs against a raised one. Tried with three drivers on three portraits of the
testset; the others were not looked at."""


@dataclass(frozen=True)
class TransferSettings:
    """Strengths are factors: 0 is none, 1 as the driver does it, 2 the most."""

    mouth: float = 1.0
    """Jaw, lips, cheeks and nose."""
    brows: float = 1.0
    eyes: float = 1.0
    """Blinks, squints and wide eyes."""
    head: float = 1.0
    """Turns, nods, tilts and shifts."""
    gaze: float = 1.0
    """Where the eyes look."""
    neutral_s: float = -1.0
    """Instant at which the driver's face is at rest; below 0 it is found."""

    def __post_init__(self) -> None:
        for name in ("mouth", "brows", "eyes", "head", "gaze"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value <= STRENGTH_MAX):
                raise SettingError(f"{name} is {value}", hint=f"Use a value from 0 to {STRENGTH_MAX:g}.")
        if not math.isfinite(self.neutral_s):
            raise SettingError(f"neutral_s is {self.neutral_s}", hint="Use a time in seconds, or -1 to have it found.")


def transfer_motion(track: HeadTrack, settings: TransferSettings, *, face: FaceTrack | None = None,
                    sound: Sound | None = None) -> MotionTrack:
    """Turn measurements of a driver into a motion of another face.

    Parameters
    ----------
    track : HeadTrack
        The driver.
    settings : TransferSettings
        Strengths and the driver's rest.
    face : FaceTrack, optional
        The face that will be moved: the mouth is scaled to its proportions, and what it cannot do is left out.
    sound : Sound, optional
        What is heard meanwhile.

    Returns
    -------
    MotionTrack
        One layer "driving" at the driver's frame rate.

    Raises
    ------
    SettingError
        If the instant of rest lies outside the clip.
    """
    filled = _bridged(track)
    rest = rest_of(filled, settings.neutral_s)
    source = judge(face)
    shapes = _mouth_and_brows(filled, rest, _mouth_gain(rest, face))
    lids = lids_motion(filled.lids_ratio, rest.lids_ratio)
    _set_lids(shapes, lids, filled.expression - rest.expression, eyes_open=source.eyes_open)
    blank = MotionLayer.zeros("driving", len(shapes))
    articulation = blank.articulation.copy()
    articulation[:, ARTICULATION.index("lipClosure")] = lips_shut(filled.lips_ratio[:, 0])
    turn = _eased((filled.head_deg - rest.head_deg) * source.turn_share, HEAD_FREE_DEG, HEAD_MAX_DEG)
    gaze = _gaze(filled, rest, lids) + turn[:, :2] * np.float32(settings.head * np.array(LEFT_BEHIND))
    layer = MotionLayer("driving", shapes, articulation, turn,
                        _eased(filled.head_shift - rest.head_shift, SHIFT_FREE, SHIFT_MAX), gaze)
    fps = track.fps
    motion = MotionTrack(fps, len(shapes) / float(fps), (layer,), sound=sound,
                         warnings=(*track.warnings, *_gap_warnings(track), *rest.warnings, *source.warnings))
    return with_strengths(motion, settings)


def with_strengths(motion: MotionTrack, settings: TransferSettings) -> MotionTrack:
    """Return a recorded motion with its parts scaled: ARKit curves of an app as well as a video's."""
    factors = np.ones(len(BLENDSHAPES), np.float32)
    for group, members in GROUPS.items():
        factors[members] = getattr(settings, group)

    def scaled(layer: MotionLayer) -> MotionLayer:
        shut = np.float32(min(1.0, settings.mouth))  # a smaller mouth opens less; one that is switched off is free
        return MotionLayer(layer.name, np.minimum(layer.blendshapes * factors, 1.0), layer.articulation * shut,
                           layer.head_deg * np.float32(settings.head), layer.head_shift * np.float32(settings.head),
                           layer.gaze_deg * np.float32(settings.gaze))

    return replace(motion, layers=tuple(scaled(layer) for layer in motion.layers))


def driven_parts(motion: MotionTrack) -> frozenset[str]:
    """Return which of the parts that strengths scale a motion moves at all."""
    total = motion.summed()
    moved = {group for group, members in GROUPS.items() if np.any(total.blendshapes[:, members])}
    moved |= {"head"} if np.any(total.head_deg) or np.any(total.head_shift) else set()
    return frozenset(moved | ({"gaze"} if np.any(total.gaze_deg) else set()))


def _bridged(track: HeadTrack) -> HeadTrack:
    """Hold the last look while the face is out of sight, and ease into the next one."""
    if track.seen.all():
        return track
    frames = np.flatnonzero(track.seen)
    reach = max(1, round(BRIDGE_S * float(track.fps)))
    # Where each frame's values come from: between two frames that are seen, or one of them.
    at = np.arange(len(track.seen), dtype=np.float64)
    knots = [(float(frames[0]), float(frames[0]))]
    for a, b in zip(frames[:-1], frames[1:], strict=True):
        knots += [(b - reach, float(a)), (b, float(b))] if b - a > reach else [(b, float(b))]
    place = np.interp(at, *np.array(knots).T)
    low = np.clip(np.searchsorted(frames, place, side="right") - 1, 0, len(frames) - 1)
    high = np.minimum(low + 1, len(frames) - 1)
    span = np.maximum(frames[high] - frames[low], 1)
    share = np.clip((place - frames[low]) / span, 0.0, 1.0)[:, None].astype(np.float32)
    values = {field.name: getattr(track, field.name) for field in fields(track)}
    mixed = {name: array[frames[low]] * (1 - share) + array[frames[high]] * share
             for name, array in values.items() if isinstance(array, np.ndarray) and name != "seen"}
    return replace(track, **mixed)


def _gap_warnings(track: HeadTrack) -> tuple[str, ...]:
    changes = np.flatnonzero(np.diff(np.r_[True, track.seen, True].astype(int)))
    gaps = [(a, b) for a, b in zip(changes[::2], changes[1::2], strict=True) if b - a >= REPORT_S * track.fps]
    spans = ", ".join(f"{a / float(track.fps):.1f}-{b / float(track.fps):.1f} s" for a, b in gaps[:5])
    return (f"the driver's face is out of sight ({spans}{', ...' if len(gaps) > 5 else ''}): "
            "its last expression is held there",) if gaps else ()


def _mouth_gain(rest: Rest, face: FaceTrack | None) -> float:
    """Return how much larger the mouth is on the face that is moved."""
    if face is None or not np.isfinite(face.selected_landmarks_px).all():
        return 1.0
    gain = mouth_width_ratio(face.selected_landmarks_px) / max(rest.mouth_width_ratio, 1e-3)
    return float(np.clip(gain, RETARGET_MIN, RETARGET_MAX))


def _mouth_and_brows(track: HeadTrack, rest: Rest, gain: float) -> FloatArray:
    """Return the expression relative to the driver's rest [shape=(T, 52)]."""
    relative = (track.expression - rest.expression).astype(np.float32)
    for left, right in _OPPOSED:
        net = relative[:, INDEX[left]] - relative[:, INDEX[right]]
        relative[:, INDEX[left]], relative[:, INDEX[right]] = net, -net
    moved = np.maximum(relative, 0.0) + np.maximum(-relative, 0.0) @ _instead()
    # Brows that are raised further than the unit's full strength rise as a whole.
    beyond = np.maximum(moved[:, INDEX["browInnerUp"]] - 1.0, 0.0)
    for side in ("Left", "Right"):
        moved[:, INDEX[f"browOuterUp{side}"]] += beyond
    moved[:, GROUPS["mouth"]] *= np.float32(gain)
    moved[:, GROUPS["eyes"] | GROUPS["gaze"]] = 0.0
    return np.asarray(np.minimum(moved, 1.0), np.float32)


def _instead() -> FloatArray:
    """Return what each shape below its rest adds to the others [shape=(52, 52)]."""
    matrix = np.zeros((len(BLENDSHAPES), len(BLENDSHAPES)), np.float32)
    for name, others in _INSTEAD.items():
        for other, share in others.items():
            matrix[INDEX[name], INDEX[other]] = share
    return matrix


def lids_motion(lids_ratio: FloatArray, usual: FloatArray) -> FloatArray:
    """Return how far the lids are from their usual gap: 1 shut, 0 usual, below 0 wide [shape=(T, 2)]."""
    share = lids_ratio / np.maximum(usual, 1e-3)
    least, most = LIDS_BLINK_SHARE
    deepest = share.min(axis=0)
    shut = np.where(deepest < most, np.maximum(deepest, least) + 0.02, LIDS_SHUT_SHARE)
    down = (1.0 - share) / (1.0 - shut)
    return np.asarray(np.where(share < 1.0, np.minimum(down, 1.0), 1.0 - share), np.float32)


def _set_lids(shapes: FloatArray, lids: FloatArray, relative: FloatArray, *, eyes_open: bool) -> None:
    """Write blinks, squints and wide eyes, in place."""
    for k, side in enumerate(("Left", "Right")):
        blink = np.maximum(lids[:, k], 0.0) * np.float32(eyes_open)
        squint = np.clip(relative[:, INDEX[f"eyeSquint{side}"]], 0.0, 1.0) * np.minimum(blink / _SQUINT_FROM, 1.0)
        shapes[:, INDEX[f"eyeBlink{side}"]] = blink
        shapes[:, INDEX[f"eyeSquint{side}"]] = squint
        shapes[:, INDEX[f"eyeWide{side}"]] = np.clip(-lids[:, k] / LIDS_WIDE, 0.0, 1.0)


def _gaze(track: HeadTrack, rest: Rest, lids: FloatArray) -> FloatArray:
    """Return where the eyes look; behind lids that are half shut the last sight is held on to."""
    open_eyes = lids.max(axis=1) < 0.5
    relative = (track.gaze_deg - rest.gaze_deg).astype(np.float32)
    if not open_eyes.any():
        return np.zeros_like(relative)
    frames = np.flatnonzero(open_eyes)
    at = np.arange(len(relative))
    return np.stack([np.interp(at, frames, column[frames]) for column in relative.T], axis=1).astype(np.float32)


def lips_shut(gap_ratio: FloatArray) -> FloatArray:
    """Return how surely the lips touch, 0..1, from their gap in inter-ocular distances [shape=(T,)]."""
    apart = np.clip((gap_ratio - LIPS_SHUT) / (LIPS_APART - LIPS_SHUT), 0.0, 1.0)
    return np.asarray(1.0 - apart * apart * (3.0 - 2.0 * apart), np.float32)


def _eased(values: Curve | FloatArray, free: float, most: float) -> FloatArray:
    """Leave values up to `free` as they are; beyond, approach `most`."""
    size = np.abs(values)
    beyond = free + (most - free) * np.tanh(np.maximum(size - free, 0.0) / (most - free))
    return np.asarray(np.sign(values) * np.where(size > free, beyond, size), np.float32)
