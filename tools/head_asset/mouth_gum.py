"""The gums: a strip that follows the necks of the teeth, with a papilla between neighbours."""

from __future__ import annotations

import numpy as np

from .mouth_arch import Arch, Crown, crowns
from .mouth_mesh import LOWER_GUM, Mesh

PAPILLA = 0.40
"""Height of the gum between two teeth as a share of the crown (textbook: 40-45 %)."""
_INNER_PLACES = np.array([-0.84, -0.62, -0.34, 0.0, 0.34, 0.62, 0.84])
# Labial rows below the margin: (distance from the margin, height above the tooth's face).
_LABIAL_ROWS = ((0.03, 0.03), (0.10, 0.055), (0.22, 0.065), (0.42, 0.04), (0.70, -0.08), (1.0, -0.22))
_LINGUAL_ROWS = ((0.05, 0.03), (0.16, 0.06), (0.42, 0.10), (0.85, 0.22))


def gum_strip(arch: Arch, part: int) -> Mesh:
    """Return the gum of an arch as a sheet from its lingual foot over the margin to its labial foot."""
    columns: list[np.ndarray] = []
    pending: np.ndarray | None = None
    for i, crown in enumerate(crowns(arch)):
        # On the subject's right, places run from distal to mesial as the arch is walked.
        order = -1.0 if i < 7 else 1.0
        first, *inner, last = (_column(crown, order * s) for s in (-1.0, *_INNER_PLACES, 1.0))
        columns.append(first if pending is None else (pending + first) / 2)
        columns += inner
        pending = last
    assert pending is not None
    columns.append(pending)
    points = np.stack(columns)
    mesh = Mesh.grid(points)
    a, b, c = (mesh.vertices[mesh.triangles[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    labial_face = a[:, 2] > arch.front_z - 0.2
    if normals[labial_face, 2].sum() < 0:
        mesh.triangles = mesh.triangles[:, ::-1].copy()
    count = len(mesh.vertices)
    mesh.part = np.full(count, part)
    mesh.jaw = np.full(count, float(part == LOWER_GUM))
    across = np.linspace(0, 1, points.shape[1])
    mesh.height = np.tile(across, len(columns))
    return mesh


def _column(crown: Crown, s: float) -> np.ndarray:
    """Return one cross-section of the gum at place `s` of a crown, in the head frame."""
    between = abs(s) ** 2.6
    v = 0.02 + PAPILLA * between
    place = np.array([s])
    margin = crown.shape.length * v
    labial = max(float(crown.labial(place, np.array([v]))[0]), -0.15)
    lingual = float(crown.lingual(place, np.array([v * 0.7]))[0])
    lingual = min(lingual, -0.8 * crown.shape.thick) if abs(s) > 0.9 else lingual
    half = float(crown.half_width(v)) * s
    if abs(s) > 0.9:
        half = float(crown.half_width(0.8)) * s
    eminence = 0.05 * (1 - abs(s) ** 2)
    rows = [(lingual - out, 0.7 * margin - down) for down, out in _LINGUAL_ROWS[::-1]]
    rows += [(lingual + 0.01, 0.7 * margin), ((labial + lingual) / 2, 0.85 * margin), (labial - 0.03, margin - 0.01)]
    rows += [(labial + 0.012, margin)]
    for down, out in _LABIAL_ROWS:
        # Away from the margin the scallops and the embrasures fade.
        far = min(down / 0.75, 1.0)
        level = margin * (1 - 0.85 * far) - down
        depth = (labial + out) * (1 - far) + (eminence - 0.06 + out) * far
        rows.append((depth, level))
    local = np.array([(half, depth, level) for depth, level in rows])
    return crown.to_head(local)
