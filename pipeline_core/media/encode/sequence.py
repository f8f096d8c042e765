"""Writes a folder of PNG pictures, with the sound in a file beside them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ...types import UInt8Array
from .container import Clip, close_output, lost_parts, open_output
from .formats import Format
from .sound import SoundTrack

MUXERS = {".wav": "wav", ".flac": "flac"}


def picture_name(index: int, count: int) -> str:
    """Return the name of a picture, counted from 1; all names of a folder are equally long."""
    return f"frame_{index + 1:0{max(5, len(str(count)))}}.png"


class SequenceWriter:
    """The folder that is being filled; the first picture carries the metadata."""

    def __init__(self, folder: Path, form: Format, clip: Clip) -> None:
        self.busy_s = 0.0
        self._folder, self._form, self._clip, self._done = folder, form, clip, 0
        self._intake = clip.intake(form)
        self._level = int(form.video_options.get("compression_level", 3))
        self._container: Any = None
        folder.mkdir()
        if clip.sound is not None and form.audio is not None:
            ending = form.audio.ending
            self._container = open_output(folder / f"sound{ending}", MUXERS[ending], {}, {})
            try:
                self._sound = SoundTrack(self._container, form.audio_codec, form.audio, form.bit_rate, clip.sound,
                                         clip.duration_s)
            except BaseException:
                self.close(complete=False)
                raise

    @property
    def warnings(self) -> list[str]:
        """What the format could not keep."""
        return lost_parts(self._form, self._intake, self._clip.sound)

    def write(self, frame: UInt8Array) -> None:
        """Write one picture."""
        began = time.perf_counter()
        pixels = self._intake.take(frame, self._done)
        Image.fromarray(pixels).save(
            self._folder / picture_name(self._done, self._clip.count), format="PNG",
            compress_level=self._level, pnginfo=None if self._done else _tags(self._clip))
        self._done += 1
        if self._container is not None:
            self._sound.write_until(self._clip.stamps.at(self._done))
        self.busy_s += time.perf_counter() - began

    def close(self, *, complete: bool) -> None:
        """Finish the sound."""
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            if complete:
                self._sound.finish()
        finally:
            close_output(container, complete)


def _tags(clip: Clip) -> PngInfo:
    info = PngInfo()
    for key, value in clip.metadata.items():
        info.add_text(key, value)
    return info
