"""Write the example workflows in the form in which the canvas saves them.

``python tools/build_workflows.py`` rewrites workflows/*.json; tests compare them with the tool.
All but the one-node workflow are the same chain with other ends, so they share its description.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
BLUE, GREEN, PURPLE, ORANGE = "#3f789e", "#4b7a4b", "#6b5b95", "#a1602c"
TEXT = "Hello! I was only a photograph a minute ago. Now I can speak, blink and breathe."
SHORT_TEXT = "Hello! Behind me is whatever you like."
PHOTO, CUT_OUT = "sample: astronaut", "sample: astronaut, cut out"
TWO_PEOPLE = "sample: two people"
LINES = ("Hello! You look just like me.", "Oh no, my suit is blue. And my hair is much better.")
TURNS = "0-3.2 0\n3.2-7.7 1"
RECORDING = "sample: Jane Austen, one sentence"
CLIP = "sample: astronaut talks"
NEW_WORDS = "Hello! I used to say something else. Only my mouth has changed."


@dataclass(frozen=True)
class Node:
    """One node of the canvas."""

    id: int
    type: str
    at: tuple[int, int]
    size: tuple[int, int]
    inputs: tuple[tuple[str, str], ...] = ()
    """Sockets that are not widgets: name, type."""
    outputs: tuple[tuple[str, str], ...] = ()
    widgets: tuple[Any, ...] = ()
    optional: int = 0
    """How many of the inputs, from the end, are optional."""
    linked_widgets: tuple[tuple[str, str], ...] = ()
    """Widgets that get their value through a link: name, type."""

    def with_widgets(self, changes: dict[int, Any]) -> Node:
        """Return the node with some of its widgets changed, by their place."""
        return replace(self, widgets=tuple(changes.get(i, value) for i, value in enumerate(self.widgets)))


@dataclass(frozen=True)
class Workflow:
    """A graph with its frames and its note."""

    nodes: tuple[Node, ...]
    links: tuple[tuple[int, str, int, str], ...]
    groups: tuple[tuple[str, tuple[int, int, int, int], str], ...]
    note: str
    note_box: tuple[int, int, int, int] = (780, 680, 340, 260)


Link = tuple[int, str, int, str]

PORTRAIT = Node(1, "TA_LoadPortrait", (0, 60), (340, 540), (("image", "IMAGE"), ("mask", "MASK")),
                (("portrait", "TA_PORTRAIT"), ("image", "IMAGE"), ("mask", "MASK")), (PHOTO, "image"), 2)
DETECT = Node(2, "TA_DetectFace", (380, 60), (340, 540),
              (("source", "TA_PORTRAIT,IMAGE,VIDEO"), ("landmarks", "FACE_LANDMARKS"), ("bbox", "BBOX,BOUNDING_BOX")),
              (("face", "TA_FACE"), ("overlay", "IMAGE"), ("face_mask", "MASK"), ("mouth_mask", "MASK"),
               ("report", "STRING")), (0, "large-small", 0.5, "auto", 0.0, 0.05, "first"), 2)
SPEAK = Node(3, "TA_TextToSpeech", (0, 700), (340, 300), (), (("audio", "AUDIO"), ("speech", "TA_SPEECH")),
             (TEXT, "auto", 1))
LISTEN = Node(3, "TA_LoadSpeech", (0, 700), (340, 140), (), (("audio", "AUDIO"), ("transcript", "STRING")), (RECORDING,))
VISEMES = Node(4, "TA_AudioToVisemes", (380, 700), (340, 300), (("audio", "AUDIO"), ("speech", "TA_SPEECH")),
               (("speech", "TA_SPEECH"), ("timeline", "IMAGE"), ("cues", "STRING")), ("", "", "auto", "cues JSON"), 1)
MOTION = Node(5, "TA_MotionGenerator", (780, 60), (340, 560),
              (("speech", "TA_SPEECH"), ("face", "TA_FACE"), ("driving", "TA_MOTION"), ("base", "TA_MOTION")),
              (("motion", "TA_MOTION"), ("curves", "IMAGE")),
              (25, "neutral", 1, 1, 1, 1, 1, 1, 1, False, 0, "fixed", ""), 3)
RENDER = Node(6, "TA_MouthRenderer", (1180, 60), (340, 490),
              (("face", "TA_FACE"), ("motion", "TA_MOTION"), ("model", "TA_MODEL"), ("source", "VIDEO")),
              (("render", "TA_RENDER"), ("preview", "IMAGE"), ("report", "STRING")),
              ("auto", 0, 0, "pad_silence", "", "closed"), 2)
BLEND = Node(7, "TA_BlendAndIdle", (1180, 600), (340, 380),
             (("render", "TA_RENDER"), ("background", "IMAGE,VIDEO"), ("mask", "MASK"), ("replacement", "IMAGE,VIDEO")),
             (("render", "TA_RENDER"), ("mask", "MASK")), (1, 1, 1, "carry", "source", "#404040", 1, "loop"), 3)
MUX = Node(8, "TA_VideoMux", (1580, 60), (420, 640),
           (("source", "TA_RENDER,IMAGE"), ("audio", "AUDIO"), ("replacement", "IMAGE,VIDEO")),
           (("video", "VIDEO"), ("path", "STRING")),
           ("talking_avatar/avatar", 25, 18, "veryfast", True, "mp4-h264", "copy", "keep"), 2)
BLEND_MODE, BLEND_COLOUR, MUX_PREFIX, MUX_FORMAT = 4, 5, 0, 5
AVATAR = Node(1, "TA_TalkingAvatar", (0, 60), (520, 760), (("image", "IMAGE"), ("audio", "AUDIO"), ("video", "VIDEO")),
              (("video", "VIDEO"), ("path", "STRING")),
              (PHOTO, TEXT, "auto", "neutral", 1, 1, "as the photo", 25, 0, "fixed",
               "talking_avatar/avatar", True, "", "image"), 3)
IMAGES = Node(9, "TA_FramesToImages", (1580, 60), (300, 160), (("render", "TA_RENDER"),),
              (("images", "IMAGE"), ("audio", "AUDIO"), ("fps", "FLOAT")), (0, 0))
SCALE = Node(10, "ImageScaleBy", (1580, 280), (300, 110), (("image", "IMAGE"),), (("IMAGE", "IMAGE"),), ("lanczos", 2))
SPLIT = Node(21, "TA_SplitSpeakers", (0, 920), (340, 340), (("audio", "AUDIO"), ("face", "TA_FACE")),
             (*((f"audio_{n}", "AUDIO") for n in range(1, 5)), ("report", "STRING")), (TURNS, "0, 1, 2, 3"), 1)
JOIN = Node(22, "TA_JoinRenders", (1960, 760), (420, 120), tuple((name, "TA_RENDER") for name in "abcd"),
            (("render", "TA_RENDER"),), (), 2)

CHAIN: tuple[Link, ...] = (
    (1, "portrait", 2, "source"), (2, "face", 5, "face"), (2, "face", 6, "face"), (4, "speech", 5, "speech"),
    (5, "motion", 6, "motion"), (6, "render", 7, "render"), (7, "render", 8, "source"),
)
SPOKEN: tuple[Link, ...] = (*CHAIN, (3, "audio", 4, "audio"), (3, "speech", 4, "speech"))
RECORDED: tuple[Link, ...] = (*CHAIN, (3, "audio", 4, "audio"), (3, "transcript", 4, "transcript"))
GROUPS = (
    ("1  Who talks", (-20, -20, 760, 640), BLUE),
    ("2  What is said", (-20, 640, 760, 380), GREEN),
    ("3  How it moves", (760, -20, 380, 660), PURPLE),
    ("4  The picture", (1160, -20, 380, 1020), ORANGE),
    ("5  The video", (1560, -20, 460, 860), ORANGE),
)
TEXT_NOTE = """### Photo + text -> talking video

