"""What a HEIC or AVIF file says about its pictures (ISO/IEC 14496-12 and 23008-12), without decoding.

Numbers in these files come from strangers: every read is checked against the end of its box.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"avif", b"avis")
MAX_ITEMS = 20_000
"""A 128 megapixel picture in tiles of 256 px has 2000; depth maps and gain maps add as many."""
MAX_PIECES = 2 * MAX_ITEMS
"""Items lie in one piece, seldom in more. A list of empty pieces costs a few bytes of file and any amount of memory."""


def looks_like_heif(head: bytes) -> bool:
    """Tell whether a file that begins like this is a HEIF picture (HEIC, AVIF)."""
    brands = head[8:12], *(head[at:at + 4] for at in range(16, len(head) - 3, 4))
    return head[4:8] == b"ftyp" and any(brand in _BRANDS for brand in brands)


class Reader:
    """Reads big-endian numbers from a part of the file; raises ``ValueError`` at its end."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def number(self, size: int) -> int:
        """Read an unsigned number of 0 to 8 bytes."""
        return int.from_bytes(self.raw(size), "big")

    def raw(self, size: int) -> bytes:
        """Read raw bytes."""
        if size < 0 or self.at + size > len(self.data):
            raise ValueError("a box of the file ends too early")
        self.at += size
        return bytes(self.data[self.at - size:self.at])

    def left(self) -> int:
        """Return how many bytes are left."""
        return len(self.data) - self.at

    def boxes(self) -> Iterator[tuple[bytes, Reader]]:
        """Yield type and content of the boxes that follow."""
        while self.left() >= 8:
            size, kind, header = self.number(4), self.raw(4), 8
            if size == 1:
                size, header = self.number(8), 16
            size = self.left() + header if size == 0 else size
            if size < header or size - header > self.left():
                raise ValueError("a box of the file is longer than the file")
            content = Reader(self.data[self.at:self.at + size - header])
            self.at += size - header
            yield kind, content

    def full(self) -> tuple[int, int]:
        """Read the version and flags of a full box."""
        version, flags = self.number(1), self.number(3)
        return version, flags


@dataclass
class Item:
    """One coded picture, grid or block of metadata."""

    kind: bytes = b""
    extents: list[tuple[int, int, int]] = field(default_factory=list)
    """(construction method, offset, length): 0 counts in the file, 1 in the idat box."""
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Type and content of the property boxes, in the order in which they apply."""
    parts: dict[bytes, list[int]] = field(default_factory=dict)
    """Reference type -> item ids this one refers to."""

    def all(self, kind: bytes) -> list[bytes]:
        """Return the contents of all properties of a kind."""
        return [content for name, content in self.properties if name == kind]

    def size_px(self) -> tuple[int, int]:
        """Return width and height as the file claims them, before rotation."""
        found = self.all(b"ispe")
        if not found or len(found[0]) < 12:
            raise ValueError("a picture of the file has no size")
        return struct.unpack(">II", found[0][4:12])


@dataclass
class Catalogue:
    """All items of a file."""

    data: memoryview
    primary: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    pieces: int = 0
    """Number of all extents so far."""
    idat: memoryview = field(default_factory=lambda: memoryview(b""))

    def item(self, number: int) -> Item:
        """Return an item, making an empty one where it was not heard of."""
        if number not in self.items and len(self.items) >= MAX_ITEMS:
            raise ValueError("the file lists too many items")
        return self.items.setdefault(number, Item())

    def payload(self, item: Item) -> bytes:
        """Return the bytes of an item."""
        parts = []
        for method, offset, length in item.extents:
            if method not in (0, 1):
                raise ValueError("the file keeps its picture in an unknown place")
            whole = self.idat if method else self.data
            length = length or len(whole) - offset
            if offset < 0 or length < 0 or offset + length > len(whole):
                raise ValueError("the file is cut off")
            parts.append(whole[offset:offset + length])
        if sum(map(len, parts)) > len(self.data):
            raise ValueError("an item is larger than the file")
        return b"".join(parts)


def read_catalogue(data: bytes) -> Catalogue:
    """Read the table of contents of a file; raises ``ValueError`` where it is broken."""
    found = Catalogue(memoryview(data))
    for kind, box in Reader(found.data).boxes():
        if kind == b"meta":
            box.full()
            for name, content in box.boxes():
                reader = _READERS.get(name)
                if reader is not None:
                    reader(content, found)
            break
    if found.primary not in found.items:
        raise ValueError("the file names no picture")
    return found


def _pitm(box: Reader, found: Catalogue) -> None:
    version, _ = box.full()
    found.primary = box.number(4 if version else 2)


def _iinf(box: Reader, found: Catalogue) -> None:
    version, _ = box.full()
    box.number(4 if version else 2)
    for kind, entry in box.boxes():
        if kind == b"infe":
            entry_version, _ = entry.full()
            if entry_version >= 2:
                number = entry.number(4 if entry_version >= 3 else 2)
                entry.number(2)
                found.item(number).kind = entry.raw(4)


def _iloc(box: Reader, found: Catalogue) -> None:
    version, _ = box.full()
    sizes, more = box.number(1), box.number(1)
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version else 0
    for _ in range(box.number(4 if version >= 2 else 2)):
        item = found.item(box.number(4 if version >= 2 else 2))
        method = box.number(2) & 15 if version else 0
        box.number(2)
        base = box.number(base_size)
        count = box.number(2)
        found.pieces += count
        if found.pieces > MAX_PIECES:
            raise ValueError("the file lists too many pieces")
        for _ in range(count):
            box.number(index_size)
            offset, length = base + box.number(offset_size), box.number(length_size)
            item.extents.append((method, offset, length))


def _iref(box: Reader, found: Catalogue) -> None:
    version, _ = box.full()
    size = 4 if version else 2
    for kind, entry in box.boxes():
        item = found.item(entry.number(size))
        item.parts[kind] = [entry.number(size) for _ in range(entry.number(2))]


def _iprp(box: Reader, found: Catalogue) -> None:
    known: list[tuple[bytes, bytes]] = []
    for kind, content in box.boxes():
        if kind == b"ipco":
            known = [(name, prop.raw(prop.left())) for name, prop in content.boxes()]
        elif kind == b"ipma":
            _ipma(content, found, known)


def _ipma(box: Reader, found: Catalogue, known: list[tuple[bytes, bytes]]) -> None:
    version, flags = box.full()
    size = 2 if flags & 1 else 1
    for _ in range(box.number(4)):
        item = found.item(box.number(4 if version else 2))
        for _ in range(box.number(1)):
            index = box.number(size) & (0x7FFF if size == 2 else 0x7F)
            if 0 < index <= len(known):
                item.properties.append(known[index - 1])


def _idat(box: Reader, found: Catalogue) -> None:
    found.idat = box.data


_READERS = {b"pitm": _pitm, b"iinf": _iinf, b"iloc": _iloc, b"iref": _iref, b"iprp": _iprp, b"idat": _idat}
