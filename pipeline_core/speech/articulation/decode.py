"""Phones from sound alone: the best path through what was heard."""

from __future__ import annotations

import numpy as np

from ...types import FloatArray, Phone
from ..runs import equal_runs
from .heard import Heard
from .symbols import PHONES, RATE_HZ, SPELT

_SHORTEST = 3
"""Frames that a phone lasts at least: 30 ms, the length of a tap."""
_CHANGE = -0.5
"""What it costs to go from one phone to the next, nats; keeps flicker out."""


def decode(heard: Heard) -> tuple[Phone, ...]:
    """Return the most likely phones over the whole sound.

    Viterbi search over phones of at least 30 ms, where every phone may follow every other: what
    language is spoken is not assumed.
    """
    places = best_path(heard.log_posteriors)
    names = [SPELT.get(phone, phone) for phone in PHONES]
    return tuple(Phone(names[places[first]], first / RATE_HZ, last / RATE_HZ) for first, last in equal_runs(places))


def best_path(scores: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the place in `PHONES` of every frame [shape=(T,)]; scores add up [shape=(T, P)]."""
    count, phones = scores.shape
    step = np.full((_SHORTEST, phones), -np.inf, np.float32)
    came_from = np.zeros(count, np.int32)
    stayed = np.zeros((count, phones), bool)
    for t in range(count):
        leaving = step[-1]
        came_from[t] = int(np.argmax(leaving))
        entering = leaving[came_from[t]] + _CHANGE if t else 0.0
        stayed[t] = step[-1] >= step[-2]
        following = np.maximum(step[-1], step[-2])
        step[1:] = step[:-1]
        step[-1] = following
        step[0] = entering
        step += scores[t]
    return _trace(step, came_from, stayed, count)


def _trace(step: FloatArray, came_from: np.ndarray[tuple[int], np.dtype[np.int32]],
           stayed: np.ndarray[tuple[int, int], np.dtype[np.bool_]], count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Walk back from the best end."""
    path = np.zeros(count, np.int64)
    depth = min(count, _SHORTEST) - 1
    phone = int(np.argmax(step[depth])) if count else 0
    for t in range(count - 1, -1, -1):
        path[t] = phone
        if depth == _SHORTEST - 1:
            depth = depth if stayed[t, phone] else depth - 1
        elif depth == 0:
            phone, depth = came_from[t], _SHORTEST - 1
        else:
            depth -= 1
    return path
