"""Face performances as CSV in the form of Epic's Live Link Face app: 52 ARKit curves, head and eyes per frame."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..arkit import ARTICULATION_INDEX, BLENDSHAPES, INDEX
from ..errors import InputError
from ..media.table import Table, read_table
from ..types import FloatArray, MotionLayer, MotionTrack, frame_count
from .curves import Curve, frame_times
from .gaze import LOOK_FULL_DEG, lids_following
from .settings import FPS_MAX, FPS_MIN

ROTATIONS = ("HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
             "RightEyeYaw", "RightEyePitch", "RightEyeRoll")  # fmt: skip
"""In radians about ARKit's axes of the face: x to the viewer's right, y up, z out of the face."""
_SWAPPED = {"jawLeft": "jawRight", "jawRight": "jawLeft", "mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
COLUMNS = tuple(name[0].upper() + name[1:] for name in (_SWAPPED.get(shape, shape) for shape in BLENDSHAPES))
"""Blendshapes in the app's order, which has right before left for jaw and mouth alone."""
MAX_CHARACTERS = 80_000_000
"""Half an hour at 60 per second with ten characters for each number."""
_EYES = [column for name, column in INDEX.items() if name.startswith("eyeLook")]
_FEWEST = 10
"""A table with fewer curves of ARKit's names is no face."""
_BASES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Frames per second that time codes count in."""
_RATES = tuple(sorted({*(Fraction(base) for base in _BASES), *(Fraction(n * 1000, 1001) for n in (24, 30, 60, 120))}))
_CODE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3}(?:\.\d{1,9})?)")
_DAY_S = 24 * 3600.0
_JAW_MIN = 0.02
"""Below this opening of the jaw the lips are not told apart from shut ones."""


def arkit_csv(motion: MotionTrack) -> str:
    """Return the summed motion as CSV: Timecode, BlendshapeCount, 52 curves 0..1, 9 rotations in radians.

    Lips that touch become `mouthClose`, which takes back what `jawOpen` opens; the gaze becomes the
    eyeLook curves, which turn the eyes of other heads.
    """
    total = motion.summed()
    shapes = total.blendshapes.copy()
    shapes[:, _EYES] = lids_following(total.gaze_deg)[:, _EYES]
    shut = total.articulation[:, ARTICULATION_INDEX["lipClosure"]] * shapes[:, INDEX["jawOpen"]]
    shapes[:, INDEX["mouthClose"]] = np.maximum(shapes[:, INDEX["mouthClose"]], shut)
    order = [INDEX[_SWAPPED.get(name, name)] for name in BLENDSHAPES]
    yaw, pitch, roll = np.radians(total.head_deg).T
    right, up = np.radians(total.gaze_deg).T
    eye = (right, -up, np.zeros_like(up))
    values = np.column_stack([shapes[:, order], yaw, -pitch, -roll, *eye, *eye])
    rows = (",".join([_timecode(t, motion.fps), str(values.shape[1]), *(f"{v:.6f}" for v in row)])
            for t, row in zip(frame_times(motion.duration_s, motion.fps), values, strict=True))
    return "\n".join([",".join(["Timecode", "BlendshapeCount", *COLUMNS, *ROTATIONS]), *rows]) + "\n"


def _timecode(time_s: float, fps: Fraction) -> str:
    """Return HH:MM:SS:FF.fff in real time, frames counted in the whole number at or above the rate."""
    base = -(-fps.numerator // fps.denominator)
    thousandths = round(time_s * base * 1000)
    seconds, rest = divmod(thousandths, base * 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def read_arkit_csv(text: str) -> MotionTrack:
    """Read a performance: CSV with a column Timecode (or time in seconds) and columns with ARKit's names.

    Parameters
    ----------
    text : str
        Any case and order of the columns; curves that are missing are 0, further columns are left out.

    Returns
    -------
    MotionTrack
        One layer "driving" at the rate of the recording, which begins at 0 s. Head angles are absolute.

    Raises
    ------
    InputError
        If it is no such table, or its times or numbers are none.
    """
    if len(text) > MAX_CHARACTERS:
        raise _bad(f"{len(text)} characters are too many")
    try:
        table = read_table(text.lstrip("\ufeff"))
        known = _known(table) if table is not None else {}
        if table is None or len(known) < _FEWEST:
            raise _bad(f"it has {len(known)} of ARKit's 52 curves")
        return _track(table, known)
    except ValueError as error:
        raise _bad(str(error)[:80]) from error


def centred(motion: MotionTrack) -> MotionTrack:
    """Return the motion with the median of the head's angles taken off: a photo looks ahead, few cameras stand there."""
    def turned(layer: MotionLayer) -> MotionLayer:
        return replace(layer, head_deg=layer.head_deg - np.median(layer.head_deg, axis=0).astype(np.float32))

    return replace(motion, layers=tuple(turned(layer) for layer in motion.layers))


def _bad(what: str) -> InputError:
    return InputError(f"the face performance cannot be used: {what}",
                      hint="Give the CSV that Live Link Face writes: Timecode and curves named as ARKit names them.")


