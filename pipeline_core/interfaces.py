"""What each kind of back end offers. A back end's `load` returns one of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .host import Host
from .types import FaceTrack, FloatArray, MotionTrack, Phone, Sound, UInt8Array, Word


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


class Renderer(Protocol):
    """Turns (face, motion) into frames."""

    def prepare(self, face: FaceTrack, settings: Any, host: Host) -> Any:
        """Return everything about the identity that all frames share; cached by the caller."""

    def frames(self, state: Any, motion: MotionTrack, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
        """Yield frames `start` to `stop` - 1 as RGB or RGBA [shape=(H, W, 3 or 4)]."""

    def mask(self, state: Any, motion: MotionTrack) -> UInt8Array:
        """Return 255 wherever any frame of this motion may differ from the source [shape=(H, W)]."""
