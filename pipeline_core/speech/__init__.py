"""Speech: text or sound becomes phones, visemes, words and prosody on one time axis."""

from .analyze import analyze, engine_choices
from .exchange import cues_json
from .picture import timeline_picture
from .synthesize import synthesize

__all__ = ["analyze", "cues_json", "engine_choices", "synthesize", "timeline_picture"]
