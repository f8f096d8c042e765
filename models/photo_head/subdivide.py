"""One Catmull-Clark step as a fixed sparse matrix, so that shapes subdivide by a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...pipeline_core.types import FloatArray

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Subdivision:
    """New vertices in the order: control vertices, one per edge, one per face."""

    matrix: Any
    """scipy CSR matrix [shape=(N, control)]."""
    triangles: IntArray
    edges: IntArray
    """Control vertices of each edge, the smaller first, sorted [shape=(E, 2)]."""
    boundary: npt.NDArray[np.bool_]
    """Which edges have one face only [shape=(E,)]."""
    quads: IntArray

    def apply(self, values: FloatArray) -> FloatArray:
        """Subdivide per-vertex values [shape=(..., control, C)]."""
        shape = values.shape
        rows = np.moveaxis(values, -2, 0).reshape(shape[-2], -1)
        fine = (self.matrix @ rows).reshape(-1, *shape[:-2], shape[-1])
        return np.ascontiguousarray(np.moveaxis(fine, 0, -2), dtype=np.float32)

    def edge_vertex(self, a: int, b: int) -> int:
        """Return the new vertex on edge (a, b)."""
        return self.matrix.shape[1] + self._edge_number(min(a, b), max(a, b))

    def face_vertex(self, quad: Sequence[int]) -> int:
        """Return the new vertex inside a quad."""
        key = np.sort(np.array(quad))
        match = np.flatnonzero((np.sort(self.quads, axis=1) == key).all(axis=1))
        return int(self.matrix.shape[1] + len(self.edges) + match[0])

    def boundary_loops(self) -> list[list[int]]:
        """Return the closed loops of boundary vertices, new ones included."""
        links: dict[int, list[int]] = {}
        for (a, b), is_open in zip(self.edges.tolist(), self.boundary, strict=True):
            if is_open:
                middle = self.edge_vertex(a, b)
                for u, v in ((a, middle), (middle, b)):
                    links.setdefault(u, []).append(v)
                    links.setdefault(v, []).append(u)
        loops = []
        while links:
            loop = [next(iter(links))]
            while True:
                following = [v for v in links.pop(loop[-1]) if v in links]
                if not following:
                    break
                loop.append(following[0])
            loops.append(loop)
        return loops

    def _edge_number(self, low: int, high: int) -> int:
        span = int(self.edges.max()) + 1
        return int(np.searchsorted(self.edges[:, 0] * span + self.edges[:, 1], low * span + high))


def catmull_clark(quads: IntArray, vertex_count: int) -> Subdivision:
    """Return the subdivision of a quad mesh whose open edges become smooth curves.

    Rules of Catmull and Clark (1978): face points are means, edge points the mean of ends and
    face points, vertices (F + 2 E + (n - 3) P) / n; on a boundary the cubic B-spline rules.
    """
    from scipy import sparse

    n, f = vertex_count, len(quads)
    half = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, edge_of_half, uses = np.unique(np.sort(half, axis=1), axis=0, return_inverse=True, return_counts=True)
    edge_of_half = edge_of_half.reshape(f, 4)
    e, boundary = len(edges), uses == 1

    def matrix(rows: np.ndarray, columns: np.ndarray, weights: np.ndarray, shape: tuple[int, int]) -> Any:
        return sparse.csr_matrix((weights, (rows.ravel(), columns.ravel())), shape=shape)

    faces = matrix(np.repeat(np.arange(f), 4), quads, np.full(4 * f, 0.25), (f, n))
    ends = matrix(np.repeat(np.arange(e), 2), edges, np.full(2 * e, 0.5), (e, n))
    edge_faces = matrix(edge_of_half, np.repeat(np.arange(f), 4), np.full(4 * f, 0.5), (e, f))
    smooth = sparse.diags(np.where(boundary, 0.0, 0.5))
    edge_points = (sparse.identity(e) - smooth) @ ends + smooth @ edge_faces @ faces

    at_vertex_f = matrix(quads, np.repeat(np.arange(f), 4), np.ones(4 * f), (n, f))
    at_vertex_e = matrix(edges, np.repeat(np.arange(e), 2), np.ones(2 * e), (n, e))
    at_border = at_vertex_e @ sparse.diags(boundary.astype(float))
    on_border = np.asarray(at_border.sum(axis=1)).ravel() > 0
    valence = np.maximum(np.asarray(at_vertex_e.sum(axis=1)).ravel(), 1)
    inner = sparse.diags(np.where(on_border, 0.0, 1.0 / valence**2))
    own = sparse.diags(np.where(on_border, 0.5, (valence - 3.0) / valence))
    border = sparse.diags(np.where(on_border, 0.25, 0.0))
    vertex_points = own + inner @ (at_vertex_f @ faces + 2.0 * at_vertex_e @ ends) + border @ at_border @ ends
    total = sparse.vstack([vertex_points, edge_points, faces]).tocsr().astype(np.float32)
    return Subdivision(total, _triangles(quads, edge_of_half, n, e), edges.astype(np.int64), boundary, quads)


def _triangles(quads: IntArray, edge_of_half: np.ndarray, n: int, e: int) -> IntArray:
    """Split every quad into four and each of these into two triangles."""
    centre = n + e + np.arange(len(quads))
    parts = []
    for k in range(4):
        corner, after, before = quads[:, k], n + edge_of_half[:, k], n + edge_of_half[:, k - 1]
        parts += [np.stack([corner, after, centre], 1), np.stack([corner, centre, before], 1)]
    return np.ascontiguousarray(np.stack(parts, 1).reshape(-1, 3), dtype=np.int32)
