"""What the source face allows: how far it may turn, and whether its eyes can blink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face.geometry import eye_openings
from ..face.quality import EYE_CLOSED
from ..types import FaceTrack

_NOSE_TIP, _EYE_OUTER = 1, (33, 263)
"""MediaPipe mesh: tip of the nose, outer eye corners (subject's right, left)."""
TURNED = (0.35, 0.75)
"""Side difference of the nose-to-eye distances from which a face counts as turned (about 15 degrees),
and at which it is nearly a profile."""
TURN_SHARE_MIN = 0.5


@dataclass(frozen=True)
class SourceFace:
    """What the motion has to respect."""

    turn_share: float = 1.0
    eyes_open: bool = True
    warnings: tuple[str, ...] = ()


def judge(face: FaceTrack | None) -> SourceFace:
    """Look at the selected face's landmarks; without a usable face nothing is held back."""
    if face is None or face.landmarks_px.shape[1] == 0 or face.landmarks_px.shape[0] == 0:
        return SourceFace()
    points = face.selected_landmarks_px[:, :2].astype(np.float64)
    if not np.isfinite(points).all():
        return SourceFace()
    warnings: list[str] = []
    right, left = (float(np.linalg.norm(points[_NOSE_TIP] - points[k])) for k in _EYE_OUTER)
    lopsided = abs(right - left) / max(right + left, 1e-6)
    share = 1.0 - (1.0 - TURN_SHARE_MIN) * float(
        np.clip((lopsided - TURNED[0]) / (TURNED[1] - TURNED[0]), 0.0, 1.0))
    if share < 0.9:
        warnings.append("the face is turned to the side: head movement is reduced")
    eyes_open = max(eye_openings(face.selected_landmarks_px)) >= EYE_CLOSED
    return SourceFace(share, eyes_open, tuple(warnings))
