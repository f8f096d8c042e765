"""One clip of the quality bench: frame a face, render a sentence, decode the file, measure it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import NoFaceFound
from ..pipeline_core.face.choice import DetectSettings, landmarker_of
from ..pipeline_core.face.detect import detect_faces
from ..pipeline_core.host import Host
from ..pipeline_core.media.encode import EncodeSettings, write_video
from ..pipeline_core.media.image import crop_resize, portrait_from_array
from ..pipeline_core.media.video import read_frames
from ..pipeline_core.motion import MotionSettings, generate_motion
from ..pipeline_core.pipeline import AvatarRequest, render_avatar
from ..pipeline_core.render.plan import frames, mask, plan_render
from ..pipeline_core.render.settings import RenderSettings
from ..pipeline_core.scoring import life, lips, look, offset
from ..pipeline_core.scoring.identity import Embedder, IdentityScore, identity_distances
from ..pipeline_core.scoring.landmarks import MESH_478, Detector, Points
from ..pipeline_core.speech import synthesize
from ..pipeline_core.types import FaceTrack, Phone, Portrait, Sound, SpeechTrack, UInt8Array

SOURCES = ("tts", "aligned", "acoustic")
"""Where lip times come from: the synthesiser, the sound with its transcript, the sound alone."""
FPS = Fraction(25)
SIDE_PX = 640
FACE_SHARE = 0.37
"""Width of the face in the frame: about 235 px, what the performance target is set for."""
SHARP_EVERY, IDENTITY_EVERY = 5, 8
"""Frames between two that are looked at for sharpness and identity."""
STILL_FRAMES = 25
PAUSE_MIN_S, PAUSE_EDGE_S = 0.35, 0.15
"""A pause is judged where it is this long, without the time the lips need to shut and open."""
PASTE_LEVELS = 50.0
"""Step of the hard paste; on a textured photo 25 levels are hardly more than the photo's own edges."""
REACH_ACROSS, REACH_UP, REACH_DOWN = 1.0, 0.8, 0.9
"""Head and neck, from the middle, top and bottom of the face landmarks, in face widths."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One face, framed as a talking head."""

    name: str
    portrait: Portrait
    face: FaceTrack


@dataclass(frozen=True, eq=False)
class ClipReport:
    """What one rendered sentence measures."""

    subject: str
    sentence: str
    path: Path
    lips: lips.LipClip
    offset: offset.Offset
    identity: IdentityScore
    sharpness: float
    """Of the face, over that of the photo when the photo itself is encoded as a video; median over frames.
    An encoder adds edges of its own to soft pictures: up to 1.75 times the photo's measure at crf 18."""
    plain_sharpness: float
    """The same over the photo as it is."""
    pause_shut: float
    """Share of the frames in pauses with a shut mouth; NaN without pauses."""
    blinks: life.Blinks
    landmarks: tuple[Points | None, ...]


@dataclass(frozen=True)
class StillReport:
    """How a still head sits in its photo, before encoding."""

    subject: str
    seam: float
    """Mean over frames."""
    pasted: float
    """The same measure for a hard paste: the control."""
    stray_px: int
    """Pixels outside the mask that are no exact copies of the photo; the worst frame."""
    beyond_px: int
    """Pixels of the mask outside the head-and-neck region."""


@dataclass(frozen=True)
class LifeReport:
    """A minute with default settings."""

    subject: str
    yaw_rms_deg: float
    pitch_rms_deg: float
    blinks: life.Blinks
    """By 478-point landmarks."""
    judged_blinks: life.Blinks
    """By the judge, whose landmarks do not follow the lids of every face."""
    frozen_s: int
    jitter: float
    """In pauses, 478-point landmarks, thousandths of the inter-ocular distance."""


def subject_of(name: str, portrait: Portrait, host: Host) -> Subject:
    """Cut a square around the largest face, scaled to the size of the bench.

    Raises
    ------
    NoFaceFound
        If there is none.
    """
    found = detect_faces(portrait, DetectSettings(), host).selected_landmarks_px
    side = min(round(float(np.ptp(found[:, 0])) / FACE_SHARE), portrait.width_px, portrait.height_px)
    middle = 0.5 * (found[:, :2].min(axis=0) + found[:, :2].max(axis=0))
    limits = (portrait.width_px - side, portrait.height_px - side)
    left, top = (int(np.clip(round(c - side / 2), 0, limit)) for c, limit in zip(middle, limits, strict=True))
    cut = portrait_from_array(np.ascontiguousarray(portrait.image[top : top + side, left : left + side]), name)
    framed, _ = crop_resize(cut, SIDE_PX, SIDE_PX, (side / 2, side / 2))
    return Subject(name, framed, detect_faces(framed, DetectSettings(), host))


