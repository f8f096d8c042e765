"""What ComfyUI lends to the core: the progress bar, Cancel and the compute device."""

from __future__ import annotations

import logging

import comfy.model_management
import comfy.utils

from ..pipeline_core.host import PlainHost

logger = logging.getLogger("talking_avatar")


class ComfyHost:
    """`pipeline_core.host.Host` for one run of one node; make it inside `execute`."""

    def __init__(self) -> None:
        self.device = str(comfy.model_management.get_torch_device())
        self.threads = PlainHost().threads
        # The bar belongs to the node that runs now, so it is made here and not when it first moves.
        self._bar = comfy.utils.ProgressBar(1)

    def progress(self, done: int, total: int) -> None:
        """Move the node's bar; raises ComfyUI's interrupt after Cancel was pressed."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        self._bar.update_absolute(done, max(1, total))

    def status(self, text: str) -> None:
        """Write the stage to ComfyUI's log; raises ComfyUI's interrupt after Cancel was pressed."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        logger.info("%s", text)
