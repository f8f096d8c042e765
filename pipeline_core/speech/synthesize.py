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


def _skipped_letters(text: str) -> int:
    """Count the letters that are not Latin, which no voice so far can read."""
    return sum(1 for ch in text if ch.isalpha() and "LATIN" not in unicodedata.name(ch, "LATIN"))


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
    skipped = _skipped_letters(text)
    warnings = (f"{skipped} letters of other scripts were not spoken: the voice reads English",) if skipped else ()
    track = build_track(recognition, sound, source="tts", engine=backend.id, text=text, warnings=warnings)
    return sound, track
