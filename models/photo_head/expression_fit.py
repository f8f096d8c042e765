"""The expression of a fitted clip, solved again from what expressions move: lips, lids, brows and chin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...pipeline_core.arkit import BLENDSHAPES
from ...pipeline_core.face.geometry import CHIN, LEFT_BROW, RIGHT_BROW
from ...pipeline_core.types import FloatArray
from .batch_fit import CONTOUR_WEIGHT, LANDMARKS, RIDGE, LandmarkBasis, unit_basis
from .bounded import bounded_solves
from .fit import FITTED_UNITS, LIDS, LIPS

if TYPE_CHECKING:
    from .clip_fit import HeadClip

SKIN_WEIGHT = 0.3
"""Weight of cheeks, nose and forehead beside brows (1) and contours (2). The landmarks guess them from the rest, so
they hold the expression back: with all alike the smiles of three people correlated with those of MediaPipe's own
network at 0.87, 0.94 and 0.64, with this and `HELD` at 0.90, 0.94 and 0.80, and jaws at 0.83 in the mean, now 0.88."""
CHIN_POINTS = (CHIN, 148, 377, 176, 400)
HELD = ("mouthDimple", "mouthStretch", "mouthFrown", "mouthRoll", "mouthShrug", "mouthLeft", "mouthRight")
"""Units that look like parts of an open jaw or a smile, and take them away: they get a stronger ridge."""
HELD_RIDGE = 8.0
FOUND = {"jawOpen": 0.8, "mouth": 0.68, "brow": 0.6}
"""How much of a movement a fit finds, since the model's skin moves along where the landmarks' does not; what is found is
divided by this. Brows and smiles that portraits were drawn with were found again with these shares; with that of the
jaw, lips part on portraits as far as they did on the drivers (in inter-ocular distances)."""
CHUNK = 256
"""Frames that are solved at a time."""


def expressions(clip: HeadClip) -> FloatArray:
    """Return the expression in every frame; in gaps that of the nearest frame [shape=(T, 52)].

    From 0 on, 1 is a unit's full strength; faces that go further than the model's exceed it.
    """
    basis = LandmarkBasis(unit_basis(clip.model, clip.model.units[list(FITTED_UNITS)]), _weights())
    frames = np.flatnonzero(clip.seen)
    strengths = clip.expression[frames][:, list(FITTED_UNITS)].astype(np.float64)
    local = _local(clip, frames)
    shape = clip.model.landmarks(clip.neutral_cm).astype(np.float64)
    apart = local - shape - basis.displace(strengths)
    # One view tells no depth: what is missing along it in the mean is where the head is, not what it does.
    away = clip.rotation[frames, 2].astype(np.float64)
    local -= (apart @ away[:, :, None]).mean(axis=1, keepdims=True) * away[:, None]
    shape += (local - shape - basis.displace(strengths)).mean(axis=0)
    out = np.zeros((len(frames), len(BLENDSHAPES)), np.float32)
    for start in range(0, len(frames), CHUNK):
        part = slice(start, start + CHUNK)
        gram, right = basis.normal(clip.rotation[frames[part]].astype(np.float64), local[part] - shape)
        size = len(FITTED_UNITS)
        gram[:, range(size), range(size)] += _ridge()
        out[part, list(FITTED_UNITS)] = bounded_solves(gram, right, np.zeros(size), np.ones(size), strengths[part])
    out *= _gains()
    return out[np.searchsorted((frames[:-1] + frames[1:]) / 2.0, np.arange(len(clip.seen)))]


def _local(clip: HeadClip, frames: np.ndarray) -> np.ndarray:
    """Return the landmarks in the head's frame [shape=(F, 468, 3), cm]."""
    offset = np.column_stack([clip.offset_px[frames], np.zeros(len(frames))])[:, None]
    flat = (clip.landmarks_px[frames, :LANDMARKS] - offset) * [1.0, -1.0, -1.0]
    return np.asarray(flat @ (clip.rotation[frames] / clip.scale[frames, None, None]), np.float64)


def _weights() -> np.ndarray:
    weight = np.full(LANDMARKS, SKIN_WEIGHT)
    weight[list(LIPS + LIDS)] = CONTOUR_WEIGHT
    weight[list(LEFT_BROW + RIGHT_BROW + CHIN_POINTS)] = 1.0
    return weight


def _gains() -> FloatArray:
    found = [next((share for prefix, share in FOUND.items() if name.startswith(prefix)), 1.0) for name in BLENDSHAPES]
    return np.asarray(1.0 / np.array(found), np.float32)


def _ridge() -> np.ndarray:
    held = [HELD_RIDGE if BLENDSHAPES[unit].startswith(HELD) else 1.0 for unit in FITTED_UNITS]
    return np.asarray(RIDGE * held)
