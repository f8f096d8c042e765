"""run.py score: the quality scorecard of a finished video."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..models import register_all
from ..pipeline_core.scoring.score import score_video
from ..pipeline_core.scoring.scorecard import table
from .console import EXIT_OK, emit, say
from .host import ConsoleHost
from .render import read_text

CUES = (".json", ".tsv", ".textgrid", ".csv", ".srt", ".vtt")
"""Endings of files of cues; others hold the words."""


def run(arguments: argparse.Namespace) -> int:
    """Judge the video and print the card."""
    register_all()
    text = read_text(arguments.transcript)
    exact = arguments.transcript is not None and Path(arguments.transcript).suffix.lower() in CUES
    card = score_video(arguments.video, source=arguments.source, transcript="" if exact else text,
                       cues=text if exact else "", host=ConsoleHost(arguments.device))
    say(table(card))
    if arguments.json:
        emit(card.to_dict(), as_json=True)
    return EXIT_OK
