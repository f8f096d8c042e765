"""Landmarks "insightface": boxes of InsightFace's detector, and our own mesh on each.

The package and the model are the user's own. All models of InsightFace are for non-commercial research
only, so nothing is downloaded here and this back end is never chosen by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..pipeline_core.errors import BackendError, MissingDependency, MissingWeights
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import DetectedFace
from ..pipeline_core.model_files import find_file
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.types import FloatArray, UInt8Array
from .face_mesh.look import MAX_FACES, Found
from .face_mesh.place import follow, place
from .net.face_crop import Region

PACKS = ("buffalo_l", "antelopev2", "buffalo_m", "buffalo_s", "buffalo_sc")
"""Model packs that hold a detector, the best first."""
DETECTORS = ("det_10g.onnx", "scrfd_10g_bnkps.onnx", "det_*.onnx", "scrfd_*.onnx")
WHERE = "ComfyUI/models/insightface/models/buffalo_l/"
_HOME = Path("~/.insightface/models")
_INPUT_PX = (640, 640)
_FLOOR_SCORE = 0.2
_REGION_SCALE = 1.25
"""Side of the landmark crop relative to InsightFace's box, which goes from the hair to the chin."""


def model_file() -> Path | None:
    """Return the detector of the best pack in the user's folders."""
    found = find_file([f"insightface/models/{pack}" for pack in PACKS], DETECTORS)
    if found is not None:
        return found
    own = [path for pack in PACKS for name in DETECTORS for path in sorted((_HOME / pack).expanduser().glob(name))]
    return own[0] if own else None


class InsightFace:
    """A `Landmarker` with another detector."""

    def __init__(self) -> None:
        """Nothing is loaded before the first picture."""
        self._detectors: dict[str, Any] = {}

    def detect(self, images: Sequence[UInt8Array], host: Host) -> list[list[DetectedFace]]:
        """Return the faces of each RGB picture, the surest first."""
        detector = self._detector(host.device)
        found = []
        for done, image in enumerate(images):
            host.progress(done, len(images))
            boxes, points = detector.detect(np.ascontiguousarray(image[..., ::-1]), max_num=MAX_FACES, metric="default")
            found.append([Found(_region(box, None if points is None else points[i]), float(box[4]))
                          for i, box in enumerate(boxes)])
        return place(images, found, host)

    def follow(self, image: UInt8Array, faces: Sequence[DetectedFace], host: Host) -> list[DetectedFace]:
        """Return where the faces of a neighbouring picture are in this one; a lost one has a low score."""
        return follow(image, faces, host)

    def _detector(self, device: str) -> Any:
        if device not in self._detectors:
            self._detectors[device] = _load(device)
        return self._detectors[device]


def _load(device: str) -> Any:
    path = model_file()
    if path is None:
        raise MissingWeights("InsightFace needs the model file det_10g.onnx", hint=f"Put it into {WHERE}.")
    try:
        from insightface.model_zoo import get_model
    except (ImportError, AttributeError, ValueError, OSError) as error:
        raise MissingDependency(f"the package insightface cannot be imported ({error})",
                                hint="Install it into ComfyUI's Python with: pip install insightface onnxruntime") from error
    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    try:
        detector = get_model(str(path), providers=[*wanted, "CPUExecutionProvider"])
        detector.prepare(0 if wanted else -1, input_size=_INPUT_PX, det_thresh=_FLOOR_SCORE)
    except Exception as error:
        # onnxruntime's errors derive from Exception itself; for a model of another kind get_model returns None.
        raise BackendError(f"InsightFace cannot use {path.name} ({error})", hint=f"Put det_10g.onnx anew into {WHERE}.") from error
    return detector


def _region(box: FloatArray, points: FloatArray | None) -> Region:
    """Return the crop of a face from a box (left, top, right, bottom) and five points, eyes first."""
    left, top, right, bottom = (float(v) for v in box[:4])
    across = np.array([1.0, 0.0]) if points is None else points[1] - points[0]
    return Region((left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top) * _REGION_SCALE,
                  float(np.arctan2(across[1], across[0])))


register(Backend(
    kind="landmarks", id="insightface", title="InsightFace detector + face mesh (non-commercial)", load=InsightFace,
    licence="InsightFace non-commercial", commercial=False, priority=0,
    packages=("insightface", "onnxruntime", "torch", "safetensors"), distributions=("insightface", "onnxruntime"),
    files=lambda: () if model_file() else ("det_10g.onnx",), where=WHERE,
))
