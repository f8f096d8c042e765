"""Recordings of people with their text -> utterances like those of the synthesisers.

When each phone is said comes from a network that has already been trained, laid over the text: it
knows what is said, so that it is seldom wrong where it would be without.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...cli.speech_sets import utterance as utterances
from ...models.g2p import readings
from ...models.speech_articulation import load_weights
from ...pipeline_core import errors
from ...pipeline_core.host import PlainHost
from ...pipeline_core.media.audio import load_sound
from ...pipeline_core.speech.articulation.align_verdict import place_text
from ...pipeline_core.speech.articulation.live import LiveListener
from ...pipeline_core.speech.articulation.net import joined
from ...pipeline_core.speech.track import build_track
from ...pipeline_core.types import Sound

ENGINE = "recorded"
LANGUAGE = "en"
LEAST_FOUND = 0.8
"""Share of the words that must be heard; where one is not, the labels are those of the sound alone."""


def speaker_of(name: str) -> str:
    """Return the speaker of a recording, by its name: SOURCE-SPEAKER-NUMBER."""
    source, _, rest = name.partition("-")
    return f"{source}-{rest[:-5]}" if source == "speechocean" else f"{source}-{rest.split('-')[0]}"


def aligned(path: Path, weights: dict[str, np.ndarray]) -> utterances.Utterance:
    """Return a recording with the times of its phones.

    Raises
    ------
    InputError
        If its text is not what is said.
    """
    text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    sound = load_sound(path)
    samples = utterances.at_rate(sound.mono, sound.rate_hz)
    live = LiveListener(weights, utterances.RATE_HZ)
    heard = joined([live.push(samples), live.finish()])
    words = readings(text, LANGUAGE)
    found = place_text(heard, words, PlainHost(threads=1))
    if len(found.words) < LEAST_FOUND * len(words):
        raise errors.InputError(f"{path.name}: only {len(found.words)} of {len(words)} words are heard",
                                hint="It is left out.")
    found = replace(found, contact=heard.articulators[:, 0])
    track = build_track(found, Sound(samples[None], utterances.RATE_HZ), source="aligned", engine=ENGINE, text=text)
    return utterances.Utterance(samples, track.phones, track.closures, text, LANGUAGE, speaker_of(path.stem), ENGINE)


def _one(job: tuple[Path, Path, Path]) -> str:
    source, target, weights = job
    if target.is_file():
        return ""
    try:
        utterances.save(aligned(source, load_weights(weights)), target)
    except errors.InputError as error:
        return error.message
    return ""


def jobs(source: Path, target: Path, weights: Path) -> Iterator[tuple[Path, Path, Path]]:
    """Yield (recording, utterance, weights)."""
    for path in sorted(source.glob("*.wav")):
        yield path, target / f"{path.stem}.npz", weights


def build(source: Path, target: Path, weights: Path, processes: int) -> None:
    """Make what is missing; recordings whose text is not what is said are left out."""
    target.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes) as pool:
        for told in pool.map(_one, jobs(source, target, weights), chunksize=20):
            if told:
                print(told, flush=True)
