"""Where the 28 teeth stand, and the shape of each crown in its own frame.

A crown's frame: m along the arch from mesial to distal, l outwards from the labial face (so
almost always negative), e from the gum (0) towards the biting edge. Lengths are centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mouth_mesh import smoothstep

EDGE_Y_CM = -3.57
"""Height of the incisal edges of both arches at rest: 4 mm below the upper lip line."""
FRONT_Z_CM = 11.11
"""Labial face of the upper incisors: 3.5 mm behind the upper lip line."""
OVERJET_CM = 0.22
CONTACT_CM = 0.008
"""By how much neighbouring crowns overlap, so that they touch as real ones do."""


@dataclass(frozen=True)
class CrownShape:
    """Average form of one kind of tooth."""

    width: float
    """Mesiodistal, at the contact points."""
    length: float
    thick: float
    """Labiolingual, at its thickest."""
    neck: float
    """Width at the gum as a share of `width`."""
    edge: float
    """Thickness at the biting edge."""
    mesial: float
    """Radius of the mesial corner."""
    distal: float
    cusp: float = 0.0
    """How far the cusp stands above the corners."""
    cusps: int = 1
    """Cusps seen from the cheek."""
    square: float = 2.6
    """Exponent of the section: 2 is an ellipse, more is a rounded box."""
    torque_deg: float = 0.0
    """Tilt of the edge outwards."""
    raise_cm: float = 0.0
    """How far the edge stays short of the arch's level."""

    @property
    def incisal(self) -> bool:
        """Whether the tooth ends in an edge (incisors, canines), not in a biting surface."""
        return self.edge < 0.2


@dataclass(frozen=True)
class Quirk:
    """What makes a single tooth differ from the average of its kind."""

    turn_deg: float = 0.0
    tip_deg: float = 0.0
    out_cm: float = 0.0
    down_cm: float = 0.0
    wide: float = 1.0


@dataclass(frozen=True)
class Arch:
    """One row of teeth."""

    half_width: float
    depth: float
    front_z: float
    up: float
    """+1 where crowns point down (upper arch), -1 where they point up."""
    shapes: tuple[CrownShape, ...]
    """From the midline backwards."""
    quirks: tuple[Quirk, ...]
    """From the subject's right second molar to the left one."""


# Widths and lengths are textbook averages (mm/10); corner radii, torque and levels by eye.
UPPER = Arch(
    3.02, 4.9, FRONT_Z_CM, 1.0,
    (
        CrownShape(0.86, 1.02, 0.70, 0.74, 0.085, 0.09, 0.17, square=3.0, torque_deg=7),
        CrownShape(0.66, 0.88, 0.60, 0.72, 0.075, 0.13, 0.22, square=2.8, torque_deg=6, raise_cm=0.075),
        CrownShape(0.76, 1.00, 0.80, 0.72, 0.14, 0.16, 0.22, cusp=0.16, square=2.2, raise_cm=0.015),
        CrownShape(0.70, 0.86, 0.90, 0.72, 0.62, 0.16, 0.20, cusp=0.15, square=2.3, torque_deg=-5, raise_cm=0.09),
        CrownShape(0.68, 0.79, 0.90, 0.75, 0.62, 0.17, 0.20, cusp=0.11, square=2.4, torque_deg=-6, raise_cm=0.12),
        CrownShape(1.00, 0.75, 1.10, 0.80, 0.82, 0.16, 0.18, cusp=0.09, cusps=2, square=3.0, torque_deg=-8,
                   raise_cm=0.14),
        CrownShape(0.94, 0.71, 1.08, 0.80, 0.80, 0.16, 0.18, cusp=0.08, cusps=2, square=3.0, torque_deg=-9,
                   raise_cm=0.19),
    ),
    (
        Quirk(-2, 1), Quirk(1.5, -1, 0.01), Quirk(-3, 1.5, -0.015, 0.01), Quirk(4, -1, 0.01),
        Quirk(5, -2.5, 0.025, 0.012), Quirk(-5, 2, -0.025, 0.015, 0.985), Quirk(2.2, -0.6, 0.01, 0.0, 1.01),
        Quirk(-1.2, 0.5, 0.0, -0.012, 1.0), Quirk(4.0, -1.8, -0.012, -0.012, 1.03), Quirk(-6, 1.5, 0.015, -0.01),
        Quirk(2, -1.5, -0.02), Quirk(-4, 1, 0.01, -0.01), Quirk(2, -1), Quirk(0, 1),
    ),
)  # fmt: skip
LOWER = Arch(
    2.80, 4.55, FRONT_Z_CM - OVERJET_CM, -1.0,
    (
        CrownShape(0.53, 0.88, 0.57, 0.72, 0.075, 0.06, 0.08, square=2.8, torque_deg=4),
        CrownShape(0.57, 0.92, 0.61, 0.72, 0.075, 0.07, 0.11, square=2.8, torque_deg=3),
        CrownShape(0.68, 1.05, 0.76, 0.70, 0.14, 0.14, 0.20, cusp=0.15, square=2.3, torque_deg=-2, raise_cm=-0.02),
        CrownShape(0.70, 0.86, 0.76, 0.72, 0.50, 0.16, 0.19, cusp=0.14, square=2.3, torque_deg=-8, raise_cm=0.05),
        CrownShape(0.71, 0.79, 0.80, 0.75, 0.58, 0.16, 0.19, cusp=0.11, square=2.5, torque_deg=-11, raise_cm=0.09),
        CrownShape(1.10, 0.75, 1.03, 0.82, 0.80, 0.15, 0.17, cusp=0.08, cusps=2, square=3.2, torque_deg=-16,
                   raise_cm=0.10),
        CrownShape(1.04, 0.70, 1.00, 0.82, 0.78, 0.15, 0.17, cusp=0.07, cusps=2, square=3.2, torque_deg=-18,
                   raise_cm=0.07),
    ),
    (
        Quirk(2, 1), Quirk(-2, -1), Quirk(4, 2, 0.01), Quirk(-5, -2, -0.02, 0.01), Quirk(7, 3, 0.03, 0.0),
        Quirk(-9, -2, -0.035, -0.015), Quirk(6, 1.5, 0.02, 0.025, 0.98), Quirk(-4, -1, -0.012, 0.0),
        Quirk(8, 2, 0.028, 0.02), Quirk(-5, -3, 0.012, -0.01), Quirk(5, 1, -0.015, 0.01), Quirk(-3, -1),
        Quirk(2, 1), Quirk(0, -1),
    ),
)  # fmt: skip


