"""Small files of every kind, made on the spot, and hosts that stop the work."""

from __future__ import annotations

import struct
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from talking_avatar.pipeline_core.errors import Cancelled
from talking_avatar.pipeline_core.host import PlainHost

settings.register_profile("quick", derandomize=True, deadline=None, database=None, max_examples=60,
                          suppress_health_check=list(HealthCheck))


def picture(height=48, width=64):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 3 % 256, y * 5 % 256, (x + y) * 2 % 256], axis=-1).astype(np.uint8)


def smooth(height=128, width=192):
    """A picture that survives lossy codecs."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([255 * x / width, 255 * y / height, 127 + 100 * np.sin(x / 20)], axis=-1).astype(np.uint8)


def tone(rate_hz=16000, seconds=0.5, channels=1, hz=440.0):
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    return np.stack([0.5 * np.sin(2 * np.pi * hz * (c + 1) * t) for c in range(channels)]).astype(np.float32)


def sound_file(path, samples, rate_hz=16000, codec="pcm_s16le", form="s16", layout=None, start_s=0.0, **options):
    """Write one sound stream; it begins `start_s` into the file."""
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1"}[len(samples)]
    with av.open(str(path), "w", **options) as out:
        stream = out.add_stream(codec, rate=rate_hz)
        stream.codec_context.layout, stream.codec_context.format = layout, form
        encode_sound(out, stream, samples, rate_hz, form, layout, start_s)
    return path


def encode_sound(out, stream, samples, rate_hz, form, layout, start_s=0.0):
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
    frame.pts = 0
    resampler = av.AudioResampler(form, layout, rate_hz, frame_size=stream.codec_context.frame_size or None)
    at = round(start_s * rate_hz)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        part.pts, part.time_base = at, Fraction(1, rate_hz)
        at += part.samples
        out.mux(stream.encode(part))
    out.mux(stream.encode(None))


def video_file(path, frames, fps=25, codec="libx264", form="yuv420p", times=None, options=None, sound=None, context=None,
               **container):
    """Write pictures as they are; `times` are time stamps in 1/1000 s."""
    with av.open(str(path), "w", **container) as out:
        stream = out.add_stream(codec, rate=Fraction(fps), options=options or {})
        first = frames[0]
        stream.height, stream.width = (first.height, first.width) if isinstance(first, av.VideoFrame) else first.shape[:2]
        stream.pix_fmt = form
        for name, value in (context or {}).items():
            setattr(stream.codec_context, name, value)
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        audio = None
        if sound is not None:
            audio = out.add_stream("aac", rate=16000)
            audio.codec_context.layout = "mono"
        for index, rgb in enumerate(frames):
            frame = rgb if isinstance(rgb, av.VideoFrame) else av.VideoFrame.from_ndarray(
                np.ascontiguousarray(rgb), format="rgba" if rgb.shape[2] == 4 else "rgb24")
            frame.pts = index if times is None else times[index]
            frame.time_base = 1 / Fraction(fps) if times is None else Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if audio is not None:
            samples, start_s = sound
            encode_sound(out, audio, samples, 16000, "fltp", "mono", start_s)
    return path


def numbered(count, height=64, width=96):
    """Pictures that carry their number as a grey level that survives compression."""
    return [np.full((height, width, 3), 20 + 4 * (index % 55), np.uint8) for index in range(count)]


def number_of(rgb):
    return round((float(rgb[..., :3].mean()) - 20) / 4)


def box(kind, *content):
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def full(kind, version, flags, *content):
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def hevc_tile(rgb, form="yuv444p"):
    """Return (hvcC record, coded picture) of lossless HEVC."""
    context = av.CodecContext.create("libx265", "w")
    context.height, context.width = rgb.shape[:2]
    context.pix_fmt, context.time_base = form, Fraction(1, 25)
    context.options = {"x265-params": "lossless=1:keyint=1:info=0:log-level=none:pools=none:frame-threads=1"}
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    frame = frame.reformat(format=form, src_colorspace=5, dst_colorspace=5, src_color_range=2, dst_color_range=2)
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
    units = [unit.rstrip(b"\0") for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    sets = [unit for unit in units if unit[0] >> 1 in (32, 33, 34)]
    arrays = b"".join(bytes([0x80 | unit[0] >> 1]) + struct.pack(">HH", 1, len(unit)) + unit for unit in sets)
    record = bytes([1]) + bytes(20) + bytes([0xFF, len(sets)]) + arrays
    coded = b"".join(struct.pack(">I", len(unit)) + unit for unit in units if unit not in sets)
    return record, coded


def heif(rgb, tile=None, alpha=None, more=(), kind=b"hvc1", coder=hevc_tile, record_kind=b"hvcC", grid_size=None):
    """Return a HEIF file: one picture, or a grid of tiles; `more` are further property boxes."""
    height, width = rgb.shape[:2]
    nclx = box(b"colr", b"nclx", struct.pack(">HHHB", 1, 13, 5, 0x80))
    properties, items, payloads, references = [], [], {}, []

    def add(number, name, payload, props):
        indices = []
        for prop in props:
            if prop not in properties:
                properties.append(prop)
            indices.append(properties.index(prop) + 1)
        items.append((number, name, indices))
        payloads[number] = payload

    def size(w, h):
        return full(b"ispe", 0, 0, struct.pack(">II", w, h))

    if tile is None:
        record, coded = coder(rgb)
        add(1, kind, coded, [size(width, height), box(record_kind, record), nclx, *more])
    else:
        rows, columns = -(-height // tile), -(-width // tile)
        padded = np.pad(rgb, ((0, rows * tile - height), (0, columns * tile - width), (0, 0)), mode="edge")
        shown_w, shown_h = grid_size or (width, height)
        add(1, b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, shown_w, shown_h),
            [size(shown_w, shown_h), nclx, *more])
        for index in range(rows * columns):
            top, left = index // columns * tile, index % columns * tile
            record, coded = coder(padded[top:top + tile, left:left + tile])
            add(10 + index, kind, coded, [size(tile, tile), box(record_kind, record), nclx])
        references.append(box(b"dimg", struct.pack(f">HH{rows * columns}H", 1, rows * columns,
                                                   *range(10, 10 + rows * columns))))
    if alpha is not None:
        record, coded = coder(np.repeat(alpha[..., None], 3, axis=2))
        add(5, kind, coded, [size(width, height), box(record_kind, record), nclx,
                             full(b"auxC", 0, 0, b"urn:mpeg:hevc:2015:auxid:1\0")])
        references.append(box(b"auxl", struct.pack(">HHH", 5, 1, 1)))
    ftyp = box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
    infe = [full(b"infe", 2, 0, struct.pack(">HH", n, 0), name, b"\0") for n, name, _ in items]
    ipma = struct.pack(">I", len(items)) + b"".join(
        struct.pack(">HB", n, len(indices)) + bytes(indices) for n, _, indices in items)

    def meta(offsets):
        iloc = struct.pack(">BBH", 0x44, 0, len(items)) + b"".join(
            struct.pack(">HHHII", n, 0, 1, offsets.get(n, 0), len(payloads[n])) for n, _, _ in items)
        return full(b"meta", 0, 0,
                    full(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)), full(b"pitm", 0, 0, struct.pack(">H", 1)),
                    full(b"iinf", 0, 0, struct.pack(">H", len(items)), *infe),
                    full(b"iref", 0, 0, *references),
                    box(b"iprp", box(b"ipco", *properties), full(b"ipma", 0, 0, ipma)), full(b"iloc", 0, 0, iloc))

    at, offsets = len(ftyp) + len(meta({})) + 8, {}
    for number, _, _ in items:
        offsets[number] = at
        at += len(payloads[number])
    return ftyp + meta(offsets) + box(b"mdat", *(payloads[n] for n, _, _ in items))


class StoppingHost(PlainHost):
    """Counts every call that may stop the work, and stops at one of them."""

    def __init__(self, stop_at=None):
        super().__init__(threads=2)
        self.calls, self.stop_at = 0, stop_at

    def _count(self):
        self.calls += 1
        if self.calls == self.stop_at:
            raise Cancelled

    def progress(self, done, total):
        self._count()

    def status(self, text):
        self._count()


@pytest.fixture(scope="session")
def make():
    """The builders above, for tests (a conftest cannot be imported by name)."""
    return SimpleNamespace(picture=picture, smooth=smooth, tone=tone, sound_file=sound_file, video_file=video_file,
                           numbered=numbered, number_of=number_of, box=box, full=full, heif=heif, hevc_tile=hevc_tile,
                           Host=StoppingHost)


@pytest.fixture(autouse=True)
def no_hanging(request):
    """End the test run with all stacks shown when a test hangs."""
    import faulthandler

    faulthandler.dump_traceback_later(240, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
