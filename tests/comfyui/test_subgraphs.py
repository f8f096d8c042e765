"""The blueprints: offered by the server, readable by both pages, and they make videos."""

import json

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
FILES = sorted((ROOT / "subgraphs").glob("*.json"))
JOIN_UP = """(sources) => {
    const node = app.graph._nodes[0];
    sources.forEach(([type, output, input, widgets], i) => {
        const source = LiteGraph.createNode(type);
        source.pos = [-460, i * 320];
        app.graph.add(source);
        for (const [name, value] of Object.entries(widgets)) source.widgets.find((w) => w.name === name).value = value;
        const slot = source.outputs.findIndex((each) => each.name === output);
        source.connect(slot, node, node.inputs.findIndex((each) => each.name === input));
    });
}"""
PHOTO = ["TA_LoadPortrait", "image", "image", {"file": "sample: astronaut"}]
SPEECH = ["TA_LoadSpeech", "audio", "audio", {"file": "speech.wav"}]
CLIP = ["TA_LoadVideo", "video", "video", {"file": "sample: astronaut talks"}]
SOURCES = {"Talking photo": [PHOTO, SPEECH], "Talking photo from text": [PHOTO], "New words for a video": [CLIP, SPEECH],
           "A face drives a photo": [PHOTO, ["TA_LoadVideo", "video", "driver", {"file": "sample: astronaut talks"}]]}


def test_the_server_offers_them(site):
    found = site[1].client.get("/global_subgraphs").values()
    ours = [entry["name"] for entry in found if "TalkingAvatar" in entry["info"]["node_pack"]]
    assert sorted(ours) == sorted(file.stem for file in FILES)


def test_the_page_lists_them_among_the_nodes(page):
    if page.name != "pinned":
        pytest.skip("the newest page arranges its list of nodes otherwise")
    page.get_by_text("Nodes", exact=True).first.click()
    page.get_by_text("Subgraph Blueprints").first.click(timeout=90_000)
    for file in FILES:
        page.get_by_text(file.stem, exact=True).first.wait_for(timeout=90_000)
    canvas.screenshot(page, "blueprints")
    page.get_by_text("Nodes", exact=True).first.click()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_makes_a_video(page, file):
    graph = json.loads(file.read_text(encoding="ascii"))
    canvas.load(page, graph)
    page.evaluate(JOIN_UP, SOURCES[file.stem])
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    kinds = sorted(node["class_type"] for node in prompt.values())
    assert "TA_VideoMux" in kinds and "TA_DetectFace" in kinds
    if file.stem == "Talking photo":
        assert canvas.queue(page) == []
        canvas.screenshot(page, "blueprint")


def test_no_error_of_ours(page):
    assert canvas.new_errors(page) == []
