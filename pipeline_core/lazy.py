"""Packages that are imported when they are first used: ComfyUI starts as fast as it does without us.

``from ..lazy import cv2`` stands for ``import cv2``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .errors import MissingDependency

UNUSABLE = (ImportError, AttributeError, ValueError, TypeError, OSError, SystemError)
"""What importing a package raises that is absent, half installed, or built for another numpy."""


def unusable(name: str, distribution: str, error: BaseException) -> MissingDependency:
    """Return the one sentence that a user needs when a package cannot be imported."""
    absent = isinstance(error, ModuleNotFoundError) and error.name == name
    reason = "is not installed" if absent else f"cannot be imported ({type(error).__name__}: {error})"
    upgrade = "" if absent else "--upgrade "
    return MissingDependency(f"Talking Avatar needs the package {distribution}, which {reason}",
                             hint=f"Run with ComfyUI's Python: python -m pip install {upgrade}{distribution}")


class _LazyModule(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __init__(self, name: str, distribution: str) -> None:
        super().__init__(name)
        self._distribution = distribution
        self._module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        # Python and its tools ask any module for such names; that is no use of the package.
        if name.startswith("__"):
            raise AttributeError(name)
        if self._module is None:
            try:
                self._module = import_module(self.__name__)
            except UNUSABLE as error:
                raise unusable(self.__name__, self._distribution, error) from error
        return getattr(self._module, name)


if TYPE_CHECKING:
    import cv2 as cv2
    from scipy import fft as fft
    from scipy import ndimage as ndimage
    from scipy import signal as signal
else:
    # Every flavour of OpenCV does; where there is none, this one needs no desktop libraries.
    cv2 = _LazyModule("cv2", "opencv-python-headless")
    fft = _LazyModule("scipy.fft", "scipy")
    ndimage = _LazyModule("scipy.ndimage", "scipy")
    signal = _LazyModule("scipy.signal", "scipy")
