"""A motion as the page gets it."""

import struct
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.packed import (
    CHANNELS,
    HEADER,
    MAGIC,
    pack_motion,
    packed_sound,
    shown_frames,
)
from talking_avatar.pipeline_core.types import MotionLayer, MotionTrack, Sound


def unpacked(data):
    """Read it back as the page does: header fields and values [shape=(T, 64)]."""
    magic, top, bottom, frames, all_frames, channels = HEADER.unpack_from(data)
    assert magic == MAGIC
    ranges = np.frombuffer(data, "<f4", 2 * channels, HEADER.size).reshape(channels, 2)
    steps = np.frombuffer(data, "<u2", offset=HEADER.size + ranges.nbytes).reshape(-1, frames).T
    values = np.tile(ranges[:, 0], (frames, 1))
    moving = ranges[:, 1] > 0
    values[:, moving] += steps * ranges[moving, 1]
    return Fraction(top, bottom), all_frames, values


@pytest.fixture(scope="module")
def motion(say):
    return generate_motion(say.speech_of(say.BOB, say.MOON), MotionSettings(fps=Fraction(30000, 1001), emotion="happy"))


def test_the_sum_of_all_layers_comes_back(motion):
    data = pack_motion(motion)
    fps, all_frames, values = unpacked(data)
    total = motion.summed()
    wanted = np.hstack([getattr(total, name) for name in CHANNELS])
    assert fps == motion.fps and all_frames == motion.frames and values.shape == (motion.frames, 64)
    assert (np.abs(values - wanted).max(axis=0) <= np.ptp(wanted, axis=0) / 65535 + 1e-6).all()
    assert unpacked(pack_motion(motion.without("speech")))[2] != pytest.approx(wanted, abs=0.1), "the control"


def test_a_minute_is_small(motion):
    minute_s = 60 / motion.duration_s
    assert len(pack_motion(motion)) * minute_s < 250_000
    still = MotionTrack(Fraction(25), 60.0, (MotionLayer.zeros("base", 1500),))
    assert len(pack_motion(still)) == HEADER.size + 64 * struct.calcsize("<2f"), "what does not move takes no frames"
    assert not unpacked(pack_motion(still))[2].any()


def test_long_motions_are_cut_and_say_so(motion):
    assert shown_frames(motion) == motion.frames and shown_frames(motion, 1.0) == 29
    _, all_frames, values = unpacked(pack_motion(motion, 1.0))
    assert (len(values), all_frames) == (29, motion.frames)
    whole = unpacked(pack_motion(motion))[2]
    assert np.abs(values - whole[:29]).max() < 1e-3
    assert packed_sound(replace(motion, sound=Sound(np.zeros((1, 400_000)), 48_000)), 1.0).samples.shape == (1, 46446)


def test_the_sound_is_mono_and_lasts_as_long_as_the_motion(motion):
    count = round(motion.duration_s * 16000)
    left = np.sin(np.arange(count) / 9)
    sound = packed_sound(replace(motion, sound=Sound(np.stack([left, 0 * left]), 16000)))
    assert sound.rate_hz == 16000 and sound.samples.shape == (1, round(motion.frames / motion.fps * 16000))
    assert np.abs(sound.samples[0, :count] - left / 2).max() < 1e-6 and not sound.samples[0, count:].any()
    assert packed_sound(replace(motion, sound=None)) is None


@pytest.mark.parametrize(("rate_hz", "heard_hz"), [(4000, 8000), (24_000, 24_000), (192_000, 48_000)])
def test_rates_that_browsers_refuse_are_changed(motion, rate_hz, heard_hz):
    samples = np.zeros((1, round(motion.duration_s * rate_hz)), np.float32)
    sound = packed_sound(replace(motion, sound=Sound(samples, rate_hz)))
    assert sound.rate_hz == heard_hz and sound.samples.shape[1] == round(motion.frames / motion.fps * heard_hz)
