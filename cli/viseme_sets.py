"""The speech that `run.py bench --visemes` measures with, made by script: exact times, and never trained on.

Every utterance is made once and kept; another version of what makes it gets a folder of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..pipeline_core.errors import AvatarError
from ..pipeline_core.types import FloatArray, Phone
from .console import ROOT
from .speech_sets import held_out
from .speech_sets.utterance import RATE_HZ, Utterance, load, save, with_silence
from .viseme_sentences import ENGLISH, LANGUAGES, OUR_ENGLISH

ESPEAK_VOICES = (("en-us", 160, 50), ("en-gb", 175, 60), ("en-us+f3", 150, 60), ("en-us+m3", 190, 35))
"""Voice, words per minute, pitch."""
KOKORO_VOICES = ("am_michael", "bf_emma", "af_bella", "bm_george")
OTHER_RATE = 150
EDGE_S = 0.3
"""Silence at both ends of espeak-ng's speech, which has none of its own."""
BACKGROUND_DB = 10.0
"""Voice over background."""
TELEPHONE_HZ = (300.0, 3400.0)
MP3_BITS_PER_S = 32_000
QUICK_COUNT = 3
"""Utterances of a set with --quick."""
_TIMES = ("cli/speech_sets/utterance.py",
          *(f"pipeline_core/speech/{name}.py" for name in ("closures", "envelope", "phones", "timing", "track")))  # fmt: skip
_MAKERS = {engine: (*_TIMES, f"cli/speech_sets/{module}.py") for engine, module in
           {"espeak": "espeak", "flite": "flite", "kokoro": "voices", "heart": "voices"}.items()}  # fmt: skip
_NOISE_MAKERS = ("cli/viseme_sets.py", *(f"tools/articulation/{name}.py" for name in
                                         ("acoustics", "background", "codecs", "instruments", "music")))  # fmt: skip
"""Files that decide what is in the sets."""


@dataclass(frozen=True)
class Line:
    """One thing to be said."""

    engine: str
    voice: str
    text: str
    rate: int = 160
    """Words per minute and pitch, for espeak-ng."""
    pitch: int = 50

    def speak(self) -> Utterance:
        """Return it with exact times.

        Raises
        ------
        AvatarError
            If the synthesiser is not on this machine.
        """
        if self.engine == "espeak":
            from .speech_sets import espeak

            return with_silence(espeak.speak(self.text, self.voice, self.rate, self.pitch), EDGE_S, EDGE_S)
        if self.engine == "flite":
            from .speech_sets import flite

            return flite.speak(self.text, self.voice)
        from .speech_sets import voices

        return voices.speak(self.text, self.voice)


def _said_by(engine: str, voices: Sequence[str]) -> list[Line]:
    return [Line(engine, voice, text) for text in ENGLISH for voice in voices]


def _espeak() -> list[Line]:
    turns = [(held_out.BOB, voice) for voice in ESPEAK_VOICES]
    turns += [(text, ESPEAK_VOICES[k % len(ESPEAK_VOICES)]) for k, text in enumerate((*held_out.HARVARD, *OUR_ENGLISH))]
    return [Line("espeak", voice, text, rate, pitch) for text, (voice, rate, pitch) in turns]


LINES: dict[str, Callable[[], list[Line]]] = {
    "flite": lambda: _said_by("flite", held_out.FLITE_VOICES),
    "kokoro": lambda: _said_by("kokoro", KOKORO_VOICES),
    "heart": lambda: _said_by("heart", ["heart"]),
    "espeak": _espeak,
    "languages": lambda: [Line("espeak", language, text, OTHER_RATE)
                          for language, texts in LANGUAGES.items() for text in texts],
}
"""Name of a set -> what is said in it."""
NATURAL = ("flite", "kokoro", "heart")
TITLES = {
    "flite": "flite, natural English voices", "kokoro": "Kokoro, English voices never trained on",
    "heart": "the bundled voice", "espeak": "espeak-ng, English", "languages": "espeak-ng, ten other languages",
}


