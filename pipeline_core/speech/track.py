"""The last step of every engine: phones and a sound become a SpeechTrack."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..interfaces import Recognition
from ..types import Closure, Sound, SpeechSource, SpeechTrack, Word
from .articulation.contact import settled
from .closures import find_closures
from .envelope import envelope_of
from .phones import has_closure
from .prosody import RATE_HZ, energy_of, pitch_of
from .timing import carve_pauses, contiguous, snap_phones, viseme_cues


def words_within(words: Iterable[Word], duration_s: float) -> tuple[Word, ...]:
    """Return the words that begin in a sound and take time."""
    return tuple(w for w in words if w.start_s < duration_s and w.end_s > w.start_s)


def build_track(
    recognition: Recognition,
    sound: Sound,
    *,
    source: SpeechSource,
    engine: str,
    text: str = "",
    warnings: tuple[str, ...] = (),
    closures: tuple[Closure, ...] = (),
) -> SpeechTrack:
    """Fit phones to the sound and add closures, visemes, loudness and pitch.

    Parameters
    ----------
    recognition : Recognition
        Phones (any order, gaps allowed) and words.
    sound : Sound
        The sound they belong to.
    source : {"tts", "aligned", "acoustic", "imported", "none"}
        Where the times come from.
    engine : str
        Id of the back end.
    text : str
        What is said, where known.
    warnings : tuple of str
        What the user should know about the accuracy.
    closures : tuple of Closure
        Already refined closures of a track that comes back; they and the phones are then kept.

    Returns
    -------
    SpeechTrack
        Phones and visemes cover 0..duration without gaps; carries the sound.
    """
    envelope = envelope_of(sound)
    phones = contiguous(recognition.phones, sound.duration_s)
    if not closures or len(closures) != sum(1 for p in phones if has_closure(p.ipa)):
        phones = carve_pauses(phones, envelope)
        closures = find_closures(phones, envelope)
        if recognition.contact is not None:
            closures = settled(phones, closures, recognition.contact)
        phones = snap_phones(phones, closures)
    energy = energy_of(envelope, sound.duration_s)
    pitch = pitch_of(sound, energy)
    words = words_within(recognition.words, sound.duration_s)
    return SpeechTrack(
        duration_s=sound.duration_s, source=source, engine=engine, phones=phones,
        visemes=viseme_cues(phones, closures), words=words, closures=closures,
        prosody_rate_hz=RATE_HZ, energy=np.asarray(energy), pitch_hz=pitch, text=text,
        sound=sound, warnings=warnings,
    )
