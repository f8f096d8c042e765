"""Palate, cheeks, floor and throat: the surfaces that recede into the dark."""

from __future__ import annotations

import numpy as np

from .mouth_mesh import LINING, Mesh, smoothstep

INSIDE = np.array([0.0, -3.6, 7.5])
"""A point in the middle of the mouth."""
# Cross-sections of the outer wall, lips to throat: z, half width, top, bottom (cm).
_SECTIONS = np.array([
    (10.95, 1.9, -1.30, -5.75), (10.4, 2.75, -1.25, -5.85), (9.7, 3.15, -1.25, -5.85), (8.8, 3.42, -1.2, -5.80),
    (7.8, 3.50, -1.2, -5.75), (6.8, 3.42, -1.2, -5.80), (5.8, 3.15, -1.4, -6.1), (4.8, 2.70, -1.8, -6.5),
    (3.8, 2.30, -2.3, -6.9), (3.0, 1.90, -2.8, -7.1), (2.6, 1.20, -3.4, -6.6),
])  # fmt: skip
_COLUMNS = 36
# The palate, front to back: z, half width, height of its foot, height of its dome.
_PALATE = np.array([
    (10.35, 0.95, -2.75, 0.02), (10.0, 1.45, -2.70, 0.22), (9.4, 1.80, -2.62, 0.60), (8.6, 2.05, -2.55, 0.95),
    (7.6, 2.20, -2.50, 1.15), (6.6, 2.30, -2.50, 1.15), (5.8, 2.40, -2.62, 0.95), (5.2, 2.45, -2.95, 0.70),
    (4.7, 2.45, -3.75, 1.00), (4.45, 2.45, -4.80, 1.62), (4.35, 2.45, -5.8, 2.45),
])  # fmt: skip


def lining() -> Mesh:
    """Return cheeks, floor and back wall; what lies below takes the jaw's movement."""
    angle = np.linspace(0, 2 * np.pi, _COLUMNS, endpoint=False)
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.7
    up = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.7
    rings = [
        np.column_stack([half * across, (top + bottom) / 2 + (top - bottom) / 2 * up, np.full(_COLUMNS, z)])
        for z, half, top, bottom in _SECTIONS
    ]
    end = np.array([[0.0, -5.0, 2.5]])
    points = np.concatenate([*rings, end])
    mesh = Mesh.tube(points, len(rings), _COLUMNS, end_point=True).facing(INSIDE)
    y = mesh.vertices[:, 1]
    mesh.part = np.full(len(y), LINING)
    mesh.jaw = 1.0 - smoothstep(-4.9, -2.4, y)
    mesh.jaw *= smoothstep(2.2, 6.5, mesh.vertices[:, 2]) * 0.6 + 0.4
    mesh.occlusion = np.full(len(y), 0.8)
    mesh.height = 0.22 + 0.68 * smoothstep(2.6, 7.0, mesh.vertices[:, 2])
    return mesh


def palate() -> Mesh:
    """Return the roof of the mouth from the front teeth to the soft palate with its uvula."""
    # Denser in the middle, where the uvula hangs.
    even = np.linspace(-1, 1, 25)
    across = even * (0.35 + 0.65 * even**2)
    rows = []
    for i, (z, half, foot, dome) in enumerate(_PALATE):
        y = foot + dome * (1 - np.abs(across) ** 2.4)
        hang = np.exp(-((across * half / 0.34) ** 2)) * (0.0, 0.03, 0.22, 0.42)[max(i - len(_PALATE) + 4, 0)]
        rows.append(np.column_stack([across * half, y - hang, np.full_like(y, z)]))
    mesh = Mesh.grid(np.stack(rows)).facing(INSIDE + [0, -0.5, 0])
    mesh.part = np.full(len(mesh.vertices), LINING)
    # The free edge of the soft palate fades into the dark of the throat.
    mesh.height = np.repeat(np.interp(np.arange(len(_PALATE)), [6, 8, 10], [1.0, 0.75, 0.45]), len(across))
    mesh.occlusion = np.full(len(mesh.vertices), 0.9)
    return mesh
