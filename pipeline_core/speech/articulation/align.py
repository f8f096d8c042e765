"""What was heard and what should have been said -> phones and words, each at its time.

The text need not be right. Words that nobody says, speech that is not in the text and whole
stretches that differ stay local: there, the phones are those of the sound alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...host import Host
from ...types import FloatArray, Phone, Word
from ..phones import SILENCE
from ..readings.word import WordReading
from ..runs import equal_runs
from .align_graph import FILLER_COLUMN, SILENCE_COLUMN, Costs, Graph, graph_of
from .align_scores import scores_of
from .align_search import best_path
from .heard import Heard
from .symbols import RATE_HZ

_PART = 6000
"""Frames whose scores are computed at once."""


_COSTS = Costs()
_TRUSTING = replace(_COSTS, filler_frame=1.5, beam=150.0)
"""For a text that turns out to be right: then it is believed, too, where it is said indistinctly, and
not much can be missing."""
_WIDE = replace(_COSTS, beam=np.inf)
LEAST_SUPPORT = 0.15
"""Of a text that is used, see `align_verdict`."""
_MOST_WIDE = 200_000_000
"""Frames times words: a sound of two minutes is looked for in a text of more than 10 000 words, in under a
minute."""
_WILD_FRAME = 0.3
"""Price of a frame of a word that nobody can read, so that it does not take the others' frames."""
_RIGHT_FOUND, _RIGHT_COVERED = 0.9, 0.8
"""Shares of the words and of the speech from which on a text counts as right."""


@dataclass(frozen=True)
class WordMatch:
    """A word of the text in the sound."""

    word: Word
    number: int
    """Its place in the text."""
    loss: float
    """How much worse the word explains its frames than free choice of phones would [nats per frame];
    0 for a word that nobody can read."""


@dataclass(frozen=True)
class Alignment:
    """A text laid over a sound."""

    phones: tuple[Phone, ...]
    """Over the whole sound without gaps."""
    matches: tuple[WordMatch, ...]
    """The words that were found, in order."""
    unread: tuple[tuple[float, float], ...]
    """(start_s, end_s) of speech that is not in the text."""
    covered: float
    """Share of the heard speech that lies in words of the text."""
    right: bool = False
    """Whether nearly all of the text is said, and nearly nothing else."""

    @property
    def loss(self) -> float:
        """Mean of the words' losses, by their lengths [nats per frame]."""
        lengths = [match.word.end_s - match.word.start_s for match in self.matches]
        return float(np.average([match.loss for match in self.matches], weights=lengths)) if lengths else np.inf

    @property
    def support(self) -> float:
        """How much better the text explains the heard speech than any speech at its price would [nats per frame]."""
        return self.covered * max(0.0, _COSTS.filler_frame - self.loss)


@dataclass(frozen=True)
class _Run:
    """Frames of one sound of a word (unit >= 0), of silence or of unknown speech."""

    unit: int
    start: int
    stop: int


_SILENCE_RUN, _FILLER_RUN = -1, -2


def _runs(graph: Graph, path: npt.NDArray[np.int32]) -> list[_Run]:
    keys = np.where(graph.column[path] == FILLER_COLUMN, _FILLER_RUN, graph.unit[path])
    return [_Run(int(keys[start]), start, stop) for start, stop in equal_runs(keys)]


def _edge_frames(runs: Sequence[_Run], columns: npt.NDArray[np.int16], scores: FloatArray) -> npt.NDArray[np.float64]:
    """Return where each run begins, to a part of a frame [shape=(N + 1,)].

    Between the middles of the two frames at an edge, the phone before gives way to the phone
    behind; the edge is put where both explain the sound equally well.
    """
    at = np.array([run.start for run in runs[1:]], np.int64)
    left, right = columns[at - 1].astype(np.int64), columns[at].astype(np.int64)
    edges = at.astype(np.float64)
    known = (left < scores.shape[1]) & (right < scores.shape[1])
    before = scores[at[known] - 1, left[known]] - scores[at[known] - 1, right[known]]
    behind = scores[at[known], right[known]] - scores[at[known], left[known]]
    crossing = (before > 0) & (behind > 0)
    share = before / np.where(crossing, before + behind, 1.0)
    edges[known] += np.where(crossing, share - 0.5, 0.0)
    return np.concatenate([[0.0], edges, [float(len(columns))]])


def _within(phones: Sequence[Phone], start_s: float, end_s: float) -> Iterator[Phone]:
    for phone in phones:
        if phone.end_s > start_s and phone.start_s < end_s:
            yield Phone(phone.ipa, max(start_s, phone.start_s), min(end_s, phone.end_s))


