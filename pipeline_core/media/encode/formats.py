"""Formats as data: one JSON file says which container, codecs and options make up a kind of result.

``formats/*.json`` beside this file are shipped. A user's own files are read from other folders
and are not trusted: what `codecs` does not list is refused.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import MissingDependency, SettingError
from .codecs import AUDIO_CODECS, CONTAINERS, VIDEO_CODECS, AudioCodec, Container, VideoCodec, is_built_in

_LOG = logging.getLogger("talking_avatar")

DEFAULT_FORMAT = "mp4-h264"
AUTO = "auto"
"""The format is chosen by the ending of the file name."""
MAX_FILE_BYTES = 16_384
USER_RANK = 1000
"""A user's formats come after the shipped ones unless they say otherwise."""
_FOLDER = Path(__file__).parent / "formats"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ALPHA = ("yuva", "bgra", "rgba", "pal8")
_KEYS = {"title": str, "about": str, "rank": int, "container": str, "video": dict, "audio": dict,
         "bits_per_pixel": float, "max_side_px": int}
_VIDEO_KEYS = {"codec": str, "pixel_format": str, "options": dict}
_AUDIO_KEYS = {"codec": str, "bit_rate": int}


@dataclass(frozen=True)
class Format:
    """One kind of result."""

    name: str
    title: str
    container_name: str
    video_codec: str
    pixel_format: str
    audio_codec: str = ""
    """"" where the kind of file holds no sound."""
    video_options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 0
    """Of lossy sound, bits per second."""
    about: str = ""
    rank: int = USER_RANK
    """Place in lists; among the formats of one ending the lowest is the default."""
    bits_per_pixel: float = 0.1
    """Typical size of a talking head at the default quality, for estimates."""
    max_side_px: int = 0
    """Larger pictures are scaled down; 0 keeps any size."""

    @property
    def container(self) -> Container:
        """The kind of file."""
        return CONTAINERS[self.container_name]

    @property
    def video(self) -> VideoCodec:
        """The picture codec."""
        return VIDEO_CODECS[self.video_codec]

    @property
    def audio(self) -> AudioCodec | None:
        """The sound codec."""
        return AUDIO_CODECS.get(self.audio_codec)

    @property
    def ending(self) -> str:
        """Ending of the file name with its dot; "" for a folder."""
        return self.container.ending

    @property
    def is_folder(self) -> bool:
        """Whether the result is a folder of pictures."""
        return not self.ending

    @property
    def has_alpha(self) -> bool:
        """Whether transparency is kept."""
        return self.pixel_format.startswith(_ALPHA)

    @property
    def plays_in_browser(self) -> bool:
        """Whether a web page can show it as a video."""
        return self.container_name in ("mp4", "webm") and self.video_codec in ("libx264", "libvpx-vp9") \
            and self.audio_codec in ("aac", "libopus", "") and self.pixel_format in ("yuv420p", "yuva420p")

    @property
    def missing_codecs(self) -> tuple[str, ...]:
        """Codecs that the installed PyAV or Pillow lacks."""
        wanted = [self.video_codec, *([self.audio_codec] if self.audio_codec else [])]
        return tuple(codec for codec in wanted if not is_built_in(codec))


