"""Write the example workflows in the form in which the canvas saves them.

``python tools/build_workflows.py`` rewrites workflows/*.json; tests compare them with the tool.
All but the one-node workflow are the same chain with other ends (`workflow_parts.py`).
"""

from __future__ import annotations

import json
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.tools import workflow_notes as notes  # noqa: E402
from talking_avatar.tools import workflow_parts as part  # noqa: E402
from talking_avatar.tools.canvas_graph import Link, Node, Workflow, build  # noqa: E402

WORKFLOWS = ROOT / "workflows"


def two_speakers_workflow() -> Workflow:
    """Return two chains over one photo."""
    speak = replace(part.SPEAK.with_widgets({0: " [pause 0.6] ".join(part.LINES)}), at=(0, 660), size=(340, 240))
    nodes = [part.PORTRAIT.with_widgets({0: part.TWO_PEOPLE}), speak, part.SPLIT, part.JOIN, replace(part.MUX.with_widgets(
        {part.MUX_PREFIX: "talking_avatar/two_speakers"}), at=(2240, 60))]
    links: list[Link] = [(3, "audio", 21, "audio"), (22, "render", 8, "source")]
    for person, line in enumerate(part.LINES):
        ids = {node.id: node.id + 30 * person for node in (part.DETECT, part.VISEMES, part.MOTION, part.RENDER)}
        down = 1180 * person
        nodes += [replace(part.DETECT.with_widgets({0: person, 1: "left-right"}), id=ids[2], at=(380, 60 + down)),
                  replace(part.VISEMES.with_widgets({0: line}), id=ids[4], at=(820, 60 + down), size=(540, 700)),
                  replace(part.MOTION.with_widgets({10: person}), id=ids[5], at=(1400, 60 + down)),
                  replace(part.RENDER, id=ids[6], at=(1840, 60 + down))]
        links += [(1, "portrait", ids[2], "source"), (ids[2], "face", ids[5], "face"), (ids[2], "face", ids[6], "face"),
                  (21, f"audio_{person + 1}", ids[4], "audio"), (ids[4], "speech", ids[5], "speech"),
                  (ids[5], "motion", ids[6], "motion"), (ids[6], "render", 22, "ab"[person])]
    groups = (("1  The photo and the sound", (-20, -20, 380, 1400), part.BLUE),
              ("2  The first person", (370, -20, 1850, 1170), part.GREEN),
              ("3  The second person", (370, 1160, 1850, 1170), part.PURPLE), ("4  The video", (2230, -20, 480, 1100), part.ORANGE))
    return Workflow(tuple(nodes), tuple(links), groups, notes.TWO_NOTE, (2240, 1160, 460, 420))


