"""A sound meets a source: which frames there are, what is heard, and what the user should know about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..arkit import INDEX
from ..cache import shared
from ..errors import InputError, NoFaceFound, SettingError
from ..face.trust import Stretch, skipped_lines, trust
from ..registry import Backend, backends, resolve
from ..speech.speakers import heard_share
from ..types import FaceTrack, MotionTrack, Sound, array_sha256
from .dub_sound import dubbed_sound, own_sound, sound_until
from .schedule import Schedule, make_schedule
from .settings import DubSettings, RenderSettings

_MISMATCH_S = 0.1
"""A difference between sound and picture that nobody has to be told about."""


def renderer_for(face: FaceTrack, id: str) -> Backend:
    """Return the renderer of that id; "auto" is the preferred one that draws from this kind of source.

    Raises
    ------
    InputError
        If the renderer needs another kind of source.
    UnknownBackend, MissingDependency, MissingWeights
        If it cannot run.
    """
    kind = "video" if face.portrait is None else "photo"
    known = [backend for backend in backends("renderer") if _draws_from(backend, kind)]
    if id == "auto" and known:
        id = next((backend.id for backend in known if backend.is_available()), known[0].id)
    backend = resolve("renderer", id)
    if not _draws_from(backend, kind):
        others = f" Or choose the renderer {known[0].id!r}." if known else ""
        raise InputError(f"{backend.title} does not draw from a {kind}",
                         hint=f"Use a {'video' if kind == 'photo' else 'photo, or one frame of the video'}.{others}")
    return backend


def _draws_from(backend: Backend, kind: str) -> bool:
    return kind in str(backend.capabilities.get("needs", "photo"))


def expect_face(face: FaceTrack, settings: RenderSettings) -> None:
    """Refuse a track that never shows a face, and a size that a video does not have.

    Raises
    ------
    NoFaceFound, SettingError
    """
    what = "picture" if face.video is None else "video"
    if not face.face_ids or not np.isfinite(face.landmarks_px[:, face.selected]).all(axis=(1, 2)).any():
        raise NoFaceFound(f"the {what} holds no face to animate", hint=f"Choose a {what} that shows a face from the front.")
    wanted = settings.width_px or face.width_px, settings.height_px or face.height_px
    if face.video is not None and wanted != (face.width_px, face.height_px):
        raise SettingError(f"a video is drawn in its own size, {face.width_px} x {face.height_px}, not in {wanted[0]} x {wanted[1]}",
                           hint="Set width and height to 0, and scale the video before or after.")


def face_sha256(face: FaceTrack) -> str:
    """Hash what a renderer can know about a face: its picture and its landmarks."""
    picture = face.portrait.sha256 if face.portrait else face.video.sha256 if face.video else ""
    return picture + array_sha256(face.landmarks_px, np.array([face.selected]))


@dataclass(frozen=True, eq=False)
class Timing:
    """How a motion lies over a source."""

    schedule: Schedule
    skipped: tuple[Stretch, ...] = ()
    """What of the video is left as it is, in its own time."""

    @property
    def drawn(self) -> int:
        """In how many frames the mouth is new."""
        return int((self.schedule.strength > 0).sum())


def timing_of(face: FaceTrack, motion: MotionTrack, settings: DubSettings) -> Timing:
    """Return the order of frames; a photo is shown for as long as the motion lasts."""
    if face.video is None:
        return Timing(make_schedule(motion.frames, motion.fps, np.ones(1, np.float32), DubSettings(length="hold")))
    hidden = "" if face.hidden_ratio is None else array_sha256(face.hidden_ratio)
    judged = shared().get(("trust", face_sha256(face), hidden), lambda: trust(face))
    schedule = make_schedule(motion.frames, motion.fps, judged.strength, settings)
    if settings.silent_mouth == "own" and motion.sound is not None:
        said = heard_share(motion.sound, motion.fps, schedule.first, schedule.frames)
        schedule = replace(schedule, strength=schedule.strength * said)
    return Timing(schedule, judged.skipped)


def showcase(motion: MotionTrack, schedule: Schedule) -> int:
    """Return the frame to show as a preview: of those that are drawn in full, the one with the widest open mouth."""
    jaw = motion.summed().blendshapes[:schedule.frames, INDEX["jawOpen"]]
    return int(np.argmax(schedule.strength * (1.0 + jaw)))


def heard(face: FaceTrack, motion: MotionTrack, settings: DubSettings, schedule: Schedule) -> Sound | None:
    """Return the sound of the result, None where there is none.

    With ranges it is the video's own, with the line in its place; else the line alone. A motion that
    comes without sound leaves the video its own.
    """
    if face.video is None:
        return motion.sound
    if motion.sound is not None and settings.parsed_ranges:
        return dubbed_sound(face.video, motion.sound, schedule.spans, motion.fps, schedule.frames)
    sound = motion.sound or own_sound(face.video)
    return None if sound is None else sound_until(sound, schedule.frames / motion.fps)


def notes(face: FaceTrack, motion: MotionTrack, settings: DubSettings, timing: Timing) -> tuple[str, ...]:
    """Return what the user should know: how lengths were brought together, and where nothing is drawn."""
    if face.video is None:
        return ()
    found = [_length_note(len(face.landmarks_px), motion, settings, timing.schedule), *skipped_lines(timing.skipped),
             "" if timing.drawn else "the mouth is drawn nowhere: all frames stay as they are"]
    return tuple(note for note in found if note)


def _length_note(held: int, motion: MotionTrack, settings: DubSettings, schedule: Schedule) -> str:
    sound_s, video_s = motion.duration_s, float(held / motion.fps)
    if settings.parsed_ranges:
        return _range_note(motion, settings, schedule)
    if abs(sound_s - video_s) < _MISMATCH_S:
        return ""
    both = f"the sound lasts {sound_s:.2f} s, the video {video_s:.2f} s: "
    if sound_s > video_s:
        return both + {"cut_off": "the sound is cut", "loop": "the video begins again", "hold": "its last frame stays",
                       "remap": "the video runs slower"}.get(settings.length, "the video goes on backwards")
    return both + {"pad_silence": "silence follows", "remap": "the video runs faster"}.get(settings.length, "the video is cut")


def _range_note(motion: MotionTrack, settings: DubSettings, schedule: Schedule) -> str:
    asked_s, begin_s = settings.parsed_ranges[-1][1], float(schedule.first / motion.fps)
    end_s = begin_s + motion.duration_s
    if end_s <= asked_s + _MISMATCH_S:
        several = len(schedule.spans) > 1 and schedule.spoken > schedule.spans[0][1]
        return "between the ranges the new sound is not heard" if several else ""
    over = f"the sound needs {begin_s:.2f} to {end_s:.2f} s, the ranges end at {asked_s:.2f} s: "
    return over + ("it is cut" if settings.length == "cut_off" else "the last one is made longer")


def report(face: FaceTrack, motion: MotionTrack, timing: Timing, warnings: tuple[str, ...]) -> str:
    """Say in plain text what is going to be drawn, what is left as it is, and why."""
    schedule, fps = timing.schedule, Fraction(motion.fps)
    source = face.portrait.source if face.portrait else Path(face.video.path).name if face.video else "picture"
    lines = [f"{source}: {schedule.frames} frames at {float(fps):g} fps ({float(schedule.frames / fps):.2f} s), "
             f"the mouth is drawn in {timing.drawn} of them"]
    lines += [f"left as it is, {line}" for line in skipped_lines(timing.skipped, limit=100)]
    return "\n".join([*lines, *(f"warning: {text}" for text in warnings)])
