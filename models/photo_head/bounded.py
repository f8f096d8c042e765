"""Least squares within bounds: one coefficient after the other goes to its best place, until none moves any more."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...pipeline_core.compiled import compiled

SWEEPS, ENOUGH = 60, 1e-4
"""Passes over all coefficients; it stops when none moved further than this."""
MANY_SWEEPS, MANY_ENOUGH = 40, 1e-3
"""The same for many systems at once, each of which begins where it is nearly right."""


def bounded_solve(gram: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Minimise x.G.x / 2 - r.x within bounds (G is positive definite)."""
    x = np.clip(np.linalg.solve(gram, right), low, high)
    _descend(gram[None], (gram @ x - right)[None], x[None], low, high, SWEEPS, ENOUGH)
    return x


def bounded_solves(gram: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray,
                   start: np.ndarray) -> np.ndarray:
    """Do the same for T systems at once [shape=(T, B)]."""
    x = np.clip(start, low, high)
    _descend(gram, (gram @ x[:, :, None])[:, :, 0] - right, x, low, high, MANY_SWEEPS, MANY_ENOUGH)
    return x


def shared_solve(grams: np.ndarray, rights: np.ndarray, shared: int, ridge: np.ndarray, limit: float
                 ) -> tuple[np.ndarray, np.ndarray]:
    """Solve T systems whose first coefficients are the same in all of them.

    Parameters
    ----------
    grams, rights : ndarray
        Of each system [shape=(T, B, B) and (T, B)].
    shared : int
        How many coefficients are shared.
    ridge : ndarray
        Added to the diagonal of each system [shape=(B,)].
    limit : float
        Shared coefficients stay within -limit..limit, the others within 0..1.

    Returns
    -------
    tuple
        The shared coefficients [shape=(shared,)] and those of each system [shape=(T, B - shared)].
    """
    grams = grams + np.diag(ridge)
    a, ra = grams[:, :shared, :shared].sum(axis=0), rights[:, :shared].sum(axis=0)
    b, e, re = (np.ascontiguousarray(part) for part in (grams[:, :shared, shared:], grams[:, shared:, shared:], rights[:, shared:]))
    # Without bounds, with each system's own coefficients eliminated, this is a small problem.
    own = np.linalg.solve(e, np.concatenate([b.swapaxes(1, 2), re[:, :, None]], axis=2))
    x = np.linalg.solve(a - (b @ own[:, :, :-1]).sum(axis=0), ra - (b @ own[:, :, -1:]).sum(axis=0)[:, 0])
    y = np.clip(own[:, :, -1] - own[:, :, :-1] @ x, 0.0, 1.0)
    x = np.clip(x, -limit, limit)
    _descend_shared(a, b, e, a @ x + (b @ y[:, :, None]).sum(axis=0)[:, 0] - ra,
                    (e @ y[:, :, None])[:, :, 0] + x @ b - re, x, y, limit)
    return x, y


@compiled()
def _descend(gram: Any, gradient: Any, x: Any, low: Any, high: Any, sweeps: int, enough: float) -> None:
    count, size = x.shape
    for _ in range(sweeps):
        largest = 0.0
        for t in range(count):
            for i in range(size):
                step = min(max(x[t, i] - gradient[t, i] / gram[t, i, i], low[i]), high[i]) - x[t, i]
                if step != 0.0:
                    x[t, i] += step
                    largest = max(largest, abs(step))
                    for j in range(size):
                        gradient[t, j] += gram[t, i, j] * step
        if largest < enough:
            break


@compiled()
def _descend_shared(a: Any, b: Any, e: Any, gradient: Any, own_gradient: Any, x: Any, y: Any, limit: float) -> None:
    """Descend where `b` couples the shared coefficients x to each system's own y [shape=(T, shared, B - shared)]."""
    count, shared, size = b.shape
    for _ in range(SWEEPS):
        largest = 0.0
        for i in range(shared):
            step = min(max(x[i] - gradient[i] / a[i, i], -limit), limit) - x[i]
            if step != 0.0:
                x[i] += step
                largest = max(largest, abs(step))
                gradient += a[i] * step
                own_gradient += b[:, i] * step
        for t in range(count):
            for k in range(size):
                step = min(max(y[t, k] - own_gradient[t, k] / e[t, k, k], 0.0), 1.0) - y[t, k]
                if step != 0.0:
                    y[t, k] += step
                    largest = max(largest, abs(step))
                    own_gradient[t] += e[t, k] * step
                    gradient += b[t, :, k] * step
        if largest < ENOUGH:
            break
