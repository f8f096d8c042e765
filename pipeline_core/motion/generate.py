"""Everything that moves a face while it speaks, as separate layers on one time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ..host import Host, PlainHost
from ..speech.prosody import phrases, stresses
from ..types import FaceTrack, Keyframe, MotionLayer, MotionTrack, SpeechTrack
from .articulation import speech_layer
from .blinks import blink_layer, plan_blinks
from .contacts import pauses, phones_of, shut_curve
from .curves import Curve, frame_times
from .emotion import MOUTH, SPEAKING_SHARE, emotion_layer, parse_keyframes
from .gaze import gaze_layer
from .gestures import Beats, prosody_layer
from .idle import idle_layer
from .settings import FPS_MAX, FPS_MIN, MotionSettings
from .source_face import SourceFace, judge
from .transfer import driven_parts

__all__ = ["MotionSettings", "generate_motion"]


@dataclass(frozen=True, eq=False)
class _Stage:
    """What all layers are made from."""

    speech: SpeechTrack
    settings: MotionSettings
    times_s: Curve
    beats: Beats
    spoken: Curve
    face: SourceFace
    keyframes: tuple[Keyframe, ...]


def generate_motion(
    speech: SpeechTrack,
    settings: MotionSettings,
    *,
    face: FaceTrack | None = None,
    driving: MotionTrack | None = None,
    base: MotionTrack | None = None,
    keyframes: str = "",
    host: Host | None = None,
) -> MotionTrack:
    """Make a performance of what is said.

    Parameters
    ----------
    speech : SpeechTrack
        Phones or visemes, closures, energy and pitch.
    settings : MotionSettings
        Frame rate, strengths, emotion, seed.
    face : FaceTrack, optional
        The face that will be moved: a turned face turns less, closed eyes do not blink. That of a video
        decides the frame rate, and its head and eyes stay its own.
    driving : MotionTrack, optional
        A performance to follow, for example taken from a video: its head, eyes and brows replace the
        generated ones as far as it moves them, the mouth stays with the speech.
    base : MotionTrack, optional
        An expression to start from; added to everything, its mouth quietened while words are formed.
    keyframes : str
        Emotions over time, "0.0 happy 0.6; 2.5 sad"; before the first one `settings.emotion` holds.
        Where it is empty, those of the speech apply.
    host : Host, optional
        Progress and cancel.

    Returns
    -------
    MotionTrack
        Layers "speech", "prosody", "blinks", "gaze", "idle", "emotion", "base", "driving" as far as
        they apply. Each has random numbers of its own: changing one strength leaves the others as
        they are. Carries the sound of the speech.

    Raises
    ------
    SettingError
        If a keyframe cannot be read.
    """
    host = host or PlainHost()
    if face is not None and face.video is not None:
        settings, face = replace(settings, fps=min(max(face.fps, Fraction(FPS_MIN)), Fraction(FPS_MAX))), None
    stage = _stage(speech, settings, face, keyframes)
    builders: list[Callable[[], MotionLayer]] = [
        lambda: speech_layer(speech, settings.fps, settings.mouth), *_life(stage, driving)]
    if settings.emotion != "neutral" or stage.keyframes:
        builders.append(lambda: _emotion(stage))
    if base is not None:
        builders.append(lambda: _base(stage, base))
    if driving is not None:
        builders.append(lambda: _driving(stage, driving))
    layers = []
    for k, build in enumerate(builders):
        host.progress(k, len(builders))
        layers.append(build())
    host.progress(len(builders), len(builders))
    warnings = [*speech.warnings, *stage.face.warnings]
    if driving is not None and driving.duration_s < speech.duration_s - 1.0 / float(driving.fps):
        warnings.append(f"the driving motion ends at {driving.duration_s:.1f} s, before the sound "
                        f"({speech.duration_s:.1f} s): its last pose is held")
    return MotionTrack(settings.fps, speech.duration_s, tuple(layers), seed=settings.seed,
                       sound=speech.sound, warnings=tuple(warnings))


def _stage(speech: SpeechTrack, settings: MotionSettings, face: FaceTrack | None, keyframes: str) -> _Stage:
    times = frame_times(speech.duration_s, settings.fps)
    phones, _ = phones_of(speech)
    # Imported cues have no phones; prosody reads those that look alike.
    heard = speech if speech.phones else replace(speech, phones=phones)
    silence = pauses(phones) if phones else [(0.0, speech.duration_s)]
    return _Stage(speech, settings, times, Beats(stresses(heard), phrases(heard)),
                  1.0 - shut_curve(times, silence, speech.duration_s), judge(face), parse_keyframes(keyframes) or speech.keyframes)


def _life(stage: _Stage, driving: MotionTrack | None) -> Sequence[Callable[[], MotionLayer]]:
    """Return builders of the layers that speech does not dictate."""
    wish, times, seed = stage.settings, stage.times_s, stage.settings.seed
    duration = stage.speech.duration_s
    reach = stage.face.turn_share

    driven = driven_parts(driving) if driving is not None else frozenset()

    def prosody() -> MotionLayer:
        return prosody_layer(stage.speech, times, stage.beats, seed=seed, head=0.0 if "head" in driven else wish.head * reach,
                             brows=0.0 if "brows" in driven else wish.brows)

    def blinks() -> MotionLayer:
        return blink_layer(times, wish.fps, plan_blinks(stage.beats, duration, seed=seed, rate=wish.blinks))

    def gaze() -> MotionLayer:
        return gaze_layer(times, duration, seed=seed, strength=wish.gaze)

    def idle() -> MotionLayer:
        return idle_layer(times, seed=seed, strength=wish.idle)

    own_head = not {"head", "brows"} <= driven and not wish.still
    own_eyes = stage.face.eyes_open
    return [*([prosody] if own_head else []), *([blinks] if own_eyes and "eyes" not in driven else []),
            *([gaze] if own_eyes and "gaze" not in driven else []), *([] if wish.still else [idle])]


def _emotion(stage: _Stage) -> MotionLayer:
    wish = stage.settings
    frames = stage.keyframes
    if not frames or frames[0].time_s > 0.0:
        frames = (Keyframe(-1.0, wish.emotion), *frames)
    return emotion_layer(stage.times_s, stage.spoken, frames, seed=wish.seed, strength=wish.emotion_strength,
                         head=0.0 if wish.still else min(1.0, wish.head))


def _resampled(track: MotionTrack, times_s: Curve, name: str) -> MotionLayer:
    """Sample a track's sum at other frame times; before and after it the end values hold."""
    total = track.summed()
    own = frame_times(track.duration_s, track.fps)

    def at(values: np.ndarray) -> np.ndarray:
        columns = [np.interp(times_s, own, values[:, c]) for c in range(values.shape[1])]
        return np.stack(columns, axis=1).astype(np.float32)

    # Contacts and breath belong to this performance, not to the other one.
    return MotionLayer(name, at(total.blendshapes), np.zeros((len(times_s), total.articulation.shape[1]), np.float32),
                       at(total.head_deg), at(total.head_shift), at(total.gaze_deg))


def _base(stage: _Stage, base: MotionTrack) -> MotionLayer:
    layer = _resampled(base, stage.times_s, "base")
    shapes = layer.blendshapes.copy()
    shapes[:, MOUTH] *= (1.0 - (1.0 - SPEAKING_SHARE) * stage.spoken)[:, None].astype(np.float32)
    return _posed(stage, replace(layer, blendshapes=shapes))


def _driving(stage: _Stage, driving: MotionTrack) -> MotionLayer:
    layer = _resampled(driving, stage.times_s, "driving")
    shapes = layer.blendshapes.copy()
    shapes[:, MOUTH] = 0.0
    return _posed(stage, replace(layer, blendshapes=shapes))


def _posed(stage: _Stage, layer: MotionLayer) -> MotionLayer:
    """Take the head movement out where the user wants the head still."""
    if not stage.settings.still:
        return layer
    blank = MotionLayer.zeros(layer.name, len(stage.times_s))
    return replace(layer, head_deg=blank.head_deg, head_shift=blank.head_shift)
