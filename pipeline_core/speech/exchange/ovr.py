"""The 15 visemes of OVR LipSync and OpenXR: as a list with times, and as weights per frame."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ...media.table import Table
from ...types import Closure, Phone, SpeechTrack, Word
from ..phones import SILENCE, VISEMES
from .checks import bad, entries, named, number_of, some, time_of
from .cues_file import Cues, closures_of, words_of
from .frames import DECIMALS, Grid, edges_of, frames_of, pieces_of, weights_of

TO_IPA = {"sil": SILENCE, "PP": "p", "FF": "f", "TH": "θ", "DD": "d", "kk": "k", "CH": "ʃ", "SS": "s",
          "nn": "n", "RR": "ɹ", "aa": "ɑ", "E": "ɛ", "ih": "ɪ", "oh": "ɔ", "ou": "u"}  # fmt: skip
"""One typical sound per viseme."""
_NAMES = {**{name.lower(): name for name in VISEMES}, "i": "ih", "o": "oh", "u": "ou",
          **{str(number): name for number, name in enumerate(VISEMES)}}
"""Names as they are met: any case, Ready Player Me's viseme_I, viseme_O and viseme_U, OpenXR's numbers."""
_FEWEST = 8
"""A table with fewer columns that are called like visemes holds something else."""
_REST = 0.1
"""Of a frame whose weights are all smaller than this the rest is silence."""


def viseme_named(name: str) -> str:
    """Return the viseme of a name as other programs spell it."""
    return named(name.strip().lower().removeprefix("viseme_"), _NAMES, "viseme")


def _weights(speech: SpeechTrack, fps: Fraction) -> list[list[float]]:
    pieces = [(VISEMES.index(v.viseme), v.start_s, v.end_s, v.weight) for v in speech.visemes]
    weights = weights_of(pieces, len(VISEMES), speech.duration_s, fps).astype(np.float64)
    rows: list[list[float]] = weights.round(DECIMALS).tolist()
    return rows


def ovr_json(speech: SpeechTrack, fps: Fraction) -> str:
    """Return the weights of the 15 visemes per frame as JSON.

    Keys: fps, duration_s, visemes (the names of the columns), frames [[15 weights]]. Frame i covers
    i / fps to (i + 1) / fps; a weight is the share of the frame times the strength of the viseme.
    """
    return json.dumps({"fps": float(fps), "duration_s": round(speech.duration_s, 6), "visemes": VISEMES,
                       "frames": _weights(speech, fps)})


def ovr_csv(speech: SpeechTrack, fps: Fraction) -> str:
    """Return the same as CSV: the time at which the frame begins, and the 15 weights."""
    rows = [",".join([f"{float(i / fps):.6f}", *(f"{w:g}" for w in row)]) for i, row in enumerate(_weights(speech, fps))]
    return "\n".join([",".join(["time", *VISEMES]), *rows]) + "\n"


def _from_weights(weights: npt.NDArray[np.floating], edges_s: Grid) -> Cues:
    """Read weights [shape=(T, 15)] in the order of `VISEMES`."""
    weights = np.clip(weights, 0.0, 1.0)
    weights[:, 0] = np.maximum(weights[:, 0], _REST - weights[:, 1:].sum(axis=1))
    phones = [Phone(TO_IPA[VISEMES[v]], start_s, end_s) for v, start_s, end_s, _ in pieces_of(weights, edges_s)]
    return Cues("ovr_visemes", some(phones))


def from_frames(data: dict[str, Any]) -> Cues:
    """Read {"fps", "frames": [[weights]]}; "visemes" names the columns where they are others than usual."""
    values, edges_s = frames_of(data.get("frames"), data.get("fps"))
    names = data.get("visemes", VISEMES)
    if not isinstance(names, list | tuple) or len(names) != values.shape[1]:
        raise bad(f"the frames have {values.shape[1]} weights, which 'visemes' does not name")
    return _from_weights(_in_order([viseme_named(str(name)) for name in names], values), edges_s)


def _in_order(names: list[str], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    out = np.zeros((len(values), len(VISEMES)))
    for name, column in zip(names, values.T, strict=True):
        out[:, VISEMES.index(name)] = column
    return out


def from_list(data: dict[str, Any]) -> Cues:
    """Read {"visemes": [{"viseme", "start", "end"}]}; with "time" alone each lasts until the next one."""
    found = entries(data, "visemes")
    marks = [(time_of(entry.get("start", entry.get("time"))), str(entry.get("viseme"))[:64]) for entry in found]
    last_s = time_of(data.get("duration_s", marks[-1][0] if marks else 0))
    following = [*(start_s for start_s, _ in marks[1:]), last_s]
    ends_s = [time_of(entry.get("end", end_s)) for entry, end_s in zip(found, following, strict=True)]
    return _listed(marks, ends_s, words_of(data), closures_of(data))


def _listed(marks: list[tuple[float, str]], ends_s: list[float], words: tuple[Word, ...] = (),
            closures: tuple[Closure, ...] = ()) -> Cues:
    phones = [Phone(TO_IPA[viseme_named(name)], start_s, end_s)
              for (start_s, name), end_s in zip(marks, ends_s, strict=True)]
    return Cues("ovr_visemes", some(phones), words, " ".join(w.text for w in words), closures=closures)


def from_table(table: Table) -> Cues | None:
    """Read a CSV list with a column "viseme", or weights with a column for each viseme; None for other tables."""
    if "viseme" in table.names:
        starts = [number_of(cell) for cell in table.column("start" if "start" in table.names else _time_column(table))]
        ends = [number_of(cell) for cell in table.column("end")] if "end" in table.names else [*starts[1:], *starts[-1:]]
        return _listed(list(zip(starts, table.column("viseme"), strict=True)), ends)
    columns = [name for name in table.names if name.removeprefix("viseme_") in _NAMES and not name.isdigit()]
    if len(columns) < _FEWEST or not table.lines:
        return None
    names = [viseme_named(name) for name in columns]
    edges_s = edges_of(table.numbers([_time_column(table)])[:, 0])
    return _from_weights(_in_order(names, table.numbers(columns)), edges_s)


def _time_column(table: Table) -> str:
    found = next((name for name in ("time", "time_s", "seconds", "timestamp", "t") if name in table.names), None)
    if found is None:
        raise bad("the table has no column 'time'")
    return found
