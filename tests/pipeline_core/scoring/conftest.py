"""A mouth that obeys, one that is late, one that never opens, one that flaps."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.lips import LipClip
from talking_avatar.pipeline_core.scoring.offset import expected_opening
from talking_avatar.pipeline_core.types import Closure, Phone

LINE = ("_ 400 m 80 ɑ 130 s 75 i 110 n 60 ɑ 140 k 70 u 130 t 60 æ 120 m 75 i 120 k 60 ɑ 130 d 70 oʊ 150 s 90 "
        "ɛ 90 l 65 ɑ 140 p 60 u 140 l 80 ɑ 120 t 70 ɪ 60 s 90 ɹ 70 ɑ 130 n 70 d 60 ə 60 b 70 æ 130 ɡ 60 z 80 "
        "t 60 ɹ 60 ɑ 140 k 70 i 110 n 60 ʌ 90 m 70 ɑ 120 l 60 s 90 oʊ 160 ɹ 70 ɑ 130 t 60 i 120 _ 500")
FPS = 25.0
SHUT_APERTURE = 0.02
"""What a detector reports for closed lips."""


def phones_of(line: str = LINE) -> tuple[Phone, ...]:
    items, clock, found = line.split(), 0.0, []
    for name, length in zip(items[::2], items[1::2], strict=True):
        end = clock + float(length) / 1000
        found.append(Phone("" if name == "_" else name, clock, end))
        clock = end
    return tuple(found)


def clip(lag_s: float = 0.0, mouth: str = "obeys", seed: int = 0) -> LipClip:
    """Return a clip whose aperture follows the phones, `lag_s` late, with a detector's noise."""
    phones = phones_of()
    times = np.arange(0.0, phones[-1].end_s, 1 / FPS)
    at, curve = expected_opening(phones, phones[-1].end_s)
    closures = tuple(Closure(p.start_s, p.end_s) for p in phones if p.ipa in ("p", "b", "m"))
    for contact in closures:
        curve = curve * (1 - np.clip(1.6 - np.abs(at - (contact.start_s + contact.end_s) / 2) / 0.05, 0, 1))
    aperture = SHUT_APERTURE + 0.15 * np.interp(times - lag_s, at, curve)
    if mouth == "shut":
        aperture = np.full(len(times), SHUT_APERTURE)
    elif mouth == "flaps":
        aperture = SHUT_APERTURE + 0.07 * (1 + np.sin(2 * np.pi * 3.1 * times))
    elif mouth == "gapes":
        aperture = np.full(len(times), 0.15)
    noise = np.random.default_rng(seed).normal(0.0, 0.002 if mouth in ("obeys", "flaps") else 0.0, len(times))
    rounded = [p for p in phones if p.ipa in ("u", "oʊ")]
    round_now = np.array([any(p.start_s <= t < p.end_s for p in rounded) for t in times])
    width = np.where(round_now & (mouth == "obeys"), 0.65, 0.9)
    return LipClip(times, aperture + noise, width, phones, closures, name=mouth)


@pytest.fixture(scope="session")
def mouths() -> SimpleNamespace:
    return SimpleNamespace(clip=clip, phones_of=phones_of, FPS=FPS)
