"""The soft transition that every fade of this renderer uses."""

from __future__ import annotations

import numpy as np

from ...pipeline_core.types import FloatArray


def smoothstep(t: FloatArray) -> FloatArray:
    """Rise from 0 at t = 0 to 1 at t = 1 without a corner; constant outside."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
