"""What a caller says about a result, and what it is told afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ...errors import SettingError
from .codecs import CONTAINERS, MAX_CRF, PRESETS
from .formats import AUTO, Format, find_format, format_for, writable

_FILE_ENDINGS = {".png", *(kind.ending for kind in CONTAINERS.values() if kind.ending)}


@dataclass(frozen=True)
class EncodeSettings:
    """Which kind of result, and how the pictures are compressed."""

    format: str | Format = AUTO
    """Name of a shipped format, or a format; "auto" goes by the ending of the file name."""
    crf: int = 18
    """Constant rate factor, 0 (best) to 51; 18 is visually transparent. Formats without one ignore it."""
    preset: str = "veryfast"
    """How much time is spent on small files. Formats without one ignore it."""
    background_rgb: tuple[int, int, int] = (0, 0, 0)
    """Colour behind transparent pixels, for formats without alpha."""
    alpha: bool = False
    """Whether "auto" prefers a format that keeps transparency, where the ending has one."""

    def __post_init__(self) -> None:
        if isinstance(self.format, str) and self.format != AUTO:
            find_format(self.format)
        if self.preset not in PRESETS:
            raise SettingError(f"unknown preset {self.preset!r}", hint=f"Choose one of: {', '.join(PRESETS)}.")
        if not 0 <= self.crf <= MAX_CRF:
            raise SettingError(f"crf={self.crf} is outside 0..{MAX_CRF}",
                               hint="Use 18 for high quality, 23 for small files.")

    def format_of(self, out_path: str | os.PathLike[str]) -> Format:
        """Return the format that `out_path` is written in.

        Raises
        ------
        SettingError
            If the name does not say it, or has an ending that is not the format's.
        MissingDependency
            If the installed PyAV cannot write it.
        """
        if isinstance(self.format, Format):
            form = writable(self.format)
        else:
            form = format_for(out_path, alpha=self.alpha) if self.format == AUTO else find_format(self.format)
        name = os.path.basename(os.path.normpath(os.fspath(out_path)))
        ending = os.path.splitext(name)[1].lower()
        if ending in _FILE_ENDINGS if form.is_folder else ending != form.ending:
            raise SettingError(f"{name!r} is no name for the format {form.name}", hint=(
                "Choose a name without an ending, for a folder." if form.is_folder
                else f"Choose a name that ends in {form.ending}."))
        return form


@dataclass(frozen=True)
class EncodeReport:
    """What was written."""

    frames: int
    duration_s: float
    encode_s: float
    """Time spent in the encoder thread at work: colour conversion, compression and writing."""
    path: str = ""
    """Where the result is; differs from what was asked for where that name was taken."""
    warnings: tuple[str, ...] = ()
