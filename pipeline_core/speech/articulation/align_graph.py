"""A text as a graph: its phones in order, with silence, unknown speech or nothing between words.

States are numbered so that each follows its predecessors. Between two words stand

    join -> silence, filler (in any number) -> gate -> first phones of the word -> next join
                                                 gate -> skip -> next join

Phones, silence and filler take a frame of sound at each step; join, gate and skip take none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..readings.word import Slot, WordReading, slots_of
from .symbols import PHONES, SPELT, index_of

NOTHING = -1
"""Column of a state that takes no sound."""
SILENCE_COLUMN = 0
FILLER_COLUMN = len(PHONES)
"""Score of any speech at all, at a price; see `Costs`."""
WILD_COLUMN = len(PHONES) + 1
"""The same without a price: for words that nobody can read."""


@dataclass(frozen=True)
class Costs:
    """Prices in nats. A frame that a text explains badly costs about 3 to 7."""

    silence: float = 1.0
    """Of a pause between words."""
    filler: float = 10.0
    """Of the first frame of speech that is not in the text."""
    filler_frame: float = 0.8
    """Of every frame of it: between what words lose that are said, and words that are not."""
    skip: float = 8.0
    """Of leaving out a word of the text."""
    skip_more: float = 1.0
    """Of each further word left out with it."""
    option: float = 0.7
    """Of leaving out a sound that may be left out."""
    choice: float = 2.0
    """Of saying a sound otherwise than the reading has it first."""
    min_frames: int = 2
    """Shortest phone."""
    min_silence_frames: int = 3
    beam: float = 400.0
    """How far below the best state another may live on: room for some 390 words that are missing at once."""


@dataclass(frozen=True)
class Unit:
    """A sound of a word."""

    word: int
    ipa: str


@dataclass(frozen=True, eq=False)
class Graph:
    """States and the steps between them."""

    column: npt.NDArray[np.int16]
    """Which score a state adds per frame; `NOTHING` for states without sound [shape=(S,)]."""
    unit: npt.NDArray[np.int32]
    """Which of `units` a state belongs to, -1 for others [shape=(S,)]."""
    first: npt.NDArray[np.int32]
    """Where the predecessors of a state begin in `before` [shape=(S + 1,)]."""
    before: npt.NDArray[np.int32]
    """Predecessors [shape=(A,)]."""
    price: npt.NDArray[np.float32]
    """What a step costs, negative [shape=(A,)]."""
    units: tuple[Unit, ...]
    reach: int
    """How far a step leads at most, in states."""


class _Builder:
    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        self.columns: list[int] = []
        self.unit_of: list[int] = []
        self.steps: list[list[tuple[int, float]]] = []
        self.units: list[Unit] = []

    def state(self, column: int, steps: Sequence[tuple[int, float]], unit: int = -1) -> int:
        """Add a state with its predecessors; one with sound may also stay."""
        number = len(self.columns)
        self.columns.append(column)
        self.unit_of.append(unit)
        self.steps.append([*([(number, 0.0)] if column != NOTHING else []), *steps])
        return number

    def chain(self, columns: Sequence[int], steps: Sequence[tuple[int, float]], unit: int = -1) -> int:
        """Add states that must follow each other; only the last one of each run of a column may stay."""
        last = -1
        for place, column in enumerate(columns):
            last = self.state(column, steps, unit)
            if place + 1 < len(columns) and columns[place + 1] == column:
                self.steps[last].pop(0)
            steps = [(last, 0.0)]
        return last

    def between(self, steps: Sequence[tuple[int, float]]) -> int:
        """Add what may lie between two words; return its gate."""
        costs = self.costs
        join = self.state(NOTHING, steps)
        silence = self.chain([SILENCE_COLUMN] * costs.min_silence_frames, [(join, -costs.silence)])
        filler = self.state(FILLER_COLUMN, [(join, -costs.filler), (silence, -costs.filler)])
        self.steps[silence - costs.min_silence_frames + 1].append((filler, -costs.silence))
        return self.state(NOTHING, [(join, 0.0), (silence, 0.0), (filler, 0.0)])

    def slot(self, slot: Slot, steps: list[tuple[int, float]], word: int) -> list[tuple[int, float]]:
        """Add one place of a pronunciation; return what may lead into the next."""
        ends: list[tuple[int, float]] = []
        for number, ipa in enumerate(slot.choices):
            places = index_of(ipa)
            if not places:
                continue
            unit = len(self.units)
            self.units.append(Unit(word, SPELT.get(ipa, ipa)))
            columns = [place for place in places for _ in range(self.costs.min_frames)]
            extra = self.costs.choice if number else 0.0
            ends.append((self.chain(columns, [(state, price - extra) for state, price in steps], unit), 0.0))
        if slot.optional or not ends:
            ends += [(state, price - self.costs.option) for state, price in steps]
        return ends

    def word(self, reading: WordReading, number: int, gate: int) -> list[tuple[int, float]]:
        """Add the pronunciations of a word; return their ends."""
        if not reading.readings:
            unit = len(self.units)
            self.units.append(Unit(number, ""))
            return [(self.chain([WILD_COLUMN], [(gate, 0.0)], unit), 0.0)]
        ends: list[tuple[int, float]] = []
        for text in reading.readings:
            steps = [(gate, 0.0)]
            for slot in slots_of(text):
                steps = self.slot(slot, steps, number)
            ends += steps
        return ends


def graph_of(words: Sequence[WordReading], costs: Costs) -> Graph:
    """Return the graph of a text; its last state is where a path ends."""
    made = _Builder(costs)
    gate = made.between([])
    skip = -1
    for number, word in enumerate(words):
        steps = [(gate, -costs.skip)] + ([(skip, -costs.skip_more)] if skip >= 0 else [])
        skip = made.state(NOTHING, steps)
        gate = made.between([(skip, 0.0), *made.word(word, number, gate)])
    counts = [len(steps) for steps in made.steps]
    flat = [step for steps in made.steps for step in steps]
    before = np.array([state for state, _ in flat], np.int32)
    reach = int((np.repeat(np.arange(len(counts)), counts) - before).max())
    return Graph(np.array(made.columns, np.int16), np.array(made.unit_of, np.int32),
                 np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), before,
                 np.array([price for _, price in flat], np.float32), tuple(made.units), reach)
