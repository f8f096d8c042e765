"""One utterance with the exact times of its phones, and its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...pipeline_core.media.audio import resample
from ...pipeline_core.speech.timing import contiguous
from ...pipeline_core.types import Closure, FloatArray, Phone, Sound

RATE_HZ = 16_000
_FIELDS = ("text", "language", "voice", "engine")
_FULL_SCALE = 32767.0


@dataclass(frozen=True, eq=False)
class Utterance:
    """Speech of a synthesiser, and what it says when."""

    samples: FloatArray
    """Sound at 16 kHz, mono, in -1..1 [shape=(N,)]."""
    phones: tuple[Phone, ...]
    """Over the whole sound without gaps; IPA, "" is silence."""
    closures: tuple[Closure, ...]
    """Lips shut until the release: one per phone with a closure (p, b, m and their like)."""
    text: str
    language: str
    """As the engine calls it, e.g. "en-us" or "cmn"."""
    voice: str
    engine: str
    """One of espeak, flite, kokoro, heart."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE_HZ


def at_rate(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Return mono samples [shape=(S,)] at 16 kHz; sample 0 stays at time 0."""
    sound = resample(Sound(np.asarray(samples, np.float32)[None], rate_hz), RATE_HZ)
    return np.asarray(sound.samples[0])


def with_silence(utterance: Utterance, before_s: float, after_s: float) -> Utterance:
    """Return an utterance with silence added at its ends, to the nearest sample."""
    first, last = round(before_s * RATE_HZ), round(after_s * RATE_HZ)
    samples = np.pad(utterance.samples, (first, last))
    shift_s = first / RATE_HZ
    phones = [Phone(p.ipa, p.start_s + shift_s, p.end_s + shift_s) for p in utterance.phones]
    closures = tuple(Closure(c.start_s + shift_s, c.end_s + shift_s) for c in utterance.closures)
    return replace(utterance, samples=samples, phones=contiguous(phones, len(samples) / RATE_HZ), closures=closures)


def save(utterance: Utterance, path: Path) -> None:
    """Write an utterance as .npz, with 16-bit samples and without pickles; whole or not at all."""
    pcm = np.clip(np.round(utterance.samples * _FULL_SCALE), -32768, 32767).astype(np.int16)
    meta = {name: getattr(utterance, name) for name in _FIELDS} | {"ipa": [p.ipa for p in utterance.phones]}
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, samples=pcm, phones=_spans(utterance.phones), closures=_spans(utterance.closures),
                 meta=np.array(json.dumps(meta, ensure_ascii=False)))
    part.replace(path)


def load(path: Path) -> Utterance:
    """Return the utterance that `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        samples = file["samples"].astype(np.float32) / _FULL_SCALE
        meta = json.loads(str(file["meta"]))
        spans, shut = file["phones"].tolist(), file["closures"].tolist()
    phones = tuple(Phone(ipa, *span) for ipa, span in zip(meta.pop("ipa"), spans, strict=True))
    return Utterance(samples, phones, tuple(Closure(*span) for span in shut), **meta)


def _spans(items: Sequence[Phone] | Sequence[Closure]) -> NDArray[np.float64]:
    """Return start and end in seconds [shape=(N, 2)]."""
    return np.array([(item.start_s, item.end_s) for item in items], np.float64).reshape(-1, 2)
