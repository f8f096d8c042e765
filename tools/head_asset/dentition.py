"""Teeth, gums, tongue and the lining of the mouth, built from tables of tooth sizes.

Everything is in the head frame in centimetres (x to the subject's left, y up, z towards the
viewer) and placed in the mean head, whose upper lip line lies at y = -3.17, z = 11.46. Crown
sizes are textbook averages; the small irregularities that keep a row of teeth from looking
like a denture are written down tooth by tooth, so every build gives the same mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mouth_arch import LOWER, UPPER, Arch, Crown, crowns
from .mouth_gum import gum_strip
from .mouth_lining import lining, palate
from .mouth_mesh import LOWER_GUM, LOWER_TEETH, UPPER_GUM, UPPER_TEETH, Mesh, joined
from .mouth_tongue import tongue
from .occlusion import openness

STEP_CM = 0.002
"""Quantisation of positions, as for the head."""
_LABIAL_COLUMNS = {"front": 14, "back": 9}
_LINGUAL_COLUMNS = {"front": 8, "back": 7}
_WALL_ROWS = {"front": 10, "back": 7}


@dataclass(frozen=True)
class MouthGeometry:
    """The mouth interior at rest, teeth level with each other."""

    vertices_cm: np.ndarray
    """[shape=(N, 3)]."""
    triangles: np.ndarray
    """[shape=(M, 3)], counter-clockwise seen from where the surface can be seen."""
    part: np.ndarray
    """0 upper teeth, 1 lower teeth, 2 upper gum, 3 lower gum, 4 tongue, 5 lining [shape=(N,)]."""
    tooth: np.ndarray
    """0-13 upper, 14-27 lower from the subject's right to the left, 255 elsewhere [shape=(N,)]."""
    height: np.ndarray
    """Place along the crown from gum (0) to edge (1); along the tongue from root to tip; of
    the lining, how light it is."""
    occlusion: np.ndarray
    """Share of the surroundings not hidden by the rigid neighbours, 0..1 [shape=(N,)]."""
    jaw: np.ndarray
    """Share of the jaw's rotation that a vertex takes, 0..1 [shape=(N,)]."""
    tip: np.ndarray
    """Share of the tongue tip's gesture that a vertex takes, 0..1 [shape=(N,)]."""

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the arrays as small integers for the asset."""
        shares = {name: np.round(getattr(self, name) * 255).astype(np.uint8)
                  for name in ("height", "occlusion", "jaw", "tip")}  # fmt: skip
        return {
            "mouth_vertices": np.round(self.vertices_cm / STEP_CM).astype(np.int16),
            "mouth_triangles": self.triangles.astype(np.uint16),
            "mouth_part": self.part.astype(np.uint8),
            "mouth_tooth": self.tooth.astype(np.uint8),
            **{f"mouth_{name}": values for name, values in shares.items()},
        }


def build_mouth() -> MouthGeometry:
    """Build the whole mouth interior."""
    pieces: list[Mesh] = []
    for arch, teeth_part, gum_part in ((UPPER, UPPER_TEETH, UPPER_GUM), (LOWER, LOWER_TEETH, LOWER_GUM)):
        rigid = joined([*teeth(arch, teeth_part), gum_strip(arch, gum_part)])
        # Soft parts are left out: they move against the teeth.
        rigid.occlusion = openness(rigid)
        pieces.append(rigid)
    pieces += [palate(), tongue(), lining()]
    whole = joined(pieces)
    return MouthGeometry(whole.vertices, whole.triangles, whole.part, whole.tooth, whole.height,
                         whole.occlusion, whole.jaw, whole.tip)  # fmt: skip


def teeth(arch: Arch, part: int) -> list[Mesh]:
    """Return the 14 crowns of an arch."""
    return [crown_mesh(crown, part, 14 * part + i) for i, crown in enumerate(crowns(arch))]


def crown_mesh(crown: Crown, part: int, number: int) -> Mesh:
    """Return one crown: a wall from inside the gum to the edge, closed by the biting surface."""
    density = "front" if crown.shape.incisal else "back"
    labial = np.linspace(0, np.pi, _LABIAL_COLUMNS[density] + 1)[:-1]
    lingual = np.pi + np.linspace(0, np.pi, _LINGUAL_COLUMNS[density] + 1)[:-1]
    angle = np.concatenate([labial, lingual])
    # Rows are denser towards the edge, whose shape tells the teeth apart.
    wall = -0.12 + 1.12 * np.linspace(0, 1, _WALL_ROWS[density]) ** 0.8
    caps = (0.7, 0.25) if crown.shape.incisal else (0.82, 0.55, 0.25)
    rows = [crown.section(v, angle) for v in wall]
    rows += [crown.cap(shrink, angle) for shrink in caps]
    height = np.concatenate([np.repeat(np.clip(wall, 0, 1), len(angle)), np.ones(len(caps) * len(angle) + 1)])
    local = np.concatenate([*rows, crown.cap(0.0, angle).mean(axis=0)[None]])
    mesh = Mesh.tube(crown.to_head(local), len(rows), len(angle), end_point=True).facing_outwards()
    count = len(mesh.vertices)
    mesh.part = np.full(count, part)
    mesh.tooth = np.full(count, number)
    mesh.height = height
    mesh.jaw = np.full(count, float(part))
    return mesh
