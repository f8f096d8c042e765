"""The real page in a real browser: load the workflow, queue it, see the video, drop it to get the graph back.

Twice: with the page that this ComfyUI asks for, and with the newest one on the same server.
"""

import json

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.cli.workflow import load_workflow, to_prompt
from talking_avatar.tests.comfyui.canvas import fit_view, load, new_errors, screenshot

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
WORKFLOWS = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
WAIT_MS = 180_000
EVENTS = ("progress_text", "execution_start", "executed", "execution_success", "execution_error", "execution_interrupted")


def test_the_page_is_the_one_that_was_asked_for(page, site):
    seen = page.evaluate("() => window.__COMFYUI_FRONTEND_VERSION__")
    name, server, version = site
    wanted = server.client.get("/system_stats")["system"].get("required_frontend_version")
    assert seen == (wanted if name == "pinned" else version)
    assert name == "pinned" or seen != wanted


@pytest.mark.parametrize("name", WORKFLOWS)
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
    screenshot(page, name)


def test_run_the_workflow_on_the_page_and_get_it_back_from_the_mp4(page, helpers):
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
    stages = page.evaluate("() => seen.filter(e => e[0] === 'progress_text').map(e => e[1])")
    assert any(stage["nodeId"] == "8" and stage["text"].strip() for stage in stages), "the node tells what it does"
    assert {stage["nodeId"]: stage["text"].strip() for stage in stages}["8"] == "", "and nothing stale stays"
    shown = page.evaluate("() => app.nodeOutputs['8'].images[0]")
    assert shown["filename"].endswith(".mp4")
    page.wait_for_function("() => [...document.querySelectorAll('video')].some(v => v.videoWidth > 0)", timeout=90_000)
    fit_view(page)
    page.wait_for_timeout(1500)
    screenshot(page, "executed")

    page.evaluate("() => app.graph.clear()")
    assert page.evaluate("() => app.graph._nodes.length") == 0
    page.evaluate("""async ([url, name]) => {
        const blob = await (await fetch(url)).blob();
        await app.handleFile(new File([blob], name, {type: 'video/mp4'}));
    }""", [f"/view?filename={shown['filename']}&subfolder={shown['subfolder']}&type=output", shown["filename"]])
    page.wait_for_function("() => app.graph._nodes.length >= 8", timeout=90_000)
    assert page.evaluate("async () => (await app.graphToPrompt()).output") == made


@pytest.mark.parametrize(("name", "file", "mime"), [
    ("webm-vp9-alpha", "{}_00001_.webm", "video/webm"), ("mov-prores4444", "{}_00001_.mov", "video/quicktime"),
    ("webp", "{}_00001_.webp", "image/webp"), ("png-sequence", "{}_00001_/frame_00001.png", "image/png"),
])
def test_other_kinds_of_files_bring_the_graph_back_too(page, site, name, file, mime):
    server = site[1]
    server.client.run({
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 2, "color": 0}},
        "2": {"class_type": "TA_VideoMux", "inputs": {
            "source": ["1", 0], "filename_prefix": f"dropped/{name}", "fps": 25, "crf": 18, "preset": "veryfast",
            "save_output": True, "format": name}},
    }, workflow=load_workflow("photo_text_to_video"))
    page.evaluate("() => app.graph.clear()")
    folder, name = ("dropped/" + file.format(name)).rsplit("/", 1)
    page.evaluate("""async ([url, name, type]) => {
        await app.handleFile(new File([await (await fetch(url)).blob()], name, {type}));
    }""", [f"/view?filename={name}&subfolder={folder}&type=output", name, mime])
    page.wait_for_function("() => app.graph._nodes.length >= 8", timeout=90_000)


def test_nothing_of_ours_fails_or_calls_outside(page):
    assert new_errors(page) == []
    ours = [url for url in page.outside if "comfy.org" not in url]
    assert json.dumps(ours) == "[]"
