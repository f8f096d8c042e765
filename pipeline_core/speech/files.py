"""Sound file in, cues JSON out: what the command line's `visemes` does."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import InputError, OutputError
from ..host import Host
from ..media.audio import load_sound
from ..types import SpeechTrack
from .analyze import analyze
from .exchange import cues_json
from .text import MAX_CHARACTERS


def read_transcript(path: str | os.PathLike[str]) -> str:
    """Return the text of a transcript file (UTF-8, with or without a mark).

    Raises
    ------
    InputError
        If the file is missing, no text, or too long.
    """
    try:
        data = Path(path).read_bytes()
        if len(data) > 4 * MAX_CHARACTERS:
            raise InputError(f"{Path(path).name} is too long for a transcript", hint="Give the text of one recording.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{Path(path).name} is no UTF-8 text", hint="Save the transcript as UTF-8 text.") from error
    except OSError as error:
        raise InputError(f"cannot read the transcript {Path(path).name} ({error.strerror})",
                         hint="Check the path of the transcript.") from error


def write_cues(
    audio: str | os.PathLike[str], out: str | os.PathLike[str], *, transcript: str = "", engine: str = "auto", host: Host
) -> SpeechTrack:
    """Analyse a sound file and write its cues JSON; nothing half-written is left behind.

    Parameters
    ----------
    audio : path
        Any file with sound.
    out : path
        Cues JSON to write.
    transcript, engine, host
        As for `analyze`.
    """
    speech = analyze(load_sound(audio), transcript=transcript, engine=engine, host=host)
    target = Path(out)
    temporary = target.with_name(target.name + ".part")
    try:
        temporary.write_text(cues_json(speech) + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {target} ({error.strerror})", hint="Choose a folder you may write to.") from error
    return speech
