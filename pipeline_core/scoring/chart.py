"""The scorecard as a picture that can be read inside of a node."""

from __future__ import annotations

import numpy as np

from ..lazy import cv2
from ..lettering import Colour, shortened, width_of, wrapped, write
from ..types import UInt8Array
from .scorecard import Row, Scorecard, Verdict

WIDTH_PX = 760
"""About twice the width of a node: letters stay readable at half the size."""
MARGIN_PX = 24
NAME_PX, SMALL_PX, HEAD_PX = 24, 20, 32
_STRIPE_PX, _VERDICT_PX = 6, 108
_HEADER_PX, _LINE_PX, _PAD_PX, _GAP_PX = 104, 28, 10, 6
_PAPER, _PANEL, _INK, _FAINT = (24, 24, 27), (36, 36, 41), (240, 240, 242), (172, 172, 180)
COLOURS: dict[Verdict, Colour] = {"ok": (74, 190, 128), "warn": (240, 180, 64), "bad": (240, 98, 92),
                                  "not measurable": (128, 128, 138)}
WORDS: dict[Verdict, str] = {"ok": "good", "warn": "fair", "bad": "bad", "not measurable": "unknown"}
_HEADLINES: dict[Verdict, str] = {
    "ok": "Everything is as it should be", "warn": "Good, with something to look at", "bad": "Something is wrong",
    "not measurable": "Too little could be measured"}
MEANINGS = {
    "closures": ("Closed lips", "They meet when p, b and m are heard."),
    "open_vowels": ("Open mouth", "It is open where a wide vowel is heard."),
    "offset": ("In time", "Picture and sound belong to one instant."),
    "correlation": ("Follows the voice", "The mouth opens and shuts with the sounds."),
    "mouth_sharpness": ("Sharp mouth", "The skin around it is as sharp as in the source."),
    "face_sharpness": ("Sharp face", "It is as sharp as in the source."),
    "seam": ("No seam", "No border of something pasted is to be seen."),
    "identity": ("Same person", "A face recogniser sees the person of the source."),
    "blinks": ("Blinks a minute", "The eyes blink as often as people's do."),
    "head": ("Head movement", "It moves as much as people's heads do."),
    "frozen": ("Frozen seconds", "The picture never stands still."),
    "jitter": ("Calm in pauses", "The face does not tremble where it rests."),
    "length": ("Equally long", "Sound and picture end together."),
    "seen": ("Face in sight", "It is seen nearly all the time."),
}
"""What a figure is called for short, and what it means when it is good."""


def chart_picture(card: Scorecard) -> UInt8Array:
    """Draw a card: a headline, and a line for each figure with value, target, verdict and a sentence [shape=(H, 760, 3)]."""
    notes = [line for remark in card.remarks for line in wrapped(f"Note: {remark}", SMALL_PX, WIDTH_PX - 2 * MARGIN_PX)]
    heights = [_height(row) for row in card.rows]
    height = _HEADER_PX + sum(h + _GAP_PX for h in heights) + len(notes) * _LINE_PX + MARGIN_PX
    chart: UInt8Array = np.full((height, WIDTH_PX, 3), _PAPER, np.uint8)
    _header(chart, card)
    top = _HEADER_PX
    for row, tall in zip(card.rows, heights, strict=True):
        _row(chart, row, top, tall)
        top += tall + _GAP_PX
    for number, line in enumerate(notes):
        write(chart, line, (MARGIN_PX, top + 18 + number * _LINE_PX), SMALL_PX, _FAINT)
    return chart


def sentence(row: Row) -> str:
    """Return what a line of the card means, or what is wrong with it."""
    text = row.why or MEANINGS.get(row.id, ("", row.name))[1]
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _target(row: Row) -> str:
    """Return the range that is good, or what real clips reach where the reference tells that."""
    usual = row.reference.split(";")[0]
    return usual if usual[:1].isalpha() and not usual.startswith("within") else f"target {usual}"


def _lines(row: Row) -> list[str]:
    room = WIDTH_PX - 2 * MARGIN_PX - _STRIPE_PX - 3 * _PAD_PX - width_of(_target(row), SMALL_PX)
    return wrapped(sentence(row), SMALL_PX, room)


def _height(row: Row) -> int:
    return 2 * _PAD_PX + NAME_PX + len(_lines(row)) * _LINE_PX


def _header(chart: UInt8Array, card: Scorecard) -> None:
    colour = COLOURS[card.verdict]
    cv2.circle(chart, (MARGIN_PX + 12, 41), 12, colour, cv2.FILLED, cv2.LINE_AA)
    write(chart, _HEADLINES[card.verdict], (MARGIN_PX + 38, 52), HEAD_PX, _INK)
    line = f"{card.title}, {card.measured} of {len(card.rows)} figures measured"
    write(chart, shortened(line, SMALL_PX, WIDTH_PX - 2 * MARGIN_PX), (MARGIN_PX, 84), SMALL_PX, _FAINT)


def _row(chart: UInt8Array, row: Row, top: int, height: int) -> None:
    colour = COLOURS[row.verdict]
    left, right = MARGIN_PX, WIDTH_PX - MARGIN_PX
    chart[top:top + height, left:right] = _PANEL
    chart[top:top + height, left:left + _STRIPE_PX] = colour
    x, base = left + _STRIPE_PX + _PAD_PX, top + _PAD_PX + NAME_PX - 4
    edge = right - _PAD_PX - _VERDICT_PX
    write(chart, MEANINGS.get(row.id, (row.name,))[0], (x, base), NAME_PX, _INK)
    write(chart, row.shown, (edge - 14, base), NAME_PX, _INK if row.verdict != "not measurable" else _FAINT, "rs")
    _badge(chart, WORDS[row.verdict], (edge, top + _PAD_PX - 3), colour)
    write(chart, _target(row), (right - _PAD_PX, base + _LINE_PX), SMALL_PX, _FAINT, "rs")
    for number, line in enumerate(_lines(row), 1):
        write(chart, line, (x, base + number * _LINE_PX), SMALL_PX, _FAINT)


def _badge(chart: UInt8Array, text: str, corner: tuple[int, int], colour: Colour) -> None:
    x, y = corner
    height, radius = NAME_PX + 5, (NAME_PX + 5) // 2
    for centre in (x + radius, x + _VERDICT_PX - radius):
        cv2.circle(chart, (centre, y + radius), radius, colour, cv2.FILLED, cv2.LINE_AA)
    chart[y:y + height, x + radius:x + _VERDICT_PX - radius] = colour
    write(chart, text, (x + (_VERDICT_PX - width_of(text, SMALL_PX)) / 2, y + height - 9), SMALL_PX, _PAPER)
