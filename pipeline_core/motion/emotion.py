"""Expressions as data, and the "emotion" layer that wears them, changes them and lets lips speak."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arkit import BLENDSHAPES, INDEX
from ..errors import SettingError
from ..types import Keyframe, MotionLayer
from .curves import Curve, layer_rng, noise, waypoints

CHANGE_S = 0.55
"""How long a face takes from one expression to the next."""
SPEAKING_SHARE = 0.45
"""Part of an expression's mouth that stays while words are formed."""
BREATHING_SHARE = 0.08
"""Rms by which a held expression comes and goes; a constant one looks like a mask."""
BREATHING_HZ = (0.05, 0.25)


@dataclass(frozen=True)
class Expression:
    """One emotion at full strength."""

    shapes: dict[str, float]
    """Blendshape -> value; a name without its side means both sides."""
    head_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze_deg: tuple[float, float] = (0.0, 0.0)


EXPRESSIONS: dict[str, Expression] = {
    "neutral": Expression({}),
    "happy": Expression({"mouthSmile": 0.55, "cheekSquint": 0.45, "eyeSquint": 0.22, "mouthDimple": 0.12,
                         "browOuterUp": 0.10, "mouthUpperUp": 0.06}, head_deg=(0.0, 0.6, 0.8)),
    "sad": Expression({"browInnerUp": 0.55, "mouthFrown": 0.50, "browDown": 0.10, "eyeSquint": 0.15,
                       "mouthShrugLower": 0.22, "eyeLookDown": 0.20}, head_deg=(0.0, -2.2, 0.8),
                      gaze_deg=(0.0, -2.0)),
    "angry": Expression({"browDown": 0.75, "eyeSquint": 0.35, "noseSneer": 0.30, "mouthFrown": 0.25,
                         "mouthPress": 0.15, "mouthRollLower": 0.10, "jawForward": 0.15},
                        head_deg=(0.0, -1.2, 0.0)),
    "surprised": Expression({"browInnerUp": 0.65, "browOuterUp": 0.60, "eyeWide": 0.55, "mouthFunnel": 0.10,
                             "jawOpen": 0.04}, head_deg=(0.0, 1.2, 0.0)),
    "fear": Expression({"browInnerUp": 0.65, "browOuterUp": 0.20, "browDown": 0.20, "eyeWide": 0.50,
                        "mouthStretch": 0.35, "mouthFrown": 0.12}, head_deg=(0.0, 0.8, -0.6)),
    "disgust": Expression({"noseSneer": 0.65, "browDown": 0.40, "cheekSquint": 0.35, "mouthUpperUp": 0.22,
                           "mouthFrown": 0.30, "eyeSquint": 0.30}, head_deg=(-0.8, 0.8, 0.6)),
    "thinking": Expression({"browInnerUp": 0.18, "browDownLeft": 0.28, "browOuterUpRight": 0.30,
                            "eyeSquint": 0.18, "mouthPress": 0.15, "mouthLeft": 0.18,
                            "mouthFrown": 0.10}, head_deg=(1.2, 0.8, 1.2), gaze_deg=(3.5, 3.0)),
}  # fmt: skip
"""Our own combinations, after the muscles that the Facial Action Coding System (Ekman and Friesen 1978)
names for each emotion, sized so that strength 1 reads clearly and a photo's texture still holds."""

EMOTIONS: tuple[str, ...] = tuple(EXPRESSIONS)
"""Names that settings and keyframes accept."""

MOUTH = np.array([name.startswith(("mouth", "jaw")) for name in BLENDSHAPES])
"""Which blendshapes speech needs for itself."""


def check_emotion(name: str) -> str:
    """Return `name` if it is known, else raise `SettingError` with the choices."""
    if name not in EXPRESSIONS:
        raise SettingError(f'there is no emotion called "{name}"', hint=f"Use one of: {', '.join(EMOTIONS)}.")
    return name


