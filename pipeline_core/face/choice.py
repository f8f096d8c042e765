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
DETECTORS = {"auto": "auto", "short range": "face_mesh_near", "full range": "face_mesh_far",
             "insightface (non-commercial)": "insightface"}
"""How faces can be looked for, and the back end that does it; the first is the default."""


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
    detector: str = "auto"
    """One of `DETECTORS`."""

    def __post_init__(self) -> None:
        for name, known in (("order", ORDERS), ("detector", tuple(DETECTORS))):
            if getattr(self, name) not in known:
                raise SettingError(f"{name}={getattr(self, name)!r} is unknown", hint=f"Choose one of: {', '.join(known)}.")
        for name, low, high in (("face_index", 0, 63), ("min_confidence", 0.05, 0.99), ("max_faces", 1, 32)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingError(f"{name}={value} is not in {low} to {high}", hint=f"Choose {name} in that range.")


def backend_of(settings: DetectSettings) -> registry.Backend:
    """Return the back end that the settings ask for."""
    return registry.resolve("landmarks", DETECTORS[settings.detector])


def landmarker_of(settings: DetectSettings) -> Landmarker:
    """Return what the back end of the settings offers, loaded once per process."""
    backend = backend_of(settings)
    loaded: Landmarker = shared().get(("landmarker", backend.id), backend.load)
    return loaded


def ranked(boxes: Sequence[Box], settings: DetectSettings, talker: int | None = None) -> tuple[list[int], int]:
    """Number the faces.

    Parameters
    ----------
    boxes : sequence of Box
        The faces.
    settings : DetectSettings
        Order, number of faces, and the number of the one that talks.
    talker : int, optional
        The face that talks, where something else than its number decides.

    Returns
    -------
    list of int, int
        The largest faces in the order asked for, and the position of the one that talks.
    """
    largest = sorted(range(len(boxes)), key=lambda i: _KEYS["large-small"](boxes[i]))[: settings.max_faces]
    if talker is not None and talker not in largest:
        largest[-1] = talker
    order = sorted(largest, key=lambda i: (_KEYS[settings.order](boxes[i]), boxes[i]))
    if talker is not None:
        return order, order.index(talker)
    if settings.face_index >= len(order):
        count = len(order)
        raise SettingError(f"face_index={settings.face_index}, but {count} face{'s' if count > 1 else ''} found",
                           hint=f"Set face_index to {'0' if count == 1 else f'0..{count - 1}'}, "
                                "or lower min_confidence to find more.")
    return order, settings.face_index


def nobody_there(numbers: Sequence[float], boxes: Sequence[Box]) -> NoFaceFound:
    """Return the error for a box or point that meets no face."""
    places = ", ".join(f"({(b[0] + b[2]) / 2:.0f}, {(b[1] + b[3]) / 2:.0f})" for b in boxes) or "nowhere"
    return NoFaceFound(f"no face was found at the box {tuple(round(n) for n in numbers)}; faces are at {places}",
                       hint="Connect a box of this picture (x, y, width, height in pixels), or disconnect it and choose by "
                            "face_index.")


def no_face(where: str, best_score: float) -> NoFaceFound:
    """Return the error for a picture or video without a face."""
    if best_score > 0:
        return NoFaceFound(f"no sure face was found in {where}; the best guess has a confidence of {best_score:.2f}",
                           hint=f"Lower min_confidence to {max(0.05, int(best_score * 100) / 100)}, or use a picture "
                                "with a larger, clearer face.")
    return NoFaceFound(f"no face was found in {where}",
                       hint="Use a picture with one clear face, at least 100 px wide and seen from the front.")