def _spow(x: np.ndarray, power: float) -> np.ndarray:
    return np.sign(x) * np.abs(x) ** power


@dataclass(frozen=True)
class Crown:
    """One tooth: its shape and where it stands."""

    shape: CrownShape
    quirk: Quirk
    origin: np.ndarray
    """Middle of the labial face at the gum, in the head frame."""
    axes: np.ndarray
    """Rows m, l, e in the head frame [shape=(3, 3)]."""

    def half_width(self, v: np.ndarray | float) -> np.ndarray:
        """Half the width at height `v` (0 gum, 1 edge): widest at the contact point."""
        shape = self.shape
        rise = shape.neck + (1 - shape.neck) * np.sin(np.clip((np.asarray(v) + 0.12) / 0.86, 0, 1) * np.pi / 2) ** 1.2
        fall = 1 - 0.05 * smoothstep(0.75, 1.0, np.asarray(v))
        return 0.5 * (shape.width * self.quirk.wide + CONTACT_CM) * rise * fall

    def _drop(self, s: np.ndarray) -> np.ndarray:
        """How far the edge stays below the tip of the crown at place `s` (-1 mesial, 1 distal)."""
        shape, half = self.shape, 0.5 * self.shape.width
        radius = np.where(s < 0, shape.mesial, shape.distal)
        q = np.clip((np.abs(s) - (1 - radius / half)) / (radius / half), 0, 0.985)
        corner = radius * (1 - np.sqrt(1 - q * q))
        if shape.cusps == 2:
            return corner + shape.cusp * 0.5 * (1 + np.cos(2 * np.pi * s))
        longer = np.where(s > 0, 1.1, 0.85)
        waves = 0.006 * np.cos(7 * s + 9 * self.quirk.wide + self.quirk.turn_deg) if shape.incisal else 0.0
        return corner + shape.cusp * np.abs(s) ** 1.15 * longer + waves

    def _middle(self, v: float) -> tuple[float, float]:
        """Depth of the section's middle and half its thickness at height `v`."""
        shape = self.shape
        bulge = -0.07 * smoothstep(0.30, -0.10, v) if v < 0.3 else -0.045 * smoothstep(0.35, 1.05, v)
        if shape.incisal:
            full = shape.edge + (shape.thick - shape.edge) * (1 - smoothstep(0.12, 1.0, v)) ** 1.0
        else:
            full = shape.edge + (shape.thick - shape.edge) * (1 - smoothstep(0.45, 1.05, v))
            bulge *= 2.2
        return float(bulge) - full / 2, float(full) / 2

    def section(self, v: float, angle: np.ndarray) -> np.ndarray:
        """Return the ring at height `v` in the crown's frame [shape=(len(angle), 3)]."""
        shape = self.shape
        s = -_spow(np.cos(angle), 2 / shape.square)
        k = _spow(np.sin(angle), 2 / shape.square)
        middle, half_thick = self._middle(v)
        # Three faint lobes run down the labial face of front teeth.
        lobes = 0.007 * np.cos(2.2 * np.pi * s) * (k > 0) * smoothstep(0.1, 0.6, v) if shape.incisal else 0.0
        lingual_lower = 0.0 if shape.incisal else 0.10 * (k < 0) * np.abs(k) * max(v, 0) ** 3
        e = shape.length * v - (self._drop(s) + lingual_lower) * max(v, 0.0) ** 3
        return np.column_stack([self.half_width(v) * s, middle + half_thick * k + lobes, e])

    def cap(self, shrink: float, angle: np.ndarray) -> np.ndarray:
        """Return a ring of the biting surface, `shrink` of 1 at its rim and 0 in the middle."""
        ring = self.section(1.0, angle)
        middle, half_thick = self._middle(1.0)
        ring[:, 1] = middle + (ring[:, 1] - middle) * shrink
        if self.shape.incisal:
            ring[:, 2] += 0.35 * half_thick * (1 - shrink)
            return ring
        fossa = self.shape.length - self.shape.cusp - 0.11
        ring[:, 0] *= shrink
        ring[:, 2] = fossa + (ring[:, 2] - fossa) * shrink ** 1.3 + 0.03 * np.sin(np.pi * shrink)
        return ring

    def to_head(self, local: np.ndarray) -> np.ndarray:
        """Return points of the crown's frame in the head frame."""
        return self.origin + local @ self.axes

    def labial(self, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Depth l of the labial face at place `s` and height `v`."""
        middle, half = np.array([self._middle(float(one)) for one in np.atleast_1d(v)]).T
        n = self.shape.square
        return middle + half * (1 - np.clip(np.abs(s), 0, 1) ** n) ** (1 / n)

    def lingual(self, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Depth l of the face towards the tongue."""
        middle, half = np.array([self._middle(float(one)) for one in np.atleast_1d(v)]).T
        n = self.shape.square
        return middle - half * (1 - np.clip(np.abs(s), 0, 1) ** n) ** (1 / n)


ARCH_EXPONENT = 2.05
"""Roundness of the arch: 2 is an ellipse; flatter fronts show the canines too broadly."""


def arch_points(arch: Arch, count: int = 4001) -> tuple[np.ndarray, np.ndarray]:
    """Return arc length from the midline and points (x >= 0, z) of the labial line of an arch."""
    t = np.linspace(0, np.pi / 2, count)
    x = arch.half_width * np.sin(t) ** (2 / ARCH_EXPONENT)
    z = arch.front_z - arch.depth * (1 - np.cos(t) ** (2 / ARCH_EXPONENT))
    steps = np.hypot(np.diff(x), np.diff(z))
    return np.concatenate([[0.0], np.cumsum(steps)]), np.column_stack([x, z])


def crowns(arch: Arch) -> list[Crown]:
    """Stand the teeth on the arch, from the subject's right second molar to the left one."""
    length, line = arch_points(arch)
    found: dict[int, Crown] = {}
    for side in (-1, 1):
        reached = 0.0
        for i, shape in enumerate(arch.shapes):
            place = 7 + i if side > 0 else 6 - i
            quirk = arch.quirks[place]
            width = shape.width * quirk.wide
            x, z = (np.interp(reached + width / 2, length, line[:, k]) for k in (0, 1))
            ends = [[np.interp(reached + f * width, length, line[:, k]) for k in (0, 1)] for f in (0.05, 0.95)]
            along = np.subtract(ends[1], ends[0])
            found[place] = _stand(arch, shape, quirk, side, np.array([x, z]), along / np.hypot(*along))
            reached += width
    return [found[i] for i in range(14)]


def _stand(arch: Arch, shape: CrownShape, quirk: Quirk, side: int, at: np.ndarray, along: np.ndarray) -> Crown:
    """Return the crown whose labial face touches the arch line at `at` (x, z)."""
    m = np.array([side * along[0], 0.0, along[1]])
    l = np.array([side * -along[1], 0.0, along[0]])  # noqa: E741
    e = np.array([0.0, -arch.up, 0.0])
    m, l = _turned(m, l, quirk.turn_deg)  # noqa: E741
    m, e = _turned(m, e, quirk.tip_deg)
    l, e = _turned(l, e, -shape.torque_deg)  # noqa: E741
    # The middle of the face, not the gum, lies on the arch line, whatever the torque.
    edge = np.array([side * at[0], EDGE_Y_CM + arch.up * (shape.raise_cm - quirk.down_cm), at[1]])
    middle_y = edge[1] + arch.up * shape.length * 0.5
    middle = np.array([edge[0], middle_y, edge[2]]) + l * quirk.out_cm
    return Crown(shape, quirk, middle - e * shape.length * 0.5, np.stack([m, l, e]))


def _turned(a: np.ndarray, b: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return a * c + b * s, b * c - a * s
