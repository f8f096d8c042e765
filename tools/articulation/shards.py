"""Utterances -> what the network sees and should say, clean and spoilt in many ways, packed for training.

Block B of a set depends on nothing but the set and B, and one that exists is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...cli.speech_sets import utterance as utterances
from ...pipeline_core.speech.articulation import features, symbols
from .augment import augment, without_voice
from .background import make_backgrounds

BLOCK = 50
"""Utterances to a shard."""
COPIES = {"kokoro": 6, "kokoro_mixed": 3, "recorded": 2, "flite": 5, "flite_more": 5, "espeak_en": 3, "espeak_other": 3}
"""Of each utterance; the first is clean."""
BACKGROUNDS = 12
"""Stretches of music, of noise and of babble that the utterances of a shard share."""
QUIET_BLOCKS, QUIET_CLIPS, QUIET_S = 24, 40, 8.0
"""Sounds without a voice: music, noise and near silence, to learn when the mouth stays shut."""


class Item(NamedTuple):
    """One training example."""

    bands: np.ndarray
    phone: np.ndarray
    shut: np.ndarray
    source: str
    """SET/NUMBER:VOICE; copies of one utterance share it."""


def _items(paths: list[Path], copies: int, rng: np.random.Generator) -> Iterator[Item]:
    loaded = [utterances.load(path) for path in paths]
    backgrounds = make_backgrounds(rng, [u.samples for u in loaded], BACKGROUNDS)
    for path, utterance in zip(paths, loaded, strict=True):
        truth = None
        for copy in range(copies):
            samples = utterance.samples if copy == 0 else augment(utterance.samples, rng, backgrounds)
            bands = features.bands_of_whole(samples)
            truth = truth or symbols.labels(utterance.phones, utterance.closures, len(bands))
            yield Item(bands, truth.phone, truth.articulators[:, 0], f"{path.parent.name}/{path.stem}:{utterance.voice}")


def _quiet(rng: np.random.Generator) -> Iterator[Item]:
    backgrounds = make_backgrounds(rng, count=QUIET_CLIPS // 2)
    for _ in range(QUIET_CLIPS):
        bands = features.bands_of_whole(without_voice(int(QUIET_S * features.SAMPLE_RATE_HZ), rng, backgrounds))
        nothing = np.zeros(len(bands))
        yield Item(bands, nothing, nothing, "quiet/0:")


def _write(items: Iterator[Item], path: Path) -> None:
    found = list(items)
    part_file = path.with_suffix(".part")
    with part_file.open("wb") as file:
        np.savez(file, bands=np.concatenate([i.bands for i in found]).astype(np.float16),
                 phone=np.concatenate([i.phone for i in found]).astype(np.uint8),
                 shut=np.concatenate([i.shut for i in found]).astype(np.uint8),
                 lengths=np.array([len(i.bands) for i in found]), sources=np.array([i.source for i in found]))
    part_file.replace(path)


def _block(job: tuple[str, list[Path], int, Path]) -> str:
    name, paths, block, target = job
    if target.is_file():
        return target.name
    rng = np.random.default_rng([*name.encode(), block])
    _write(_items(paths, COPIES[name], rng) if paths else _quiet(rng), target)
    return target.name


def jobs(source: Path, target: Path) -> Iterator[tuple[str, list[Path], int, Path]]:
    """Yield (set, files, block, shard) of every shard that can be made whole."""
    for name in COPIES:
        paths = sorted((source / name).glob("*.npz"))
        for block, first in enumerate(range(0, len(paths) - BLOCK + 1, BLOCK)):
            yield name, paths[first : first + BLOCK], block, target / f"{name}-{block:03d}.npz"
    for block in range(QUIET_BLOCKS):
        yield "quiet", [], block, target / f"quiet-{block:03d}.npz"

def build(source: Path, target: Path, processes: int) -> None:
    """Make every shard that is missing."""
    target.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes) as pool:
        for name in pool.map(_block, jobs(source, target)):
            print(name, flush=True)
