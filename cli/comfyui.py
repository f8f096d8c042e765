"""run.py comfyui: a real ComfyUI with the pack, for trying by hand."""

from __future__ import annotations

import argparse

from .comfy_install import find_comfyui
from .comfy_server import ComfyServer
from .console import EXIT_OK, LOCAL, emit, say
from .sample import copy_sample


def run(arguments: argparse.Namespace) -> int:
    """Start the server and keep it until Ctrl-C."""
    install = find_comfyui()
    base = LOCAL / "comfyui" / "base"
    copy_sample(base / "input")
    with ComfyServer(install, base, port=arguments.port) as server:
        say(f"ComfyUI ({install.origin}) with Talking Avatar: {server.url}")
        say("Workflow > Browse Templates > Talking Avatar holds the shipped workflows. Ctrl-C ends it.")
        emit({"url": server.url, "base": str(base)}, arguments.json)
        try:
            return server.wait()
        except KeyboardInterrupt:
            return EXIT_OK
