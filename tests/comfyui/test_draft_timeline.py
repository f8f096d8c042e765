"""A draft voice first, the recording later: lips are bent in Text to Speech, and the edits move to the recording."""

import json

import pytest
from talking_avatar.tests.comfyui import canvas
from talking_avatar.tests.comfyui.test_timeline import ID, LIPS, socket

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
TEXT = "He might even have been made amiable himself."
TOOLS = """() => {
    window.nodeOf = (type) => app.graph._nodes.find((node) => node.type === type);
    window.viewOf = (type) => nodeOf(type).taTimeline.view;
    window.placeOf = (type, lane, time_s) => {
        const view = viewOf(type), box = view.stage.getBoundingClientRect(), { top, height } = view.lanes[lane];
        const scale = box.width / view.stage.offsetWidth;
        return [box.left + view.axis.x(time_s) * scale, box.top + (top + height / 2) * scale];
    };
}"""
SPEAK, HEAR = "TA_TextToSpeech", "TA_AudioToVisemes"


def graph(number):
    """A draft voice, a recording beside it, visemes, motion and a picture of it."""
    def node(id, type, at, size, inputs, outputs, widgets):
        return {"id": id, "type": type, "pos": at, "size": size, "flags": {}, "order": id - 1, "mode": 0, "inputs": inputs,
                "outputs": [{"name": name, "type": kind, "links": links} for name, kind, links in outputs], "properties": {},
                "widgets_values": widgets}

    nodes = [
        node(1, SPEAK, [20, 60], [600, 300], [], [("audio", "AUDIO", [1]), ("speech", "TA_SPEECH", [2])], [TEXT, "auto", 1.0 - 0.01 * number, ""]),
        node(2, HEAR, [660, 60], [620, 640],
             [socket("audio", "AUDIO", 1), socket("speech", "TA_SPEECH", 2, optional=True), socket("transcript", "STRING", None, True, True)],
             [("speech", "TA_SPEECH", [3]), ("timeline", "IMAGE", None), ("cues", "STRING", None)], ["", "", "auto", "cues JSON", ""]),
        node(3, "TA_MotionGenerator", [1320, 60], [280, 560], [socket("speech", "TA_SPEECH", 3)],
             [("motion", "TA_MOTION", None), ("curves", "IMAGE", [4])], [25, "neutral", 1, 1, 1, 1, 1, 1, 1, True, number, "fixed", ""]),
        node(4, "PreviewImage", [1640, 60], [280, 300], [socket("images", "IMAGE", 4)], [], []),
        node(5, "TA_LoadSpeech", [20, 900], [340, 120], [], [("audio", "AUDIO", []), ("transcript", "STRING", [])],
             ["sample: Jane Austen, one sentence"]),
    ]
    links = [[1, 1, 0, 2, 0, "AUDIO"], [2, 1, 1, 2, 1, "TA_SPEECH"], [3, 2, 0, 3, 0, "TA_SPEECH"], [4, 3, 1, 4, 0, "IMAGE"]]
    return {"id": ID.replace("5f7c", f"d7a{number}"), "last_node_id": 5, "last_link_id": 4, "nodes": nodes, "links": links, "groups": [],
            "config": {}, "extra": {}, "version": 0.4}


def show(page, workflow):
    canvas.load(page, workflow)
    page.evaluate(TOOLS)
    look_at(page, SPEAK)


def look_at(page, type):
    page.evaluate("""(type) => {
        const { pos } = nodeOf(type);
        app.canvas.ds.scale = 1;
        app.canvas.ds.offset = [130 - pos[0], 120 - pos[1]];
        app.canvas.setDirty(true, true);
    }""", type)
    page.wait_for_timeout(500)


def until(page, type, condition):
    page.wait_for_function("""([type, condition]) => { const view = viewOf(type); return eval(condition); }""", arg=[type, condition], timeout=90_000)


def edits(page, type, place):
    """What the workflow would be saved with."""
    values = next(node for node in canvas.saved(page)["nodes"] if node["type"] == type)["widgets_values"]
    return json.loads(values[place])["edits"] if values[place] else []


