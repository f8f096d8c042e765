"""Write a video in one streaming pass: frames and sound in, one finished result out."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av

from ...errors import ContractError, OutputError, SettingError
from ...host import Host
from ...types import Sound, UInt8Array
from ..files import appearing, check_target
from ..splice import Splice
from .container import Clip, ContainerWriter, Writer
from .continued import Continued
from .feed import feed
from .formats import Format, find_format
from .gif import GifWriter
from .sequence import SequenceWriter
from .settings import EncodeReport, EncodeSettings
from .space import check_space, estimate_bytes
from .spliced import SpliceWriter
from .webp import WebpWriter

MAX_FPS = 240
MAX_SIZE_PX = 8192
PREVIEW_SIDE_PX = 640
_CODEC_HINT = "Choose another format or size; in a format file of your own, check the options."
_WRITERS: Mapping[str, Callable[[Path, Format, Clip], Writer]] = {
    "gif": GifWriter, "webp": WebpWriter, "folder": SequenceWriter}


def write_video(
    frames: Iterable[UInt8Array],
    out_path: str | os.PathLike[str],
    *,
    fps: Fraction,
    size: tuple[int, int],
    count: int,
    sound: Sound | None,
    settings: EncodeSettings,
    metadata: Mapping[str, str],
    host: Host,
    overwrite: bool = True,
    preview_path: str | os.PathLike[str] | None = None,
    continued: Continued | None = None,
) -> EncodeReport:
    """Encode `count` frames and the sound into `out_path`, which appears only when it is complete.

    Parameters
    ----------
    frames : iterable of UInt8Array
        RGB or RGBA pictures, colours not multiplied by their opacity [shape=(H, W, 3 or 4)]. A
        picture must not be changed after it was yielded.
    out_path : path
        Name of the file or folder; missing folders are made. A folder must be new or empty.
    fps : Fraction
        Frame rate, exact.
    size : tuple of int
        Width and height of the frames in pixels. Codecs with halved colour store even sizes only:
        an odd edge is repeated once.
    count : int
        Number of frames; the iterable has to yield that many and is not asked for more.
    sound : Sound or None
        Padded with silence, or cut, to ``count / fps``.
    settings : EncodeSettings
        Format and quality.
    metadata : mapping of str to str
        Tags of the file; ComfyUI restores a canvas from "prompt" and "workflow" (JSON).
    host : Host
        Gets progress, and may raise from it to cancel.
    overwrite : bool
        Whether a file of that name is replaced; otherwise the next free number is taken.
    preview_path : path, optional
        A small mp4 for web pages, written at the same time.
    continued : Continued, optional
        The clip that is shown again with changes: its time stamps, colours and further tracks are
        taken over, and parts without changes are copied where that can be done. `frames` is then
        not asked where nothing is encoded.

    Raises
    ------
    SettingError
        If a size, a rate or the kind of file cannot be encoded.
    MissingDependency
        If the installed PyAV cannot write the format.
    OutputError
        If the result cannot be written. Nothing half-written stays behind, whatever the exception.
    """
    form = check_video_target(out_path, settings)
    _check(form, fps, size, count)
    stop = threading.Event()
    clip = Clip(fps, size, count, sound, settings, metadata, stop.is_set, continued)
    splice = "" if continued is None else continued.splice(form, size)
    make = _WRITERS.get(form.container_name, ContainerWriter)
    if isinstance(splice, Splice) and continued is not None:
        frames, make = _drawn(splice, continued), partial(SpliceWriter, splice=splice)
    try:
        # Both places are checked before a writer is open, which somebody would have to close.
        with (appearing(out_path, folder=form.is_folder, overwrite=overwrite) as result,
              nullcontext() if preview_path is None else appearing(preview_path) as small):
            notes = check_space(result.part, estimate_bytes(form, settings.crf, size=size, fps=fps, count=count,
                                                            sound=sound))
            writer = make(result.part, form, clip)
            pulled = sum(p.stop - p.start for p in splice.drawn) if isinstance(splice, Splice) else count
            feed(frames, writer if small is None else _Both(writer, small.part, clip, splice), pulled, host, stop)
    except av.FFmpegError as error:  # what the system refuses is an OSError, and `appearing` says so
        raise OutputError(f"the format {form.name} cannot be written: {error}", hint=_CODEC_HINT) from error
    if continued is not None:
        kept = replace(form, pixel_format=splice.pixel_format) if isinstance(splice, Splice) else form
        notes += continued.notes(kept, fps)
        notes += [_copied(splice, count)] if splice else []
    return EncodeReport(count, float(clip.duration_s), writer.busy_s, os.fspath(result.path),
                        (*notes, *writer.warnings))


def _drawn(splice: Splice, continued: Continued) -> Iterator[UInt8Array]:
    for piece in splice.drawn:
        yield from continued.draw(piece.start, piece.stop)


def _copied(splice: Splice | str, count: int) -> str:
    if isinstance(splice, str):
        return f"The unchanged parts are encoded again: {splice}."
    return f"{splice.copied_frames} of {count} frames are copied from {splice.clip.name!r} as they are."


def check_video_target(out_path: str | os.PathLike[str], settings: EncodeSettings | None = None) -> Format:
    """Refuse a name that no video can get, before any work is spent on it; return its format.

    Raises
    ------
    SettingError
        If the ending is not that of the format, or of any.
    MissingDependency
        If the installed PyAV cannot write the format.
    OutputError
        If the name is no name, is taken by a folder, or lies where nothing can be written.
    """
    form = (settings or EncodeSettings()).format_of(out_path)
    check_target(out_path, folder=form.is_folder)
    return form


def _check(form: Format, fps: Fraction, size: tuple[int, int], count: int) -> None:
    if not 0 < fps <= MAX_FPS:
        raise SettingError(f"fps={fps} is not above 0 and up to {MAX_FPS}", hint="Use for example 25.")
    smallest = form.video.min_side_px
    if not all(smallest <= n <= MAX_SIZE_PX for n in size):
        raise SettingError(f"size={size[0]}x{size[1]} is outside {smallest}..{MAX_SIZE_PX} px of the format {form.name}",
                           hint="Use for example 1280x720.")
    if count < 1:
        raise ContractError(f"asked to write {count} frames")


class _Both:
    """Writes the result and its preview."""

    def __init__(self, writer: Writer, preview: Path, clip: Clip, splice: Splice | str) -> None:
        self._writer = writer
        form = replace(find_format("mp4-h264"), max_side_px=PREVIEW_SIDE_PX)
        settings = replace(clip.settings, crf=23, preset="veryfast", background_rgb=(128, 128, 128))
        make = partial(SpliceWriter, splice=splice) if isinstance(splice, Splice) else ContainerWriter
        try:
            self._preview = make(preview, form, replace(clip, settings=settings, metadata={}))
        except BaseException:
            writer.close(complete=False)
            raise

    @property
    def busy_s(self) -> float:
        return self._writer.busy_s + self._preview.busy_s

    @property
    def warnings(self) -> list[str]:
        return self._writer.warnings

    def write(self, frame: UInt8Array) -> None:
        self._writer.write(frame)
        self._preview.write(frame)

    def close(self, *, complete: bool) -> None:
        try:
            self._writer.close(complete=complete)
        finally:
            self._preview.close(complete=complete)
