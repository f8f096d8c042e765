"""Distances to the photo, whatever the recogniser."""

import numpy as np
import pytest
from talking_avatar.pipeline_core.scoring.identity import identity_distances


def embed(image):
    return None if not image.any() else image.reshape(-1, 3).mean(axis=0) / 255


def plain(level):
    return np.full((4, 4, 3), level, np.uint8)


def test_mean_and_worst():
    score = identity_distances(plain(100), [plain(100), plain(100 + 51), plain(0)], embed)
    assert score.frames == 2
    assert score.worst == pytest.approx(0.2 * np.sqrt(3)) and score.mean == pytest.approx(score.worst / 2)


def test_no_face_is_no_number():
    assert np.isnan(identity_distances(plain(0), [plain(10)], embed).mean)
    assert np.isnan(identity_distances(plain(10), [plain(0)], embed).worst)
