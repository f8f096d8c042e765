"""Samples that ship with the pack, so that every workflow runs at once and opens anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..pipeline_core.errors import UnreadableMedia
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.image import load_portrait
from ..pipeline_core.render.matte import cut_out
from ..pipeline_core.types import Portrait, Sound

ASSETS = Path(__file__).resolve().parent / "assets"
PREFIX = "sample: "
"""How the names begin in drop-downs; no file of an input folder is called like that."""


@dataclass(frozen=True)
class PortraitSample:
    """A photo, and where the person is in it."""

    file: str
    mask: str = ""


@dataclass(frozen=True)
class SpeechSample:
    """A recording and what is said in it."""

    file: str
    transcript: str


PORTRAITS = {
    f"{PREFIX}astronaut": PortraitSample("sample_portrait.jpg"),
    f"{PREFIX}astronaut, cut out": PortraitSample("sample_portrait.jpg", "sample_mask.png"),
    f"{PREFIX}two people": PortraitSample("sample_pair.jpg"),
}
RECORDINGS = {
    f"{PREFIX}Jane Austen, one sentence": SpeechSample(
        "sample_speech.flac", "He might even have been made amiable himself."),
}

CLIPS = {f"{PREFIX}astronaut talks": "sample_clip.mp4"}
"""Videos with sound, by file."""


def is_sample(name: str | None) -> bool:
    """Tell whether a name of a drop-down means a sample, known or not."""
    return bool(name) and str(name).startswith(PREFIX)


def sample_portrait(name: str) -> Portrait:
    """Return a sample photo; one that is cut out is transparent around the person.

    Raises
    ------
    UnreadableMedia
        If there is no sample of that name, or its file is missing.
    """
    sample = PORTRAITS.get(name)
    if sample is None:
        raise _unknown(name, list(PORTRAITS))
    portrait = load_portrait(sample_file(sample.file))
    if not sample.mask:
        return portrait
    return cut_out(portrait, np.asarray(Image.open(sample_file(sample.mask)).convert("L"), dtype=np.uint8))


def sample_speech(name: str) -> tuple[Sound, str]:
    """Return a sample recording and its transcript. Raises like `sample_portrait`."""
    sample = RECORDINGS.get(name)
    if sample is None:
        raise _unknown(name, list(RECORDINGS))
    return load_sound(sample_file(sample.file)), sample.transcript


def sample_clip(name: str) -> Path:
    """Return the file of a sample video. Raises like `sample_portrait`."""
    if name not in CLIPS:
        raise _unknown(name, list(CLIPS))
    return sample_file(CLIPS[name])


def sample_file(name: str) -> Path:
    """Return where a shipped file is."""
    path = ASSETS / name
    if not path.is_file():
        raise UnreadableMedia(f"the sample file {name} is missing from this pack", hint="Get the complete pack again.")
    return path


def _unknown(name: str, known: list[str]) -> UnreadableMedia:
    return UnreadableMedia(f"there is no {name!r} in this version", hint=f"Choose one of: {'; '.join(known)}.")
