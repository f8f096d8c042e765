"""What may be heard behind a voice: noises, babble and, from `music`, music; all of it synthetic.

Alone, music and noise are also examples of sound at which the mouth stays shut. The families "train"
and "test" are made in different ways, so that noises can be tested that were never trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from .acoustics import RATE_HZ, Sound, band, coloured, decibels, levelled
from .music import music

__all__ = ["Backgrounds", "babble", "hum", "make_backgrounds", "music", "noise"]
Noise = Callable[[int, np.random.Generator], Sound]


def wandering(length: int, rng: np.random.Generator, changes_hz: float) -> Sound:
    """Return a curve within 0..1 that changes at random, about `changes_hz` times a second."""
    knots = int(length / RATE_HZ * changes_hz) + 3
    return np.interp(np.arange(length), np.arange(knots) * RATE_HZ / changes_hz, rng.random(knots)).astype(np.float32)


def scattered(length: int, rng: np.random.Generator, per_s: float, make: Callable[[], Sound]) -> Sound:
    """Return events at random times, within 20 dB of each other; three makes are varied by their level only."""
    total, makes = np.zeros(length, np.float32), [make() for _ in range(3)]
    for start in rng.integers(0, max(length, 1), rng.poisson(per_s * length / RATE_HZ)):
        event = makes[rng.integers(3)]
        place = total[start : start + len(event)]
        place += event[: len(place)] * np.float32(decibels(-rng.uniform(0, 20)))
    return total


def knock(rng: np.random.Generator, low_hz: float, high_hz: float, fall_s: float) -> Sound:
    """Return something struck: some modes and a puff of noise."""
    time_s = np.arange(int(6 * fall_s * RATE_HZ)) / RATE_HZ
    modes = sum(np.sin(2 * np.pi * hz * time_s) for hz in np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), 5)))
    puff = rng.standard_normal(len(time_s)) * np.exp(-time_s / 0.004)
    return ((modes * rng.uniform(0.1, 0.5) + puff) * np.exp(-time_s / fall_s)).astype(np.float32)


def impulses(length: int, rng: np.random.Generator, per_s: float, response: Sound) -> Sound:
    """Return very many small events that sound alike: drops, claps, scratches."""
    hits = (rng.random(length, np.float32) < per_s / RATE_HZ) * rng.standard_normal(length, np.float32)
    return signal.fftconvolve(hits, response)[:length].astype(np.float32)


def tones(length: int, rng: np.random.Generator, hz: float | Sound, fall: float, count: int = 20) -> Sound:
    """Return `count` harmonics that fall with a power of their number; `hz` may be a curve."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, length)) / RATE_HZ
    fits = [k for k in range(1, count + 1) if k * np.max(hz) < 7800]
    return sum((rng.uniform(0.3, 1) * k**-fall * np.sin(k * phase + rng.uniform(0, 6)) for k in fits),
               np.zeros(length)).astype(np.float32)  # fmt: skip


def hum(length: int, rng: np.random.Generator) -> Sound:
    """Return the hum of the mains."""
    return levelled(tones(length, rng, rng.choice([50.0, 60.0]), rng.uniform(0.3, 2)), 1.0)


def _fan(length: int, rng: np.random.Generator) -> Sound:
    blades_hz = rng.uniform(40, 250)
    beat = 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(1, 12) * np.arange(length, dtype=np.float32) / RATE_HZ)
    return coloured(length, rng, rng.uniform(-7, -2)) * beat + rng.uniform(0, 1) * tones(length, rng, blades_hz, 1, 8)


def _rain(length: int, rng: np.random.Generator) -> Sound:
    drop = np.exp(-np.arange(64) / rng.uniform(2, 15)) * rng.standard_normal(64)
    return coloured(length, rng, rng.uniform(-1, 2)) * 0.5 + 3 * impulses(length, rng, rng.uniform(50, 800), drop)


def _wind(length: int, rng: np.random.Generator) -> Sound:
    low, high = coloured(length, rng, -7), coloured(length, rng, -3)
    gust = wandering(length, rng, rng.uniform(0.3, 2))
    return low * (0.2 + gust) + high * gust**3


def _crackle(length: int, rng: np.random.Generator) -> Sound:
    return impulses(length, rng, rng.uniform(3, 80), np.array([1, -0.7, 0.3, -0.1])) + 0.01 * coloured(length, rng, -3)


def _keyboard(length: int, rng: np.random.Generator) -> Sound:
    busy = np.where(wandering(length, rng, 0.7) > 0.4, 1, 0)
    return scattered(length, rng, rng.uniform(4, 12), lambda: knock(rng, 800, 6000, 0.006)) * busy


def _bangs(length: int, rng: np.random.Generator) -> Sound:
    return scattered(length, rng, rng.uniform(0.3, 2), lambda: knock(rng, 50, 900, rng.uniform(0.03, 0.15)))


def _crowd(length: int, rng: np.random.Generator) -> Sound:
    """Many people far away: bands of the voice, each with its own syllables."""
    edges = np.geomspace(150, 5000, 7)
    return sum(band(rng.standard_normal(length, np.float32), low, high) * wandering(length, rng, rng.uniform(4, 12))
               * low**-0.6 for low, high in zip(edges[:-1], edges[1:], strict=True))  # fmt: skip


