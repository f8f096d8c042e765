"""Take the tremble out of a clip's landmarks without lag: still faces strongly, fast moves hardly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .batch_fit import Rigid

REACH_S = 0.08
"""Standard deviation of the window in time. Symmetric in time, so nothing comes late."""
TREMBLE_CM = 0.035
"""Differences from frame to frame that are taken for tremble. In three clips with faces of 200 to 260 px the
quietest quarter of frames has 0.013 to 0.03 cm, while lips and lids in motion go 0.1 cm and more."""
POSE_TREMBLE_CM = 0.04
"""The same for the head as a whole."""
NEAR_CM = 0.6
"""Places that are this close judge together whether they move; wider, and brows hold lids back."""
_RADIUS_CM = 7.0
"""Half a face: what a turn of one radian moves its outline by."""


def window(fps: Fraction) -> int:
    """Return how many frames on each side count."""
    return int(np.ceil(2.5 * REACH_S * float(fps)))


def steady_pose(rigid: Rigid, seen: np.ndarray, fps: Fraction) -> Rigid:
    """Return the poses without tremble."""
    unit = 1.0 / (POSE_TREMBLE_CM * (np.median(rigid.scale[seen]) if seen.any() else 1.0))
    # How far half a face moves by turning, growing and shifting, in units of the tremble.
    turns = rigid.rotation.reshape(-1, 9) * (_RADIUS_CM / POSE_TREMBLE_CM / np.sqrt(2.0))
    place = np.concatenate([turns, rigid.offset[:, :2] * unit, _RADIUS_CM * rigid.scale[:, None] * unit], axis=1)
    values = np.concatenate([rigid.rotation.reshape(-1, 9), rigid.scale[:, None], rigid.offset], axis=1)
    total, weights = values.copy(), np.ones(len(values))
    for k in range(1, min(window(fps), len(values) - 1) + 1):
        apart = ((place[k:] - place[:-k]) ** 2).sum(1)
        weight = _near(k, fps) * np.exp(-0.5 * apart) * (seen[k:] & seen[:-k])
        total[:-k] += weight[:, None] * values[k:]
        total[k:] += weight[:, None] * values[:-k]
        weights[:-k] += weight
        weights[k:] += weight
    total /= weights[:, None]
    u, _, vt = np.linalg.svd(total[:, :9].reshape(-1, 3, 3))
    return Rigid(u @ vt, total[:, 9], total[:, 10:])


def neighbours(shape: np.ndarray) -> np.ndarray:
    """Return the share of each point in the judgement of every other, from their places [shape=(L, L)]."""
    apart = ((shape[:, None, :2] - shape[None, :, :2]) ** 2).sum(2)
    near = np.exp(-0.5 * apart / NEAR_CM**2)
    return np.asarray((near / near.sum(axis=0)).astype(np.float32))


def steady_shape(local: np.ndarray, seen: np.ndarray, near: np.ndarray, fps: Fraction) -> np.ndarray:
    """Return faces in the head frame without tremble [local: shape=(T, L, 3), cm]."""
    total = np.zeros_like(local)
    weights = np.ones(local.shape[:2], local.dtype)
    for k in range(1, min(window(fps), len(local) - 1) + 1):
        pair = np.flatnonzero(seen[k:] & seen[:-k])
        step = local[pair + k] - local[pair]
        # Depth is a guess from one view, and trembles most: it has no say.
        apart = (step[:, :, 0] ** 2 + step[:, :, 1] ** 2) @ near
        weight = np.float32(_near(k, fps)) * np.exp(apart * np.float32(-0.5 / TREMBLE_CM**2))
        step *= weight[:, :, None]
        total[pair] += step
        total[pair + k] -= step
        weights[pair] += weight
        weights[pair + k] += weight
    return np.asarray(local + total / weights[:, :, None])


def _near(k: int, fps: Fraction) -> float:
    return float(np.exp(-0.5 * (k / float(fps) / REACH_S) ** 2))