1. Press **Run**: the sample talks.
2. Choose your photo in **Load Portrait** (one face, from the front, mouth closed).
3. Write what it says in **Text to Speech** (English).

The mp4 appears in **Video Mux** and in `output/talking_avatar`. Everything runs on this machine; nothing is sent anywhere. Another *seed* in Motion Generator gives another performance."""
AUDIO_NOTE = """### Photo + recording -> talking video

1. Press **Run**: the sample talks.
2. Choose your photo in **Load Portrait** (one face, from the front, mouth closed).
3. Choose a recording of ComfyUI's input folder in **Load Speech**, or put *Load Audio* in its place to upload one.
4. What is said makes the lips much more exact: write it into a .txt file of the same name, or disconnect *transcript* of **Audio to Visemes** and paste it there.

Use only faces and voices of people who agreed to it."""
ONE_NODE_NOTE = """### One node

1. Press **Run**: the sample talks.
2. Choose your photo, write your text, run again.

For a recording, connect *Load Audio* or *Load Speech* to **audio**, and write what is said into the lowest field.

The mp4 is saved in `output/talking_avatar`. The other templates show the same chain node by node, with every control."""
BACKGROUND_NOTE = """### A person in front of nothing

The sample is cut out, so that the background can be anything. **Blend and Idle**, *background_mode*:

