"""Letters for pictures: a font of this machine that has them, else the one that comes with Pillow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FOLDERS = {
    "win32": (r"%WINDIR%\Fonts",),
    "darwin": ("/System/Library/Fonts", "/System/Library/Fonts/Supplemental", "/Library/Fonts"),
}
"""Where systems keep fonts; elsewhere `UNIX_FOLDERS`."""
UNIX_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts")
PREFERRED = (
    "NotoSans-Bold.ttf", "DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "arialbd.ttf", "Arial Bold.ttf", "segoeuib.ttf",
    "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "msyhbd.ttc", "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc",
    "malgunbd.ttf", "YuGothB.ttc", "Arial Unicode.ttf", "NotoSansArabic-Bold.ttf", "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf", "Nirmala.ttf",
)
"""Plain bold faces, those with the most letters of the most people first."""
_NOT_A_CHARACTER = "\uffff"
"""Never has a shape of its own, so that a font shows its sign for what it lacks."""


def font_for(text: str, size_px: int) -> FreeTypeFont:
    """Return the first font that has all letters of a text, else the one that lacks the fewest.

    Parameters
    ----------
    text : str
        What is to be written.
    size_px : int
        Height of the letters' box.
    """
    letters = frozenset(text)
    paths = [None, *_preferred()] if text.isascii() else [*_preferred(), None]
    best = min(paths, key=lambda path: len(_missing(path, letters)))
    return _font(best, size_px)


def missing_letters(text: str) -> str:
    """Return the letters that no font of this machine has, each once."""
    letters = frozenset(text)
    return "".join(sorted(frozenset.intersection(*(_missing(path, letters) for path in [None, *_preferred()]))))


@lru_cache(maxsize=64)
def _font(path: str | None, size_px: int) -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size_px) if path is None else ImageFont.truetype(path, size_px)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@lru_cache(maxsize=256)
def _missing(path: str | None, letters: frozenset[str]) -> frozenset[str]:
    font = _font(path, 24)
    blank = bytes(font.getmask(_NOT_A_CHARACTER))
    return frozenset(letter for letter in letters if not letter.isspace() and bytes(font.getmask(letter)) == blank)


@lru_cache(maxsize=1)
def _preferred() -> tuple[str, ...]:
    """Return the preferred fonts that are here, in their order."""
    found = {name: str(path) for path in _font_files() for name in PREFERRED if path.name == name}
    return tuple(found[name] for name in PREFERRED if name in found)


def _font_files() -> Iterator[Path]:
    for folder in FOLDERS.get(sys.platform, UNIX_FOLDERS):
        for root, _, names in os.walk(os.path.expanduser(os.path.expandvars(folder))):
            yield from (Path(root, name) for name in names)
