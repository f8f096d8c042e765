"""Make the speech on which the articulation model is trained; every phone's time is the synthesiser's own.

    python tools/articulation/corpus.py FOLDER [SET ...] [--models FOLDER]

Each set goes to a folder of its own, one file per utterance. Utterance number N depends on nothing but N and the
set, so that a run that was stopped goes on where it was. Needs the package wordfreq; the sets "espeak_*" need
espeak-ng, "flite" needs flite, and "kokoro" needs `python run.py fetch kokoro`.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
from texts import english  # noqa: E402 - found by the line before

if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package
held_out = importlib.import_module("talking_avatar.cli.speech_sets.held_out")
utterances = importlib.import_module("talking_avatar.cli.speech_sets.utterance")
errors = importlib.import_module("talking_avatar.pipeline_core.errors")
logger = logging.getLogger("talking_avatar")

SILENCE_S = (0.1, 0.6)
"""Added at both ends of an utterance."""
KOKORO_SPEEDS = (0.8, 1.3)
MOST_FAILURES = 20
"""In a row; then something is wrong with the engine."""

Make = Callable[[int, np.random.Generator], Any]
"""(number, random numbers) -> Utterance."""


def _engine(name: str) -> Any:
    return importlib.import_module(f"talking_avatar.cli.speech_sets.{name}")


def kokoro_voices() -> list[str]:
    """Return the English voices that are not held out, men and women and accents mixed."""
    names = importlib.import_module("talking_avatar.models.voice_kokoro").NAMES.split()
    kept = [name for name in names if name not in held_out.KOKORO_VOICES]
    return [str(name) for name in np.random.default_rng(0).permutation(kept)]


def kokoro(number: int, rng: np.random.Generator) -> Any:
    """Return English by one of Kokoro's voices, each in turn."""
    voices = kokoro_voices()
    speed = round(float(rng.uniform(*KOKORO_SPEEDS)), 2)
    return _engine("voices").speak(english(rng), voices[number % len(voices)], speed)


class Set(NamedTuple):
    """A set of utterances."""

    make: Make
    minutes: float


SETS = {"kokoro": Set(kokoro, 115.0)}


def utterance(name: str, number: int) -> Any:
    """Return utterance `number` of a set, always the same, with silence at both ends."""
    rng = np.random.default_rng([*name.encode(), number])
    before_s, after_s = rng.uniform(*SILENCE_S, 2)
    made = SETS[name].make(number, rng)
    if any(sentence in made.text for sentence in held_out.SENTENCES):
        raise errors.ContractError(f"a sentence that is kept for measuring came up: {made.text!r}")
    return utterances.with_silence(made, before_s, after_s)


def build(name: str, folder: Path) -> float:
    """Make what is missing of a set; returns its length in minutes.

    Parameters
    ----------
    name : str
        A key of `SETS`.
    folder : Path
        Its files are FOLDER/NAME/00000.npz and so on; one that exists is kept.
    """
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    seconds, number, failures = 0.0, 0, 0
    while seconds < 60 * SETS[name].minutes:
        path = place / f"{number:05d}.npz"
        try:
            if not path.is_file():
                utterances.save(utterance(name, number), path)
            seconds += utterances.load(path).duration_s
            failures = 0
        except errors.InputError as error:
            # A text may hold nothing that the engine can say; its number is then left out.
            logger.warning("%s %d: %s", name, number, error)
            failures += 1
            if failures >= MOST_FAILURES:
                raise
        number += 1
        if number % 100 == 0:
            print(f"{name}: {number} utterances, {seconds / 60:.1f} of {SETS[name].minutes:.0f} minutes", flush=True)
    return seconds / 60


def main() -> None:
    """Make the sets that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all without it")
    parser.add_argument("--models", type=Path, help="folder that `run.py fetch kokoro --out` filled")
    arguments = parser.parse_args()
    if unknown := set(arguments.sets) - set(SETS):
        parser.error(f"no set {', '.join(sorted(unknown))}")
    if arguments.models:
        importlib.import_module("talking_avatar.pipeline_core.model_files").add_folders(lambda: [arguments.models])
    try:
        for name in arguments.sets or SETS:
            print(f"{name}: {build(name, arguments.folder):.1f} minutes")
    except errors.AvatarError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
