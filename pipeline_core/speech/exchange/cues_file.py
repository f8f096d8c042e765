"""Mouth cues in and out: our own JSON, Rhubarb JSON and TSV, captions.

Cue texts come from files of strangers: size, types and times are checked before use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from ..media.text_file import whole_characters
from ..types import Closure, Phone, SpeechTrack, VisemeCue, Word
from .captions import MAX_CUES, looks_like_captions, read_captions
from .phones import SILENCE

MAX_CHARACTERS = 20_000_000
LONGEST_S = 24 * 3600.0

_RHUBARB_TO_IPA = {"A": "m", "B": "s", "C": "ɛ", "D": "ɑ", "E": "ɔ", "F": "u", "G": "f", "H": "l", "X": SILENCE}
"""One typical sound per Rhubarb shape: A lips shut, B teeth together, C open, D wide open,
E slightly rounded, F puckered, G lip under teeth, H tongue raised, X rest."""
_VISEME_TO_IPA = {"sil": SILENCE, "PP": "p", "FF": "f", "TH": "θ", "DD": "d", "kk": "k", "CH": "ʃ", "SS": "s",
                  "nn": "n", "RR": "ɹ", "aa": "ɑ", "E": "ɛ", "ih": "ɪ", "oh": "ɔ", "ou": "u"}  # fmt: skip
_VISEME_TO_RHUBARB = {"sil": "X", "PP": "A", "FF": "G", "TH": "H", "DD": "B", "kk": "B", "CH": "B", "SS": "B",
                      "nn": "B", "RR": "E", "aa": "D", "E": "C", "ih": "B", "oh": "E", "ou": "F"}  # fmt: skip


@dataclass(frozen=True)
class Cues:
    """What a cue text holds."""

    format: str
    """"cues_json", "rhubarb_json", "rhubarb_tsv" or "captions"."""
    phones: tuple[Phone, ...]
    words: tuple[Word, ...] = ()
    text: str = ""
    warnings: tuple[str, ...] = ()
    closures: tuple[Closure, ...] = ()

    @property
    def end_s(self) -> float:
        """Where the last cue ends."""
        return max([p.end_s for p in self.phones] + [w.end_s for w in self.words], default=0.0)


def cues_json(speech: SpeechTrack) -> str:
    """Return phones, visemes, closures and words as JSON, times in seconds.

    Keys: duration_s, engine, source, phones [{p, start, end}] (IPA, "" for silence), visemes
    [{start, end, viseme, weight}] (OVR names), closures [{start, end}] (lips shut to release),
    words [{text, start, end}], warnings.
    """
    def span(item: Any) -> dict[str, float]:
        return {"start": round(item.start_s, 4), "end": round(item.end_s, 4)}

    return json.dumps({
        "duration_s": round(speech.duration_s, 6), "engine": speech.engine, "source": speech.source,
        "phones": [{"p": p.ipa, **span(p)} for p in speech.phones],
        "visemes": [{**span(v), "viseme": v.viseme, "weight": round(v.weight, 3)} for v in speech.visemes],
        "closures": [span(c) for c in speech.closures],
        "words": [{"text": w.text, **span(w)} for w in speech.words],
        "warnings": list(speech.warnings),
    }, ensure_ascii=False)


def _rhubarb(visemes: tuple[VisemeCue, ...]) -> list[tuple[float, float, str]]:
    out: list[tuple[float, float, str]] = []
    for cue in visemes:
        shape = _VISEME_TO_RHUBARB[cue.viseme]
        if out and out[-1][2] == shape:
            out[-1] = (out[-1][0], cue.end_s, shape)
        else:
            out.append((cue.start_s, cue.end_s, shape))
    return out


def rhubarb_json(speech: SpeechTrack, sound_file: str = "") -> str:
    """Return mouth cues in Rhubarb Lip Sync's JSON form (shapes A-H, X)."""
    cues = [{"start": round(a, 2), "end": round(b, 2), "value": shape} for a, b, shape in _rhubarb(speech.visemes)]
    return json.dumps({"metadata": {"soundFile": sound_file, "duration": round(speech.duration_s, 2)},
                       "mouthCues": cues}, indent=1)


def rhubarb_tsv(speech: SpeechTrack) -> str:
    """Return mouth cues as Rhubarb TSV; the last line is the end of the file with a closed mouth."""
    lines = [f"{a:.2f}\t{shape}" for a, _, shape in _rhubarb(speech.visemes)]
    return "\n".join([*lines, f"{speech.duration_s:.2f}\tX"]) + "\n"


