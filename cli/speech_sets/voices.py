"""Utterances of this pack's own voices: the bundled "heart" and those of Kokoro."""

from __future__ import annotations

from functools import lru_cache

from ...models.voice_heart import HeartVoice
from ...models.voice_kokoro import KokoroVoice
from ...pipeline_core.host import PlainHost
from ...pipeline_core.speech.track import build_track
from .refine import refined
from .utterance import Utterance, at_rate

HEART = "heart"
LATE_S = 0.02
"""Boundaries of fricatives, stops and pauses that can be heard are this much later than the durations say."""


@lru_cache(maxsize=64)
def _voice(name: str) -> HeartVoice | KokoroVoice:
    return HeartVoice() if name == HEART else KokoroVoice(name)


def speak(text: str, voice: str = HEART, speed: float = 1.0) -> Utterance:
    """Return what a voice says, with its own times fitted to the sound.

    Parameters
    ----------
    text : str
        English text.
    voice : str
        "heart", or a name of `voice_kokoro.NAMES`.
    speed : float
        0.5 (slow) to 2 (fast).

    Raises
    ------
    BackendError
        If Kokoro's files are not on this machine; `pipeline_core.model_files` says where they are looked for.
    """
    sound, recognition = _voice(voice).speak(text, speed, PlainHost(threads=1))
    engine = HEART if voice == HEART else "kokoro"
    track = build_track(recognition, sound, source="tts", engine=engine, text=text)
    language = "en-gb" if voice.startswith("b") else "en-us"
    samples = at_rate(sound.mono, sound.rate_hz)
    return Utterance(samples, refined(track.phones, samples, LATE_S), track.closures, text, language, voice, engine)
