"""The head asset, subdivided once and ready to be fitted and moved.

The file is built by tools/build_head_asset.py. Lengths are centimetres in the head frame:
x to the subject's left, y up, z towards the viewer.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...pipeline_core.types import FloatArray
from .subdivide import IntArray, Subdivision, catmull_clark

ASSET = Path(__file__).resolve().parent.parent / "assets" / "head.safetensors.xz"
STEP_CM = 0.002
"""Quantisation step of positions in the asset."""


@dataclass(frozen=True, eq=False)
class RingRegion:
    """Skin round the mouth or an eye, addressed by (ring, place along the ring)."""

    vertices: IntArray
    """Mesh vertices of the region [shape=(V,)]."""
    place: IntArray
    """Place of each along the ring, 0 .. length - 1 [shape=(V,)]."""
    depth: FloatArray
    """Rings outside (+) or inside (-) the margin, in control rings [shape=(V,)]."""
    margin: IntArray
    """Mesh vertices of the margin itself, in order [shape=(length,)]."""


@dataclass(frozen=True, eq=False)
class HeadModel:
    """Linear head: position = mean + identity . a + units . e."""

    vertices: FloatArray
    """Mean head [shape=(N, 3), cm]."""
    triangles: IntArray
    """[shape=(M, 3)], counter-clockwise seen from outside."""
    units: FloatArray
    """ARKit units at full strength [shape=(52, N, 3), cm]."""
    identity: FloatArray
    """One standard deviation each [shape=(60, N, 3), cm]."""
    mouth_identity: FloatArray
    """Affine displacement of the mouth interior per identity component [shape=(60, 3, 4)]."""
    landmark_triangles: IntArray
    """[shape=(468, 3)] vertex numbers."""
    landmark_weights: FloatArray
    """[shape=(468, 3)] barycentric."""
    lips: RingRegion
    lids: dict[str, RingRegion]
    """"left" and "right" of the subject."""
    rim_distance_cm: FloatArray
    """Distance of each vertex to the outer edge of the patch [shape=(N,)]."""
    mouth: dict[str, np.ndarray]
    """Tensors of the mouth interior (teeth, gums, tongue, cavity)."""

    def landmarks(self, positions: FloatArray) -> FloatArray:
        """Return the 468 landmarks of a posed or shaped head [shape=(468, 3)]."""
        corners = positions[self.landmark_triangles]
        return np.asarray(np.einsum("lk,lkc->lc", self.landmark_weights, corners), np.float32)


def load_head_model(path: Path = ASSET) -> HeadModel:
    """Read the asset and subdivide it once (Catmull-Clark)."""
    from safetensors.numpy import load

    tensors = load(lzma.decompress(path.read_bytes()))
    scale = np.float32(STEP_CM)
    control = tensors["vertices"] * scale
    fine = catmull_clark(tensors["quads"].astype(np.int32), len(control))
    lip_rings = tensors["lip_rings"].astype(np.int32)
    mean = fine.apply(control)
    return HeadModel(
        vertices=mean,
        triangles=fine.triangles,
        units=fine.apply(tensors["units"] * scale),
        identity=fine.apply(tensors["identity"] * scale),
        mouth_identity=tensors["mouth_identity"],
        landmark_triangles=tensors["landmark_triangles"].astype(np.int32),
        landmark_weights=tensors["landmark_weights"],
        lips=_region(fine, lip_rings, int(tensors["lip_contact"][0])),
        lids={
            side: _region(fine, tensors[f"lid_rings_{side}"].astype(np.int32), 0) for side in ("left", "right")
        },
        rim_distance_cm=_rim_distance(fine, mean),
        mouth={name.removeprefix("mouth_"): t for name, t in tensors.items()
               if name.startswith("mouth_") and name != "mouth_identity"},
    )  # fmt: skip


def _region(fine: Subdivision, rings: IntArray, margin_row: int) -> RingRegion:
    """Address the subdivided vertices of concentric rings.

    Between two neighbouring control vertices lies one new vertex, so places double.
    """
    found: dict[int, tuple[float, int]] = {}
    rows, length = rings.shape
    for r in range(rows):
        for i in range(length):
            j = (i + 1) % length
            found[int(rings[r, i])] = (r, 2 * i)
            found[fine.edge_vertex(rings[r, i], rings[r, j])] = (r, 2 * i + 1)
            if r + 1 < rows:
                found[fine.edge_vertex(rings[r, i], rings[r + 1, i])] = (r + 0.5, 2 * i)
                quad = (rings[r, i], rings[r, j], rings[r + 1, j], rings[r + 1, i])
                found[fine.face_vertex(quad)] = (r + 0.5, 2 * i + 1)
    vertices = np.array(sorted(found), np.int32)
    depth = np.array([found[int(v)][0] for v in vertices], np.float32) - margin_row
    place = np.array([found[int(v)][1] for v in vertices], np.int32)
    on_margin = depth == 0
    margin = vertices[on_margin][np.argsort(place[on_margin])]
    return RingRegion(vertices, place, depth, margin)


def _rim_distance(fine: Subdivision, mean: FloatArray) -> FloatArray:
    """Distance to the longest boundary loop, which is the outer edge of the patch."""
    from scipy.spatial import cKDTree

    rim = max(fine.boundary_loops(), key=len)
    return np.asarray(cKDTree(mean[rim]).query(mean)[0], np.float32)
