"""Estimate the light on the face from the photo, for surfaces that the photo does not show."""

from __future__ import annotations

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from .fit import FittedHead
from .head_model import HeadModel
from .mouth_look import DEFAULT_LIGHT, LUMINANCE, to_linear
from .normals import vertex_normals

_CHEEKS = (50, 101, 118, 205, 280, 330, 347, 425)
"""Landmarks on both cheeks, clear of eyes, nose and smile lines."""
PRIOR_SHARE = 0.5
"""Weight of the usual light from above: paint, make-up and beards mislead a fit to the photo."""


def skin_colour(photo: UInt8Array, landmarks_px: FloatArray) -> FloatArray:
    """Return the linear colour of the brighter cheek pixels [shape=(3,)]."""
    at = np.round(landmarks_px[list(_CHEEKS), :2]).astype(int)
    photo, at = _cut_out(photo, at, sigma := max(0.8, float(np.ptp(landmarks_px[:468, 0])) / 60))
    small = cv2.GaussianBlur(photo, (0, 0), sigma)
    x, y = np.clip(at[:, 0], 0, photo.shape[1] - 1), np.clip(at[:, 1], 0, photo.shape[0] - 1)
    colours = to_linear(small[y, x])
    bright = np.argsort(colours @ LUMINANCE)[len(colours) // 2 :]
    return np.asarray(colours[bright].mean(axis=0), np.float32)


def key_light(model: HeadModel, head: FittedHead, photo: UInt8Array) -> tuple[tuple[float, float, float], float]:
    """Fit Lambert's law to the skin.

    Returns
    -------
    tuple of (tuple of float, float)
        Unit vector towards the light in the head frame, and its share of all light.
    """
    normals = vertex_normals(head.neutral_cm, model.triangles) @ head.pose.rotation.T
    skin = (normals[:, 2] > 0.35) & (model.rim_distance_cm > 2.5)
    for region in (model.lips, *model.lids.values()):
        skin[region.vertices] = False
    at = np.round(head.source_px[:, :2]).astype(int)
    skin &= (at >= 0).all(axis=1) & (at[:, 0] < photo.shape[1]) & (at[:, 1] < photo.shape[0])
    if skin.sum() < 100:
        return DEFAULT_LIGHT, 0.5
    photo, at = _cut_out(photo, at[skin], sigma := max(0.8, 0.15 * head.pose.scale))
    soft = cv2.GaussianBlur(photo, (0, 0), sigma)
    seen = to_linear(soft[at[:, 1], at[:, 0]]) @ LUMINANCE
    prior = np.array(DEFAULT_LIGHT)
    matrix = np.column_stack([np.ones(len(seen)), normals[skin]])
    # Beard, brows and shadows are outliers: fit again to what the first fit explains.
    weights = np.ones(len(seen))
    for _ in range(3):
        solution = np.linalg.lstsq(matrix * weights[:, None], seen * weights, rcond=None)[0]
        error = np.abs(seen - matrix @ solution)
        weights = 1.0 / np.maximum(error, 0.02 + np.median(error))
    direction = head.pose.rotation.T @ solution[1:]
    strength = float(np.linalg.norm(direction))
    direction = direction / max(strength, 1e-6)
    direction[2] = max(direction[2], 0.2)
    mixed = (1 - PRIOR_SHARE) * direction + PRIOR_SHARE * prior / np.linalg.norm(prior)
    mixed /= np.linalg.norm(mixed)
    share = float(np.clip(strength / (abs(solution[0]) + strength + 1e-6), 0.25, 0.65))
    return (float(mixed[0]), float(mixed[1]), float(mixed[2])), share


def _cut_out(photo: UInt8Array, at: np.ndarray, sigma: float) -> tuple[UInt8Array, np.ndarray]:
    """Return the part of the photo that decides what a blurred copy shows at pixels, and these there."""
    margin = int(4.0 * sigma) + 2
    low = np.maximum(at.min(axis=0) - margin, 0)
    high = at.max(axis=0) + margin + 1
    return photo[low[1] : max(high[1], low[1] + 1), low[0] : max(high[0], low[0] + 1)], at - low
