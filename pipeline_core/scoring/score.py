"""The scorecard of any finished video: watch it once, listen to it, judge."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from ..errors import InputError
from ..host import Host
from ..media.audio import load_sound
from ..media.video import probe
from ..speech import analyze
from ..types import Sound, SpeechTrack
from .lip_rows import TRUTHS, lip_rows
from .look_rows import file_rows, life_rows, look_rows
from .observe import Judges, Observation, Source, available_judges, name_of, observe
from .scorecard import Scorecard

logger = logging.getLogger("talking_avatar")

NO_WORDS = "the words are not known: give a transcript"
NOT_USED = "the transcript was not used"
"""How the warning of `analyze` begins."""


def score_video(video: str | os.PathLike[str], *, source: Source | None = None, transcript: str = "",
                cues: str = "", judges: Judges | None = None, host: Host) -> Scorecard:
    """Judge a finished video.

    Parameters
    ----------
    video : path
        Any video with a face; ours or not.
    source : path or Portrait, optional
        The photo, or the video, that it was made from. Without it, rows that compare with it are not measurable.
    transcript : str
        What is said; lip closures are judged only with it, or with `cues`.
    cues : str
        Exact times: Rhubarb JSON or TSV, or our own cues JSON.
    judges : Judges, optional
        Who looks; those that are installed by default.
    host : Host
        Progress and cancel.

    Returns
    -------
    Scorecard
        Memory does not grow with the length beyond the sound and a few numbers a frame.

    Raises
    ------
    InputError
        If a file cannot be read, or no face is seen.
    """
    has_sound = probe(video).has_sound
    judges = judges or available_judges()
    host.status("Watching the video")
    seen = observe(video, source, judges, host)
    sound = load_sound(video) if has_sound else None
    speech, why_not = _speech(sound, transcript, cues, host)
    known = speech if speech is not None and speech.source in TRUTHS else None
    rows = (*lip_rows(seen, speech, why_not), *look_rows(seen), *life_rows(seen, speech.phones if speech else ()),
            *file_rows(seen, sound.duration_s if sound else None))
    return Scorecard(
        Path(video).name, "" if source is None else name_of(source), known.source if known else "none",
        len(seen.times_s), float(seen.fps), seen.duration_s, *seen.size_px, rows, _remarks(seen, judges))


def _speech(sound: Sound | None, transcript: str, cues: str, host: Host) -> tuple[SpeechTrack | None, str]:
    """Return what is said, as well as it is known, and why the words are not known where they are not."""
    if sound is None:
        return None, "the video has no sound"
    if transcript.strip() or cues.strip():
        speech = analyze(sound, transcript=transcript, cues=cues, host=host)
        if speech.source in TRUTHS:
            return speech, ""
        # Other warnings speak of transcripts as well: what a fault of the sound costs with one and without.
        refused = next((w for w in speech.warnings if w.startswith(NOT_USED)), NOT_USED)
        return speech, refused
    try:
        return analyze(sound, engine="energy", host=host), NO_WORDS
    except InputError as error:
        logger.warning("the sound cannot be analysed: %s", error.message)
        return None, error.message


def _remarks(seen: Observation, judges: Judges) -> tuple[str, ...]:
    remarks = []
    if judges.lips is None:
        remarks.append(f"no independent judge, the own landmarks judge their own work; {judges.missing}")
    elif not seen.independent:
        remarks.append(f"the independent judge sees the face in {seen.judged.seen_share:.0%} of the frames: "
                       "the own landmarks judge instead")
    return tuple(remarks)


__all__ = ["Judges", "Scorecard", "available_judges", "score_video"]
