"""How much of its surroundings each vertex of a rigid mesh can see."""

from __future__ import annotations

import numpy as np

from .mouth_mesh import Mesh

DIRECTIONS = 160
RESOLUTION_PX = 320
_LIFT_CM, _TOLERANCE_CM = 0.03, 0.02
"""Height of the eye above the surface; things nearer than the tolerance do not count."""


def openness(mesh: Mesh) -> np.ndarray:
    """Return the share of the cosine-weighted hemisphere not hidden by the mesh [shape=(N,)].

    The mesh is drawn into a depth map from directions spread evenly over the sphere; a vertex
    sees a direction if nothing lies in front of it in that map.
    """
    normals = vertex_normals(mesh.vertices, mesh.triangles)
    seen, total = np.zeros(len(normals)), np.full(len(normals), 1e-9)
    for direction in _sphere(DIRECTIONS):
        cosine = np.clip(normals @ direction, 0, None)
        seen += cosine * _visible(mesh, normals, direction)
        total += cosine
    return seen / total


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return area-weighted unit normals [shape=(N, 3)]."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(normals, triangles[:, i], face)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _sphere(count: int) -> np.ndarray:
    """Return directions on a Fibonacci spiral [shape=(count, 3)]."""
    i = np.arange(count) + 0.5
    height, turn = 1 - 2 * i / count, np.pi * (1 + 5**0.5) * i
    ring = np.sqrt(1 - height * height)
    return np.column_stack([ring * np.cos(turn), ring * np.sin(turn), height])


def _visible(mesh: Mesh, normals: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Tell for each vertex whether the way towards `direction` is free (soft, 0..1)."""
    right = np.cross(direction, [0.0, 0.9, 0.43])
    right /= np.linalg.norm(right)
    up = np.cross(right, direction)
    flat = mesh.vertices @ np.column_stack([right, up])
    low = flat.min(axis=0)
    scale = (RESOLUTION_PX - 3) / (flat.max(axis=0) - low).max()
    xy = (flat - low) * scale + 1
    depth = mesh.vertices @ direction
    points = _samples(mesh, xy, depth)
    nearest = np.full((RESOLUTION_PX, RESOLUTION_PX), -np.inf)
    columns, rows = points[:, 0].round().astype(int), points[:, 1].round().astype(int)
    np.maximum.at(nearest, (rows, columns), points[:, 2])
    # Just above the surface, where its own triangles cannot hide it.
    lifted = mesh.vertices + _LIFT_CM * normals
    at = ((lifted @ np.column_stack([right, up]) - low) * scale + 1).round().astype(int)
    at = np.clip(at, 0, RESOLUTION_PX - 1)
    ahead = nearest[at[:, 1], at[:, 0]] - lifted @ direction
    return 1 - np.clip((ahead - _TOLERANCE_CM) / 0.04, 0, 1)


def _samples(mesh: Mesh, xy: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return points spread over all triangles, about one per pixel [shape=(S, 3)]."""
    steps = 6
    i, j = np.array([(i, j) for i in range(steps + 1) for j in range(steps + 1 - i)]).T / steps
    corners = np.column_stack([xy, depth])[mesh.triangles]
    weights = np.column_stack([1 - i - j, i, j])
    return np.einsum("sk,tkc->tsc", weights, corners).reshape(-1, 3)
