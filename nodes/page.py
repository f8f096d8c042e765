"""What a node leaves for the page: small files in ComfyUI's temp folder that the canvas extension fetches."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import folder_paths
from PIL import Image

from ..pipeline_core.media.audio import save_wav
from ..pipeline_core.media.files import replacing
from ..pipeline_core.types import Sound, UInt8Array

SUBFOLDER = "talking_avatar"


def page_file(data: bytes, ending: str) -> dict[str, str]:
    """Write data once, named by its content, and return how the page asks ComfyUI's `/view` for it."""
    name = f"{hashlib.sha256(data).hexdigest()[:32]}.{ending}"
    path = Path(folder_paths.get_temp_directory()) / SUBFOLDER / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_bytes(data)
    return {"filename": name, "subfolder": SUBFOLDER, "type": "temp"}


def picture_file(picture: UInt8Array) -> dict[str, str]:
    """Write a picture [shape=(H, W, 3)] as `page_file` does; thin letters stay crisp."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=92, subsampling=0)
    return page_file(buffer.getvalue(), "jpg")


def sound_file(sound: Sound) -> dict[str, str]:
    """Write a sound as `page_file` does, in a form that every browser plays."""
    buffer = io.BytesIO()
    save_wav(buffer, sound)
    return page_file(buffer.getvalue(), "wav")


def with_files(ui: Any, **refs: dict[str, str] | None) -> Any:
    """Add references, each under its key, to what a node shows (a `ui` object, a dict or None); without any it stays."""
    if not any(refs.values()):
        return ui
    shown = {} if ui is None else dict(ui if isinstance(ui, dict) else ui.as_dict())
    return {**shown, **{key: [ref] for key, ref in refs.items() if ref is not None}}


def has_page(extra_pnginfo: Any) -> bool:
    """Return whether a page has asked for this run: prompts of scripts need no live views."""
    return bool(extra_pnginfo) and "workflow" in extra_pnginfo