def spoken(text: str, host: Host) -> tuple[Sound, SpeechTrack]:
    """Return a sentence and its exact times; each is spoken once."""
    found: tuple[Sound, SpeechTrack] = shared().get(("quality speech", text), lambda: synthesize(text, host=host))
    return found


def request_for(subject: Subject, text: str, source: str, out: Path, host: Host) -> AvatarRequest:
    """Return what to render so that the lips get their times from `source`."""
    plain = AvatarRequest(portrait=subject.portrait, out_path=str(out), motion=MotionSettings(fps=FPS))
    if source == "tts":
        return dataclasses.replace(plain, text=text)
    return dataclasses.replace(plain, audio=spoken(text, host)[0], transcript=text if source == "aligned" else "")


def measure_clip(subject: Subject, text: str, source: str, folder: Path, detector: Detector, embed: Embedder,
                 host: Host) -> ClipReport:
    """Render one sentence and measure the file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{source}-{subject.name}-{''.join(c if c.isalnum() else '_' for c in text[:24].lower())}"
    path = folder / f"{name}.mp4"
    render_avatar(request_for(subject, text, source, path, host), host)
    return measure_file(path, subject, text, spoken(text, host)[1], detector, embed, host)


def measure_file(path: Path, subject: Subject, text: str, truth: SpeechTrack, detector: Detector,
                 embed: Embedder, host: Host) -> ClipReport:
    """Decode a clip and measure it against its photo and the true times of what is said."""
    photo = subject.portrait.image
    times, landmarks, sharp = [], [], []
    own, encoded = encoded_sharpness(subject, path.parent, host)
    for index, (time_s, frame) in enumerate(read_frames(path)):
        points = detector(frame)
        times.append(time_s)
        landmarks.append(points)
        if index % SHARP_EVERY == 0 and points is not None:
            region = look.face_region(_shown(subject, points, landmarks[0]), frame.shape)
            sharp.append(look.sharpness(frame, region))
    if not any(points is not None for points in landmarks):
        raise NoFaceFound(f"the judge sees no face in {path.name}", hint="Leave this face out.")
    clip = lips.lip_clip(times, landmarks, truth.phones, truth.closures, f"{subject.name}: {text[:20]}")
    some = (frame for index, (_, frame) in enumerate(read_frames(path)) if index % IDENTITY_EVERY == 0)
    return ClipReport(
        subject.name, text, path, clip, offset.measure_offset(clip), identity_distances(photo, some, embed),
        float(np.median(sharp)) / encoded, float(np.median(sharp)) / own, _pause_shut(clip), life.find_blinks(clip.times_s, landmarks), tuple(landmarks),
    )


def encoded_sharpness(subject: Subject, folder: Path, host: Host) -> tuple[float, float]:
    """Return the sharpness of the photo's face, as it is and after a second as a video."""
    photo = subject.portrait.image
    region = look.face_region(subject.face.selected_landmarks_px, photo.shape)

    def measure() -> float:
        path = folder / f"photo-{subject.name}.mp4"
        write_video(iter([photo] * STILL_FRAMES), path, fps=FPS, size=(SIDE_PX, SIDE_PX), count=STILL_FRAMES,
                    sound=None, settings=EncodeSettings(), metadata={}, host=host)
        return float(np.median([look.sharpness(frame, region) for _, frame in read_frames(path)]))

    return look.sharpness(photo, region), shared().get(("quality photo", subject.portrait.sha256), measure)


def _shown(subject: Subject, points: Points, first: Points | None) -> npt.NDArray[Any]:
    """Return the photo's own landmarks moved along with the head: the same region of skin in every frame."""
    base = subject.face.selected_landmarks_px[:, :2]
    return base if first is None else base + (np.asarray(points) - first).mean(axis=0)


