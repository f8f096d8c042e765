"""A coarser mouth interior for the live view: a mouth of sixty pixels needs no twenty thousand triangles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .mouth_pose import LOWER_TEETH, Mouth

TOOTH_CELL_CM, TISSUE_CELL_CM = 0.12, 0.3
"""Vertices in one cell become one: about a pixel of the view on teeth, two on gums, tongue and lining."""
_TURNED_AWAY = -0.75
"""Triangles that face this far back (z of the normal) are never seen, however jaw and head turn."""


def coarse_mouth(tensors: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors of the asset's mouth with fewer vertices, positions in cm, and unit normals added.

    Vertices that stay keep all that they have; biting edges stay sharp, because what differs in
    direction is not joined.
    """
    mouth = Mouth.from_tensors(tensors)
    cell = np.where(mouth.part <= LOWER_TEETH, TOOTH_CELL_CM, TISSUE_CELL_CM)[:, None]
    kind = np.stack([mouth.part, mouth.tooth, mouth.jaw > 0], axis=1)
    keys = np.concatenate([np.floor(mouth.vertices / cell), np.round(1.2 * mouth.normals), kind], axis=1)
    _, first, group = np.unique(keys.astype(np.int32), axis=0, return_index=True, return_inverse=True)
    kept = first[group.ravel()]
    triangles = kept[mouth.triangles]
    a, b, c = triangles.T
    whole = (a != b) & (b != c) & (a != c)
    triangles = triangles[whole & (mouth.normals[triangles, 2].mean(axis=1) > _TURNED_AWAY)]
    used = np.unique(triangles)
    number = np.zeros(len(mouth.vertices), np.int32)
    number[used] = np.arange(len(used))
    rest = {name: tensors[name][used] for name in ("part", "tooth", "height", "occlusion", "jaw", "tip")}
    return {"vertices": mouth.vertices[used], "normals": mouth.normals[used], "triangles": number[triangles], **rest}
