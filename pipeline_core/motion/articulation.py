"""Speech to mouth: phones become gestures that blend into each other, contacts are exact.

Each gesture is the average of the targets of the sounds around an instant, weighted by a dominance that
falls off with the distance in time (the model of Cohen and Massaro, 1993), separately for jaw, mouth
corners, lips and tongue. Rounding thus spreads over the neighbours of a rounded vowel and comes early,
while a tongue-tip consonant takes its lips from the vowels around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..arkit import ARTICULATION_INDEX, INDEX
from ..types import MotionLayer, Phone, SpeechTrack
from . import contacts
from .curves import Curve, frame_times, hann_smooth
from .targets import (
    CHANNEL_INDEX,
    CHANNELS,
    DRIVES,
    GROUP_OF,
    REACH_AFTER_S,
    REACH_BEFORE_S,
    TARGETS,
    symbols,
)

Grid = npt.NDArray[np.float64]

RATE_HZ = 200.0
"""Gestures are computed at this rate: lips move with at most about 15 Hz."""
CHUNK = 4096
"""Grid points at a time, so that memory does not grow with the sound."""
NEIGHBOURS = 4
"""Sounds to either side that can be felt; farther ones are below 1 % of the sum."""
CORE_SHARE = 0.65
"""Middle part of a sound in which its dominance is full."""
FALL_POWER = 1.5
"""Exponent of the fall-off: 1 is the cusp of the original model, 2 a bell."""
REST_DOMINANCE = 2e-3
"""Pull towards the mouth at rest where no sound is near."""
SMOOTH_S = 0.040
"""Width of the low-pass that removes the kinks of the dominance functions."""
BILABIAL_JAW_MAX = 0.045
"""Jaw opening under full contact, so that the chin does not hang below closed lips."""
TYPICAL_PHONE_S = 0.085
"""Mean length of a phone in careful reading; tempo is judged against it."""
OPENED = ("jaw", "upper", "lower")
"""Gestures of a vowel that loudness and tempo scale: what opens the mouth; its shape stays."""
LOUDNESS = (0.2, 2.0)
"""Energy of a sound that counts, 1 being a typical vowel: a whisper still opens the mouth."""
LOUD_PERCENT = 70
"""Percentile of the energy within a sound: above the middle, since its edges belong to its neighbours."""
TEMPO_PHONES = 11
"""Sounds over which tempo is taken: about a word to either side."""
TEMPO_POWER, TEMPO = 0.3, (0.85, 1.12)
"""Fast speech undershoots by itself where vowels are short; this adds the smaller effort."""
GAINS = (0.7, 1.25)
"""Least and most that loudness and tempo together make of an opening."""
YIELDS = {"upper": 0.9, "lower": 0.9, "funnel": 0.6, "out": 1.0}
"""How far gestures that part or push the lips relax where they touch."""
TUCK_SHUT_MAX = 0.3
"""How far silence may have shut the mouth in the frame that shows an f or v: its lip would not be seen."""
PRESENCE = 4.0
"""Contacts are whole from a quarter of the usual movement on: weak ones would read as lips left open."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Sounds as arrays [P sounds, C gestures]."""

    start_s: Grid
    end_s: Grid
    values: Grid
    dominance: Grid


def segments(phones: Sequence[Phone], weights: Sequence[float], gains: Grid) -> Segments:
    """Look up the targets; a phone of several symbols becomes as many sounds of equal length.

    Parameters
    ----------
    phones : sequence of Phone
        What is said; silences are left out, the shut mouth is added later.
    weights : sequence of float
        How strongly each phone is carried out, 0..1 (imported visemes have weights).
    gains : Grid
        Factor on the opening of vowels [shape=(phones,)].

    Returns
    -------
    Segments
        In order of time; may be empty.
    """
    rows: list[tuple[float, float]] = []
    values: list[Grid] = []
    dominance: list[Grid] = []
    opening = np.ones(len(CHANNELS))
    for phone, weight, gain in zip(phones, weights, gains, strict=True):
        parts = symbols(phone.ipa)
        step = (phone.end_s - phone.start_s) / max(1, len(parts))
        for k, part in enumerate(parts):
            target = TARGETS[part]
            for name in OPENED:
                opening[CHANNEL_INDEX[name]] = gain if target.vowel else 1.0
            rows.append((phone.start_s + k * step, phone.start_s + (k + 1) * step))
            values.append(target.values * opening * weight)
            dominance.append(target.dominance.astype(np.float64))
    spans = np.array(rows, dtype=np.float64).reshape(-1, 2)
    shape = (-1, len(CHANNELS))
    return Segments(spans[:, 0], spans[:, 1], np.array(values, dtype=np.float64).reshape(shape),
                    np.array(dominance, dtype=np.float64).reshape(shape))


