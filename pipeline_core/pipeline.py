"""The whole chain in one function: a photo or a video, and a voice, become a video file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from .errors import InputError
from .face.detect import DetectSettings, detect_faces, detect_video
from .face.trust import Stretch
from .host import Host
from .media.audio import load_sound
from .media.encode import ContinueSettings, EncodeSettings, check_video_target, write_video
from .media.files import refuse_own_source
from .media.image import load_portrait
from .motion import MotionSettings, generate_motion
from .render.continuation import continued_clip
from .render.estimate import Estimate, Forecast, estimate
from .render.plan import blend, frames, plan_render, prepared
from .render.rss import peak_rss_mb
from .render.settings import BlendSettings, DubSettings, RenderSettings
from .speech import analyze, synthesize
from .types import FaceTrack, MotionTrack, Portrait, Sound, SpeechTrack

T = TypeVar("T")

LOADING, FINDING, LISTENING, SPEAKING = "Loading the source", "Finding the face", "Listening", "Speaking"
MOVING, FITTING, WRITING = "Planning the motion", "Fitting the head", "Drawing and writing the video"
STAGES = {LOADING: 1.0, FINDING: 3.0, SPEAKING: 8.0, LISTENING: 8.0, MOVING: 1.0, FITTING: 7.0, WRITING: 80.0}
"""What `render_avatar` says to the host in this order, and how long each takes of a hundred, about."""


@dataclass(frozen=True)
class AvatarRequest:
    """Everything a user can say about one video."""

    portrait: str | Portrait | None
    """Path of the photo, or the photo; None where there is a video."""
    out_path: str
    audio: str | Sound | None = None
    """Path of the sound (or video) file, or the sound; or give `text`."""
    text: str = ""
    """What to say with the built-in voice."""
    transcript: str = ""
    """What is said in `audio`, for exact lip times."""
    engine: str = "auto"
    voice: str = "auto"
    speed: float = 1.0
    emotion_keyframes: str = ""
    detect: DetectSettings = field(default_factory=DetectSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    blend: BlendSettings = field(default_factory=BlendSettings)
    encode: EncodeSettings = field(default_factory=EncodeSettings)
    video: str | None = None
    """Path of a video to re-voice, in place of a photo; its frame rate is kept."""
    dub: DubSettings = field(default_factory=DubSettings)
    keep: ContinueSettings = field(default_factory=ContinueSettings)
    """What of a video is copied instead of encoded."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = True
    """Whether a file of that name is replaced; otherwise the next free number is taken."""


@dataclass(frozen=True)
class AvatarResult:
    """What was made, and what it took."""

    out: str
    frames: int
    fps: float
    duration_s: float
    prepare_s: float
    """Loading, detecting and fitting."""
    wall_s: float
    """Everything, encoding included."""
    encode_s: float
    """The encoder alone."""
    peak_rss_mb: float
    """Largest memory of this process so far; 0 where the system does not tell."""
    speech_source: str
    warnings: tuple[str, ...] = ()
    estimate: Estimate | None = None
    """What was expected before the first frame was drawn."""
    drawn_frames: int = 0
    """In how many frames the mouth is new."""
    skipped: tuple[Stretch, ...] = ()
    """What of a video was left as it is, in its own time, and why."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {**asdict(self), "warnings": list(self.warnings),
                "estimate": self.estimate.to_dict() if self.estimate else None}


class _Stopwatch:
    """Adds up the time of the steps that run through it."""

    def __init__(self, host: Host) -> None:
        self.total_s = 0.0
        self._host = host

    def run(self, status: str, step: Callable[[], T]) -> T:
        self._host.status(status)
        began = time.perf_counter()
        try:
            return step()
        finally:
            self.total_s += time.perf_counter() - began


def render_avatar(request: AvatarRequest, host: Host,
                  performed: Callable[[FaceTrack, MotionTrack], None] | None = None) -> AvatarResult:
    """Make the video that `request` describes; `performed` is told face and motion before they are drawn.

    Raises
    ------
    AvatarError
        With a message and a hint, whatever is wrong with the input, the settings or the output.
        No half-written file stays behind.
    """
    check_video_target(request.out_path, request.encode)
    refuse_own_source(request.out_path, request.portrait, request.video, request.audio)
    began = time.perf_counter()
    preparing = _Stopwatch(host)
    face = _face(request, preparing, host)
    host.status(LISTENING if request.audio is not None else SPEAKING)
    sound, speech = _voice(request, host)
    host.status(MOVING)
    motion = generate_motion(speech, request.motion, face=face, keyframes=request.emotion_keyframes, host=host)
    motion = replace(motion, sound=motion.sound or sound)
    if performed is not None:
        performed(face, motion)
    plan = blend(plan_render(face, motion, request.render, request.dub), request.blend)
    sound = plan.sound or sound
    encode = replace(request.encode, alpha=plan.transparent)
    form = encode.format_of(request.out_path)
    preparing.run(FITTING, lambda: prepared(plan, host))
    continued = continued_clip(plan, plan.frames, request.keep, host)
    expected = estimate(plan, encode, host, form=form, sound=sound, continued=continued,
                        folder=os.path.dirname(os.path.abspath(request.out_path)))
    host.status(WRITING)
    host.status(". ".join([expected.text, *expected.warnings]))  # last, so that it stays in sight until frames are counted
    report = write_video(
        frames(plan, 0, None, host), request.out_path, fps=plan.fps, size=plan.size_px, count=plan.frames,
        sound=sound, settings=encode, metadata=request.metadata, host=Forecast(host, plan, encode, form),
        overwrite=request.overwrite, continued=continued,
    )
    return AvatarResult(
        out=os.path.abspath(report.path), frames=report.frames, fps=float(plan.fps),
        duration_s=report.duration_s, prepare_s=preparing.total_s, wall_s=time.perf_counter() - began,
        encode_s=report.encode_s, peak_rss_mb=peak_rss_mb(), speech_source=speech.source,
        warnings=tuple(dict.fromkeys([*plan.warnings, *speech.warnings, *expected.warnings, *report.warnings])),
        estimate=expected, drawn_frames=plan.timing.drawn, skipped=plan.timing.skipped,
    )


def _face(request: AvatarRequest, watch: _Stopwatch, host: Host) -> FaceTrack:
    """Return the face of the photo or of the video."""
    video, source = request.video, request.portrait
    if video is not None:
        return watch.run(FINDING, lambda: detect_video(video, request.detect, host))
    if source is None:
        raise InputError("there is neither a photo nor a video", hint="Give one of them.")
    portrait = watch.run(LOADING, lambda: source if isinstance(source, Portrait) else load_portrait(source))
    return watch.run(FINDING, lambda: detect_faces(portrait, request.detect, host))


def _voice(request: AvatarRequest, host: Host) -> tuple[Sound, SpeechTrack]:
    """Return the sound and what is said in it, from a recording or from text."""
    if request.audio is not None:
        sound = request.audio if isinstance(request.audio, Sound) else load_sound(request.audio, host)
        return sound, analyze(sound, transcript=request.transcript, engine=request.engine, host=host)
    if not request.text.strip():
        raise InputError("there is neither a sound nor a text to speak",
                         hint="Give a sound file, or some text.")
    return synthesize(request.text, voice=request.voice, speed=request.speed, host=host)
