"""Writes GIF: it loops and holds no sound."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from ...types import UInt8Array
from .container import Clip, ContainerWriter, close_output, lost_parts, open_output
from .formats import Format
from .palette import CLEAR, ColourSampler, Ditherer

FAST_GIF_FPS = 50
"""Web browsers show a picture of a GIF for 20 ms at least; shorter ones they slow down to 100 ms."""
_SPOOL = Format(name="spool", title="", container_name="mkv", video_codec="ffv1", pixel_format="bgra",
                video_options={"level": "3", "slices": "4"})


class GifWriter:
    """Two passes: frames wait losslessly on disk until the colours of the whole clip are known."""

    def __init__(self, path: Path, form: Format, clip: Clip) -> None:
        self._path, self._form, self._clip = path, form, clip
        self._spool_path = path.with_name(path.name + ".spool")
        self._intake = clip.intake(form)
        self._colours = ColourSampler(clip.count)
        self._done, self._busy_s = 0, 0.0
        spooled = replace(clip, size=self._intake.size, sound=None, metadata={})
        self._spool = ContainerWriter(self._spool_path, _SPOOL, spooled)
        self._open = True

    @property
    def busy_s(self) -> float:
        """Time spent at work."""
        return self._busy_s + self._spool.busy_s

    @property
    def warnings(self) -> list[str]:
        """What the format could not keep."""
        found = lost_parts(self._form, self._intake, self._clip.sound)
        if self._clip.fps > FAST_GIF_FPS:
            found.append(f"Web browsers play a GIF of more than {FAST_GIF_FPS} frames/s too slowly.")
        return found

    def write(self, frame: UInt8Array) -> None:
        """Keep one picture for the second pass."""
        began, spooling = time.perf_counter(), self._spool.busy_s
        pixels = self._intake.take(frame, self._done)
        self._colours.add(pixels)
        self._spool.write(pixels)
        self._done += 1
        self._busy_s += time.perf_counter() - began - (self._spool.busy_s - spooling)

    def close(self, *, complete: bool) -> None:
        """Choose the colours and write the file, or only let go."""
        if not self._open:
            return
        self._open = False
        try:
            self._spool.close(complete=complete)
            began = time.perf_counter()
            if complete:
                self._encode()
            self._busy_s += time.perf_counter() - began
        finally:
            self._spool_path.unlink(missing_ok=True)

    def _encode(self) -> None:
        palette = self._colours.palette()
        entries = np.zeros((256, 4), np.uint8)  # alpha, red, green, blue
        # FFmpeg takes the first entry without opacity for the clear one, so unused ones are opaque.
        entries[:CLEAR, 0], entries[:len(palette), 1:] = 255, palette
        ditherer, stamps = Ditherer(palette), self._clip.stamps
        container = open_output(self._path, self._form.container.muxer, self._form.container.options, {})
        complete = False
        try:
            stream = container.add_stream(self._form.video_codec, rate=self._clip.fps)
            stream.width, stream.height = self._intake.size
            stream.pix_fmt = self._form.pixel_format
            # GIF counts in hundredths of a second. Times are rounded, not durations: no drift.
            stream.codec_context.time_base = stamps.time_base
            for index, frame in enumerate(self._spooled()):
                coded: Any = (ditherer.indices(frame), entries)
                picture = av.VideoFrame.from_ndarray(coded, format="pal8")
                picture.pts, picture.time_base = int(stamps.ticks[index]), stamps.time_base
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
            complete = True
        finally:
            close_output(container, complete)

    def _spooled(self) -> Iterator[UInt8Array]:
        with av.open(str(self._spool_path)) as container:
            for frame in container.decode(video=0):
                if self._clip.stopped():
                    return
                yield frame.to_ndarray(format="rgba")
