"""The lazy plan: what to draw, evaluated frame by frame when somebody asks.

A plan holds settings, tracks and references to stills and files, never frames or prepared state:
that lives in the cache under `RenderPlan.state_key` and is made again when it was dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from ..blas import one_blas_thread
from ..cache import shared
from ..errors import InputError, SettingError
from ..face.trust import bridged
from ..host import Host
from ..interfaces import BaseFrame, MouthRenderer, Renderer
from ..lazy import cv2
from ..media.image import crop_resize, over
from ..media.video import verify_unchanged
from ..motion.placement import placed, retimed
from ..registry import Backend
from ..types import FaceTrack, MotionTrack, Sound, UInt8Array
from .backdrop import backdrops
from .captions import Captions, captioned
from .clip_frames import clip_pictures
from .dub import Timing, expect_face, face_sha256, heard, notes, renderer_for, showcase, timing_of
from .dub import report as dub_report
from .matte import continued, matted
from .pictures import Pictures, frames_of, holds_opacity, numbered_frames, size_of
from .replacement import check_replacement, is_numbered
from .settings import BlendSettings, DubSettings, RenderSettings
from .size import MAX_SOURCE_SIDE_PX, drawn_size, source_size


@dataclass(frozen=True, eq=False)
class RenderPlan:
    """A specification of frames."""

    face: FaceTrack
    motion: MotionTrack
    settings: RenderSettings = field(default_factory=RenderSettings)
    blend: BlendSettings = field(default_factory=BlendSettings)
    background: Pictures | None = None
    """Seen through transparent parts, where `blend.background` is "source" or "blur"."""
    replacement: Pictures | None = None
    """Frames to take instead of the drawn ones: an upscaler's or restorer's result."""
    warnings: tuple[str, ...] = ()
    dub: DubSettings = field(default_factory=DubSettings)
    """How the sound is laid over a video."""
    captions: Captions | None = None
    """Words that are written into the frames."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the frames."""
        return size_of(self.replacement) if self.replacement is not None else drawn_size(self.face, self.settings)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.timing.schedule.frames

    @cached_property
    def timing(self) -> Timing:
        """Which frame of the source each frame shows, and how strongly the mouth is drawn there."""
        return timing_of(self.face, self.motion, self.dub)

    @property
    def fps(self) -> Fraction:
        """Frame rate."""
        return self.motion.fps

    @property
    def has_opacity(self) -> bool:
        """Whether the person is cut out: the source is transparent around them."""
        if self.face.video is not None:
            return holds_opacity(self.face.video)
        return self.face.portrait is not None and self.face.portrait.alpha is not None

    @property
    def shows_backdrop(self) -> bool:
        """Whether something else than the photo's own background is behind the person."""
        return self.background is not None or self.blend.background in ("color", "blur")

    @property
    def transparent(self) -> bool:
        """Whether the frames are RGBA."""
        given = self.replacement is not None and holds_opacity(self.replacement)
        return (self.has_opacity or given) and not self.shows_backdrop

    @property
    def sound(self) -> Sound | None:
        """What is heard: the sound of the motion, with ranges within the video's own."""
        return heard(self.face, self.motion, self.dub, self.timing.schedule)

    @property
    def report(self) -> str:
        """What is going to be drawn, what is left as it is and why, in plain text."""
        return dub_report(self.face, self.motion, self.timing, self.warnings)

    @property
    def renderer_settings(self) -> RenderSettings:
        """The settings as the renderer sees them: real size, real id, blend options included."""
        width, height = drawn_size(self.face, self.settings)
        return replace(self.settings, width_px=width, height_px=height, renderer=self.backend.id,
                       options={**self.settings.options, **self.blend.renderer_options()})

    @property
    def backend(self) -> Backend:
        """The renderer that draws this plan."""
        return renderer_for(self.face, self.settings.renderer)

    @property
    def showcase(self) -> int:
        """The frame to show as a preview: of those that are drawn, the one with the widest open mouth."""
        return showcase(effective_motion(self), self.timing.schedule)

    @property
    def parts(self) -> tuple[RenderPlan, ...]:
        """One plan for each person that is drawn."""
        return (self,)

    def draw(self, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
        """Yield what is drawn in frames `start` to `stop` - 1, without what is seen behind a person who is cut out."""
        return _drawn(self, start, stop, host)

    def untouched_spans(self) -> list[tuple[int, int, int]]:
        """Return (start, stop, source_start) of the stretches that show a video one for one, unchanged.

        Output frames `start` to `stop` - 1 are frames `source_start`, `source_start` + 1, ... of the face
        track: those of the file, where its rate is constant.
        """
        if self.face.video is None or self.shows_backdrop or self.replacement is not None or self.captions is not None:
            return []
        return self.timing.schedule.untouched()

    @property
    def state_key(self) -> tuple[str, ...]:
        """Key of the prepared state: everything about the identity, nothing about the motion."""
        settings = self.renderer_settings
        return ("prepared", settings.renderer, face_sha256(self.face),
                json.dumps(settings.to_dict(), sort_keys=True))

    def to_json(self) -> str:
        """Return the settings and what they apply to, by hash."""
        return json.dumps({
            "settings": self.settings.to_dict(), "blend": vars(self.blend), "dub": vars(self.dub),
            "renderer": self.backend.id,
            "face_sha256": face_sha256(self.face), "fps": str(self.fps), "frames": self.frames,
            "layers": [layer.name for layer in self.motion.layers], "seed": self.motion.seed,
            "captions": None if self.captions is None else asdict(self.captions),
        }, sort_keys=True)


def plan_render(face: FaceTrack, motion: MotionTrack, settings: RenderSettings, dub: DubSettings | None = None) -> RenderPlan:
    """Check that a face can be drawn with these settings, and return the plan.

    Parameters
    ----------
    face : FaceTrack
        Found in a photo or in a video.
    motion : MotionTrack
        How it moves; over a video it takes the video's frame rate.
    settings : RenderSettings
        Size and renderer.
    dub : DubSettings, optional
        How the sound is laid over a video.

    Raises
    ------
    NoFaceFound
        If the track holds no face in any frame.
    UnknownBackend, MissingDependency, MissingWeights
        If the renderer cannot run.
    SettingError, InputError
        If a size, a rate or a range does not fit, or the renderer needs another kind of source.
    """
    if motion.fps <= 0:
        raise SettingError(f"fps={motion.fps} is not a frame rate", hint="Use for example 25.")
    dub, motion = dub or DubSettings(), motion if face.video is None else retimed(motion, face.fps)
    renderer_for(face, settings.renderer)
    expect_face(face, settings)
    width, height = drawn_size(face, settings)
    plan = RenderPlan(face=face, motion=motion, settings=settings, dub=dub)
    warnings = [*face.warnings, *motion.warnings, *notes(face, motion, dub, plan.timing)]
    if settings.width_px is None and settings.height_px is None and (width, height) != source_size(face):
        warnings.append(f"The source is larger than {MAX_SOURCE_SIDE_PX} px; it is drawn at {width} x {height}.")
    return replace(plan, warnings=tuple(dict.fromkeys(warnings)))


def blend(plan: RenderPlan, settings: BlendSettings, *, background: Pictures | None = None,
          mask: UInt8Array | None = None, replacement: Pictures | None = None) -> RenderPlan:
    """Return the plan with another way of sitting in its surroundings.

    Parameters
    ----------
    plan : RenderPlan
        What is drawn.
    settings : BlendSettings
        Strengths, and what is behind the person; "source" keeps what the plan has.
    background : Pictures, optional
        Seen behind the person; scaled to cover the frame.
    mask : UInt8Array, optional
        255 where the person is, 0 where the background is to be seen [shape of the photo]. It
        becomes the photo's transparency, so that it moves along with the head.
    replacement : Pictures, optional
        Frames to take instead of those of `plan`, as many as it has. This step's background goes
        behind them.

    Raises
    ------
    InputError, SettingError
        If a background needs to know where the person is, or contradicts the settings, or the mask
        or the replacement do not fit.
    """
    _expect_one_background(settings, background)
    if replacement is not None:
        plan = replaced(plan, replacement)
    changes = settings.background != "source" or background is not None
    warnings: tuple[str, ...] = ()
    if mask is not None and changes:
        face, warnings = matted(plan.face, mask)
        plan = replace(plan, face=face)
    elif mask is not None:
        warnings = ("The mask changes nothing while the background is the source's own.",)
    # The photo is what is shown out of focus, so that frames with opacity are not enough for a blur.
    cut_out = plan.has_opacity or (plan.transparent and (background is not None or settings.background != "blur"))
    if changes and not cut_out:
        asked = "a background picture" if background is not None else f"background={settings.background!r}"
        raise InputError(f"{asked} needs to know where the person is",
                         hint="Connect a MASK that is white on the person, or use a source with transparency.")
    if changes and plan.face.video is not None and background is None and settings.background == "blur":
        raise InputError("the background of a video cannot be blurred by itself",
                         hint="Connect a background picture or video, or choose a colour.")
    if not changes:
        settings = replace(settings, **{name: getattr(plan.blend, name) for name in _BACKGROUND_FIELDS})
    return replace(plan, blend=settings, background=background if changes else plan.background,
                   warnings=tuple(dict.fromkeys([*plan.warnings, *warnings])))


_BACKGROUND_FIELDS = ("background", "background_color", "background_blur", "background_end")


def _expect_one_background(settings: BlendSettings, background: Pictures | None) -> None:
    if background is None:
        return
    size_of(background)
    if settings.background in ("color", "transparent"):
        raise SettingError(f"background={settings.background!r} contradicts the background picture that is connected",
                           hint="Disconnect the picture, or choose 'source' to show it as it is, or 'blur'.")


def replaced(plan: RenderPlan, pictures: Pictures) -> RenderPlan:
    """Return the plan with other frames instead of its own, one for one.

    A background and captions that the plan already has are part of the given frames. Where the plan is
    transparent and the frames are not, they get its moving opacity, scaled to their size.

    Raises
    ------
    InputError
        If their number is not that of the plan.
    """
    warnings = check_replacement(pictures, plan.frames, plan.fps)
    face = plan.face
    if plan.shows_backdrop and face.portrait is not None:
        face = replace(face, portrait=replace(face.portrait, alpha=None, sha256=""))
    return replace(plan, face=face, replacement=pictures, background=None, captions=None,
                   blend=replace(plan.blend, background="source"),
                   warnings=tuple(dict.fromkeys([*plan.warnings, *warnings])))


def frames(plan: RenderPlan, start: int, stop: int | None, host: Host) -> Iterator[UInt8Array]:
    """Yield frames `start` to `stop` - 1, finished: RGB, or RGBA where the result is transparent.

    Any range can be asked for by itself and gives the same pixels as within a longer one.
    """
    stop = plan.frames if stop is None else stop
    if not 0 <= start <= stop <= plan.frames:
        raise SettingError(f"frames {start} to {stop} are outside 0 to {plan.frames}",
                           hint=f"Ask for frames between 0 and {plan.frames}.")
    shown = _without_captions(plan, start, stop, host)
    yield from shown if plan.captions is None else captioned(shown, plan.captions, plan.fps, start - plan.timing.schedule.first)


def _without_captions(plan: RenderPlan, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
    front = _replaced(plan, start, stop, host) if plan.replacement is not None else plan.draw(start, stop, host)
    if not plan.shows_backdrop:
        yield from front
        return
    behind = backdrops(sized_face(plan).portrait, plan.blend, plan.background, plan.size_px, plan.fps, start, stop)
    for frame, backdrop in zip(front, behind, strict=True):
        yield over(frame[..., :3], frame[..., 3], backdrop) if frame.shape[2] == 4 else frame


def _replaced(plan: RenderPlan, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
    """Yield frames of another program; where they lack opacity that the plan has, with the plan's."""
    assert plan.replacement is not None
    given = (numbered_frames(plan.replacement, start, stop) if is_numbered(plan.replacement, plan.frames)
             else frames_of(plan.replacement, plan.fps, start, stop))
    drawn: Iterator[UInt8Array] | None = None
    for done, frame in enumerate(given, 1):
        if frame.shape[2] == 3 and plan.has_opacity:
            drawn = drawn or plan.draw(start + done - 1, stop, host)
            opacity = cv2.resize(next(drawn)[..., 3], frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)
            frame = np.dstack([frame, opacity])
        else:
            host.progress(done, stop - start)
        yield frame


def _drawn(plan: RenderPlan, start: int, stop: int, host: Host) -> Iterator[UInt8Array]:
    renderer, state = prepared(plan, host)
    if not isinstance(renderer, MouthRenderer):
        yield from renderer.frames(state, effective_motion(plan), start, stop, host)
        return
    drawn = renderer.redraw(state, effective_motion(plan), base_frames(plan, start, stop), host)
    for done, frame in enumerate(drawn, 1):
        host.progress(done, stop - start)
        yield frame


def base_frames(plan: RenderPlan, start: int, stop: int) -> Iterator[BaseFrame]:
    """Yield what a mouth is drawn on in frames `start` to `stop` - 1: the video's pictures, or the photo."""
    schedule = plan.timing.schedule
    source, strength = schedule.source[start:stop].tolist(), schedule.strength[start:stop].tolist()
    if plan.face.video is not None:
        pictures = clip_pictures(plan.face.video, plan.face.fps, source, alpha=plan.has_opacity)
    else:
        photo = sized_face(plan).portrait
        assert photo is not None
        pictures = repeat(photo.image if photo.alpha is None else np.dstack([photo.image, photo.alpha]), len(source))
    for number, shown, picture, share in zip(range(start, stop), source, pictures, strength, strict=True):
        yield BaseFrame(number, shown, picture, share)


def preview(plan: RenderPlan, index: int, host: Host) -> UInt8Array:
    """Return one finished frame."""
    return next(frames(plan, index, index + 1, host))


def mask(plan: RenderPlan, host: Host) -> UInt8Array:
    """Return 255 wherever any frame may differ from the source [shape=(H, W)]."""
    if plan.shows_backdrop or plan.replacement is not None or plan.captions is not None:
        width, height = plan.size_px
        return np.full((height, width), 255, np.uint8)
    ready = [(part, *prepared(part, host)) for part in plan.parts]
    return np.asarray(np.maximum.reduce([renderer.mask(state, effective_motion(part)) for part, renderer, state in ready]))


def effective_motion(plan: RenderPlan) -> MotionTrack:
    """Return the motion of the plan's frames: in its place, the idle layer at the strength of the blend settings."""
    schedule = plan.timing.schedule
    motion = placed(plan.motion, schedule.first, schedule.frames)
    if plan.blend.idle == 1.0:
        return motion
    layers = tuple(layer.scaled(plan.blend.idle) if layer.name == "idle" else layer for layer in motion.layers)
    return replace(motion, layers=layers)


def prepared(plan: RenderPlan, host: Host) -> tuple[Renderer, Any]:
    """Return the renderer and the prepared state of the plan's face, building what is not cached."""
    if plan.face.video is not None:
        verify_unchanged(plan.face.video)
    backend = plan.backend
    renderer: Renderer = shared().get(("renderer", backend.id), backend.load)

    @one_blas_thread()
    def build() -> Any:
        return renderer.prepare(sized_face(plan), plan.renderer_settings, host)

    return renderer, shared().get((*plan.state_key, host.device), build)


def sized_face(plan: RenderPlan) -> FaceTrack:
    """Return the face in a photo of the output size, cropped around it; in a video with short gaps bridged."""
    face = plan.face
    if face.portrait is None:
        # Always another object: what is prepared may hold it, and the cache goes with the last object of the nodes'.
        return replace(bridged(face))
    middle = face.selected_landmarks_px[:, :2]
    x, y = plan.settings.focus_px or (middle.min(axis=0) + middle.max(axis=0)) / 2
    width, height = drawn_size(face, plan.settings)
    portrait, crop = crop_resize(continued(face.portrait), width, height, (float(x), float(y)))
    return replace(face, portrait=portrait, width_px=width, height_px=height,
                   landmarks_px=crop.apply(face.landmarks_px))
