"""Several people talk in one picture: each one's plan changes its own part of the same source."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError
from ..face.geometry import face_box, face_width_px
from ..face.territory import owners
from ..host import Host
from ..interfaces import BaseFrame, MouthRenderer, Renderer
from ..lazy import cv2
from ..motion.placement import placed
from ..speech.speakers import mixed
from ..types import FaceTrack, FloatArray, MotionLayer, MotionTrack, Sound, UInt8Array, frame_count
from .dub import Timing
from .dub_sound import dubbed_sound
from .plan import RenderPlan, base_frames, effective_motion, prepared, sized_face
from .settings import DubSettings

SAME_FACE_SHARE = 0.3
"""Faces of two plans whose middles are closer than this share of a face's width are one."""
_SPOKEN = ("speech", "prosody", "driving")
"""Layers that end with the sound; what else moves goes on."""


@dataclass(frozen=True, eq=False)
class JoinedPlan(RenderPlan):
    """Several people over one source. Its own fields are what they share; face and motion are the first one's."""

    people: tuple[RenderPlan, ...] = ()

    @cached_property
    def parts(self) -> tuple[RenderPlan, ...]:
        """One plan for each person that is drawn, with the size and surroundings of the whole."""
        return tuple(RenderPlan(face=replace(person.face, portrait=self.face.portrait), motion=person.motion,
                                settings=replace(self.settings, renderer=person.settings.renderer,
                                                 options=person.settings.options),
                                blend=self.blend, dub=person.dub, warnings=person.warnings) for person in self.people)

    @cached_property
    def timing(self) -> Timing:
        """Which frame of the source each frame shows, and where any mouth is drawn."""
        timings = [part.timing for part in self.parts]
        strength = np.maximum.reduce([timing.schedule.strength for timing in timings])
        return replace(timings[0], schedule=replace(timings[0].schedule, strength=strength))

    @property
    def sound(self) -> Sound | None:
        """What is heard: everybody's sound together, or with ranges of their own each one's line in its place."""
        video, sound = self.face.video, None
        if video is None or not _each_its_own([part.dub for part in self.parts]):
            return super().sound
        for part in self.parts:
            if part.motion.sound is not None:
                sound = dubbed_sound(video, part.motion.sound, part.timing.schedule.spans, self.fps, self.frames, sound)
        return sound

    @property
    def report(self) -> str:
        """What is going to be drawn, person by person."""
        return "\n".join(f"face {part.face.selected}: {part.report}" for part in self.parts)

    def draw(self, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
        """Yield the frames `start` to `stop` - 1: first those who carry their surroundings, then mouths over them."""
        ready = [(part, *prepared(part, host)) for part in self.parts]
        heads = [person for person in ready if not isinstance(person[1], MouthRenderer)]
        shown = (_side_by_side(heads, start, stop, host) if heads
                 else (base.picture for base in base_frames(self.parts[0], start, stop)))
        for part, renderer, state in ready:
            if isinstance(renderer, MouthRenderer):
                shown = renderer.redraw(state, effective_motion(part), _bases(shown, part, start), host)
        for done, picture in enumerate(shown, 1):
            host.progress(done, stop - start)
            yield picture

    def to_json(self) -> str:
        """Return the settings and what they apply to, by hash."""
        return json.dumps({**json.loads(super().to_json()), "people": [json.loads(part.to_json()) for part in self.parts]},
                          sort_keys=True)


def join(plans: Sequence[RenderPlan]) -> JoinedPlan:
    """Return one plan in which the people of several plans talk, or one person says several lines, each in its own range.

    With ranges of their own every line is heard in its place. Otherwise shorter performances are prolonged: the person stays alive and says nothing more. The sound is that of all together.
    Blend settings and background are the first plan's.

    Raises
    ------
    InputError
        If the plans do not show the same source in the same frames, or two of them draw the same face in one frame.
    """
    people = [part for plan in plans for part in plan.parts]
    for number, person in enumerate(people[1:], 2):
        _expect_same_source(people[0], person, number)
    for number, person in enumerate(people):
        if any(_meet(person, other) and _same_face(person.face, other.face) for other in people[:number]):
            raise InputError(f"two renders show the same face, number {person.face.selected}",
                             hint="Give every speaker a Detect Face node of their own, each with another face_index. Lines of one "
                                  "speaker over a video need ranges that do not overlap.")
    duration_s = max(person.motion.duration_s for person in people)
    sounds = [person.motion.sound for person in people if person.motion.sound is not None]
    if not _each_its_own([person.dub for person in people]):
        people = [replace(person, motion=prolonged(person.motion, duration_s)) for person in people]
    first = people[0]
    captioned = any(plan.captions is not None for plan in plans)
    left_out = ("The captions of single renders are left out: put Captions behind Join Renders.",) if captioned else ()
    joined = JoinedPlan(
        face=first.face, motion=replace(first.motion, sound=mixed(sounds) if sounds else None),
        settings=replace(first.settings, focus_px=_middle(people)), blend=first.blend, background=first.background,
        warnings=tuple(dict.fromkeys([*(warning for person in people for warning in person.warnings), *left_out])), dub=first.dub,
        people=tuple(people))
    order = first.timing.schedule.source
    if not all(np.array_equal(part.timing.schedule.source, order) for part in joined.parts):
        raise InputError("the renders do not show the same frames of the video",
                         hint="Use the same length in every Mouth Renderer, and lines that fit into their ranges.")
    return joined


def prolonged(motion: MotionTrack, duration_s: float) -> MotionTrack:
    """Return a motion that goes on until `duration_s`: speech comes to rest, everything else runs back and forth."""
    count = frame_count(duration_s, motion.fps)
    if count <= motion.frames:
        return motion
    silent = placed(replace(motion, layers=tuple(la for la in motion.layers if la.name in _SPOKEN)), 0, count)
    after = {layer.name: layer for layer in silent.layers}
    layers = tuple(after.get(layer.name) or _back_and_forth(layer, count) for layer in motion.layers)
    return replace(motion, duration_s=duration_s, layers=layers)


def _back_and_forth(layer: MotionLayer, count: int) -> MotionLayer:
    at = np.pad(np.arange(len(layer.blendshapes)), (0, count - len(layer.blendshapes)), mode="reflect")
    return MotionLayer(layer.name, layer.blendshapes[at], layer.articulation[at], layer.head_deg[at], layer.head_shift[at],
                       layer.gaze_deg[at])


def _expect_same_source(first: RenderPlan, other: RenderPlan, number: int) -> None:
    hint = "Connect the renders of one photo or video, with the same size and frame rate."
    pictures = [plan.face.video.sha256 if plan.face.video else plan.face.portrait.sha256 if plan.face.portrait else ""
                for plan in (first, other)]
    if pictures[0] != pictures[1]:
        raise InputError(f"render {number} shows another photo or video than the first one", hint=hint)
    for what, one, two in (("frames per second", float(first.fps), float(other.fps)),
                           ("px", first.size_px, other.size_px)):
        if one != two:
            raise InputError(f"render {number} has {two} {what}, the first one {one}", hint=hint)
    if first.replacement is not None or other.replacement is not None:
        raise InputError("a render holds replaced frames, which show everybody already",
                         hint="Join the renders first, and connect replacement behind that.")


def _each_its_own(dubs: Sequence[DubSettings]) -> bool:
    """Tell whether lines have places of their own."""
    return len({dub.parsed_ranges for dub in dubs}) > 1


def _meet(one: RenderPlan, two: RenderPlan) -> bool:
    """Tell whether there is a frame in which both draw."""
    strengths = [plan.timing.schedule.strength for plan in (one, two)]
    count = min(map(len, strengths))
    return bool((strengths[0][:count] * strengths[1][:count]).any())


def _same_face(one: FaceTrack, two: FaceTrack) -> bool:
    """Tell whether two tracks of one source mean the same face, by where it is when both see it."""
    places = [track.landmarks_px[:, track.selected] for track in (one, two)]
    both = np.flatnonzero(np.isfinite(places[0]).all(axis=(1, 2)) & np.isfinite(places[1]).all(axis=(1, 2)))
    if not len(both):
        return False
    apart = np.linalg.norm(places[0][both, :, :2].mean(axis=1) - places[1][both, :, :2].mean(axis=1), axis=1)
    return float(np.median(apart)) < SAME_FACE_SHARE * face_width_px(places[0][both[0]])


def _middle(people: Sequence[RenderPlan]) -> tuple[float, float] | None:
    """Return what a crop of the photo is centred on: the middle of all who talk."""
    if people[0].face.portrait is None:
        return None
    boxes = np.asarray([face_box(person.face.selected_landmarks_px) for person in people])
    return float((boxes[:, 0].min() + boxes[:, 2].max()) / 2), float((boxes[:, 1].min() + boxes[:, 3].max()) / 2)


def _bases(pictures: Iterable[UInt8Array], part: RenderPlan, start: int) -> Iterator[BaseFrame]:
    schedule = part.timing.schedule
    for number, picture in enumerate(pictures, start):
        yield BaseFrame(number, int(schedule.source[number]), picture, float(schedule.strength[number]))


def _side_by_side(heads: Sequence[tuple[RenderPlan, Renderer, Any]], start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
    """Put together what several renderers draw of one photo: each pixel is that of the nearest person's renderer.

    There is no seam, because renderers that move surroundings leave those that are nearer to another face at rest.
    """
    streams = [renderer.frames(state, effective_motion(part), start, stop, host) for part, renderer, state in heads]
    owner = owners(*heads[0][0].size_px, [_landmarks(part) for part, _, _ in heads])
    for pictures in zip(*streams, strict=True):
        whole = pictures[0].copy()
        for number, picture in enumerate(pictures[1:], 1):
            cv2.copyTo(picture, np.asarray(owner == number, np.uint8), whole)
        yield whole


def _landmarks(part: RenderPlan) -> FloatArray:
    return sized_face(part).selected_landmarks_px