class Store:
    """Utterances on disk, made where they are missing."""

    def __init__(self, folder: Path, *, quick: bool = False) -> None:
        self._folders = {engine: folder / f"{engine}_{_version(*makers)}" for engine, makers in _MAKERS.items()}
        self._noise = folder / f"noise_{_version(*_NOISE_MAKERS)}"
        self._quick = quick

    def can_make(self, name: str) -> bool:
        """Tell whether this machine has what speaks a set."""
        try:
            self._said(LINES[name]()[0])
        except AvatarError:
            return False
        return True

    def speech(self, name: str) -> list[Utterance]:
        """Return a set of `LINES`."""
        return [self._said(line) for line in self._some(LINES[name]())]

    def natural(self, names: Sequence[str]) -> list[Utterance]:
        """Return every sentence of the natural sets `names` once, the voices taking turns."""
        by_text: dict[str, list[Line]] = {}
        for line in (line for name in names for line in LINES[name]()):
            by_text.setdefault(line.text, []).append(line)
        turns = [lines[k % len(lines)] for k, lines in enumerate(by_text.values())]
        return [self._said(line) for line in self._some(turns)]

    def spoilt(self, kind: str, clean: Sequence[Utterance]) -> list[Utterance]:
        """Return utterances with a background of `CONDITIONS`, or through a telephone or MP3."""
        pool = [utterance.samples for utterance in clean]
        marks = [_mark(utterance) for utterance in clean]
        return [_kept(self._noise / kind, (k, marks[k], *(marks if kind == BABBLE else ())), partial(spoil, kind, u, pool, k))
                for k, u in enumerate(clean)]

    def quiet(self, kind: str) -> list[Utterance]:
        """Return the sounds of a kind of `QUIET`, as utterances of nothing."""
        phones = (Phone("", 0.0, QUIET_S),)
        def make(number: int) -> Utterance:
            return Utterance(nobody_speaks(kind, number), phones, (), "", "", kind, "quiet")

        count = 1 if self._quick else QUIET[kind]
        return [_kept(self._noise / f"quiet {kind}", (k,), partial(make, k)) for k in range(count)]

    def _some(self, lines: list[Line]) -> list[Line]:
        return lines[:: -(-len(lines) // QUICK_COUNT)] if self._quick else lines

    def _said(self, line: Line) -> Utterance:
        return _kept(self._folders[line.engine], astuple(line), line.speak)


def _kept(folder: Path, key: tuple[Any, ...], make: Callable[[], Utterance]) -> Utterance:
    path = folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        save(make(), path)
    return load(path)


def _mark(utterance: Utterance) -> str:
    """Return a name for the sound and the times of an utterance."""
    times = repr((utterance.phones, utterance.closures)).encode()
    return hashlib.sha256(utterance.samples.tobytes() + times).hexdigest()


def _version(*makers: str) -> str:
    """Return a name for what files say now."""
    digest = hashlib.sha256()
    for maker in makers:
        digest.update((ROOT / maker).read_bytes())
    return digest.hexdigest()[:12]


def _tool(name: str) -> ModuleType:
    """Return a module of the tools that make training data; they are no part of the pack."""
    return import_module(f"..tools.articulation.{name}", __package__)


def _white(length: int, rng: np.random.Generator) -> FloatArray:
    return rng.standard_normal(length, np.float32)


def _pink(length: int, rng: np.random.Generator) -> FloatArray:
    return _tool("acoustics").coloured(length, rng, -3.0)


def _music(length: int, rng: np.random.Generator) -> FloatArray:
    return _tool("background").music(length / RATE_HZ + 0.1, rng, "test")[:length]


def _behind(samples: FloatArray, background: FloatArray) -> FloatArray:
    """Return the voice with something `BACKGROUND_DB` below it."""
    acoustics = _tool("acoustics")
    quiet = acoustics.levelled(background, acoustics.active_rms(samples) * 10 ** (-BACKGROUND_DB / 20))
    mixed = samples + quiet
    return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), np.float32)


def _over_telephone(samples: FloatArray) -> FloatArray:
    return _tool("codecs").companded(_tool("acoustics").band(samples, *TELEPHONE_HZ))


def _as_mp3(samples: FloatArray) -> FloatArray:
    codecs = _tool("codecs")
    return codecs.through(codecs.WIDE[0], samples, MP3_BITS_PER_S)


BABBLE = "babble"
_BACKGROUNDS = {"music": _music, "white": _white, "pink": _pink}
_CHANNELS = {"telephone": _over_telephone, "mp3": _as_mp3}
CONDITIONS = {
    "music": "music 10 dB below", BABBLE: "babble 10 dB below", "white": "white noise 10 dB below",
    "pink": "pink noise 10 dB below", "telephone": "telephone, 300 to 3400 Hz", "mp3": "MP3 at 32 kbit/s",
}
"""What happens to natural voices, and its title."""


def spoil(kind: str, utterance: Utterance, pool: Sequence[FloatArray], seed: int) -> Utterance:
    """Return an utterance under one of `CONDITIONS`; `pool` holds the voices of the babble."""
    samples, rng = utterance.samples, np.random.default_rng([*kind.encode(), seed])
    if kind in _CHANNELS:
        changed = _CHANNELS[kind](samples)
    elif kind == BABBLE:
        others = [other for k, other in enumerate(pool) if k != seed] or list(pool)
        changed = _behind(samples, _tool("background").babble(others, len(samples) / RATE_HZ + 0.1, rng)[: len(samples)])
    else:
        changed = _behind(samples, _BACKGROUNDS[kind](len(samples), rng))
    return replace(utterance, samples=changed)


QUIET_S = 10.0
ROOM_DB = (-70.0, -60.0, -50.0, -40.0)
"""Level of a room's noise below full scale."""
QUIET = {"silence": 1, "room noise": len(ROOM_DB), "noises": 8, "music": 10}
"""Sounds in which nobody speaks, and how many there are of each."""


def nobody_speaks(kind: str, number: int) -> FloatArray:
    """Return a sound of `QUIET` [shape=(N,)]."""
    rng, length = np.random.default_rng([*kind.encode(), number]), int(QUIET_S * RATE_HZ)
    if kind == "silence":
        return np.zeros(length, np.float32)
    if kind == "room noise":
        brown = _tool("acoustics").coloured(length, rng, -6.0)
        return np.asarray(brown * 10 ** (ROOM_DB[number] / 20), np.float32)
    if kind == "music":
        return _music(length, rng)
    return _tool("background").noise(QUIET_S, rng, "test")
