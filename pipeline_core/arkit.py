"""The ARKit-52 blendshapes, in Apple's order, and the few channels we need beyond them."""

from __future__ import annotations

BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight",
    "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight", "jawForward",
    "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft",
    "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Names in the order of Apple's ARFaceAnchor.BlendShapeLocation list (also Live Link Face CSV)."""

INDEX: dict[str, int] = {name: i for i, name in enumerate(BLENDSHAPES)}
"""Blendshape name -> column of a (T, 52) array."""

ARTICULATION: tuple[str, ...] = ("lipClosure", "lipTuck", "tongueTip", "breath")
"""Channels beyond ARKit, each 0..1.

lipClosure: share of the gap between the lips that is removed; 1 is exact contact (p, b, m).
lipTuck: the lower lip rises to the edge of the upper teeth; 1 is contact (f, v).
tongueTip: the tongue's tip rises behind or between the teeth (l, th, and lightly t, d, n).
breath: chest expansion of quiet breathing.
"""

ARTICULATION_INDEX: dict[str, int] = {name: i for i, name in enumerate(ARTICULATION)}
"""Channel name -> column of a (T, 4) array."""
