"""Writes a result in which unchanged groups of pictures are the source's own packets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from ...errors import OutputError, UnreadableMedia
from ...types import UInt8Array
from .. import h264
from ..frame import Tags
from ..splice import Piece, Splice
from ..video import opened_video
from .container import Clip, ContainerWriter, tag_colours, video_options
from .formats import Format
from .limits import thread_count
from .picture import Pictures

_CODED = ("color_primaries", "color_trc", "colorspace")


class SpliceWriter(ContainerWriter):
    """The open file: copied packets and encoded pictures, one after the other.

    Only the frames of `Splice.drawn` are handed to `write`; packets are copied in between.

    Parameters
    ----------
    path : Path
        Where to write.
    form : Format
        Container and sound.
    clip : Clip
        What is to be written.
    splice : Splice
        How it is put together.
    """

    def __init__(self, path: Path, form: Format, clip: Clip, splice: Splice) -> None:
        self._splice = splice
        form = replace(form, pixel_format=splice.pixel_format, max_side_px=0)
        self._pieces = list(splice.pieces)
        self._coded = 0
        self._encoder: Any = None
        super().__init__(path, form, clip)

    def _add_video(self) -> Any:
        with opened_video(self._splice.clip.video.path) as (_, source):
            self._look = _Look(source, self._tags)
            stream = self._container.add_stream_from_template(source, opaque=True)
        stream.time_base = self._clip.stamps.time_base
        self._sets = bytes(self._new_encoder().extradata)
        stream.codec_context.extradata = self._splice.config.joined(self._sets).to_bytes()
        return stream

    def _new_encoder(self) -> Any:
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height = self._look.size
        context.pix_fmt, context.framerate = self._splice.pixel_format, self._clip.fps
        context.time_base, context.thread_count = self._clip.stamps.time_base, thread_count()
        self._look.tag(context)
        context.options = self._options()
        context.flags |= Flags.global_header
        context.open()
        self._pictures = Pictures(self._splice.pixel_format, self._look.size, self._clip.stamps.time_base, reuse=True,
                                  tags=self._look.tags)
        return context

    def _options(self) -> dict[str, str]:
        """Return what makes the encoder's stream fit between the source's packets."""
        options = video_options(self._form, self._clip, self._look.size)
        if options["crf"] == "0":  # lossless is a profile of its own
            options["crf"] = "1"
        # Parameter sets under a number of their own lie beside the source's at the head of the file.
        # One picture is reordered at most, and none where the source has no room for it.
        order = "b-pyramid=none" if self._splice.reorder else "bframes=0"
        return {**options, "profile": self._splice.config.profile,
                "x264-params": f"sps-id={self._splice.config.free_id()}:open-gop=0:{order}"}

    def write(self, frame: UInt8Array) -> None:
        """Encode one picture, after the packets that come before it."""
        began = time.perf_counter()
        self._copy_waiting()
        piece = self._pieces[0]
        if self._encoder is None:
            self._encoder = self._new_encoder()
        base = self._base(frame, upright=False)
        upright = self._intake.take(frame, self._done)
        stored = np.ascontiguousarray(np.rot90(upright, -self._splice.clip.quarter_turns))
        picture = self._pictures.make(stored, int(self._clip.stamps.ticks[self._done]), base)
        self._mux_coded(self._encoder.encode(picture))
        self._advance(1)
        if self._done == piece.stop:
            self._mux_coded(self._encoder.encode(None))
            self._encoder = None
            self._pieces.pop(0)
        self.busy_s += time.perf_counter() - began

    def _mux_coded(self, packets: list[Any]) -> None:
        for packet in packets:
            made = av.Packet(h264.with_lengths(bytes(packet), self._splice.config.length_size))
            made.is_keyframe = packet.is_keyframe
            self._place(made, int(np.searchsorted(self._clip.stamps.ticks, packet.pts)))

    def _place(self, packet: Any, index: int) -> None:
        """Write a packet that shows frame `index`; packets come in the order of decoding."""
        ticks = self._clip.stamps.ticks
        packet.stream, packet.time_base = self._video, self._clip.stamps.time_base
        packet.pts, packet.duration = int(ticks[index]), int(ticks[index + 1] - ticks[index])
        early = self._coded - self._splice.reorder
        packet.dts = int(ticks[early]) if early >= 0 else early * int(ticks[1] - ticks[0])
        self._coded += 1
        self._container.mux(packet)

    def _copy_waiting(self) -> None:
        while self._pieces and self._pieces[0].packets is not None and not self._clip.stopped():
            piece = self._pieces.pop(0)
            shown = self._order(piece)
            for packet, index in zip(self._read(piece), shown, strict=True):
                if self._clip.stopped():
                    return
                self._place(packet, piece.start + index)
                self._advance(1)

    def _order(self, piece: Piece) -> list[int]:
        """Return which picture of the piece each of its packets shows."""
        table = self._splice.clip.table
        assert piece.packets is not None and table is not None
        return [int(place) for place in np.argsort(np.argsort(table.pts[slice(*piece.packets)]))]

    def _read(self, piece: Piece) -> Iterator[Any]:
        """Yield the packets of a piece; a seek that lands elsewhere is made up for by reading from the beginning."""
        table = self._splice.clip.table
        assert piece.packets is not None and table is not None
        first, count = piece.packets[0], piece.packets[1] - piece.packets[0]
        wanted = int(table.pts[first])
        for begin in (wanted, None):
            with opened_video(self._splice.clip.video.path) as (container, stream):
                if begin is not None:
                    container.seek(begin, stream=stream, backward=True, any_frame=False)
                packets = (packet for packet in container.demux(stream) if packet.size)
                start = next((p for p in packets if p.pts is None or p.pts >= wanted), None)
                if start is None or start.pts != wanted:
                    continue
                yield start
                yield from islice(packets, count - 1)
                return
        raise UnreadableMedia(f"{self._splice.clip.name!r} cannot be read at {float(wanted * table.time_base):.2f} s",
                              hint="Choose 'encode' for unchanged parts.")

    def _finish(self) -> None:
        self._copy_waiting()
        if self._done != self._clip.count and not self._clip.stopped():
            raise OutputError(f"only {self._done} of {self._clip.count} frames were written",
                              hint="Choose 'encode' for unchanged parts.")


class _Look:
    """How the source's pictures are stored; new ones must not differ."""

    def __init__(self, stream: Any, tags: Tags) -> None:
        context = stream.codec_context
        self.size, self.tags = (stream.width, stream.height), tags
        self._codes = {name: getattr(context, name) for name in _CODED}

    def tag(self, context: Any) -> None:
        """Tell an encoder the source's own tags, those that are missing included."""
        tag_colours(context, self.tags)
        for name, code in self._codes.items():
            setattr(context, name, code)
