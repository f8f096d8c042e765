"""A picture of what was heard: waveform, phones, visemes and lip closures on one time axis."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..lazy import cv2
from ..types import Sound, SpeechTrack, UInt8Array
from .phones import VISEMES

_BACK = (24, 26, 30)
_GRID = (52, 56, 64)
_TEXT = (222, 226, 232)
_WAVE = (96, 170, 230)
_SHUT = (235, 92, 88)
_TITLE_PX = 24
_AXIS_PX = 20
_ASCII = {"ɑ": "a", "æ": "ae", "ʌ": "^", "ɔ": "o", "ə": "e", "ɚ": "er", "ɝ": "er", "ɛ": "E", "ɜ": "er", "ɪ": "I",
          "ᵻ": "I", "ʊ": "U", "θ": "th", "ð": "dh", "ʃ": "sh", "ʒ": "zh", "ŋ": "ng", "ɹ": "r", "ɾ": "d", "ɡ": "g",
          "ː": "", "ʧ": "ch", "ʤ": "j", "ɐ": "a", "ɒ": "o", "ɲ": "ny", "ʁ": "R", "ɣ": "gh", "ø": "oe", "œ": "oe",
          "ʔ": "?"}  # fmt: skip
"""OpenCV's fonts know ASCII only."""


def _ascii(text: str) -> str:
    return "".join(_ASCII.get(ch, ch) for ch in text).encode("ascii", "ignore").decode()


def _colour(viseme: str) -> tuple[int, int, int]:
    """One hue per viseme; closed lips red, silence grey."""
    if viseme == "sil":
        return (58, 62, 70)
    if viseme == "PP":
        return (170, 60, 58)
    hue = int(18 + 150 * VISEMES.index(viseme) / len(VISEMES))
    pixel = cv2.cvtColor(np.uint8([[[hue, 110, 150]]]), cv2.COLOR_HSV2RGB)  # type: ignore[arg-type]
    return tuple(int(v) for v in pixel[0, 0])  # type: ignore[return-value]


class _Canvas:
    def __init__(self, width_px: int, height_px: int, start_s: float, end_s: float) -> None:
        self.image: UInt8Array = np.full((height_px, width_px, 3), _BACK, np.uint8)
        self._start_s, self._scale = start_s, width_px / max(1e-6, end_s - start_s)

    def x(self, time_s: float) -> int:
        return round((time_s - self._start_s) * self._scale)

    def box(self, start_s: float, end_s: float, top: int, bottom: int, colour: tuple[int, int, int]) -> int:
        left, right = self.x(start_s), max(self.x(start_s) + 1, self.x(end_s) - 1)
        cv2.rectangle(self.image, (left, top), (right, bottom), colour, -1)
        return right - left

    def label(self, text: str, left: int, baseline: int, size: float, room: int | None = None) -> bool:
        """Write `text`, centred in `room` pixels where given; False where it does not fit."""
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
        if room is not None:
            if width + 2 > room:
                return False
            left += (room - width) // 2
        cv2.putText(self.image, text, (left, baseline), cv2.FONT_HERSHEY_SIMPLEX, size, _TEXT, 1, cv2.LINE_AA)
        return True


def _draw_wave(canvas: _Canvas, sound: Sound, span: tuple[float, float], top: int, bottom: int) -> None:
    width = canvas.image.shape[1]
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 2
    total = sound.samples.shape[1]
    edges = np.linspace(span[0] * sound.rate_hz, span[1] * sound.rate_hz, width + 1).astype(int)
    part = np.nan_to_num(sound.samples[:, edges[0] : edges[-1]].mean(axis=0))
    peak = float(np.abs(part).max(initial=0.0)) or 1.0
    for column in range(width):
        first, last = edges[column], min(total, max(edges[column] + 1, edges[column + 1]))
        if first >= last:
            continue
        piece = part[first - edges[0] : last - edges[0]]
        if len(piece):
            low, high = float(piece.min()) / peak, float(piece.max()) / peak
            cv2.line(canvas.image, (column, round(middle - high * half)), (column, round(middle - low * half)),
                     _WAVE, 1)


