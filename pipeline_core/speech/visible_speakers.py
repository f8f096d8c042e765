"""Who speaks, by whose lips move as the sound says they must."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..arkit import ARTICULATION_INDEX, INDEX
from ..errors import InputError
from ..face.geometry import LEFT_TEMPLE, RIGHT_TEMPLE
from ..host import Host
from ..motion.articulation import speech_layer
from ..types import FaceTrack, Sound, SpeechTrack
from .analyze import analyze
from .prosody import phrases
from .runs import true_runs
from .speakers import EXAMPLE, Turn, read_turns

Curve = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]

TREND_S = 1.0
"""Slower changes of the lips' gap are expressions, not speech."""
WINDOW_S = 1.2
"""Lips and sound are compared over about this time: four syllables."""
TALKING = 0.010
"""Gap of the lips, as standard deviation in face widths, from which lips may be speaking. Measured: 0.018 to 0.030 in
six people who talk, 0.003 and less in stills with a camera's noise."""
LAGS_S = (-0.12, 0.32)
"""How much later than the picture the sound may come; clips of the wild were found up to 0.28 s apart."""
FOLLOWING = 0.6
"""Weight of how well the lips follow the sound, beside that they move at all."""
SWITCH_S = 0.35
"""Another speaker must be better by this much time of full evidence: speakers do not change within a syllable."""
ALSO_FOLLOWS, ALSO_SHARE = 0.45, 0.8
"""A second face speaks at the same time where it follows the sound this well, and has this share of the evidence."""
SURE = 0.25
"""Evidence below which nobody is seen to speak."""
SHORTEST_S = 0.3
"""Shorter stretches of a second voice are accidents, and short doubts are not told; a "yes" takes as long."""
PAUSE_S = 0.6
"""One speaker's turns that are this close together are one."""
MARGIN_S = 0.12
"""Turns begin and end this much outside of the speech that was noticed, within pauses."""
NAMED = 6
"""Uncertain stretches that a warning names."""
_GAPS = ((82, 87), (13, 14), (312, 317))
_EPS = 1e-9


@dataclass(frozen=True)
class Seen:
    """Who was seen to speak."""

    turns: tuple[Turn, ...]
    warnings: tuple[str, ...] = ()


def find_turns(sound: Sound, table: str, face: FaceTrack | None, host: Host) -> Seen:
    """Return who speaks when: as the table says, or as the video shows where the table is empty.

    Raises
    ------
    InputError
        If there is neither a table nor a face of a video.
    SettingError
        If the table cannot be read.
    """
    if table.strip():
        return Seen(read_turns(table, sound.duration_s, len(face.face_ids) if face else None))
    if face is None or face.video is None:
        raise InputError("there is neither a table of turns nor a video that shows who speaks",
                         hint=f"{EXAMPLE} Or connect the face of a video that belongs to this sound.")
    return visible_speakers(face, analyze(sound, host=host))


def visible_speakers(face: FaceTrack, speech: SpeechTrack) -> Seen:
    """Give each stretch of speech to the face whose lips move with it.

    The sound says how far lips must open when (by the speech engine, from the sound alone); that curve is compared
    with the gap of each face's lips. Faces that are out of sight or still have no evidence. Where nobody is seen to
    speak, the last speaker goes on.

    Parameters
    ----------
    face : FaceTrack
        All faces of the clip that the sound belongs to.
    speech : SpeechTrack
        What is said in it.

    Returns
    -------
    Seen
        Turns, and which stretches are uncertain.
    """
    count = min(len(face.landmarks_px), max(1, round(speech.duration_s * float(face.fps))))
    fps, speaking = float(face.fps), _speaking(speech, count, float(face.fps))
    if not speaking.any():
        return Seen((), ("no speech is heard in the sound: nobody has a turn",))
    evidence, follows = _evidence(_lip_gaps(face, count), _expected(speech, count, face.fps), speaking, fps)
    who = _path(evidence * speaking[:, None], SWITCH_S * fps)
    sure = evidence[np.arange(count), who] >= SURE
    who = _held(who, sure & speaking)
    talks = (np.arange(evidence.shape[1]) == who[:, None]) | _also(evidence, follows, round(SHORTEST_S * fps))
    talks = _rounded(talks & speaking[:, None], round(PAUSE_S * fps), round(MARGIN_S * fps))
    share = evidence / np.maximum(evidence.sum(axis=1, keepdims=True), _EPS) * sure[:, None]
    turns = [Turn(start / fps, min(stop / fps, speech.duration_s), number, _mean(share[start:stop, number], speaking[start:stop]))
             for number, mask in enumerate(talks.T) for start, stop in true_runs(mask)]
    return Seen(tuple(sorted(turns)), _warnings(speaking & ~sure, who, fps))


def _lip_gaps(face: FaceTrack, count: int) -> Curve:
    """Return the inner lips' gap in face widths without its slow part; 0 where a face is not seen [shape=(T, F)]."""
    points = np.asarray(face.landmarks_px[:count], np.float64)
    gaps = np.mean([np.linalg.norm(points[:, :, a, :2] - points[:, :, b, :2], axis=-1) for a, b in _GAPS], axis=0)
    gaps /= np.maximum(np.linalg.norm(points[:, :, RIGHT_TEMPLE] - points[:, :, LEFT_TEMPLE], axis=-1), _EPS)
    out = np.zeros_like(gaps)
    for number in range(gaps.shape[1]):
        for start, stop in true_runs(np.isfinite(gaps[:, number])):
            out[start:stop, number] = _without_trend(gaps[start:stop, number], float(face.fps))
    return np.asarray(out)


