"""The pitch of voices whose pitch is known."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.speech import pitch
from talking_avatar.pipeline_core.speech.envelope import envelope_of
from talking_avatar.pipeline_core.speech.pitch import pitch_of
from talking_avatar.pipeline_core.speech.prosody import energy_of
from talking_avatar.pipeline_core.types import Sound

RATE = 16000
FORMANTS = ((700, 90), (1200, 110), (2600, 160))


def voice(hertz, noise=0.0):
    """Return an open vowel whose pitch follows `hertz` [one value per sample]; 0 is breath."""
    hertz = np.asarray(hertz, float)
    phase = np.cumsum(hertz) / RATE
    out = np.random.default_rng(0).normal(0, 1e-3 + noise, len(hertz))
    for k in range(1, 40):
        f = k * hertz
        gain = sum(1 / (1 + ((f - centre) / width) ** 2) for centre, width in FORMANTS) / np.sqrt(k)
        out += np.where((hertz > 0) & (f < RATE / 2), gain * np.sin(2 * np.pi * k * phase), 0)
    return Sound((0.2 * out)[None].astype(np.float32), RATE)


def found(sound):
    return pitch_of(sound, energy_of(envelope_of(sound), sound.duration_s))


def glide(*points):
    return np.interp(np.arange(2 * RATE) / RATE, np.linspace(0, 2, len(points)), points)


def gross(values, hertz):
    """Return the share of voiced frames that are more than a fifth off."""
    middle = hertz[np.minimum((np.arange(len(values)) * 160 + 80), len(hertz) - 1)]
    both = (values > 0) & (middle > 0)
    assert both.sum() > 50
    return float((np.abs(values[both] / middle[both] - 1) > 0.2).mean())


@pytest.mark.parametrize("points", [(70, 110, 75), (110, 190, 120), (220, 380, 240), (300, 560, 320)], ids=["deep", "man", "woman", "excited"])
@pytest.mark.parametrize("noise", [0.0, 0.3], ids=["clean", "noisy"])
def test_glides_are_followed_without_octave_errors(points, noise):
    hertz = glide(*points)
    values = found(voice(hertz, noise))
    assert gross(values, hertz) == 0.0 and (values > 0).mean() > 0.9
    assert np.median(np.abs(values[5:-5] / hertz[880:-800:160][: len(values) - 10] - 1)) < 0.02


def test_without_the_costs_a_rough_voice_would_drop_by_an_octave(monkeypatch):
    """The control: every second period a little weaker, as in creaky voices, for a fifth of the time."""
    hertz = glide(180, 240, 170)
    t = np.arange(len(hertz)) / RATE
    rough = 1 + 0.15 * np.cos(np.pi * np.cumsum(hertz) / RATE) * (np.modf(t * 2)[0] < 0.2)
    sound = voice(hertz, 0.05)
    sound = Sound(sound.samples * rough.astype(np.float32), RATE)
    with_costs = gross(found(sound), hertz)
    for name in ("_JUMP_COST", "_SWITCH_COST", "_OCTAVE_COST"):
        monkeypatch.setattr(pitch, name, 0.0)
    assert with_costs < 0.01 < 0.05 < gross(found(sound), hertz)


def test_the_voice_begins_and_ends_where_it_does():
    t = np.arange(2 * RATE) / RATE
    values = found(voice(np.where((t > 0.5) & (t < 1.2), 180.0, 0.0), 0.05))
    voiced = np.flatnonzero(values > 0)
    assert abs(voiced[0] - 50) <= 2 and abs(voiced[-1] - 119) <= 2 and len(voiced) == voiced[-1] - voiced[0] + 1


@pytest.mark.parametrize("samples", [np.zeros(8000), np.random.default_rng(0).normal(0, 0.1, 16000), np.zeros(10), np.full(8000, 0.3)],
                         ids=["silence", "hiss", "ten samples", "offset"])
def test_what_has_no_voice_has_no_pitch(samples):
    sound = Sound(samples[None].astype(np.float32), RATE)
    assert (found(sound) > 0).mean() < 0.03 and len(found(sound)) == max(1, -(-len(samples) // 160))


def test_pieces_make_no_difference(monkeypatch):
    sound = voice(glide(120, 200, 90))
    whole = found(sound)
    monkeypatch.setattr(pitch, "_BATCH", 17)
    assert np.allclose(found(sound), whole, rtol=1e-4)
