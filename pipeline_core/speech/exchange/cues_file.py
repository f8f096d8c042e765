"""The cues JSON of this pack, and words with times as other programs put them into JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ...types import Closure, Phone, SpeechTrack, Word
from .checks import bad, entries, some, span_of, symbol_of

_LONGEST_WORD = 200


@dataclass(frozen=True)
class Cues:
    """What a cue text holds."""

    format: str
    """"cues_json", "rhubarb_json", "rhubarb_tsv", "textgrid", "ovr_visemes", "vtube", "words_json" or "captions"."""
    phones: tuple[Phone, ...]
    words: tuple[Word, ...] = ()
    text: str = ""
    warnings: tuple[str, ...] = ()
    closures: tuple[Closure, ...] = ()

    @property
    def end_s(self) -> float:
        """Where the last cue ends."""
        return max([p.end_s for p in self.phones] + [w.end_s for w in self.words], default=0.0)


def words_only(format: str, words: tuple[Word, ...]) -> Cues:
    """Return cues that know when words are said, and no sounds."""
    return Cues(format, (), words, " ".join(w.text for w in words))


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


def words_of(data: dict[str, Any]) -> tuple[Word, ...]:
    """Return the words of {"words": [{"text" or "word", "start", "end"}]}, in order of time."""
    found = [Word(symbol_of(entry, "text" if "text" in entry else "word", _LONGEST_WORD).strip(), *span_of(entry))
             for entry in entries(data, "words")]
    return tuple(sorted(found, key=lambda word: word.start_s))


def from_words(data: dict[str, Any]) -> Cues:
    """Read {"words": [...]}, or {"segments": [{"words": [...]}]} as speech recognisers write it."""
    lists = entries(data, "segments") if "segments" in data else [data]
    words = tuple(word for part in lists for word in words_of(part) if word.text)
    if not words:
        raise bad("it holds no words with times")
    return words_only("words_json", words)


def from_cues(data: dict[str, Any]) -> Cues:
    """Read our own JSON, where it holds phones."""
    words = words_of(data)
    phones = [Phone(symbol_of(entry, "p"), *span_of(entry)) for entry in entries(data, "phones")]
    return Cues("cues_json", some(phones), words, " ".join(w.text for w in words), closures=closures_of(data))


def closures_of(data: dict[str, Any]) -> tuple[Closure, ...]:
    """Return the lip closures of our own JSON."""
    shut = tuple(Closure(*span_of(entry)) for entry in entries(data, "closures"))
    if any(c.end_s < c.start_s for c in shut):
        raise bad("a closure ends before it starts")
    return shut
