"""More than two channels become stereo: what is spoken sits in the centre and must not get lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import FloatArray

_HALF_POWER = 0.5**0.5
"""Centre and surround share their power between both sides (ITU-R BS.775-3, annex 4)."""
_SIDES: dict[str, tuple[float, float]] = {
    "FL": (1, 0), "FR": (0, 1), "FC": (_HALF_POWER, _HALF_POWER), "LFE": (0, 0), "LFE2": (0, 0),
    "BL": (_HALF_POWER, 0), "BR": (0, _HALF_POWER), "SL": (_HALF_POWER, 0), "SR": (0, _HALF_POWER),
    "BC": (0.5, 0.5), "FLC": (_HALF_POWER, 0), "FRC": (0, _HALF_POWER), "DL": (1, 0), "DR": (0, 1),
    "TFL": (_HALF_POWER, 0), "TFR": (0, _HALF_POWER), "TBL": (0.5, 0), "TBR": (0, 0.5), "TFC": (0.5, 0.5),
    "WL": (_HALF_POWER, 0), "WR": (0, _HALF_POWER), "TC": (0.5, 0.5), "TSL": (0.5, 0), "TSR": (0, 0.5),
}  # fmt: skip
"""Share of each loudspeaker, by FFmpeg's names, in left and right. The bass channel is left out, as
players do."""
_USUAL: dict[int, tuple[str, ...]] = {
    3: ("FL", "FR", "FC"), 4: ("FL", "FR", "BL", "BR"), 5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"), 7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}  # fmt: skip
"""The order of channels in WAV files, for sounds that do not say what theirs are."""


def mix_matrix(channels: int, names: Sequence[str] = ()) -> FloatArray:
    """Return the matrix that makes mono or stereo of a number of channels [shape=(1 or 2, channels)].

    One and two channels stay as they are. Channels of unknown place are averaged to mono.

    Parameters
    ----------
    channels : int
        How many there are.
    names : sequence of str
        FFmpeg's names of the loudspeakers, "FL", "FR", ..., where they are known.
    """
    if channels <= 2:
        return np.eye(channels, dtype=np.float32)
    known = tuple(names) if len(names) == channels and all(name in _SIDES for name in names) else _USUAL.get(channels)
    if known is None:
        return np.full((1, channels), 1.0 / channels, np.float32)
    return np.ascontiguousarray(np.array([_SIDES[name] for name in known], np.float32).T)


def mixed(samples: FloatArray, matrix: FloatArray) -> FloatArray:
    """Apply a matrix to samples [shape=(C, N)]; an identity costs nothing."""
    return samples if matrix.shape[0] == matrix.shape[1] else np.asarray(matrix @ samples, dtype=np.float32)
