"""Stretches of equal values in curves that are sampled evenly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def equal_runs(values: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Return (start, stop) of the stretches of equal neighbours, which cover all values [shape=(N,)]."""
    if not len(values):
        return []
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return list(zip(edges, edges[1:], strict=False))


def true_runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (start, stop) of the stretches that are true [shape=(N,)]."""
    return [(start, stop) for start, stop in equal_runs(mask) if mask[start]]