- **transparent**: a webm with transparency, for editing programs and web pages
- **color**: one colour, such as #00b140 for keying
- **blur**: the photo's own background, out of focus
- **source**: a picture or video that you connect to *background*

With your own photo, connect the MASK of any node that finds the person to **mask**: white on the person. For color, blur or a picture, set *format* of Video Mux to mp4-h264."""
UPSCALE_NOTE = """### Other nodes in the chain

**Frames to Images** draws the frames as IMAGE. Any node may change them: an upscaler, a face restorer, a style. The result goes into **replacement** of Video Mux, which writes it with the sound, frame for frame.

Here *Upscale Image By* makes the video twice as large. Put your upscaler in its place.

Images take memory: *Frames to Images* says how much before it begins. Use *start* and *count* for parts of a long clip."""

TWO_NOTE = """### Two people in one photo

1. Press **Run**: both talk.
2. Choose your photo in **Load Portrait**. The pictures of both **Detect Face** nodes number the faces; *face_index* says who has which chain.
3. Put *Load Audio* in the place of **Text to Speech** for a conversation that you recorded, and write who speaks when into *table* of **Split Speakers**: from, to, number of the face. For a video, connect a *face* there and leave the table empty.

For separate recordings leave Split Speakers out: connect each to its own **Audio to Visemes**."""


def two_speakers_workflow() -> Workflow:
    """Return two chains over one photo."""
    speak = replace(SPEAK.with_widgets({0: " [pause 0.6] ".join(LINES)}), at=(0, 660), size=(340, 200))
    nodes = [PORTRAIT.with_widgets({0: TWO_PEOPLE}), speak, SPLIT, JOIN, replace(MUX.with_widgets(
        {MUX_PREFIX: "talking_avatar/two_speakers"}), at=(1960, 60))]
    links: list[Link] = [(3, "audio", 21, "audio"), (22, "render", 8, "source")]
    for person, line in enumerate(LINES):
        ids, down = {node.id: node.id + 30 * person for node in (DETECT, VISEMES, MOTION, RENDER)}, 680 * person
        nodes += [replace(DETECT.with_widgets({0: person, 1: "left-right"}), id=ids[2], at=(380, 60 + down), size=(340, 600)),
                  replace(VISEMES.with_widgets({0: line}), id=ids[4], at=(780, 60 + down), size=(340, 600)),
                  replace(MOTION.with_widgets({10: person}), id=ids[5], at=(1180, 60 + down), size=(340, 600)),
                  replace(RENDER, id=ids[6], at=(1580, 60 + down), size=(340, 600))]
        links += [(1, "portrait", ids[2], "source"), (ids[2], "face", ids[5], "face"), (ids[2], "face", ids[6], "face"),
                  (21, f"audio_{person + 1}", ids[4], "audio"), (ids[4], "speech", ids[5], "speech"),
                  (ids[5], "motion", ids[6], "motion"), (ids[6], "render", 22, "ab"[person])]
    groups = (("1  The photo and the sound", (-20, -20, 380, 1380), BLUE), ("2  The first person", (360, -20, 1580, 700), GREEN),
              ("3  The second person", (360, 690, 1580, 670), PURPLE), ("4  The video", (1940, -20, 460, 1010), ORANGE))
    return Workflow(tuple(nodes), tuple(links), groups, TWO_NOTE, (1960, 1020, 420, 320))

DUB_NOTE = """### A video says something else

1. Press **Run**: the sample gets new words.
2. Choose your video in **Load Talking Video** and write what it says in **Text to Speech**, or put *Load Speech* in its place for a recording, such as a translation.

