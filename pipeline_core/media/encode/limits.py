"""What keeps large pictures within memory, and within what players decode."""

from __future__ import annotations

import os
from fractions import Fraction

LOOKAHEAD_BYTES = 512 * 2**20
"""What an encoder may spend on pictures it has seen and not yet written: 49 of 1080p, 12 of 4K."""
_BYTES_PER_PIXEL = 5
"""Of one waiting picture in x264: itself at 1.5, four half-size planes, costs and vectors."""
MAX_THREADS = 16
"""Each thread of a codec holds pictures of its own."""
_LOOKAHEAD = {"ultrafast": 0, "superfast": 0, "veryfast": 10, "faster": 20, "fast": 30, "medium": 40, "slow": 50,
              "slower": 60, "veryslow": 60}
_REFERENCES = {"ultrafast": 1, "superfast": 1, "veryfast": 1, "faster": 2, "fast": 2, "medium": 3, "slow": 5,
               "slower": 8, "veryslow": 16}
"""rc-lookahead and ref of x264's presets (x264 --fullhelp)."""
_LEVELS = ((108_000, 3_600, 18_000), (245_760, 8_192, 32_768), (522_240, 8_704, 34_816), (589_824, 22_080, 110_400),
           (983_040, 36_864, 184_320), (2_073_600, 36_864, 184_320), (16_711_680, 139_264, 696_320))
"""Levels 3.1, 4.0, 4.2, 5.0, 5.1, 5.2 and 6.2 of H.264 (table A-1): macroblocks a second, in a
picture, and in the buffer of decoded pictures."""


def waiting_pictures(size: tuple[int, int]) -> int:
    """Return how many pictures of a size an encoder may hold back."""
    return max(1, LOOKAHEAD_BYTES // (_BYTES_PER_PIXEL * size[0] * size[1]))


def h264_references(size: tuple[int, int], fps: Fraction) -> int:
    """Return how many reference pictures the lowest level that fits a size and rate allows.

    With more of them, as slow presets ask for, the level rises beyond what players decode.
    """
    blocks = -(-size[0] // 16) * -(-size[1] // 16)
    for rate, picture, buffer in _LEVELS:
        if blocks <= picture and blocks * fps <= rate:
            return max(1, min(16, buffer // blocks))
    return 1


def limit_options(codec: str, preset: str, size: tuple[int, int], fps: Fraction, count: int) -> dict[str, str]:
    """Return the options that keep a codec within memory and level, for a video of `count` pictures."""
    waiting = waiting_pictures(size)
    if codec == "libx264":
        return {"rc-lookahead": str(min(_LOOKAHEAD[preset], waiting)),
                "refs": str(min(_REFERENCES[preset], h264_references(size, fps)))}
    if codec == "libx265":
        ahead = max(5, min(_LOOKAHEAD[preset], waiting))
        # One or two pictures leave x265 without time stamps where it may reorder them.
        order = ":bframes=0" if count < 3 else ""
        return {"x265-params": f"log-level=none:rc-lookahead={ahead}{order}"}
    if codec == "libvpx-vp9":
        return {"lag-in-frames": str(min(25, waiting))}
    return {}


def thread_count() -> int:
    """Return how many threads a codec may use; 0 leaves it the choice."""
    return 0 if (os.cpu_count() or 1) <= MAX_THREADS else MAX_THREADS
