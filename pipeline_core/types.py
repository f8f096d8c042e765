"""The data that flows between steps: pictures, sound and tracks on one time axis.

All are frozen; arrays are made read-only, because ComfyUI hands one object to several nodes.
Sound is the master clock: frame i of a track shows the instant ``start_s + i / fps``.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .arkit import ARTICULATION, BLENDSHAPES
from .errors import ContractError

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
SpeechSource = Literal["tts", "aligned", "acoustic", "imported", "none"]

LANDMARK_COUNT = 478
"""Points of the MediaPipe face mesh with irises (468 surface points + 2 x 5 iris points)."""


def frame_count(duration_s: float, fps: Fraction) -> int:
    """Return the number of frames that cover `duration_s`, so that no sound is cut.

    A surplus below a microsecond is float noise, not sound.
    """
    return max(1, math.ceil(round(duration_s * float(fps), 6)))


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return `array` (or a view of it) with writing disabled."""
    view: npt.NDArray[Any] = np.asarray(array).view()
    view.flags.writeable = False
    return view


def array_sha256(*arrays: npt.NDArray[Any]) -> str:
    """Hash the contents, shapes and dtypes of arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # a copy of a long track would be large
    return digest.hexdigest()


def _freeze(owner: object, **arrays: npt.NDArray[Any] | None) -> None:
    for name, array in arrays.items():
        if array is not None:
            object.__setattr__(owner, name, read_only(array))


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise ContractError(message)


@dataclass(frozen=True, eq=False)
class Portrait:
    """One still picture of a person."""

    image: UInt8Array
    """RGB [shape=(H, W, 3)], upright (EXIF rotation applied)."""
    alpha: UInt8Array | None = None
    """Opacity [shape=(H, W)], or None where the picture is opaque."""
    source: str = "image"
    """Where it came from, for messages: a file name or "image"."""
    sha256: str = field(default="")
    """Hash of the pixels; computed when empty."""
    warnings: tuple[str, ...] = ()
    """What the user should know about the file: an animation, a picture that was reduced."""

    def __post_init__(self) -> None:
        _expect(self.image.ndim == 3 and self.image.shape[2] == 3 and self.image.dtype == np.uint8,
                f"portrait image is {self.image.shape} {self.image.dtype}, not (H, W, 3) uint8")
        if self.alpha is not None:
            _expect(self.alpha.shape == self.image.shape[:2], f"alpha is {self.alpha.shape}")
        _freeze(self, image=self.image, alpha=self.alpha)
        if not self.sha256:
            parts = [self.image] if self.alpha is None else [self.image, self.alpha]
            object.__setattr__(self, "sha256", array_sha256(*parts))

    @property
    def width_px(self) -> int:
        """Width in pixels."""
        return int(self.image.shape[1])

    @property
    def height_px(self) -> int:
        """Height in pixels."""
        return int(self.image.shape[0])


@dataclass(frozen=True)
class MediaFile:
    """A file by path and content, so that a changed source is noticed."""

    path: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Sound:
    """Decoded audio."""

    samples: FloatArray
    """Samples in -1..1 [shape=(C, N)]."""
    rate_hz: int
    warnings: tuple[str, ...] = ()
    """What the user should know about the file: damage, channels that were mixed."""

    def __post_init__(self) -> None:
        _expect(self.samples.ndim == 2 and self.rate_hz > 0,
                f"sound is {self.samples.shape} at {self.rate_hz} Hz, not (C, N) at a positive rate")
        _freeze(self, samples=self.samples.astype(np.float32, copy=False))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.rate_hz)

    @property
    def mono(self) -> FloatArray:
        """Mean of the channels [shape=(N,)]."""
        return np.asarray(self.samples.mean(axis=0), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """Faces found in a photo (T = 1) or in a video (T frames)."""

    width_px: int
    height_px: int
    landmarks_px: FloatArray
    """MediaPipe mesh [shape=(T, F, 478, 3)]: x right, y down, z away from the viewer growing,
    all in pixels of the source; NaN where a face is not seen in a frame."""
    score_ratio: FloatArray
    """Face presence [shape=(T, F)], 0..1; 0 in gaps."""
    face_ids: tuple[int, ...]
    """Stable ids of the F faces, in the order asked for."""
    selected: int = 0
    """Position in `face_ids` of the face that talks."""
    fps: Fraction = Fraction(1)
    portrait: Portrait | None = None
    """The photo itself, where the source is a photo."""
    video: MediaFile | None = None
    """The video file, where the source is a video."""
    warnings: tuple[str, ...] = ()
    found_by: str = ""
    """Id of the back end that found the landmarks; "" where another program did."""
    cuts: tuple[int, ...] = ()
    """Frames that begin a new shot of a video, ascending; never 0."""
    hidden_ratio: FloatArray | None = None
    """Share of the lips that something in front hides, 0..1 [shape=(T, F)]; None where nobody has looked."""

    def __post_init__(self) -> None:
        shape = self.landmarks_px.shape
        _expect(len(shape) == 4 and shape[2:] == (LANDMARK_COUNT, 3), f"landmarks are {shape}")
        _expect(shape[1] == len(self.face_ids) == self.score_ratio.shape[1], "face counts differ")
        _expect(0 <= self.selected < max(1, shape[1]), f"selected={self.selected} of {shape[1]}")
        hidden = self.hidden_ratio
        _expect(hidden is None or hidden.shape == shape[:2], "hidden lips are told of other frames or faces")
        _freeze(self, hidden_ratio=hidden, landmarks_px=self.landmarks_px.astype(np.float32, copy=False),
                score_ratio=self.score_ratio.astype(np.float32, copy=False))

    @property
    def selected_landmarks_px(self) -> FloatArray:
        """Landmarks of the face that talks, in the first frame [shape=(478, 3)]."""
        return np.asarray(self.landmarks_px[0, self.selected])


@dataclass(frozen=True)
class Phone:
    """One speech sound; `ipa` is "" for silence."""

    ipa: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Word:
    """One spoken word."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class VisemeCue:
    """One of the 15 OVR/OpenXR visemes ("sil", "PP", ... "ou") over a stretch of time."""

    viseme: str
    start_s: float
    end_s: float
    weight: float = 1.0


