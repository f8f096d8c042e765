"""The little of H.264 that joining two streams needs: units, parameter sets, and where decoding can begin.

Numbers of tables are those of ITU-T H.264; the record is that of ISO/IEC 14496-15, 5.3.3.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

IDR, SPS, PPS = 5, 7, 8
"""Kinds of units (table 7-1): a picture before which nothing is needed, and parameter sets."""
PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}
"""Profile code (annex A) -> x264's name."""
_START_CODE = re.compile(b"\x00\x00\x01")
MAX_SET_ID = 31
"""Largest number of a sequence parameter set (7.4.2.1.1)."""


@dataclass(frozen=True)
class Config:
    """The record at the head of a file: what all units of its stream need."""

    head: bytes
    """Version, profile, compatibility and level."""
    length_size: int
    """Bytes that hold the length of a unit."""
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    tail: bytes
    """Chroma and depth, in the higher profiles."""

    @property
    def profile(self) -> str:
        """x264's name of the profile; "" for rare ones."""
        return PROFILES.get(self.head[1], "")

    def free_id(self) -> int | None:
        """Return a number that no parameter set has yet."""
        taken = {set_id(unit) for unit in (*self.sps, *self.pps)}
        return next((number for number in range(MAX_SET_ID, 0, -1) if number not in taken), None)

    def joined(self, other: bytes) -> Config:
        """Return the record with the parameter sets of an encoder besides; `other` has start codes."""
        added = annexb_units(other)
        sps = [unit for unit in added if unit[0] & 31 == SPS]
        level = max([self.head[3], *(unit[3] for unit in sps)])
        return replace(self, head=self.head[:3] + bytes([level]), sps=(*self.sps, *sps),
                       pps=(*self.pps, *(unit for unit in added if unit[0] & 31 == PPS)))

    def to_bytes(self) -> bytes:
        """Return the record."""
        def listed(units: tuple[bytes, ...]) -> bytes:
            return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)

        return (self.head + bytes([0xFC | self.length_size - 1, 0xE0 | len(self.sps)]) + listed(self.sps)
                + bytes([len(self.pps)]) + listed(self.pps) + self.tail)


def read_config(record: bytes | None) -> Config | None:
    """Return the record of a stream; None where it has none, as in streams with start codes."""
    if record is None or len(record) < 7 or record[0] != 1:
        return None
    at, sets = 6, []
    try:
        for count in (record[5] & 31, None):
            if count is None:
                count, at = record[at], at + 1
            found = []
            for _ in range(count):
                size = int.from_bytes(record[at:at + 2], "big")
                found.append(bytes(record[at + 2:at + 2 + size]))
                at += 2 + size
            sets.append(tuple(found))
    except IndexError:
        return None
    if at > len(record) or not all(len(unit) > 4 for unit in sets[0]) or not all(len(unit) > 1 for unit in sets[1]):
        return None
    return Config(bytes(record[:4]), (record[4] & 3) + 1, sets[0], sets[1], bytes(record[at:]))


def units(packet: bytes, length_size: int) -> Iterator[bytes]:
    """Yield the units of a packet in which each has its length in front; a damaged end is left out."""
    at = 0
    while at + length_size < len(packet):
        size = int.from_bytes(packet[at:at + length_size], "big")
        at += length_size
        if size == 0 or at + size > len(packet):
            return
        yield packet[at:at + size]
        at += size


def annexb_units(data: bytes) -> list[bytes]:
    """Return the units of a stream with start codes (annex B)."""
    # No unit ends in a zero byte, so that the longer start code and padding can be told apart.
    return [unit for part in _START_CODE.split(data)[1:] if (unit := part.rstrip(b"\0"))]


def with_lengths(data: bytes, length_size: int) -> bytes:
    """Return a packet with lengths in the place of its start codes."""
    return b"".join(len(unit).to_bytes(length_size, "big") + unit for unit in annexb_units(data))


def set_id(unit: bytes) -> int:
    """Return the number of a parameter set (7.3.2)."""
    body = unit[4:] if unit[0] & 31 == SPS else unit[1:]
    bits = "".join(f"{byte:08b}" for byte in body[:5])
    zeros = bits.index("1")
    return int(bits[zeros:2 * zeros + 1], 2) - 1
