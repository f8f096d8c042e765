"""A coarser mouth interior for the live view: a mouth of sixty pixels needs no twenty thousand triangles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .head_model import IntArray
from .mouth_pose import LOWER_TEETH, Mouth

TOOTH_CELL_CM, TISSUE_CELL_CM = 0.12, 0.3
"""Vertices in one cell become one: about a pixel of the view on teeth, three on gums, tongue and lining."""
ROUGH = 2.0
"""Cells of the rough triangles, which are for pages without a graphics card, are this much larger."""
_TURNED_AWAY = -0.75
"""Triangles that face this far back (z of the normal) are never seen, however jaw and head turn."""


def coarse_mouth(tensors: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors of the asset's mouth with fewer vertices, positions in cm, unit normals and "rough" triangles added.

    Vertices that stay keep all that they have.
    """
    mouth = Mouth.from_tensors(tensors)
    triangles = _joined(mouth, mouth.triangles, 1.0)
    triangles = triangles[mouth.normals[triangles, 2].mean(axis=1) > _TURNED_AWAY]
    used = np.unique(triangles)
    number = np.zeros(len(mouth.vertices), np.int32)
    number[used] = np.arange(len(used))
    rest = {name: tensors[name][used] for name in ("part", "tooth", "height", "occlusion", "jaw", "tip")}
    return {"vertices": mouth.vertices[used], "normals": mouth.normals[used], "triangles": number[triangles],
            "rough": number[_joined(mouth, triangles, ROUGH)], **rest}  # fmt: skip


def _joined(mouth: Mouth, triangles: IntArray, factor: float) -> IntArray:
    """Return the triangles that are left when the vertices of each cell are one: one of those that the triangles use.

    What differs in direction is not joined, so that biting edges stay sharp.
    """
    corners = np.unique(triangles)
    cell = factor * np.where(mouth.part[corners] <= LOWER_TEETH, TOOTH_CELL_CM, TISSUE_CELL_CM)[:, None]
    kind = np.stack([mouth.part, mouth.tooth, mouth.jaw > 0], axis=1)[corners]
    directions = np.round(1.2 / factor * mouth.normals[corners])
    keys = np.concatenate([np.floor(mouth.vertices[corners] / cell), directions, kind], axis=1)
    _, first, group = np.unique(keys.astype(np.int32), axis=0, return_index=True, return_inverse=True)
    kept = np.zeros(len(mouth.vertices), np.int32)
    kept[corners] = corners[first[group.ravel()]]
    left = kept[triangles]
    a, b, c = left.T
    return np.asarray(left[(a != b) & (b != c) & (a != c)], np.int32)