def _draw_boxes(canvas: _Canvas, items: Iterable[tuple[float, float, str, str]], span: tuple[float, float],
                top: int, bottom: int, size: float) -> None:  # fmt: skip
    for start_s, end_s, viseme, text in items:
        if end_s <= span[0] or start_s >= span[1]:
            continue
        width = canvas.box(start_s, end_s, top, bottom, _colour(viseme))
        canvas.label(_ascii(text), canvas.x(start_s), (top + bottom) // 2 + 5, size, width)


def _draw_axis(canvas: _Canvas, span: tuple[float, float], height_px: int) -> None:
    length_s = span[1] - span[0]
    step_s = next((s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3600) if length_s / s <= 16), 3600)
    number = int(np.ceil(span[0] / step_s))
    while number * step_s <= span[1]:
        x = canvas.x(number * step_s)
        cv2.line(canvas.image, (x, _TITLE_PX), (x, height_px - _AXIS_PX), _GRID, 1)
        canvas.label(f"{number * step_s:g} s", x + 3, height_px - 6, 0.4)
        number += 1


def timeline_picture(
    speech: SpeechTrack,
    sound: Sound | None = None,
    *,
    width_px: int = 1280,
    height_px: int = 360,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> UInt8Array:
    """Draw a speech track.

    Parameters
    ----------
    speech : SpeechTrack
        What to draw.
    sound : Sound, optional
        The waveform; the track's own by default.
    width_px, height_px : int
        Size of the picture; at least 320 x 200.
    start_s, end_s : float
        The stretch shown; by default the first 6 s at most, where labels are readable.

    Returns
    -------
    ndarray
        RGB [shape=(height_px, width_px, 3)]. From top: title, waveform with closures in red,
        words, phones, visemes, seconds.
    """
    width_px, height_px = max(320, width_px), max(200, height_px)
    end_s = min(speech.duration_s, start_s + 6.0 if end_s is None else end_s)
    span = (max(0.0, start_s), max(start_s + 0.05, end_s))
    canvas = _Canvas(width_px, height_px, *span)
    _draw_axis(canvas, span, height_px)
    room = height_px - _TITLE_PX - _AXIS_PX
    rows = [_TITLE_PX + round(room * share) for share in (0.0, 0.44, 0.58, 0.79, 1.0)]
    for closure in speech.closures:
        if closure.end_s > span[0] and closure.start_s < span[1]:
            canvas.box(closure.start_s, closure.end_s, rows[0], rows[1] - 4, _SHUT)
    wave = sound or speech.sound
    if wave is not None:
        _draw_wave(canvas, wave, span, rows[0], rows[1] - 4)
    _draw_boxes(canvas, [(w.start_s, w.end_s, "sil", w.text) for w in speech.words], span, rows[1], rows[2] - 4, 0.45)
    first_viseme = {round(v.start_s, 6): v.viseme for v in speech.visemes}
    phones = [(p.start_s, p.end_s, first_viseme.get(round(p.start_s, 6), "sil"), p.ipa) for p in speech.phones]
    _draw_boxes(canvas, phones, span, rows[2], rows[3] - 4, 0.45)
    visemes = [(v.start_s, v.end_s, v.viseme, "" if v.viseme == "sil" else v.viseme) for v in speech.visemes]
    _draw_boxes(canvas, visemes, span, rows[3], rows[4] - 4, 0.42)
    shown = f" (showing {span[0]:.1f}-{span[1]:.1f} s)" if span[1] - span[0] < speech.duration_s - 0.01 else ""
    title = (f"{speech.source} / {speech.engine}   {speech.duration_s:.2f} s{shown}   "
             f"{len(speech.closures)} lip closures (red)   rows: sound, words, phones, visemes")
    canvas.label(_ascii(title), 6, 17, 0.45)
    return canvas.image
