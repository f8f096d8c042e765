"""Words in pictures that people read: written into arrays, measured and wrapped."""

from __future__ import annotations

from .fonts import font_for
from .types import UInt8Array

Colour = tuple[int, int, int]


def write(canvas: UInt8Array, text: str, at: tuple[float, float], size_px: int, colour: Colour, anchor: str = "ls") -> None:
    """Write a line of text into a picture, in place; what lies outside is cut.

    Parameters
    ----------
    canvas : UInt8Array
        RGB [shape=(H, W, 3)].
    text : str
        One line.
    at : tuple of float
        Where the anchor lies, x and y.
    size_px : int
        Height of the letters' box.
    colour : tuple of int
        RGB, 0..255.
    anchor : str
        Pillow's: "ls" is the left end of the base line, "rs" the right end, "mm" the middle.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    font = font_for(text, size_px)
    left, top, right, bottom = (int(v) for v in font.getbbox(text, anchor=anchor))
    mask = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, 255, font, anchor)
    x, y = round(at[0]) + left - 1, round(at[1]) + top - 1
    rows, columns = slice(max(0, y), max(0, y + mask.height)), slice(max(0, x), max(0, x + mask.width))
    part = canvas[rows, columns]
    share = np.asarray(mask, np.float32)[max(0, -y):, max(0, -x):][:part.shape[0], :part.shape[1], None] / 255.0
    part[:] = np.round(part + share * (np.asarray(colour, np.float32) - part)).astype(np.uint8)


def width_of(text: str, size_px: int) -> float:
    """Return the width of a line in pixels."""
    return float(font_for(text, size_px).getlength(text))


def wrapped(text: str, size_px: int, width_px: float) -> list[str]:
    """Return the text in lines that are no wider than asked for, broken between words; a single long word is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size_px) <= width_px:
            lines[-1] = longer
        else:
            lines.append(shortened(word, size_px, width_px))
    return lines


def shortened(text: str, size_px: int, width_px: float) -> str:
    """Return the text, or as much of its beginning as fits, with "..."."""
    if width_of(text, size_px) <= width_px:
        return text
    while text and width_of(f"{text}...", size_px) > width_px:
        text = text[:-1]
    return f"{text.rstrip()}..."
