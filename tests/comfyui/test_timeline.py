"""The timeline as a person uses it: look, drag, click, type, undo, reload the page, run again; the lips follow."""

import json

import pytest
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
ID = "5f7c1a52-0d3e-4c57-9b8e-2a6d1f0e7c11"
VIEW = "app.graph._nodes.find((node) => node.type === 'TA_AudioToVisemes').taTimeline.view"
PLACE = """([lane, time_s]) => {
    const view = VIEW, box = view.stage.getBoundingClientRect(), { top, height } = view.lanes[lane];
    const scale = box.width / view.stage.offsetWidth;
    return [box.left + view.axis.x(time_s) * scale, box.top + (top + height / 2) * scale];
}""".replace("VIEW", VIEW)
LIPS = """async (time_s) => {
    const { decodeMotion } = await import('/extensions/ComfyUI-TalkingAvatar/lib/motion.js');
    const { fetchFile } = await import('/extensions/ComfyUI-TalkingAvatar/lib/page_files.js');
    const { taFiles } = app.graph._nodes.find((node) => node.type === 'TA_MotionGenerator');
    return decodeMotion(await fetchFile(app.api, taFiles.ta_motion)).at(time_s).articulation[0];
}"""


def socket(name, type, link=None, widget=False, optional=False):
    return {"name": name, "type": type, "link": link, **({"widget": {"name": name}} if widget else {}), **({"shape": 7} if optional else {})}


def graph(cues=""):
    """A recording, its visemes, its motion and a picture of it."""
    def node(id, type, x, size, inputs, outputs, widgets):
        return {"id": id, "type": type, "pos": [x, 60], "size": size, "flags": {}, "order": id - 1, "mode": 0, "inputs": inputs,
                "outputs": [{"name": name, "type": kind, "links": links} for name, kind, links in outputs], "properties": {},
                "widgets_values": widgets}

    nodes = [
        node(1, "TA_LoadSpeech", 20, [250, 120], [], [("audio", "AUDIO", [1]), ("transcript", "STRING", [2])],
             ["sample: Jane Austen, one sentence"]),
        node(2, "TA_AudioToVisemes", 300, [720, 300],
             [socket("audio", "AUDIO", 1), socket("speech", "TA_SPEECH", optional=True), socket("transcript", "STRING", 2, True, True)],
             [("speech", "TA_SPEECH", [3]), ("timeline", "IMAGE", None), ("cues", "STRING", None)], ["", cues, "auto", "cues JSON"]),
        node(3, "TA_MotionGenerator", 1060, [280, 560], [socket("speech", "TA_SPEECH", 3)],
             [("motion", "TA_MOTION", None), ("curves", "IMAGE", [4])], [25, "neutral", 1, 1, 1, 1, 1, 1, 1, False, 0, "fixed", ""]),
        node(4, "PreviewImage", 1370, [280, 300], [socket("images", "IMAGE", 4)], [], []),
    ]
    links = [[1, 1, 0, 2, 0, "AUDIO"], [2, 1, 1, 2, 2, "STRING"], [3, 2, 0, 3, 0, "TA_SPEECH"], [4, 3, 1, 4, 0, "IMAGE"]]
    return {"id": ID, "last_node_id": 4, "last_link_id": 4, "nodes": nodes, "links": links, "groups": [], "config": {}, "extra": {},
            "version": 0.4}


def show(page, workflow):
    canvas.load(page, workflow)
    # The new look moves nodes when it loads a graph.
    page.evaluate("""() => {
        const { pos } = app.graph._nodes.find((node) => node.type === 'TA_AudioToVisemes');
        app.canvas.ds.scale = 1;
        app.canvas.ds.offset = [300 - pos[0], 120 - pos[1]];
        app.canvas.setDirty(true, true);
    }""")
    page.wait_for_timeout(500)


def until(page, condition):
    page.wait_for_function(f"() => {{ const view = {VIEW}; return {condition}; }}", timeout=90_000)


def of_view(page, what):
    return page.evaluate(f"() => {{ const view = {VIEW}; return {what}; }}")


def place(page, lane, time_s):
    page.wait_for_timeout(100)
    return page.evaluate(PLACE, [lane, time_s])


def edits(page):
    """What the workflow would be saved with."""
    values = next(node for node in canvas.saved(page)["nodes"] if node["type"] == "TA_AudioToVisemes")["widgets_values"]
    return json.loads(values[4])["edits"] if values[4] else []


def cell(page, viseme):
    """The longest viseme of a kind: [start, end]."""
    return page.evaluate("""([name]) => {
        const cells = VIEW.model.shown.cells.filter((cell) => cell.viseme === name && cell.weight > 0.6);
        const { start_s, end_s } = cells.reduce((best, cell) => (cell.end_s - cell.start_s > best.end_s - best.start_s ? cell : best));
        return [start_s, end_s];
    }""".replace("VIEW", VIEW), [viseme])