def opening_gains(speech: SpeechTrack, phones: Sequence[Phone]) -> Grid:
    """Return how far loudness and tempo open the vowels, within `GAINS` [shape=(phones,)]."""
    if not phones:
        return np.zeros(0)
    length = np.array([p.end_s - p.start_s for p in phones])
    spoken = np.array([bool(symbols(p.ipa)) for p in phones])
    loud = np.ones(len(phones))
    for k, phone in enumerate(phones):
        first = int(phone.start_s * speech.prosody_rate_hz)
        part = speech.energy[first : max(first + 1, int(phone.end_s * speech.prosody_rate_hz))]
        if spoken[k] and part.size:
            loud[k] = np.sqrt(np.clip(np.percentile(part, LOUD_PERCENT), *LOUDNESS))
    kernel = np.ones(min(TEMPO_PHONES, 2 * len(phones) - 1))
    near = np.convolve(spoken, kernel, mode="same")[: len(phones)]
    mean = np.convolve(length * spoken, kernel, mode="same")[: len(phones)] / np.maximum(near, 1)
    tempo = np.clip((np.maximum(mean, 0.01) / TYPICAL_PHONE_S) ** TEMPO_POWER, *TEMPO)
    return np.asarray(np.clip(loud * tempo, *GAINS))


def blend(parts: Segments, times_s: Curve) -> Grid:
    """Average the targets around each instant by dominance [shape=(N, C)]."""
    count = len(parts.start_s)
    if count == 0:
        return np.zeros((len(times_s), len(CHANNELS)))
    core_from = parts.start_s + 0.5 * (1.0 - CORE_SHARE) * (parts.end_s - parts.start_s)
    core_to = parts.end_s - 0.5 * (1.0 - CORE_SHARE) * (parts.end_s - parts.start_s)
    before = np.array([REACH_BEFORE_S[g] for g in range(len(REACH_BEFORE_S))])
    after = np.array([REACH_AFTER_S[g] for g in range(len(REACH_AFTER_S))])
    groups = np.array(GROUP_OF)
    here = np.searchsorted(parts.start_s, times_s, side="right") - 1
    top = np.zeros((len(times_s), len(CHANNELS)))
    bottom = np.full((len(times_s), len(CHANNELS)), REST_DOMINANCE)
    for offset in range(-NEIGHBOURS, NEIGHBOURS + 1):
        k = here + offset
        valid = (k >= 0) & (k < count)
        k = np.clip(k, 0, count - 1)
        ahead = np.maximum(core_from[k] - times_s, 0.0)
        behind = np.maximum(times_s - core_to[k], 0.0)
        distance = ahead[:, None] / before + behind[:, None] / after
        fall = (np.exp(-(distance**FALL_POWER)) * valid[:, None])[:, groups]
        weight = fall * parts.dominance[k]
        top += weight * parts.values[k]
        bottom += weight
    return np.asarray(top / bottom)


def gestures(parts: Segments, times_s: Curve) -> Grid:
    """Return all gestures, smooth, at the given instants [shape=(N, C)]."""
    out = np.zeros((len(times_s), len(CHANNELS)))
    margin = int(SMOOTH_S * RATE_HZ) + 2
    ends = np.searchsorted(times_s, np.arange(0.0, times_s[-1] + CHUNK / RATE_HZ, CHUNK / RATE_HZ))
    for first, last in zip(ends, np.append(ends[1:], len(times_s)), strict=True):
        if first == last:
            continue
        low = int(times_s[first] * RATE_HZ) - margin
        high = int(times_s[last - 1] * RATE_HZ) + margin + 2
        grid = np.arange(low, high) / RATE_HZ
        smooth = hann_smooth(blend(parts, grid), int(SMOOTH_S * RATE_HZ))
        for c in range(len(CHANNELS)):
            out[first:last, c] = np.interp(times_s[first:last], grid, smooth[:, c])
    return out


