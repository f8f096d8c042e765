"""Move the boundaries of training labels to where a trained network hears them.

Synthesisers tell times in steps (Kokoro: 25 ms) and let sounds run into each other. The phones and
their order stay; each boundary may move by 40 ms, to the best path through what the network hears
in the clean copy. All copies of an utterance get the same labels.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np

from ...models.speech_articulation import load_weights
from ...pipeline_core.speech.articulation import net
from ...pipeline_core.speech.runs import equal_runs

REACH = 4
"""Frames that a boundary may move."""
MOVED_SETS = ("kokoro", "kokoro_mixed", "flite")
"""Where times are coarse; espeak's are exact to the sample."""


def segments(phone: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return place, first and last frame (exclusive) of the runs of equal labels."""
    firsts, lasts = np.array(equal_runs(phone)).T
    return phone[firsts], firsts, lasts


def moved(phone: np.ndarray, log_posteriors: np.ndarray) -> np.ndarray:
    """Return the labels with boundaries on the best path [shape=(T,)]."""
    places, firsts, lasts = segments(phone)
    if len(places) < 2:
        return phone
    at = np.arange(len(phone))[:, None]
    allowed = (at >= firsts - REACH) & (at < lasts + REACH)
    score = np.where(allowed, log_posteriors[:, places], -np.inf)
    total = np.full(len(places), -np.inf)
    total[0] = score[0, 0]
    came = np.zeros(score.shape, bool)
    for t in range(1, len(phone)):
        advanced = np.concatenate([[-np.inf], total[:-1]])
        came[t] = advanced > total
        total = np.maximum(total, advanced) + score[t]
    path = np.zeros(len(phone), np.int64)
    place = len(places) - 1
    for t in range(len(phone) - 1, -1, -1):
        path[t] = place
        place -= int(came[t, place])
    return places[path].astype(phone.dtype)


def relabel(source: Path, weights: dict[str, np.ndarray], target: Path) -> float:
    """Write a shard with moved boundaries; returns the share of frames whose label changed."""
    with np.load(source, allow_pickle=False) as file:
        arrays = dict(file)
    edges = np.concatenate([[0], np.cumsum(arrays["lengths"])])
    before = arrays["phone"].copy()
    for _, group in groupby(range(len(arrays["lengths"])), key=lambda i: arrays["sources"][i]):
        items = list(group)
        first = items[0]
        stream = net.NetStream(weights)
        bands = arrays["bands"][edges[first] : edges[first + 1]].astype(np.float32)
        heard = net.joined([stream.push(bands), stream.finish()])
        new = moved(before[edges[first] : edges[first + 1]], heard.log_posteriors)
        for item in items:
            arrays["phone"][edges[item] : edges[item + 1]] = new
    with target.open("wb") as file:
        np.savez(file, **arrays)
    return float((arrays["phone"] != before).mean())

def build(source: Path, weights_file: Path, target: Path) -> None:
    """Relabel every shard whose times are coarse; the others are linked."""
    target.mkdir(parents=True, exist_ok=True)
    weights = load_weights(weights_file)
    for path in sorted(source.glob("*.npz")):
        new = target / path.name
        if new.exists():
            continue
        if path.stem.partition("-")[0] in MOVED_SETS:
            print(path.name, f"{relabel(path, weights, new):.3f} of the labels changed", flush=True)
        else:
            new.symlink_to(path.resolve())
