import numpy as np
import pytest
from talking_avatar.models.photo_head.bounded import bounded_solve, bounded_solves, shared_solve


def test_bounded_solve_respects_bounds_and_minimises():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(30, 6))
    gram, right = a.T @ a, a.T @ rng.normal(size=30)
    free = bounded_solve(gram, right, np.full(6, -9.0), np.full(6, 9.0))
    assert np.allclose(free, np.linalg.solve(gram, right), atol=1e-3)
    low, high = np.full(6, 0.0), np.full(6, 0.1)
    x = bounded_solve(gram, right, low, high)
    assert np.all(x >= low) and np.all(x <= high)
    cost = 0.5 * x @ gram @ x - right @ x
    for _ in range(200):
        y = np.clip(x + rng.normal(0, 0.02, 6), low, high)
        assert cost <= 0.5 * y @ gram @ y - right @ y + 1e-6


def test_many_systems_are_solved_like_one():
    rng = np.random.default_rng(0)
    size = 38
    factors = rng.normal(size=(3, size, size))
    grams, rights = factors @ factors.swapaxes(1, 2) + np.eye(size), rng.normal(size=(3, size)) * 5
    low, high = np.zeros(size), np.ones(size)
    together = bounded_solves(grams, rights, low, high, np.zeros((3, size)))
    for gram, right, x in zip(grams, rights, together, strict=True):
        best = bounded_solve(gram, right, low, high)
        cost = [0.5 * v @ gram @ v - right @ v for v in (x, best)]
        assert cost[0] <= cost[1] + 1e-2 * abs(cost[1])


@pytest.mark.parametrize("limit", [0.05, 9.0])
def test_systems_that_share_coefficients_are_solved_as_one(limit):
    rng = np.random.default_rng(2)
    count, shared, own = 4, 5, 3
    factors = rng.normal(size=(count, 8, 12))
    grams, rights, ridge = factors @ factors.swapaxes(1, 2), rng.normal(size=(count, 8)) * 3, np.full(8, 0.3)
    x, y = shared_solve(grams, rights, shared, ridge, limit)
    size = shared + count * own
    gram, right = np.zeros((size, size)), np.zeros(size)
    for t in range(count):
        at = np.r_[:shared, shared + t * own : shared + (t + 1) * own]
        gram[np.ix_(at, at)] += grams[t] + np.diag(ridge)
        right[at] += rights[t]
    bounds = np.r_[np.full(shared, limit), np.ones(count * own)]
    whole = bounded_solve(gram, right, np.r_[np.full(shared, -limit), np.zeros(count * own)], bounds)
    assert np.r_[x, y.ravel()] == pytest.approx(whole, abs=1e-3)
    assert np.abs(x).max() <= limit and y.min() >= 0 and y.max() <= 1
