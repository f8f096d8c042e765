"""Between ComfyUI's tensors and the core's arrays; the only place that knows [B, H, W, C] floats."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import folder_paths
import numpy as np
import torch
from comfy_api.latest import Input

from ..pipeline_core.errors import InputError
from ..pipeline_core.media.audio import sound_from_array
from ..pipeline_core.media.image import portrait_from_array
from ..pipeline_core.media.video import media_file
from ..pipeline_core.types import MediaFile, Portrait, Sound, UInt8Array

logger = logging.getLogger("talking_avatar")


def to_image(picture: UInt8Array) -> torch.Tensor:
    """Return a picture [shape=(H, W, 3 or 4)] or several [shape=(N, H, W, C)] as an IMAGE."""
    batch = picture[None] if picture.ndim == 3 else picture
    return torch.from_numpy(np.array(batch, dtype=np.float32) / 255.0)


def to_mask(mask: UInt8Array) -> torch.Tensor:
    """Return a mask [shape=(H, W)] as a MASK."""
    return torch.from_numpy(np.array(mask[None], dtype=np.float32) / 255.0)


def to_pixels(image: torch.Tensor) -> UInt8Array:
    """Return one picture of an IMAGE [shape=(H, W, C)] in 8 bits."""
    scaled = image.detach().to(device="cpu", dtype=torch.float32).nan_to_num().clamp(0.0, 1.0) * 255.0
    return np.asarray(scaled.round().to(torch.uint8).numpy())


def to_batch(image: torch.Tensor) -> UInt8Array:
    """Return all pictures of an IMAGE in 8 bits [shape=(N, H, W, C)]."""
    return np.stack(list(frames_of(image)))


def frames_of(image: torch.Tensor) -> Iterator[UInt8Array]:
    """Yield the pictures of an IMAGE one by one, so that only one exists in 8 bits."""
    for picture in image:
        yield to_pixels(picture)


def to_bitmap(mask: torch.Tensor, *, invert: bool = False) -> UInt8Array:
    """Return the first picture of a MASK as 0..255 [shape=(H, W)]."""
    single = mask if mask.ndim == 2 else mask.reshape(-1, *mask.shape[-2:])[0]
    return to_pixels(1.0 - single if invert else single)


def to_portrait(image: torch.Tensor, mask: torch.Tensor | None = None, source: str = "image") -> Portrait:
    """Return the first picture of an IMAGE; a MASK is white where it is transparent, as in Load Image."""
    if image.shape[0] == 0:
        raise InputError("the IMAGE holds no picture", hint="Connect an IMAGE with at least one picture.")
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
    """Return the first sound of an AUDIO."""
    if not audio or "waveform" not in audio:
        raise InputError("the AUDIO is empty", hint="Connect a node that loads or makes sound.")
    waveform = audio["waveform"]
    if waveform.ndim == 3:
        if waveform.shape[0] == 0:
            raise InputError("the AUDIO holds no sound", hint="Connect a node that loads or makes sound.")
        waveform = waveform[0]
    return sound_from_array(waveform.detach().to(device="cpu", dtype=torch.float32).numpy(),
                            int(audio["sample_rate"]), source="AUDIO")


def to_media(video: Input.Video) -> MediaFile:
    """Return a VIDEO as a file; one that exists in memory only is written to ComfyUI's temp folder."""
    source = video.get_stream_source()
    if isinstance(source, str):
        return media_file(source)
    folder = Path(folder_paths.get_temp_directory())
    os.makedirs(folder, exist_ok=True)
    path = folder / f"talking_avatar_{uuid.uuid4().hex}.mp4"
    path.write_bytes(source.read())
    return media_file(str(path))
