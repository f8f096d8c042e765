"""Which face to take: settings, numbering and what to say when there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import registry
from ..cache import shared
from ..errors import NoFaceFound, SettingError
from ..interfaces import Landmarker

Box = tuple[float, float, float, float]

_KEYS: dict[str, Callable[[Box], float]] = {
    "large-small": lambda b: -(b[2] - b[0]) * (b[3] - b[1]),
    "small-large": lambda b: (b[2] - b[0]) * (b[3] - b[1]),
    "left-right": lambda b: b[0] + b[2],
    "right-left": lambda b: -(b[0] + b[2]),
    "top-bottom": lambda b: b[1] + b[3],
    "bottom-top": lambda b: -(b[1] + b[3]),
}
ORDERS = tuple(_KEYS)
"""How faces can be numbered; the first is the default."""


@dataclass(frozen=True)
class DetectSettings:
    """Which face to take."""

    face_index: int = 0
    """Number of the face that talks, counted in `order` from 0."""
    order: str = ORDERS[0]
    min_confidence: float = 0.5
    """How sure a find must be, 0.05 to 0.99."""
    max_faces: int = 16
    """The largest faces that are kept, 1 to 32."""

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise SettingError(f"order={self.order!r} is unknown", hint=f"Choose one of: {', '.join(ORDERS)}.")
        for name, low, high in (("face_index", 0, 63), ("min_confidence", 0.05, 0.99), ("max_faces", 1, 32)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingError(f"{name}={value} is not in {low} to {high}", hint=f"Choose {name} in that range.")


def default_landmarker() -> Landmarker:
    """Return the best landmarker there is, loaded once per process."""
    backend = registry.resolve("landmarks")
    loaded: Landmarker = shared().get(("landmarker", backend.id), backend.load)
    return loaded


def ranked(boxes: Sequence[Box], settings: DetectSettings) -> list[int]:
    """Return the numbers of the largest faces in the order asked for; checks `face_index`."""
    largest = sorted(range(len(boxes)), key=lambda i: _KEYS["large-small"](boxes[i]))[: settings.max_faces]
    if settings.face_index >= len(largest):
        count = len(largest)
        raise SettingError(f"face_index={settings.face_index}, but {count} face{'s' if count > 1 else ''} found",
                           hint=f"Set face_index to {'0' if count == 1 else f'0..{count - 1}'}, "
                                "or lower min_confidence to find more.")
    return sorted(largest, key=lambda i: (_KEYS[settings.order](boxes[i]), boxes[i]))


def no_face(where: str, best_score: float) -> NoFaceFound:
    """Return the error for a picture or video without a face."""
    if best_score > 0:
        return NoFaceFound(f"no sure face was found in {where}; the best guess has a confidence of {best_score:.2f}",
                           hint=f"Lower min_confidence to {max(0.05, int(best_score * 100) / 100)}, or use a picture "
                                "with a larger, clearer face.")
    return NoFaceFound(f"no face was found in {where}",
                       hint="Use an upright picture with one clear face, at least 100 px wide and seen from the front.")