def parse_keyframes(text: str) -> tuple[Keyframe, ...]:
    """Read emotion keyframes.

    Parameters
    ----------
    text : str
        "seconds emotion [strength]" entries separated by semicolons or line ends, for example
        "0.0 happy 0.6; 2.5 sad".

    Returns
    -------
    tuple of Keyframe
        In order of time; empty for empty text.

    Raises
    ------
    SettingError
        If an entry cannot be read; names the entry and what it should look like.
    """
    found: list[Keyframe] = []
    for entry in text.replace("\n", ";").split(";"):
        words = entry.split()
        if not words:
            continue
        if len(words) not in (2, 3):
            raise SettingError(f'emotion keyframe "{entry.strip()}" has {len(words)} words',
                               hint='Write "seconds emotion strength", for example "2.5 happy 0.6".')
        time_s = _number(words[0], entry, "time", 0.0, math.inf)
        strength = _number(words[2], entry, "strength", 0.0, 2.0) if len(words) == 3 else 1.0
        found.append(Keyframe(time_s, check_emotion(words[1].lower()), strength))
    return tuple(sorted(found, key=lambda k: k.time_s))


def _number(word: str, entry: str, what: str, low: float, high: float) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not (low <= value <= high and math.isfinite(value)):
        limits = f"between {low:g} and {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise SettingError(f'emotion keyframe "{entry.strip()}": the {what} "{word}" cannot be used',
                           hint=f"Give the {what} as a number {limits}.") from None
    return value


def expression_row(name: str) -> npt.NDArray[np.float64]:
    """Return an expression as blendshapes, head and gaze in one row [shape=(52 + 3 + 2,)]."""
    expression = EXPRESSIONS[name]
    shapes = np.zeros(len(BLENDSHAPES))
    for shape, value in expression.shapes.items():
        for full in (shape,) if shape in INDEX else (f"{shape}Left", f"{shape}Right"):
            shapes[INDEX[full]] = value
    return np.concatenate([shapes, expression.head_deg, expression.gaze_deg])


def emotion_layer(times_s: Curve, spoken: Curve, keyframes: Sequence[Keyframe], *, seed: int,
                  strength: float, head: float) -> MotionLayer:
    """Build the "emotion" layer.

    Parameters
    ----------
    times_s : Curve
        Frame instants [shape=(T,)].
    spoken : Curve
        1 where words are formed, 0 in silence [shape=(T,)]; quietens the expression's mouth.
    keyframes : sequence of Keyframe
        At least one, in order of time; the first holds from the beginning.
    seed : int
        Makes the slow coming and going repeatable.
    strength, head : float
        Factor on the expression, and on its head pose besides.
    """
    rows = np.stack([expression_row(k.emotion) * k.strength for k in keyframes])
    at = [k.time_s - 0.5 * CHANGE_S for k in keyframes]
    travel = np.full(len(at), CHANGE_S)
    # One clock drives all channels: evaluate how far each change has come once per column that moves.
    values = np.zeros((len(times_s), rows.shape[1]))
    for column in np.flatnonzero(np.any(rows != 0.0, axis=0)):
        values[:, column] = waypoints(times_s, at, rows[:, column], travel)
    alive = 1.0 + BREATHING_SHARE * noise(layer_rng(seed, "emotion"), times_s, *BREATHING_HZ, parts=8)
    values *= (strength * alive)[:, None]
    shapes = np.clip(values[:, : len(BLENDSHAPES)], 0.0, 1.0)
    shapes[:, MOUTH] *= (1.0 - (1.0 - SPEAKING_SHARE) * spoken)[:, None]
    turn, gaze = values[:, len(BLENDSHAPES) : -2] * head, values[:, -2:]
    blank = MotionLayer.zeros("emotion", len(times_s))
    return MotionLayer("emotion", shapes.astype(np.float32), blank.articulation, turn.astype(np.float32),
                       blank.head_shift, gaze.astype(np.float32))
