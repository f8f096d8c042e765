"""Between ComfyUI's tensors and the core's arrays; the only place that knows [B, H, W, C] floats."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import folder_paths
import numpy as np
import torch
from comfy_api.latest import Input

from ..pipeline_core.errors import InputError, UnreadableMedia
from ..pipeline_core.media.audio import sound_from_array
from ..pipeline_core.media.files import replacing
from ..pipeline_core.media.image import portrait_from_array
from ..pipeline_core.media.video import media_file
from ..pipeline_core.types import MediaFile, Portrait, Sound, UInt8Array

logger = logging.getLogger("talking_avatar")

_MAX_CHANNELS = 4


def to_image(picture: UInt8Array) -> torch.Tensor:
    """Return a picture [shape=(H, W, 3 or 4)] or several [shape=(N, H, W, C)] as an IMAGE."""
    return _floats(picture[None] if picture.ndim == 3 else picture)


def to_mask(mask: UInt8Array) -> torch.Tensor:
    """Return a mask [shape=(H, W)] or several [shape=(N, H, W)] as a MASK."""
    return _floats(mask[None] if mask.ndim == 2 else mask)


def _floats(pixels: UInt8Array) -> torch.Tensor:
    return torch.from_numpy(np.array(pixels)).to(torch.float32).div_(255.0)  # divided in place: one copy


def to_pixels(image: torch.Tensor) -> UInt8Array:
    """Return one picture of an IMAGE [shape=(H, W, C)] or MASK [shape=(H, W)] in 8 bits.

    Floats of any precision are cut to 0..1, NaN is black; whole numbers are 0..255, as some packs
    hand them on.
    """
    if image.dtype == torch.bool:
        image = image.to(torch.uint8) * 255
    if not image.is_floating_point():
        return np.array(image.detach().cpu().clamp(0, 255).to(torch.uint8).numpy())
    scaled = image.detach().to(device="cpu", dtype=torch.float32, copy=True).nan_to_num_().clamp_(0.0, 1.0).mul_(255.0)
    return np.asarray(scaled.round_().to(torch.uint8).numpy())


def pictures_of(image: Any) -> torch.Tensor:
    """Return an IMAGE of any usual shape as [B, H, W, C].

    Raises
    ------
    InputError
        If it is no IMAGE, is empty, or keeps its colours elsewhere than in the last dimension.
    """
    shape = tuple(getattr(image, "shape", ()))
    if isinstance(image, torch.Tensor) and not image.is_complex() and 0 not in shape:
        if len(shape) == 2 or (len(shape) == 3 and shape[2] > _MAX_CHANNELS):
            return image[..., None] if len(shape) == 3 else image[None, ..., None]
        if len(shape) in (3, 4) and shape[-1] <= _MAX_CHANNELS:
            return image[None] if len(shape) == 3 else image
    raise InputError(f"the IMAGE holds no picture: its shape is {shape}",
                     hint="Connect an IMAGE that holds at least one grey, RGB or RGBA picture, as [batch, height, width, colours].")


class ImageBatch:
    """An IMAGE as `pipeline_core.render.pictures.Batch`: its pictures become 8 bits one by one, when they are needed."""

    def __init__(self, image: torch.Tensor) -> None:
        self._image = pictures_of(image)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self._image.shape[2]), int(self._image.shape[1])

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._image)

    def __getitem__(self, index: int, /) -> UInt8Array:
        """Return a picture in 8 bits [shape=(H, W, 3 or 4)]."""
        pixels = to_pixels(self._image[index])
        if pixels.shape[2] >= 3:
            return pixels
        grey = np.repeat(pixels[..., :1], 3, axis=2)
        return grey if pixels.shape[2] == 1 else np.dstack([grey, pixels[..., 1]])


def to_frames(source: torch.Tensor | Input.Video | None) -> ImageBatch | MediaFile | None:
    """Return an IMAGE or a VIDEO as frames that are read one by one."""
    if source is None:
        return None
    return ImageBatch(source) if isinstance(source, torch.Tensor) else to_media(source)


def to_bitmap(mask: torch.Tensor, *, invert: bool = False) -> UInt8Array:
    """Return the first picture of a MASK as 0..255 [shape=(H, W)]."""
    if not isinstance(mask, torch.Tensor) or mask.ndim < 2 or mask.numel() == 0:
        raise InputError(f"the MASK has the shape {tuple(getattr(mask, 'shape', ()))}",
                         hint="Connect a MASK of the picture's size.")
    if mask.ndim > 2 and mask.shape[-1] == 1:  # an IMAGE of one channel that calls itself a MASK
        mask = mask[..., 0]
    if mask.ndim > 2 and mask.shape[0] > 1:
        logger.warning("the MASK holds %d pictures; the first one is used", mask.shape[0])
    pixels = to_pixels(mask if mask.ndim == 2 else mask.reshape(-1, *mask.shape[-2:])[0])
    return np.asarray(255 - pixels) if invert else pixels


def to_portrait(image: torch.Tensor, mask: torch.Tensor | None = None, source: str = "image") -> Portrait:
    """Return the first picture of an IMAGE; a MASK is white where it is transparent, as in Load Image."""
    image = pictures_of(image)
    if image.shape[0] > 1:
        logger.warning("the IMAGE holds %d pictures; the first one is used", image.shape[0])
    return with_mask(portrait_from_array(to_pixels(image[0]), source=source), mask)


def with_mask(portrait: Portrait, mask: torch.Tensor | None) -> Portrait:
    """Return the portrait, transparent where the MASK is white; an all-black MASK changes nothing."""
    if mask is None or not bool(mask.any()):
        return portrait
    alpha = to_bitmap(mask, invert=True)
    if alpha.shape != portrait.image.shape[:2]:
        raise InputError(
            f"the mask is {alpha.shape[1]} x {alpha.shape[0]} px, the picture {portrait.width_px} x {portrait.height_px}",
            hint="Connect the MASK output of the node that loads the picture.")
    return portrait_from_array(np.dstack([portrait.image, alpha]), source=portrait.source, warnings=portrait.warnings)


def to_audio(sound: Sound) -> dict[str, Any]:
    """Return a sound as an AUDIO."""
    return {"waveform": torch.from_numpy(np.array(sound.samples))[None], "sample_rate": sound.rate_hz}


def to_sound(audio: Any) -> Sound:
    """Return the first sound of an AUDIO [waveform shape=(B, C, N), (C, N) or (N,)]."""
    if not isinstance(audio, Mapping) or "waveform" not in audio or "sample_rate" not in audio:
        raise InputError("the AUDIO is empty", hint="Connect a node that loads or makes sound.")
    waveform, rate = audio["waveform"], audio["sample_rate"]
    if not isinstance(waveform, torch.Tensor) or waveform.is_complex() or waveform.ndim > 3 or waveform.numel() == 0:
        raise InputError(f"the AUDIO holds no sound (shape {tuple(getattr(waveform, 'shape', ()))})",
                         hint="Connect a node that loads or makes sound.")
    if waveform.ndim == 3:
        if waveform.shape[0] > 1:
            logger.warning("the AUDIO holds %d sounds; the first one is used", waveform.shape[0])
        waveform = waveform[0]
    if waveform.is_floating_point():  # whole numbers keep their type, which says what full scale is
        waveform = waveform.to(torch.float32)
    return sound_from_array(waveform.detach().cpu().numpy(), _rate_hz(rate), source="AUDIO")


def _rate_hz(rate: Any) -> int:
    try:
        return int(rate)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"the AUDIO has a sample rate of {rate!r}", hint="Connect a node that loads or makes sound.") from None


def to_media(video: Input.Video) -> MediaFile:
    """Return a VIDEO as a file; one that exists in memory only, or is a cut of a file, is written to ComfyUI's temp folder, once."""
    source = _edited(video) or video.get_stream_source()
    if isinstance(source, str):
        return media_file(source)
    source.seek(0)
    data = source.read()
    path = Path(folder_paths.get_temp_directory()) / f"talking_avatar_{hashlib.sha256(data).hexdigest()[:32]}.mp4"
    if not path.is_file() or path.stat().st_size != len(data):
        with replacing(path) as part:
            part.write_bytes(data)
    return media_file(str(path))


def _edited(video: Any) -> io.BytesIO | None:
    """Return a VIDEO that other nodes have cut (in ComfyUI after 0.3.75): its stream source is still the whole file."""
    cut = any(getattr(video, "get_active_trim_window", tuple)())
    if not cut and not getattr(video, "has_pending_frame_edits", bool)():
        return None
    buffer = io.BytesIO()
    try:
        video.save_to(buffer)
    except (OSError, ValueError, RuntimeError) as error:
        raise UnreadableMedia(f"the cut VIDEO cannot be taken: {error}",
                              hint="Cut the file itself, or connect its frames as IMAGE.") from error
    return buffer
