"""Mouth cues of Rhubarb Lip Sync: shapes A to H and X, as JSON and TSV."""

from __future__ import annotations

import json
from typing import Any

from ...types import Phone, SpeechTrack, VisemeCue
from ..captions import MAX_CUES
from ..phones import SILENCE
from .checks import bad, entries, named, some, span_of, symbol_of, time_of
from .cues_file import Cues

_TO_IPA = {"A": "m", "B": "s", "C": "ɛ", "D": "ɑ", "E": "ɔ", "F": "u", "G": "f", "H": "l", "X": SILENCE}
"""One typical sound per Rhubarb shape: A lips shut, B teeth together, C open, D wide open,
E slightly rounded, F puckered, G lip under teeth, H tongue raised, X rest."""
_FROM_VISEME = {"sil": "X", "PP": "A", "FF": "G", "TH": "H", "DD": "B", "kk": "B", "CH": "B", "SS": "B",
                "nn": "B", "RR": "E", "aa": "D", "E": "C", "ih": "B", "oh": "E", "ou": "F"}  # fmt: skip
_WARNING = "mouth shapes were imported from Rhubarb"


def _shapes(visemes: tuple[VisemeCue, ...]) -> list[tuple[float, float, str]]:
    out: list[tuple[float, float, str]] = []
    for cue in visemes:
        shape = _FROM_VISEME[cue.viseme]
        if out and out[-1][2] == shape:
            out[-1] = (out[-1][0], cue.end_s, shape)
        else:
            out.append((cue.start_s, cue.end_s, shape))
    return out


def rhubarb_json(speech: SpeechTrack, sound_file: str = "") -> str:
    """Return mouth cues in Rhubarb Lip Sync's JSON form (shapes A-H, X).

    Rhubarb itself writes hundredths of a second; readers take thousandths, too.
    """
    cues = [{"start": round(a, 3), "end": round(b, 3), "value": shape} for a, b, shape in _shapes(speech.visemes)]
    return json.dumps({"metadata": {"soundFile": sound_file, "duration": round(speech.duration_s, 3)},
                       "mouthCues": cues}, indent=1, ensure_ascii=False)


def rhubarb_tsv(speech: SpeechTrack) -> str:
    """Return mouth cues as Rhubarb TSV; the last line is the end of the file with a closed mouth."""
    lines = [f"{a:.3f}\t{shape}" for a, _, shape in _shapes(speech.visemes)]
    return "\n".join([*lines, f"{speech.duration_s:.3f}\tX"]) + "\n"


def from_mouth_cues(data: dict[str, Any]) -> Cues:
    """Read Rhubarb's JSON."""
    phones = [Phone(named(symbol_of(entry, "value"), _TO_IPA, "mouth shape"), *span_of(entry))
              for entry in entries(data, "mouthCues")]
    return Cues("rhubarb_json", some(phones), warnings=(_WARNING,))


def from_tsv(text: str) -> Cues | None:
    """Read Rhubarb's TSV; None where the text is none."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    if not rows or len(rows) > MAX_CUES or any(len(row) != 2 for row in rows):
        return None
    try:
        marks = [(time_of(float(row[0])), row[1].strip()) for row in rows]
    except ValueError:
        return None
    if len(marks) < 2:
        raise bad("a TSV needs at least two lines")
    phones = [Phone(named(shape, _TO_IPA, "mouth shape"), start, end)
              for (start, shape), (end, _) in zip(marks, marks[1:], strict=False)]
    return Cues("rhubarb_tsv", some(phones), warnings=(_WARNING,))
