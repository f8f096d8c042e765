"""Which packets of a clip can go into a result as they are, and which frames are encoded between them.

A stream may be cut where nothing later needs anything earlier: at IDR pictures of H.264. Between two
of them lies a group. Groups of which no frame is changed are copied; the frames of all others are
encoded anew, by an encoder that is told what the source's was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import h264
from .packets import PacketTable
from .source import SourceClip
from .video import opened_video

Span = tuple[int, int, int]
"""First output frame, the one after the last, and the frame of the clip that the first one shows."""
_CONTAINERS = ("mov", "matroska")
_PIXEL_FORMATS = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "yuv420p10le", "yuv422p10le",
                  "yuv444p10le")


@dataclass(frozen=True)
class Piece:
    """A part of a result."""

    start: int
    stop: int
    """Output frames, the last one not included."""
    packets: tuple[int, int] | None = None
    """The packets to copy, in the order of decoding; None where frames are encoded."""


@dataclass(frozen=True, eq=False)
class Splice:
    """How a result is put together."""

    clip: SourceClip
    pieces: tuple[Piece, ...]
    config: h264.Config
    pixel_format: str
    """The source's; full range is said by `SourceClip.tags`."""
    reorder: int
    """By how many pictures decoding runs ahead of showing, at most."""

    @property
    def drawn(self) -> list[Piece]:
        """The parts for which frames are needed."""
        return [piece for piece in self.pieces if piece.packets is None]

    @property
    def copied_frames(self) -> int:
        """Number of frames that are not encoded again."""
        return sum(piece.stop - piece.start for piece in self.pieces if piece.packets is not None)


def plan_splice(clip: SourceClip, untouched: Iterable[Span], count: int, size_px: tuple[int, int]) -> Splice | str:
    """Return how a result is put together, or in a few words why nothing can be copied.

    Parameters
    ----------
    clip : SourceClip
        The source.
    untouched : iterable of Span
        Stretches of the result that equal the source one for one.
    count : int
        Frames of the result.
    size_px : tuple of int
        Width and height of the result, upright.
    """
    with opened_video(clip.video.path) as (container, stream):
        context = stream.codec_context
        problem = _problem(clip, container, stream, size_px)
        config, form = h264.read_config(context.extradata), str(context.pix_fmt)
    if problem:
        return problem
    assert config is not None and clip.table is not None
    if not config.profile:
        return "its H.264 profile is a rare one"
    if config.free_id() is None:
        return "it has no room for further parameter sets"
    groups = _groups(clip.table)
    if isinstance(groups, str):
        return groups
    pieces = _pieces(groups, untouched, count)
    if all(piece.packets is None for piece in pieces):
        return "no group of pictures is free of changes"
    reorder = max(group.reorder for group in groups)
    return Splice(clip, tuple(pieces), config, form.replace("yuvj", "yuv"), reorder)


def _problem(clip: SourceClip, container: Any, stream: Any, size_px: tuple[int, int]) -> str:
    """Return why packets of this clip cannot be mixed with new ones; "" where they can."""
    context, upright = stream.codec_context, (stream.width, stream.height)
    if clip.quarter_turns % 2:
        upright = upright[::-1]
    checks = (
        (context.name != "h264", f"its pictures are {context.name}, not H.264"),
        (not set(_CONTAINERS) & set(container.format.name.split(",")), "it is neither an mp4 nor a mov nor an mkv"),
        (h264.read_config(context.extradata) is None, "its parameter sets are not at its head"),
        (clip.table is None, "its time stamps are of no use"),
        (clip.table is not None and clip.table.sets_change, "its parameter sets change on the way"),
        (not clip.one_to_one, "its frame rate varies too much"),
        (clip.interlaced, "it is interlaced"),
        (clip.tags.hdr, "it is HDR"),
        (not clip.square_pixels, "its pixels are not square"),
        (str(context.pix_fmt) not in _PIXEL_FORMATS, f"its pixels are {context.pix_fmt}"),
        (upright != size_px, f"the result is {size_px[0]} x {size_px[1]} px and it is {upright[0]} x {upright[1]}"),
    )
    return next((reason for found, reason in checks if found), "")


@dataclass(frozen=True)
class _Group:
    """Packets from one IDR picture to the next."""

    first: int
    """Of the pictures that are shown, which one begins it."""
    shown: int
    """How many are shown."""
    packets: tuple[int, int]
    reorder: int
    whole: bool
    """Whether all of its pictures are shown."""


def _groups(table: PacketTable) -> list[_Group] | str:
    edges = np.flatnonzero(table.starts)
    if not len(edges):
        return "it has no picture at which it can be cut"
    edges = np.unique(np.append(np.append(0, edges), len(table.pts)))
    groups, first, latest = [], 0, -(1 << 62)
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        hidden = table.hidden[begin:end]
        pts = table.pts[begin:end][~hidden]
        if len(pts) and pts.min() <= latest:
            return "its groups of pictures overlap"
        latest = pts.max() if len(pts) else latest
        order = np.argsort(np.argsort(pts))
        ahead = int((np.arange(len(pts)) - order).max(initial=0))
        whole = bool(table.starts[begin]) and not hidden.any()
        groups.append(_Group(first, len(pts), (int(begin), int(end)), ahead, whole))
        first += len(pts)
    return groups


def _pieces(groups: list[_Group], untouched: Iterable[Span], count: int) -> list[Piece]:
    """Return parts that follow each other without gaps; neighbours of one kind are joined."""
    pieces: list[Piece] = []
    for start, stop, source in sorted(untouched):
        for group in groups:
            begin = group.first - source + start
            end = begin + group.shown
            at = pieces[-1].stop if pieces else 0
            if group.whole and begin >= max(start, at) and end <= min(stop, count) and group.shown:
                if begin > at:
                    pieces.append(Piece(at, begin))
                pieces.append(Piece(begin, end, group.packets))
    at = pieces[-1].stop if pieces else 0
    if at < count:
        pieces.append(Piece(at, count))
    return list(_joined(pieces))


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    held: Piece | None = None
    for piece in pieces:
        follows = held is not None and held.packets and piece.packets and held.packets[1] == piece.packets[0]
        if held is not None and follows:
            held = Piece(held.start, piece.stop, (held.packets[0], piece.packets[1]))  # type: ignore[index]
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held
