"""Augmentation keeps length, level and timing; backgrounds are sound, and those for tests are others."""

from functools import lru_cache

import numpy as np
import pytest
from talking_avatar.tools.articulation import augment as chain
from talking_avatar.tools.articulation import background, sampled
from talking_avatar.tools.articulation.acoustics import RATE_HZ, active_rms, coloured, filtered, room
from talking_avatar.tools.articulation.augment import augment, without_voice
from talking_avatar.tools.articulation.background import Backgrounds, babble, make_backgrounds, music, noise
from talking_avatar.tools.articulation.codecs import TELEPHONE, WIDE, available, lag_of, resampled, through
from talking_avatar.tools.articulation.music import PROGRESSIONS, SCALES
from talking_avatar.tools.articulation.voices import shifted, tract_scaled, whispered

TOLERANCE_MS = 5
SAME_WAVE = (chain.microphone, chain.in_a_room, chain.compressed, chain.clipped, chain.low_bit_rate, chain.telephoned,
             chain.breathy, chain.nearly_clean, chain.recorded)  # fmt: skip
OTHER_WAVE = (chain.other_voice, whispered, chain.shouted)


@lru_cache
def voice(seconds=2.0, seed=0, pitch_hz=120.0):
    """Syllables of a buzz and of hiss between pauses."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * (pitch_hz * time_s + 5 * np.sin(2 * time_s))
    buzz = sum(np.cos(k * phase) / (1 + ((k * pitch_hz - 600) / 300) ** 2) for k in range(1, 40))
    hiss = filtered(coloured(len(time_s), rng, 0), np.array([1000.0, 3000.0]), np.array([-40.0, -6.0]))
    parts = np.repeat(rng.permuted(np.tile([0, 1, 1, 2], int(seconds * 3))), RATE_HZ // 10)[: len(time_s)]
    parts = np.pad(parts, (0, len(time_s) - len(parts)))
    return (0.1 * np.select([parts == 1, parts == 2], [buzz, hiss], 0)).astype(np.float32)


def wave_lag_ms(changed, samples):
    return lag_of(changed, samples, 1600) / 16


def onset_lag_ms(changed, samples):
    """Lag of the onsets, which outlive changes of the voice and the tails of rooms."""
    def onsets(sound):
        power = np.convolve(np.square(sound[: len(sound) // 16 * 16]).reshape(-1, 16).mean(1), np.hanning(22), "same")
        return np.maximum(np.diff(np.log(power + 1e-3 * power.max())), 0).astype(np.float32)
    return lag_of(onsets(changed), onsets(samples), 100)


def late(samples, ms=20):
    return np.pad(samples, (ms * 16, 0))[: len(samples)]


@pytest.mark.parametrize("change", SAME_WAVE)
def test_what_keeps_the_wave_keeps_its_place(change):
    for seed in range(4):
        changed = change(voice(), np.random.default_rng(seed))
        assert changed.shape == voice().shape and np.isfinite(changed).all()
        assert abs(wave_lag_ms(changed, voice())) <= TOLERANCE_MS
        assert wave_lag_ms(late(changed), voice()) > TOLERANCE_MS  # the judge sees a delay of 20 ms


@pytest.mark.parametrize("change", OTHER_WAVE)
def test_what_changes_the_voice_keeps_its_onsets_in_place(change):
    for seed in range(4):
        changed = change(voice(), np.random.default_rng(seed))
        assert changed.shape == voice().shape and np.isfinite(changed).all()
        assert abs(onset_lag_ms(changed, voice())) <= TOLERANCE_MS
        assert onset_lag_ms(late(changed), voice()) > TOLERANCE_MS


@pytest.mark.parametrize("codec", WIDE + TELEPHONE, ids=lambda codec: codec.encoder)
def test_codecs_are_moved_back_by_their_delay(codec):
    if codec not in sum(available(), ()):
        pytest.skip("not in this build of FFmpeg")
    for bit_rate in codec.bit_rates[:2]:
        assert abs(wave_lag_ms(through(codec, voice(), bit_rate), voice())) <= 1


def test_whole_chains_keep_time_level_and_length():
    samples, lags = voice(3.0), []
    for seed in range(30):
        changed = augment(samples, np.random.default_rng(seed), Backgrounds())
        assert changed.dtype == np.float32 and changed.shape == samples.shape and np.isfinite(changed).all()
        assert 10 ** (-30.1 / 20) < np.abs(changed).max() <= 1.0001
        lags.append(onset_lag_ms(changed, samples))
    # Noise as loud as the voice hides the onsets of one of the thirty.
    assert np.sort(np.abs(lags))[-2] <= TOLERANCE_MS


def test_the_judge_of_whole_chains_sees_a_delay():
    samples = voice(3.0)
    changed = [late(augment(samples, np.random.default_rng(seed), Backgrounds())) for seed in range(8)]
    assert all(onset_lag_ms(c, samples) > TOLERANCE_MS for c in changed)


def test_the_generator_decides_everything():
    one, same, other = (augment(voice(), np.random.default_rng(seed), Backgrounds()) for seed in (7, 7, 8))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_about_a_third_stays_clean():
    samples = voice(1.0)
    def alike(seed):
        return np.corrcoef(samples, augment(samples, np.random.default_rng(seed), Backgrounds()))[0, 1] > 0.995
    assert 20 <= sum(alike(seed) for seed in range(100)) <= 45


@pytest.mark.parametrize("length", [0, 1, 100, 4000])
def test_short_and_silent_sounds_pass(length):
    for seed in range(12):
        changed = augment(np.zeros(length, np.float32), np.random.default_rng(seed), Backgrounds())
        assert changed.shape == (length,) and np.isfinite(changed).all()


def test_backgrounds_lie_at_their_distance_below_the_voice():
    samples = voice()
    mixed = chain.mixed(samples, coloured(len(samples), np.random.default_rng(0), -3), 10)
    assert 20 * np.log10(active_rms(samples) / active_rms(mixed - samples)) == pytest.approx(10, abs=0.1)


def test_formants_move_and_pitch_stays():
    def centre(sound):
        power = np.abs(np.fft.rfft(sound)) ** 2
        return (power * np.fft.rfftfreq(len(sound), 1 / RATE_HZ)).sum() / power.sum()
    def period(sound):
        match = np.correlate(sound[4000:7780], sound[4000:7600], "valid")  # of two periods the shorter
        return 60 + np.argmax(match[60:])
    time_s = np.arange(RATE_HZ) / RATE_HZ
    buzz = sum(np.cos(2 * np.pi * 125 * k * time_s) / (1 + ((k * 125 - 900) / 200) ** 2) for k in range(1, 60))
    buzz = buzz.astype(np.float32)
    assert centre(tract_scaled(buzz, 1.2)) > 1.08 * centre(buzz)
    assert period(tract_scaled(buzz, 1.2)) == pytest.approx(128, abs=1)
    assert period(shifted(buzz, 1.25, 1.0)) == pytest.approx(128 / 1.25, abs=2)


def test_resampling_keeps_tones():
    tone = np.sin(2 * np.pi * 440 * np.arange(16001) / 16000).astype(np.float32)
    back = resampled(resampled(tone, 8000), 16001)
    assert np.abs(back - tone)[200:-200].max() < 0.01


def test_the_direct_sound_of_a_room_comes_at_once():
    for seed in range(5):
        response = room(np.random.default_rng(seed))
        assert response[0] == 1 and np.abs(response).argmax() == 0


@pytest.mark.parametrize("family", ["train", "test"])
@pytest.mark.parametrize("make", [music, noise])
def test_music_and_noise_are_sound_and_seeded(make, family):
    for seed in range(4):
        sound = make(2.0, np.random.default_rng(seed), family)
        assert sound.shape == (32000,) and sound.dtype == np.float32
        assert np.abs(sound).max() == pytest.approx(0.5, abs=1e-3)
    assert np.array_equal(sound, make(2.0, np.random.default_rng(3), family))


def test_the_families_share_nothing():
    for by_family in (background.NOISES, SCALES, PROGRESSIONS):
        assert not set(by_family["train"]) & set(by_family["test"])


def test_notes_become_a_midi_file():
    data = sampled.midi_file([(0.5, b"\x80\x3c\x00"), (0.0, b"\x90\x3c\x40")])
    assert data[:4] == b"MThd" and data[14:18] == b"MTrk"
    assert data[22:] == b"\x00\x90\x3c\x40" + b"\x83\x60\x80\x3c\x00" + b"\x00\xff\x2f\x00"
    assert len(data) == 22 + int.from_bytes(data[18:22], "big")


@pytest.mark.skipif(not sampled.available(), reason="fluidsynth and fluid-soundfont-gm are not installed")
def test_recorded_instruments_play():
    sound = sampled.sampled_music(1.0, np.random.default_rng(1))
    assert sound.shape == (16000,) and np.abs(sound).max() == pytest.approx(0.5, abs=1e-3)


def test_babble_takes_from_its_pool():
    pool = [voice(1.0, seed, pitch) for seed, pitch in ((1, 100), (2, 160), (3, 220))]
    sound = babble(pool, 1.5, np.random.default_rng(0))
    assert sound.shape == (24000,) and np.abs(sound).max() == pytest.approx(0.5, abs=1e-3)


def test_a_set_of_backgrounds_is_drawn_from():
    found = make_backgrounds(np.random.default_rng(0), [voice(1.0)], count=2, duration_s=1.0)
    rng = np.random.default_rng(1)
    for kind in ("music", "noise", "babble"):
        assert found.draw(kind, 40000, rng).shape == (40000,)
    assert Backgrounds().draw("music", 10, rng) is None
    for _ in range(8):
        assert np.isfinite(without_voice(16000, rng, found)).all()
