"""Judges of another family than the networks that drive the renderer: dlib's landmarks and face descriptor.

For measuring only, never for making a video: the 68-point predictor was trained on the iBUG 300-W
pictures, which are for research. Its packages belong to the launcher's test group.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependency
from ..lazy import cv2
from ..types import UInt8Array

SEARCH_PX = 320
"""Longest side of the picture in which the face is looked for; it is then doubled once."""
SEARCH_EVERY = 5
"""Frames for which one found box serves: a talking head stays where it is."""
DESCRIBE_PX = 480
"""Longest side of the picture that is described."""
INSTALL_HINT = ("pip install dlib-bin, and pip install --no-deps \"face_recognition_models>=0.3.0\"; "
                "`python run.py test` installs both.")  # fmt: skip


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise MissingDependency(
            f"the judge needs the Python package {name}",
            hint=INSTALL_HINT)  # fmt: skip
    return Path(spec.origin).parent


def _dlib(model: str) -> tuple[Any, str]:
    _package("dlib")
    path = _package("face_recognition_models") / "models" / model
    if not path.is_file():
        raise MissingDependency(f"the installed face_recognition_models lacks {model}", hint=INSTALL_HINT)
    import dlib

    return dlib, str(path)


class DlibLandmarks:
    """68 landmarks per frame of one clip; frames must come in order."""

    def __init__(self) -> None:
        self._dlib, path = _dlib("shape_predictor_68_face_landmarks.dat")
        self._predict = self._dlib.shape_predictor(path)
        self._search = self._dlib.get_frontal_face_detector()
        self._box: Any = None
        self._count = 0

    def __call__(self, image: UInt8Array) -> npt.NDArray[np.float64] | None:
        """Return the landmarks in pixels [shape=(68, 2)], or None while no face has been found."""
        if self._box is None or self._count % SEARCH_EVERY == 0:
            self._box = _largest_box(self._dlib, self._search, image, SEARCH_PX) or self._box
        self._count += 1
        if self._box is None:
            return None
        shape = self._predict(np.ascontiguousarray(image), self._box)
        return np.array([(shape.part(i).x, shape.part(i).y) for i in range(68)], dtype=np.float64)


class DlibDescriptor:
    """128 numbers per face: the same person is below a distance of 0.6 (dlib's documentation)."""

    def __init__(self) -> None:
        self._dlib, path = _dlib("dlib_face_recognition_resnet_model_v1.dat")
        self._net = self._dlib.face_recognition_model_v1(path)
        self._align = self._dlib.shape_predictor(_dlib("shape_predictor_5_face_landmarks.dat")[1])
        self._search = self._dlib.get_frontal_face_detector()

    def __call__(self, image: UInt8Array) -> npt.NDArray[np.float64] | None:
        """Return the descriptor, or None where no face is found."""
        scale = min(1.0, DESCRIBE_PX / max(image.shape[:2]))
        small = np.ascontiguousarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        box = _largest_box(self._dlib, self._search, small, DESCRIBE_PX)
        if box is None:
            return None
        return np.asarray(self._net.compute_face_descriptor(small, self._align(small, box)), dtype=np.float64)


def _largest_box(dlib: Any, search: Any, image: UInt8Array, side_px: int) -> Any:
    scale = side_px / max(image.shape[:2])
    boxes = search(np.ascontiguousarray(cv2.resize(image, None, fx=scale, fy=scale)), 1)
    if not boxes:
        return None
    best = max(boxes, key=lambda box: box.area())
    return dlib.rectangle(*(int(v / scale) for v in (best.left(), best.top(), best.right(), best.bottom())))
