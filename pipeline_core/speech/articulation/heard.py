"""What the articulation model hears in a sound."""

from __future__ import annotations

from dataclasses import dataclass

from ...types import FloatArray


@dataclass(frozen=True, eq=False)
class Heard:
    """Frame t covers t/100 .. (t+1)/100 s."""

    log_posteriors: FloatArray
    """Natural logarithm of the probability of each of `symbols.PHONES` [shape=(T, P)]."""
    articulators: FloatArray
    """Curves of `symbols.ARTICULATORS`, 0..1 [shape=(T, 7)]."""
