"""Run the example workflows on the real page and write the picture that ComfyUI shows for each template.

    python tools/make_workflow_pictures.py [NAME ...]

Needs what `run.py test` installs: ComfyUI, Playwright and a Chromium.
"""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
if "talking_avatar" not in sys.modules:
    package = types.ModuleType("talking_avatar")
    package.__path__ = [str(ROOT)]
    sys.modules["talking_avatar"] = package

from talking_avatar.cli.browser import SOFTWARE_3D, find_browser  # noqa: E402
from talking_avatar.cli.comfy_install import find_comfyui  # noqa: E402
from talking_avatar.cli.comfy_server import ComfyServer  # noqa: E402
from talking_avatar.cli.console import LOCAL, say  # noqa: E402
from talking_avatar.cli.workflow import WORKFLOWS, load_workflow  # noqa: E402

WIDTH_PX, QUALITY = 1100, 82
MARGIN_PX = 24
WAIT_MS = 600_000
ENDS = "['execution_success', 'execution_error', 'execution_interrupted']"
FIT = """(margin) => {
    const boxes = [...app.graph._groups.map(g => [...g._bounding]),
                   ...app.graph._nodes.map(n => [n.pos[0], n.pos[1] - 40, n.size[0], n.size[1] + 40])];
    const left = Math.min(...boxes.map(b => b[0])), top = Math.min(...boxes.map(b => b[1]));
    const right = Math.max(...boxes.map(b => b[0] + b[2])), bottom = Math.max(...boxes.map(b => b[1] + b[3]));
    const scale = Math.min((innerWidth - 140) / (right - left), (innerHeight - 260) / (bottom - top), 1);
    app.canvas.ds.scale = scale;
    app.canvas.ds.offset[0] = 90 / scale - left; app.canvas.ds.offset[1] = 180 / scale - top;
    app.canvas.setDirty(true, true);
    const area = app.canvas.canvas.getBoundingClientRect();
    return {x: area.left + 90 - margin, y: area.top + 180 - margin,
            width: (right - left) * scale + 2 * margin, height: (bottom - top) * scale + 2 * margin};
}"""


MUTE = """(mode) => {
    const made = ['CheckpointLoaderSimple', 'CLIPTextEncode', 'EmptyLatentImage', 'KSampler', 'VAEDecode'];
    for (const node of app.graph._nodes) if (made.includes(node.type)) node.mode = mode;
}"""
"""A checkpoint is too large for a picture: the sample photo stands in for what it would make."""


def picture_of(page: Any, name: str) -> bytes:
    """Run a workflow and return its graph with all previews, as JPEG."""
    page.evaluate("async (w) => { await app.loadGraphData(w); }", load_workflow(name))
    page.evaluate(MUTE, 2)
    # Nodes that come out of the cache show no preview.
    page.evaluate("""async () => {
        await app.api.fetchApi("/free", {method: "POST", headers: {"Content-Type": "application/json"},
                                         body: JSON.stringify({unload_models: true, free_memory: true})});
    }""")
    page.wait_for_timeout(3000)
    run_graph(page, name)
    page.evaluate(MUTE, 0)
    page.evaluate(FIT, MARGIN_PX)
    page.wait_for_timeout(8000)  # the heads in the nodes are drawn without a graphics card
    shot = Image.open(io.BytesIO(page.screenshot(clip=page.evaluate(FIT, MARGIN_PX)))).convert("RGB")
    out = io.BytesIO()
    shot.resize((WIDTH_PX, round(shot.height * WIDTH_PX / shot.width)), Image.Resampling.LANCZOS).save(
        out, "JPEG", quality=QUALITY)
    return out.getvalue()


@contextmanager
def canvas_page(width_px: int, height_px: int) -> Iterator[Any]:
    """Start ComfyUI and show its page, which reaches nothing but it, in a browser without a screen."""
    from playwright.sync_api import sync_playwright

    with ComfyServer(find_comfyui(), LOCAL / "pictures") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_browser()), headless=True,
                                             args=["--no-sandbox", "--disable-dev-shm-usage", *SOFTWARE_3D])
        page = browser.new_context(viewport={"width": width_px, "height": height_px}).new_page()
        page.route(lambda url: not url.startswith(server.url) and url.startswith("http"), lambda route: route.abort())
        page.goto(server.url, wait_until="domcontentloaded", timeout=WAIT_MS)
        page.wait_for_function("() => window.app?.graph && window.LiteGraph?.registered_node_types['TA_VideoMux']",
                               timeout=WAIT_MS)
        page.evaluate("async () => { await app.extensionManager.setting.set('Comfy.Minimap.Visible', false); }")
        yield page
        browser.close()


def run_graph(page: Any, name: str) -> None:
    """Press Run and wait for a good end; the name is for the message where there is none."""
    page.evaluate(f"""() => {{
        window.seen = [];
        for (const name of {ENDS}) app.api.addEventListener(name, e => window.seen.push([name, e.detail]), {{ once: true }});
    }}""")
    page.evaluate("async () => { await app.queuePrompt(0, 1); }")
    page.wait_for_function("() => seen.length > 0", timeout=WAIT_MS)
    ended = page.evaluate("() => [seen[0][0], seen[0][1].exception_message || '']")
    if ended[0] != "execution_success":
        raise SystemExit(f"{name}: {ended}")


def main(names: list[str]) -> None:
    """Write workflows/*.jpg."""
    with canvas_page(2800, 2000) as page:
        for name in names:
            (WORKFLOWS / f"{name}.jpg").write_bytes(picture_of(page, name))
            say(f"{name}.jpg")


if __name__ == "__main__":
    main(sys.argv[1:] or sorted(path.stem for path in WORKFLOWS.glob("*.json")))
