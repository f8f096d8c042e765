"""Speech engines "aligned" (English, transcript known) and "phone_loop" (sound alone).

Both use the acoustic model inside the pocketsphinx wheel. The alignment is one search over a
graph of phones with optional silence between words, so that phones and words come out together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..pipeline_core.errors import InputError
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.lazy import signal
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.speech.phones import SILENCE, arpabet_to_ipa, segments_of
from ..pipeline_core.speech.text import letters_to_sounds, spoken_words
from ..pipeline_core.types import FloatArray, Phone, Sound, Word

RATE_HZ = 16_000
FRAME_S = 0.01
_PEAK = 0.5
_RUMBLE_HZ = 60.0
"""Drift and hum below this would set the peak in place of the voice."""
_DITHER = 1e-3
"""Noise 60 dB below full scale. Without it digital silence gives features that the model has never
seen: 11 of 24 test sentences failed to align, and the phone loop found half as many closures."""
_LOOP_DITHER = 4e-4
"""Less for the phone loop: natural voices lose closures in more noise (81 % found against 68 % on
three natural voices, while formant synthesis would gain)."""
_SILENCE_SHARE = 0.3
"""Prior of a pause between two words."""
_LOOP = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20}
_BEAMS: tuple[dict[str, float], ...] = ({}, {"beam": 1e-80, "pbeam": 1e-80, "wbeam": 1e-80})
"""The normal search, then a wider one where the normal one lost the end of the text."""
_LOOP_CHUNK_S = 30.0
_LEAST_AGREEMENT = 0.3
"""Share of 10 ms frames with the viseme that the phone loop hears, below which a text is disbelieved
(measured: 62 matching texts 0.31-0.89, median 0.68; of 186 texts of random words 142 do not align
at all, the others have 0.04-0.38, median 0.22, and 10 of them pass both limits)."""
_MOST_UNSPOKEN = 0.3
"""Share of the heard speech that a text may leave to silence (matching texts 0.12 at most; the first
halves of texts mostly 0.4-0.6)."""


def _prepare(sound: Sound, seed: int = 0, dither: float = _DITHER) -> np.ndarray[Any, np.dtype[np.int16]]:
    """16 kHz mono 16-bit with even loudness and a trace of noise [shape=(N,)]."""
    divisor = math.gcd(RATE_HZ, sound.rate_hz)
    mono: FloatArray = np.nan_to_num(sound.mono)
    if sound.rate_hz != RATE_HZ:
        mono = signal.resample_poly(mono, RATE_HZ // divisor, sound.rate_hz // divisor).astype(np.float32)
    if len(mono):
        sections = signal.butter(2, _RUMBLE_HZ, "highpass", fs=RATE_HZ, output="sos")
        mono, _ = signal.sosfilt(sections, mono, zi=signal.sosfilt_zi(sections) * float(mono[0]))
    peak = float(np.abs(mono).max()) if len(mono) else 0.0
    gain = _PEAK / peak if peak > 1e-4 else 1.0
    noise = np.random.default_rng(seed).standard_normal(len(mono), dtype=np.float32) * dither
    return np.asarray(np.clip(mono * gain + noise, -1, 1) * 32767, dtype="<i2")


def _decode(decoder: Any, samples: np.ndarray[Any, np.dtype[np.int16]]) -> list[Any]:
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    try:
        decoder.end_utt()
    except RuntimeError:
        return []
    return list(decoder.seg() or [])


class PhoneLoop:
    """Phones from sound alone; any text is ignored. See `interfaces.SpeechEngine`."""

    cache_bytes = 40_000_000

    def __init__(self) -> None:
        import pocketsphinx

        self._package = pocketsphinx
        self._model = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")

    def decode(self, samples: np.ndarray[Any, np.dtype[np.int16]]) -> list[Phone]:
        """Return the phones of 16 kHz samples."""
        decoder = self._package.Decoder(allphone=self._model, samprate=RATE_HZ, dict=None,
                                        loglevel="FATAL", **_LOOP)
        found = _decode(decoder, samples)
        return [Phone(arpabet_to_ipa(s.word), s.start_frame * FRAME_S, (s.end_frame + 1) * FRAME_S)
                for s in found]

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return the phones of the whole sound, worked through in pieces cut at quiet places."""
        samples = _prepare(sound, dither=_LOOP_DITHER)
        phones: list[Phone] = []
        for start, stop in _quiet_cuts(samples):
            host.progress(start, len(samples))
            found = self.decode(samples[start:stop])
            offset_s = start / RATE_HZ
            phones += [Phone(p.ipa, p.start_s + offset_s, p.end_s + offset_s) for p in found]
        return Recognition(tuple(phones), ())


