"""Sound -> SpeechTrack, from the best source there is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..cache import shared
from ..errors import AudioTooShort, InputError, MissingDependency, SettingError, UnknownBackend
from ..host import Host
from ..interfaces import Recognition, SpeechEngine
from ..registry import Backend, backends, resolve
from ..types import FloatArray, Phone, Sound, SpeechSource, SpeechTrack
from .energy_engine import ENGINE_ID, energy_phones
from .exchange import Cues, read_cues
from .phones import SILENCE
from .track import build_track

logger = logging.getLogger("talking_avatar")

SHORTEST_S = 0.02
"""Less than one frame at 50 frames/s: nothing can move."""
LONGEST_S = 4 * 3600.0
"""Longer sounds are refused before they fill the memory."""
_PART = 1 << 18
_SILENT_PEAK = 10 ** (-60 / 20)
_CLIPPED_SHARE = 0.001
"""One sample in a thousand at full scale is audible clipping."""
_TOLERANCE_S = 0.1
"""The speech track and its sound may differ by padding or by a codec's delay, not by more."""

_LOOP_WARNING = ("lip sync is from the sound alone: expect a fifth to a half of the p/b/m closures to be "
                 "missed; paste the transcript to get nearly all of them (English)")
_ENERGY_WARNING = ("lip sync follows loudness only: the mouth opens and shuts with the voice but does not "
                   "form its sounds; for real lip sync: pip install pocketsphinx, and paste the transcript")


def _checked(sound: Sound) -> tuple[Sound, tuple[str, ...]]:
    """Refuse what cannot be worked with; replace NaN; collect remarks on the recording."""
    if sound.duration_s < SHORTEST_S:
        raise AudioTooShort(f"the sound lasts {sound.duration_s * 1000:.0f} ms",
                            hint=f"Give a sound of at least {SHORTEST_S * 1000:.0f} ms.")
    if sound.duration_s > LONGEST_S:
        raise InputError(f"the sound lasts {sound.duration_s / 3600:.1f} hours",
                         hint=f"Cut it into parts of at most {LONGEST_S / 3600:.0f} hours.")
    warnings: list[str] = []
    if not all(np.isfinite(part).all() for part in _parts(sound)):
        sound = Sound(np.nan_to_num(sound.samples, nan=0.0, posinf=1.0, neginf=-1.0), sound.rate_hz)
        warnings.append("the sound holds values that are no numbers; they were replaced by silence")
    share = sum(int(np.count_nonzero(np.abs(part) >= 0.999)) for part in _parts(sound)) / sound.samples.size
    if share > _CLIPPED_SHARE:
        warnings.append(f"the sound is clipped ({share:.1%} of it); lip sync from sound may suffer")
    return sound, tuple(warnings)


def _silent(sound: Sound) -> bool:
    return all(float(np.abs(part).max(initial=0.0)) < _SILENT_PEAK for part in _parts(sound))


def _parts(sound: Sound) -> Iterator[FloatArray]:
    """Yield the samples piece by piece [shape=(C, up to 2**18)]: what is computed from them stays small."""
    for first in range(0, sound.samples.shape[1], _PART):
        yield sound.samples[:, first : first + _PART]


def _given(speech: SpeechTrack, sound: Sound) -> SpeechTrack:
    """Return the given track on the given sound."""
    difference_s = sound.duration_s - speech.duration_s
    if abs(difference_s) > _TOLERANCE_S:
        raise InputError(
            f"the speech track lasts {speech.duration_s:.2f} s and the sound {sound.duration_s:.2f} s: "
            "they do not belong together",
            hint="Wire the sound that came with the speech, or unplug the speech input to analyse this sound.")
    if speech.sound is sound:
        return speech
    found = Recognition(speech.phones, speech.words)
    return build_track(found, sound, source=speech.source, engine=speech.engine, text=speech.text,
                       warnings=speech.warnings, closures=speech.closures)


def _from_cues(cues: Cues, sound: Sound) -> SpeechTrack:
    warnings = cues.warnings
    if cues.end_s > sound.duration_s + _TOLERANCE_S:
        warnings += (f"the imported cues run to {cues.end_s:.2f} s, the sound ends at {sound.duration_s:.2f} s",)
    found = Recognition(cues.phones, cues.words)
    return build_track(found, sound, source="imported", engine=cues.format, text=cues.text, warnings=warnings,
                       closures=cues.closures)


def _loaded(backend: Backend) -> SpeechEngine:
    engine: SpeechEngine = shared().get(("speech", backend.id), backend.load)
    return engine


