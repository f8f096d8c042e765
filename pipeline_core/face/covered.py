"""Whether something is in front of a mouth: a hand, a microphone, a cup.

While a clip goes by, a few colours of each face are kept, those of the outer lips and those of places that tell the
light. When it is over, it is known how each place looks in this clip and how that changes as the head turns and the
mouth opens; where much of the lips is far from it, something else is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..lazy import cv2
from ..types import FloatArray, UInt8Array
from .geometry import CHIN, FOREHEAD, LEFT_TEMPLE, LIPS_OUTER, RIGHT_TEMPLE
from .trust import COVERED, pitch_deg, yaw_deg

_LIGHT = (50, 101, 118, 205, 280, 330, 347, 425, 6, 197, 195, 5, 151, 9, 108, 337, 69, 299, 116, 345)
"""Cheeks, nose and forehead: they tell the light of a frame whatever covers the mouth."""
_POINTS = (*LIPS_OUTER, *_LIGHT)
_SIDE_PX, _FACES_WIDE, _SMOOTH_PX = 64, 1.5, 1.3
"""A face is looked at in this size, with some surroundings: its width is 43 pixels, a lip is four high, and colours
are means over as much, so that noise and landmarks that are off by a little do not count."""
_REACH = 1.1
"""So many face widths around its middle hold all of that, however the head leans."""
_DARK = 0.06
"""Added before the logarithm: below, noise decides."""
_FLOOR = np.array([0.03, 0.015, 0.015], np.float32)
"""Differences that are always forgiven: 3 % of light, 1.5 % of colour."""
_SPREADS = 2.0
"""So many standard deviations of what the clip shows are forgiven besides."""
_FAR = 1.0
"""Excess over what is forgiven, in units of it, from which a place is hidden. With it 0.05 of the lips at most on eight
clips of people who talk and laugh, 0.15 on four heads that turn to the side or yawn once; with a microphone, a cup or a hand
of the person's own colour 0.45 and more of them on seven clips, but a hand before a dark beard is not told."""
LEAST_FRAMES, PIECE_FRAMES, LEARNT_FRAMES = 16, 1500, 300
"""A shot that shows the face in fewer frames tells nothing; a longer one is judged in pieces, since light changes; of each
piece so many frames are learnt from."""
MOST_SHARE = 1 / 3
"""What is there in more of a shot's frames may be the face itself: nothing is said then."""
_RARE, _DOUBT, _MOST_DOUBT = 2.5, 0.3, 1.0
"""Beyond so many deviations a turn or an opening is rare: then more is forgiven, by this share for each deviation."""
_ROUNDS, _RIDGE = 3, 0.1
_TRUSTED_SHARE, _TRUSTED_QUANTILE = 0.35, 0.454
"""Share of the frames that tell how much is left over, and what it is of a normal distribution's deviation."""


@dataclass(frozen=True, eq=False)
class _Known:
    """How the places look in one piece of a clip."""

    middle: FloatArray
    """The usual state [shape=(S,)]."""
    spread: FloatArray
    """How far states are from it [shape=(S,)]."""
    light: FloatArray
    """Colours of the places that tell the light [shape=(L, 3)]."""
    model: FloatArray
    """Colours, and how they change with the state [shape=(1 + S, P, 3)]."""
    forgiven: FloatArray
    """Differences that mean nothing [shape=(P, 3)]."""


def mouth_look(image: UInt8Array, points: FloatArray) -> npt.NDArray[np.float16]:
    """Return the colours of a face that `hidden_share` wants to know [shape=(P, 3)], 240 bytes.

    Parameters
    ----------
    image : UInt8Array
        RGB(A) frame.
    points : FloatArray
        Landmarks [shape=(478, 3), pixels].
    """
    flat = np.asarray(points[:, :2], np.float64)
    across = flat[LEFT_TEMPLE] - flat[RIGHT_TEMPLE]
    width = max(float(np.linalg.norm(across)), 1.0)
    middle, scale = (flat[FOREHEAD] + flat[CHIN]) / 2, _SIDE_PX / (_FACES_WIDE * width)
    part, origin, shrink = _around(image, middle, _REACH * width, scale)
    c, s = across / width * scale
    turn = np.array([[c, s], [-s, c]])
    shift = _SIDE_PX / 2 - turn @ middle
    matrix = np.column_stack([turn / shrink, shift + turn @ origin])
    small = cv2.warpAffine(part, matrix, (_SIDE_PX, _SIDE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(_colours(np.asarray(small, np.uint8)), (0, 0), _SMOOTH_PX)
    at = np.asarray(flat[list(_POINTS)] @ turn.T + shift, np.float32)[None]
    found = cv2.remap(smooth, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found[0], np.float16)


def hidden_share(looks: npt.NDArray[np.float16], landmarks_px: Sequence[FloatArray], shots: Sequence[int]) -> FloatArray:
    """Return how much of the lips is hidden, 0..1 [shape=(T,)].

    Parameters
    ----------
    looks : array
        From `mouth_look`, of the frames that show the face [shape=(T, P, 3)].
    landmarks_px : sequence of FloatArray
        Its landmarks there, T of them [shape=(478, 3)].
    shots : sequence of int
        A number for each of the frames, equal within a shot, ascending.
    """
    hidden = np.zeros(len(looks), np.float32)
    for start, stop in _pieces(shots):
        if stop - start >= LEAST_FRAMES:
            piece = slice(start, stop)
            share = _hidden(looks[piece].astype(np.float32), _states(np.asarray(landmarks_px[piece])))
            if (share > COVERED).mean() <= MOST_SHARE:
                hidden[piece] = share
    return hidden


def _around(image: UInt8Array, middle: FloatArray, reach: float, scale: float) -> tuple[UInt8Array, FloatArray, float]:
    """Return the part of a picture around a place, made smaller by whole pixels; where it begins, and its scale."""
    low = np.clip(np.floor(middle - reach).astype(int), 0, [image.shape[1] - 1, image.shape[0] - 1])
    high = np.clip(np.ceil(middle + reach).astype(int), low + 1, [image.shape[1], image.shape[0]])
    step = max(1, int(0.7 / scale))
    size = np.maximum((high - low) // step, 1)
    part = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0], :3])
    if step == 1:
        return part, low.astype(np.float64), 1.0
    part = part[: size[1] * step, : size[0] * step]
    return np.asarray(cv2.resize(part, tuple(int(v) for v in size), interpolation=cv2.INTER_AREA)), low.astype(np.float64), 1 / step


