"""A motion as a small binary that the canvas plays: the sum of its layers, 16 bit a value (web/lib/motion.js reads it)."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from ..media.audio import resample
from ..types import FloatArray, MotionTrack, Sound

MAGIC = b"TAM1"
HEADER = struct.Struct("<4s5I")
"""Magic, frames per second as numerator and denominator, frames that follow, frames of the whole track, channels."""
CHANNELS = ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")
"""In this order, 64 columns in all."""
LIMIT_S = 300.0
"""Longer motions are cut: 64 moving channels at 25 frames per second take 192 kB a minute, so this is 1 MB."""
RATES_HZ = (8000, 48_000)
"""Every browser decodes sounds of these rates; 48 kHz, 16 bit and mono are 5.8 MB a minute."""
_STEPS = 65535


def pack_motion(motion: MotionTrack, limit_s: float = LIMIT_S) -> bytes:
    """Return the first `limit_s` seconds of a motion.

    After the header come the lowest value and the step of every channel (float32 pairs), then, for
    each channel that moves (step > 0), its values as steps above the lowest (uint16).
    """
    frames = shown_frames(motion, limit_s)
    total = _first(motion, frames).summed()
    values = np.hstack([getattr(total, name) for name in CHANNELS]).astype(np.float64)
    low = values.min(axis=0).astype(np.float32)
    step = (np.ptp(values, axis=0) / _STEPS).astype(np.float32)
    moving = step > 0
    steps = np.round((values[:, moving] - low[moving]) / step[moving])
    head = HEADER.pack(MAGIC, motion.fps.numerator, motion.fps.denominator, frames, motion.frames, values.shape[1])
    ranges = np.column_stack([low, step]).astype("<f4").tobytes()
    return b"".join([head, ranges, np.clip(steps, 0, _STEPS).T.astype("<u2").tobytes()])


def packed_sound(motion: MotionTrack, limit_s: float = LIMIT_S) -> Sound | None:
    """Return what is heard with the packed motion, mono and exactly as long; None where the motion has no sound."""
    if motion.sound is None:
        return None
    duration_s = shown_frames(motion, limit_s) / motion.fps
    given = motion.sound
    part = Sound(given.samples[:, :round(duration_s * given.rate_hz)].mean(axis=0, keepdims=True), given.rate_hz)
    sound = resample(part, min(max(given.rate_hz, RATES_HZ[0]), RATES_HZ[1]))
    count = round(duration_s * sound.rate_hz)
    padded: FloatArray = np.pad(sound.samples[:, :count], ((0, 0), (0, max(0, count - sound.samples.shape[1]))))
    return Sound(padded, sound.rate_hz)


def shown_frames(motion: MotionTrack, limit_s: float = LIMIT_S) -> int:
    """Return how many frames are packed."""
    return min(motion.frames, max(1, int(limit_s * motion.fps)))


def _first(motion: MotionTrack, frames: int) -> MotionTrack:
    if frames == motion.frames:
        return motion
    layers = tuple(replace(layer, **{name: getattr(layer, name)[:frames] for name in CHANNELS}) for layer in motion.layers)
    return replace(motion, duration_s=float(frames / motion.fps), layers=layers)
