"""Read written results back without the project's own readers, and judge them."""

from fractions import Fraction

import av
import numpy as np
from PIL import Image

MILLISECOND, HUNDREDTH = Fraction(1, 1000), Fraction(1, 100)
TICKS = {"mkv": MILLISECOND, "webm": MILLISECOND, "webp": MILLISECOND, "gif": HUNDREDTH}
"""How finely a container counts time; the others count in frames."""


def animation(path):
    """Times and RGBA pictures of a GIF or WebP."""
    found, now = [], Fraction(0)
    with Image.open(path) as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            pixels = np.asarray(picture.convert("RGBA"))
            found.append((now, pixels))
            now += Fraction(picture.info.get("duration", 0), 1000)
    return found


def raw_frames(path, decoder=None):
    """Decoded frames of a video file, by the usual decoder or a named one."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if decoder is None:
            return list(container.decode(stream))
        context = av.CodecContext.create(decoder, "r")
        return [frame for packet in container.demux(stream) for frame in context.decode(packet)]


def pictures(path, form):
    """(time in seconds or None, RGBA) of every frame of a result."""
    if form.is_folder:
        return [(None, np.asarray(Image.open(p).convert("RGBA"))) for p in sorted(path.glob("*.png"))]
    if form.name in ("gif", "webp"):
        return animation(path)
    frames = raw_frames(path, "libvpx-vp9" if form.pixel_format == "yuva420p" else None)
    return [(frame.pts * frame.time_base, to_rgba(frame)) for frame in frames]


def to_rgba(frame):
    """Convert by the written tags with float arithmetic, independent of libswscale's rounding."""
    if frame.format.name in ("bgra", "rgba", "bgr0"):
        return frame.to_ndarray(format="rgba")
    assert (frame.colorspace, frame.color_range) == (1, 1), "not tagged as BT.709, limited"
    bits = frame.format.components[0].bits
    depth = np.uint8 if bits == 8 else np.uint16
    planes = []
    for number, plane in enumerate(frame.planes):
        lines = np.frombuffer(plane, depth).reshape(-1, plane.line_size // depth().itemsize)
        values = lines[:plane.height, :plane.width].astype(float)
        times = (frame.height // plane.height, frame.width // plane.width)
        values = np.repeat(np.repeat(values, times[0], 0), times[1], 1)
        planes.append(values / (2**bits - 1) * 255 if number == 3 else values / 2 ** (bits - 8))
    y, u, v = (planes[0] - 16) * 255 / 219, planes[1] - 128, planes[2] - 128
    r, b = y + 1.5748 * 255 / 224 * v, y + 1.8556 * 255 / 224 * u
    alpha = planes[3] if len(planes) == 4 else np.full_like(y, 255)
    return np.stack([r, (y - 0.2126 * r - 0.0722 * b) / 0.7152, b, alpha], -1)


def sound(path):
    """(samples in -1..1 [shape=(C, N)], rate) of a sound stream that starts at 0."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
    assert frames[0].pts in (0, None)
    blocks = []
    for frame in frames:
        block = frame.to_ndarray().astype(np.float64)
        if not frame.format.is_planar:
            block = block.reshape(-1, len(frame.layout.channels)).T
        blocks.append(block)
    joined = np.concatenate(blocks, axis=1)
    scale = {"s16": 2.0**15, "s32": 2.0**31}.get(frames[0].format.name.rstrip("p"), 1.0)
    return joined / scale, frames[0].sample_rate


def problems(path, form, fps, shades):
    """What is wrong with the frames of a result, whose frame i has the grey `shades[i]`."""
    found, seen = [], pictures(path, form)
    if len(seen) != len(shades):
        found.append(f"{len(seen)} frames, not {len(shades)}")
    tick = TICKS.get(form.container_name, Fraction(0))
    for index, ((time, pixels), shade) in enumerate(zip(seen, shades, strict=False)):
        if time is not None and abs(time - index / fps) > tick / 2:
            found.append(f"frame {index} at {float(time):.5f} s, not {float(index / fps):.5f} s")
        if abs(pixels[..., :3].mean() - shade) > 2.4:
            found.append(f"frame {index} shows {pixels[..., :3].mean():.1f}, not {shade}")
    return found


def lag_samples(got, want):
    """By how many samples `got` is late, from the best correlation."""
    n = 2 * max(len(got), len(want))
    cross = np.fft.irfft(np.fft.rfft(got, n) * np.conj(np.fft.rfft(want, n)))
    at = int(np.argmax(cross))
    return at if at < n // 2 else at - n
