"""Pictures in the nodes: the clip and the sheet of a preview, the scorecard, and the frame that is being drawn."""

import re

import pytest
from talking_avatar.cli.workflow import load_workflow
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
SENTENCE = "Bob may bake a pie."
ADD = """([text, seconds]) => {
    const of = (type) => app.graph._nodes.find((node) => node.type === type);
    const set = (node, name, value) => { node.widgets.find((widget) => widget.name === name).value = value; };
    const add = (type, x, y) => { const node = LiteGraph.createNode(type); node.pos = [x, y]; app.graph.add(node); return node; };
    const mux = of('TA_VideoMux'), blend = of('TA_BlendAndIdle');
    set(of('TA_TextToSpeech'), 'text', text);
    set(mux, 'save_output', false);
    set(of('TA_MouthRenderer'), 'width', 256);
    const preview = add('TA_PreviewRender', mux.pos[0], mux.pos[1] + mux.size[1] + 60);
    set(preview, 'seconds', seconds);
    const card = add('TA_Scorecard', mux.pos[0] + mux.size[0] + 60, mux.pos[1]);
    set(card, 'transcript', text);
    blend.connect(0, preview, 0);
    preview.connect(0, mux, 0);
    mux.connect(0, card, 0);
    of('TA_LoadPortrait').connect(0, card, 1);
    return { preview: String(preview.id), card: String(card.id), mux: String(mux.id) };
}"""
WATCH = """() => {
    window.frames_seen = [];
    window.news = [];
    app.api.addEventListener('talking_avatar.frame', ({ detail }) => frames_seen.push([String(detail.node), Boolean(detail.image)]));
    app.api.addEventListener('progress_text', ({ detail }) => news.push([String(detail.nodeId), detail.text]));
    new MutationObserver(() => {
        const picture = document.querySelector('img.ta-frame');
        if (picture?.naturalWidth) window.frame_width = picture.naturalWidth;
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""
SHOWN = """() => {
    const video = document.querySelector('.ta-pictures video');
    const widths = [...document.querySelectorAll('.ta-pictures img')].map((image) => image.naturalWidth);
    return video?.readyState > 0 && widths.length === 2 && widths.every((width) => width > 0) ? [video.duration, ...widths.sort()] : null;
}"""


@pytest.fixture(scope="module")
def graph(page):
    """The workflow with a preview and a scorecard, run once: node ids, what was left, and the graph as it is saved."""
    canvas.set_look(page, new=False)
    canvas.load(page, load_workflow("photo_text_to_video"))
    ids = page.evaluate(ADD, [SENTENCE, 1.0])
    page.evaluate(WATCH)
    before = page.evaluate("() => [...document.querySelectorAll('.ta-pictures .ta-hint')].map((hint) => hint.textContent)")
    failures = canvas.queue(page)
    canvas.fit_view(page)
    return {**ids, "before": before, "failures": failures, "saved": canvas.saved(page)}


def test_the_graph_runs_and_says_before_what_will_be_seen(page, graph):
    assert graph["failures"] == []
    assert sorted(graph["before"]) == ["Run the graph once to see the clip here.", "Run the graph once to see the scorecard here."]


def test_clip_sheet_and_chart_are_in_the_nodes(page, graph):
    page.wait_for_function(SHOWN, timeout=90_000)
    duration_s, sheet_px, chart_px = page.evaluate(SHOWN)
    assert abs(duration_s - 1.0) < 0.1 and {sheet_px, chart_px} == {800, 760}
    canvas.screenshot(page, "pictures")
    page.evaluate("() => document.querySelector('.ta-pictures video').play()")
    page.wait_for_function("() => document.querySelector('.ta-pictures video').currentTime > 0.2", timeout=90_000)
    assert page.evaluate("() => document.querySelector('.ta-pictures video').webkitAudioDecodedByteCount") > 0, "with sound"


def test_the_frame_that_is_drawn_was_shown_and_is_gone(page, graph):
    drawn = {node for node, image in page.evaluate("() => frames_seen") if image}
    assert {graph["preview"], graph["mux"], graph["card"]} <= drawn
    assert page.evaluate("() => window.frame_width") == 256, "in the node, not only as a message"
    assert page.evaluate("() => document.querySelectorAll('img.ta-frame').length") == 0
    assert page.evaluate("(id) => app.nodeOutputs[id].animated[0]", graph["mux"]), "the finished video stays in its node"


def test_need_and_time_left_are_said(page, graph):
    said = [text for node, text in page.evaluate("() => news") if node == graph["mux"]]
    assert re.match(r"About .*memory, .* on disk for \d+ frames", said[0])
    assert all(re.match(r"frame \d+ of \d+, .+ left, [\d.]+ frames/s$", text) for text in said[1:] if text.strip())


@pytest.mark.parametrize("new_look", [False, True], ids=["old look", "new look"])
def test_everything_is_found_again_after_a_reload(page, graph, new_look):
    canvas.go(page)
    canvas.set_look(page, new=new_look)
    canvas.load(page, graph["saved"])
    page.wait_for_function(SHOWN, timeout=90_000)
    page.evaluate("""(id) => {
        const node = app.graph.getNodeById(id);
        app.canvas.ds.scale = 0.6;
        app.canvas.ds.offset = [250 - node.pos[0], 250 - node.pos[1]];
        app.canvas.setDirty(true, true);
    }""", graph["mux"])
    page.wait_for_timeout(1000)
    canvas.screenshot(page, f"pictures_{'new' if new_look else 'old'}_look")
    boxes = page.evaluate("() => [...document.querySelectorAll('.ta-pictures')].map((e) => [e.clientWidth, e.clientHeight])")
    assert all(width > 200 and height > 300 for width, height in boxes)
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []


def by_itself(page, graph):
    """Load the graph, and leave out what comes after the preview."""
    canvas.load(page, graph["saved"])
    page.evaluate("(ids) => { for (const id of ids) app.graph.getNodeById(id).mode = 2; }", [graph["mux"], graph["card"]])


def test_without_the_clip_the_sheet_is_shown_alone(page, graph):
    by_itself(page, graph)
    page.evaluate("(id) => { app.graph.getNodeById(id).widgets.find((w) => w.name === 'what').value = 'contact sheet'; }", graph["preview"])
    assert canvas.queue(page) == []
    page.wait_for_function("() => !document.querySelector('.ta-pictures video')", timeout=90_000)
    assert page.evaluate("() => document.querySelectorAll('.ta-pictures img').length") == 2


def test_cancel_while_the_preview_is_drawn(page, graph, site):
    _, server, _ = site
    by_itself(page, graph)
    clips = sorted(server.base.rglob("preview_*"))
    page.evaluate("""([id, text]) => {
        const set = (node, name, value) => { node.widgets.find((widget) => widget.name === name).value = value; };
        set(app.graph._nodes.find((node) => node.type === 'TA_TextToSpeech'), 'text', text);
        set(app.graph._nodes.find((node) => node.type === 'TA_MotionGenerator'), 'fps', 120);
        set(app.graph.getNodeById(id), 'seconds', 60);
        set(app.graph.getNodeById(id), 'what', 'clip');
        app.api.addEventListener('talking_avatar.frame', ({ detail }) => {
            if (String(detail.node) === id && detail.image) app.api.interrupt();
        });
    }""", [graph["preview"], SENTENCE * 4])
    assert set(canvas.queue(page)) == {"execution_interrupted"}
    page.wait_for_function("() => !document.querySelector('img.ta-frame')", timeout=90_000)
    assert sorted(server.base.rglob("preview_*")) == clips, "no half-written clip stays"
    assert canvas.new_errors(page) == []