def _touch(frames: Sequence[int], curve: Curve) -> Curve:
    curve[list(frames)] = 1.0
    return curve


def speech_layer(speech: SpeechTrack, fps: Fraction, strength: float = 1.0) -> MotionLayer:
    """Turn speech into the "speech" layer: mouth blendshapes and exact contacts.

    Parameters
    ----------
    speech : SpeechTrack
        Phones (or viseme cues where there are none), closures, energy.
    fps : Fraction
        Frame rate; frame i shows the instant i / fps.
    strength : float
        Factor on the mouth's movement; 0 keeps the mouth shut. Contacts stay contacts.

    Returns
    -------
    MotionLayer
        Every closure has a frame with `lipClosure` exactly 1: the one nearest to its centre, which lies
        inside the closure whenever any frame does. The same holds for `lipTuck` in f and v, unless that
        frame belongs to a closure.
    """
    times = frame_times(speech.duration_s, fps)
    phones, weights = contacts.phones_of(speech)
    closures = contacts.closures_of(speech, phones)
    tucks = contacts.tucks_of(phones)
    shut_at = [contacts.nearest_frame(0.5 * (a + b), fps, len(times)) for a, b in closures]
    tuck_at = [contacts.nearest_frame(0.5 * (a + b), fps, len(times)) for a, b in tucks]
    tuck_at = [i for i in tuck_at if i not in set(shut_at)]

    silence = contacts.pauses(phones) if phones else [(0.0, speech.duration_s)]
    contact = _touch(shut_at, contacts.contact_curve(
        times, contacts.held_through(closures, phones), contacts.CLOSING_LEAD_S, contacts.RELEASE_TRAIL_S, contacts.CONTACT_INSET_S))
    tuck = contacts.contact_curve(
        times, tucks, contacts.TUCK_LEAD_S, contacts.TUCK_TRAIL_S, contacts.TUCK_INSET_S)
    tuck = _touch(tuck_at, tuck * (1.0 - contact))
    shut = contacts.shut_curve(times, silence, speech.duration_s)
    shut[tuck_at] = np.minimum(shut[tuck_at], TUCK_SHUT_MAX)

    values = gestures(segments(phones, weights, opening_gains(speech, phones)), times)
    values *= ((1.0 - shut) * strength)[:, None]
    _yield_to_contact(values, contact)
    presence = min(1.0, PRESENCE * strength)
    return _layer(values, 1.0 - (1.0 - np.maximum(contact, shut)) * presence, tuck * presence)


def _yield_to_contact(values: Grid, contact: Curve) -> None:
    """Let the jaw rise and the lips relax where they touch, in place."""
    jaw = values[:, CHANNEL_INDEX["jaw"]]
    firm = contact * contact
    jaw += firm * (np.minimum(jaw, BILABIAL_JAW_MAX) - jaw)
    for name, share in YIELDS.items():
        values[:, CHANNEL_INDEX[name]] *= 1.0 - share * contact


def _layer(values: Grid, closure: Curve, tuck: Curve) -> MotionLayer:
    layer = MotionLayer.zeros("speech", len(values))
    shapes = np.zeros(layer.blendshapes.shape, np.float32)
    for gesture, names in DRIVES.items():
        for name in names:
            shapes[:, INDEX[name]] = values[:, CHANNEL_INDEX[gesture]]
    channels = np.zeros(layer.articulation.shape, np.float32)
    channels[:, ARTICULATION_INDEX["lipClosure"]] = closure
    channels[:, ARTICULATION_INDEX["lipTuck"]] = tuck
    channels[:, ARTICULATION_INDEX["tongueTip"]] = values[:, CHANNEL_INDEX["tip"]]
    shapes, channels = np.clip(shapes, 0.0, 1.0), np.clip(channels, 0.0, 1.0)
    return MotionLayer("speech", shapes, channels, layer.head_deg, layer.head_shift, layer.gaze_deg)