def edit_by_hand(page):
    """Drag a border, choose a mouth, shut the lips, set a mood; returns when the lips were shut."""
    start_s, end_s = cell(page, "SS")
    page.mouse.click(*place(page, "sound", start_s))
    before_s = of_view(page, "view.axis.span_s")
    page.mouse.wheel(0, -300)
    until(page, f"view.axis.span_s < 0.9 * {before_s}")
    from_, to = place(page, "visemes", end_s), place(page, "visemes", end_s - 0.03)
    page.mouse.move(*from_)
    page.mouse.down()
    page.mouse.move(*to, steps=4)
    page.mouse.up()
    assert [edit["op"] for edit in edits(page)] == ["border"]

    page.mouse.click(*place(page, "visemes", 0.5 * (start_s + end_s)))
    page.wait_for_selector("[data-viseme=CH]")
    canvas.screenshot(page, f"timeline_mouths_{'new' if is_new(page) else 'old'}")
    page.click("[data-viseme=CH]")
    assert [edit["op"] for edit in edits(page)] == ["border", "change"]

    page.keyboard.press("f")
    start_s, end_s = cell(page, "E")
    shut_s = 0.5 * (start_s + end_s)
    page.mouse.click(*place(page, "sound", shut_s))
    page.keyboard.press("c")
    assert [edit["op"] for edit in edits(page)] == ["border", "change", "close"]

    page.mouse.dblclick(*place(page, "emotion", 1.0))
    page.click("[data-emotion=happy]")
    page.keyboard.press("Escape")
    assert [edit["op"] for edit in edits(page)][-1] == "emotion"
    return shut_s


def is_new(page):
    return page.evaluate("() => Boolean(LiteGraph.vueNodesMode)")


def test_edit_undo_reload_and_run_again(page):
    canvas.set_look(page, new=False)
    show(page, graph(cues=" " if page.name == "pinned" else ""))
    assert "Run the graph once" in of_view(page, "view.hint.textContent")
    assert canvas.queue(page) == []
    until(page, "!view.empty && view.lanes")
    page.wait_for_timeout(800)
    canvas.screenshot(page, "timeline_first")
    shut_s = edit_by_hand(page)
    assert page.evaluate(LIPS, shut_s) < 0.3

    # Ctrl+Z is the timeline's: the page does not load an older graph over it.
    page.evaluate("() => { window.same = app.graph._nodes[1]; }")
    page.keyboard.press("Control+z")
    page.wait_for_timeout(600)
    assert len(edits(page)) == 3 and page.evaluate("() => app.graph._nodes.includes(same)")
    page.keyboard.press("Control+Shift+z")
    page.wait_for_timeout(300)
    assert len(edits(page)) == 4
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    until(page, "view.player.playing && view.cursor_s > 0.1")
    page.keyboard.press(" ")
    assert of_view(page, "[view.player.playing, view.player.problem]") == [False, ""]
    page.click("text=Edits 4")
    page.wait_for_timeout(300)
    canvas.screenshot(page, "timeline_edited")

    kept = canvas.saved(page)
    canvas.go(page)
    show(page, kept)
    until(page, "!view.empty && view.lanes && view.model.edits.length === 4")
    assert canvas.queue(page) == []
    until(page, "view.model.fresh && view.model.shown.stale.length === 0")
    assert page.evaluate(LIPS, shut_s) > 0.9
    page.wait_for_timeout(500)
    canvas.screenshot(page, "timeline_run_again")
    assert canvas.new_errors(page) == []


@pytest.mark.parametrize("crowded", [False, True], ids=["alone", "crowded"])
def test_a_narrow_node_is_widened_where_there_is_room(page, crowded):
    canvas.set_look(page, new=False)
    workflow = graph(cues="\n" * (1 + crowded + 2 * (page.name == "pinned")))
    workflow["id"] = ID.replace("5f7c", f"000{int(crowded)}")  # the page remembers what it has shown in a graph
    workflow["nodes"][1]["size"] = [300, 300]
    workflow["nodes"][2]["pos"] = [640 if crowded else 1060, 60]
    show(page, workflow)
    assert canvas.queue(page) == []
    until(page, "!view.empty && view.lanes")
    page.wait_for_timeout(500)
    canvas.screenshot(page, f"timeline_narrow_{'crowded' if crowded else 'alone'}")
    assert (page.evaluate("() => app.graph._nodes[1].size[0]") < 420) == crowded
    assert canvas.new_errors(page) == []


def test_the_new_look_and_the_large_window(page):
    canvas.set_look(page, new=True)
    show(page, graph(cues="  " if page.name == "pinned" else "   "))
    assert canvas.queue(page) == []
    until(page, "!view.empty && view.lanes")
    page.wait_for_timeout(800)
    shut_s = edit_by_hand(page)
    canvas.screenshot(page, "timeline_new_look")
    page.click("[aria-label='Large window']")
    page.wait_for_selector("dialog.ta-large[open]")
    page.wait_for_timeout(600)
    canvas.screenshot(page, "timeline_large")
    page.mouse.click(*place(page, "visemes", shut_s))
    page.wait_for_selector("dialog [data-viseme=PP][aria-checked=true]")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.ta-large", state="detached")
    # The node goes: sound and timers go with it.
    page.evaluate("() => { window.gone = app.graph._nodes[1].taTimeline.view; app.graph.remove(app.graph._nodes[1]); }")
    page.wait_for_timeout(300)
    assert page.evaluate("() => !gone.player.playing && !gone.element.isConnected")
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []
