"""Write the English texts of all nodes to locales/en, the source for translators.

    python tools/list_texts.py

They are read from a running ComfyUI, so run it after `run.py test` has obtained one; a test compares them with the nodes.
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

TARGET = ROOT / "locales" / "en" / "nodeDefs.json"


def texts(info: dict[str, Any]) -> dict[str, Any]:
    """Return what a node shows, in the form of ComfyUI's locale files."""
    inputs = {name: {"name": spec[1].get("display_name") or name, "tooltip": spec[1].get("tooltip", "")}
              for part in ("required", "optional") for name, spec in info["input"].get(part, {}).items()}
    outputs = {str(number): {"name": name, "tooltip": tooltip}
               for number, (name, tooltip) in enumerate(zip(info["output_name"], info["output_tooltips"], strict=True))}
    return {"display_name": info["display_name"], "description": info["description"], "inputs": inputs, "outputs": outputs}


def main() -> None:
    """Write the file."""
    with ComfyServer(find_comfyui(), LOCAL / "pictures") as server:
        found = {name: texts(info) for name, info in server.client.object_info().items() if name.startswith("TA_")}
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"{TARGET}: {len(found)} nodes")


if __name__ == "__main__":
    main()
