"""run.py visemes: the cues of a recording as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..models import register_all
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.files import check_target, refuse_own_source, replacing
from ..pipeline_core.speech import analyze, cues_json
from .console import EXIT_OK, emit
from .host import ConsoleHost
from .render import read_text


def run(arguments: argparse.Namespace) -> int:
    """Write the cues, and print them with --json, else say how many there are."""
    register_all()
    check_target(arguments.out)
    refuse_own_source(arguments.out, arguments.audio, arguments.transcript)
    speech = analyze(load_sound(arguments.audio), transcript=read_text(arguments.transcript),
                     engine=arguments.engine, host=ConsoleHost("cpu"))
    cues = cues_json(speech)
    with replacing(arguments.out) as part:
        part.write_text(cues, encoding="utf-8")
    counts = {name: len(getattr(speech, name)) for name in ("phones", "visemes", "closures")}
    found = json.loads(cues) if arguments.json else counts
    emit({"out": str(Path(arguments.out).resolve()), "duration_s": speech.duration_s, "engine": speech.engine,
          "speech_source": speech.source, **found, "warnings": list(speech.warnings)}, arguments.json)
    return EXIT_OK
