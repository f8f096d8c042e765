"""The mouth interior (teeth, gums, tongue, lining) and how the jaw and the tongue move it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...pipeline_core.compiled import compiled
from ...pipeline_core.types import FloatArray
from .normals import vertex_normals

STEP_CM = 0.002
"""Quantisation step of positions in the asset."""
UPPER_TEETH, LOWER_TEETH, UPPER_GUM, LOWER_GUM, TONGUE, LINING = range(6)
"""Values of `Mouth.part`."""
NO_TOOTH = 255
JAW_ANGLE_DEG = 20.7
JAW_PIVOT_CM = (-1.08, 2.71)
"""Rotation at jawOpen = 1 and its axis (y, z): the rigid motion closest to what the jawOpen unit
does to MakeHuman's lower teeth (residual 0.36 mm mean, 0.67 mm at most)."""
JAW_LEFT_CM = (0.66, -0.08, 0.43)
JAW_FORWARD_CM = (0.0, -0.15, 0.83)
"""What the jawLeft and jawForward units do to MakeHuman's lower teeth."""
TIP_FORWARD_CM, TIP_UP_CM = 1.05, 1.12
"""Travel of the tongue's tip for l and th: over the lower edges, up to the upper ones."""
OUT_FORWARD_CM, OUT_DROP_CM = 2.2, 0.55
"""Travel of the tongue's tip for tongueOut (MakeHuman's unit: 2.2 cm forward), and how far the
tip hangs once it is outside."""
OUT_FREE = 0.45
"""Share of the jaw's movement that the tip of a tongue put out does not take: it lies on the lip."""
OUT_LEVEL_CM = -4.25
"""Height towards which a tongue put out is flattened: the middle of its tip at rest."""
_UPPER_INCISORS = (6, 7)
EDGE_BELOW_LIP_CM, FACE_BEHIND_LIP_CM = 0.22, 0.35
"""Where the upper incisors stand relative to the middle of the upper lip line. With 4 mm the teeth
fill every small opening, which then looks shut (measured: correlation 0.80 instead of 0.85); with
1 mm no teeth show in f, s and ee."""
IDENTITY_AFFINE = np.zeros((3, 4), np.float32)


@dataclass(frozen=True, eq=False)
class Mouth:
    """The mouth interior of the mean head at rest, in the head frame."""

    vertices: FloatArray
    """[shape=(N, 3), cm]."""
    triangles: npt.NDArray[np.int32]
    """[shape=(M, 3)], counter-clockwise seen from where the surface can be seen."""
    part: npt.NDArray[np.uint8]
    """Which tissue a vertex belongs to [shape=(N,)]."""
    tooth: npt.NDArray[np.uint8]
    """0-13 upper, 14-27 lower from the subject's right to the left, else `NO_TOOTH`."""
    height: FloatArray
    """Along a crown 0 at the gum, 1 at the edge; along the tongue 0 at the root, 1 at the tip;
    of the lining, how light it is."""
    occlusion: FloatArray
    """Share of the surroundings not hidden by rigid neighbours, 0..1."""
    jaw: FloatArray
    """Share of the jaw's rotation a vertex takes, 0..1."""
    tip: FloatArray
    """Share of the tongue tip's movement a vertex takes, 0..1."""
    normals: FloatArray = field(init=False)
    """Unit normals at rest [shape=(N, 3)]."""
    upper_edge: npt.NDArray[np.int64] = field(init=False)
    """Vertices on the biting edges of the upper front teeth."""
    lower_edge: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        for name, front in (("upper_edge", range(4, 10)), ("lower_edge", range(18, 24))):
            edge = np.isin(self.tooth, list(front)) & (self.height > 0.99)
            object.__setattr__(self, name, np.flatnonzero(edge))
        object.__setattr__(self, "normals", vertex_normals(self.vertices, self.triangles))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[Any]]) -> Mouth:
        """Read the arrays of the asset, their names without the leading "mouth_"."""
        shares = {name: tensors[name].astype(np.float32) / np.float32(255)
                  for name in ("height", "occlusion", "jaw", "tip")}  # fmt: skip
        return cls(
            vertices=tensors["vertices"].astype(np.float32) * np.float32(STEP_CM),
            triangles=tensors["triangles"].astype(np.int32),
            part=tensors["part"],
            tooth=tensors["tooth"],
            **shares,
        )


