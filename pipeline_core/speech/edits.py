"""What a person changed in a timeline: a small patch that survives a new analysis where times still match.

The patch is JSON: {"version": 1, "edits": [...]}, carried out in order. Each edit says what it does and,
beside a keyframe, what it replaced: a viseme with its old times, or the border between two visemes.

    {"op": "change", "was": {"viseme": "aa", "start_s": 1.2, "end_s": 1.3}, "viseme": "oh", "phone": "ɔ"}
    {"op": "delete", "was": ...}                               its neighbours meet in the middle
    {"op": "insert", "was": ..., "viseme": "DD", "start_s": 1.22, "end_s": 1.28}
    {"op": "close", "was": ..., "start_s": 1.22, "end_s": 1.30}  the lips touch
    {"op": "open", "was": ...}                                 the lips do not touch
    {"op": "border", "left": "aa", "right": "nn", "was_s": 1.3, "time_s": 1.34}
    {"op": "emotion", "time_s": 2.5, "emotion": "happy", "strength": 0.8}

"phone" is optional. web/lib/timeline/patch.js does the same for the picture; a test compares the two.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError
from ..motion.emotion import EMOTIONS
from ..motion.targets import VISEME_PHONES
from ..types import Keyframe, SpeechTrack
from .cells import EDITED, MIN_S, Cell, cells_of, opened, painted, sounding, stretched, track_of
from .phones import SEGMENTS, VISEMES

Edit = Mapping[str, Any]

TOLERANCE_S = 0.04
"""An edit still matches where each old time is met this closely: half of a usual sound (85 ms), so that no
neighbour is nearer, and as much as two ways of finding times differ (10-40 ms)."""
SHORTEST_S = 0.02
"""Nothing shorter is inserted: lips cannot shut and open faster than about this."""
MAX_CHARACTERS = 1_000_000
MAX_EDITS = 5000
LONGEST_S = 4 * 3600.0
"""The longest sound that is analysed."""
STRENGTH_MAX = 2.0
"""As in keyframes that are written as text."""


@dataclass(frozen=True, eq=False)
class Edited:
    """An edited track, and which edits of the patch did not match it any more."""

    track: SpeechTrack
    cells: tuple[Cell, ...]
    """Its visemes, with what was edited marked."""
    stale: tuple[int, ...] = ()
    """Places in the patch, ascending."""


class _Stale(Exception):
    """What an edit replaced is not there."""


def apply_edits(track: SpeechTrack, patch_text: str) -> Edited:
    """Carry out a patch.

    Parameters
    ----------
    track : SpeechTrack
        What the analysis found.
    patch_text : str
        The patch as JSON; empty for none.

    Returns
    -------
    Edited
        The track with its visemes, phones and closures changed and keyframes added: they still cover the
        duration, and sounds nobody touched stay as they are. `warnings` names the edits that do not
        match any more; they change nothing.

    Raises
    ------
    InputError
        If the text is no such patch.
    """
    edits = read_edits(patch_text)
    cells = list(cells_of(track))
    if not edits:
        return Edited(track, tuple(cells))
    keyframes: list[Keyframe] = []
    stale: list[int] = []
    for number, edit in enumerate(edits):
        try:
            if edit["op"] == "emotion":
                keyframes.append(_keyframe(edit, track.duration_s))
            else:
                cells = _OPERATIONS[edit["op"]](cells, edit)
        except _Stale:
            stale.append(number)
    changed = track_of(track, cells) if any(cell.phone == EDITED for cell in cells) else track
    warnings = (*track.warnings, _warning(edits, stale)) if stale else track.warnings
    moods = sorted((*track.keyframes, *keyframes), key=lambda keyframe: keyframe.time_s)
    return Edited(replace(changed, keyframes=tuple(moods), warnings=warnings), tuple(cells), tuple(stale))


def read_edits(patch_text: str) -> tuple[Edit, ...]:
    """Return the edits of a patch, each checked; none of an empty text.

    Raises
    ------
    InputError
        If the text is no such patch.
    """
    if not patch_text.strip():
        return ()
    if len(patch_text) > MAX_CHARACTERS:
        raise _bad(f"they have {len(patch_text)} characters, more than {MAX_CHARACTERS}")
    try:
        data = json.loads(patch_text)
    except (ValueError, RecursionError) as error:
        raise _bad("they are no JSON") from error
    if not isinstance(data, dict) or data.get("version") != 1 or not isinstance(data.get("edits"), list):
        raise _bad('they are no {"version": 1, "edits": [...]}')
    if len(data["edits"]) > MAX_EDITS:
        raise _bad(f"there are {len(data['edits'])}, more than {MAX_EDITS}")
    return tuple(_checked(number, edit) for number, edit in enumerate(data["edits"], 1))


def _bad(what: str) -> InputError:
    return InputError(f"the edits of the timeline cannot be used: {what}",
                      hint="Undo in the timeline, or empty the widget edits.")


_WAS = {"viseme": "viseme", "start_s": "time", "end_s": "time"}
_KEYS: dict[str, dict[str, str]] = {
    "change": {"was": "was", "viseme": "viseme", "phone": "phone"},
    "delete": {"was": "was"},
    "insert": {"was": "was", "viseme": "viseme", "phone": "phone", "start_s": "time", "end_s": "time"},
    "close": {"was": "was", "start_s": "time", "end_s": "time"},
    "open": {"was": "was"},
    "border": {"left": "viseme", "right": "viseme", "was_s": "time", "time_s": "time"},
    "emotion": {"time_s": "time", "emotion": "emotion", "strength": "strength"},
}
"""Operation -> its keys and what each of them holds; only a phone may be left out."""


def _checked(number: int, edit: Any) -> Edit:
    """Return an edit that is fit to be carried out."""
    keys = _KEYS.get(edit["op"]) if isinstance(edit, dict) and isinstance(edit.get("op"), str) else None
    if keys is None:
        raise _bad(f"edit {number} has no known operation")
    _check_keys(number, {key: value for key, value in edit.items() if key != "op"}, keys)
    if "end_s" in edit and not edit["end_s"] - edit["start_s"] >= SHORTEST_S - 1e-9:
        raise _bad(f"edit {number} lasts less than {SHORTEST_S * 1000:.0f} ms")
    ipa = edit.get("phone")
    if ipa is not None and (SEGMENTS[ipa].viseme if ipa else "sil") != edit["viseme"]:
        raise _bad(f"edit {number}: {ipa!r} is no sound of the viseme {edit['viseme']}")
    return dict(edit)


def _check_keys(number: int, values: dict[str, Any], keys: dict[str, str]) -> None:
    if not keys.keys() - {"phone"} <= values.keys() <= keys.keys():
        raise _bad(f"edit {number} needs {', '.join(keys)} and nothing else")
    for key, value in values.items():
        if keys[key] == "was":
            if not isinstance(value, dict):
                raise _bad(f"edit {number} does not say what it replaced")
            _check_keys(number, value, _WAS)
        elif not _FITS[keys[key]](value):
            raise _bad(f"edit {number}: {str(value)[:30]!r} is no {keys[key]}")


def _number_to(limit: float) -> Callable[[Any], bool]:
    # NaN fails the comparison.
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= limit


def _one_of(names: Sequence[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in names


_FITS: dict[str, Callable[[Any], bool]] = {
    "viseme": _one_of(VISEMES), "phone": _one_of((*SEGMENTS, "")), "emotion": _one_of(EMOTIONS),
    "time": _number_to(LONGEST_S), "strength": _number_to(STRENGTH_MAX),
}


def _keyframe(edit: Edit, duration_s: float) -> Keyframe:
    if edit["time_s"] > duration_s:
        raise _Stale
    return Keyframe(float(edit["time_s"]), edit["emotion"], float(edit["strength"]))


def _find(cells: Sequence[Cell], was: Mapping[str, Any]) -> int:
    """Return which cell an edit replaced: same viseme, both times within the tolerance, the nearest of several."""
    distance = [max(abs(cell.start_s - was["start_s"]), abs(cell.end_s - was["end_s"]))
                if cell.viseme == was["viseme"] else math.inf for cell in cells]
    at = min(range(len(cells)), key=distance.__getitem__, default=0)
    if not cells or distance[at] > TOLERANCE_S + 1e-6:
        raise _Stale
    return at


def _new(edit: Edit, start_s: float, end_s: float) -> Cell:
    ipa = edit.get("phone")
    return sounding(VISEME_PHONES[edit["viseme"]] if ipa is None else ipa, start_s, end_s)


def _change(cells: list[Cell], edit: Edit) -> list[Cell]:
    at = _find(cells, edit["was"])
    return [*cells[:at], _new(edit, cells[at].start_s, cells[at].end_s), *cells[at + 1:]]


def _delete(cells: list[Cell], edit: Edit) -> list[Cell]:
    at = _find(cells, edit["was"])
    gone = cells[at]
    if len(cells) == 1:
        return [sounding("", gone.start_s, gone.end_s)]
    meet_s = gone.start_s if at == 0 else gone.end_s if at == len(cells) - 1 else 0.5 * (gone.start_s + gone.end_s)
    before = [_longer(cells[at - 1], cells[at - 1].start_s, meet_s)] if at else []
    after = [_longer(cells[at + 1], meet_s, cells[at + 1].end_s)] if at + 1 < len(cells) else []
    return [*cells[:max(0, at - 1)], *before, *after, *cells[at + 2:]]


def _longer(cell: Cell, start_s: float, end_s: float) -> Cell:
    """Return a cell that takes room; its lips touch no longer than before."""
    return replace(cell, start_s=start_s, end_s=end_s, phone=EDITED)


def _insert(cells: list[Cell], edit: Edit) -> list[Cell]:
    return _put(cells, edit, _new(edit, edit["start_s"], edit["end_s"]))


def _close(cells: list[Cell], edit: Edit) -> list[Cell]:
    """Shut the lips; contacts that are touched become one, because lips do not part within."""
    start_s, end_s = edit["start_s"], edit["end_s"]
    met = [c.shut for c in cells if c.shut and c.shut[0] <= end_s + MIN_S and c.shut[1] >= start_s - MIN_S]
    start_s, end_s = min([start_s, *(a for a, _ in met)]), max([end_s, *(b for _, b in met)])
    return _put(cells, edit, sounding(VISEME_PHONES["PP"], start_s, end_s))


def _put(cells: list[Cell], edit: Edit, new: Cell) -> list[Cell]:
    _find(cells, edit["was"])
    end_s = min(new.end_s, cells[-1].end_s)
    if end_s - new.start_s < SHORTEST_S - 1e-9:
        raise _Stale
    return painted(cells, stretched(new, new.start_s, end_s))


def _open(cells: list[Cell], edit: Edit) -> list[Cell]:
    at = _find(cells, edit["was"])
    return [*cells[:at], opened(cells[at]), *cells[at + 1:]]


def _border(cells: list[Cell], edit: Edit) -> list[Cell]:
    """Move a border, as far as the two cells beside it leave room."""
    names = (edit["left"], edit["right"])
    distance = [abs(a.end_s - edit["was_s"]) if (a.viseme, b.viseme) == names else math.inf
                for a, b in zip(cells, cells[1:], strict=False)]
    at = min(range(len(distance)), key=distance.__getitem__, default=0)
    if not distance or distance[at] > TOLERANCE_S + 1e-6:
        raise _Stale
    left, right = cells[at], cells[at + 1]
    time_s = max(left.start_s + MIN_S, min(right.end_s - MIN_S, edit["time_s"]))
    if not left.start_s < time_s < right.end_s:
        raise _Stale
    return [*cells[:at], stretched(left, left.start_s, time_s), stretched(right, time_s, right.end_s), *cells[at + 2:]]


_OPERATIONS: dict[str, Callable[[list[Cell], Edit], list[Cell]]] = {
    "change": _change, "delete": _delete, "insert": _insert, "close": _close, "open": _open, "border": _border,
}


def _warning(edits: Sequence[Edit], stale: Sequence[int]) -> str:
    """Return what to tell about edits that do not match any more."""
    named = [f"{n + 1} ({edits[n]['op']} at {_time_of(edits[n]):.2f} s)" for n in stale[:3]]
    more = f" and {len(stale) - 3} more" if len(stale) > 3 else ""
    return (f"{len(stale)} of {len(edits)} edits of the timeline do not match this sound any more and were not applied: "
            f"{', '.join(named)}{more}; apply them again in the timeline, or remove them")


def _time_of(edit: Edit) -> float:
    return float(edit["time_s"] if "time_s" in edit else edit["was"]["start_s"])
