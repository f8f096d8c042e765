"""Normals of triangle meshes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...pipeline_core.types import FloatArray


def vertex_normals(vertices: FloatArray, triangles: npt.NDArray[np.int32]) -> FloatArray:
    """Return area-weighted unit normals [shape=(N, 3)] of vertices [shape=(N, 3), any unit]."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros(vertices.shape)
    for k in range(3):
        for i in range(3):
            normals[:, k] += np.bincount(triangles[:, i], face[:, k], len(vertices))
    return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)).astype(np.float32)
