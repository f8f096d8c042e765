"""run.py visemes: what the mouth does in a recording, as files for this and other programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ..models import register_all
from ..pipeline_core.cue_files import CueFormat, cue_format, cue_format_of, cue_text
from ..pipeline_core.errors import SettingError
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.files import check_target, refuse_own_source, replacing
from ..pipeline_core.media.text_file import read_text_file
from ..pipeline_core.motion import exact_fps
from ..pipeline_core.speech import analyze, cues_json, timeline_picture
from .console import EXIT_OK, emit
from .host import ConsoleHost
from .render import read_text


def run(arguments: argparse.Namespace) -> int:
    """Write the cues, and print them with --json, else say how many there are."""
    register_all()
    targets = [*arguments.out, *([arguments.picture] if arguments.picture else [])]
    for target in targets:
        check_target(target)
        refuse_own_source(target, arguments.audio, arguments.transcript, arguments.cues)
    formats, fps = formats_of(arguments.out, arguments.format), exact_fps(arguments.fps)
    speech = analyze(load_sound(arguments.audio), transcript=read_text(arguments.transcript),
                     cues=read_text_file(arguments.cues, "cue file") if arguments.cues else "",
                     engine=arguments.engine, host=ConsoleHost("cpu"))
    texts = [cue_text(speech, form, fps) for form in formats]
    for path, text in zip(arguments.out, texts, strict=True):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    if arguments.picture:
        with replacing(arguments.picture) as part:
            Image.fromarray(timeline_picture(speech)).save(part, "PNG", optimize=True)
    counts = {name: len(getattr(speech, name)) for name in ("phones", "visemes", "closures")}
    found = json.loads(cues_json(speech)) if arguments.json else counts
    full = [str(Path(target).resolve()) for target in targets]
    emit({"out": full[0], "files": full[1:], "duration_s": speech.duration_s, "engine": speech.engine,
          "speech_source": speech.source, **found, "warnings": list(speech.warnings)}, arguments.json)
    return EXIT_OK


def formats_of(paths: Sequence[str], name: str) -> list[CueFormat]:
    """Return the format of each file: by its ending, or the named one where there is one file.

    Raises
    ------
    SettingError
        If a format is named for several files, or is none.
    """
    if name == "auto":
        return [cue_format_of(path) for path in paths]
    if len(paths) > 1:
        raise SettingError(f"--format {name} for {len(paths)} files",
                           hint="Leave it out and say by the endings what each file is, e.g. talk.rhubarb.json.")
    return [cue_format(name)]
