"""What tests do on ComfyUI's page, as a person would: open it, load a graph, queue it, look."""

from __future__ import annotations

import contextlib
import os

import pytest
from talking_avatar.cli.browser import SOFTWARE_3D, find_browser
from talking_avatar.cli.console import LOCAL, LauncherError

SCREENSHOTS = LOCAL / "screenshots"
RUN_MS = 300_000
PATIENCE_MS = 90_000
"""Tests run on busy machines with two cores, on which heads are drawn without a graphics card."""
HARMLESS = ("404", "ERR_NAME_NOT_RESOLVED", "ERR_FAILED", "ERR_BLOCKED_BY_CLIENT", "reading 'id'", "api.comfy.org",
            "ERR_INTERNET_DISCONNECTED", "huggingface.co/Comfy-Org")
"""Noise of the page itself: routes this server lacks, calls home that the test blocks, and the models of the page's own
first workflow, whose addresses the server forbids to call."""
CHROMIUM = ["--no-sandbox", "--disable-dev-shm-usage"]


@contextlib.contextmanager
def browser(*, drawing_3d=False):
    """A headless Chromium; the test is skipped where there is none, except on CI."""
    try:
        executable = find_browser()
    except LauncherError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}")
    sync_api = pytest.importorskip("playwright.sync_api")
    args = [*CHROMIUM, *(SOFTWARE_3D if drawing_3d else ["--disable-gpu"])]
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(executable), headless=True, args=args)
        yield opened
        opened.close()


def open_page(opened, server, name):
    """ComfyUI's page with our nodes; `page.console` gathers errors, `page.outside` calls to other hosts, which are blocked."""
    page = opened.new_context(viewport={"width": 1680, "height": 1000}).new_page()
    page.name, page.outside, page.console = name, [], []
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda m: page.console.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.console.append(str(e)))

    def outside(route):
        page.outside.append(route.request.url)
        route.abort()

    page.route(lambda url: not url.startswith(server.url) and url.startswith("http"), outside)
    page.address = server.url
    go(page)
    return page


def go(page):
    """Open the page, or open it again."""
    page.goto(page.address, wait_until="domcontentloaded")
    page.wait_for_function(
        "() => window.app?.graph && window.LiteGraph?.registered_node_types['TA_VideoMux']", timeout=60_000)


def new_errors(page):
    """Errors in the page's console that are not the page's own noise."""
    return [line for line in page.console if not any(sign in line for sign in HARMLESS)]


def set_look(page, *, new):
    """Choose between the drawn nodes and the new ones made of elements ("Nodes 2.0")."""
    page.evaluate("(on) => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)", new)
    page.wait_for_timeout(500)


def load(page, workflow):
    """Load a graph as the menu does."""
    page.evaluate("async (w) => { await app.loadGraphData(w); }", workflow)
    page.wait_for_timeout(500)


def saved(page):
    """The graph as it would be saved."""
    return page.evaluate("() => JSON.parse(JSON.stringify(app.graph.serialize()))")


def queue(page, timeout_ms=RUN_MS):
    """Press Queue and wait for the end; returns the messages of failures."""
    page.evaluate("""() => {
        window.ended = [];
        for (const name of ['execution_success', 'execution_error', 'execution_interrupted'])
            app.api.addEventListener(name, (e) => window.ended.push([name, e.detail?.exception_message]), { once: true });
    }""")
    page.evaluate("async () => { await app.queuePrompt(0, 1); }")
    page.wait_for_function("() => ended.length > 0", timeout=timeout_ms)
    return [text or name for name, text in page.evaluate("() => ended") if name != "execution_success"]


def fit_view(page):
    """Show the whole graph, as the F key or '.' does."""
    page.evaluate("""() => {
        const framed = app.graph._groups.length ? app.graph._groups : app.graph._nodes;
        const boxes = framed.map(g => g._bounding ?? [...g.pos, ...g.size]);
        const left = Math.min(...boxes.map(b => b[0])), top = Math.min(...boxes.map(b => b[1]));
        const right = Math.max(...boxes.map(b => b[0] + b[2])), bottom = Math.max(...boxes.map(b => b[1] + b[3]));
        const scale = Math.min((innerWidth - 140) / (right - left), (innerHeight - 260) / (bottom - top));
        app.canvas.ds.scale = scale;
        app.canvas.ds.offset[0] = 90 / scale - left; app.canvas.ds.offset[1] = 180 / scale - top;
        app.canvas.setDirty(true, true);
    }""")
    page.wait_for_timeout(1200)


def screenshot(page, name):
    """Keep a picture of the page under .local/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}{'' if page.name == 'pinned' else '_' + page.name}.png")
