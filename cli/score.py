"""run.py score: the quality scorecard of a finished video."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..models import register_all
from ..pipeline_core.scoring.score import score_video
from ..pipeline_core.scoring.scorecard import Row, Scorecard
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


def table(card: Scorecard) -> str:
    """Return the card as a Markdown table."""
    lines = ["", f"{card.video}: {card.width_px} x {card.height_px}, {card.frames} frames, {card.duration_s:.1f} s", "",
             "| figure | value | reference | control | judge | verdict |", "|---|---|---|---|---|---|"]
    lines += [f"| {row.name} | {_value(row)} | {row.reference} | {row.control} | {row.judge} | {_verdict(row)} |"
              for row in card.rows]
    return "\n".join([*lines, "", *(f"note: {remark}" for remark in card.remarks), f"in all: {card.verdict}, {card.measured} of {len(card.rows)} figures measured"])


def _value(row: Row) -> str:
    if row.value is None:
        return "-"
    unit = f" {row.unit}" if row.unit in ("ms", "s", "degrees") else ""
    return f"{row.value:+.0f}{unit}" if row.unit == "ms" else f"{row.value:.2f}{unit}"


def _verdict(row: Row) -> str:
    return f"{row.verdict}: {row.why}" if row.why else row.verdict
