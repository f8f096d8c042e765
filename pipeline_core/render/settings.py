"""What a user can choose about the picture, as plain data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..errors import SettingError
from .ranges import parse_ranges

MIN_SIDE_PX, MAX_SIDE_PX = 16, 8192
BackgroundMotion = Literal["carry", "hold"]
Background = Literal["source", "color", "blur", "transparent"]
BackgroundEnd = Literal["loop", "hold"]
Length = Literal["pad_silence", "cut_off", "loop", "bounce", "hold", "remap"]
SilentMouth = Literal["closed", "own"]
MAX_BLUR = 4.0
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True)
class RenderSettings:
    """How the frames are drawn."""

    width_px: int | None = None
    height_px: int | None = None
    """Size of the frames; the source's where both are None, its proportions where one is."""
    renderer: str = "auto"
    """Id of the back end, or "auto"."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What only one renderer knows about; JSON values."""
    focus_px: tuple[float, float] | None = None
    """Place in the source, x and y, that a crop is centred on; the face that talks by default."""

    def __post_init__(self) -> None:
        for name in ("width_px", "height_px"):
            value = getattr(self, name)
            if value is not None and not MIN_SIDE_PX <= value <= MAX_SIDE_PX:
                raise SettingError(f"{name}={value} is outside {MIN_SIDE_PX}..{MAX_SIDE_PX}",
                                   hint="Use for example 1280 x 720, or leave the size to the source.")
        try:
            plain = json.loads(json.dumps(dict(self.options), sort_keys=True))
        except (TypeError, ValueError) as error:
            raise SettingError(f"the renderer options are not JSON values: {error}",
                               hint="Use numbers, texts, lists and true/false only.") from error
        object.__setattr__(self, "options", plain)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {"width_px": self.width_px, "height_px": self.height_px,
                "renderer": self.renderer, "options": dict(self.options), "focus_px": self.focus_px}


@dataclass(frozen=True)
class DubSettings:
    """How a sound is laid over a video; a photo ignores it."""

    length: Length = "pad_silence"
    """What happens where sound and video are not equally long (see `schedule.source_order`)."""
    ranges: str = ""
    """Stretches of the video to re-voice, "2.5-4.0, 7-8.2" in seconds; empty is all of it. The sound
    begins where the first one begins and runs on through the others; between them, and everywhere
    else, the video keeps its own picture and sound."""
    silent_mouth: SilentMouth = "closed"
    """What the mouth does once the sound is over, and where it is digital silence for longer, as that of one of several
    speakers: it stays closed, or moves as in the video."""

    def __post_init__(self) -> None:
        for name, kind in (("length", Length), ("silent_mouth", SilentMouth)):
            if getattr(self, name) not in get_args(kind):
                raise SettingError(f"unknown {name} {getattr(self, name)!r}",
                                   hint=f"Choose one of: {', '.join(get_args(kind))}.")
        if self.parsed_ranges and self.length == "remap":
            raise SettingError("length='remap' moves every frame, but ranges keep the others where they are",
                               hint="Leave ranges empty, or choose another length.")

    @property
    def parsed_ranges(self) -> tuple[tuple[float, float], ...]:
        """The ranges in seconds, in order."""
        return parse_ranges(self.ranges)


@dataclass(frozen=True)
class BlendSettings:
    """How the drawn part sits in the picture."""

    idle: float = 1.0
    """Strength of breathing and drift, 0..2."""
    seam_feather: float = 1.0
    """Width of the transition around the drawn part, relative to the renderer's own, 0..4."""
    grain: float = 1.0
    """How much of the photo's noise the drawn parts get, 0..2."""
    background_motion: BackgroundMotion = "carry"
    """"carry": hair, neck and what is behind them follow the head softly; "hold": they stay."""
    background: Background = "source"
    """What is behind the person: the photo's own (or a picture that is given with the plan), one
    colour, the photo's own out of focus, or nothing."""
    background_color: str = "#404040"
    """"#rrggbb", for "color"."""
    background_blur: float = 1.0
    """Strength of "blur", 0..4; 1 is a portrait lens."""
    background_end: BackgroundEnd = "loop"
    """What a video behind the person does when it is over: begin again, or hold its last picture."""

    def __post_init__(self) -> None:
        for name, top in (("idle", 2.0), ("seam_feather", 4.0), ("grain", 2.0), ("background_blur", MAX_BLUR)):
            if not 0.0 <= getattr(self, name) <= top:
                raise SettingError(f"{name}={getattr(self, name)} is outside 0..{top:g}", hint="Use 1 for normal.")
        for name, kind in (("background_motion", BackgroundMotion), ("background", Background),
                           ("background_end", BackgroundEnd)):
            if getattr(self, name) not in get_args(kind):
                raise SettingError(f"unknown {name} {getattr(self, name)!r}",
                                   hint=f"Choose one of: {', '.join(get_args(kind))}.")
        if not _COLOUR.fullmatch(self.background_color):
            raise SettingError(f"background_color={self.background_color!r} is not a colour",
                               hint="Write it as #rrggbb, for example #00b140.")

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """`background_color` as numbers, 0..255."""
        red, green, blue = bytes.fromhex(self.background_color.lstrip("#"))
        return red, green, blue

    def renderer_options(self) -> dict[str, Any]:
        """Return what the renderer has to know, where it differs from the default.

        Defaults are left out so that a plan without a blend step shares its prepared state.
        """
        usual = BlendSettings()
        return {name: getattr(self, name) for name in ("seam_feather", "grain", "background_motion")
                if getattr(self, name) != getattr(usual, name)}
