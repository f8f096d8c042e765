"""A speech track as a row of visemes that can be cut, painted over and put together again.

Lips follow the phones and closures of a track; visemes are what a person sees and edits. A cell is
a viseme together with the sound and the contact behind it, so that an edited viseme moves the mouth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ..motion.targets import VISEME_PHONES, symbols
from ..types import Closure, Phone, SpeechTrack, VisemeCue
from .phones import SEGMENTS, has_closure

Span = tuple[float, float]
"""Start and end in seconds."""
MIN_S = 0.01
"""Nothing is cut shorter: the least that the timing of phones leaves of a neighbour, too."""
EDITED = -1
"""`Cell.phone` of what does not come from the analysis any more."""
OPEN_BILABIAL = "β"
"""The sound of p, b, m whose lips come near and do not touch."""


@dataclass(frozen=True)
class Cell:
    """One viseme, the sound it shows, and the contact of the lips in it."""

    viseme: str
    ipa: str
    start_s: float
    end_s: float
    weight: float
    phone: int
    """Which phone of the track it belongs to, or `EDITED`."""
    shut: Span | None = None
    """When the lips touch."""


def cells_of(track: SpeechTrack) -> tuple[Cell, ...]:
    """Return the visemes of a track as cells; each closure belongs to the viseme at its centre."""
    starts = np.array([p.start_s for p in track.phones])
    owners = [int(np.searchsorted(starts, 0.5 * (v.start_s + v.end_s), side="right")) - 1 for v in track.visemes]
    sounds = _sounds(track, owners)
    ends = np.array([v.end_s for v in track.visemes])
    shut: dict[int, Span] = {}
    for closure in track.closures:
        at = int(np.searchsorted(ends, 0.5 * (closure.start_s + closure.end_s)))
        low, high = shut.get(at, (closure.start_s, closure.end_s))
        shut[at] = min(low, closure.start_s), max(high, closure.end_s)
    return tuple(
        Cell(cue.viseme, ipa, cue.start_s, cue.end_s, cue.weight, owner,
             shut.get(k) or ((cue.start_s, cue.end_s) if has_closure(ipa) and not track.closures else None))
        for k, (cue, owner, ipa) in enumerate(zip(track.visemes, owners, sounds, strict=True)))


def _sounds(track: SpeechTrack, owners: Sequence[int]) -> list[str]:
    """Return the IPA that each viseme stands for: a part of a diphthong, or the next sound behind a release."""
    if not track.phones:
        return [VISEME_PHONES.get(v.viseme, "ə") for v in track.visemes]
    sounds: list[str] = []
    for owner, group in groupby(owners):
        ipa = track.phones[owner].ipa
        count, parts = len(list(group)), symbols(ipa)
        following = symbols(track.phones[owner + 1].ipa)[:1] if owner + 1 < len(track.phones) else ()
        # Behind a release the lips open towards the next sound, also where that shuts them again.
        names = [*parts, *(OPEN_BILABIAL if has_closure(f) else f for f in following)] if count > 1 else [ipa]
        sounds += [names[min(k, len(names) - 1)] if names else ipa for k in range(count)]
    return sounds


def track_of(track: SpeechTrack, cells: Sequence[Cell]) -> SpeechTrack:
    """Return the track with visemes, phones and closures of the cells; phones nobody touched stay as they are."""
    whole = Counter(cell.phone for cell in cells_of(track))
    phones: list[Phone] = []
    for owner, group in groupby(cells, key=lambda cell: cell.phone):
        parts = list(group)
        if owner != EDITED and len(parts) == whole[owner]:
            phones.append(track.phones[owner])
        else:
            phones += [Phone(cell.ipa, cell.start_s, cell.end_s) for cell in parts]
    return replace(
        track, phones=tuple(phones) if track.phones else (),
        visemes=tuple(VisemeCue(c.viseme, c.start_s, c.end_s, c.weight) for c in cells),
        closures=tuple(Closure(*cell.shut) for cell in cells if cell.shut))


def sounding(ipa: str, start_s: float, end_s: float, viseme: str = "sil") -> Cell:
    """Return an edited cell of a sound; `viseme` counts where the sound is silence."""
    known = SEGMENTS.get(ipa)
    return Cell(known.viseme if known else viseme, ipa, start_s, end_s, known.weight if known else 1.0, EDITED,
                (start_s, end_s) if has_closure(ipa) else None)


def opened(cell: Cell) -> Cell:
    """Return a cell whose lips do not touch."""
    ipa = OPEN_BILABIAL if has_closure(cell.ipa) else cell.ipa
    return replace(cell, ipa=ipa, weight=SEGMENTS[ipa].weight if has_closure(cell.ipa) else cell.weight, phone=EDITED, shut=None)


def clipped(cell: Cell, start_s: float, end_s: float) -> Cell:
    """Return what a cut leaves of a cell; its contact is cut with it."""
    shut = cell.shut
    if shut:
        low, high = max(shut[0], start_s), min(shut[1], end_s)
        shut = (low, high) if high > low else (start_s, end_s) if has_closure(cell.ipa) else None
    return replace(cell, start_s=start_s, end_s=end_s, phone=EDITED, shut=shut)


def stretched(cell: Cell, start_s: float, end_s: float) -> Cell:
    """Return a cell with other borders; its contact stretches with it."""
    shut = cell.shut
    if shut:
        factor = (end_s - start_s) / (cell.end_s - cell.start_s)
        shut = (start_s + (shut[0] - cell.start_s) * factor, start_s + (shut[1] - cell.start_s) * factor)
    return replace(cell, start_s=start_s, end_s=end_s, phone=EDITED, shut=shut)


def painted(cells: Sequence[Cell], new: Cell) -> list[Cell]:
    """Put a cell over a row of cells; nothing shorter than `MIN_S` is left beside it."""
    borders = [cells[0].start_s, *(cell.end_s for cell in cells)]
    start_s = next((b for b in borders[:-1] if abs(b - new.start_s) < MIN_S), new.start_s)
    end_s = next((b for b in borders if abs(b - new.end_s) < MIN_S and b > start_s + MIN_S), new.end_s)
    out: list[Cell] = []
    for cell in cells:
        if cell.end_s <= start_s or cell.start_s >= end_s:
            out.append(cell)
            continue
        if cell.start_s < start_s:
            out.append(clipped(cell, cell.start_s, start_s))
        if cell.start_s <= start_s < cell.end_s:
            out.append(stretched(new, start_s, end_s))
        if cell.end_s > end_s:
            out.append(clipped(cell, end_s, cell.end_s))
    return out
