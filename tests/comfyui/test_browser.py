"""The real page in a real browser: load the workflow, queue it, see the video, drop it to get the graph back."""

import json
import os

import pytest
from talking_avatar.cli.browser import find_browser
from talking_avatar.cli.console import LOCAL, LauncherError
from talking_avatar.cli.workflow import load_workflow, to_prompt

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
SCREENSHOTS = LOCAL / "screenshots"
WAIT_MS = 180_000
EVENTS = ("execution_start", "executed", "execution_success", "execution_error", "execution_interrupted")
HARMLESS = ("404", "ERR_NAME_NOT_RESOLVED", "ERR_FAILED", "ERR_BLOCKED_BY_CLIENT", "reading 'id'", "api.comfy.org",
            "ERR_INTERNET_DISCONNECTED")
"""Noise of the page itself: routes this server lacks, and calls home that the test blocks."""


@pytest.fixture(scope="module")
def page(server):
    try:
        executable = find_browser()
    except LauncherError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{error}")
    sync_api = pytest.importorskip("playwright.sync_api")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(executable), headless=True,
                                             args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
        opened = browser.new_context(viewport={"width": 1680, "height": 1000}).new_page()
        opened.outside, opened.console = [], []
        opened.on("console", lambda m: opened.console.append(m.text) if m.type == "error" else None)
        opened.on("pageerror", lambda e: opened.console.append(str(e)))

        def outside(route):
            opened.outside.append(route.request.url)
            route.abort()

        opened.route(lambda url: not url.startswith(server.url) and url.startswith("http"), outside)
        opened.goto(server.url, wait_until="domcontentloaded")
        opened.wait_for_function(
            "() => window.app?.graph && window.LiteGraph?.registered_node_types['TA_VideoMux']", timeout=60_000)
        yield opened
        browser.close()


def load(page, workflow):
    page.evaluate("async (w) => { await app.loadGraphData(w); }", workflow)
    page.wait_for_timeout(500)


def fit_view(page):
    """Show the whole graph, as the F key or '.' does."""
    page.evaluate("""() => {
        const boxes = app.graph._groups.map(g => g._bounding);
        const left = Math.min(...boxes.map(b => b[0])), top = Math.min(...boxes.map(b => b[1]));
        const right = Math.max(...boxes.map(b => b[0] + b[2])), bottom = Math.max(...boxes.map(b => b[1] + b[3]));
        const scale = Math.min((innerWidth - 140) / (right - left), (innerHeight - 260) / (bottom - top));
        app.canvas.ds.scale = scale;
        app.canvas.ds.offset[0] = 90 / scale - left; app.canvas.ds.offset[1] = 180 / scale - top;
        app.canvas.setDirty(true, true);
    }""")
    page.wait_for_timeout(1200)


@pytest.mark.parametrize("name", ["photo_text_to_video", "photo_audio_to_video"])
def test_the_page_reads_the_workflow_as_the_launcher_does(page, object_info, name):
    workflow = load_workflow(name)
    load(page, workflow)
    seen = page.evaluate("async () => (await app.graphToPrompt()).output")
    ours = to_prompt(workflow, object_info)
    assert {id: node["class_type"] for id, node in seen.items()} == {id: n["class_type"] for id, n in ours.items()}
    for id, node in ours.items():
        if node["class_type"].startswith("TA_"):
            assert seen[id]["inputs"] == node["inputs"]
    fit_view(page)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_run_the_workflow_on_the_page_and_get_it_back_from_the_mp4(page, server, helpers):
    load(page, load_workflow("photo_text_to_video"))
    page.evaluate("""(names) => {
        window.seen = [];
        for (const name of names) app.api.addEventListener(name, e => window.seen.push([name, e.detail]));
    }""", list(EVENTS))
    page.evaluate("""(text) => {
        const node = app.graph._nodes.find(n => n.type === 'TA_TextToSpeech');
        node.widgets.find(w => w.name === 'text').value = text;
    }""", helpers.SENTENCE)
    made = page.evaluate("async () => JSON.parse(JSON.stringify((await app.graphToPrompt()).output))")
    page.evaluate("async () => { await app.queuePrompt(0, 1); }")
    page.wait_for_function(
        "() => seen.some(e => ['execution_success', 'execution_error', 'execution_interrupted'].includes(e[0]))",
        timeout=WAIT_MS)
    failures = page.evaluate("() => seen.filter(e => e[0] === 'execution_error').map(e => e[1].exception_message)")
    assert failures == []
    shown = page.evaluate("() => app.nodeOutputs['8'].images[0]")
    assert shown["filename"].endswith(".mp4")
    page.wait_for_function("() => [...document.querySelectorAll('video')].some(v => v.videoWidth > 0)", timeout=30_000)
    fit_view(page)
    page.wait_for_timeout(1500)
    page.screenshot(path=SCREENSHOTS / "executed.png")

    page.evaluate("() => app.graph.clear()")
    assert page.evaluate("() => app.graph._nodes.length") == 0
    page.evaluate("""async ([url, name]) => {
        const blob = await (await fetch(url)).blob();
        await app.handleFile(new File([blob], name, {type: 'video/mp4'}));
    }""", [f"/view?filename={shown['filename']}&subfolder={shown['subfolder']}&type=output", shown["filename"]])
    page.wait_for_function("() => app.graph._nodes.length >= 8", timeout=20_000)
    assert page.evaluate("async () => (await app.graphToPrompt()).output") == made


def test_nothing_of_ours_fails_or_calls_outside(page):
    assert [line for line in page.console if not any(sign in line for sign in HARMLESS)] == []
    ours = [url for url in page.outside if "comfy.org" not in url]
    assert json.dumps(ours) == "[]"
