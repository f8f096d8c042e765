"""What was heard, in the forms that other programs read: one table of formats for files and nodes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from .errors import InputError, SettingError
from .motion import MotionSettings, generate_motion
from .motion.arkit_csv import arkit_csv
from .speech.captions import srt, vtt
from .speech.exchange import cues_json, ovr_csv, ovr_json, rhubarb_json, rhubarb_tsv, textgrid, vtube_json
from .speech.prosody import prosody_json
from .types import SpeechTrack

DEFAULT_FPS = Fraction(60)
"""Of forms with a value per frame; Live Link Face's own."""


@dataclass(frozen=True)
class CueFormat:
    """One form of cues."""

    id: str
    title: str
    endings: tuple[str, ...]
    """Ends of file names that choose it, the most telling first."""
    write: Callable[[SpeechTrack, Fraction], str]
    needs_words: bool = False


def _face(speech: SpeechTrack, fps: Fraction) -> str:
    """Return a whole performance: the head, eyes and brows move as they would in a video."""
    return arkit_csv(generate_motion(speech, MotionSettings(fps=fps)))


FORMATS: tuple[CueFormat, ...] = (
    CueFormat("cues-json", "cues JSON", (".cues.json", ".json"), lambda speech, fps: cues_json(speech)),
    CueFormat("rhubarb-json", "Rhubarb JSON", (".rhubarb.json",), lambda speech, fps: rhubarb_json(speech)),
    CueFormat("rhubarb-tsv", "Rhubarb TSV", (".rhubarb.tsv", ".tsv"), lambda speech, fps: rhubarb_tsv(speech)),
    CueFormat("textgrid", "TextGrid", (".textgrid",), lambda speech, fps: textgrid(speech)),
    CueFormat("srt", "SRT words", (".srt",), lambda speech, fps: srt(speech, per_word=True), needs_words=True),
    CueFormat("vtt", "VTT words", (".vtt",), lambda speech, fps: vtt(speech, per_word=True), needs_words=True),
    CueFormat("ovr-csv", "OVR visemes CSV", (".ovr.csv", ".csv"), ovr_csv),
    CueFormat("ovr-json", "OVR visemes JSON", (".ovr.json",), ovr_json),
    CueFormat("arkit-csv", "ARKit CSV", (".arkit.csv",), _face),
    CueFormat("vtube-json", "VTube JSON", (".vtube.json",), vtube_json),
    CueFormat("prosody-json", "prosody JSON", (".prosody.json",), lambda speech, fps: prosody_json(speech)),
)
"""The first is the default."""
_BY_ENDING = {ending: form for form in FORMATS for ending in form.endings}


def cue_format(name: str) -> CueFormat:
    """Return the format of an id or a title.

    Raises
    ------
    SettingError
        If there is none.
    """
    found = next((form for form in FORMATS if name in (form.id, form.title)), None)
    if found is None:
        raise SettingError(f"unknown format of cues {name!r}", hint=f"Choose one of: {', '.join(f.id for f in FORMATS)}.")
    return found


def cue_format_of(path: str | os.PathLike[str]) -> CueFormat:
    """Return the format that a file name asks for, by its longest known ending; cues JSON for any other."""
    name = os.path.basename(os.fspath(path)).lower()
    known = [ending for ending in _BY_ENDING if name.endswith(ending)]
    return _BY_ENDING[max(known, key=len)] if known else FORMATS[0]


def cue_text(speech: SpeechTrack, form: CueFormat, fps: Fraction = DEFAULT_FPS) -> str:
    """Return a speech track in one of the formats.

    Parameters
    ----------
    speech : SpeechTrack
        What was heard.
    form : CueFormat
        One of `FORMATS`.
    fps : Fraction
        Frames per second of the forms that have frames.

    Raises
    ------
    InputError
        If the form holds words and none are known.
    """
    if form.needs_words and not speech.words:
        raise InputError(f"there are no words to write as {form.title}",
                         hint="Give a transcript, or choose a format that holds sounds.")
    return form.write(speech, fps)
