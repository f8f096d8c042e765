"""What nodes leave for their live view (web/live_view.js): the face, its motion and the sound that is heard with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import comfy.model_management

from ..pipeline_core.face.still import as_photo
from ..pipeline_core.host import Host
from ..pipeline_core.motion.packed import pack_motion, packed_sound
from ..pipeline_core.types import FaceTrack, MotionTrack
from .page import has_page, page_file, sound_file

Ref = dict[str, str] | None
logger = logging.getLogger("talking_avatar")


def left_for_page(extra_pnginfo: Any, host: Host, face: FaceTrack | None = None,
                  motion: MotionTrack | None = None) -> dict[str, Ref]:
    """Leave what is given as files, and return the references by key; without a page nothing is made."""
    if not has_page(extra_pnginfo):
        return {}
    made = {"ta_face": face and (lambda: _face(face, host)),
            "ta_motion": motion and (lambda: page_file(pack_motion(motion), "bin")),
            "ta_sound": motion and (lambda: _sound(motion))}
    return {key: tried(key, make) for key, make in made.items() if make}


def tried(key: str, make: Callable[[], Ref]) -> Ref:
    """Return what was made, or None: a node never fails for its view."""
    try:
        return make()
    except comfy.model_management.InterruptProcessingException:
        raise
    except Exception as error:  # whatever it is, the node's own result is there
        logger.warning("the live view gets no %s: %s", key, error, exc_info=True)
        return None


def _face(face: FaceTrack, host: Host) -> Ref:
    """Leave the head; of a video, that of its most suitable frame."""
    from ..models.photo_head.live import live_payload  # takes a second: not at ComfyUI's start

    photo = as_photo(face)
    return None if photo is None else page_file(live_payload(photo, host), "bin")


def _sound(motion: MotionTrack) -> Ref:
    sound = packed_sound(motion)
    return None if sound is None else sound_file(sound)
