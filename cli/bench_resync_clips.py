"""The clips of the re-voicing bench: what they say, what they are made to say, and both as streams of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import InputError
from ..pipeline_core.face.detect import DetectSettings
from ..pipeline_core.face.video import detect_video
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import MouthRenderer
from ..pipeline_core.media.audio import load_sound
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.media.image import load_portrait
from ..pipeline_core.media.video import VideoInfo, probe, read_frames
from ..pipeline_core.motion import MotionSettings, generate_motion
from ..pipeline_core.pipeline import AvatarRequest, render_avatar
from ..pipeline_core.render.plan import RenderPlan, frames, plan_render, prepared
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.speech import analyze, synthesize
from ..pipeline_core.types import Closure, FaceTrack, Phone, Sound, SpeechTrack, UInt8Array
from .bench_resync_look import Moment
from .console import LauncherError
from .quality_clip import FPS, subject_of
from .sample import sample_portrait
from .speech_sets.held_out import HARVARD

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".mpg", ".avi")
OLD_TEXT = " ".join(HARVARD[k] for k in (1, 17))
"""What the sample clip says at first."""
LINES = tuple(HARVARD[k] for k in (6, 14, 15, 0, 7, 11, 5, 18))
"""Two to four p, b and m each, with vowels between: where lips are shut most of the time, chance meets every closure."""
SPARE_S = 0.1
"""The new speech ends this long before the clip, so that no frame is repeated."""
SPEED_MAX = 1.3
"""A line that hardly fits a short clip is said faster, up to this."""


@dataclass(frozen=True)
class Source:
    """A clip that is re-voiced."""

    name: str
    path: Path
    info: VideoInfo
    old: SpeechTrack | None
    """What is said in it, exactly or as heard; None where nothing is."""


@dataclass(frozen=True)
class Words:
    """What a clip is made to say."""

    text: str
    speed: float
    sound: Sound
    phones: tuple[Phone, ...]
    closures: tuple[Closure, ...]


@dataclass(frozen=True, eq=False)
class Take:
    """A clip and its re-voiced copy."""

    source: Source
    words: Words
    finished: Path
    encoded: Path
    """The source, encoded with the settings of the result."""
    plan: RenderPlan
    drawn: UInt8Array
    """The frames before encoding, kept on disk [shape=(N, H, W, 3)]."""


def sources(folder: str | None, most: int | None, out: Path, host: Host) -> list[Source]:
    """Return the clips of a folder, or the sample clip.

    Raises
    ------
    LauncherError
        If the folder holds no video.
    """
    if folder is None:
        return [sample_clip(out, host)]
    if not Path(folder).is_dir():
        raise LauncherError(f"--clips {folder} is no folder", hint="Give a folder of videos.")
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)[:most]
    if not paths:
        raise LauncherError(f"--clips {folder} holds no video", hint=f"Videos end with {', '.join(SUFFIXES)}.")
    return [Source(path.stem, path, probe(path), _heard(path, host)) for path in paths]


def sample_clip(out: Path, host: Host, size: tuple[int, int] | None = None, fps: Fraction = FPS) -> Source:
    """Make a talking clip of the sample portrait, with head motion; its words are known exactly."""
    portrait = load_portrait(str(sample_portrait()))
    settings = RenderSettings(*size) if size else RenderSettings()
    picture = portrait if size else subject_of("sample", portrait, host).portrait
    path = out / f"sample{'' if size is None else f'-{size[1]}'}.mp4"
    out.mkdir(parents=True, exist_ok=True)
    render_avatar(AvatarRequest(portrait=picture, out_path=str(path), text=OLD_TEXT, render=settings,
                                motion=MotionSettings(fps=fps)), host)
    return Source(path.stem, path, probe(path), _spoken(OLD_TEXT, 1.0, host)[1])


def _heard(path: Path, host: Host) -> SpeechTrack | None:
    if not probe(path).has_sound:
        return None
    try:
        return analyze(load_sound(path), host=host)
    except InputError:
        return None


def _spoken(text: str, speed: float, host: Host) -> tuple[Sound, SpeechTrack]:
    found: tuple[Sound, SpeechTrack] = shared().get(
        ("resync speech", text, speed), lambda: synthesize(text, speed=speed, host=host))
    return found


def words_for(duration_s: float, number: int, host: Host, lines: Sequence[str] = LINES) -> Words:
    """Return as many lines as fit a clip, another first one for each clip; at least one, said faster where it must be."""
    room_s = duration_s - SPARE_S
    turned = [lines[(number + k) % len(lines)] for k in range(len(lines))]
    said: list[str] = []
    for line in turned:
        if _spoken(" ".join([*said, line]), 1.0, host)[0].duration_s <= room_s:
            said.append(line)
    text, speed = (" ".join(said), 1.0) if said else (turned[0], SPEED_MAX)
    sound, speech = _spoken(text, speed, host)
    return Words(text, speed, sound, speech.phones, speech.closures)


def revoice(source: Source, words: Words, out: Path, host: Host) -> Take:
    """Make a clip say other words, and encode it once more as it is."""
    out.mkdir(parents=True, exist_ok=True)
    finished, encoded = out / f"{source.name}-new.mp4", out / f"{source.name}-same.mp4"
    plan = plan_of(detect_video(source.path, DetectSettings(), host), words, host)
    width, height = plan.size_px
    kept = np.lib.format.open_memmap(drawn_file(source, out), "w+", np.uint8, (plan.frames, height, width, 3))

    def drawn() -> Iterator[UInt8Array]:
        for index, picture in enumerate(frames(plan, 0, None, host)):
            kept[index] = picture[..., :3]
            yield picture

    count = sum(1 for _ in read_frames(source.path))
    for pictures, path, number, sound in ((drawn(), finished, plan.frames, plan.sound),
                                          ((p for _, p in read_frames(source.path)), encoded, count, None)):
        write_video(pictures, path, fps=plan.fps, size=(width, height), count=number, sound=sound,
                    settings=EncodeSettings(), metadata={}, host=host)
    return Take(source, words, finished, encoded, plan, kept)


def drawn_file(source: Source, out: Path) -> Path:
    """Return where `revoice` keeps the frames before they are encoded."""
    return out / f"{source.name}-drawn.npy"


def plan_of(face: FaceTrack, words: Words, host: Host) -> RenderPlan:
    """Return the plan of a re-voiced clip with default settings."""
    speech = _spoken(words.text, words.speed, host)[1]
    motion = generate_motion(speech, MotionSettings(fps=face.fps), face=face, host=host)
    return plan_render(face, motion, RenderSettings())


def moments(take: Take, host: Host) -> Iterator[Moment]:
    """Yield every frame, before and after; ends with the shortest of the streams."""
    renderer, state = prepared(take.plan, host)
    if not isinstance(renderer, MouthRenderer):
        raise LauncherError("what draws on videos has no mask", hint="Use a renderer that draws mouths.")
    start_s = sound_start_s(take.finished)
    order = take.plan.timing.schedule.source
    streams = zip(order, read_frames(take.source.path), take.drawn, read_frames(take.encoded),
                  read_frames(take.finished), strict=False)
    for shown, (_, source), drawn, (_, encoded), (time_s, finished) in streams:
        yield Moment(time_s - start_s, source, np.asarray(drawn), renderer.frame_mask(state, int(shown)), encoded, finished)


def sound_start_s(path: Path) -> float:
    """Return when the sound of a file begins, from its first picture on."""
    with av.open(str(path)) as container:
        starts = [float((stream.start_time or 0) * stream.time_base)
                  for stream in (*container.streams.video[:1], *container.streams.audio[:1]) if stream.time_base]
    return starts[1] - starts[0] if len(starts) == 2 else 0.0


@dataclass(frozen=True)
class Timing:
    """What a file's frames say about time."""

    frames: int
    fps: Fraction
    duration_s: float
    """From the first frame to the end of the last."""
    sound_s: float

    @staticmethod
    def of(path: Path) -> Timing:
        """Decode a file and return its timing."""
        times = np.array([time_s for time_s, _ in read_frames(path)])
        info = probe(path)
        last_s = float(np.median(np.diff(times))) if len(times) > 1 else float(1 / info.fps)
        sound_s = load_sound(path).duration_s if info.has_sound else 0.0
        return Timing(len(times), info.fps, float(times[-1]) + last_s, sound_s)
