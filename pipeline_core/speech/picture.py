"""A picture of what was heard, so that a person can read it: sound, words, sounds, visemes, melody, over time."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..lazy import cv2, signal
from ..types import FloatArray, Sound, SpeechTrack, UInt8Array
from .phones import ARPABET, VISEMES, has_closure, plain_ipa
from .prosody import Syllable, phrases, syllables
from .runs import true_runs

Colour = tuple[int, int, int]
WIDTH_PX = 1280
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BETWEEN_PX = 74, 18, 62, 16
_WORDS_PX, _WAVE_PX, _SOUNDS_PX, _VISEMES_PX, _MELODY_PX, _AXIS_PX = 24, 74, 40, 22, 78, 20
ROW_S, ROWS = 5.0, 6
"""A row shows this much, in which two letters for each sound can be read; a picture has so many rows at most."""
_RUMBLE_HZ = 60.0
"""Below every voice: drift and hum would hide it."""
_MARGIN_S = 0.1
"""Filtered along with a row, so that it does not begin with a swing."""
_FEWEST = 100
"""Samples that can be filtered."""
_PAPER, _INK, _FAINT, _LINE, _PANEL = (250, 250, 248), (50, 50, 54), (120, 120, 124), (222, 222, 218), (255, 255, 255)
_WAVE, _SHUT, _SHUT_PALE = (31, 98, 178), (214, 64, 56), (252, 214, 208)
_LOUD, _PITCH, _PHRASE = (214, 224, 238), (204, 82, 22), (138, 70, 160)
_SOURCES = {"tts": "exact times of the voice", "aligned": "aligned with the transcript", "acoustic": "from the sound alone",
            "imported": "imported", "none": "silence"}  # fmt: skip
_SPELLING = {**{ipa: name.lower() for name, ipa in reversed(ARPABET.items()) if ipa},
             "a": "a", "ɐ": "a", "ɒ": "o", "e": "e", "o": "o", "ɜ": "er", "ɨ": "ih", "ᵻ": "ih", "ʉ": "uw", "y": "ue", "ʏ": "ue",
             "ø": "oe", "œ": "oe", "ɯ": "u", "ɤ": "uh", "ʔ": "?", "ʁ": "r", "ʀ": "r", "r": "r", "ɲ": "ny", "ʎ": "ly",
             "ç": "hy", "x": "kh", "χ": "kh", "ɣ": "gh", "ʋ": "v", "β": "b", "ɸ": "f", "ʂ": "sh", "ʐ": "zh", "ɕ": "sh",
             "ʑ": "zh", "ɫ": "l", "ɻ": "r", "ħ": "h", "ʕ": "?", "ʧ": "ch", "ʤ": "jh", "ʦ": "ts", "ʣ": "dz", "ɟ": "gy",
             "c": "ky", "ɬ": "l", "ɭ": "l", "ʈ": "t", "ɖ": "d", "ɳ": "n", "ɽ": "r", "ɴ": "ng", "ɥ": "w", "ʍ": "w", "ɱ": "m"}  # fmt: skip
"""OpenCV's fonts have no IPA: sounds are spelled as in the CMU dictionary, others as near to it as can be."""


@dataclass(frozen=True)
class _Row:
    """A stretch of time and where it lies in the picture."""

    start_s: float
    end_s: float
    top: int
    words: bool
    """Whether there is a lane for words."""

    def x(self, time_s: float) -> int:
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return _LEFT_PX + round(min(max(share, 0.0), 1.0) * (WIDTH_PX - _LEFT_PX - _RIGHT_PX))

    def shows(self, start_s: float, end_s: float) -> bool:
        return end_s > self.start_s and start_s < self.end_s

    def lanes(self) -> dict[str, tuple[int, int]]:
        """Return the top and bottom of each lane."""
        sizes = {"words": _WORDS_PX if self.words else 0, "sound": _WAVE_PX, "phones": _SOUNDS_PX, "visemes": _VISEMES_PX,
                 "melody": _MELODY_PX}
        edges = np.cumsum([self.top, *sizes.values()]).tolist()
        return {name: (top, bottom - 3) for name, top, bottom in zip(sizes, edges, edges[1:], strict=False) if bottom > top}


