"""What ComfyUI lends to the core: the progress bar, Cancel and the compute device."""

from __future__ import annotations

import base64
import copy
import logging
import sys
import threading
import time
import weakref
from collections.abc import Iterable
from io import BytesIO
from typing import Any, TypeVar

import comfy.model_management
import comfy.model_patcher
import comfy.utils
import psutil
import torch
from comfy_api.latest import io
from comfy_execution.utils import get_executing_context
from PIL import Image

from ..pipeline_core.cache import shared
from ..pipeline_core.host import PlainHost
from ..pipeline_core.render.draft import opaque, within
from ..pipeline_core.types import UInt8Array

T = TypeVar("T")
logger = logging.getLogger("talking_avatar")

_PATCHER = "talking_avatar_patcher"
"""Where a network keeps its patcher. Not a weak map: the patcher holds the network, which would then never go."""
_LOADING = threading.Lock()
"""ComfyUI's list of loaded models is not made for several threads."""
HEADROOM_BYTES = 1 << 30
"""Main memory that our cache leaves to others: with less than this, it is the first to shrink."""
THUMBNAIL_PX = 320
"""Longest side of the picture of the frame that is being made: about the width of a node."""
SHOWN_EVERY_S = 0.5
"""Pictures are sent no more often: each takes 1.4 ms to shrink and pack, 0.3 % of the time."""
FRAME_EVENT = "talking_avatar.frame"
"""What web/progress.js listens to. ComfyUI's own previews stay over the result of a node: its page would show the
last of them in place of the finished video."""


class ComfyHost:
    """`pipeline_core.host.Host` for one run of one node; make it inside `execute`."""

    def __init__(self) -> None:
        self.device = str(comfy.model_management.get_torch_device())
        self.threads = PlainHost().threads
        # The bar belongs to the node that runs now, so it is made here and not when it first moves.
        self._bar = comfy.utils.ProgressBar(1)
        shared().free(HEADROOM_BYTES - psutil.virtual_memory().available)
        context = get_executing_context()
        self._node_id = context.node_id if context else None
        self._left: list[str] = []
        """What the node shows after the run."""
        self._told = False
        self._picture: UInt8Array | None = None
        self._shown_s = 0.0

    def progress(self, done: int, total: int) -> None:
        """Move the node's bar; raises ComfyUI's interrupt after Cancel was pressed."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        self._bar.update_absolute(done, max(1, total))
        self._show_frame()

    def show(self, picture: UInt8Array | None = None, text: str = "") -> None:
        """Show news in the node now, and a frame with the next progress."""
        if text:
            self._tell(text)
        if picture is not None:
            self._picture = picture

    def _show_frame(self) -> None:
        """Send what is being made, small, where there is something new and it is time."""
        now_s = time.monotonic()
        if self._picture is None or now_s - self._shown_s < SHOWN_EVERY_S or self._node_id is None:
            return
        # Whole steps first: averaging the rest then costs the same for any size.
        step = max(1, max(self._picture.shape[:2]) // (2 * THUMBNAIL_PX))
        small = opaque(within(self._picture[::step, ::step], THUMBNAIL_PX))
        self._picture, self._shown_s = None, now_s
        buffer = BytesIO()
        Image.fromarray(small).save(buffer, "JPEG", quality=85)
        self._watch()
        _send_frame(self._node_id, "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode())

    def status(self, text: str) -> None:
        """Show the stage in the node and write it to ComfyUI's log; raises ComfyUI's interrupt after Cancel."""
        comfy.model_management.throw_exception_if_processing_interrupted()
        logger.info("%s", text)
        self._tell(text)

    def warn(self, warnings: Iterable[str]) -> None:
        """Write what the user should know to ComfyUI's log, and leave it standing in the node."""
        for warning in dict.fromkeys(warnings):
            logger.warning("%s", warning)
            if warning not in self._left:
                self._left.append(warning)
            self._tell(warning)

    def _tell(self, text: str) -> None:
        _show(self._node_id, text)
        self._watch()

    def _watch(self) -> None:
        """Have the node cleared of passing things when it has run."""
        if not self._told:
            self._told = True
            weakref.finalize(self, _leave, self._node_id, self._left).atexit = False

    def load(self, module: torch.nn.Module) -> None:
        """Ask ComfyUI for room on the device, and move the network there.

        From then on ComfyUI counts it among its models, and moves it out when others need the room.
        """
        device = torch.device(self.device)
        if device.type == "cpu":
            # Main memory is not managed, and ComfyUI would write two lines to its log for each network.
            module.to(device)
            return
        with _LOADING:
            comfy.model_management.load_models_gpu([_patcher(module, device)], force_full_load=True)
            if any(tensor.device.type != device.type for tensor in (*module.parameters(), *module.buffers())):
                # With --novram ComfyUI leaves layers outside that are not of its own kind.
                module.to(device)


def _server() -> Any:
    """Return ComfyUI's server. Not imported: where nodes run without it, there is nobody to show anything to."""
    return getattr(getattr(sys.modules.get("server"), "PromptServer", None), "instance", None)


def _send_frame(node_id: str | None, image: str | None) -> None:
    """Show a picture in a node of the page that has asked for this run; None takes it away."""
    server = _server()
    if node_id is not None and hasattr(server, "send_sync"):
        server.send_sync(FRAME_EVENT, {"node": node_id, "image": image}, getattr(server, "client_id", None))


def _show(node_id: str | None, text: str) -> None:
    """Show a text in a node, where ComfyUI's server runs and can do so."""
    send = getattr(_server(), "send_progress_text", None)
    if node_id is not None and send is not None:
        send(text, node_id)


def _leave(node_id: str | None, warnings: list[str]) -> None:
    """Show the warnings, or a blank: the page keeps the last text, and nothing goes on any more."""
    _show(node_id, "\n".join(warnings) or " ")
    _send_frame(node_id, None)


class Keeping(io.ComfyNode):
    """A node with which all that is loaded and prepared is kept: before it runs again, ComfyUI drops what it gave before."""

    def __init__(self) -> None:
        """Keep it for as long as ComfyUI keeps the node."""
        super().__init__()
        shared().keep_for(self)


def keep(output: T) -> T:
    """Return an output of a node, copied; what is loaded and prepared is kept for as long as ComfyUI keeps that copy.

    ComfyUI drops outputs when another workflow is run, and on "free memory": ours goes with the last. The copy
    (its arrays are shared) is for outputs that the cache holds itself: those would keep each other for ever.
    """
    copied = copy.copy(output)
    shared().keep_for(copied)
    return copied


def _patcher(module: torch.nn.Module, device: torch.device) -> comfy.model_patcher.ModelPatcher:
    """Return what ComfyUI manages a network by; made once for each network and device."""
    known = getattr(module, _PATCHER, None)
    if known is None or known.load_device != device:
        known = comfy.model_patcher.ModelPatcher(module, load_device=device,
                                                 offload_device=comfy.model_management.unet_offload_device())
        setattr(module, _PATCHER, known)
    return known
