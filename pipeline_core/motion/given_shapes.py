"""ARKit curves that ComfyUI's MediaPipe node found beside its landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..arkit import BLENDSHAPES
from ..errors import InputError
from ..types import HeadTrack

_HINT = "Connect MediaPipe Face Landmarker of ComfyUI, or set shapes to fit."


def with_given_shapes(track: HeadTrack, landmarks: Any) -> HeadTrack:
    """Return the measurements with the expression that came with the landmarks.

    Parameters
    ----------
    track : HeadTrack
        Measured in the same frames; its head, eyes and lids stay.
    landmarks : Any
        ComfyUI's FACE_LANDMARKS, whose faces hold "blendshapes"; the first face of each frame counts.

    Raises
    ------
    InputError
        If there are no blendshapes, or not as many frames.
    """
    frames = landmarks.get("frames") if isinstance(landmarks, Mapping) else None
    rows = [_row(faces[0]) if faces else None for faces in frames] if isinstance(frames, list | tuple) else []
    if not any(row is not None for row in rows):
        raise InputError("the landmarks carry no blendshapes", hint=_HINT)
    if len(rows) != len(track.seen):
        raise InputError(f"the landmarks hold {len(rows)} frames, the driver {len(track.seen)}",
                         hint="Find the landmarks in all frames of the driver.")
    known = [k for k, row in enumerate(rows) if row is not None]
    values = np.stack([row for row in rows if row is not None])
    every = np.arange(len(rows))
    expression = np.stack([np.interp(every, known, column) for column in values.T], axis=1)
    return replace(track, expression=np.clip(expression, 0.0, 1.0).astype(np.float32))


def _row(face: Any) -> np.ndarray | None:
    shapes = face.get("blendshapes") if isinstance(face, Mapping) else None
    if not isinstance(shapes, Mapping):
        return None
    try:
        row = np.array([float(shapes.get(name, 0.0)) for name in BLENDSHAPES])
    except (TypeError, ValueError) as error:
        raise InputError(f"blendshapes that are no numbers ({error})", hint=_HINT) from error
    return row if np.isfinite(row).all() else None
