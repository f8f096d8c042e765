"""Write the README's pictures of the canvas: what a person does and sees on the real page.

    python tools/make_canvas_pictures.py

Needs what `run.py test` installs: ComfyUI, Playwright and a Chromium.
"""

from __future__ import annotations

import base64
import io
import sys
import types
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.cli.console import say  # noqa: E402
from talking_avatar.cli.workflow import load_workflow  # noqa: E402
from talking_avatar.models.samples import RECORDINGS, sample_file  # noqa: E402
from talking_avatar.tools.make_workflow_pictures import WAIT_MS, canvas_page, run_graph  # noqa: E402

DOCS = ROOT / "docs"
WIDTH_PX, QUALITY = 900, 84
NODES = {"x": 470.0, "y": 95.0, "width": 600.0, "height": 810.0}
"""Where the two nodes lie that a drop makes."""
DROP = """([photo, sound]) => {
    const data = new DataTransfer();
    for (const [name, type, text] of [photo, sound])
        data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
    const at = { bubbles: true, cancelable: true, clientX: 760, clientY: 130, dataTransfer: data };
    app.canvas.canvas.dispatchEvent(new DragEvent('dragover', at));
    app.canvas.canvas.dispatchEvent(new DragEvent('drop', at));
}"""
EXPRESSION = """async () => {
    app.graph.clear();
    const make = (type, x, widgets = {}) => {
        const node = LiteGraph.createNode(type);
        node.pos = [x, 60];
        app.graph.add(node);
        for (const [name, value] of Object.entries(widgets)) node.widgets.find((w) => w.name === name).value = value;
        return node;
    };
    const load = make('TA_LoadPortrait', 0), face = make('TA_DetectFace', 380), editor = make('TA_ExpressionEditor', 760);
    const show = make('PreviewImage', 1600);
    editor.setSize([800, 760]);
    load.connect(0, face, 0);
    face.connect(0, editor, 0);
    editor.connect(1, show, 0);
}"""


def queue(page: Any, name: str) -> None:
    """Press Run and wait until everything is shown."""
    run_graph(page, name)
    page.wait_for_timeout(6000)  # videos load, heads are drawn without a graphics card


def look_at(page: Any, kind: str, scale: float) -> dict[str, float]:
    """Show a node large, and return where it lies on the screen."""
    box = page.evaluate("""([kind, scale]) => {
        const node = app.graph._nodes.find((n) => n.type === kind);
        app.canvas.ds.scale = scale;
        app.canvas.ds.offset = [160 / scale - node.pos[0], 130 / scale - node.pos[1]];
        app.canvas.setDirty(true, true);
        const area = app.canvas.canvas.getBoundingClientRect();
        return { x: area.left + 150, y: area.top + 130 - 40 * scale, width: node.size[0] * scale + 20,
                 height: (node.size[1] + 40) * scale + 20 };
    }""", [kind, scale])
    page.wait_for_timeout(4000)
    return dict(box)


def save(page: Any, name: str, box: dict[str, float] | None = None) -> None:
    """Write a picture of the page, or of a part of it."""
    shot = Image.open(io.BytesIO(page.screenshot(clip=box) if box else page.screenshot())).convert("RGB")
    height = round(shot.height * WIDTH_PX / shot.width)
    shot.resize((WIDTH_PX, height), Image.Resampling.LANCZOS).save(DOCS / f"{name}.jpg", "JPEG", quality=QUALITY)
    say(f"{name}.jpg")


def file(name: str, mime: str, path: Path) -> list[str]:
    """Return a file as the page's script takes it."""
    return [name, mime, base64.b64encode(path.read_bytes()).decode()]


def dropped(page: Any) -> None:
    """A photo and a sound fall on an empty canvas, and Run is pressed."""
    page.evaluate("() => { app.graph.clear(); app.canvas.ds.scale = 0.62; app.canvas.ds.offset = [0, 0]; }")
    sound = sample_file(next(iter(RECORDINGS.values())).file)
    photo = ROOT / "models" / "assets" / "sample_portrait.jpg"
    page.evaluate(DROP, [file("my photo.jpg", "image/jpeg", photo), file("my voice.flac", "audio/flac", sound)])
    page.wait_for_function("() => app.graph._nodes.length === 2", timeout=WAIT_MS)
    page.wait_for_timeout(3000)
    save(page, "canvas_drop", NODES)
    queue(page, "canvas_run")
    save(page, "canvas_run", NODES)


def timeline(page: Any) -> None:
    """What was heard, in the node."""
    page.evaluate("async (w) => { await app.loadGraphData(w); }", load_workflow("photo_text_to_video"))
    queue(page, "canvas_timeline")
    save(page, "canvas_timeline", look_at(page, "TA_AudioToVisemes", 1.2))


def expression(page: Any) -> None:
    """A smile with a wink."""
    page.evaluate(EXPRESSION)
    queue(page, "canvas_expression")
    box = look_at(page, "TA_ExpressionEditor", 1.0)
    page.get_by_role("button", name="Happy", exact=True).first.click()
    page.wait_for_timeout(4000)
    save(page, "canvas_expression", box)


def main() -> None:
    """Write docs/canvas_*.jpg."""
    with canvas_page(1500, 1000) as page:
        for part in (dropped, timeline, expression):
            part(page)


if __name__ == "__main__":
    main()
