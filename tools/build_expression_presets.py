"""Write the presets of the expression editor: the emotions of the core, and poses of our own.

``python tools/build_expression_presets.py`` rewrites web/lib/expression/presets.json; a test compares it with the core.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.pipeline_core.arkit import BLENDSHAPES, INDEX  # noqa: E402
from talking_avatar.pipeline_core.motion.emotion import EMOTIONS, Expression, expression_row  # noqa: E402

TARGET = ROOT / "web" / "lib" / "expression" / "presets.json"


POSES = {
    "Wide grin": Expression({"mouthSmile": 0.85, "mouthUpperUp": 0.45, "mouthLowerDown": 0.35, "cheekSquint": 0.6,
                             "eyeSquint": 0.3, "jawOpen": 0.1}),
    "Laugh": Expression({"mouthSmile": 0.75, "mouthUpperUp": 0.3, "mouthLowerDown": 0.2, "cheekSquint": 0.7,
                         "eyeSquint": 0.45, "jawOpen": 0.32}, head_deg=(0.0, 2.5, 1.0)),
    "Smirk": Expression({"mouthSmileLeft": 0.85, "mouthDimpleLeft": 0.4, "cheekSquintLeft": 0.4, "mouthLeft": 0.2,
                         "browOuterUpRight": 0.45}, head_deg=(0.0, 0.5, 2.0)),
    "Wink": Expression({"eyeBlinkRight": 1.0, "cheekSquintRight": 0.5, "mouthSmileRight": 0.6, "mouthSmileLeft": 0.3,
                        "browDownRight": 0.2}, head_deg=(0.0, 0.5, -2.5)),
    "Kiss": Expression({"mouthPucker": 0.9, "mouthFunnel": 0.15, "eyeBlink": 0.15}),
    "Pout": Expression({"mouthPucker": 0.4, "mouthShrugLower": 0.85, "mouthShrugUpper": 0.3, "mouthFrown": 0.6, "browInnerUp": 0.45},
                       head_deg=(0.0, -2.0, 0.0)),
    "Sceptical": Expression({"browOuterUpLeft": 1.0, "browInnerUp": 0.2, "browDownRight": 0.9, "eyeSquintRight": 0.6,
                             "mouthLeft": 0.35, "mouthPress": 0.3, "mouthFrownRight": 0.2}, head_deg=(2.0, -0.5, 2.0)),
    "Sleepy": Expression({"eyeBlink": 0.38, "browInnerUp": 0.3, "mouthFrown": 0.15}, head_deg=(0.0, -2.0, 2.0),
                         gaze_deg=(0.0, -4.0)),
    "Eyes closed": Expression({"eyeBlink": 1.0}),
    "Shout": Expression({"jawOpen": 0.7, "mouthUpperUp": 0.25, "mouthLowerDown": 0.35, "browDown": 0.4, "eyeSquint": 0.2}),
    "Look left": Expression({}, gaze_deg=(-17.0, 0.0)),
    "Look right": Expression({}, gaze_deg=(17.0, 0.0)),
    "Look up": Expression({}, gaze_deg=(0.0, 12.0)),
}  # fmt: skip
"""Title -> pose; a name without its side means both sides. Sized by looking at the sample portrait."""


def presets() -> list[dict[str, Any]]:
    """Return what the file lists."""
    emotions = [_preset(name.capitalize(), "emotion", *_emotion(name)) for name in EMOTIONS if name != "neutral"]
    return emotions + [_preset(title, "pose", _both_sides(pose.shapes), pose.head_deg, pose.gaze_deg)
                       for title, pose in POSES.items()]


def text() -> str:
    """Return the file's text."""
    return json.dumps({"presets": presets()}, indent=1) + "\n"


def _preset(title: str, kind: str, curves: dict[str, float], head_deg: Any, gaze_deg: Any) -> dict[str, Any]:
    return {"name": title.lower().replace(" ", "_"), "title": title, "kind": kind, "curves": curves,
            "head_deg": list(head_deg), "gaze_deg": list(gaze_deg)}


def _emotion(name: str) -> tuple[dict[str, float], list[float], list[float]]:
    row = expression_row(name).tolist()
    curves = {shape: value for shape, value in zip(BLENDSHAPES, row, strict=False) if value}
    return curves, row[len(BLENDSHAPES):-2], row[-2:]


def _both_sides(shapes: dict[str, float]) -> dict[str, float]:
    return {full: value for name, value in shapes.items()
            for full in ((name,) if name in INDEX else (f"{name}Left", f"{name}Right"))}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