def _recognized(backend: Backend, sound: Sound, transcript: str, host: Host,
                warnings: tuple[str, ...]) -> SpeechTrack:  # fmt: skip
    aligned = bool(backend.capabilities.get("needs_transcript"))
    found = _loaded(backend).recognize(sound, transcript if aligned else "", host)
    source: SpeechSource = "aligned" if aligned else "acoustic"
    extra = () if aligned else (_LOOP_WARNING,)
    return build_track(found, sound, source=source, engine=backend.id, text=transcript.strip(),
                       warnings=(*warnings, *extra))


def _by_energy(sound: Sound, text: str, warnings: tuple[str, ...]) -> SpeechTrack:
    found = Recognition(energy_phones(sound), ())
    return build_track(found, sound, source="acoustic", engine=ENGINE_ID, text=text,
                       warnings=(*warnings, _ENERGY_WARNING))


def _automatic(sound: Sound, transcript: str, host: Host, warnings: tuple[str, ...]) -> SpeechTrack:
    """Alignment where there is a transcript, else sound alone; each failure steps down with a warning."""
    for backend in backends("speech"):
        needs_transcript = bool(backend.capabilities.get("needs_transcript"))
        if needs_transcript and not transcript.strip():
            continue
        if not backend.is_available():
            if needs_transcript:
                warnings += (f"the transcript was not used: {backend.title} needs "
                             f"{', '.join(backend.missing_packages() or backend.files())}",)
            continue
        try:
            return _recognized(backend, sound, transcript, host, warnings)
        except InputError as error:
            warnings += (f"the transcript was not used: {error.message}",)
            logger.warning("%s: %s", backend.id, error.message)
    return _by_energy(sound, transcript.strip(), warnings)


def engine_choices() -> list[str]:
    """Return the values that `engine` may take."""
    return ["auto", *(b.id for b in backends("speech")), ENGINE_ID]


def analyze(
    sound: Sound,
    *,
    transcript: str = "",
    cues: str = "",
    speech: SpeechTrack | None = None,
    engine: str = "auto",
    host: Host,
) -> SpeechTrack:
    """Find out what is said when.

    The first of these that is there decides: `speech` (exact times of a synthesiser), `cues`
    (imported mouth shapes or words), `transcript` (forced alignment), the sound alone.

    Parameters
    ----------
    sound : Sound
        The voice, at least 20 ms.
    transcript : str
        The spoken words (English), where known.
    cues : str
        Rhubarb JSON or TSV, our own cues JSON, or SRT/VTT captions (words only).
    speech : SpeechTrack, optional
        What the synthesiser said about this sound.
    engine : str
        "auto", the id of a back end of kind "speech", or "energy".
    host : Host
        Progress and cancel.

    Returns
    -------
    SpeechTrack
        `warnings` say in plain words what accuracy to expect.

    Raises
    ------
    AudioTooShort
        If there is less than 20 ms of sound.
    InputError
        If the sound, the cues or the speech track cannot be used.
    UnknownBackend
        If `engine` is none of `engine_choices`.
    SettingError
        If the chosen engine needs a transcript and there is none.
    """
    sound, warnings = _checked(sound)
    if speech is not None:
        track = _given(speech, sound)
        return replace(track, warnings=(*track.warnings, *warnings)) if warnings else track
    if engine != "auto" and engine not in engine_choices():
        raise UnknownBackend(f"unknown speech engine {engine!r}", hint=f"Choose one of: {', '.join(engine_choices())}.")
    if cues.strip():
        imported = read_cues(cues)
        if imported.phones:
            track = _from_cues(imported, sound)
            return replace(track, warnings=(*track.warnings, *warnings))
        if not transcript.strip():
            transcript = imported.text
    if _silent(sound):
        found = Recognition((Phone(SILENCE, 0.0, sound.duration_s),), ())
        return build_track(found, sound, source="none", engine="silence", text=transcript.strip(),
                           warnings=(*warnings, "the sound is silent: the mouth stays closed"))
    host.status("Listening")
    if engine == "auto":
        return _automatic(sound, transcript, host, warnings)
    if engine == ENGINE_ID:
        return _by_energy(sound, transcript.strip(), warnings)
    return _chosen(engine, sound, transcript, host, warnings)


def _chosen(engine: str, sound: Sound, transcript: str, host: Host, warnings: tuple[str, ...]) -> SpeechTrack:
    """Run the engine that the user named; a text that does not fit steps down, a missing one does not."""
    wanted = next(b for b in backends("speech") if b.id == engine)
    if wanted.capabilities.get("needs_transcript") and not transcript.strip():
        raise SettingError(f"{wanted.title} needs a transcript",
                           hint="Paste the spoken words, or choose another engine.")
    try:
        return _recognized(resolve("speech", engine), sound, transcript, host, warnings)
    except MissingDependency as error:
        return _by_energy(sound, transcript.strip(), (*warnings, f"{error.message}. {error.hint}"))
    except InputError as error:
        remark = f"the transcript was not used: {error.message}"
        return _automatic(sound, "", host, (*warnings, remark))
