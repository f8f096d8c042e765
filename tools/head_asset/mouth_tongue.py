"""The tongue at rest: low between the lower teeth, grooved, with a rounded tip."""

from __future__ import annotations

import numpy as np

from .mouth_mesh import TONGUE, Mesh, smoothstep

ROWS, COLUMNS = 34, 32
TIP_Z_CM, ROOT_Z_CM = 10.02, 3.4
# Stations along the tongue, root to tip: z, height of the back, half width, thickness (cm).
_STATIONS = np.array([
    (3.4, -6.2, 1.50, 1.6), (4.2, -5.05, 1.80, 2.0), (5.2, -4.10, 1.90, 2.2), (6.3, -3.70, 1.80, 2.1),
    (7.4, -3.66, 1.70, 1.9), (8.3, -3.80, 1.62, 1.6), (9.0, -3.97, 1.46, 1.25), (9.5, -4.09, 1.22, 0.95),
    (9.8, -4.19, 0.92, 0.72), (9.95, -4.25, 0.62, 0.54), (10.02, -4.34, 0.26, 0.32),
])  # fmt: skip


def tongue() -> Mesh:
    """Return the tongue as a closed tube from root to tip."""
    # Equal steps along the outline, so that the tip is round.
    run = np.concatenate([[0], np.cumsum(np.hypot(np.diff(_STATIONS[:, 0]), np.diff(_STATIONS[:, 2])))])
    at = np.linspace(0, run[-1], ROWS)
    z, top, half, thick = (_smooth(at, run, _STATIONS[:, k]) for k in range(4))
    angle = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False)
    rings = [_ring(*station, angle) for station in zip(z, top, half, thick, strict=True)]
    end = rings[-1].mean(axis=0) + [0, 0, 0.03]
    mesh = Mesh.tube(np.concatenate([*rings, end[None]]), ROWS, COLUMNS, end_point=True).facing_outwards()
    depth = mesh.vertices[:, 2]
    mesh.part = np.full(len(depth), TONGUE)
    mesh.height = np.clip((depth - ROOT_Z_CM) / (TIP_Z_CM - ROOT_Z_CM), 0, 1)
    # The root hangs on the hyoid bone: it follows the jaw only half.
    mesh.jaw = 0.5 + 0.45 * smoothstep(4.0, 9.0, depth)
    mesh.tip = smoothstep(6.2, 10.0, depth) ** 1.6
    under = mesh.vertices[:, 1] < np.interp(depth, _STATIONS[:, 0], _STATIONS[:, 1] - 0.5 * _STATIONS[:, 3])
    mesh.occlusion = np.where(under, 0.7, 1.0 - 0.35 * smoothstep(1.0, 1.8, np.abs(mesh.vertices[:, 0])))
    return mesh


def _smooth(at: np.ndarray, run: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate with monotone cubic pieces."""
    slope = np.diff(values) / np.diff(run)
    tangent = np.concatenate([[slope[0]], _harmonic(slope[:-1], slope[1:]), [slope[-1]]])
    k = np.clip(np.searchsorted(run, at, side="right") - 1, 0, len(run) - 2)
    h = np.diff(run)[k]
    t = (at - run[k]) / h
    return (
        (2 * t**3 - 3 * t**2 + 1) * values[k]
        + (t**3 - 2 * t**2 + t) * h * tangent[k]
        + (3 * t**2 - 2 * t**3) * values[k + 1]
        + (t**3 - t**2) * h * tangent[k + 1]
    )


def _harmonic(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    same = a * b > 0
    return np.where(same, 2 * a * b / np.where(same, a + b, 1.0), 0.0)


def _ring(z: float, top: float, half: float, thick: float, angle: np.ndarray) -> np.ndarray:
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.85 * half
    up = np.sin(angle)
    flat = np.where(up > 0, 0.42, 0.58) * thick
    y = top - 0.42 * thick + np.sign(up) * np.abs(up) ** 0.95 * flat
    # The groove runs down the middle of the back and fades at the tip; the sides stand up a little.
    groove = 0.17 * np.exp(-((x / 0.26) ** 2)) * smoothstep(0.35, 1.2, half) * smoothstep(4.5, 8.0, np.float64(z))
    wavy = 0.03 * np.sin(2.1 * z + 1.0) * (x / 2.0)
    y = y - np.where(up > 0, up * (groove  - wavy), 0.0)
    return np.column_stack([x, y, np.full_like(x, z)])
