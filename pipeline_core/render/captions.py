"""Words written into the frames, at the time they are said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import numpy as np

from ..errors import InputError, SettingError
from ..fonts import font_for, missing_letters
from ..speech.captions import caption_lines
from ..types import SpeechTrack, UInt8Array, Word

if TYPE_CHECKING:
    from .plan import RenderPlan

P = TypeVar("P", bound="RenderPlan")
CaptionStyle = Literal["outline", "box", "highlight"]
CaptionPlace = Literal["bottom", "middle", "top"]
LETTERS_SHARE = 1 / 18
"""Height of the letters in parts of the frame's shorter side, as broadcasters have it."""
MARGIN_SHARE = 0.05
"""Title-safe area: nothing is written nearer to the edge, in parts of the frame."""
HOLD_S = 0.4
"""A line stays so much longer than its last word, where the next one lets it."""
LEAST_PX = 8
_BOX_OPACITY = 160
_FADED = 165
"""Grey of the words that are not being said, in "highlight"."""
_DARK = (0, 0, 0)
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True)
class Captions:
    """What is written when, and how it looks."""

    lines: tuple[tuple[Word, ...], ...]
    style: CaptionStyle = "outline"
    """Letters with a dark rim, on a dark box, or with the word that is being said in colour."""
    place: CaptionPlace = "bottom"
    size: float = 1.0
    """Height of the letters relative to the usual one, 0.3..3."""
    color: str = "#ffffff"
    """"#rrggbb": of the letters, in "highlight" of the word that is being said."""

    def __post_init__(self) -> None:
        for name, kind in (("style", CaptionStyle), ("place", CaptionPlace)):
            if getattr(self, name) not in get_args(kind):
                raise SettingError(f"unknown {name} {getattr(self, name)!r}", hint=f"Choose one of: {', '.join(get_args(kind))}.")
        if not 0.3 <= self.size <= 3.0:
            raise SettingError(f"size={self.size} is outside 0.3..3", hint="Use 1 for normal.")
        if not _COLOUR.fullmatch(self.color):
            raise SettingError(f"color={self.color!r} is not a colour", hint="Write it as #rrggbb, for example #ffe14d.")

    @property
    def rgb(self) -> tuple[int, int, int]:
        """`color` as numbers, 0..255."""
        red, green, blue = bytes.fromhex(self.color.lstrip("#"))
        return red, green, blue

    def at(self, time_s: float) -> tuple[int, int] | None:
        """Return which line stands at a time, and which of its words is the last to have begun; None between lines."""
        for number, line in enumerate(self.lines):
            following = self.lines[number + 1][0].start_s if number + 1 < len(self.lines) else float("inf")
            if line[0].start_s <= time_s < min(line[-1].end_s + HOLD_S, following):
                return number, sum(word.start_s <= time_s for word in line) - 1
        return None


def captions_of(speech: SpeechTrack, **look: object) -> tuple[Captions, tuple[str, ...]]:
    """Return the captions of what is said, and warnings.

    Parameters
    ----------
    speech : SpeechTrack
        With words.
    **look
        Fields of `Captions` besides the lines.

    Raises
    ------
    InputError
        If it is not known what is said.
    SettingError
        If a field is out of range.
    """
    if not speech.words:
        raise InputError("it is not known what is said, so there is nothing to write",
                         hint="Give Audio to Visemes a transcript, or captions in cues, or use Text to Speech.")
    captions = Captions(caption_lines(speech), **look)  # type: ignore[arg-type]
    missing = missing_letters("".join(word.text for line in captions.lines for word in line))
    warnings = (f"No font of this machine has {missing[:20]!r}: install one, such as Noto Sans, to see these letters.",)
    return captions, warnings if missing else ()


def with_captions(plan: P, captions: Captions) -> P:
    """Return the plan with what is said written into its frames; those of an upscaler as well."""
    return replace(plan, captions=captions)


def captioned(frames: Iterator[UInt8Array], captions: Captions, fps: Fraction, start: int) -> Iterator[UInt8Array]:
    """Yield frames with what is said written into them; `start` is the first one's number since the speech began."""
    shown: tuple[int, int] | None = None
    label = np.zeros((0, 0, 4), np.uint8)
    for number, frame in enumerate(frames, start):
        standing = captions.at(float(number / fps))
        if standing is None:
            yield frame
            continue
        if captions.style != "highlight":
            standing = (standing[0], 0)
        if standing != shown:
            shown, label = standing, _label(captions, *standing, frame.shape[1], frame.shape[0])
        yield _written(frame, label, captions.place)


def _written(frame: UInt8Array, label: UInt8Array, place: CaptionPlace) -> UInt8Array:
    """Lay a label over a copy of the frame, opaque frames stay so."""
    height, width = frame.shape[:2]
    rows, columns = label.shape[:2]
    margin = round(MARGIN_SHARE * height)
    top = {"top": margin, "middle": (height - rows) // 2, "bottom": height - margin - rows}[place]
    top, left = min(max(0, top), height - rows), (width - columns) // 2
    out: UInt8Array = frame.copy()
    under = out[top : top + rows, left : left + columns].astype(np.float32)
    share = label[..., 3:].astype(np.float32) / 255.0
    if frame.shape[2] == 3:
        mixed = under + (label[..., :3] - under) * share
    else:
        kept = under[..., 3:] / 255.0 * (1.0 - share)
        alpha = share + kept
        colour = (label[..., :3] * share + under[..., :3] * kept) / np.maximum(alpha, 1e-6)
        mixed = np.concatenate([colour, alpha * 255.0], axis=2)
    out[top : top + rows, left : left + columns] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return out


def _label(captions: Captions, line: int, said: int, width: int, height: int) -> UInt8Array:
    """Draw a line of captions, in as many rows as the frame's width asks for [shape=(h, w, 4)]."""
    from PIL import Image, ImageDraw

    words = captions.lines[line]
    size_px = max(LEAST_PX, round(LETTERS_SHARE * captions.size * min(width, height)))
    font = font_for("".join(word.text for word in words), size_px)
    rim = max(1, round(size_px / 12))
    pad = rim + (round(size_px * 0.35) if captions.style == "box" else 0)
    rows = _rows(words, font.getlength, width - 2 * (pad + round(MARGIN_SHARE * width)))
    step = round(size_px * 1.3)
    space = font.getlength(" ")
    lengths = [sum(font.getlength(words[i].text) for i in row) + space * (len(row) - 1) for row in rows]
    wide, tall = min(width, round(max(lengths)) + 2 * pad), min(height, step * len(rows) + 2 * pad)
    picture = Image.new("RGBA", (wide, tall), (*_DARK, _BOX_OPACITY if captions.style == "box" else 0))
    draw = ImageDraw.Draw(picture)
    for number, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        x, y = (wide - length) / 2, pad + number * step + step / 2
        for i in row:
            colour = captions.rgb if captions.style != "highlight" or i == said else (_FADED,) * 3
            draw.text((x, y), words[i].text, font=font, fill=(*colour, 255), anchor="lm", stroke_width=rim, stroke_fill=(*_DARK, 255))
            x += font.getlength(words[i].text) + space
    drawn: UInt8Array = np.asarray(picture, np.uint8)
    return drawn


def _rows(words: tuple[Word, ...], length: object, room: float) -> list[list[int]]:
    """Share the words of a line out to rows that are not wider than `room`, if single words allow it."""
    assert callable(length)
    rows: list[list[int]] = [[]]
    for i in range(len(words)):
        if rows[-1] and length(" ".join(words[j].text for j in (*rows[-1], i))) > room:
            rows.append([])
        rows[-1].append(i)
    return rows
