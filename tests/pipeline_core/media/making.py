"""Tiny clips made on the spot, for the tests of exactness."""

from __future__ import annotations

import struct
from fractions import Fraction

import av
import numpy as np
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import Continued, ContinueSettings, EncodeSettings, write_video
from talking_avatar.pipeline_core.media.source import source_clip
from talking_avatar.pipeline_core.media.video import media_file, read_frames

UNEVEN = [i * 40 + (i * 7) % 13 for i in range(30)]
WILD = [0, 40, 50, 400, 410, 1000, 1500, 1540]
"""Time stamps of clips without a steady rate, in milliseconds."""
MS = Fraction(1, 1000)


def numbered(count, height=96, width=128):
    """Pictures with grain whose mean grey is their number: 2 * i mod 200 + 28."""
    grain = np.random.default_rng(0).integers(-6, 7, (height, width, 3))
    grain -= round(grain.mean())
    y, x = np.mgrid[0:height, 0:width]
    for i in range(count):
        wave = 12 * np.sin((x + 3 * i) / 9) + 8 * np.cos((y - 2 * i) / 7)
        yield np.clip(28 + 2 * i % 200 + grain + wave[..., None] - wave.mean(), 0, 255).astype(np.uint8)


def number_of(pixels):
    """Number of a picture of `numbered`, below 100."""
    return round((float(np.asarray(pixels, float).mean()) - 28) / 2)


def clip(path, count=72, *, fps=25, codec="libx264", form="yuv420p", size=(128, 96), matrix=1, full_range=False, ticks=None,
         time_base=None, options=None, x264="", context=None, tracks=(), pictures=None, tags=None, **container):
    """Write a video; `ticks` are time stamps in `time_base`, `tracks` are (codec, hertz of a tone, start in s)."""
    fps = Fraction(fps)
    unit = time_base or 1 / fps
    given = {"crf": "16", "g": "24", "x264-params": "scenecut=0" + x264} if codec == "libx264" else {}
    with av.open(str(path), "w", **container) as out:
        stream = out.add_stream(codec, rate=fps, options={**given, **(options or {})})
        stream.width, stream.height, stream.pix_fmt = *size, form
        coder = stream.codec_context
        coder.time_base = unit
        if form.startswith("yuv"):
            coder.colorspace, coder.color_range = matrix, 2 if full_range else 1
        for name, value in {**(context or {}), **(tags or {})}.items():
            setattr(coder, name, value)
        sounds = [_track(out, *track) for track in tracks]
        for i, rgb in enumerate(pictures or numbered(count, size[1], size[0])):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24" if rgb.shape[2] == 3 else "rgba")
            frame = frame.reformat(format=form, src_colorspace=matrix, dst_colorspace=matrix, src_color_range=2,
                                   dst_color_range=2 if full_range or not form.startswith("yuv") else 1)
            frame.pts, frame.time_base = i if ticks is None else ticks[i], unit
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        for sound, hertz, start_s in sounds:
            _fill(out, sound, hertz, start_s, count / float(fps))
    return path


def _track(out, codec, hertz, start_s=0.0):
    stream = out.add_stream(codec, rate=48_000)
    stream.codec_context.layout = "mono"
    return stream, hertz, start_s


def _fill(out, stream, hertz, start_s, duration_s):
    block = stream.codec_context.frame_size or 1024
    for at in range(0, round((duration_s - start_s) * 48_000) - block, block):
        t = np.arange(at, at + block) / 48_000
        wave = (0.4 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)[None]
        form = stream.codec_context.format.name
        samples = wave if form == "fltp" else (wave * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp" if form == "fltp" else "s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, at + round(start_s * 48_000), Fraction(1, 48_000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def decoded(path):
    """(time, planes as an array, av.VideoFrame) of every frame."""
    with av.open(str(path)) as container:
        return [(f.pts * f.time_base, f.to_ndarray(), f) for f in container.decode(video=0)]


def times(path):
    """Instants at which the frames of a file are shown."""
    return [time for time, _, _ in decoded(path)]


def opened(path):
    """A file as the source of a re-voiced clip."""
    return source_clip(media_file(path))


def trimmed(path, out, skip):
    """Write an mp4 whose edit list leaves the first `skip` ticks of the picture out (ISO/IEC 14496-12, 8.6.6)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 4
    assert data[at] == 0 and int.from_bytes(data[at + 4:at + 8], "big") == 1
    begin = int.from_bytes(data[at + 12:at + 16], "big") + skip
    data[at + 12:at + 16] = begin.to_bytes(4, "big")
    out.write_bytes(data)
    return out


def turned(path, degrees):
    """Set the display matrix of the first track, as phones do (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    at = data.index(b"tkhd") + 44
    one = 1 << 16
    data[at:at + 36] = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def revoiced(source, out, changed=(), *, shown=None, untouched="copy", other_audio="keep", form="auto", sound=None, crf=16,
             preset="veryfast", edge=24, host=None, mark=60):
    """Write a clip again with a grey square in some frames, as a plan would; returns (clip, report, frames drawn)."""
    found = source_clip(media_file(source))
    shown = np.arange(len(found.shown)) if shown is None else np.asarray(shown)
    frames = [rgb for _, rgb in read_frames(source)]
    asked = []

    def draw(start, stop):
        for i in range(start, stop):
            asked.append(i)
            rgb = frames[found.shown[shown[i]]].copy()
            if i in changed:
                rgb[:edge, :edge] = mark
            yield rgb

    spans = [(a, b, int(shown[a])) for a, b in _runs([i not in changed for i in range(len(shown))], shown)]
    taken = Continued(found, shown, tuple(spans), draw, ContinueSettings(untouched, other_audio))
    size = frames[0].shape[1::-1]
    report = write_video(draw(0, len(shown)), out, fps=found.fps, size=size, count=len(shown), sound=sound,
                         settings=EncodeSettings(form, crf=crf, preset=preset), metadata={}, host=host or PlainHost(), continued=taken)
    return found, report, asked


def _runs(same, shown):
    """(first, after the last) of stretches that are the same and in order."""
    begin = None
    for i, flag in enumerate([*same, False]):
        broken = begin is not None and i < len(shown) and shown[i] != shown[i - 1] + 1
        if begin is not None and (not flag or broken):
            yield begin, i
            begin = None
        if flag and begin is None:
            begin = i


def tones(path):
    """The strongest frequency of each sound track."""
    found = []
    with av.open(str(path)) as container:
        count = len(container.streams.audio)
    for number in range(count):
        with av.open(str(path)) as container:
            wave = np.concatenate([f.to_ndarray().astype(float)[0] for f in container.decode(audio=number)])
        found.append(round(float(np.argmax(np.abs(np.fft.rfft(wave[:48_000]))) * 48_000 / len(wave[:48_000])) / 10) * 10)
    return found


def compared(source, out):
    """(numbers of frames that differ, by how much the others' times do at most)."""
    before, after = decoded(source), decoded(out)
    assert len(after) == len(before)
    differ = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if not np.array_equal(a[1], b[1])]
    begin = before[0][0]
    return differ, max(abs(a[0] - begin - b[0]) for a, b in zip(before, after, strict=True))
