"""The best way through the graph of a text, frame by frame (Viterbi), in bounded memory.

Only a band of states around the best ones is alive at a time. An hour of sound with ten thousand
words would still need a gigabyte to remember every step; so scores are kept at the beginning of
each block of frames only, and the steps of one block at a time are found again from there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ...compiled import compiled
from ...host import Host
from ...types import FloatArray
from .align_graph import Graph

_BLOCK = 1000
"""Frames per block."""

Scores = npt.NDArray[np.float64]
Steps = npt.NDArray[np.uint8]


# The compiled functions take arrays one by one: numba knows no dataclasses.
# mypy: disable-error-code="no-untyped-def"


@compiled(error_model="numpy")
def _enter(scores, column, first, before, price, beam):  # noqa: ANN001, ANN202
    """Give the states that take no sound their scores before the first frame; return how many live."""
    high = 1
    scores[0, 0] = 0.0
    for s in range(1, len(column)):
        scores[0, s] = -np.inf
        if column[s] < 0:
            for i in range(first[s], first[s + 1]):
                scores[0, s] = max(scores[0, s], scores[0, before[i]] + price[i])
            if scores[0, s] < -beam:
                break
            high = s + 1
    return high


@compiled(error_model="numpy")
def _advance(scores, low, high, gains, column, first, before, price, reach, beam, steps, origin):  # noqa: ANN001, ANN202
    """Run the frames of `gains`; return the band of living states and the widest band on the way.

    Row 0 of `scores` [shape=(2, S)] holds the scores before the first frame, alive from `low` to
    `high` - 1, and on return those after the last. `steps` [shape=(T, W)], if it is not empty,
    receives which of its predecessors each state came from, state `origin` first.
    """
    least, most = low, high
    here, there = 0, 1
    for t in range(len(gains)):
        best = -np.inf
        new_low, new_high = -1, low
        s = low
        while s < len(column) and s < max(high, new_high) + reach:
            sounds = column[s] >= 0
            top, choice = -np.inf, 0
            for i in range(first[s], first[s + 1]):
                p = before[i]
                # What takes no sound is reached within the frame.
                value = -np.inf
                if p >= low and (not sounds or p < high):
                    value = scores[here if sounds else there, p] + price[i]
                if value > top:
                    top, choice = value, i - first[s]
            if sounds:
                top += gains[t, column[s]]
            scores[there, s] = top
            if len(steps) > 0:
                steps[t, s - origin] = choice
            best = max(best, top)
            if top >= best - beam:
                new_high = s + 1
                new_low = s if new_low < 0 else new_low
            s += 1
        # The best may have come late: what is too far below it at the edges goes as well.
        while scores[there, new_low] < best - beam:
            new_low += 1
        while scores[there, new_high - 1] < best - beam:
            new_high -= 1
        low, high = new_low, new_high
        least, most = min(least, low), max(most, s)
        here, there = there, here
    if here == 1:
        scores[0, low:high] = scores[1, low:high]
    return low, high, least, most


@compiled(error_model="numpy")
def _trace(steps, origin, state, column, first, before, path):  # noqa: ANN001, ANN202
    """Follow `steps` back from a state after the last frame; fill `path`, return where it came from."""
    t = len(path) - 1
    while t >= 0:
        came_from = before[first[state] + steps[t, state - origin]]
        if column[state] >= 0:
            path[t] = state
            t -= 1
        state = came_from
    return state


def best_path(graph: Graph, gains: Callable[[int, int], FloatArray], frames: int, beam: float,
              host: Host) -> npt.NDArray[np.int32]:
    """Return the state of every frame on the best way through a graph [shape=(T,)].

    Parameters
    ----------
    graph : Graph
        From `align_graph.graph_of`. Where its end is out of reach the way ends before it: the last
        words are left out.
    gains : callable
        (start, stop) -> what each column of the graph scores in those frames [shape=(stop - start, C)].
    frames : int
        Length of the sound, T.
    beam : float
        Nats below the best state at which a state is given up.
    host : Host
        Progress and cancel.
    """
    arrays = (graph.column, graph.first, graph.before, graph.price)
    starts = list(range(0, frames, _BLOCK))
    scores: Scores = np.full((2, len(graph.column)), -np.inf)
    low, high = 0, int(_enter(scores, *arrays, beam))
    kept: list[tuple[int, int, Scores, int, int]] = []
    nothing = np.zeros((0, 0), np.uint8)
    for number, start in enumerate(starts):
        host.progress(number, 2 * len(starts))
        before = (low, high, scores[0, low:high].copy())
        low, high, least, most = _advance(scores, low, high, gains(start, min(start + _BLOCK, frames)), *arrays,
                                          graph.reach, beam, nothing, 0)
        kept.append((*before, least, most))
    last = len(graph.column) - 1
    state = last if low <= last < high else low + int(np.argmax(scores[0, low:high]))
    path = np.zeros(frames, np.int32)
    for number, start in reversed(list(enumerate(starts))):
        host.progress(2 * len(starts) - number, 2 * len(starts))
        low, high, alive, least, most = kept.pop()
        scores[0, low:high] = alive
        stop = min(start + _BLOCK, frames)
        steps = np.empty((stop - start, most - least), np.uint8)
        _advance(scores, low, high, gains(start, stop), *arrays, graph.reach, beam, steps, least)
        state = _trace(steps, least, state, graph.column, graph.first, graph.before, path[start:stop])
    return path
