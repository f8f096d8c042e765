"""Keep the shipped workflows among the graphs that later versions must load, where none of these is built the same.

    python tools/keep_graphs.py

Run it on a release, after `run.py test` has obtained a ComfyUI: the launcher reads the graphs as the page does.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.cli.comfy_install import find_comfyui  # noqa: E402
from talking_avatar.cli.comfy_server import ComfyServer  # noqa: E402
from talking_avatar.cli.console import LOCAL, say  # noqa: E402
from talking_avatar.cli.workflow import WORKFLOWS, to_prompt  # noqa: E402

GRAPHS = ROOT / "tests" / "graphs"


def shape(graph: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return how its nodes are saved: type, number of widgets, names of inputs and outputs."""
    return sorted((node["type"], len(node.get("widgets_values") or []), *(tuple(slot["name"] for slot in node.get(side) or [])
                                                                         for side in ("inputs", "outputs")))
                  for node in graph["nodes"])


def kept() -> list[dict[str, Any]]:
    """Return the graphs that are kept, the oldest first."""
    return [json.loads(path.read_text(encoding="utf-8"))["graph"] for path in sorted(GRAPHS.glob("*.json"))]


def missing() -> list[Path]:
    """Return the shipped workflows that are not kept as they are built now."""
    known = [shape(graph) for graph in kept()]
    return [path for path in sorted(WORKFLOWS.glob("*.json")) if shape(json.loads(path.read_text(encoding="utf-8"))) not in known]


def meaning(graph: dict[str, Any], object_info: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of our nodes by name."""
    return {id: node["inputs"] for id, node in to_prompt(graph, object_info).items() if node["class_type"].startswith("TA_")}


def main() -> None:
    """Write what is new."""
    new, before = missing(), len(kept())
    with ComfyServer(find_comfyui(), LOCAL / "pictures") as server:
        object_info = server.client.object_info()
    for number, path in enumerate(new, before + 1):
        graph = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps({"graph": graph, "prompt": meaning(graph, object_info)}, ensure_ascii=False, separators=(",", ":"))
        (GRAPHS / f"{number:02d}_{path.stem}.json").write_text(text + "\n", encoding="utf-8")
        say(f"{number:02d}_{path.stem}.json")


if __name__ == "__main__":
    main()
