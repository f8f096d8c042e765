"""The packets of a picture stream as the file lists them, read once and without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from . import h264
from .frame_index import MAX_FRAMES

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PacketTable:
    """One row for each packet, in the order of decoding."""

    pts: npt.NDArray[np.int64]
    """In units of `time_base` [shape=(P,)]."""
    starts: BoolArray
    """Whether nothing after it needs anything before it: IDR pictures of H.264; in other codecs nobody looked."""
    hidden: BoolArray
    """Whether an edit list leaves the picture out: it is needed for others only."""
    last_ticks: int
    """How long the last picture is shown; 0 where the file does not say."""
    time_base: Fraction
    sets_change: bool
    """Whether parameter sets of H.264 change on the way."""

    @property
    def shown(self) -> npt.NDArray[np.int64]:
        """Time stamps in the order of showing."""
        return np.sort(self.pts[~self.hidden])


def packet_table(container: Any, stream: Any) -> PacketTable | None:
    """Read the packets of an open file to its end; None where its time stamps are of no use."""
    config = h264.read_config(stream.codec_context.extradata) if stream.codec_context.name == "h264" else None
    known = set() if config is None else {*config.sps, *config.pps}
    rows: list[tuple[int, bool, bool]] = []
    last, sets_change = (-(1 << 62), 0), False
    for packet in container.demux(stream):
        if not packet.size:
            continue
        if packet.pts is None or len(rows) >= MAX_FRAMES:
            return None
        idr = False
        if config is not None:
            kinds = [(unit[0] & 31, unit) for unit in h264.units(bytes(packet), config.length_size)]
            idr = any(kind == h264.IDR for kind, _ in kinds)
            sets_change |= any(kind in (h264.SPS, h264.PPS) and unit not in known for kind, unit in kinds)
        hidden = bool(getattr(packet, "is_discard", False))
        rows.append((packet.pts, idr, hidden))
        last = max(last, (packet.pts, packet.duration or 0)) if not hidden else last
    table = np.array(rows, np.int64).reshape(-1, 3)
    shown = table[table[:, 2] == 0, 0]
    if not len(shown) or len(np.unique(shown)) != len(shown):
        return None
    return PacketTable(table[:, 0], table[:, 1] == 1, table[:, 2] == 1, last[1], Fraction(stream.time_base), sets_change)
