"""From a workflow as the canvas saves it to the form that ComfyUI's HTTP API takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .console import ROOT, LauncherError

WORKFLOWS = ROOT / "workflows"
WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
PAGE_ONLY = {"Note", "MarkdownNote", "Reroute", "PrimitiveNode"}
"""Nodes that exist on the page only."""
MUTED, BYPASSED = 2, 4
UPLOADS = ("image_upload", "audio_upload", "video_upload")

Json = dict[str, Any]


def load_workflow(name: str) -> Json:
    """Return a shipped workflow by its file name without ".json"."""
    path = WORKFLOWS / f"{name}.json"
    if not path.is_file():
        raise LauncherError(f"there is no workflow {path}", hint="Get the complete project again.")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def to_prompt(workflow: Mapping[str, Any], object_info: Mapping[str, Any]) -> Json:
    """Return the workflow in API form: node id -> class and inputs.

    Raises
    ------
    LauncherError
        If a node's type is unknown to the server, or its saved widgets do not fit the node.
    """
    sources = {link[0]: [str(link[1]), link[2]] for link in workflow["links"]}
    prompt: Json = {}
    for node in workflow["nodes"]:
        if node["type"] in PAGE_ONLY or node.get("mode") in (MUTED, BYPASSED):
            continue
        if node["type"] not in object_info:
            raise LauncherError(f"the workflow uses the node {node['type']!r}, which this ComfyUI lacks",
                                hint="Update ComfyUI or this pack.")
        inputs = dict(zip(_widget_slots(object_info[node["type"]]), node.get("widgets_values") or [], strict=False))
        inputs = {name: value for name, value in inputs.items() if not name.startswith("/")}
        for socket in node.get("inputs", []):
            if socket.get("link") is not None:
                inputs[socket["name"]] = sources[socket["link"]]
        prompt[str(node["id"])] = {"class_type": node["type"], "inputs": inputs,
                                   "_meta": {"title": node.get("title") or node["type"]}}
    return prompt


def inputs_of(info: Mapping[str, Any]) -> Iterator[tuple[str, Any, Json]]:
    """Yield name, type and options of a node's inputs in the order of the page."""
    for part in ("required", "optional"):
        for name, spec in info["input"].get(part, {}).items():
            yield name, spec[0], spec[1] if len(spec) > 1 else {}


def _widget_slots(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield what each place of `widgets_values` belongs to; "/" marks places of the page alone."""
    uploads = []
    for name, kind, options in inputs_of(info):
        if not (isinstance(kind, list) or kind in WIDGET_TYPES) or options.get("forceInput"):
            continue
        yield name
        if options.get("control_after_generate"):
            yield f"/control of {name}"
        if any(options.get(upload) for upload in UPLOADS):
            uploads.append(f"/upload of {name}")
    # The page adds its upload buttons at the end.
    yield from uploads


def node_of(workflow: Mapping[str, Any], kind: str) -> str:
    """Return the id of the first node of a type, as the API writes it."""
    return next(str(node["id"]) for node in workflow["nodes"] if node["type"] == kind)
