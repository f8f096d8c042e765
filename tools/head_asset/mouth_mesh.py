"""A triangle mesh with the attributes of the mouth interior, and ways to make one from grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

UPPER_TEETH, LOWER_TEETH, UPPER_GUM, LOWER_GUM, TONGUE, LINING = range(6)
NO_TOOTH = 255
_SHARES = {"height": 0.0, "occlusion": 1.0, "jaw": 0.0, "tip": 0.0}


@dataclass
class Mesh:
    """Vertices, triangles and one value of each attribute per vertex."""

    vertices: np.ndarray
    triangles: np.ndarray
    part: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    tooth: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    height: np.ndarray = field(default_factory=lambda: np.zeros(0))
    occlusion: np.ndarray = field(default_factory=lambda: np.zeros(0))
    jaw: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tip: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        count = len(self.vertices)
        for name, default in {"part": 0, "tooth": NO_TOOTH, **_SHARES}.items():
            if len(getattr(self, name)) != count:
                setattr(self, name, np.full(count, default))

    @classmethod
    def grid(cls, points: np.ndarray) -> Mesh:
        """Make an open sheet from points [shape=(R, C, 3)]."""
        rows, columns = points.shape[:2]
        quads = [(r * columns + c, r * columns + c + 1, (r + 1) * columns + c + 1, (r + 1) * columns + c)
                 for r in range(rows - 1) for c in range(columns - 1)]  # fmt: skip
        return cls(points.reshape(-1, 3), _split(quads))

    @classmethod
    def tube(cls, points: np.ndarray, rows: int, columns: int, *, end_point: bool) -> Mesh:
        """Make a tube from `rows` rings, closed by the last point if `end_point`."""
        quads = [(r * columns + c, r * columns + (c + 1) % columns,
                  (r + 1) * columns + (c + 1) % columns, (r + 1) * columns + c)
                 for r in range(rows - 1) for c in range(columns)]  # fmt: skip
        triangles = _split(quads)
        if end_point:
            last = (rows - 1) * columns
            fan = [(last + c, last + (c + 1) % columns, rows * columns) for c in range(columns)]
            triangles = np.concatenate([triangles, np.array(fan)])
        return cls(points, triangles)

    def facing_outwards(self) -> Mesh:
        """Turn the triangles so that the enclosed volume is positive."""
        a, b, c = (self.vertices[self.triangles[:, i]] - self.vertices.mean(axis=0) for i in range(3))
        if (a * np.cross(b, c)).sum() < 0:
            self.triangles = self.triangles[:, ::-1].copy()
        return self

    def facing(self, point: np.ndarray) -> Mesh:
        """Turn the triangles so that most of the surface looks at `point`."""
        a, b, c = (self.vertices[self.triangles[:, i]] for i in range(3))
        if (np.cross(b - a, c - a) * (point - a)).sum() < 0:
            self.triangles = self.triangles[:, ::-1].copy()
        return self


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Put meshes into one."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    triangles = [m.triangles + start for m, start in zip(meshes, starts, strict=False)]
    columns = {name: np.concatenate([getattr(m, name) for m in meshes])
               for name in ("part", "tooth", *_SHARES)}  # fmt: skip
    return Mesh(np.concatenate([m.vertices for m in meshes]), np.concatenate(triangles), **columns)


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, a smooth ramp between."""
    t = np.clip((np.asarray(x, float) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _split(quads: list[tuple[int, int, int, int]]) -> np.ndarray:
    q = np.array(quads)
    return np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]])