def load_format(path: str | os.PathLike[str]) -> Format:
    """Read and check one format file; its name without the ending is the format's name.

    Raises
    ------
    SettingError
        If the file is unreadable, has unknown keys, or asks for what is not allowed.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"it is larger than {MAX_FILE_BYTES} bytes")
        return _parse(file.stem, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(f"the format file {file.name!r} cannot be used: {error}",
                           hint="Compare it with the shipped files in pipeline_core/media/encode/formats.") from error


def _parse(name: str, data: Any) -> Format:
    if not _NAME.fullmatch(name):
        raise ValueError("its name may hold a-z, 0-9 and - only")
    _expect_keys(data, _KEYS, ("title", "container", "video"), "the file")
    video, audio = data["video"], data.get("audio", {})
    _expect_keys(video, _VIDEO_KEYS, ("codec", "pixel_format"), "video")
    if "audio" in data:
        _expect_keys(audio, _AUDIO_KEYS, ("codec",), "audio")
    container = _one_of(data["container"], CONTAINERS, "container")
    _one_of(video["codec"], dict.fromkeys(container.video), "video.codec")
    codec = VIDEO_CODECS[video["codec"]]
    _one_of(video["pixel_format"], dict.fromkeys(codec.pixel_formats), "video.pixel_format")
    if audio:
        _one_of(audio["codec"], dict.fromkeys(container.audio), "audio.codec")
    return Format(
        name=name, title=data["title"], about=data.get("about", ""), container_name=data["container"],
        rank=_within(data.get("rank", USER_RANK), 0, 100_000, "rank"), video_codec=video["codec"],
        pixel_format=video["pixel_format"], video_options=_options(video.get("options", {}), codec),
        audio_codec=audio.get("codec", ""), bit_rate=_bit_rate(audio),
        bits_per_pixel=_within(data.get("bits_per_pixel", 0.1), 0.0001, 200, "bits_per_pixel"),
        max_side_px=_within(data.get("max_side_px", 0), 0, 8192, "max_side_px"))


def _expect_keys(data: Any, known: Mapping[str, type], needed: Iterable[str], where: str) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is no JSON object")
    if unknown := sorted(set(data) - set(known)):
        raise ValueError(f"{where} has unknown keys: {', '.join(map(repr, unknown))}")
    if missing := [key for key in needed if key not in data]:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    for key, value in data.items():
        wanted = (int, float) if known[key] is float else known[key]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ValueError(f"{key} of {where} is not of the kind {known[key].__name__}")


def _one_of(value: str, choices: Mapping[str, Any], where: str) -> Any:
    if value not in choices:
        raise ValueError(f"{where} {value!r} is none of {', '.join(choices) or 'nothing'}")
    return choices[value]


def _within(value: Any, low: float, high: float, where: str) -> Any:
    if not low <= value <= high:
        raise ValueError(f"{where} {value} is outside {low}..{high}")
    return value


def _options(options: Mapping[str, Any], codec: VideoCodec) -> dict[str, str]:
    for key, value in options.items():
        if key not in codec.options:
            raise ValueError(f"video.options has the unknown key {key!r}; allowed: {', '.join(codec.options) or 'none'}")
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in codec.options[key]:
            raise ValueError(f"video.options.{key} cannot be {value!r}")
    return {key: str(value) for key, value in options.items()}


def _bit_rate(audio: Mapping[str, Any]) -> int:
    allowed = AUDIO_CODECS[audio["codec"]].bit_rates if audio else range(0)
    if not allowed:
        if audio and "bit_rate" in audio:
            raise ValueError("audio.bit_rate is for lossy sound only")
        return 0
    return int(_within(audio.get("bit_rate", min(192_000, allowed[-1])), allowed[0], allowed[-1], "audio.bit_rate"))


@cache
def _shipped() -> dict[str, Format]:
    return {f.name: f for f in map(load_format, sorted(_FOLDER.glob("*.json")))}


def catalogue(folders: Iterable[str | os.PathLike[str]] = ()) -> dict[str, Format]:
    """Return all formats by name, the most common first.

    A user's file that cannot be used, or has the name of a shipped format, is left out with a
    warning in the log.
    """
    found = dict(_shipped())
    for path in (p for folder in folders for p in sorted(Path(folder).glob("*.json"))):
        try:
            if path.stem in _shipped():
                raise SettingError(f"the format file {path.name!r} has the name of a shipped format",
                                   hint="Choose another name.")
            found[path.stem] = load_format(path)
        except SettingError as error:
            _LOG.warning("%s", error)
    return dict(sorted(found.items(), key=lambda item: (item[1].rank, item[0])))


def usable_formats(folders: Iterable[str | os.PathLike[str]] = ()) -> list[str]:
    """Return the names of the formats that the installed PyAV can write."""
    return [name for name, form in catalogue(folders).items() if not form.missing_codecs]


def find_format(name: str, folders: Iterable[str | os.PathLike[str]] = ()) -> Format:
    """Return the format of that name.

    Raises
    ------
    SettingError
        If there is none.
    MissingDependency
        If the installed PyAV cannot write it.
    """
    known = catalogue(folders)
    if name not in known:
        raise SettingError(f"unknown format {name!r}", hint=f"Choose one of: {', '.join(usable_formats(folders))}.")
    return writable(known[name])


def writable(form: Format) -> Format:
    """Return the format, if the installed PyAV can write it.

    Raises
    ------
    MissingDependency
        If it cannot.
    """
    if form.missing_codecs:
        raise MissingDependency(
            f"the format {form.name} needs {', '.join(form.missing_codecs)}, which the installed PyAV or Pillow lacks",
            hint=f"Choose another format ({DEFAULT_FORMAT} always works), or install the builds of PyPI: pip install av pillow.")
    return form


def format_for(path: str | os.PathLike[str], *, alpha: bool = False) -> Format:
    """Return the usual format for a file name, by its ending.

    Parameters
    ----------
    path : path
        The name of the result.
    alpha : bool
        Whether a format that keeps transparency is preferred, where the ending has one.

    Raises
    ------
    SettingError
        If no format has that ending.
    """
    ending = Path(path).suffix.lower()
    fitting = [f for f in _shipped().values() if f.ending and f.ending == ending]
    if not fitting:
        endings = dict.fromkeys(f.ending for f in catalogue().values() if f.ending)
        raise SettingError(f"cannot write {Path(path).name!r}: unknown ending {ending!r}",
                           hint=f"Choose a name that ends in {', '.join(endings)}, or the format png-sequence for a folder.")
    return writable(min(fitting, key=lambda f: (alpha and not f.has_alpha, bool(f.missing_codecs), f.rank)))
