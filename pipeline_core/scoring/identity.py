"""Is it still the same person, to a face recogniser?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import UInt8Array

Embedding = npt.NDArray[np.floating]
Embedder = Callable[[UInt8Array], "Embedding | None"]
"""Turns an RGB picture into a face descriptor; None where it sees no face."""


@dataclass(frozen=True)
class IdentityScore:
    """Distances of frames to the photo."""

    mean: float
    worst: float
    frames: int
    """Frames that were compared; frames without a face are left out."""


def identity_distances(photo: UInt8Array, frames: Iterable[UInt8Array], embed: Embedder) -> IdentityScore:
    """Compare frames with the photo.

    Parameters
    ----------
    photo : UInt8Array
        The picture that was animated.
    frames : iterable of UInt8Array
        Frames of the video, or some of them.
    embed : callable
        Face descriptor; for dlib's 128 numbers the same person is below 0.6 (its documentation).
    """
    wanted = embed(photo)
    if wanted is None:
        return IdentityScore(float("nan"), float("nan"), 0)
    found = [embedding for frame in frames if (embedding := embed(frame)) is not None]
    distances = [float(np.linalg.norm(embedding - wanted)) for embedding in found]
    if not distances:
        return IdentityScore(float("nan"), float("nan"), 0)
    return IdentityScore(float(np.mean(distances)), float(np.max(distances)), len(distances))
