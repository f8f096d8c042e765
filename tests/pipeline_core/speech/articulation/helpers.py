"""A small network with random weights, and sounds for it."""

import numpy as np
from talking_avatar.pipeline_core.speech.articulation.features import BANDS
from talking_avatar.pipeline_core.speech.articulation.net import BLOCKS, STEM
from talking_avatar.pipeline_core.speech.articulation.symbols import ARTICULATORS, PHONES

WIDTH = 24


def random_weights(seed=0):
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return (rng.standard_normal(shape) * shape[0] ** -0.5).astype(np.float32)

    outputs = len(PHONES) + len(ARTICULATORS)
    weights = {"stem": draw(STEM.taps * BANDS, WIDTH), "stem_bias": draw(WIDTH),
               "head": draw(WIDTH, outputs), "head_bias": draw(outputs)}
    for i, shape in enumerate(BLOCKS):
        weights |= {f"block{i}.wide": draw(shape.taps * WIDTH, WIDTH), f"block{i}.wide_bias": draw(WIDTH),
                    f"block{i}.mix": draw(WIDTH, WIDTH), f"block{i}.mix_bias": draw(WIDTH)}
    return weights


def random_sound(seconds, rate_hz=16000, seed=1):
    return (np.random.default_rng(seed).standard_normal(int(seconds * rate_hz)) * 0.1).astype(np.float32)


def pieces(total, rng, largest):
    first = 0
    while first < total:
        last = min(total, first + int(rng.integers(1, largest)))
        yield slice(first, last)
        first = last
