"""Write the blueprints: our chains as one node each, which ComfyUI offers in its list of nodes.

``python tools/build_subgraphs.py`` rewrites subgraphs/*.json; a test compares them with the tool.
"""

from __future__ import annotations

import json
import sys
import types
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.tools import workflow_parts as part  # noqa: E402
from talking_avatar.tools.canvas_graph import Link, Node, Workflow, build  # noqa: E402

SUBGRAPHS = ROOT / "subgraphs"
OWN = uuid.UUID("6f0f5a52-7a63-4a43-9d53-0c3f2d9a4d11")
"""Namespace of the ids, so that they are the same each time."""
INPUT_ID, OUTPUT_ID = -10, -20
"""What LiteGraph calls the two ends of a subgraph."""

Slot = tuple[str, str, int, str]
"""Name, type, and the socket inside: node, name."""


@dataclass(frozen=True)
class Blueprint:
    """A chain that is used as one node."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    shown: tuple[tuple[int, str], ...]
    """Widgets of the inside that the node shows: node, name."""
    description: str


IMAGE_IN, AUDIO_IN, VIDEO_IN = ("image", "IMAGE", 2, "source"), ("audio", "AUDIO", 4, "audio"), ("video", "VIDEO", 2, "source")
TRANSCRIPT_IN = ("transcript", "STRING", 4, "transcript")
OUTPUTS = (("video", "VIDEO", 8, "video"), ("render", "TA_RENDER", 7, "render"))
SHOWN = ((5, "emotion"), (5, "seed"), (8, "filename_prefix"))
INNER = tuple(link for link in part.CHAIN if link[0] != 1)


def blueprints() -> dict[str, Blueprint]:
    """Return all blueprints by name."""
    told = replace(part.VISEMES, linked_widgets=(("transcript", "STRING"),))
    speak = replace(part.SPEAK, linked_widgets=(("text", "STRING"),))
    common = (part.DETECT, part.MOTION, part.RENDER, part.BLEND, part.MUX)
    drive = replace(part.DRIVE, at=(780, 60))
    return {
        "Talking photo": Blueprint((*common, told), INNER, (IMAGE_IN, AUDIO_IN, TRANSCRIPT_IN), OUTPUTS, SHOWN,
                                   "A photo and a recording become a talking video."),
        "Talking photo from text": Blueprint(
            (*common, speak, part.VISEMES), (*INNER, *(link for link in part.SPOKEN if link[0] == 3)),
            (IMAGE_IN, ("text", "STRING", 3, "text")), OUTPUTS, ((3, "voice"), *SHOWN),
            "A photo says a text."),
        "New words for a video": Blueprint((*common, told), INNER, (VIDEO_IN, AUDIO_IN, TRANSCRIPT_IN), OUTPUTS,
                                           ((6, "length"), (6, "ranges"), (8, "filename_prefix")),
                                           "The person in a video says something else; only the mouth changes."),
        "A face drives a photo": Blueprint(
            (part.DETECT, drive, part.RENDER, part.BLEND, part.MUX), tuple(link for link in INNER if link[0] != 4),
            (IMAGE_IN, ("driver", "VIDEO,IMAGE,TA_MOTION", 5, "driver")), OUTPUTS, ((8, "filename_prefix"),),
            "A filmed face moves the one in a photo."),
    }


def described(name: str, blueprint: Blueprint) -> dict[str, Any]:
    """Return a blueprint as the canvas publishes it: a graph of one node, with what is inside it."""
    inside = build(Workflow(blueprint.nodes, blueprint.links, (), ""))
    nodes = [node for node in inside["nodes"] if node["type"] != "MarkdownNote"]
    links = [{"id": number, "origin_id": a, "origin_slot": b, "target_id": c, "target_slot": d, "type": kind}
             for number, a, b, c, d, kind in inside["links"]]
    id = str(uuid.uuid5(OWN, name))
    inputs = [_end(nodes, links, slot, place, name) for place, slot in enumerate(blueprint.inputs)]
    outputs = [_end(nodes, links, slot, place, name, out=True) for place, slot in enumerate(blueprint.outputs)]
    last = max(node["id"] for node in nodes)
    definition = {
        "id": id, "version": 1, "revision": 0, "config": {}, "name": name,
        "state": {"lastGroupId": 0, "lastNodeId": last, "lastLinkId": len(links), "lastRerouteId": 0},
        "inputNode": {"id": INPUT_ID, "bounding": [-200, 400, 120, 120]},
        "outputNode": {"id": OUTPUT_ID, "bounding": [2060, 400, 120, 100]},
        "inputs": inputs, "outputs": outputs, "widgets": [], "nodes": nodes, "groups": [], "links": links, "extra": {},
    }
    return {"id": str(uuid.uuid5(OWN, f"graph of {name}")), "revision": 0, "last_node_id": 1, "last_link_id": 0,
            "nodes": [_outside(id, name, blueprint)], "links": [], "groups": [], "definitions": {"subgraphs": [definition]},
            "config": {}, "extra": {"BlueprintDescription": blueprint.description}, "version": 0.4}


def _end(nodes: list[dict[str, Any]], links: list[dict[str, Any]], slot: Slot, place: int, owner: str, *,
         out: bool = False) -> dict[str, Any]:
    """Link a socket inside to an end of the subgraph, and return how the end describes it."""
    name, kind, id, socket = slot
    node = next(node for node in nodes if node["id"] == id)
    sockets = node["outputs" if out else "inputs"]
    inner = next(i for i, each in enumerate(sockets) if each["name"] == socket)
    number = len(links) + 1
    if out:
        sockets[inner]["links"].append(number)
        ends = {"origin_id": id, "origin_slot": inner, "target_id": OUTPUT_ID, "target_slot": place}
    else:
        sockets[inner]["link"] = number
        ends = {"origin_id": INPUT_ID, "origin_slot": place, "target_id": id, "target_slot": inner}
    links.append({"id": number, **ends, "type": kind})
    side = "out" if out else "in"
    return {"id": str(uuid.uuid5(OWN, f"{owner} {side} {name}")), "name": name, "type": kind, "linkIds": [number], "label": name}


def _outside(id: str, name: str, blueprint: Blueprint) -> dict[str, Any]:
    """Return the node as it lies on the canvas; texts that come from outside keep a widget."""
    widgets = {slot[0]: next(node for node in blueprint.nodes if node.id == slot[2]) for slot in blueprint.inputs if slot[1] == "STRING"}
    inputs = [{"name": slot[0], "type": slot[1], "link": None, **({"widget": {"name": slot[0]}} if slot[0] in widgets else {})}
              for slot in blueprint.inputs]
    outputs = [{"name": slot[0], "type": slot[1], "links": []} for slot in blueprint.outputs]
    proxies = [*(["-1", text] for text in widgets), *([str(node), widget] for node, widget in blueprint.shown)]
    return {"id": 1, "type": id, "title": name, "pos": [0, 0], "size": [400, 300], "flags": {}, "order": 0, "mode": 0,
            "inputs": inputs, "outputs": outputs, "properties": {"proxyWidgets": proxies},
            "widgets_values": [node.widgets[0] for node in widgets.values()]}


def subgraphs() -> dict[str, dict[str, Any]]:
    """Return all blueprints as JSON by file name."""
    return {f"{name}.json": described(name, blueprint) for name, blueprint in blueprints().items()}


def main() -> None:
    """Write the files."""
    SUBGRAPHS.mkdir(exist_ok=True)
    for name, graph in subgraphs().items():
        # ComfyUI reads them in the encoding of the system, so they are plain ASCII.
        (SUBGRAPHS / name).write_text(json.dumps(graph, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