Only the mouth, the jaw and the lower cheeks are drawn anew. In **Mouth Renderer**:

- *length*: what happens where the sound is not as long as the video
- *ranges*: seconds such as 2.5-4.0, to change one line only
- *report*: what was left as it is, and why

Use only faces and voices of people who agreed to it."""


def dub_workflow() -> Workflow:
    """Return the chain over a video."""
    video = Node(1, "TA_LoadVideo", (0, 60), (340, 540), (), (("video", "VIDEO"), ("audio", "AUDIO")), (CLIP, "image"))
    nodes = (video, DETECT, SPEAK.with_widgets({0: NEW_WORDS}), VISEMES, MOTION, RENDER, BLEND,
             MUX.with_widgets({MUX_PREFIX: "talking_avatar/dubbed"}))
    links = tuple((1, "video", 2, "source") if link[:2] == (1, "portrait") else link for link in SPOKEN)
    return Workflow(nodes, links, GROUPS, DUB_NOTE, (780, 660, 340, 400))


DRIVE_NOTE = """### A face drives a face

1. Press **Run**: the sample video moves one of the people in the sample photo.
2. Choose your photo in **Load Portrait** and *face_index* in **Detect Face**.
3. Choose a clip of yourself in **Load Talking Video**: one face from the front, the lips closed for a moment.

**Motion from Video** has a strength for mouth, brows, eyes, head and gaze. Its motion can also go into *driving* of **Motion Generator**: then head, eyes and brows follow the clip, and the lips what is said.

