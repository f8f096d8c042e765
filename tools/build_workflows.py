"""Write the example workflows in the form in which the canvas saves them.

``python tools/build_workflows.py`` rewrites workflows/*.json; tests compare them with the tool.
Both differ only in where the voice comes from, so they are built from one description.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
BLUE, GREEN, PURPLE, ORANGE = "#3f789e", "#4b7a4b", "#6b5b95", "#a1602c"
TEXT = "Hello! I was only a photograph a minute ago. Now I can speak, blink and breathe."


@dataclass
class Node:
    """One node of the canvas."""

    id: int
    type: str
    at: tuple[int, int]
    size: tuple[int, int]
    inputs: list[tuple[str, str]] = field(default_factory=list)
    """Sockets that are not widgets: name, type."""
    outputs: list[tuple[str, str]] = field(default_factory=list)
    widgets: list[Any] = field(default_factory=list)
    optional: int = 0
    """How many of the inputs, from the end, are optional."""


FACE_SOURCE = "TA_PORTRAIT,IMAGE,VIDEO"


def common_nodes() -> list[Node]:
    """Return the nodes that both workflows share."""
    return [
        Node(1, "TA_LoadPortrait", (0, 60), (340, 420), [("image", "IMAGE"), ("mask", "MASK")],
             [("portrait", "TA_PORTRAIT"), ("image", "IMAGE"), ("mask", "MASK")], ["astronaut.png", "image"], 2),
        Node(2, "TA_DetectFace", (380, 60), (340, 420),
             [("source", FACE_SOURCE), ("landmarks", "FACE_LANDMARKS"), ("bbox", "BBOX")],
             [("face", "TA_FACE"), ("overlay", "IMAGE"), ("face_mask", "MASK"), ("mouth_mask", "MASK"),
              ("report", "STRING")], [0, "large-small", 0.5], 2),
        Node(5, "TA_MotionGenerator", (780, 60), (340, 560),
             [("speech", "TA_SPEECH"), ("face", "TA_FACE"), ("driving", "TA_MOTION"), ("base", "TA_MOTION")],
             [("motion", "TA_MOTION"), ("curves", "IMAGE")],
             [25, "neutral", 1, 1, 1, 1, 1, 1, 1, False, 0, "fixed", ""], 3),
        Node(6, "TA_MouthRenderer", (1180, 60), (340, 460),
             [("face", "TA_FACE"), ("motion", "TA_MOTION"), ("model", "TA_MODEL"), ("source", "VIDEO")],
             [("render", "TA_RENDER"), ("preview", "IMAGE")], ["auto", 0, 0], 2),
        Node(7, "TA_BlendAndIdle", (1180, 580), (340, 280),
             [("render", "TA_RENDER"), ("background", "IMAGE,VIDEO"), ("mask", "MASK"), ("replacement", "IMAGE,VIDEO")],
             [("render", "TA_RENDER"), ("mask", "MASK")], [1, 1, 1, "carry"], 3),
        Node(8, "TA_VideoMux", (1580, 60), (420, 640), [("source", "TA_RENDER,IMAGE"), ("audio", "AUDIO")],
             [("video", "VIDEO"), ("path", "STRING")],
             ["talking_avatar/avatar", 25, 18, "veryfast", True], 1),
    ]


VISEMES = Node(4, "TA_AudioToVisemes", (380, 580), (340, 300), [("audio", "AUDIO"), ("speech", "TA_SPEECH")],
               [("speech", "TA_SPEECH"), ("timeline", "IMAGE"), ("cues", "STRING")], ["", "", "auto"], 1)
SPEAK = Node(3, "TA_TextToSpeech", (0, 580), (340, 300), [], [("audio", "AUDIO"), ("speech", "TA_SPEECH")],
             [TEXT, "auto", 1])
LISTEN = Node(3, "LoadAudio", (0, 580), (340, 140), [], [("AUDIO", "AUDIO")], ["speech.wav", None, None])

COMMON_LINKS = [
    (1, "portrait", 2, "source"), (2, "face", 5, "face"), (2, "face", 6, "face"), (4, "speech", 5, "speech"),
    (5, "motion", 6, "motion"), (6, "render", 7, "render"), (7, "render", 8, "source"),
]
GROUPS = [
    ("1  Who talks", (-20, -20, 760, 520), BLUE),
    ("2  What is said", (-20, 520, 760, 380), GREEN),
    ("3  How it moves", (760, -20, 380, 660), PURPLE),
    ("4  The picture", (1160, -20, 380, 900), ORANGE),
    ("5  The video", (1560, -20, 460, 740), ORANGE),
]
TEXT_NOTE = """### Photo + text -> talking video

