"""Where eyes, lips and rigid points are in the two landmark layouts that judges use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ContractError
from ..types import LANDMARK_COUNT, UInt8Array

Points = npt.NDArray[Any]
"""Landmarks in pixels [shape=(N, 2 or more)]: x right, y down."""
Detector = Callable[[UInt8Array], "Points | None"]
"""Finds the landmarks of the one face of an RGB picture; None where there is none."""


@dataclass(frozen=True)
class Layout:
    """Indices into one set of landmarks; left and right are the viewer's."""

    eyes: tuple[tuple[int, int], tuple[int, int]]
    """Outer and inner corner of each eye; the inter-ocular distance is that of their middles."""
    lids: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
    """Pairs of upper and lower lid of each eye."""
    inner_lips: tuple[tuple[int, int], ...]
    """Pairs of upper and lower inner lip."""
    mouth_corners: tuple[int, int]
    lips: tuple[int, ...]
    """Points whose hull is the lips."""
    rigid: tuple[int, ...]
    """Points that speech and blinks do not move: eye corners and nose."""


IBUG_68 = Layout(
    eyes=((36, 39), (45, 42)), lids=(((37, 41), (38, 40)), ((43, 47), (44, 46))),
    inner_lips=((61, 67), (62, 66), (63, 65)), mouth_corners=(48, 54),
    lips=tuple(range(48, 60)),
    rigid=(27, 28, 29, 30, 33, 36, 39, 42, 45),
)
"""The 68 points of the iBUG 300-W annotation (Sagonas et al. 2013), as dlib's predictor gives them."""

MESH_478 = Layout(
    eyes=((33, 133), (263, 362)), lids=(((159, 145), (158, 153)), ((386, 374), (385, 380))),
    inner_lips=((82, 87), (13, 14), (312, 317)), mouth_corners=(61, 291),
    lips=(61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91),
    rigid=(4, 6, 33, 98, 133, 168, 263, 327, 362),
)
"""The MediaPipe face mesh with irises."""


def layout_of(points: Points) -> Layout:
    """Return the layout that fits the number of points."""
    layouts = {68: IBUG_68, LANDMARK_COUNT: MESH_478}
    if len(points) not in layouts:
        raise ContractError(f"{len(points)} landmarks are neither 68 nor {LANDMARK_COUNT}")
    return layouts[len(points)]


def interocular_px(points: Points) -> float:
    """Return the distance between the middles of the eyes, in pixels."""
    left, right = (points[list(pair), :2].mean(axis=0) for pair in layout_of(points).eyes)
    return max(float(np.linalg.norm(left - right)), 1e-6)


def lip_outline(points: Points) -> tuple[int, ...]:
    """Return the numbers of the landmarks around the lips."""
    return layout_of(points).lips


def aperture(points: Points) -> float:
    """Return the mean gap between the inner lips, in inter-ocular distances."""
    return _mean_gap(points, layout_of(points).inner_lips) / interocular_px(points)


def mouth_width(points: Points) -> float:
    """Return the distance between the mouth's corners, in inter-ocular distances."""
    return _mean_gap(points, (layout_of(points).mouth_corners,)) / interocular_px(points)


def eye_opening(points: Points) -> float:
    """Return the gap between the lids over the width of the eye, mean of both eyes.

    The eye aspect ratio of Soukupova and Cech (2016).
    """
    layout = layout_of(points)
    ratios = [_mean_gap(points, lids) / max(_mean_gap(points, (corners,)), 1e-6)
              for lids, corners in zip(layout.lids, layout.eyes, strict=True)]
    return float(np.mean(ratios))


def _mean_gap(points: Points, pairs: Sequence[tuple[int, int]]) -> float:
    ends = points[np.asarray(pairs), :2]
    return float(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).mean())