def _street(length: int, rng: np.random.Generator) -> Sound:
    passing = sum(coloured(length, rng, rng.uniform(-5, -2)) * wandering(length, rng, 0.4) ** 3 for _ in range(2))
    def horn() -> Sound:
        return (tones(int(rng.uniform(0.1, 0.7) * RATE_HZ), rng, rng.uniform(300, 500), 0.6) * 0.3)
    return coloured(length, rng, -6) * 0.5 + passing + scattered(length, rng, 0.1, horn)


def _engine(length: int, rng: np.random.Generator) -> Sound:
    speed = rng.uniform(25, 120) * (0.7 + 0.6 * wandering(length, rng, 0.5))
    return tones(length, rng, speed, rng.uniform(0.3, 1), 30) + coloured(length, rng, -5) * rng.uniform(0.1, 1)


def _applause(length: int, rng: np.random.Generator) -> Sound:
    clap = band((np.exp(-np.arange(400) / 60) * rng.standard_normal(400)).astype(np.float32), 800, 3500)
    return impulses(length, rng, rng.uniform(8, 200), clap) * (0.3 + wandering(length, rng, 0.5))


def _surf(length: int, rng: np.random.Generator) -> Sound:
    return coloured(length, rng, rng.uniform(-3, -1)) * wandering(length, rng, rng.uniform(0.2, 0.6)) ** 2


def _dishes(length: int, rng: np.random.Generator) -> Sound:
    return scattered(length, rng, rng.uniform(1, 5), lambda: knock(rng, 1500, 7500, rng.uniform(0.02, 0.2)))


def _alarm(length: int, rng: np.random.Generator) -> Sound:
    step = (np.arange(length) / RATE_HZ * rng.uniform(1.5, 8)).astype(int)
    pitch = np.where(step % 2, rng.uniform(600, 2500), rng.uniform(600, 2500))
    return tones(length, rng, pitch, 2, 3) * np.where(step % 4 < rng.integers(2, 5), 1, 0)


def _drill(length: int, rng: np.random.Generator) -> Sound:
    on = np.where(wandering(length, rng, 0.5) > 0.5, 1, 0.03)
    return (tones(length, rng, rng.uniform(90, 350), 0.2, 40) + coloured(length, rng, 0)) * on


def _insects(length: int, rng: np.random.Generator) -> Sound:
    chirp = np.maximum(np.sin(2 * np.pi * rng.uniform(8, 40) * np.arange(length) / RATE_HZ), 0)
    return band(rng.standard_normal(length, np.float32), *(rng.uniform(3000, 5000) * np.array([1, 1.2]))) * chirp


NOISES: dict[str, tuple[Noise, ...]] = {
    "train": (hum, _fan, _rain, _wind, _crackle, _keyboard, _bangs, _crowd, _street),
    "test": (_engine, _applause, _surf, _dishes, _alarm, _drill, _insects),
}


def noise(duration_s: float, rng: np.random.Generator, family: str = "train") -> Sound:
    """Return one to three noises at once: float32 (duration_s x 16000,), peak 0.5.

    "train" has hum, fan, rain, wind, crackle, keyboard, bangs, crowd and street; "test" has engine,
    applause, surf, dishes, alarm, drill and insects.
    """
    length = int(duration_s * RATE_HZ)
    kinds = rng.permutation(len(NOISES[family]))[: rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])]
    parts = [levelled(NOISES[family][kind](length, rng).astype(np.float32), rng.uniform(0.2, 1)) for kind in kinds]
    total = sum(parts) + 1e-3 * rng.standard_normal(length, np.float32)
    return (total * np.float32(0.5 / (np.abs(total).max() + 1e-9))).astype(np.float32)


def cropped(sound: Sound, length: int, rng: np.random.Generator) -> Sound:
    """Return `length` samples from a random place; the sound starts over where it ends."""
    start = int(rng.integers(len(sound)))
    return np.take(sound, np.arange(start, start + length), mode="wrap")


def babble(pool: Sequence[Sound], duration_s: float, rng: np.random.Generator) -> Sound:
    """Return 4 to 12 voices of a pool at once, within 12 dB of each other: float32, peak 0.5."""
    length = int(duration_s * RATE_HZ)
    total = np.zeros(length, np.float32)
    for _ in range(rng.integers(4, 13)):
        voice = levelled(pool[rng.integers(len(pool))], float(decibels(-rng.uniform(0, 12))))
        total += cropped(np.pad(voice, (0, rng.integers(RATE_HZ))), length, rng)
    return (total * np.float32(0.5 / (np.abs(total).max() + 1e-9))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Backgrounds:
    """Stretches of background, from which every draw takes a part; any kind may be empty."""

    music: tuple[Sound, ...] = ()
    noise: tuple[Sound, ...] = ()
    babble: tuple[Sound, ...] = ()

    def draw(self, kind: str, length: int, rng: np.random.Generator) -> Sound | None:
        """Return a random part of a sound of "music", "noise" or "babble", None where there is none."""
        sounds = getattr(self, kind)
        return cropped(sounds[rng.integers(len(sounds))], length, rng) if sounds else None


def make_backgrounds(rng: np.random.Generator, pool: Sequence[Sound] = (), count: int = 40, duration_s: float = 20.0,
                     family: str = "train") -> Backgrounds:  # fmt: skip
    """Return `count` stretches of music, of noise and, with a pool of utterances, of babble."""
    return Backgrounds(tuple(music(duration_s, rng, family) for _ in range(count)),
                       tuple(noise(duration_s, rng, family) for _ in range(count)),
                       tuple(babble(pool, duration_s, rng) for _ in range(count if len(pool) else 0)))  # fmt: skip