@dataclass(frozen=True)
class _Melody:
    """What all rows need of the whole clip."""

    hertz: tuple[float, float]
    """Pitch at the bottom and the top of the lane."""
    phrases: list[tuple[float, float]]
    syllables: list[Syllable]


def timeline_picture(speech: SpeechTrack, sound: Sound | None = None, *, start_s: float = 0.0) -> UInt8Array:
    """Draw a speech track.

    Parameters
    ----------
    speech : SpeechTrack
        What to draw.
    sound : Sound, optional
        The waveform; the track's own by default.
    start_s : float
        Where the picture begins. It shows 30 s at most, and says so where there is more.

    Returns
    -------
    ndarray
        RGB [shape=(H, 1280, 3)]: rows of up to 5 s, each with words (where known), waveform, sounds,
        visemes, loudness with pitch, syllables and phrases, and seconds.
    """
    rows, end_s = _rows(speech, min(max(0.0, start_s), max(0.0, speech.duration_s - 0.05)))
    height = rows[-1].lanes()["melody"][1] + _AXIS_PX + _BETWEEN_PX
    image: UInt8Array = np.full((height, WIDTH_PX, 3), _PAPER, np.uint8)
    _draw_head(image, speech, rows[0].start_s, end_s)
    melody = _Melody(_pitch_range(speech.pitch_hz), phrases(speech), syllables(speech))
    waves = [_wave(sound or speech.sound, row) for row in rows]
    peak = max((float(np.percentile(np.abs(wave), 99.9)) for wave, _ in waves if len(wave)), default=0.0) or 1.0
    for row, (wave, edges) in zip(rows, waves, strict=True):
        lanes = row.lanes()
        _draw_panel(image, row, lanes)
        _draw_closures(image, row, lanes["sound"], speech)
        _draw_wave(image, lanes["sound"], wave / peak, edges)
        _draw_phones(image, row, lanes["phones"], speech)
        _draw_visemes(image, row, lanes["visemes"], speech)
        _draw_melody(image, row, lanes["melody"], speech, melody)
        if row.words:
            _draw_words(image, row, lanes["words"], speech)
    if end_s < speech.duration_s - 0.01:
        _text(image, f"not shown: {end_s:.1f} to {speech.duration_s:.1f} s", WIDTH_PX - _RIGHT_PX, height - 4, 0.4, _SHUT, align=1.0)
    return image


def _rows(speech: SpeechTrack, start_s: float) -> tuple[list[_Row], float]:
    """Return the rows, and where the last one ends; a short sound fills them evenly."""
    left_s = speech.duration_s - start_s
    count = min(ROWS, max(1, math.ceil(left_s / ROW_S - 0.02)))
    each_s = max(0.5, min(ROW_S, left_s / count))
    words = bool(speech.words)
    height = (_WORDS_PX if words else 0) + _WAVE_PX + _SOUNDS_PX + _VISEMES_PX + _MELODY_PX + _AXIS_PX + _BETWEEN_PX
    rows = [_Row(start_s + k * each_s, start_s + (k + 1) * each_s, _TOP_PX + k * height, words) for k in range(count)]
    return rows, min(speech.duration_s, rows[-1].end_s)


def _drawable(text: str) -> str:
    """Return what OpenCV can write: its fonts hold most scripts from version 5 on, before that ASCII."""
    if cv2.getVersionMajor() >= 5:
        return text
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _spelled(ipa: str) -> str:
    """Return a sound in letters that can be written."""
    plain, found = plain_ipa(ipa), []
    while plain:
        size = 2 if plain[:2] in _SPELLING else 1
        found.append(_SPELLING.get(plain[:size], plain[0] if plain[0].isascii() else ""))
        plain = plain[size:]
    return "".join(found)


def _width(text: str, size: float) -> int:
    return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0])