class _Scores:
    """What each column of the graph scores in each frame."""

    def __init__(self, heard: Heard) -> None:
        self.phones = np.empty(heard.log_posteriors.shape, np.float32)
        for start in range(0, len(self.phones), _PART):
            self.phones[start : start + _PART] = scores_of(heard.log_posteriors[start : start + _PART])

    def gains(self, start: int, stop: int, costs: Costs) -> FloatArray:
        """Return the columns of the phones, of the filler and of unreadable words [shape=(T, P + 2)]."""
        phones = self.phones[start:stop]
        speech = phones[:, SILENCE_COLUMN + 1 :].max(axis=1)
        return np.column_stack([phones, speech - costs.filler_frame, speech - _WILD_FRAME])

    def loss(self, columns: npt.NDArray[np.int16], start: int) -> float:
        """Return how much worse columns explain the frames from `start` on than the best phones."""
        part = self.phones[start : start + len(columns)]
        known = columns < part.shape[1]
        said = np.where(known, part[np.arange(len(part)), np.where(known, columns, 0)], part.max(axis=1))
        return float((part.max(axis=1) - said).mean())


def align(heard: Heard, words: Sequence[WordReading], alone: Sequence[Phone], host: Host) -> Alignment:
    """Lay a text over a sound.

    Parameters
    ----------
    heard : Heard
        What the articulation model heard, T frames.
    words : sequence of WordReading
        The words of the text and how they may be said.
    alone : sequence of Phone
        The phones of the sound alone, for what the text leaves open.
    host : Host
        Progress and cancel.

    Returns
    -------
    Alignment
        Whether the text fits at all is for the caller to judge, see `align_verdict`.
    """
    scores = _Scores(heard)
    graph = graph_of(words, _COSTS)
    found = _laid(graph, scores, words, alone, _COSTS, host)
    far = len(words) * _COSTS.skip_more > _COSTS.beam and len(words) * len(scores.phones) <= _MOST_WIDE
    if found.support < LEAST_SUPPORT and far:
        # The sound may be a small part from the middle of a long text.
        found = _laid(graph, scores, words, alone, _WIDE, host)
    if len(found.matches) >= _RIGHT_FOUND * len(words) and found.covered >= _RIGHT_COVERED:
        return replace(_laid(graph, scores, words, alone, _TRUSTING, host), right=True)
    return found


def _laid(graph: Graph, scores: _Scores, words: Sequence[WordReading], alone: Sequence[Phone], costs: Costs,
          host: Host) -> Alignment:
    path = best_path(graph, lambda start, stop: scores.gains(start, stop, costs), len(scores.phones), costs.beam, host)
    columns = graph.column[path]
    runs = _runs(graph, path)
    edges_s = _edge_frames(runs, columns, scores.phones) / RATE_HZ
    return _read(runs, edges_s, words, graph, alone, scores, columns)


def _read(runs: Sequence[_Run], edges_s: npt.NDArray[np.float64], words: Sequence[WordReading], graph: Graph,
          alone: Sequence[Phone], scores: _Scores, columns: npt.NDArray[np.int16]) -> Alignment:
    phones: list[Phone] = []
    unread: list[tuple[float, float]] = []
    parts: dict[int, list[int]] = {}
    for at, run in enumerate(runs):
        start_s, end_s = float(edges_s[at]), float(edges_s[at + 1])
        unit = graph.units[run.unit] if run.unit >= 0 else None
        if unit is not None:
            parts.setdefault(unit.word, []).append(at)
        if unit is not None and unit.ipa:
            phones.append(Phone(unit.ipa, start_s, end_s))
        elif run.unit == _SILENCE_RUN:
            phones.append(Phone(SILENCE, start_s, end_s))
        else:
            phones += _within(alone, start_s, end_s)
        if run.unit == _FILLER_RUN:
            unread.append((start_s, end_s))
    matches = []
    for number, inside in parts.items():
        start, stop = runs[inside[0]].start, runs[inside[-1]].stop
        word = Word(words[number].text, float(edges_s[inside[0]]), float(edges_s[inside[-1] + 1]))
        matches.append(WordMatch(word, number, scores.loss(columns[start:stop], start)))
    return Alignment(tuple(phones), tuple(matches), tuple(unread), _covered(alone, runs, len(columns)))


def _covered(alone: Sequence[Phone], runs: Sequence[_Run], frames: int) -> float:
    speech = np.zeros(frames, bool)
    for phone in alone:
        if phone.ipa:
            speech[round(phone.start_s * RATE_HZ) : round(phone.end_s * RATE_HZ)] = True
    inside = np.zeros(frames, bool)
    for run in runs:
        inside[run.start : run.stop] = run.unit >= 0
    return float(inside[speech].mean()) if speech.any() else 0.0
