import numpy as np
import pytest
from talking_avatar.pipeline_core.media.audio import resample
from talking_avatar.pipeline_core.speech.articulation.features import bands_of_whole
from talking_avatar.pipeline_core.speech.articulation.live import LiveListener, Resampler
from talking_avatar.pipeline_core.speech.articulation.net import NetStream, joined
from talking_avatar.pipeline_core.types import Sound

from .helpers import pieces, random_sound, random_weights

RATES = (3000, 8000, 11025, 16000, 22050, 44100, 48000, 96000)


@pytest.mark.parametrize("rate_hz", RATES)
def test_resampling_in_pieces_is_resampling(rate_hz):
    samples = random_sound(1.537, rate_hz)
    expected = resample(Sound(samples[None], rate_hz), 16000).samples[0]
    resampler = Resampler(rate_hz)
    parts = [resampler.push(samples[piece]) for piece in pieces(len(samples), np.random.default_rng(3), 1500)]
    found = np.concatenate([*parts, resampler.push(samples[:0], last=True)])
    assert len(found) == len(expected) and np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("rate_hz", RATES)
def test_live_is_what_the_whole_gives_and_at_most_150_ms_late(rate_hz):
    weights, samples = random_weights(), random_sound(2.345, rate_hz)
    live, parts, latest = LiveListener(weights, rate_hz), [], 0.0
    known = 0
    for piece in pieces(len(samples), np.random.default_rng(4), rate_hz // 50):
        parts.append(live.push(samples[piece]))
        known += len(parts[-1].articulators)
        latest = max(latest, piece.stop / rate_hz - known / 100)
    heard = joined([*parts, live.finish()])
    stream = NetStream(weights)
    bands = bands_of_whole(resample(Sound(samples[None], rate_hz), 16000).samples[0])
    expected = joined([stream.push(bands), stream.finish()])
    assert heard.log_posteriors.shape == expected.log_posteriors.shape
    assert np.abs(heard.log_posteriors - expected.log_posteriors).max() < 1e-4
    assert 0.1 < latest <= 0.15


@pytest.mark.parametrize("count", [0, 1, 50, 159, 161])
def test_the_shortest_sounds(count):
    live = LiveListener(random_weights(), 16000)
    heard = joined([live.push(random_sound(1)[:count]), live.finish()])
    assert len(heard.log_posteriors) == -(-count // 160)
