"""Mouth parameters of VTube Studio and Live2D: how far it is open, its form, and the vowel it looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ...media.table import Table
from ...types import Phone, SpeechTrack
from ..phones import SILENCE, VISEMES
from .checks import bad, some
from .cues_file import Cues
from .frames import DECIMALS, Grid, edges_of, frames_of, pieces_of, weights_of

PARAMETERS = ("MouthOpen", "MouthForm", "VoiceSilence", "VoiceA", "VoiceI", "VoiceU", "VoiceE", "VoiceO")
"""MouthOpen 0..1, MouthForm -1 (pursed) to 1 (spread); which vowel it looks like, 0..1 each."""
_TABLE = """
sil 0 0 1 -     | PP 0 0 1 -       | FF .1 .1 0 I.5  | TH .2 .1 0 I.5  | DD .2 .1 0 I.5
kk .3 .1 0 E.5  | CH .2 -.5 0 U.5  | SS .12 .4 0 I.5 | nn .22 .1 0 I.5 | RR .25 -.4 0 U.5
aa 1 0 0 A1     | E .6 .4 0 E1     | ih .35 .8 0 I1  | oh .65 -.6 0 O1 | ou .3 -1 0 U1
"""
"""viseme: opening, form, silence, vowel and its strength. VTube Studio knows five vowels and silence; consonants
that leave the lips alone are the vowel that they look like, at half its strength."""
_TO_IPA = {"A": "ɑ", "I": "ɪ", "U": "u", "E": "ɛ", "O": "ɔ"}
_TEETH = 0.15
"""A mouth that is less open, while a vowel is named, shows its teeth."""
_CLOSURE_S = 0.15
"""A shut mouth for less than this between two sounds is p, b or m, not a pause (closures last 40 to 130 ms)."""
_SHUT, _WIDE, _SPREAD = 0.05, 0.6, 0.3
"""Steps of MouthOpen and MouthForm where no vowels are given."""
_ALIASES = {"parammouthopeny": "mouthopen", "voicevolumeplusmouthopen": "mouthopen", "parammouthform": "mouthform"}


def _rows() -> npt.NDArray[np.float64]:
    """Return the parameters of each viseme [shape=(15, 8)]."""
    out = np.zeros((len(VISEMES), len(PARAMETERS)))
    for entry in _TABLE.replace("\n", "|").split("|"):
        if entry.strip():
            viseme, opening, form, silence, vowel = entry.split()
            row = out[VISEMES.index(viseme)]
            row[:3] = float(opening), float(form), float(silence)
            if vowel != "-":
                row[PARAMETERS.index(f"Voice{vowel[0]}")] = float(vowel[1:])
    return out


def vtube_json(speech: SpeechTrack, fps: Fraction) -> str:
    """Return the parameters per frame as JSON.

    Keys: fps, duration_s, parameters {name: [one value per frame]} with the names of `PARAMETERS`.
    """
    pieces = [(VISEMES.index(v.viseme), v.start_s, v.end_s, v.weight) for v in speech.visemes]
    values = weights_of(pieces, len(VISEMES), speech.duration_s, fps).astype(np.float64) @ _rows()
    curves = {name: column.round(DECIMALS).tolist() for name, column in zip(PARAMETERS, values.T, strict=True)}
    return json.dumps({"fps": float(fps), "duration_s": round(speech.duration_s, 6), "parameters": curves})


def from_parameters(data: dict[str, Any]) -> Cues:
    """Read {"fps", "parameters": {name: [values]}}."""
    parameters = data["parameters"]
    if not isinstance(parameters, dict) or not parameters or not all(isinstance(v, list) for v in parameters.values()):
        raise bad("'parameters' is no object of lists")
    values, edges_s = frames_of(list(parameters.values()), 1)
    _, edges_s = frames_of([[0.0]] * values.shape[1], data.get("fps"))
    found = _from_curves(dict(zip((str(name).lower() for name in parameters), values, strict=True)), edges_s)
    if found is None:
        raise bad("its parameters say nothing about the mouth")
    return found


def from_table(table: Table) -> Cues | None:
    """Read a CSV with a column "time" and columns of parameters; None for other tables."""
    columns = [name for name in table.names if name != "time"]
    known = {_ALIASES.get(name, name) for name in columns} & {name.lower() for name in PARAMETERS}
    if "time" not in table.names or not known or not table.lines:
        return None
    values = table.numbers(columns)
    return _from_curves(dict(zip(columns, values.T, strict=True)), edges_of(table.numbers(["time"])[:, 0]))


def _from_curves(curves: Mapping[str, Grid], edges_s: Grid) -> Cues | None:
    """Read curves by lower-case name; None where none is about the mouth."""
    curves = {_ALIASES.get(name, name): np.clip(values, -1.0, 1.0) for name, values in curves.items()}
    if any(f"voice{vowel.lower()}" in curves for vowel in _TO_IPA):
        phones = _by_vowel(curves, edges_s)
    elif "mouthopen" in curves:
        phones = _by_opening(curves, edges_s)
    else:
        return None
    return Cues("vtube", some(_with_closures(phones)), warnings=("mouth shapes were imported from VTube parameters",))


def _by_vowel(curves: Mapping[str, Grid], edges_s: Grid) -> list[Phone]:
    blank = np.zeros(len(edges_s) - 1)
    vowels = np.stack([np.maximum(0.0, curves.get(f"voice{vowel.lower()}", blank)) for vowel in _TO_IPA], axis=1)
    rest = np.maximum(curves.get("voicesilence", blank), 0.1 - vowels.sum(axis=1))
    sounds = (SILENCE, *_TO_IPA.values())
    opening = curves.get("mouthopen")
    out = []
    for shape, start_s, end_s, _ in pieces_of(np.column_stack([rest, vowels]), edges_s):
        ipa = sounds[shape]
        if ipa and opening is not None and _within(opening, edges_s, start_s, end_s) < _TEETH:
            ipa = "s"
        out.append(Phone(ipa, start_s, end_s))
    return out


def _within(curve: Grid, edges_s: Grid, start_s: float, end_s: float) -> float:
    """Return the largest value of a curve in the frames that touch a stretch."""
    first, last = np.searchsorted(edges_s, (start_s + 1e-6, end_s - 1e-6))
    return float(curve[max(0, first - 1) : max(first, last)].max(initial=0.0))


def _by_opening(curves: Mapping[str, Grid], edges_s: Grid) -> list[Phone]:
    opening = curves["mouthopen"]
    form = curves.get("mouthform", np.zeros(len(opening)))
    sounds = (SILENCE, "ə", "ɑ", "ɪ", "u")
    kind = np.select([opening < _SHUT, opening > _WIDE, form > _SPREAD, form < -_SPREAD], [0, 2, 3, 4], 1)
    return [Phone(sounds[shape], start_s, end_s) for shape, start_s, end_s, _ in pieces_of(np.eye(5)[kind], edges_s)]


def _with_closures(phones: list[Phone]) -> list[Phone]:
    """Turn the short silences between sounds into lip closures."""
    last = len(phones) - 1
    return [Phone("m", p.start_s, p.end_s) if not p.ipa and 0 < i < last and p.end_s - p.start_s < _CLOSURE_S else p
            for i, p in enumerate(phones)]