Use only faces of people who agreed to it."""


def drive_workflow() -> Workflow:
    """Return the chain in which a video moves a photo."""
    video = Node(3, "TA_LoadVideo", (0, 700), (340, 300), (), (("video", "VIDEO"), ("audio", "AUDIO")), (CLIP, "image"))
    motion = Node(5, "TA_MotionFromVideo", (780, 60), (340, 560),
                  (("driver", "VIDEO,IMAGE,TA_MOTION"), ("face", "TA_FACE"), ("landmarks", "FACE_LANDMARKS")),
                  (("motion", "TA_MOTION"), ("curves", "IMAGE")), (1, 1, 1, 1, 1, -1, 0, 25, "fit"), 2)
    nodes = (PORTRAIT.with_widgets({0: TWO_PEOPLE}), DETECT.with_widgets({0: 1, 1: "left-right"}), video, motion, RENDER, BLEND,
             MUX.with_widgets({MUX_PREFIX: "talking_avatar/driven"}))
    links: tuple[Link, ...] = (*(link for link in CHAIN if link[0] != 4), (3, "video", 5, "driver"))
    groups = (GROUPS[0], ("2  Who drives", (-20, 640, 760, 380), GREEN), *GROUPS[2:])
    return Workflow(nodes, links, groups, DRIVE_NOTE, (780, 660, 340, 400))


def cut_out_workflow() -> Workflow:
    """Return the chain with a transparent background."""
    nodes = (PORTRAIT.with_widgets({0: CUT_OUT}), DETECT, SPEAK.with_widgets({0: SHORT_TEXT}), VISEMES, MOTION, RENDER,
             BLEND.with_widgets({BLEND_MODE: "transparent", BLEND_COLOUR: "#00b140"}),
             MUX.with_widgets({MUX_PREFIX: "talking_avatar/transparent", MUX_FORMAT: "webm-vp9-alpha"}))
    return Workflow(nodes, SPOKEN, GROUPS, BACKGROUND_NOTE, (760, 660, 380, 340))


def upscale_workflow() -> Workflow:
    """Return the chain with a node of ComfyUI between the frames and the file."""
    mux = replace(MUX.with_widgets({MUX_PREFIX: "talking_avatar/upscaled"}), at=(1960, 60))
    nodes = (PORTRAIT, DETECT, LISTEN, replace(VISEMES, linked_widgets=(("transcript", "STRING"),)), MOTION,
             RENDER.with_widgets({1: 384, 2: 384}), BLEND, mux, IMAGES, SCALE)
    links = (*RECORDED, (7, "render", 9, "render"), (9, "images", 10, "image"), (10, "IMAGE", 8, "replacement"))
    groups = (*GROUPS[:4], ("5  Any other node", (1560, -20, 340, 440), PURPLE), ("6  The video", (1940, -20, 460, 860), ORANGE))
    return Workflow(nodes, links, groups, UPSCALE_NOTE, (1560, 460, 340, 420))


def described() -> dict[str, Workflow]:
    """Return all workflows by file name."""
    common = (PORTRAIT, DETECT, MOTION, RENDER, BLEND, MUX, VISEMES)
    recorded = (*common[:-1], LISTEN, replace(VISEMES, linked_widgets=(("transcript", "STRING"),)))
    return {
        "one_node.json": Workflow((AVATAR,), (), (("A talking video", (-20, -20, 560, 1130), BLUE),), ONE_NODE_NOTE,
                                  (580, 60, 420, 300)),
        "photo_text_to_video.json": Workflow((*common, SPEAK), SPOKEN, GROUPS, TEXT_NOTE),
        "photo_audio_to_video.json": Workflow(recorded, RECORDED, GROUPS, AUDIO_NOTE),
        "transparent_background.json": cut_out_workflow(),
        "upscale_frames.json": upscale_workflow(),
        "dub_video.json": dub_workflow(),
        "expression_transfer.json": drive_workflow(),
        "two_speakers.json": two_speakers_workflow(),
    }


def build(workflow: Workflow) -> dict[str, Any]:
    """Return a workflow as the canvas saves it."""
    rows: list[list[Any]] = []
    for number, (source, output, target, socket) in enumerate(workflow.links, 1):
        from_node, to_node = (next(n for n in workflow.nodes if n.id == id) for id in (source, target))
        slot = [name for name, _ in from_node.outputs].index(output)
        place = [name for name, _ in (*to_node.inputs, *to_node.linked_widgets)].index(socket)
        rows.append([number, source, slot, target, place, from_node.outputs[slot][1]])
    drawn = [_drawn(node, rows, order) for order, node in enumerate(sorted(workflow.nodes, key=lambda n: n.id))]
    left, top, width, height = workflow.note_box
    last = max(node.id for node in workflow.nodes) + 1
    drawn.append({
        "id": last, "type": "MarkdownNote", "pos": [left, top], "size": [width, height], "flags": {}, "order": len(drawn),
        "mode": 0, "inputs": [], "outputs": [], "title": "How to use", "properties": {},
        "widgets_values": [workflow.note], "color": "#432", "bgcolor": "#653",
    })
    groups = [{"id": i, "title": title, "bounding": list(box), "color": colour, "font_size": 24, "flags": {}}
              for i, (title, box, colour) in enumerate(workflow.groups, 1)]
    return {"last_node_id": last, "last_link_id": len(rows), "nodes": drawn, "links": rows, "groups": groups,
            "config": {}, "extra": {"ds": {"scale": 0.6, "offset": [60, 80]}}, "version": 0.4}


def _drawn(node: Node, rows: list[list[Any]], order: int) -> dict[str, Any]:
    first_optional = len(node.inputs) - node.optional
    inputs: list[dict[str, Any]] = []
    for place, (name, kind) in enumerate((*node.inputs, *node.linked_widgets)):
        link = next((row[0] for row in rows if row[3:5] == [node.id, place]), None)
        socket: dict[str, Any] = {"name": name, "type": kind, "link": link}
        if place >= len(node.inputs):
            socket["widget"] = {"name": name}
        if place >= first_optional:
            socket["shape"] = 7
        inputs.append(socket)
    outputs = [{"name": name, "type": kind, "slot_index": slot,
                "links": [row[0] for row in rows if row[1:3] == [node.id, slot]]}
               for slot, (name, kind) in enumerate(node.outputs)]
    return {"id": node.id, "type": node.type, "pos": list(node.at), "size": list(node.size), "flags": {},
            "order": order, "mode": 0, "inputs": inputs, "outputs": outputs,
            "properties": {"Node name for S&R": node.type}, "widgets_values": list(node.widgets)}


def workflows() -> dict[str, dict[str, Any]]:
    """Return all workflows as JSON by file name."""
    return {name: build(workflow) for name, workflow in described().items()}


def main() -> None:
    """Write the files."""
    WORKFLOWS.mkdir(exist_ok=True)
    for name, workflow in workflows().items():
        (WORKFLOWS / name).write_text(json.dumps(workflow, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
