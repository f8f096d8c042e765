"""Further tracks of a clip, copied packet by packet: other languages, comments, subtitles."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from ..source import SourceClip
from ..video import opened_video

_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "prompt", "workflow", "duration"}
"""Tags that are the file's own, or the graph that made it."""


class OtherTracks:
    """The second and further sound tracks and the subtitles of a clip, in an open result.

    Parameters
    ----------
    container : av.container.OutputContainer
        The result.
    clip : SourceClip
        Where they come from.
    duration_s : Fraction
        Packets that begin later are left out.
    """

    def __init__(self, container: Any, clip: SourceClip, duration_s: Fraction) -> None:
        self._container, self._clip, self._end_s = container, clip, duration_s
        self.warnings: list[str] = []
        self._streams: dict[int, Any] = {}
        self._packets: Iterator[tuple[Any, Any]] = iter(())
        self._next: tuple[Any, Any] | None = None
        with opened_video(clip.video.path) as (source, _):
            self._add_all(source)
            _copy_tags(source, container)
        if self._streams:
            self._packets = self._read()
            self._next = next(self._packets, None)

    def _add_all(self, source: Any) -> None:
        for stream in (*source.streams.audio[1:], *source.streams.subtitles):
            kind = "sound track" if stream.type == "audio" else "subtitles"
            try:
                added = self._container.add_stream_from_template(stream, opaque=True)
            except (ValueError, av.FFmpegError):
                self.warnings.append(f"{kind} {stream.index} of {self._clip.name!r} cannot be put into this kind of file "
                                     "and is left out.")
                continue
            added.metadata.update({key: stream.metadata[key] for key in ("language", "title") if key in stream.metadata})
            self._streams[stream.index] = added

    def _read(self) -> Iterator[tuple[Any, Any]]:
        """Yield packets with the stamps that they get and the streams that they go to, in the order of the file."""
        with opened_video(self._clip.video.path) as (source, _):
            for packet in source.demux([source.streams[index] for index in self._streams]):
                if not packet.size or packet.pts is None:
                    continue
                shift = round(self._clip.lead_s / packet.time_base)
                packet.pts -= shift
                packet.dts = packet.pts if packet.dts is None else packet.dts - shift
                if 0 <= packet.pts * packet.time_base < self._end_s:
                    yield packet, self._streams[packet.stream.index]

    def write_until(self, time_s: Fraction) -> None:
        """Copy what begins before a time."""
        while self._next is not None and self._next[0].dts * self._next[0].time_base < time_s:
            (packet, stream), self._next = self._next, next(self._packets, None)
            packet.stream = stream
            self._container.mux(packet)

    def finish(self) -> None:
        """Copy what is left."""
        self.write_until(self._end_s + 1)


def _copy_tags(source: Any, container: Any) -> None:
    for key, value in source.metadata.items():
        if key.lower() not in _OWN_TAGS:
            container.metadata.setdefault(key, value)
    if hasattr(source, "chapters") and hasattr(container, "set_chapters"):  # older PyAV knows none
        container.set_chapters(source.chapters())


def dropped_tracks(clip: SourceClip) -> str:
    """Return a sentence about the tracks of a clip that the result lacks; "" where there are none."""
    parts = [f"{clip.sounds - 1} further sound track(s)"] if clip.sounds > 1 else []
    parts += [f"{clip.texts} subtitle track(s)"] if clip.texts else []
    return f"{' and '.join(parts)} of {clip.name!r} are left out." if parts else ""