def _quiet_cuts(samples: np.ndarray[Any, np.dtype[np.int16]]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of pieces of about 30 s, cut at the quietest 0.2 s of each last 10 s."""
    size = int(_LOOP_CHUNK_S * RATE_HZ)
    block = RATE_HZ // 5
    start = 0
    while len(samples) - start > size * 4 // 3:
        zone = samples[start + size * 2 // 3 : start + size].astype(np.float32)
        count = len(zone) // block
        level = (zone[: count * block].reshape(count, block) ** 2).mean(axis=1)
        stop = start + size * 2 // 3 + int(np.argmin(level)) * block + block // 2
        yield start, stop
        start = stop
    yield start, len(samples)




class Aligner:
    """Phones and words where the English transcript is known. See `interfaces.SpeechEngine`."""

    cache_bytes = 60_000_000

    def __init__(self) -> None:
        import pocketsphinx

        self._package = pocketsphinx
        self._loop = PhoneLoop()
        self._readings: dict[str, list[list[str]]] = {}
        path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
        for line in path.read_text(encoding="utf-8").splitlines():
            word, *phones = line.split()
            self._readings.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(phones)

    def readings(self, word: str) -> list[list[str]]:
        """Return the pronunciations of a word in CMU phones, guessed where no dictionary has it."""
        found = self._readings.get(word) or self._readings.get(word.replace("'", ""))
        return found or [letters_to_sounds(word)]

    def _search(self, readings: list[list[list[str]]], beams: dict[str, float]) -> Any:
        """Return a decoder whose only path is this text."""
        decoder = self._package.Decoder(lm=None, dict=None, samprate=RATE_HZ, loglevel="FATAL",
                                        fsgusefiller=False, fsgusealtpron=False, **beams)
        for phone in sorted({p for word in readings for reading in word for p in reading}):
            decoder.add_word(phone, phone, False)
        decoder.add_word("_sil", "SIL", False)
        arcs: list[tuple[Any, ...]] = [(0, 1, _SILENCE_SHARE, "_sil"), (0, 1, 1 - _SILENCE_SHARE)]
        state, free = 1, 2
        for word in readings:
            end, free = free, free + 1
            for reading in word:
                at = state
                for position, phone in enumerate(reading):
                    last = position + 1 == len(reading)
                    to = end if last else free
                    free += 0 if last else 1
                    arcs.append((at, to, 1.0 / len(word) if position == 0 else 1.0, phone))
                    at = to
            state, free = free, free + 1
            arcs += [(end, state, _SILENCE_SHARE, "_sil"), (end, state, 1 - _SILENCE_SHARE)]
        decoder.add_fsg("text", decoder.create_fsg("text", 0, state, arcs))
        decoder.activate_search("text")
        return decoder

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return phones and words.

        Raises
        ------
        InputError
            If the transcript holds no words or is not what is said in the sound; the caller may
            then use sound alone.
        """
        words = spoken_words(transcript)
        if not words:
            raise InputError("the transcript holds no English words",
                             hint="Give the spoken words in English, or leave the transcript empty.")
        readings = [self.readings(word) for word in words]
        if sound.duration_s < 0.03 * sum(min(map(len, r)) for r in readings):
            raise InputError(f"the transcript has {len(words)} words; {sound.duration_s:.1f} s are too short for them",
                             hint="Give the transcript of this recording, or leave it empty.")
        for attempt, beams in enumerate(_BEAMS):
            host.progress(attempt, len(_BEAMS) + 1)
            samples = _prepare(sound, seed=attempt)
            segments = _decode(self._search(readings, beams), samples)
            found = _read(segments, words, readings)
            if found is not None:
                self._check(found, samples)
                host.progress(1, 1)
                return found
        raise InputError("the transcript does not fit the sound",
                         hint="Give the exact spoken words in English, or leave the transcript empty.")

    def _check(self, found: Recognition, samples: np.ndarray[Any, np.dtype[np.int16]]) -> None:
        """Refuse a text that the sound contradicts: compare with the phone loop on up to 30 s."""
        samples = samples[: int(_LOOP_CHUNK_S * RATE_HZ)]
        count = int(len(samples) / RATE_HZ / FRAME_S)
        heard = _viseme_frames(self._loop.decode(samples), count)
        read = _viseme_frames(found.phones, count)
        speech = heard != "sil"
        if speech.sum() * FRAME_S < 0.5:
            return
        agreement = float((heard == read)[speech].mean())
        unspoken = float((read == "sil")[speech].mean())
        if agreement < _LEAST_AGREEMENT or unspoken > _MOST_UNSPOKEN:
            raise InputError("the transcript is not what is said in the sound, or only a part of it",
                             hint="Give all spoken words in English, or leave the transcript empty.")


def _viseme_frames(phones: Iterable[Phone], count: int) -> np.ndarray[Any, Any]:
    """First viseme of the phone at each 10 ms [shape=(count,)]."""
    frames = np.full(count, "sil", dtype="<U3")
    for phone in phones:
        segments = segments_of(phone.ipa)
        if segments:
            frames[round(phone.start_s / FRAME_S) : round(phone.end_s / FRAME_S)] = segments[0].viseme
    return frames


def _read(segments: list[Any], words: list[str], readings: list[list[list[str]]]) -> Recognition | None:
    """Segments of the search -> phones and words; None where the text was not reached to its end."""
    spoken = [s for s in segments if s.end_frame >= s.start_frame
              and (s.word == "_sil" or not s.word.startswith(("<", "(")))]
    phones = [Phone(SILENCE if s.word == "_sil" else arpabet_to_ipa(s.word),
                    s.start_frame * FRAME_S, (s.end_frame + 1) * FRAME_S) for s in spoken]
    names = [(s.word, p) for s, p in zip(spoken, phones, strict=True) if s.word != "_sil"]
    out: list[Word] = []
    at = 0
    for word, choices in zip(words, readings, strict=True):
        # Readings that begin alike: the longest that fits and leaves the next word a start.
        fits = [r for r in sorted(choices, key=len, reverse=True) if [n for n, _ in names[at : at + len(r)]] == r]
        if not fits:
            return None
        chosen = next((r for r in fits if _continues(names, at + len(r), readings, len(out) + 1)), fits[0])
        part = names[at : at + len(chosen)]
        out.append(Word(word, part[0][1].start_s, part[-1][1].end_s))
        at += len(chosen)
    return Recognition(tuple(phones), tuple(out)) if at == len(names) else None


def _continues(names: list[tuple[str, Phone]], at: int, readings: list[list[list[str]]], index: int) -> bool:
    if index == len(readings):
        return at == len(names)
    return any([n for n, _ in names[at : at + len(r)]] == r for r in readings[index])


ALIGNED = register(Backend(
    kind="speech", id="aligned", title="Transcript alignment (English)", load=Aligner,
    licence="BSD-2-Clause", commercial=True, priority=20, packages=("pocketsphinx",), extra="align",
    capabilities={"needs_transcript": True},
))
PHONE_LOOP = register(Backend(
    kind="speech", id="phone_loop", title="Sound alone (English phone loop)", load=PhoneLoop,
    licence="BSD-2-Clause", commercial=True, priority=10, packages=("pocketsphinx",), extra="align",
    capabilities={"needs_transcript": False},
))
