"""What Text to Speech and Audio to Visemes leave for their timelines (web/timeline.js): the lanes and the sound."""

from __future__ import annotations

from typing import Any

from ..pipeline_core.speech.edits import Edited
from ..pipeline_core.timeline import timeline_json, timeline_sound
from ..pipeline_core.types import SpeechTrack
from .live import Ref, tried
from .page import has_page, page_file, sound_file


def timeline_for_page(extra_pnginfo: Any, found: SpeechTrack, edited: Edited, edits: str) -> dict[str, Ref]:
    """Leave a timeline and its sound as files, and return the references by key; without a page nothing is made."""
    if not has_page(extra_pnginfo):
        return {}
    sound = edited.track.sound
    return {"ta_timeline": tried("ta_timeline", lambda: page_file(timeline_json(found, edited, edits), "json")),
            "ta_sound": tried("ta_sound", lambda: None if sound is None else sound_file(timeline_sound(sound)))}
