"""Text -> sound and its SpeechTrack, with the synthesiser's own times."""

from __future__ import annotations

import unicodedata

from ..cache import shared
from ..errors import InputError
from ..host import Host
from ..interfaces import Voice
from ..registry import resolve
from ..types import Sound, SpeechTrack
from .track import build_track

_FIRST_EMOJI = 0x2600
"""Symbols below it are arrows and signs, which are read or mean nothing aloud."""


def _skipped(text: str) -> tuple[str, ...]:
    """Say what no voice so far can read: letters that are not Latin, and pictures."""
    letters = sum(1 for ch in text if ch.isalpha() and "LATIN" not in unicodedata.name(ch, "LATIN"))
    pictures = sum(1 for ch in text if unicodedata.category(ch) == "So" and ord(ch) >= _FIRST_EMOJI)
    found = [f"{count} {what}" for count, what in ((letters, "letters of other scripts"), (pictures, "emoji")) if count]
    return (f"not spoken, because the voice reads English: {' and '.join(found)}",) if found else ()


def synthesize(text: str, *, voice: str = "auto", speed: float = 1.0, host: Host) -> tuple[Sound, SpeechTrack]:
    """Speak a text.

    Parameters
    ----------
    text : str
        What to say; line breaks make pauses.
    voice : str
        Id of a back end of kind "voice", or "auto".
    speed : float
        0.5 (slow) to 2 (fast).
    host : Host
        Progress and cancel.

    Returns
    -------
    tuple of Sound and SpeechTrack
        The track's source is "tts": its times are exact.

    Raises
    ------
    InputError
        If there is nothing to say.
    SettingError
        If `speed` is out of range.
    MissingDependency
        If no voice is installed.
    """
    if not text.strip():
        raise InputError("the text is empty", hint="Type a sentence to say.")
    backend = resolve("voice", voice)
    host.status("Speaking")
    engine: Voice = shared().get(("voice", backend.id), backend.load)
    sound, recognition = engine.speak(text, speed, host)
    track = build_track(recognition, sound, source="tts", engine=backend.id, text=text, warnings=_skipped(text))
    return sound, track
