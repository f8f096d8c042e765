"""Opening sound and video files of strangers: plain media only, never a file that names others."""

from __future__ import annotations

import os
from typing import Any

import av

_DEMUXERS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "flv", "asf", "ogg", "mxf", "nut", "rm",
    "dv", "ivf", "h264", "hevc", "obu", "mjpeg", "gif", "apng", "webp", "webp_anim", "yuv4mpegpipe",
    "wav", "w64", "aiff", "au", "caf", "flac", "mp3", "aac", "ac3", "eac3", "dts", "amr", "ape", "wv", "tta", "voc",
    "opus", "mpc", "mpc8", "truehd", "loas", "mlp", "oma", "dsf", "gsm", "sbc",
    "png_pipe", "jpeg_pipe", "bmp_pipe", "tiff_pipe", "webp_pipe", "gif_pipe", "qoi_pipe", "jpegxl_pipe",
)  # fmt: skip
"""What FFmpeg may take a file for. Left out are playlists, manifests and scripts (HLS, DASH, concat,
SDP, AVISynth, image sequences): they make it open other files or addresses."""

_FROM_ZERO = ("mov", "matroska", "avi", "flv", "asf")
"""Containers whose time stamps count from the beginning of the recording."""
MAX_LEAD_S = 600.0
"""A track that claims to begin later than this has a broken time stamp."""


def open_media(file: str) -> Any:
    """Open a file that exists for reading; raises what PyAV raises, and ``ValueError`` for a bad name.

    The absolute path is taken, so that no name looks like an address ("http:clip.mp4"), and tags
    that are not UTF-8 are read as far as possible instead of refusing the file.
    """
    options = {"format_whitelist": ",".join(_DEMUXERS), "protocol_whitelist": "file"}
    return av.open(os.path.abspath(file), metadata_errors="ignore", options=options)


def beginning_s(container: Any, first_s: float) -> float:
    """Return when a recording begins on the clock of its time stamps.

    Parameters
    ----------
    container : av.container.InputContainer
        The open file.
    first_s : float
        When the track in question really begins.
    """
    starts = [float(stream.start_time * stream.time_base) for stream in (*container.streams.audio, *container.streams.video)
              if stream.start_time is not None and stream.time_base is not None]
    origin_s = min([first_s, *starts])
    from_zero = set(_FROM_ZERO) & set(container.format.name.split(","))
    return 0.0 if from_zero and abs(origin_s) <= MAX_LEAD_S else origin_s
