"""ComfyUI-TalkingAvatar: a photo and a voice become a talking video."""

import logging
from typing import Any

WEB_DIRECTORY = "./web"


async def comfy_entrypoint() -> Any:
    """Return the extension; ComfyUI calls this once after importing the folder.

    Everything heavy is imported here, so that the folder stays importable without ComfyUI.
    """
    try:
        from .nodes import TalkingAvatarExtension
    except Exception:
        # ComfyUI reduces an exception raised here to one line without a traceback.
        logging.getLogger("talking_avatar").exception("Talking Avatar could not be loaded")
        raise
    return TalkingAvatarExtension()