1. Choose a photo in **Load Portrait** (one face, from the front, mouth closed).
2. Write what it says in **Text to Speech** (English).
3. Press **Run**. The mp4 appears in **Video Mux** and in `output/talking_avatar`.

Everything runs on this machine; nothing is sent anywhere. Another *seed* in Motion Generator gives another performance."""
AUDIO_NOTE = """### Photo + recording -> talking video

1. Choose a photo in **Load Portrait** (one face, from the front, mouth closed).
2. Choose a recording in **Load Audio**.
3. Paste what is said into *transcript* of **Audio to Visemes** (English; the lips become much more exact). Leave it empty when it is unknown.
4. Press **Run**. The mp4 appears in **Video Mux** and in `output/talking_avatar`.

Use only faces and voices of people who agreed to it."""


def build(nodes: list[Node], links: list[tuple[int, str, int, str]], note: str) -> dict[str, Any]:
    """Return a workflow as the canvas saves it."""
    rows = []
    for number, (source, output, target, socket) in enumerate(links, 1):
        from_node, to_node = (next(n for n in nodes if n.id == id) for id in (source, target))
        slot = [name for name, _ in from_node.outputs].index(output)
        place = [name for name, _ in to_node.inputs].index(socket)
        rows.append([number, source, slot, target, place, from_node.outputs[slot][1]])
    drawn = [_drawn(node, rows, order) for order, node in enumerate(sorted(nodes, key=lambda n: n.id))]
    drawn.append({
        "id": 9, "type": "MarkdownNote", "pos": [780, 680], "size": [340, 220], "flags": {}, "order": len(drawn),
        "mode": 0, "inputs": [], "outputs": [], "title": "How to use", "properties": {}, "widgets_values": [note],
        "color": "#432", "bgcolor": "#653",
    })
    groups = [{"id": i, "title": title, "bounding": list(box), "color": colour, "font_size": 24, "flags": {}}
              for i, (title, box, colour) in enumerate(GROUPS, 1)]
    return {"last_node_id": 9, "last_link_id": len(rows), "nodes": drawn, "links": rows, "groups": groups,
            "config": {}, "extra": {"ds": {"scale": 0.6, "offset": [60, 80]}}, "version": 0.4}


def _drawn(node: Node, rows: list[list[Any]], order: int) -> dict[str, Any]:
    first_optional = len(node.inputs) - node.optional
    inputs = []
    for place, (name, kind) in enumerate(node.inputs):
        link = next((row[0] for row in rows if row[3:5] == [node.id, place]), None)
        socket = {"name": name, "type": kind, "link": link}
        inputs.append(socket | ({"shape": 7} if place >= first_optional else {}))
    outputs = [{"name": name, "type": kind, "slot_index": slot,
                "links": [row[0] for row in rows if row[1:3] == [node.id, slot]]}
               for slot, (name, kind) in enumerate(node.outputs)]
    return {"id": node.id, "type": node.type, "pos": list(node.at), "size": list(node.size), "flags": {},
            "order": order, "mode": 0, "inputs": inputs, "outputs": outputs,
            "properties": {"Node name for S&R": node.type}, "widgets_values": node.widgets}


def workflows() -> dict[str, dict[str, Any]]:
    """Return all workflows by file name."""
    spoken = [*COMMON_LINKS, (3, "audio", 4, "audio"), (3, "speech", 4, "speech")]
    recorded = [*COMMON_LINKS, (3, "AUDIO", 4, "audio")]
    return {
        "photo_text_to_video.json": build([*common_nodes(), SPEAK, VISEMES], spoken, TEXT_NOTE),
        "photo_audio_to_video.json": build([*common_nodes(), LISTEN, VISEMES], recorded, AUDIO_NOTE),
    }


def main() -> None:
    """Write the files."""
    WORKFLOWS.mkdir(exist_ok=True)
    for name, workflow in workflows().items():
        (WORKFLOWS / name).write_text(json.dumps(workflow, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