def dub_workflow() -> Workflow:
    """Return the chain over a video."""
    video = Node(1, "TA_LoadVideo", (0, 60), (340, 540), (), (("video", "VIDEO"), ("audio", "AUDIO")), (part.CLIP, "image"))
    nodes = (video, part.DETECT, part.SPEAK.with_widgets({0: part.NEW_WORDS}), part.VISEMES, part.MOTION, part.RENDER, part.BLEND,
             part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/dubbed"}))
    links = tuple((1, "video", 2, "source") if link[:2] == (1, "portrait") else link for link in part.SPOKEN)
    return Workflow(nodes, links, part.GROUPS, notes.DUB_NOTE, (1260, 1190, 920, 400))


def drive_workflow() -> Workflow:
    """Return the chain in which a video moves a photo."""
    video = Node(3, "TA_LoadVideo", (0, part.LOW), (340, 400), (), (("video", "VIDEO"), ("audio", "AUDIO")), (part.CLIP, "image"))
    nodes = (part.PORTRAIT.with_widgets({0: part.TWO_PEOPLE}), part.DETECT.with_widgets({0: 1, 1: "left-right"}), video, part.DRIVE, part.RENDER, part.BLEND,
             part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/driven"}))
    links: tuple[Link, ...] = (*(link for link in part.CHAIN if link[0] != 4), (3, "video", 5, "driver"))
    groups = (part.GROUPS[0], ("2  Who drives", (-20, 1180, 820, 500), part.GREEN), *part.GROUPS[2:])
    return Workflow(nodes, links, groups, notes.DRIVE_NOTE)


def cut_out_workflow() -> Workflow:
    """Return the chain with a transparent background."""
    nodes = (part.PORTRAIT.with_widgets({0: part.CUT_OUT}), part.DETECT, part.SPEAK.with_widgets({0: part.SHORT_TEXT}), part.VISEMES, part.MOTION, part.RENDER,
             part.BLEND.with_widgets({part.BLEND_MODE: "transparent", part.BLEND_COLOUR: "#00b140"}),
             part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/transparent", part.MUX_FORMAT: "webm-vp9-alpha"}))
    return Workflow(nodes, part.SPOKEN, part.GROUPS, notes.BACKGROUND_NOTE)


def upscale_workflow() -> Workflow:
    """Return the chain with a node of ComfyUI between the frames and the file."""
    mux = replace(part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/upscaled"}), at=(2080, 60))
    nodes = (part.PORTRAIT, part.DETECT, part.LISTEN, replace(part.VISEMES, linked_widgets=(("transcript", "STRING"),)), part.MOTION,
             part.RENDER.with_widgets({1: 384, 2: 384}), part.BLEND, mux, part.IMAGES, part.SCALE)
    links = (*part.RECORDED, (7, "render", 9, "render"), (9, "images", 10, "image"), (10, "IMAGE", 8, "replacement"))
    groups = (*part.GROUPS[:4], ("5  Any other node", (1680, -20, 340, 480), part.PURPLE), ("6  The video", (2060, -20, 500, 1180), part.ORANGE))
    return Workflow(nodes, links, groups, notes.UPSCALE_NOTE)


def emotions_workflow() -> Workflow:
    """Return the chain with several moods."""
    nodes = (part.PORTRAIT, part.DETECT, part.SPEAK.with_widgets({0: part.STORY}), part.VISEMES,
             part.MOTION.with_widgets({12: part.STORY_MOODS}), part.RENDER, part.BLEND,
             part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/moods"}))
    return Workflow(nodes, part.SPOKEN, part.GROUPS, notes.EMOTIONS_NOTE)


def captions_workflow() -> Workflow:
    """Return the chain with words in the picture."""
    mux = replace(part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/captions"}), at=(2100, 60))
    nodes = (part.PORTRAIT, part.DETECT, part.SPEAK, part.VISEMES, part.MOTION, part.RENDER, part.BLEND, part.CAPTIONS, mux)
    links = (*(link for link in part.SPOKEN if link[:2] != (7, "render")), (7, "render", 11, "render"), (4, "speech", 11, "speech"),
             (11, "render", 8, "source"))
    groups = (*part.GROUPS[:4], ("5  The words", (1680, -20, 380, 480), part.GREEN),
              ("6  The video", (2080, -20, 500, 1180), part.ORANGE))
    return Workflow(nodes, links, groups, notes.CAPTIONS_NOTE)


def new_background_workflow() -> Workflow:
    """Return the chain with a picture behind a person who is cut out."""
    mux = replace(part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/new_background"}), at=(2080, 60))
    nodes = (part.PORTRAIT.with_widgets({0: part.CUT_OUT}), part.DETECT, part.SPEAK.with_widgets({0: part.SHORT_TEXT}), part.VISEMES,
             part.MOTION, part.RENDER, part.BLEND, mux, part.BEHIND, part.SOFTEN)
    links = (*part.SPOKEN, (11, "image", 12, "image"), (12, "IMAGE", 7, "background"))
    groups = (*part.GROUPS[:4], ("5  What is behind", (1680, -20, 340, 710), part.PURPLE),
              ("6  The video", (2060, -20, 500, 1180), part.ORANGE))
    return Workflow(nodes, links, groups, notes.NEW_BACKGROUND_NOTE)


def generated_workflow() -> Workflow:
    """Return the chain behind a diffusion model."""
    nodes = (*part.DIFFUSION, part.PORTRAIT, part.DETECT, part.SPEAK, part.VISEMES, part.MOTION, part.RENDER, part.BLEND,
             part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/generated"}))
    links = (*part.SPOKEN, *part.DIFFUSION_LINKS, (16, "IMAGE", 1, "image"))
    groups = (("0  A picture is made", (-1180, -20, 1140, 520), part.PURPLE), *part.GROUPS)
    return Workflow(nodes, links, groups, notes.GENERATED_NOTE, (-1160, 540, 480, 260))


def draft_workflow() -> Workflow:
    """Return the chain with a draft voice, and a recording that waits beside it."""
    speak = replace(part.SPEAK.with_widgets({0: part.DRAFT}), size=(600, 300))
    listen, visemes = replace(part.LISTEN, id=11, at=(0, part.LOW + 720)), replace(part.VISEMES, at=(620, part.LOW), size=(600, 640))
    nodes = (part.PORTRAIT, part.DETECT, speak, listen, visemes, part.MOTION, part.RENDER,
             part.BLEND, part.MUX.with_widgets({part.MUX_PREFIX: "talking_avatar/draft"}))
    groups = (part.GROUPS[0], ("2  What is said: a draft, and the recording", (-20, 1180, 1260, 950), part.GREEN), *part.GROUPS[2:])
    return Workflow(nodes, part.SPOKEN, groups, notes.DRAFT_NOTE)


def table_workflow() -> Workflow:
    """Return the chain that runs once for each row of a table."""
    speak = replace(part.SPEAK, at=(0, part.LOW + 380), size=(340, 220), linked_widgets=(("text", "STRING"),))
    motion = replace(part.MOTION, linked_widgets=(("keyframes", "STRING"),))
    mux = replace(part.MUX, linked_widgets=(("filename_prefix", "STRING"),))
    nodes = (part.PORTRAIT, part.DETECT, part.TABLE, speak, part.VISEMES, motion, part.RENDER, part.BLEND, mux)
    links = (*part.SPOKEN, (11, "text", 3, "text"), (11, "keyframes", 5, "keyframes"), (11, "file_name", 8, "filename_prefix"))
    groups = (part.GROUPS[0], ("2  What is said, row by row", (-20, 1180, 1260, 740), part.GREEN), *part.GROUPS[2:])
    return Workflow(nodes, links, groups, notes.TABLE_NOTE)


def described() -> dict[str, Workflow]:
    """Return all workflows by file name."""
    common = (part.PORTRAIT, part.DETECT, part.MOTION, part.RENDER, part.BLEND, part.MUX, part.VISEMES)
    recorded = (*common[:-1], part.LISTEN, replace(part.VISEMES, linked_widgets=(("transcript", "STRING"),)))
    return {
        "one_node.json": Workflow((part.AVATAR,), (), (("A talking video", (-20, -20, 560, 1510), part.BLUE),), notes.ONE_NODE_NOTE,
                                  (580, 60, 420, 300)),
        "photo_text_to_video.json": Workflow((*common, part.SPEAK), part.SPOKEN, part.GROUPS, notes.TEXT_NOTE),
        "photo_audio_to_video.json": Workflow(recorded, part.RECORDED, part.GROUPS, notes.AUDIO_NOTE),
        "transparent_background.json": cut_out_workflow(),
        "upscale_frames.json": upscale_workflow(),
        "dub_video.json": dub_workflow(),
        "expression_transfer.json": drive_workflow(),
        "two_speakers.json": two_speakers_workflow(),
        "several_moods.json": emotions_workflow(),
        "captions.json": captions_workflow(),
        "new_background.json": new_background_workflow(),
        "generated_photo.json": generated_workflow(),
        "draft_then_recording.json": draft_workflow(),
        "table_of_lines.json": table_workflow(),
    }


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
