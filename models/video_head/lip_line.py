"""The line between shut lips, as a picture shows it, where landmarks never see the lips meet.

Under a moustache landmarks put the lower lip's edge into its red. Lips cut there and laid together have no dark
line between them, and look parted.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...pipeline_core.types import FloatArray, UInt8Array
from ..photo_head.contact import Opening
from ..photo_head.deform import lip_texture_table
from ..photo_head.head_model import HeadModel
from ..photo_head.textures import TEXTURE_SCALE

COLUMNS, STEPS = 41, 48
"""Places along the mouth, and across it, at which the picture is looked at."""
RING = 2
"""The line is looked for between these rings of the two lips."""
BEND = 0.6
"""Cost of a step of the line across the mouth, in shares of the darkness that is looked for."""
REACH_RINGS = 4.0
"""The lips' texture is shifted less from ring to ring up to this one, the edge of their red."""
CORNER = 0.12
"""Share of the mouth at either end over which the line runs into the corner that landmarks see."""
DARK_SHARE, WIDE_SHARE = 0.5, 0.6
"""A mouth is open where more than the first share of the way from lip to darkest is darkness, over the second share
of what landmarks take for the gap: shut lips are a line in it."""
TEETH_RATIO = 1.2
"""What is brighter than the lips by this between them is teeth."""


def found_line(model: HeadModel, mouth: Opening, skin: UInt8Array, texture: FloatArray) -> FloatArray | None:
    """Return the texture with which lips meet in the line that is seen [shape=(N, 2)]; None where they are parted.

    Parameters
    ----------
    model, mouth
        The head and its lips.
    skin : UInt8Array
        Doubled picture.
    texture : FloatArray
        Its pixel, not doubled, for each vertex [shape=(N, 2)].
    """
    across = _across(mouth, lip_texture_table(model, texture))
    at = np.ascontiguousarray(across * np.float32(TEXTURE_SCALE), np.float32)
    seen = cv2.cvtColor(cv2.remap(skin, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), cv2.COLOR_RGB2GRAY)
    grey = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 1.0)
    if _parted(grey[COLUMNS // 4 : -COLUMNS // 4]):
        return None
    line = across[np.arange(COLUMNS), _darkest(grey)]
    return _moved(model, mouth, texture, line)


def _across(mouth: Opening, table: FloatArray) -> FloatArray:
    """Return paths from inside the upper lip to inside the lower one [shape=(COLUMNS, STEPS, 2)]."""
    arc = np.linspace(0.0, 1.0, COLUMNS)
    corners = []
    for chain, rings in ((mouth.upper, (RING, 0)), (mouth.lower, (0, RING))):
        corners += [np.column_stack([np.interp(arc, chain.arc, table[ring, chain.places, k]) for k in range(2)])
                    for ring in rings]
    way = np.linspace(0.0, 3.0, STEPS)
    return np.asarray(np.stack([[np.interp(way, range(4), [c[i, k] for c in corners]) for k in range(2)]
                                for i in range(COLUMNS)]).swapaxes(1, 2), np.float32)


def _parted(grey: FloatArray) -> bool:
    """Tell whether teeth or a cavity are seen between lips [grey: shape=(C, STEPS)]."""
    lips = np.minimum(grey[:, 0], grey[:, -1])
    darkest = grey.min(axis=1)
    between = grey[:, STEPS // 3 : -STEPS // 3]
    dark = (between < (darkest + DARK_SHARE * (lips - darkest))[:, None]).mean(axis=1)
    teeth = between.max(axis=1) / np.maximum(grey[:, -1], 1.0)
    return bool(np.median(dark) > WIDE_SHARE or np.median(teeth) > TEETH_RATIO)


def _darkest(grey: FloatArray) -> np.ndarray:
    """Return the step of each column through which the darkest smooth line runs [shape=(COLUMNS,)]."""
    contrast = np.ptp(grey, axis=1).mean() + 1e-3
    cost = grey / contrast
    step = np.arange(STEPS)
    turn = BEND * np.abs(step[:, None] - step[None]) / (STEPS / 8)
    total, came = cost[0], []
    for column in cost[1:]:
        way = total[None] + turn
        came.append(way.argmin(axis=1))
        total = column + way.min(axis=1)
    line = [int(total.argmin())]
    for back in reversed(came):
        line.append(int(back[line[-1]]))
    return np.array(line[::-1])


def _moved(model: HeadModel, mouth: Opening, texture: FloatArray, line: FloatArray) -> FloatArray:
    """Let both lips begin at the line."""
    lips, arc = model.lips, np.linspace(0.0, 1.0, COLUMNS)
    shift = np.zeros((len(lips.margin), 2), np.float32)
    for chain in (mouth.upper, mouth.lower):
        to = np.column_stack([np.interp(chain.arc, arc, line[:, k]) for k in range(2)])
        inside = np.clip(np.minimum(chain.arc, 1.0 - chain.arc) / CORNER, 0.0, 1.0)[:, None]
        shift[chain.places] = inside * (to - texture[chain.vertices])
    share = np.clip(1.0 - np.maximum(lips.depth, 0.0) / REACH_RINGS, 0.0, 1.0)
    moved = texture.copy()
    moved[lips.vertices] += (share[:, None] * shift[lips.place]).astype(np.float32)
    return moved