def seated(mouth: Mouth, affine: FloatArray, lip_middle_cm: FloatArray) -> FloatArray:
    """Move the mouth interior to where it belongs behind a person's lips.

    Fitted lips and fitted jaws agree to a few millimetres only, which decides whether teeth show
    at all; the lips are what the landmarks measure.

    Parameters
    ----------
    mouth : Mouth
        The mouth at rest.
    affine : ndarray
        Placement by identity [shape=(3, 4)].
    lip_middle_cm : ndarray
        Middle of the upper lip's contact line in the neutral fitted head [shape=(3,)].

    Returns
    -------
    ndarray
        `affine` with another translation.
    """
    placed, _ = pose_mouth(mouth, affine=affine)
    incisors = placed[np.isin(mouth.tooth, _UPPER_INCISORS)]
    edge = placed[mouth.upper_edge[np.isin(mouth.tooth[mouth.upper_edge], _UPPER_INCISORS)]]
    now = np.array([incisors[:, 0].mean(), edge[:, 1].mean(), incisors[:, 2].max()])
    wanted = np.asarray(lip_middle_cm) - (0.0, EDGE_BELOW_LIP_CM, FACE_BEHIND_LIP_CM)
    moved = np.array(affine, np.float32)
    moved[:, 3] += (wanted - now).astype(np.float32)
    return moved


def pose_mouth(
    mouth: Mouth,
    jaw_open: float = 0.0,
    jaw_lateral: float = 0.0,
    jaw_forward: float = 0.0,
    tongue_tip: float = 0.0,
    tongue_out: float = 0.0,
    affine: FloatArray = IDENTITY_AFFINE,
) -> tuple[FloatArray, FloatArray]:
    """Move lower teeth, tongue and lining; upper teeth, their gum and the palate stay.

    Parameters
    ----------
    mouth : Mouth
        The mouth at rest.
    jaw_open, jaw_forward, tongue_tip, tongue_out : float
        Strengths 0..1 of the gestures of the same names.
    jaw_lateral : float
        jawLeft minus jawRight, -1..1.
    affine : ndarray
        Placement in a particular head: position + affine @ (x, y, z, 1) [shape=(3, 4), cm].

    Returns
    -------
    vertices : ndarray
        [shape=(N, 3), float32, cm].
    normals : ndarray
        Unit normals [shape=(N, 3), float32].
    """
    shift = np.array(JAW_LEFT_CM) * (jaw_lateral, abs(jaw_lateral), abs(jaw_lateral))
    shift = (shift + jaw_forward * np.array(JAW_FORWARD_CM)).astype(np.float32)
    # The tip clears the lower teeth before it comes forward.
    up = TIP_UP_CM * max(1 - (1 - tongue_tip) ** 2, 1 - (1 - tongue_out) ** 4)
    forward = TIP_FORWARD_CM * tongue_tip**1.6 * (1 - tongue_out) + OUT_FORWARD_CM * tongue_out**1.3
    vertices = np.empty_like(mouth.vertices)
    normals = np.empty_like(mouth.normals)
    _move(mouth.vertices, mouth.normals, mouth.jaw, mouth.tip, np.float32(np.radians(JAW_ANGLE_DEG) * jaw_open),
          shift, np.float32(up), np.float32(forward), np.float32(OUT_DROP_CM * tongue_out**2), np.float32(OUT_FREE * tongue_out),
          np.asarray(affine, np.float32), vertices, normals)  # fmt: skip
    return vertices, normals


@compiled(error_model="numpy")
def _move(
    rest: Any, rest_normals: Any, jaw: Any, tip: Any, angle: Any, shift: Any, up: Any, forward: Any,
    drop: Any, free: Any, affine: Any, vertices: Any, normals: Any,
) -> None:  # fmt: skip
    one = np.float32(1)
    pivot_y, pivot_z = np.float32(JAW_PIVOT_CM[0]), np.float32(JAW_PIVOT_CM[1])
    for i in range(rest.shape[0]):
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        nx, ny, nz = rest_normals[i, 0], rest_normals[i, 1], rest_normals[i, 2]
        share, reach = jaw[i], tip[i]
        if reach > 0:
            # Lifting sets in before pushing, so that the blade bends instead of shearing.
            y += up * np.sqrt(reach) * reach - drop * reach * reach * reach * reach
            share *= one - free * reach
            # A tongue put out is flat and narrow.
            y += free * reach * (np.float32(OUT_LEVEL_CM) - y)
            x *= one - np.float32(0.4) * free * reach
            z += forward * reach
        if share > 0:
            c, s = np.cos(angle * share), np.sin(angle * share)
            dy, dz = y - pivot_y, z - pivot_z
            x += share * shift[0]
            y = pivot_y + c * dy - s * dz + share * shift[1]
            z = pivot_z + s * dy + c * dz + share * shift[2]
            ny, nz = c * ny - s * nz, s * ny + c * nz
        for k in range(3):
            moved = affine[k, 0] * x + affine[k, 1] * y + affine[k, 2] * z + affine[k, 3]
            vertices[i, k] = moved + (x if k == 0 else (y if k == 1 else z))
        normals[i, 0], normals[i, 1], normals[i, 2] = nx, ny, nz