@dataclass(frozen=True)
class Closure:
    """Bilabial contact (p, b, m): from the moment the lips shut to their release."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Keyframe:
    """From `time_s` on the face turns to `emotion`."""

    time_s: float
    emotion: str
    strength: float = 1.0


@dataclass(frozen=True, eq=False)
class SpeechTrack:
    """What is said, when; phones and visemes cover 0..duration_s without gaps or overlaps."""

    duration_s: float
    source: SpeechSource
    """Where the times come from: exact TTS, forced alignment, sound alone, or imported cues."""
    engine: str
    phones: tuple[Phone, ...] = ()
    visemes: tuple[VisemeCue, ...] = ()
    words: tuple[Word, ...] = ()
    closures: tuple[Closure, ...] = ()
    prosody_rate_hz: float = 100.0
    """Rate of `energy` and `pitch_hz`."""
    energy: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    """Loudness relative to the clip's own speech level [shape=(N,)]: 0 silence, 1 typical vowel."""
    pitch_hz: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    """Fundamental frequency [shape=(N,)], 0 where unvoiced."""
    text: str = ""
    sound: Sound | None = None
    """The sound itself, carried along so that the video is not mute when no AUDIO is wired."""
    warnings: tuple[str, ...] = ()
    keyframes: tuple[Keyframe, ...] = ()
    """Emotions over time that were set in the timeline, in order."""

    def __post_init__(self) -> None:
        _expect(self.duration_s > 0, f"speech duration_s={self.duration_s}")
        _expect(self.energy.shape == self.pitch_hz.shape, "energy and pitch differ in length")
        _freeze(self, energy=self.energy.astype(np.float32, copy=False),
                pitch_hz=self.pitch_hz.astype(np.float32, copy=False))