def _text(image: UInt8Array, text: str, x: int, baseline: int, size: float, colour: Colour = _INK, align: float = 0.0) -> None:
    """Write a text that begins at x, or ends there (align 1), or has its middle there (0.5)."""
    left = x - round(align * _width(text, size))
    cv2.putText(image, text, (left, baseline), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _box(image: UInt8Array, left: int, right: int, lane: tuple[int, int], colour: Colour) -> None:
    cv2.rectangle(image, (left, lane[0]), (max(left, right - 1), lane[1]), colour, -1)


def _colour(viseme: str) -> Colour:
    """Return one pale hue per viseme; closed lips red, silence grey."""
    if viseme == "sil":
        return (238, 238, 234)
    if viseme == "PP":
        return _SHUT
    hue = int(18 + 150 * VISEMES.index(viseme) / len(VISEMES))
    pixel = cv2.cvtColor(np.uint8([[[hue, 74, 232]]]), cv2.COLOR_HSV2RGB)  # type: ignore[arg-type]
    return tuple(int(v) for v in pixel[0, 0])  # type: ignore[return-value]


def _draw_head(image: UInt8Array, speech: SpeechTrack, start_s: float, end_s: float) -> None:
    sounds = sum(bool(p.ipa) for p in speech.phones)
    engine = "" if speech.engine in ("", speech.source) else f" ({_drawable(speech.engine)})"
    shown = "" if end_s - start_s > speech.duration_s - 0.01 else f"   shown: {start_s:.1f} to {end_s:.1f} s"
    _text(image, f"{speech.duration_s:.2f} s   {_SOURCES[speech.source]}{engine}   {sounds} sounds, "
                 f"{len(speech.closures)} lip closures{shown}", _LEFT_PX, 24, 0.5)
    x = _LEFT_PX
    for name, colour in (("lips shut (p b m)", _SHUT), ("loudness", (170, 186, 208)), ("pitch", _PITCH), ("phrase", _PHRASE)):
        cv2.rectangle(image, (x, 40), (x + 14, 48), colour, -1)
        _text(image, name, x + 20, 49, 0.4, _FAINT)
        x += 44 + _width(name, 0.4)
    _draw_mark(image, x + 4, 50, 0.0)
    _text(image, "syllable", x + 14, 49, 0.4, _FAINT)
    x += 40 + _width("syllable", 0.4)
    _draw_mark(image, x + 4, 50, 1.0)
    _text(image, "stressed    sounds are spelled as in the CMU dictionary", x + 14, 49, 0.4, _FAINT)


def _draw_panel(image: UInt8Array, row: _Row, lanes: dict[str, tuple[int, int]]) -> None:
    """Draw the lanes' grounds and names, and the seconds below."""
    right, bottom = WIDTH_PX - _RIGHT_PX, lanes["melody"][1]
    for name, (top, low) in lanes.items():
        cv2.rectangle(image, (_LEFT_PX, top), (right, low), _PANEL, -1)
        _text(image, name, _LEFT_PX - 8, (top + low) // 2 + 4, 0.4, _INK, align=1.0)
    length_s = row.end_s - row.start_s
    step_s = next(s for s in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if length_s / s <= 12)
    for number in range(math.ceil(row.start_s / step_s - 1e-6), math.floor(row.end_s / step_s + 1e-6) + 1):
        x = row.x(number * step_s)
        for top, low in (lanes["sound"], lanes["melody"]):
            cv2.line(image, (x, top), (x, low), _LINE, 1)
        cv2.line(image, (x, bottom), (x, bottom + 4), _FAINT, 1)
        _text(image, f"{number * step_s:.2f}".rstrip("0").rstrip(".") + " s", x, bottom + 17, 0.38, _FAINT, align=0.5)


def _draw_closures(image: UInt8Array, row: _Row, lane: tuple[int, int], speech: SpeechTrack) -> None:
    for closure in speech.closures:
        if row.shows(closure.start_s, closure.end_s):
            _box(image, row.x(closure.start_s), max(row.x(closure.start_s) + 2, row.x(closure.end_s)), lane, _SHUT_PALE)


def _wave(sound: Sound | None, row: _Row) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return the samples of a row, without what lies below voices, and where in them each column begins."""
    columns = WIDTH_PX - _LEFT_PX - _RIGHT_PX
    if sound is None:
        return np.zeros(0, np.float32), np.zeros(columns + 1, np.intp)
    first = max(0, int((row.start_s - _MARGIN_S) * sound.rate_hz))
    last = max(first, min(sound.samples.shape[1], int((row.end_s + _MARGIN_S) * sound.rate_hz)))
    part = np.nan_to_num(sound.samples[:, first:last].mean(axis=0)) if last > first else np.zeros(0, np.float32)
    times_s = np.linspace(row.start_s, row.end_s, columns + 1)
    edges = np.clip((times_s * sound.rate_hz).astype(int) - first, 0, len(part))
    if len(part) > _FEWEST:
        band = signal.butter(2, min(_RUMBLE_HZ, 0.1 * sound.rate_hz), "highpass", fs=sound.rate_hz, output="sos")
        part = signal.sosfiltfilt(band, part, padlen=_FEWEST - 1)
    return np.asarray(part, np.float32), edges


def _draw_wave(image: UInt8Array, lane: tuple[int, int], wave: FloatArray, edges: npt.NDArray[np.intp]) -> None:
    middle, half = (lane[0] + lane[1]) / 2, (lane[1] - lane[0]) / 2 - 2
    for x, first, last in zip(range(_LEFT_PX, WIDTH_PX), edges, edges[1:], strict=False):
        if last > first:
            low, high = np.clip([wave[first:last].min(), wave[first:last].max()], -1, 1)
            cv2.line(image, (x, round(middle - high * half)), (x, round(middle - low * half)), _WAVE, 1)


def _draw_words(image: UInt8Array, row: _Row, lane: tuple[int, int], speech: SpeechTrack) -> None:
    for word in speech.words:
        if row.shows(word.start_s, word.end_s):
            left, right = row.x(word.start_s), row.x(word.end_s)
            _box(image, left, right, lane, (232, 238, 246))
            cv2.line(image, (left, lane[0]), (left, lane[1]), (160, 176, 200), 1)
            text = _drawable(word.text)
            size = next((s for s in (0.45, 0.4, 0.36, 0.32) if _width(text, s) <= right - left - 2), None)
            if size is not None:
                _text(image, text, (left + right) // 2, (lane[0] + lane[1]) // 2 + 5, size, align=0.5)


def _draw_phones(image: UInt8Array, row: _Row, lane: tuple[int, int], speech: SpeechTrack) -> None:
    """Draw a box for each sound, then the names; those wider than their box go above or below the middle."""
    starts = [cue.start_s for cue in speech.visemes]
    shown = [p for p in speech.phones if p.ipa and row.shows(p.start_s, p.end_s)]
    for phone in shown:
        at = int(np.searchsorted(starts, phone.start_s + 1e-6, side="right")) - 1
        viseme = "PP" if has_closure(phone.ipa) else speech.visemes[at].viseme if at >= 0 else "sil"
        _box(image, row.x(phone.start_s), row.x(phone.end_s), lane, _colour(viseme))
        cv2.line(image, (row.x(phone.start_s), lane[0]), (row.x(phone.start_s), lane[1]), _PANEL, 1)
    middle, *outer = (lane[0] + lane[1]) // 2 + 4, lane[0] + 12, lane[1] - 4
    taken = dict.fromkeys((middle, *outer), 0)
    for phone in shown:
        name, left, right = _spelled(phone.ipa), row.x(phone.start_s), row.x(phone.end_s)
        width, centre = _width(name, 0.4), (left + right) // 2
        levels = (middle, *outer) if width <= right - left else outer
        # What was written last on a line must not be written over; where no line has room, the box stays bare.
        level = next((y for y in levels if centre - width // 2 > taken[y]), None)
        if level is not None:
            is_inside = level == middle and has_closure(phone.ipa)
            _text(image, name, centre, level, 0.4, _PANEL if is_inside else _INK, align=0.5)
            taken[level] = centre + width // 2


def _draw_visemes(image: UInt8Array, row: _Row, lane: tuple[int, int], speech: SpeechTrack) -> None:
    for cue in _joined((v.viseme, v.start_s, v.end_s) for v in speech.visemes):
        name, start_s, end_s = cue
        if name != "sil" and row.shows(start_s, end_s):
            left, right = row.x(start_s), row.x(end_s)
            _box(image, left, right, lane, _colour(name))
            cv2.line(image, (left, lane[0]), (left, lane[1]), _PANEL, 1)
            if _width(name, 0.36) <= right - left:
                _text(image, name, (left + right) // 2, (lane[0] + lane[1]) // 2 + 4, 0.36, _PANEL if name == "PP" else _INK, align=0.5)


def _joined(cues: Iterable[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    out: list[tuple[str, float, float]] = []
    for name, start_s, end_s in cues:
        if out and out[-1][0] == name and start_s - out[-1][2] < 1e-6:
            out[-1] = (name, out[-1][1], end_s)
        else:
            out.append((name, start_s, end_s))
    return out


def _pitch_range(pitch_hz: FloatArray) -> tuple[float, float]:
    """Return the lowest and highest pitch of the lane, an octave apart at least."""
    voiced = pitch_hz[pitch_hz > 0]
    if not len(voiced):
        return 80.0, 320.0
    low, high = (float(v) for v in np.percentile(voiced, (3, 97)))
    wider = max(1.1, math.sqrt(2.0 / max(1.0, high / low)))
    return low / wider, high * wider


def _draw_melody(image: UInt8Array, row: _Row, lane: tuple[int, int], speech: SpeechTrack, melody: _Melody) -> None:
    hertz = melody.hertz
    top, bottom = lane[0] + 4, lane[1] - 16
    rate = speech.prosody_rate_hz
    part = slice(int(row.start_s * rate), min(len(speech.energy), math.ceil(row.end_s * rate)))
    x = [row.x((i + 0.5) / rate) for i in range(part.start, part.stop)]
    if len(x) > 1:
        loud = bottom - np.clip(speech.energy[part] / 1.25, 0, 1) * (bottom - top)
        shape = np.array([[x[0], bottom], *zip(x, loud, strict=True), [x[-1], bottom]])
        cv2.fillPoly(image, [np.round(shape * 16).astype(np.int32)], _LOUD, cv2.LINE_AA, shift=4)
        pitch = speech.pitch_hz[part]
        share = np.log(np.maximum(pitch, 1.0) / hertz[0]) / math.log(hertz[1] / hertz[0])
        y = bottom - np.clip(share, 0, 1) * (bottom - top)
        _draw_runs(image, np.array(x), y, pitch > 0)
    for k, value in ((bottom, hertz[0]), (top + 8, hertz[1])):
        _text(image, f"{value:.0f} Hz", _LEFT_PX - 8, k, 0.34, _PITCH, align=1.0)
    for start_s, end_s in melody.phrases:
        if row.shows(start_s, end_s):
            cv2.line(image, (row.x(start_s), lane[1] - 1), (row.x(end_s) - 2, lane[1] - 1), _PHRASE, 3)
    for syllable in melody.syllables:
        if row.shows(syllable.nucleus_s, syllable.nucleus_s + 1e-6):
            _draw_mark(image, row.x(syllable.nucleus_s), lane[1] - 4, syllable.stress)


def _draw_runs(image: UInt8Array, x: np.ndarray, y: np.ndarray, voiced: np.ndarray) -> None:
    for first, last in true_runs(voiced):
        points = np.stack([x[first:last], y[first:last]], axis=1)
        cv2.polylines(image, [np.round(points * 16).astype(np.int32)], False, _PITCH, 2, cv2.LINE_AA, shift=4)


def _draw_mark(image: UInt8Array, x: int, bottom: int, stress: float) -> None:
    """Draw a syllable: a small tick, or where it is stressed a triangle that grows with the stress."""
    if stress <= 0:
        cv2.line(image, (x, bottom), (x, bottom - 4), _FAINT, 2)
        return
    size = 3 + 2 * stress
    corners: Sequence[tuple[float, float]] = ((x, bottom - 2 * size), (x - size, bottom), (x + size, bottom))
    cv2.fillPoly(image, [np.round(np.array(corners) * 16).astype(np.int32)], _INK, cv2.LINE_AA, shift=4)
