"""Expressions that a person has posed: small JSON files of one held key, or of several over time."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from ..arkit import BLENDSHAPES, INDEX
from ..errors import InputError
from ..types import FloatArray, MotionLayer, MotionTrack
from .curves import Curve, frame_times, minimum_jerk
from .emotion import expression_row, parse_keyframes
from .gaze import lids_following

VERSION = 1
MARK = "talking_avatar_expression"
"""The field that tells our files from others, and whose value is their version."""
MAX_KEYS = 200
MAX_CHARACTERS = 500_000
"""200 keys with all curves at full precision take about 420,000."""
MAX_TIME_S = 600.0
HEAD_MAX_DEG = 25.0
"""What a photo from the front can still show: beyond, the far cheek is missing."""
GAZE_MAX_DEG = 25.0
"""Where the iris of a photo reaches the corner of the eye."""
_COUNT = len(BLENDSHAPES)
_FIELDS = ("time_s", "curves", "head_deg", "gaze_deg")


@dataclass(frozen=True, eq=False)
class ExpressionKey:
    """What a face looks like at one instant."""

    time_s: float = 0.0
    curves: Mapping[str, float] = field(default_factory=dict)
    """ARKit name -> 0..1; what is not named is 0."""
    head_deg: tuple[float, ...] = (0.0, 0.0, 0.0)
    """Yaw, pitch, roll, signs as in `MotionLayer.head_deg`."""
    gaze_deg: tuple[float, ...] = (0.0, 0.0)
    """Right for the viewer, up."""

    @property
    def row(self) -> Curve:
        """Curves, head and gaze in one row [shape=(52 + 3 + 2,)]."""
        shapes = np.zeros(_COUNT)
        for name, value in self.curves.items():
            shapes[INDEX[name]] = value
        return np.concatenate([shapes, self.head_deg, self.gaze_deg])


def read_expression(text: str) -> tuple[ExpressionKey, ...]:
    """Read an expression.

    Parameters
    ----------
    text : str
        JSON of the expression editor, or emotions over time as `parse_keyframes` reads them, for example
        "0 happy 0.6; 2 sad"; empty is a face at rest.

    Returns
    -------
    tuple of ExpressionKey
        At least one, times rising.

    Raises
    ------
    InputError
        If it is no expression; names the key and the field.
    SettingError
        If an emotion over time cannot be read.
    """
    if len(text) > MAX_CHARACTERS:
        _refuse(f"{len(text)} characters are too many (the most is {MAX_CHARACTERS})")
    if not text.strip():
        return (ExpressionKey(),)
    return _of_json(text) if text.lstrip().startswith(("{", "[")) else _of_emotions(text)


def write_expression(keys: Sequence[ExpressionKey]) -> str:
    """Return the JSON of keys; curves at 0 are left out."""
    return json.dumps({MARK: VERSION, "keys": [
        {"time_s": key.time_s, "curves": {name: value for name, value in key.curves.items() if value},
         "head_deg": list(key.head_deg), "gaze_deg": list(key.gaze_deg)} for key in keys]})


def expression_motion(keys: Sequence[ExpressionKey], fps: Fraction, hold_s: float = 0.0) -> MotionTrack:
    """Return a motion through the keys, one smooth movement from each to the next.

    Parameters
    ----------
    keys : sequence of ExpressionKey
        Times rising; before the first one its look stands.
    fps : Fraction
        Frame rate.
    hold_s : float
        How long the last key is held. Its frame is there in any case, so that whoever repeats the last frame
        of a short motion repeats the last key.
    """
    end_s = float(-(-Fraction(keys[-1].time_s + hold_s) * fps // 1) / fps)
    duration_s = end_s + float(1 / fps)
    return MotionTrack(fps, duration_s, (_layer(_between(keys, frame_times(duration_s, fps))),))


def stills_motion(keys: Sequence[ExpressionKey]) -> MotionTrack:
    """Return a motion whose frames are the keys themselves, one a second."""
    return MotionTrack(Fraction(1), float(len(keys)), (_layer(np.stack([key.row for key in keys])),))


def _between(keys: Sequence[ExpressionKey], times_s: Curve) -> Curve:
    rows, at = np.stack([key.row for key in keys]), np.array([key.time_s for key in keys])
    after = np.clip(np.searchsorted(at, times_s, side="right"), 1, max(1, len(keys) - 1))
    before, after = after - 1, np.minimum(after, len(keys) - 1)
    span = np.maximum(at[after] - at[before], 1e-9)
    share = minimum_jerk((times_s - at[before]) / span)[:, None]
    return np.asarray(rows[before] + (rows[after] - rows[before]) * share)


def _layer(rows: Curve) -> MotionLayer:
    gaze = rows[:, -2:]
    # Lids go with the eyes, as they do in every other layer that moves the eyes.
    shapes = np.clip(rows[:, :_COUNT] + lids_following(gaze), 0.0, 1.0)
    blank = MotionLayer.zeros("expression", len(rows))

    def exact(values: Curve) -> FloatArray:
        return values.astype(np.float32)

    return MotionLayer("expression", exact(shapes), blank.articulation, exact(rows[:, _COUNT:-2]), blank.head_shift,
                       exact(gaze))


def _of_emotions(text: str) -> tuple[ExpressionKey, ...]:
    frames = parse_keyframes(text)
    if len(frames) > MAX_KEYS:
        _refuse(f"it has {len(frames)} keys; the most is {MAX_KEYS}")
    keys = []
    for k, frame in enumerate(frames, 1):
        row = expression_row(frame.emotion) * frame.strength
        shapes = {name: float(min(value, 1.0)) for name, value in zip(BLENDSHAPES, row, strict=False) if value}
        turn, gaze = tuple(row[_COUNT:-2].tolist()), tuple(row[-2:].tolist())
        keys.append(ExpressionKey(_time(frame.time_s, f"key {k}"), shapes, turn, gaze))
    return _rising(keys)


def _of_json(text: str) -> tuple[ExpressionKey, ...]:
    found = _parsed(text)
    if not isinstance(found, dict) or MARK not in found:
        _refuse(f'it lacks the field "{MARK}"')
    _expect_version(found[MARK])
    _expect_fields(found, (MARK, "keys"), "the file")
    keys = found.get("keys")
    if not isinstance(keys, list) or not keys:
        _refuse('"keys" has to be a list of at least one key')
    if len(keys) > MAX_KEYS:
        _refuse(f"it has {len(keys)} keys; the most is {MAX_KEYS}")
    return _rising([_key(entry, f"key {k}") for k, entry in enumerate(keys, 1)])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        _refuse(f"it is no JSON: line {error.lineno}, {error.msg}")
    except (ValueError, RecursionError):
        _refuse("it is nested too deeply or holds a huge number")


def _expect_version(version: Any) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        _refuse(f'its version "{str(version)[:20]}" is no whole number from 1 on')
    if version > VERSION:
        raise InputError(f"the expression is of version {version}; this Talking Avatar reads up to version {VERSION}",
                         hint="Update Talking Avatar, or save the expression again with this version.")


def _key(entry: Any, where: str) -> ExpressionKey:
    if not isinstance(entry, dict):
        _refuse(f"{where} is no object")
    _expect_fields(entry, _FIELDS, where)
    curves = entry.get("curves", {})
    if not isinstance(curves, dict):
        _refuse(f'"curves" of {where} is no object')
    for name in curves:
        if name not in INDEX:
            _refuse(f'{where} has the curve "{name[:40]}", which ARKit does not have')
    return ExpressionKey(
        _time(entry.get("time_s", 0.0), where),
        {name: _number(value, 0.0, 1.0, f'"{name}" of {where}') for name, value in curves.items()},
        _angles(entry, "head_deg", 3, HEAD_MAX_DEG, where), _angles(entry, "gaze_deg", 2, GAZE_MAX_DEG, where))


def _angles(entry: Mapping[str, Any], name: str, count: int, most: float, where: str) -> tuple[float, ...]:
    values = entry.get(name, [0.0] * count)
    if not isinstance(values, list) or len(values) != count:
        _refuse(f'"{name}" of {where} has to be a list of {count} angles')
    return tuple(_number(value, -most, most, f'"{name}" of {where}') for value in values)


def _time(value: Any, where: str) -> float:
    return _number(value, 0.0, MAX_TIME_S, f'"time_s" of {where}')


def _number(value: Any, low: float, high: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f"{what} is {str(value)[:20]!r}, not a number")
    if not (low <= value <= high and math.isfinite(value)):
        _refuse(f"{what} is {str(value)[:12]}, outside {low:g} to {high:g}")
    return float(value)


def _expect_fields(entry: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in entry:
        if name not in known:
            _refuse(f'{where} has the unknown field "{name[:40]}"')


def _rising(keys: Sequence[ExpressionKey]) -> tuple[ExpressionKey, ...]:
    for k, (before, after) in enumerate(zip(keys, keys[1:], strict=False), 2):
        if after.time_s <= before.time_s:
            _refuse(f'"time_s" of key {k} is {after.time_s:g}, not after that of the key before it ({before.time_s:g})')
    return tuple(keys)


def _refuse_constant(name: str) -> NoReturn:
    _refuse(f"it holds {name}, which is no number")


def _refuse(what: str) -> NoReturn:
    raise InputError(f"the expression cannot be used: {what}",
                     hint='Save it anew in the Expression Editor, or write seconds and emotions, for example "0 happy 0.6".')
