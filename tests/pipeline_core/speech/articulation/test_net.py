import numpy as np
import pytest
from talking_avatar.pipeline_core.speech.articulation.features import BANDS, bands_of_whole
from talking_avatar.pipeline_core.speech.articulation.net import AHEAD, NetStream, joined
from talking_avatar.pipeline_core.speech.articulation.symbols import ARTICULATORS, PHONES

from .helpers import pieces, random_sound, random_weights


def whole(bands, weights):
    stream = NetStream(weights)
    return joined([stream.push(bands), stream.finish()])


def test_it_says_probabilities_for_every_frame():
    heard = whole(bands_of_whole(random_sound(1.234)), random_weights())
    assert heard.log_posteriors.shape == (124, len(PHONES)) and heard.articulators.shape == (124, len(ARTICULATORS))
    assert np.exp(heard.log_posteriors).sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert heard.articulators.min() >= 0 and heard.articulators.max() <= 1


@pytest.mark.parametrize("largest", [2, 5, 40, 500])
def test_pieces_give_what_the_whole_gives(largest):
    weights, bands = random_weights(), bands_of_whole(random_sound(3))
    stream = NetStream(weights)
    parts = [stream.push(bands[piece]) for piece in pieces(len(bands), np.random.default_rng(2), largest)]
    heard, expected = joined([*parts, stream.finish()]), whole(bands, weights)
    assert np.abs(heard.log_posteriors - expected.log_posteriors).max() < 1e-4
    assert np.abs(heard.articulators - expected.articulators).max() < 1e-5


def test_it_looks_ahead_as_far_as_it_says_and_no_further():
    weights, bands = random_weights(), bands_of_whole(random_sound(3))
    changed = bands.copy()
    changed[200:] += 1.0
    difference = np.abs(whole(bands, weights).log_posteriors - whole(changed, weights).log_posteriors).max(axis=1)
    assert not difference[: 200 - AHEAD].any() and difference[200 - AHEAD] > 1e-4


def test_a_live_frame_is_known_when_its_look_ahead_is_there():
    stream = NetStream(random_weights())
    known = [len(stream.push(np.zeros((1, BANDS), np.float32)).articulators) for _ in range(20)]
    assert known == [0] * AHEAD + [1] * (20 - AHEAD) and len(stream.finish().articulators) == AHEAD


def test_numpy_and_torch_agree():
    torch = pytest.importorskip("torch")
    from talking_avatar.models.net.articulation import ArticulationNet

    weights, bands = random_weights(), bands_of_whole(random_sound(2))
    net = ArticulationNet.from_weights(weights)
    raw = net(torch.from_numpy(bands.T[None]))[0]
    heard = whole(bands, weights)
    assert np.abs(torch.log_softmax(raw[: len(PHONES)], 0).T.numpy() - heard.log_posteriors).max() < 1e-4
    assert np.abs(torch.sigmoid(raw[len(PHONES) :]).T.numpy() - heard.articulators).max() < 1e-5
    assert all(np.abs(array - weights[name]).max() < 1e-6 for name, array in net.weights().items())


def test_normalisation_of_training_melts_into_the_weights():
    torch = pytest.importorskip("torch")
    from talking_avatar.models.net.articulation import ArticulationNet

    torch.manual_seed(0)
    net = ArticulationNet(16)
    net.train()(torch.randn(4, BANDS, 120) * 2 + 1)
    net.eval()
    bands = torch.randn(1, BANDS, 90)
    with torch.inference_mode():
        assert torch.allclose(net(bands), ArticulationNet.from_weights(net.weights())(bands), atol=1e-4)