def pauses_of(phones: Sequence[Phone]) -> list[tuple[float, float]]:
    """Return the inner parts of the pauses that are long enough to be judged."""
    return [(p.start_s + PAUSE_EDGE_S, p.end_s - PAUSE_EDGE_S) for p in phones
            if not p.ipa and p.end_s - p.start_s >= PAUSE_MIN_S]


def within(times_s: npt.NDArray[np.float64], spans: Sequence[tuple[float, float]]) -> npt.NDArray[np.bool_]:
    """Tell which instants lie in any of the spans."""
    return np.array([any(low <= t <= high for low, high in spans) for t in times_s], dtype=bool)


def _pause_shut(clip: lips.LipClip) -> float:
    quiet = within(clip.times_s, pauses_of(clip.phones))
    return float(clip.shut[quiet].mean()) if quiet.any() else float("nan")


def measure_still(subject: Subject, text: str, host: Host, every: int = 4) -> StillReport:
    """Draw a sentence with a still head and compare with the photo, before encoding."""
    motion = generate_motion(spoken(text, host)[1], MotionSettings(fps=FPS, still=True), face=subject.face, host=host)
    plan = plan_render(subject.face, motion, RenderSettings())
    photo, area = subject.portrait.image, mask(plan, host)
    drawn = [next(frames(plan, i, i + 1, host)) for i in range(0, plan.frames, every)]
    pasted = look.seam(look.hard_paste(photo, _mouth_box(subject), PASTE_LEVELS), photo)
    return StillReport(
        subject.name, float(np.mean([look.seam(f, photo) for f in drawn])), pasted,
        max(look.changed_outside(f, photo, area) for f in drawn),
        int(np.count_nonzero((area > 0) & ~head_and_neck(subject))),
    )


def _mouth_box(subject: Subject) -> npt.NDArray[np.bool_]:
    """Return True in the rectangle that a careless lip-sync would paste [shape=(H, W)]."""
    points = subject.face.selected_landmarks_px[:, :2]
    mouth, half = points[list(MESH_478.mouth_corners)].mean(axis=0), 0.22 * float(np.ptp(points[:, 0]))
    box = np.zeros(subject.portrait.image.shape[:2], bool)
    (left, top), (right, bottom) = np.round(mouth - half).astype(int), np.round(mouth + half).astype(int)
    box[max(0, top) : bottom, max(0, left) : right] = True
    return box


def head_and_neck(subject: Subject) -> npt.NDArray[np.bool_]:
    """Return True where the head and the neck can be, by the face's landmarks [shape=(H, W)]."""
    points = subject.face.selected_landmarks_px[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    width, middle = float(high[0] - low[0]), float(low[0] + high[0]) / 2
    rows, columns = np.indices(subject.portrait.image.shape[:2])
    return np.asarray((np.abs(columns - middle) <= REACH_ACROSS * width)
                      & (rows >= low[1] - REACH_UP * width) & (rows <= high[1] + REACH_DOWN * width))


def measure_life(subject: Subject, text: str, folder: Path, detector: Detector, host: Host) -> LifeReport:
    """Render a long text with default settings and measure what moves besides the mouth."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"life-{subject.name}.mp4"
    render_avatar(request_for(subject, text, "tts", path, host), host)
    mesh = landmarker_of(DetectSettings())
    times, judged, meshed = [], [], []
    for time_s, frame in read_frames(path):
        times.append(time_s)
        judged.append(detector(frame))
        found = mesh.detect([frame], host)[0]
        meshed.append(found[0].landmarks_px if found else None)
    at = np.array(times)
    turns = life.head_turns_deg(meshed)
    quiet = within(at, pauses_of(spoken(text, host)[1].phones))
    yaw, pitch = np.sqrt((turns[:, :2] ** 2).mean(axis=0))
    return LifeReport(subject.name, float(yaw), float(pitch), life.find_blinks(at, meshed),
                      life.find_blinks(at, judged), life.frozen_seconds(_faces(path, subject)), life.trembling(meshed, quiet))


def _faces(path: Path, subject: Subject) -> Iterator[tuple[float, UInt8Array]]:
    points = subject.face.selected_landmarks_px[:, :2].astype(int)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    for time_s, frame in read_frames(path):
        yield time_s, frame[max(0, top) : bottom, max(0, left) : right]
