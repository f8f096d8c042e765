"""What each kind of back end offers. A back end's `load` returns one of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .host import Host
from .types import FaceTrack, FloatArray, HeadTrack, MotionTrack, Phone, Sound, UInt8Array, Word


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """One face in one picture."""

    landmarks_px: FloatArray
    """MediaPipe mesh in pixels [shape=(478, 3)]."""
    score_ratio: float


class Landmarker(Protocol):
    """Finds faces and their 478 landmarks."""

    def detect(self, images: Sequence[UInt8Array], host: Host) -> list[list[DetectedFace]]:
        """Return the faces of each RGB picture, the surest first."""


@runtime_checkable
class Follower(Protocol):
    """What a landmarker may offer besides: it finds known faces again without searching."""

    def follow(self, image: UInt8Array, faces: Sequence[DetectedFace], host: Host) -> list[DetectedFace]:
        """Return where the faces of a neighbouring picture are in this one; a lost one has a low score."""


@dataclass(frozen=True, eq=False)
class Recognition:
    """Phones (contiguous, silence included) and words of a sound."""

    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    warnings: tuple[str, ...] = ()
    """What the user should know: words of the text that nobody says, speech that is not in it."""
    contact: FloatArray | None = None
    """How surely the lips touch, 0..1, 100 values a second [shape=(T,)]; None where nobody listened."""


class SpeechEngine(Protocol):
    """Finds the phones of a recording, with or without its transcript."""

    def recognize(self, sound: Sound, transcript: str, host: Host) -> Recognition:
        """Return phones over the whole sound; an empty transcript means sound alone."""


class Voice(Protocol):
    """Turns text into speech with known phone times."""

    def speak(self, text: str, speed: float, host: Host) -> tuple[Sound, Recognition]:
        """Return the sound and what is said when."""


class Tracker(Protocol):
    """Measures what the selected face of a clip does."""

    def track(self, face: FaceTrack, host: Host) -> HeadTrack:
        """Return head, eyes and expression of every frame."""


class Renderer(Protocol):
    """Turns (face, motion) into frames."""

    def prepare(self, face: FaceTrack, settings: Any, host: Host) -> Any:
        """Return everything about the identity that all frames share; cached by the caller."""

    def frames(self, state: Any, motion: MotionTrack, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
        """Yield frames `start` to `stop` - 1 as RGB or RGBA [shape=(H, W, 3 or 4)]."""

    def mask(self, state: Any, motion: MotionTrack) -> UInt8Array:
        """Return 255 wherever any frame of this motion may differ from the source [shape=(H, W)]."""


@dataclass(frozen=True, eq=False)
class BaseFrame:
    """A finished picture that a mouth is drawn on."""

    number: int
    """Frame of the plan; the motion's is min(number, motion.frames - 1)."""
    source: int
    """Frame of the FaceTrack that it shows; 0 for a photo."""
    picture: UInt8Array
    """RGB or RGBA [shape=(H, W, 3 or 4)], never changed in place."""
    strength: float
    """0 leaves the picture as it is (it is handed on itself), 1 draws the new mouth in full; fades between."""


@runtime_checkable
class MouthRenderer(Protocol):
    """Draws on top of base frames: the frames of a video, or a photo again and again."""

    def prepare(self, face: FaceTrack, settings: Any, host: Host) -> Any:
        """Return everything about the identity that all frames share; cached by the caller."""

    def redraw(self, state: Any, motion: MotionTrack, bases: Iterable[BaseFrame], host: Host) -> Iterator[UInt8Array]:
        """Yield one finished picture per base, lazily and the same ones for any part of the bases."""

    def mask(self, state: Any, motion: MotionTrack) -> UInt8Array:
        """Return 255 wherever any frame may differ from its picture [shape=(H, W)]."""

    def frame_mask(self, state: Any, source: int) -> UInt8Array:
        """Return 255 where `redraw` may differ from the picture, in one frame of the source [shape=(H, W)]."""