def _colours(rgb: UInt8Array) -> FloatArray:
    """Return log brightness, red over green, blue over green [shape=(H, W, 3)]."""
    return np.asarray(_LOGS[rgb] @ np.array([[0.299, 1, 0], [0.587, -1, -1], [0.114, 0, 1]], np.float32))


_LOGS = np.log(np.arange(256, dtype=np.float32) / 255 + np.float32(_DARK))


def _states(points: FloatArray) -> FloatArray:
    """Return what changes the look of a mouth: turn, nod, opening, width [shape=(T, 4)]."""
    width = np.maximum(np.linalg.norm(points[:, LEFT_TEMPLE] - points[:, RIGHT_TEMPLE], axis=1), 1.0)
    opening, across = (np.linalg.norm(points[:, a] - points[:, b], axis=1) / width for a, b in ((13, 14), (61, 291)))
    # Scaled so that talking heads differ by about one in each.
    return np.column_stack([yaw_deg(points) / 12, pitch_deg(points) / 12, 10 * opening, 8 * across]).astype(np.float32)


def _pieces(shots: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of equal numbers, long ones in even parts."""
    edges = [0, *(np.flatnonzero(np.diff(np.asarray(shots))) + 1).tolist(), len(shots)]
    for start, stop in zip(edges, edges[1:], strict=False):
        parts = -(-(stop - start) // PIECE_FRAMES)
        yield from ((start + (stop - start) * i // parts, start + (stop - start) * (i + 1) // parts) for i in range(parts))


def _hidden(looks: FloatArray, states: FloatArray) -> FloatArray:
    known = _learnt(*(values[:: -(-len(looks) // LEARNT_FRAMES)] for values in (looks, states)))
    apart = states - known.middle
    rare = np.maximum(np.abs(apart) / known.spread - _RARE, 0).max(axis=1)
    doubt = 1 + np.minimum(_DOUBT * rare, _MOST_DOUBT)
    rest = np.abs(_lit(looks, known.light) - _usual(apart, known.model))
    excess = np.maximum(rest / (known.forgiven * doubt[:, None, None]) - 1, 0).sum(axis=2)
    return np.asarray((excess > _FAR).mean(axis=1), np.float32)


def _learnt(looks: FloatArray, states: FloatArray) -> _Known:
    """Explain the looks of the lips by states, robustly."""
    light = np.median(looks[:, len(LIPS_OUTER) :], axis=0)
    middle = np.median(states, axis=0)
    spread = 1.48 * np.median(np.abs(states - middle), axis=0) + 0.1
    values, apart = _lit(looks, light), states - middle
    inputs = _inputs(apart)
    pairs = (inputs[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1)
    size = inputs.shape[1]
    ridge = np.diag([0.0, *[1.0] * (size - 1)]) * _RIDGE * len(inputs)
    model = np.zeros((size, *values.shape[1:]), np.float32)
    model[0] = np.median(values, axis=0)
    for _ in range(_ROUNDS):
        rest = values - _usual(apart, model)
        weight = 1 / (1 + ((rest / (_deviation(rest) + _FLOOR / 2)) ** 2).mean(axis=2) / 4)
        gram = (weight.T @ pairs).reshape(-1, size, size) + ridge
        right = np.einsum("ni,np,npc->pic", inputs, weight, values, optimize=True)
        model = np.linalg.solve(gram, right).transpose(1, 0, 2).astype(np.float32)
    return _Known(middle, spread, light, model, _FLOOR + _SPREADS * _deviation(values - _usual(apart, model)))


def _lit(looks: FloatArray, light: FloatArray) -> FloatArray:
    """Return the colours of the lips as they would be in the usual light [shape=(T, P, 3)]."""
    lips = len(LIPS_OUTER)
    return np.asarray(looks[:, :lips] - np.median(looks[:, lips:] - light, axis=1)[:, None])


def _inputs(apart: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(apart), np.float32), apart])


def _usual(apart: FloatArray, model: FloatArray) -> FloatArray:
    return np.asarray(np.tensordot(_inputs(apart), model, 1))


def _deviation(rest: FloatArray) -> FloatArray:
    """Return the standard deviation, judged by the frames that fit best, so that the others may be covered."""
    return np.asarray(np.quantile(np.abs(rest), _TRUSTED_SHARE, axis=0) / _TRUSTED_QUANTILE, np.float32)