def _known(table: Table) -> dict[str, str]:
    """Return ARKit's names that are there -> the column's own name, which may end in _L or _R."""
    wanted = {name.lower(): name for name in BLENDSHAPES}
    plain = {re.sub("_l$", "left", re.sub("_r$", "right", name)): name for name in table.names}
    return {wanted[name]: column for name, column in plain.items() if name in wanted}


def _track(table: Table, known: Mapping[str, str]) -> MotionTrack:
    times = _times(table)
    kept = np.concatenate([[True], np.diff(np.maximum.accumulate(times)) > 1e-6])
    times = times[kept]
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 1.0 / 60
    fps = _rate(step_s)
    duration_s = float(times[-1]) + step_s
    at = np.arange(frame_count(duration_s, fps)) / float(fps)

    def sampled(names: list[str]) -> FloatArray:
        values = table.numbers(names)[kept]
        return np.stack([np.interp(at, times, column) for column in values.T], axis=1).astype(np.float32)

    shapes = np.zeros((len(at), len(BLENDSHAPES)), np.float32)
    shapes[:, [INDEX[name] for name in known]] = sampled(list(known.values()))
    if shapes.max(initial=0.0) > 2.0:
        shapes /= 100.0  # some programs write percent
    head = [name.lower() for name in ROTATIONS[:3] if name.lower() in table.names]
    turned = sampled(head) if len(head) == 3 else np.zeros((len(at), 3), np.float32)
    return MotionTrack(fps, duration_s, (_layer(np.clip(shapes, 0.0, 1.0), turned),))


def _times(table: Table) -> Curve:
    """Return the time of each row from the first one on, in seconds [shape=(rows,)]."""
    if not table.lines:
        raise _bad("it has no frames")
    if "timecode" in table.names and ":" in table.column("timecode")[0]:
        times = _of_codes(table.column("timecode"))
    else:
        name = next((n for n in ("time", "timestamp", "seconds", "timecode") if n in table.names), None)
        if name is None:
            raise _bad("it has no column Timecode")
        times = table.numbers([name])[:, 0]
    times = times - times[0]
    times[times < -_DAY_S / 2] += _DAY_S
    if times[-1] > _DAY_S / 2:
        raise _bad(f"it lasts {times[-1] / 3600:.0f} hours")
    return np.asarray(times)


def _of_codes(codes: list[str]) -> Curve:
    found = [_CODE.fullmatch(code.strip()) for code in codes]
    if not all(found):
        raise _bad(f"{codes[found.index(None)][:30]!r} is no time code")
    parts = np.array([[float(part) for part in match.groups()] for match in found if match])
    # The frames of a whole second tell what they are counted in; a shorter take is taken for the app's usual 60.
    whole = len(np.unique(parts[:, 2])) > 1
    highest = parts[:, 3].max()
    base = next((b for b in _BASES if b > highest and (whole or b >= 60)), _BASES[-1])
    return np.asarray(parts @ np.array([3600.0, 60.0, 1.0, 1.0 / base]))


def _rate(step_s: float) -> Fraction:
    """Return the usual rate nearest to that of the rows, or their own where none is near."""
    own = min(max(1.0 / step_s, FPS_MIN), FPS_MAX)
    near = min(_RATES, key=lambda rate: abs(float(rate) - own))
    return near if abs(float(near) / own - 1.0) < 0.015 else Fraction(own).limit_denominator(1001)


def _layer(shapes: FloatArray, turned: FloatArray) -> MotionLayer:
    if np.abs(turned).max(initial=0.0) <= np.pi:
        turned = np.degrees(turned)  # larger numbers can only be degrees
    head = turned * np.array([1.0, -1.0, -1.0], np.float32)
    blank = MotionLayer.zeros("driving", len(shapes))
    channels = blank.articulation.copy()
    jaw, close = shapes[:, INDEX["jawOpen"]], shapes[:, INDEX["mouthClose"]]
    shut = np.where(jaw > _JAW_MIN, np.clip(close / np.maximum(jaw, _JAW_MIN), 0.0, 1.0), 0.0)
    channels[:, ARTICULATION_INDEX["lipClosure"]] = shut
    shapes[:, INDEX["mouthClose"]] = close - shut * jaw
    return MotionLayer("driving", shapes, channels, head, blank.head_shift, _gaze(shapes))


def _gaze(shapes: FloatArray) -> FloatArray:
    """Return where the eyes look by their curves [shape=(T, 2)]: right for the viewer, up, in degrees."""
    def mean(*names: str) -> FloatArray:
        return np.asarray(shapes[:, [INDEX[name] for name in names]].mean(axis=1))

    right = mean("eyeLookOutLeft", "eyeLookInRight") - mean("eyeLookInLeft", "eyeLookOutRight")
    up = mean("eyeLookUpLeft", "eyeLookUpRight") - mean("eyeLookDownLeft", "eyeLookDownRight")
    return np.asarray(np.stack([right, up], axis=1) * np.float32(LOOK_FULL_DEG))
