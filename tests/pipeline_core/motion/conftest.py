"""Hand-written speech for the motion tests: IPA with the durations of a careful reader."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.phones import has_closure, is_vowel
from talking_avatar.pipeline_core.types import Closure, Phone, SpeechTrack, VisemeCue

# "phone milliseconds", silence is "_".
BOB = ("_ 300 m 75 eɪ 140 b 70 i 85 b 65 ɑ 130 b 70 p 60 ɹ 55 ɪ 60 f 85 ɝ 110 z 75 f 80 l 60 ʌ 75 f 80 i 90 "
       "p 75 ɝ 95 p 60 ə 50 l 75 m 70 ʌ 85 f 80 ɪ 55 n 60 z 110 _ 400")
MOON = ("_ 250 ð 45 ə 50 m 80 u 150 n 70 _ 320 w 70 ʌ 75 z 70 ɑ 160 p 65 ə 55 n 60 _ 90 t 60 u 110 t 55 u 160 "
        "_ 350 s 100 i 130 ð 50 i 95 z 70 ʃ 95 u 130 z 85 h 45 aʊ 170 ɹ 60 v 65 ɛ 90 ɹ 55 i 100 _ 500")
FATHER = ("_ 200 f 90 ɑ 170 ð 50 ɚ 90 k 70 ɑ 140 l 65 d 40 t 60 ə 40 m 75 ɑ 150 m 70 _ 260 æ 130 n 60 d 50 "
          "oʊ 150 p 60 ə 55 n 65 d 60 ð 45 ə 45 d 60 ɔ 150 ɹ 80 _ 450")


def speech_of(*lines: str, repeat: int = 1, rhythm_hz: float = 100.0) -> SpeechTrack:
    """Build a track from lines of "phone ms"; vowels are loud, odd ones louder and higher."""
    phones: list[Phone] = []
    clock = 0.0
    for _ in range(repeat):
        for line in lines:
            items = line.split()
            for name, ms in zip(items[::2], items[1::2], strict=True):
                end = clock + float(ms) / 1000
                phones.append(Phone("" if name == "_" else name, clock, end))
                clock = end
    return track_of(phones, clock, rhythm_hz)


def track_of(phones: list[Phone], duration_s: float, rate_hz: float = 100.0) -> SpeechTrack:
    """Wrap phones; closures are the bilabial phones, energy and pitch follow the vowels."""
    count = int(np.ceil(duration_s * rate_hz))
    energy, pitch = np.zeros(count, np.float32), np.zeros(count, np.float32)
    vowels = 0
    for p in phones:
        part = slice(int(p.start_s * rate_hz), int(p.end_s * rate_hz))
        if is_vowel(p.ipa):
            vowels += 1
            energy[part] = 1.1 if vowels % 3 == 0 else 0.9
            pitch[part] = 140 if vowels % 3 == 0 else 115
        elif p.ipa:
            energy[part] = 0.6
    closures = tuple(Closure(p.start_s, p.end_s) for p in phones if has_closure(p.ipa))
    return SpeechTrack(duration_s, "tts", "fixture", phones=tuple(phones), closures=closures,
                       prosody_rate_hz=rate_hz, energy=energy, pitch_hz=pitch)


def minute() -> SpeechTrack:
    """About 60 s of the three lines."""
    track = speech_of(BOB, MOON, FATHER, repeat=1)
    return speech_of(BOB, MOON, FATHER, repeat=round(60 / track.duration_s))


def silence(duration_s: float = 4.0) -> SpeechTrack:
    """Nothing is said."""
    return track_of([Phone("", 0.0, duration_s)], duration_s)


def viseme_speech() -> SpeechTrack:
    """Imported cues without phones."""
    cues = [("sil", 0.3), ("PP", 0.1), ("aa", 0.2), ("ou", 0.2), ("FF", 0.1), ("ih", 0.2), ("sil", 0.5)]
    out, clock = [], 0.0
    for name, length in cues:
        out.append(VisemeCue(name, clock, clock + length))
        clock += length
    return SpeechTrack(clock, "imported", "fixture", visemes=tuple(out))


@pytest.fixture(scope="session")
def say() -> SimpleNamespace:
    """The builders above, for tests (a conftest cannot be imported by name)."""
    return SimpleNamespace(BOB=BOB, MOON=MOON, FATHER=FATHER, speech_of=speech_of, track_of=track_of,
                           minute=minute, silence=silence, viseme_speech=viseme_speech)
