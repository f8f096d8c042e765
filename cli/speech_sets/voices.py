"""Utterances of this pack's own voices: the bundled "heart" and those of Kokoro."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ...models.voice_heart import HeartVoice
from ...models.voice_kokoro import KokoroVoice, find_voice, read_styles
from ...pipeline_core.errors import BackendError
from ...pipeline_core.host import PlainHost
from ...pipeline_core.speech.track import build_track
from ...pipeline_core.types import FloatArray
from .refine import refined
from .utterance import Utterance, at_rate

HEART = "heart"
LATE_S = 0.02
"""Boundaries of fricatives, stops and pauses that can be heard are this much later than the durations say."""
TIMBRE_WIDTH = 128
"""The first values of a Kokoro style say how a voice sounds, the rest how it speaks (StyleTTS 2, Li et al. 2023)."""


@lru_cache(maxsize=64)
def _voice(name: str) -> HeartVoice | KokoroVoice:
    return HeartVoice() if name == HEART else KokoroVoice(name)


@lru_cache(maxsize=64)
def _styles(name: str) -> FloatArray:
    path = find_voice(name)
    if path is None:
        raise BackendError(f"the voice {name} is not on this machine", hint="Run: python run.py fetch kokoro --all-voices")
    return read_styles(path, name)


def mixed(timbre: Mapping[str, float], manner: Mapping[str, float]) -> KokoroVoice:
    """Return a voice of nobody: it sounds like some of Kokoro's voices and speaks like others.

    Parameters
    ----------
    timbre, manner : mapping of name to share
        The shares of each add up to 1.
    """
    blends = [np.sum([share * _styles(name) for name, share in shares.items()], axis=0) for shares in (timbre, manner)]
    voice = KokoroVoice(next(iter(manner)))
    voice.styles = np.concatenate([blends[0][:, :TIMBRE_WIDTH], blends[1][:, TIMBRE_WIDTH:]], axis=1, dtype=np.float32)
    return voice


def speak(text: str, voice: str = HEART, speed: float = 1.0, spoken_by: KokoroVoice | None = None) -> Utterance:
    """Return what a voice says, with its own times fitted to the sound.

    Parameters
    ----------
    text : str
        English text.
    voice : str
        "heart", or a name of `voice_kokoro.NAMES`.
    speed : float
        0.5 (slow) to 2 (fast).
    spoken_by : KokoroVoice, optional
        A mixed voice, which speaks instead of the one that is named.

    Raises
    ------
    BackendError
        If Kokoro's files are not on this machine; `pipeline_core.model_files` says where they are looked for.
    """
    sound, recognition = (spoken_by or _voice(voice)).speak(text, speed, PlainHost(threads=1))
    engine = HEART if voice == HEART else "kokoro"
    track = build_track(recognition, sound, source="tts", engine=engine, text=text)
    language = "en-gb" if voice.startswith("b") else "en-us"
    samples = at_rate(sound.mono, sound.rate_hz)
    return Utterance(samples, refined(track.phones, samples, LATE_S), track.closures, text, language, voice, engine)
