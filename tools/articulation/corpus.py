"""Make the speech on which the articulation model is trained; every phone's time is the synthesiser's own.

Each set goes to a folder of its own, one file per utterance. Utterance number N depends on nothing but N and the
set, so that a run that was stopped goes on where it was. Needs the package wordfreq; the sets "espeak_*" need
espeak-ng, "flite" needs flite, and "kokoro" needs `python run.py fetch kokoro`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...cli.speech_sets import held_out
from ...cli.speech_sets import utterance as utterances
from ...models.voice_kokoro import NAMES
from ...pipeline_core import errors
from ...pipeline_core.model_files import add_folders
from .texts import english, salad, words_of

logger = logging.getLogger("talking_avatar")

SILENCE_S = (0.1, 0.6)
"""Added at both ends of an utterance."""
KOKORO_SPEEDS = (0.8, 1.3)
MIXED_SPEEDS = (0.65, 1.6)
FOREIGN_VOICES = ("ef_dora", "em_alex", "em_santa", "ff_siwis", "hf_alpha", "hf_beta", "hm_omega", "hm_psi", "if_sara",
                  "im_nicola", "jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo", "pf_dora", "pm_alex",
                  "pm_santa", "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi",
                  "zm_yunxia", "zm_yunyang")
"""Kokoro's voices of other languages; here they only lend their timbre."""
VALIDATION_VOICES = ("am_adam", "bf_alice")
"""Never trained on, to watch the training by; other voices are kept for measuring."""
DIPHONE_VOICES, STATISTICAL_VOICES = ("kal16", "kal"), ("awb", "rms")
FLITE_STRETCH = (0.75, 1.4)
FLITE_PITCH_HZ = (80, 190)
ENGLISH = ("en-us", "en-gb", "en-us", "en-gb-scotland", "en-us", "en-gb-x-rp", "en-029", "en-us-nyc", "en-gb-x-gbclan",
           "en-gb-x-gbcwmd")  # fmt: skip
"""Accents of espeak-ng 1.51; Californian English, the commonest, three times."""
_SHARED = ("bg", "bn", "ca", "cs", "da", "el", "fa", "fi", "he", "hu", "id", "is", "ko", "lt", "lv", "mk", "ms", "nb", "nl",
           "pt", "ro", "sk", "sl", "sv", "ta", "tr", "uk", "ur", "vi")  # fmt: skip
OTHERS = {code: code for code in _SHARED} | {"pt-br": "pt", "bs": "sh", "hr": "sh", "sr": "sh"}
"""Languages of espeak-ng 1.51 by the language of wordfreq, all that both have but those held out."""
VARIANTS = ("", "+f1", "+m1", "+f2", "+m2", "+f3", "+m3", "+f4", "+m4", "+f5", "+m5", "+m6", "+m7", "+m8", "+croak",
            "+whisper", "+klatt", "+klatt2", "+klatt3", "+klatt4", "+Alicia", "+Andy", "+Annie", "+Denis", "+Diogo",
            "+Gene", "+Hugo", "+Jacky", "+Lee", "+Marco", "+Michael", "+adam", "+anika", "+aunty", "+belinda", "+caleb",
            "+david", "+edward", "+grandma", "+grandpa", "+iven", "+kaukovalta", "+linda", "+miguel", "+norbert",
            "+pablo", "+quincy", "+rob", "+sandro", "+shelby", "+steph", "+travis", "+victor", "+zac")  # fmt: skip
"""Timbres of espeak-ng 1.51, without its robots."""
RATES = (100, 260)
"""Words per minute."""
PITCHES = (20, 90)
MOST_FAILURES = 20
"""In a row; then something is wrong with the engine."""

Make = Callable[[int, np.random.Generator], Any]
"""(number, random numbers) -> Utterance."""


def _engine(name: str) -> Any:
    return import_module(f"...cli.speech_sets.{name}", __package__)


def kokoro_voices() -> list[str]:
    """Return the English voices that are not held out, men and women and accents mixed."""
    kept = [name for name in NAMES.split() if name not in held_out.KOKORO_VOICES]
    return [str(name) for name in np.random.default_rng(0).permutation(kept)]


def kokoro(number: int, rng: np.random.Generator) -> Any:
    """Return English by one of Kokoro's voices, each in turn."""
    voices = kokoro_voices()
    speed = round(float(rng.uniform(*KOKORO_SPEEDS)), 2)
    return _engine("voices").speak(english(rng), voices[number % len(voices)], speed)


def kokoro_mixed(number: int, rng: np.random.Generator) -> Any:
    """Return English, slow to fast, by a voice that sounds like one to three of Kokoro's and speaks like one or two."""
    english_voices = [name for name in kokoro_voices() if name not in VALIDATION_VOICES]
    timbre = _shares([*english_voices, *FOREIGN_VOICES], rng, 3)
    manner = _shares(english_voices, rng, 2)
    speed = round(float(np.exp(rng.uniform(*np.log(MIXED_SPEEDS)))), 2)
    engine = _engine("voices")
    return engine.speak(english(rng), next(iter(manner)), speed, engine.mixed(timbre, manner))


def _shares(names: list[str], rng: np.random.Generator, most: int) -> dict[str, float]:
    chosen = rng.choice(names, int(rng.integers(1, most + 1)), replace=False)
    return dict(zip((str(name) for name in chosen), rng.dirichlet(np.ones(len(chosen))).tolist(), strict=True))


def espeak_en(number: int, rng: np.random.Generator) -> Any:
    """Return English by espeak-ng, each accent in turn."""
    return _espeak(english(rng), ENGLISH[number % len(ENGLISH)], rng)


def espeak_other(number: int, rng: np.random.Generator) -> Any:
    """Return random words of another language by espeak-ng, each language in turn."""
    voice, language = sorted(OTHERS.items())[number % len(OTHERS)]
    return _espeak(salad(words_of(language), rng), voice, rng)


def _espeak(text: str, language: str, rng: np.random.Generator) -> Any:
    rate, pitch = (int(rng.integers(*span)) for span in (RATES, PITCHES))
    return _engine("espeak").speak(text, language + str(rng.choice(VARIANTS)), rate, pitch)


def flite(number: int, rng: np.random.Generator) -> Any:
    """Return English by flite's voices of diphones, in turn."""
    return _flite(DIPHONE_VOICES[number % 2], rng)


def flite_more(number: int, rng: np.random.Generator) -> Any:
    """Return English by two of flite's three voices that are built from hours of a person's speech, in turn."""
    return _flite(STATISTICAL_VOICES[number % 2], rng)


def _flite(voice: str, rng: np.random.Generator) -> Any:
    stretch, pitch_hz = (round(float(rng.uniform(*span)), 2) for span in (FLITE_STRETCH, FLITE_PITCH_HZ))
    return _engine("flite").speak(english(rng), voice, stretch, pitch_hz)


class Set(NamedTuple):
    """A set of utterances."""

    make: Make
    minutes: float


SETS = {"espeak_en": Set(espeak_en, 40.0), "espeak_other": Set(espeak_other, 80.0), "flite": Set(flite, 30.0),
        "flite_more": Set(flite_more, 40.0),
        "kokoro": Set(kokoro, 66.7), "kokoro_mixed": Set(kokoro_mixed, 120.0)}  # fmt: skip


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


def build_all(folder: Path, models: Path | None) -> None:
    """Make what is missing of every set; `models` is what `run.py fetch kokoro --out` filled."""
    if models:
        add_folders(lambda: [models])
    for name in SETS:
        print(f"{name}: {build(name, folder):.1f} minutes", flush=True)