def bend(page):
    """Choose another mouth, shut the lips, set a mood; returns where they were shut."""
    times = page.evaluate("""(type) => {
        const view = viewOf(type);
        view.fit();
        const of = (name) => view.model.shown.cells.filter((cell) => cell.viseme === name).map((cell) => 0.5 * (cell.start_s + cell.end_s));
        return [of('nn').at(-1), of('E').at(-1)];
    }""", SPEAK)
    page.wait_for_timeout(300)
    page.mouse.click(*page.evaluate("(a) => placeOf(...a)", [SPEAK, "visemes", times[0]]))
    page.click("[data-viseme=FF]")
    page.mouse.click(*page.evaluate("(a) => placeOf(...a)", [SPEAK, "sound", times[1]]))
    page.keyboard.press("c")
    page.mouse.dblclick(*page.evaluate("(a) => placeOf(...a)", [SPEAK, "emotion", 1.0]))
    page.click("[data-emotion=happy]")
    page.keyboard.press("Escape")
    assert [edit["op"] for edit in edits(page, SPEAK, 3)] == ["change", "close", "emotion"]
    return times[1]


@pytest.mark.parametrize("new", [False, True], ids=["drawn nodes", "new nodes"])
def test_edits_of_a_draft_move_to_the_recording(page, new):
    canvas.set_look(page, new=new)
    number = 1 + 2 * new + (page.name == "pinned")
    look = f"draft_{'new' if new else 'old'}"
    show(page, graph(number))
    assert canvas.queue(page) == []
    page.click("text=Edit the lips of this speech")
    until(page, SPEAK, "!view.empty && view.lanes")
    page.wait_for_timeout(600)
    canvas.screenshot(page, f"{look}_opened")
    shut_s = bend(page)
    assert page.evaluate(LIPS, shut_s) < 0.3

    # A run: the speech carries the edits on, and Audio to Visemes shows what it is given.
    assert canvas.queue(page) == []
    until(page, SPEAK, "view.model.fresh && !view.model.shown.stale.length")
    until(page, HEAR, "view.model.data.given.length === 1")
    assert page.evaluate(LIPS, shut_s) > 0.9

    # Reload: everything is found again.
    kept = canvas.saved(page)
    canvas.go(page)
    show(page, kept)
    until(page, SPEAK, "!view.empty && view.model.edits.length === 3 && view.model.fresh")

    # The recording comes in the place of the draft.
    page.evaluate("""() => {
        const hear = nodeOf('TA_AudioToVisemes'), load = nodeOf('TA_LoadSpeech');
        load.connect(0, hear, hear.findInputSlot('audio'));
        hear.disconnectInput(hear.findInputSlot('speech'));
        hear.widgets.find((widget) => widget.name === 'transcript').value = viewOf && nodeOf('TA_TextToSpeech').widgets[0].value;
    }""")
    page.evaluate("() => { const view = viewOf('TA_TextToSpeech'); if (view.list.hidden) view.toggleList(); }")
    assert page.locator("text=Move to Audio to Visemes").is_disabled()
    assert canvas.queue(page) == []
    until(page, HEAR, "view.model.data.source === 'aligned'")
    page.evaluate("() => { const view = viewOf('TA_TextToSpeech'); view.toggleList(); view.toggleList(); }")
    page.wait_for_timeout(400)
    canvas.screenshot(page, f"{look}_swapped")
    page.click("text=Move to Audio to Visemes")
    assert edits(page, SPEAK, 3) == [] and [edit["op"] for edit in edits(page, HEAR, 4)] == ["change", "close", "emotion"]
    moved_s = 0.5 * (edits(page, HEAR, 4)[1]["start_s"] + edits(page, HEAR, 4)[1]["end_s"])
    assert moved_s > shut_s + 0.1 and page.evaluate(LIPS, moved_s) < 0.3
    assert canvas.queue(page) == []
    until(page, HEAR, "view.model.fresh && !view.model.shown.stale.length")
    assert page.evaluate(LIPS, moved_s) > 0.9
    look_at(page, HEAR)
    canvas.screenshot(page, f"{look}_moved")
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []
