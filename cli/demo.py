"""run.py demo: the shipped workflow in a real ComfyUI."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path

from .comfy_client import node_output_folder_file, output_files
from .comfy_install import find_comfyui
from .comfy_server import ComfyServer
from .console import EXIT_OK, LOCAL, LauncherError, ProgressLine, emit, say
from .contact_sheet import contact_sheet
from .workflow import load_workflow, to_prompt

WORKFLOW = "photo_text_to_video"


def run(arguments: argparse.Namespace) -> int:
    """Queue the workflow, follow it, and leave an mp4 and a contact sheet."""
    out = _writable(Path(arguments.out))
    began_s = time.monotonic()
    install = find_comfyui()
    base = LOCAL / "comfyui" / "base"
    say(f"Starting ComfyUI ({install.origin}: {install.tree}) ...")
    with ComfyServer(install, base) as server:
        say(f"ComfyUI answers after {time.monotonic() - began_s:.0f} s. Queueing '{WORKFLOW}'.")
        workflow = load_workflow(WORKFLOW)
        prompt = to_prompt(workflow, server.client.object_info())
        line = ProgressLine()
        titles = {id: str(node["_meta"]["title"]) for id, node in prompt.items()}
        queued_s = time.monotonic()
        record = server.client.run(prompt, workflow=workflow, timeout_s=1800,
                                   progress=lambda node, done, total: line.show(titles.get(node, node), done, total))
        line.end()
        took_s = time.monotonic() - queued_s
        made = output_files(record, ".mp4")
        if not made:
            raise LauncherError("the workflow ran but left no mp4", hint=f"ComfyUI's log: {server.log_path}")
        video = Path(shutil.copyfile(node_output_folder_file(server.output, made[0]), out / "talking_avatar.mp4"))
    sheet = contact_sheet(video, out / "talking_avatar.jpg")
    say(f"Done in {took_s:.1f} s:")
    emit({"video": str(video), "contact_sheet": str(sheet), "workflow_s": round(took_s, 2),
          "comfyui": install.origin}, arguments.json)
    if not arguments.json:
        say("To try it by hand: python run.py comfyui")
    return EXIT_OK


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LauncherError(f"the folder {str(folder)!r} cannot be written to: {error}",
                            hint="Choose another with --out DIR.") from error
    return folder.resolve()