@dataclass(frozen=True, eq=False)
class HeadTrack:
    """What a face does in a clip, as it was measured: nothing is taken off, scaled or filled."""

    fps: Fraction
    expression: FloatArray
    """ARKit order, from 0; 1 is full strength, and a strong performance exceeds it [shape=(T, 52)]."""
    head_deg: FloatArray
    """Yaw, pitch, roll of the head towards the camera, signs as in `MotionLayer.head_deg` [shape=(T, 3)]."""
    head_shift: FloatArray
    """Place of the neck right, down, towards the viewer, in inter-ocular distances [shape=(T, 3)]."""
    gaze_deg: FloatArray
    """Eye in head, right (for the viewer) and up [shape=(T, 2)]."""
    lids_ratio: FloatArray
    """Lid gap over eye width of the left and the right eye [shape=(T, 2)]."""
    lips_ratio: FloatArray
    """Gap between the lips, and width of the mouth, in inter-ocular distances [shape=(T, 2)]."""
    seen: npt.NDArray[np.bool_]
    """Whether the face is seen [shape=(T,)]; elsewhere the values of the nearest frame stand."""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.seen)
        wanted = {"expression": len(BLENDSHAPES), "head_deg": 3, "head_shift": 3, "gaze_deg": 2, "lids_ratio": 2,
                  "lips_ratio": 2}
        for name, width in wanted.items():
            array = getattr(self, name)
            _expect(array.shape == (count, width), f"head track: {name} is {array.shape}, not ({count}, {width})")
            _expect(bool(np.isfinite(array).all()), f"head track: {name} holds values that are not numbers")
            _freeze(self, **{name: array.astype(np.float32, copy=False)})
        _freeze(self, seen=self.seen)


@dataclass(frozen=True, eq=False)
class MotionLayer:
    """One cause of movement; layers add up. All arrays share the time axis of their track."""

    name: str
    """"speech", "prosody", "blinks", "gaze", "idle", "emotion", "driving"."""
    blendshapes: FloatArray
    """ARKit order [shape=(T, 52)]; a layer may be negative, the sum is clipped to 0..1."""
    articulation: FloatArray
    """`arkit.ARTICULATION` channels [shape=(T, 4)]."""
    head_deg: FloatArray
    """Yaw (+ = subject turns to the viewer's right), pitch (+ = chin up), roll
    (+ = clockwise for the viewer), relative to the photo [shape=(T, 3)]."""
    head_shift: FloatArray
    """Translation right, down, towards the viewer, in inter-ocular distances [shape=(T, 3)]."""
    gaze_deg: FloatArray
    """Eye direction right (for the viewer) and up, relative to the photo [shape=(T, 2)]."""

    def __post_init__(self) -> None:
        count = len(self.blendshapes)
        wanted = {"blendshapes": len(BLENDSHAPES), "articulation": len(ARTICULATION), "head_deg": 3,
                  "head_shift": 3, "gaze_deg": 2}
        for name, width in wanted.items():
            array = getattr(self, name)
            _expect(array.shape == (count, width), f"layer {self.name}: {name} is {array.shape}")
            _freeze(self, **{name: array.astype(np.float32, copy=False)})

    @staticmethod
    def zeros(name: str, count: int) -> MotionLayer:
        """Return a layer of `count` frames that moves nothing."""
        # One line of zeros serves all frames: layers hold mostly nothing, and there are several.
        return MotionLayer(name, *(np.broadcast_to(np.zeros((1, n), np.float32), (count, n))
                                   for n in (len(BLENDSHAPES), len(ARTICULATION), 3, 3, 2)))

    def scaled(self, factor: float) -> MotionLayer:
        """Return the layer with every channel multiplied by `factor`."""
        return MotionLayer(self.name, self.blendshapes * factor, self.articulation * factor,
                           self.head_deg * factor, self.head_shift * factor, self.gaze_deg * factor)


@dataclass(frozen=True, eq=False)
class MotionTrack:
    """Everything that moves the face, as separate layers on one time axis."""

    fps: Fraction
    duration_s: float
    layers: tuple[MotionLayer, ...]
    seed: int = 0
    sound: Sound | None = None
    """The sound that the motion belongs to."""
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = frame_count(self.duration_s, self.fps)
        for layer in self.layers:
            _expect(len(layer.blendshapes) == count,
                    f"layer {layer.name} has {len(layer.blendshapes)} frames, not {count}")

    @property
    def frames(self) -> int:
        """Number of frames."""
        return frame_count(self.duration_s, self.fps)

    def without(self, *names: str) -> MotionTrack:
        """Return the track with the named layers muted."""
        return replace(self, layers=tuple(la for la in self.layers if la.name not in names))

    def summed(self) -> MotionLayer:
        """Add all layers up; blendshapes and articulation are clipped to 0..1."""
        blank = MotionLayer.zeros("sum", self.frames)
        add: dict[str, FloatArray] = {name: getattr(blank, name).copy()
               for name in ("blendshapes", "articulation", "head_deg", "head_shift", "gaze_deg")}
        for name, total in add.items():
            for layer in self.layers:
                total += getattr(layer, name)
        for name in ("blendshapes", "articulation"):
            np.clip(add[name], 0.0, 1.0, out=add[name])
        return MotionLayer("sum", **add)