def _bad(what: str) -> InputError:
    return InputError(f"the imported cues cannot be used: {what}",
                      hint="Give Rhubarb JSON or TSV, cues JSON of this pack, or SRT/VTT captions.")


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(f"{str(value)[:30]!r} is no time")
    if not 0 <= value <= LONGEST_S:  # refuses NaN, too
        raise _bad(f"the time {str(value)[:30]} s is outside 0 to 24 hours")
    return float(value)


def _entries(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = data.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise _bad(f"{key!r} is no list of objects")
    if len(entries) > MAX_CUES:
        raise _bad(f"{key!r} has {len(entries)} entries, more than {MAX_CUES}")
    return entries


def _symbol(entry: dict[str, Any], key: str, limit: int = 64) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or len(value) > limit:
        raise _bad(f"an entry has no usable {key!r}")
    return whole_characters(value)


def _named(name: str, table: dict[str, str], what: str) -> str:
    if name not in table:
        raise _bad(f"unknown {what} {name[:20]!r}")
    return table[name]


def _from_json(data: dict[str, Any]) -> Cues:
    if "mouthCues" in data:
        phones = [Phone(_named(_symbol(e, "value"), _RHUBARB_TO_IPA, "mouth shape"), _time(e.get("start")),
                        _time(e.get("end"))) for e in _entries(data, "mouthCues")]
        return Cues("rhubarb_json", _some(phones), warnings=("mouth shapes were imported from Rhubarb",))
    words = tuple(Word(_symbol(e, "text", 200), _time(e.get("start")), _time(e.get("end")))
                  for e in _entries(data, "words"))
    if data.get("phones"):
        phones = [Phone(_symbol(e, "p"), _time(e.get("start")), _time(e.get("end")))
                  for e in _entries(data, "phones")]
    elif data.get("visemes"):
        phones = [Phone(_named(_symbol(e, "viseme"), _VISEME_TO_IPA, "viseme"), _time(e.get("start")),
                        _time(e.get("end"))) for e in _entries(data, "visemes")]
    else:
        raise _bad("it holds neither phones, visemes nor mouthCues")
    shut = tuple(Closure(_time(e.get("start")), _time(e.get("end"))) for e in _entries(data, "closures"))
    if any(c.end_s < c.start_s for c in shut):
        raise _bad("a closure ends before it starts")
    return Cues("cues_json", _some(phones), words, " ".join(w.text for w in words), closures=shut)


def _some(phones: list[Phone]) -> tuple[Phone, ...]:
    if not phones:
        raise _bad("it is empty")
    if any(p.end_s < p.start_s for p in phones):
        raise _bad("a cue ends before it starts")
    return tuple(phones)


def _from_tsv(text: str) -> Cues | None:
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    if not rows or len(rows) > MAX_CUES or any(len(row) != 2 for row in rows):
        return None
    try:
        marks = [(_time(float(row[0])), row[1].strip()) for row in rows]
    except ValueError:
        return None
    if len(marks) < 2:
        raise _bad("a TSV needs at least two lines")
    phones = [Phone(_named(shape, _RHUBARB_TO_IPA, "mouth shape"), start, end)
              for (start, shape), (end, _) in zip(marks, marks[1:], strict=False)]
    return Cues("rhubarb_tsv", _some(phones), warnings=("mouth shapes were imported from Rhubarb",))


def read_cues(text: str) -> Cues:
    """Read imported cues of any known form.

    Parameters
    ----------
    text : str
        Rhubarb JSON or TSV, our cues JSON (phones, or visemes alone), or SRT/VTT captions; these
        give words only and leave `phones` empty.

    Raises
    ------
    InputError
        If the text is none of these, too big, or holds impossible times or names.
    """
    if len(text) > MAX_CHARACTERS:
        raise _bad(f"{len(text)} characters are too many")
    text = whole_characters(text).lstrip("\ufeff").strip()
    if text.startswith("{"):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _bad(f"broken JSON ({str(error)[:60]})") from error
        return _from_json(data)
    if looks_like_captions(text):
        words = read_captions(text)
        return Cues("captions", (), words, " ".join(w.text for w in words))
    found = _from_tsv(text)
    if found is None:
        raise _bad("unknown form")
    return found


