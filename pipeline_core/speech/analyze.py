"""Sound -> SpeechTrack, from the best source there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..cache import shared
from ..errors import AudioTooShort, InputError, MissingDependency, SettingError, UnknownBackend
from ..host import Host
from ..interfaces import Recognition, SpeechEngine
from ..registry import Backend, backends, resolve
from ..types import FloatArray, Phone, Sound, SpeechSource, SpeechTrack, Word
from .energy_engine import ENGINE_ID, energy_phones
from .exchange import Cues, read_cues
from .phones import SILENCE
from .sound_report import sound_report
from .track import build_track, words_within

SHORTEST_S = 0.02
"""Less than one frame at 50 frames/s: nothing can move."""
LONGEST_S = 4 * 3600.0
"""Longer sounds are refused before they fill the memory."""
_PART = 1 << 18
_SILENT_PEAK = 10 ** (-60 / 20)
_TOLERANCE_S = 0.1
"""The speech track and its sound may differ by padding or by a codec's delay, not by more."""

_SAME_S = 1e-3
"""Below it the sound is as long as the track, whose times then stay to the letter: they may have been edited."""

_ALONE_WARNING = ("lip sync is from the sound alone: expect some of the p/b/m closures to be missed; paste the "
                  "transcript to get nearly all of them")
_ENERGY_WARNING = ("lip sync follows loudness only: the mouth opens and shuts with the voice but does not form its "
                   "sounds; for real lip sync install the pack again, and pip install safetensors")


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
        sound = replace(sound, samples=np.nan_to_num(sound.samples, nan=0.0, posinf=1.0, neginf=-1.0))
        warnings.append("the sound holds values that are no numbers; they were replaced by silence")
    return sound, (*sound.warnings, *warnings)


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
    track = build_track(found, sound, source=speech.source, engine=speech.engine, text=speech.text,
                        warnings=speech.warnings, closures=speech.closures)
    if abs(difference_s) < _SAME_S:
        track = replace(track, phones=speech.phones, visemes=speech.visemes, closures=speech.closures)
    return replace(track, keyframes=speech.keyframes)


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


@dataclass(frozen=True, eq=False)
class _Listening:
    """A recording and what is known about it before an engine hears it."""

    sound: Sound
    transcript: str
    warnings: tuple[str, ...]

    def warned(self, text: str) -> _Listening:
        return replace(self, warnings=(*self.warnings, text))


def _listening(sound: Sound, transcript: str, warnings: tuple[str, ...], host: Host) -> _Listening:
    """Look for what spoils lip sync, and say it before anything is rendered."""
    report = sound_report(sound)
    for text in report.warnings:
        host.status(text)
    return _Listening(sound, transcript.strip(), (*warnings, *report.warnings))


def _recognized(backend: Backend, job: _Listening, host: Host) -> SpeechTrack:
    aligned = bool(backend.capabilities.get("needs_transcript"))
    found = _loaded(backend).recognize(job.sound, job.transcript if aligned else "", host)
    source: SpeechSource = "aligned" if aligned else "acoustic"
    extra = () if aligned else (_ALONE_WARNING,)
    return build_track(found, job.sound, source=source, engine=backend.id, text=job.transcript,
                       warnings=(*job.warnings, *found.warnings, *extra))


def _by_energy(job: _Listening) -> SpeechTrack:
    found = Recognition(energy_phones(job.sound), ())
    return build_track(found, job.sound, source="acoustic", engine=ENGINE_ID, text=job.transcript,
                       warnings=(*job.warnings, _ENERGY_WARNING))


def _automatic(job: _Listening, host: Host) -> SpeechTrack:
    """Alignment where there is a transcript, else sound alone; each failure steps down with a warning."""
    for backend in backends("speech"):
        needs_transcript = bool(backend.capabilities.get("needs_transcript"))
        if needs_transcript and not job.transcript:
            continue
        if not backend.is_available():
            if needs_transcript:
                job = job.warned(f"the transcript was not used: {backend.title} needs "
                                 f"{', '.join(backend.missing_packages() or backend.files())}")
            continue
        try:
            return _recognized(backend, job, host)
        except InputError as error:
            used = "the transcript" if needs_transcript else backend.title
            job = job.warned(f"{used} was not used: {error.message}")
    return _by_energy(job)


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
        The spoken words, where known.
    cues : str
        What `exchange.read_cues` reads: our own JSON, Rhubarb, TextGrid, OVR visemes, captions (words only) ...
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
    captions: tuple[Word, ...] = ()
    if cues.strip():
        imported = read_cues(cues)
        if imported.phones:
            track = _from_cues(imported, sound)
            return replace(track, warnings=(*track.warnings, *warnings))
        if not transcript.strip():
            transcript = imported.text
            captions = imported.words
    if _silent(sound):
        found = Recognition((Phone(SILENCE, 0.0, sound.duration_s),), ())
        return build_track(found, sound, source="none", engine="silence", text=transcript.strip(),
                           warnings=(*warnings, "the sound is silent: the mouth stays closed"))
    host.status("Listening")
    job = _listening(sound, transcript, warnings, host)
    if engine == "auto":
        track = _automatic(job, host)
    else:
        track = _by_energy(job) if engine == ENGINE_ID else _chosen(engine, job, host)
    return track if track.words else replace(track, words=words_within(captions, sound.duration_s))


def _chosen(engine: str, job: _Listening, host: Host) -> SpeechTrack:
    """Run the engine that the user named; a text that does not fit steps down, a missing one does not."""
    wanted = next(b for b in backends("speech") if b.id == engine)
    if wanted.capabilities.get("needs_transcript") and not job.transcript:
        raise SettingError(f"{wanted.title} needs a transcript",
                           hint="Paste the spoken words, or choose another engine.")
    try:
        return _recognized(resolve("speech", engine), job, host)
    except MissingDependency as error:
        return _by_energy(job.warned(f"{error.message}. {error.hint}"))
    except InputError as error:
        refused = job.warned(f"the transcript was not used: {error.message}")
        return _automatic(replace(refused, transcript=""), host)
