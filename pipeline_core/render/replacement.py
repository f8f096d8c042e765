"""Frames that another program has changed take the place of the drawn ones, one for one."""

from __future__ import annotations

from fractions import Fraction

from ..errors import InputError
from ..media.clip import clip_length
from ..media.video import probe
from ..types import MediaFile, Portrait
from .pictures import Pictures, size_of

_SAME_RATE = Fraction(1, 1000)


def check_replacement(pictures: Pictures, frames: int, fps: Fraction) -> tuple[str, ...]:
    """Refuse frames that would be shown at another time than the drawn ones; return warnings.

    Raises
    ------
    InputError
        If there are more or fewer of them, and a video is not just of another rate either.
    """
    size_of(pictures)
    given = count_of(pictures)
    if not isinstance(pictures, MediaFile):
        if given != frames:
            raise _mismatch(f"{given} frames", frames, fps)
        return ()
    info = probe(pictures.path)
    rate = info.fps
    same_rate = abs(rate - fps) <= _SAME_RATE * fps
    if given == frames:
        return info.warnings if same_rate else (*info.warnings,
            f"The replacement says {_number(rate)} frames per second, the render has {_number(fps)}; as both have "
            f"{frames} frames, each takes the place of one.",)
    length_s = clip_length(pictures).duration_s
    if same_rate or abs(length_s - frames / fps) > max(1 / rate, 1 / fps):
        raise _mismatch(f"{given} frames ({float(length_s):.2f} s at {_number(rate)} per second)", frames, fps)
    return (*info.warnings, f"The replacement has {given} frames at {_number(rate)} per second, the render {frames} at "
            f"{_number(fps)}: pictures are taken by their time, so some are shown twice or left out.",)


def is_numbered(pictures: Pictures, frames: int) -> bool:
    """Tell whether frame i of the replacement is frame i of the render."""
    return count_of(pictures) == frames


def count_of(pictures: Pictures) -> int:
    """Return how many frames there are."""
    if isinstance(pictures, Portrait):
        return 1
    return clip_length(pictures).frames if isinstance(pictures, MediaFile) else len(pictures)


def _mismatch(given: str, frames: int, fps: Fraction) -> InputError:
    return InputError(
        f"the replacement has {given}, the render {frames} ({float(frames / fps):.2f} s at {_number(fps)} per second)",
        hint="Take all frames from Frames to Images (start 0, count 0) and use nodes that keep their number, or connect "
             "the frames to 'source' of Video Mux as they are.")


def _number(rate: Fraction) -> str:
    return f"{float(rate):.5g}"
