import numpy as np
from talking_avatar.pipeline_core.speech.runs import equal_runs, true_runs


def test_stretches_cover_everything_once():
    assert equal_runs(np.array([3, 3, 1, 3])) == [(0, 2), (2, 3), (3, 4)]
    assert equal_runs(np.array([], int)) == [] and equal_runs(np.zeros(5)) == [(0, 5)]


def test_true_stretches_begin_and_end_anywhere():
    mask = np.array([1, 1, 0, 1, 0, 0, 1], bool)
    assert true_runs(mask) == [(0, 2), (3, 4), (6, 7)] and true_runs(~mask) == [(2, 3), (4, 6)]
    assert true_runs(np.zeros(4, bool)) == []