def _expected(speech: SpeechTrack, count: int, fps: Fraction) -> Curve:
    """Return how far lips open to say this, without its slow part [shape=(T,)]."""
    layer = speech_layer(speech, fps)
    opening = layer.blendshapes[:, INDEX["jawOpen"]] * (1.0 - layer.articulation[:, ARTICULATION_INDEX["lipClosure"]])
    return _without_trend(np.resize(np.asarray(opening, np.float64), max(count, len(opening)))[:count], float(fps))


def _without_trend(curve: Curve, fps: float) -> Curve:
    width = min(round(TREND_S * fps) | 1, 2 * len(curve) - 1)
    mean = np.convolve(np.pad(curve, width // 2, mode="reflect"), np.full(width, 1.0 / width), "valid")
    return np.asarray(np.convolve(np.pad(curve - mean, 1, mode="edge"), (0.25, 0.5, 0.25), "valid"))


def _evidence(gaps: Curve, expected: Curve, speaking: Flags, fps: float) -> tuple[Curve, Curve]:
    """Return 0..1 for how much each face speaks, and how well it follows the sound, at the best common lag."""
    width = max(3, round(WINDOW_S * fps)) | 1
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()

    def around(values: Curve) -> Curve:
        return np.asarray(np.convolve(values, window, "same"))

    power = np.stack([around(gap**2) for gap in gaps.T], axis=1)
    moves = power / (power + TALKING**2)
    best: tuple[float, Curve, Curve] | None = None
    for lag in range(round(LAGS_S[0] * fps), round(LAGS_S[1] * fps) + 1):
        said = np.zeros_like(expected)
        said[max(0, -lag) : len(said) - max(0, lag)] = expected[max(0, lag) : len(said) - max(0, -lag)]
        loud = around(said**2)[:, None]
        follows = np.stack([around(gap * said) for gap in gaps.T], axis=1) / np.sqrt(power * loud + _EPS**2)
        evidence = moves * (1.0 - FOLLOWING + FOLLOWING * np.clip(follows, 0.0, 1.0))
        total = float(evidence.max(axis=1)[speaking].sum())
        if best is None or total > best[0]:
            best = total, evidence, follows
    assert best is not None
    return best[1], best[2]


def _path(evidence: Curve, switch: float) -> Numbers:
    """Return the face of each frame so that the sum of evidence less the changes is largest [shape=(T,)]."""
    count, faces = evidence.shape
    came = np.zeros((count, faces), np.intp)
    total = evidence[0].copy()
    for t in range(1, count):
        best = int(total.argmax())
        stay = total >= total[best] - switch
        came[t] = np.where(stay, np.arange(faces), best)
        total = np.where(stay, total, total[best] - switch) + evidence[t]
    who = np.zeros(count, np.intp)
    who[-1] = int(total.argmax())
    for t in range(count - 1, 0, -1):
        who[t - 1] = came[t, who[t]]
    return who


def _held(who: Numbers, sure: Flags) -> Numbers:
    """Return the last sure speaker where nobody is sure; before the first sure one, the first."""
    known = np.flatnonzero(sure)
    if not len(known):
        return np.zeros_like(who)
    return np.asarray(who[np.maximum.accumulate(np.where(sure, np.arange(len(who)), known[0]))])


def _also(evidence: Curve, follows: Curve, shortest: int) -> Flags:
    """Tell where a face speaks at the same time as another [shape=(T, F)]."""
    strong = (follows >= ALSO_FOLLOWS) & (evidence >= np.maximum(SURE, ALSO_SHARE * evidence.max(axis=1, keepdims=True)))
    out = np.zeros_like(strong)
    for number, mask in enumerate(strong.T):
        for start, stop in true_runs(mask):
            out[start:stop, number] = stop - start >= shortest
    return np.asarray(out)


def _rounded(talks: Flags, pause: int, margin: int) -> Flags:
    """Fill pauses in which nobody else speaks, and begin and end turns a little outside, as far as it is silent."""
    out = talks.copy()
    for start, stop in true_runs(np.asarray(~talks.any(axis=1))):
        before, after = talks[start - 1] if start else talks[stop % len(talks)], talks[stop % len(talks)]
        if stop - start <= pause:
            out[start:stop] = before & after
        reach = min(margin, (stop - start) // 2)
        out[start : start + reach] |= before if start else False
        out[stop - reach : stop] |= after if stop < len(talks) else False
    return np.asarray(out)


def _speaking(speech: SpeechTrack, count: int, fps: float) -> Flags:
    mask = np.zeros(count, bool)
    for start_s, end_s in phrases(speech):
        mask[int(start_s * fps) : max(int(start_s * fps) + 1, round(end_s * fps))] = True
    return mask


def _mean(values: Curve, speaking: Flags) -> float:
    return round(float(values[speaking].mean()), 2) if speaking.any() else 0.0


def _warnings(uncertain: Flags, who: Numbers, fps: float) -> tuple[str, ...]:
    spans = [f"{start / fps:.1f}-{stop / fps:.1f} s (face {who[start]})" for start, stop in true_runs(uncertain)
             if stop - start >= SHORTEST_S * fps]
    if not spans:
        return ()
    more = f" and {len(spans) - NAMED} more" if len(spans) > NAMED else ""
    return (f"nobody is clearly seen to speak at {', '.join(spans[:NAMED])}{more}: given to the last speaker; write a table "
            "of turns where that is wrong",)
