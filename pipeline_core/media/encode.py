"""Write a video in one streaming pass: frames and sound in, one finished file out.

Drawing and encoding overlap: the caller's thread pulls the frames (so that cancelling works
where the host expects it) and hands them to an encoder thread through a short queue.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..errors import ContractError, OutputError, SettingError
from ..host import Host
from ..types import Sound, UInt8Array
from .audio import resample
from .files import WRITE_HINT, check_target, replacing
from .image import over
from .yuv import rgb_to_i420, split_planes

CODECS = {"h264": "libx264"}
CONTAINERS = {".mp4": "mp4", ".mov": "mov"}
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
AAC_BIT_RATE = 192_000
AAC_FRAME = 1024
"""Samples in one AAC-LC frame (ISO/IEC 14496-3)."""
AAC_RATES_HZ = (44_100, 48_000)
"""Rates every player takes; at lower ones an AAC frame lasts longer and 192 kbit/s do not fit."""
MAX_FPS = 240
MIN_SIZE_PX, MAX_SIZE_PX = 16, 8192
BT709, LIMITED = 1, 1
"""Codes of ITU-T H.273 for matrix, transfer and primaries; of libavutil for the 16..235 range."""
_QUEUE_FRAMES = 4


@dataclass(frozen=True)
class EncodeSettings:
    """How the pictures are compressed."""

    codec: str = "h264"
    crf: int = 18
    """Constant rate factor, 0 (lossless) to 51; 18 is visually transparent."""
    preset: str = "veryfast"
    background_rgb: tuple[int, int, int] = (0, 0, 0)
    """Colour behind transparent pixels, for codecs without alpha."""

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            raise SettingError(f"unknown codec {self.codec!r}", hint=f"Choose one of: {', '.join(CODECS)}.")
        if self.preset not in PRESETS:
            raise SettingError(f"unknown preset {self.preset!r}", hint=f"Choose one of: {', '.join(PRESETS)}.")
        if not 0 <= self.crf <= 51:
            raise SettingError(f"crf={self.crf} is outside 0..51", hint="Use 18 for high quality, 23 for small files.")


@dataclass(frozen=True)
class EncodeReport:
    """What was written."""

    frames: int
    duration_s: float
    encode_s: float
    """Time spent in the encoder thread at work: colour conversion, compression and writing."""
    warnings: tuple[str, ...] = ()


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
) -> EncodeReport:
    """Encode `count` frames and the sound into `out_path`, which appears only when it is complete.

    Parameters
    ----------
    frames : iterable of UInt8Array
        RGB or RGBA pictures [shape=(H, W, 3 or 4)]. A picture must not be changed after it was
        yielded. Transparent pixels show ``settings.background_rgb``.
    out_path : path
        Name of the file, ending in .mp4 or .mov; missing folders are made.
    fps : Fraction
        Frame rate, exact.
    size : tuple of int
        Width and height of the frames in pixels. H.264 stores even sizes only: an odd edge is
        repeated once.
    count : int
        Number of frames; the iterable has to yield that many and is not asked for more.
    sound : Sound or None
        Padded with silence, or cut, to ``count / fps``.
    settings : EncodeSettings
        Codec and quality.
    metadata : mapping of str to str
        Tags of the file; ComfyUI restores a canvas from "prompt" and "workflow" (JSON).
    host : Host
        Gets progress, and may raise from it to cancel.

    Raises
    ------
    SettingError
        If a size, a rate or the kind of file cannot be encoded.
    OutputError
        If the file cannot be written. Nothing half-written stays behind, whatever the exception.
    """
    target = Path(out_path)
    _check(target, fps, size, count)
    try:
        with replacing(target) as part:
            writer = _Writer(part, CONTAINERS[target.suffix.lower()], fps, size, count, sound, settings, metadata)
            _feed(frames, writer, count, host)
    except av.FFmpegError as error:
        raise OutputError(f"cannot write {os.fspath(out_path)!r}: {error}", hint=WRITE_HINT) from error
    return EncodeReport(count, float(count / fps), writer.busy_s, tuple(writer.warnings))


def check_video_target(out_path: str | os.PathLike[str]) -> None:
    """Refuse a name that no video can get, before any work is spent on it.

    Raises
    ------
    SettingError
        If the ending is not that of a kind of file which can be written.
    OutputError
        If the name is no name, or a folder has it.
    """
    target = Path(out_path)
    if target.suffix.lower() not in CONTAINERS:
        raise SettingError(f"cannot write {target.name!r}: unknown ending {target.suffix!r}",
                           hint=f"Choose a name that ends in {' or '.join(CONTAINERS)}.")
    check_target(out_path)


def _check(target: Path, fps: Fraction, size: tuple[int, int], count: int) -> None:
    check_video_target(target)
    if not 0 < fps <= MAX_FPS:
        raise SettingError(f"fps={fps} is not above 0 and up to {MAX_FPS}", hint="Use for example 25.")
    if not all(MIN_SIZE_PX <= n <= MAX_SIZE_PX for n in size):
        raise SettingError(f"size={size[0]}x{size[1]} is outside {MIN_SIZE_PX}..{MAX_SIZE_PX} px",
                           hint="Use for example 1280x720.")
    if count < 1:
        raise ContractError(f"asked to write {count} frames")


def _feed(frames: Iterable[UInt8Array], writer: _Writer, count: int, host: Host) -> None:
    """Pull frames here, encode them in a second thread; end both whatever happens."""
    inbox: queue.Queue[UInt8Array | None] = queue.Queue(_QUEUE_FRAMES)
    stop = threading.Event()
    failure: list[BaseException] = []
    thread = threading.Thread(target=_drain, args=(writer, inbox, stop, failure), name="encoder", daemon=True)
    thread.start()
    iterator = iter(frames)
    try:
        for index in range(count):
            frame = next(iterator, None)
            if frame is None:
                raise ContractError(f"only {index} of {count} frames were drawn")
            if not _put(inbox, frame, stop):
                break
            host.progress(index + 1, count)
        else:
            _put(inbox, None, stop)
            thread.join()
    finally:
        stop.set()
        thread.join()
        writer.close(complete=False)
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    if failure:
        raise failure[0]


def _put(inbox: queue.Queue[UInt8Array | None], frame: UInt8Array | None, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            inbox.put(frame, timeout=0.05)
            return True
        except queue.Full:
            continue
    return False


def _drain(writer: _Writer, inbox: queue.Queue[UInt8Array | None], stop: threading.Event,
           failure: list[BaseException]) -> None:
    try:
        while not stop.is_set():
            try:
                frame = inbox.get(timeout=0.05)
            except queue.Empty:
                continue
            if frame is None:
                writer.close(complete=True)
                return
            writer.write(frame)
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
        failure.append(error)
    finally:
        stop.set()


class _Writer:
    """The open file: turns pictures into packets, and adds the sound that goes with them."""

    def __init__(self, path: Path, kind: str, fps: Fraction, size: tuple[int, int], count: int,
                 sound: Sound | None, settings: EncodeSettings, metadata: Mapping[str, str]) -> None:
        self.busy_s = 0.0
        self.warnings: list[str] = []
        self._fps, self._size, self._settings = fps, size, settings
        self._even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self._done = self._sent = 0
        self._buffer = np.empty(self._even[0] * self._even[1] * 3 // 2, np.uint8)
        self._picture: Any = av.VideoFrame(*self._even, "yuv420p")
        self._picture.time_base = 1 / fps
        self._picture.colorspace, self._picture.color_range = BT709, LIMITED
        self._samples = None if sound is None else _for_aac(sound, count, fps)
        # Players can start before the whole file is there (faststart); tags of any name are kept.
        self._container: Any = av.open(os.fspath(path), "w", format=kind,
                                       options={"movflags": "use_metadata_tags+faststart"})
        try:
            for key, value in metadata.items():
                self._container.metadata[key] = value
            self._video = self._add_video()
            self._audio: Any = None if self._samples is None else self._add_audio(self._samples)
        except BaseException:
            self.close(complete=False)
            raise

    def _add_video(self) -> Any:
        stream = self._container.add_stream(
            CODECS[self._settings.codec], rate=self._fps,
            options={"crf": str(self._settings.crf), "preset": self._settings.preset})
        stream.width, stream.height = self._even
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._fps
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        return stream

    def _add_audio(self, sound: Sound) -> Any:
        layout = "mono" if sound.samples.shape[0] == 1 else "stereo"
        stream = self._container.add_stream("aac", rate=sound.rate_hz)
        stream.codec_context.layout = layout
        stream.codec_context.bit_rate = AAC_BIT_RATE
        stream.codec_context.time_base = Fraction(1, sound.rate_hz)
        return stream

    def write(self, frame: UInt8Array) -> None:
        """Encode one picture and the sound up to its end."""
        began = time.perf_counter()
        rgb = self._opaque(frame)
        if self._even != self._size:
            rgb = np.pad(rgb, ((0, self._even[1] - self._size[1]), (0, self._even[0] - self._size[0]), (0, 0)),
                         mode="edge")
        planes = split_planes(self._buffer, self._even[1], self._even[0])
        rgb_to_i420(np.ascontiguousarray(rgb), planes)
        # One picture serves all frames: libx264 has copied it when `encode` returns. Its lines are
        # padded, which is why the conversion does not write into it directly.
        for plane, pixels in zip(self._picture.planes, planes, strict=True):
            lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            lines[:pixels.shape[0], :pixels.shape[1]] = pixels
        self._picture.pts = self._done
        self._container.mux(self._video.encode(self._picture))
        self._done += 1
        self._write_sound(self._done / self._fps)
        self.busy_s += time.perf_counter() - began

    def close(self, *, complete: bool) -> None:
        """Finish the file, or only let go of it."""
        if self._container is None:
            return
        container, began = self._container, time.perf_counter()
        try:
            if complete:
                if self._audio is not None and self._samples is not None:
                    self._write_sound(None)
                    container.mux(self._audio.encode(None))
                container.mux(self._video.encode(None))
        finally:
            self._container = None
            self._close(container, complete)
        self.busy_s += time.perf_counter() - began

    def _close(self, container: Any, complete: bool) -> None:
        try:
            container.close()
        except (OSError, av.FFmpegError, ValueError):
            # An abandoned file has no valid end; only a complete one may complain about that.
            if complete:
                raise

    def _opaque(self, frame: UInt8Array) -> UInt8Array:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[1::-1] != self._size or frame.shape[2] not in (3, 4):
            raise ContractError(f"frame {self._done} is {frame.shape} {frame.dtype}, not {self._size[1]} x {self._size[0]} x 3")
        if frame.shape[2] == 3:
            return frame
        if not self.warnings:
            self.warnings.append("H.264 holds no transparency: transparent pixels show the background colour.")
        return over(frame[..., :3], frame[..., 3], self._settings.background_rgb)

    def _write_sound(self, until_s: Fraction | None) -> None:
        if self._samples is None:
            return
        samples = self._samples.samples
        last = samples.shape[1] if until_s is None else int(until_s * self._samples.rate_hz)
        while self._sent + AAC_FRAME <= last or (until_s is None and self._sent < last):
            block = np.ascontiguousarray(samples[:, self._sent:self._sent + AAC_FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=self._audio.codec_context.layout.name)
            frame.sample_rate, frame.pts = self._samples.rate_hz, self._sent
            frame.time_base = Fraction(1, self._samples.rate_hz)
            self._container.mux(self._audio.encode(frame))
            self._sent += block.shape[1]


def _for_aac(sound: Sound, count: int, fps: Fraction) -> Sound:
    """Return the sound as the encoder takes it: mono or stereo, a common rate, the video's length."""
    if sound.samples.shape[0] > 2:
        sound = Sound(samples=sound.mono[None], rate_hz=sound.rate_hz)
    if sound.rate_hz not in AAC_RATES_HZ:
        sound = resample(sound, 44_100 if 44_100 % sound.rate_hz == 0 or sound.rate_hz % 44_100 == 0 else 48_000)
    wanted = round(count / fps * sound.rate_hz)
    samples = np.zeros((sound.samples.shape[0], wanted), np.float32)
    held = min(wanted, sound.samples.shape[1])
    np.clip(sound.samples[:, :held], -1.0, 1.0, out=samples[:, :held])
    return Sound(samples=samples, rate_hz=sound.rate_hz)
