"""The live view on the real pages, as a person uses it: run, look, play, scrub, loop, turn, reload, remove."""

import numpy as np
import pytest
from talking_avatar.cli.workflow import load_workflow, node_of
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
DRAWING_3D = True
LOOKS = pytest.mark.parametrize("new_look", [False, True], ids=["old look", "new look"])
TOOLS = """() => {
    window.liveOf = (type) => app.graph._nodes.find((n) => n.type === type)?.taLive;
    window.shot = (type) => {  // what is drawn now, small
        const { view } = liveOf(type);
        view.stage.draw();
        const small = new OffscreenCanvas(48, 48), pen = small.getContext('2d');
        pen.drawImage(view.stage.element.querySelector('canvas'), 0, 0, 48, 48);
        return [...pen.getImageData(0, 0, 48, 48).data];
    };
}"""
DRAWN = "(type) => liveOf(type)?.view.stage.whole && liveOf(type).view.stage.pictures > 0 && !liveOf(type).view.empty"
MOTION, FACE = "TA_MotionGenerator", "TA_DetectFace"


def graph(seed):
    """The template up to the motion, with room between the nodes; another seed is another run."""
    workflow = load_workflow("photo_text_to_video")
    nodes = {kind: node_of(workflow, kind) for kind in
             ("TA_LoadPortrait", FACE, "TA_TextToSpeech", "TA_AudioToVisemes", MOTION)}
    kept = {int(id) for id in nodes.values()}
    workflow["nodes"] = [node for node in workflow["nodes"] if node["id"] in kept]
    workflow["links"] = [link for link in workflow["links"] if {link[1], link[3]} <= kept]
    workflow["groups"] = []
    for place, node in enumerate(workflow["nodes"]):
        node["pos"], node["size"] = [430 * place, 60], [340, 300]
        for output in node["outputs"]:
            output["links"] = [link[0] for link in workflow["links"] if link[1:3] == [node["id"], output.get("slot_index", node["outputs"].index(output))]]
        if node["type"] == MOTION:
            node["widgets_values"][10] = seed
            node["outputs"][1]["links"] = [900]
            workflow["links"].append([900, node["id"], 1, 99, 0, "IMAGE"])
    workflow["nodes"].append({"id": 99, "type": "PreviewImage", "pos": [2200, 60], "size": [300, 300], "flags": {}, "order": 9,
                              "mode": 0, "inputs": [{"name": "images", "type": "IMAGE", "link": 900}], "outputs": [],
                              "properties": {}, "widgets_values": []})
    return workflow


def show(page, type, scale=1.0):
    """Bring the lower end of a node, where its view is, to the middle of the page."""
    page.evaluate("""([type, scale]) => {
        const node = app.graph._nodes.find((n) => n.type === type), { ds } = app.canvas;
        ds.scale = scale;
        ds.offset = [innerWidth / 2 / scale - node.pos[0] - node.size[0] / 2, (innerHeight - 220) / scale - node.pos[1] - node.size[1]];
        app.canvas.setDirty(true, true);
    }""", [type, scale])
    page.wait_for_timeout(600)


def view_of(page, type):
    """The view's place on the page."""
    handle = page.evaluate_handle("(type) => liveOf(type).view.element", type).as_element()
    assert handle is not None
    return handle


def pixels(page, type=MOTION):
    return np.array(page.evaluate("(type) => shot(type)", type), float).reshape(48, 48, 4)[..., :3]


def change(one, other):
    return np.abs(one - other).max()


def time_shown(page):
    page.wait_for_timeout(100)
    text = view_of(page, MOTION).query_selector(".ta-live-time").text_content()
    minutes, seconds = text.split(" / ")[0].split(":")
    return 60 * int(minutes) + float(seconds)


def scrub(page, share):
    """Click on the bar as a person does; returns where the player then is."""
    box = view_of(page, MOTION).query_selector(".ta-live-scrub").bounding_box()
    page.mouse.click(box["x"] + 6 + (box["width"] - 12) * share, box["y"] + box["height"] / 2)
    return page.evaluate("(type) => liveOf(type).view.player.time_s", MOTION)


def press(page, part):
    view_of(page, MOTION).query_selector(part).click()


def player(page, code):
    return page.evaluate(f"() => {{ const {{ player, stage }} = liveOf('{MOTION}').view; return {code}; }}")


@LOOKS
def test_a_person_runs_the_graph_and_hears_the_head_speak(page, new_look):
    name = "new_look" if new_look else "old_look"
    canvas.set_look(page, new=new_look)
    page.evaluate(TOOLS)
    canvas.load(page, graph(seed=100 + new_look + 10 * (page.name == "newest")))
    show(page, MOTION)
    assert "Run the graph once" in view_of(page, MOTION).text_content()
    canvas.screenshot(page, f"live_view_empty_{name}")
    assert canvas.queue(page) == []
    for type in (FACE, MOTION):
        show(page, type)
        page.wait_for_function(DRAWN, arg=type, timeout=120_000)
        assert np.std(pixels(page, type)) > 20, "a face, not a blank"
    the_face_lives(page)
    it_speaks_in_time(page, name)
    it_turns_with_the_mouse(page, name)
    it_comes_back_after_a_reload(page, new_look)
    it_goes_with_its_node(page)
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []


def the_face_lives(page):
    show(page, FACE)
    page.wait_for_function("(type) => liveOf(type).view.player.playing", arg=FACE)
    page.wait_for_function("(type) => { const { player } = liveOf(type).view; return player.time_s > 0.5; }", arg=FACE)


def it_speaks_in_time(page, name):
    show(page, MOTION)
    rest = pixels(page)
    press(page, ".ta-live-loop")
    press(page, ".ta-live-play")
    page.wait_for_function("(type) => liveOf(type).view.player.time_s > 0.6", arg=MOTION)
    assert page.evaluate("(type) => liveOf(type).view.player.playing", FACE) is False, "one head moves at a time"
    drawn, seconds = page.evaluate("""async (type) => {
        const { stage } = liveOf(type).view, before = stage.pictures, began = performance.now();
        await new Promise((done) => setTimeout(done, 1500));
        return [stage.pictures - before, (performance.now() - began) / 1000];
    }""", MOTION)
    print(f"{name}: {drawn / seconds:.1f} pictures per second, drawn in software")
    assert drawn > 0 and player(page, "player.problem") == ""
    canvas.screenshot(page, f"live_view_playing_{name}")
    press(page, ".ta-live-play")
    assert not player(page, "player.playing")
    # What is drawn is what the motion says for the time that is shown.
    loud_s = page.evaluate("""async (type) => {
        const { decodeMotion } = await import('/extensions/ComfyUI-TalkingAvatar/lib/motion.js');
        const { fetchFile } = await import('/extensions/ComfyUI-TalkingAvatar/lib/page_files.js');
        const node = app.graph._nodes.find((n) => n.type === type);
        window.motion = decodeMotion(await fetchFile(app.api, node.taFiles.ta_motion));
        const jaw = Array.from({ length: motion.frames }, (_, i) => motion.at(i / motion.fps).curves[17]);
        return jaw.indexOf(Math.max(...jaw)) / motion.fps;
    }""", MOTION)
    at_s = scrub(page, loud_s / player(page, "player.duration_s"))
    assert at_s == pytest.approx(loud_s, abs=0.15) and time_shown(page) == pytest.approx(at_s, abs=0.11)
    page.wait_for_function("(type) => { const { stage, player } = liveOf(type).view;"
                           "return stage.motion.curves[17] === motion.at(player.time_s).curves[17]; }", arg=MOTION)
    assert player(page, "stage.motion.curves[17]") > 0.2
    spoken = pixels(page)
    assert change(spoken, rest) > 20 and change(spoken, pixels(page)) == 0
    canvas.screenshot(page, f"live_view_scrubbed_{name}")
    scrub(page, 0.97)
    press(page, ".ta-live-play")
    page.wait_for_function("(type) => { const { player } = liveOf(type).view; return player.time_s < player.duration_s / 2; }", arg=MOTION)
    assert player(page, "player.playing"), "it goes on from the beginning"
    view_of(page, MOTION).focus()
    page.keyboard.press("Space")
    page.keyboard.press("l")
    page.keyboard.press("Home")
    assert player(page, "[player.playing, player.loop, player.time_s]") == [False, False, 0]


def it_turns_with_the_mouse(page, name):
    ahead = pixels(page)
    box = view_of(page, MOTION).query_selector(".ta-live-head").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 110, y - 40, steps=6)
    page.mouse.up()
    assert player(page, "stage.view.yaw_deg") > 5
    assert change(pixels(page), ahead) > 20
    canvas.screenshot(page, f"live_view_turned_{name}")
    page.mouse.dblclick(x, y)
    assert player(page, "[stage.view.yaw_deg, player.playing]") == [0, False]
    page.keyboard.press("Home")
    page.wait_for_timeout(200)
    assert change(pixels(page), ahead) <= 1


def it_comes_back_after_a_reload(page, new_look):
    kept = canvas.saved(page)
    assert "ta_live_view" not in str(kept) and "ta_face" not in str(kept), "the workflow stays as it was"
    canvas.go(page)
    canvas.set_look(page, new=new_look)
    page.evaluate(TOOLS)
    canvas.load(page, kept)
    show(page, MOTION)
    page.wait_for_function(DRAWN, arg=MOTION, timeout=90_000)
    assert np.std(pixels(page)) > 20


def it_goes_with_its_node(page):
    lost = """(type) => {
        const node = app.graph._nodes.find((n) => n.type === type), gl = liveOf(type).view.stage.element.querySelector('canvas').getContext('webgl2');
        liveOf(type).view.player.play();
        window.player = liveOf(type).view.player;
        app.graph.remove(node);
        return [gl.isContextLost(), window.player.playing, node.taLive === undefined];
    }"""
    assert page.evaluate(lost, MOTION) == [True, False, True]


def test_the_one_node_has_it_too(page, helpers):
    canvas.set_look(page, new=False)
    workflow = load_workflow("one_node")
    values = workflow["nodes"][0]["widgets_values"]
    values[1], values[9] = helpers.SENTENCE, 7
    canvas.load(page, workflow)
    page.evaluate(TOOLS)
    assert canvas.queue(page) == []
    show(page, "TA_TalkingAvatar", 0.8)
    page.wait_for_function(DRAWN, arg="TA_TalkingAvatar", timeout=90_000)
    assert np.std(pixels(page, "TA_TalkingAvatar")) > 20
    assert page.evaluate("() => liveOf('TA_TalkingAvatar').view.player.duration_s") > 0.5
    canvas.screenshot(page, "live_view_one_node")


def test_the_setting_takes_the_views_away_and_brings_them_back(page):
    set_to = "async (on) => { await app.extensionManager.setting.set('TalkingAvatar.LiveView', on); }"
    canvas.load(page, graph(seed=1))
    page.evaluate(TOOLS)
    try:
        page.evaluate(set_to, False)
        page.wait_for_function("() => !app.graph._nodes.some((n) => n.taLive)")
        assert page.locator("[data-view=ta_live_view]").count() == 0
        canvas.load(page, graph(seed=1))
        assert not page.evaluate("() => app.graph._nodes.some((n) => n.taLive)")
    finally:
        page.evaluate(set_to, True)
    page.wait_for_function("(types) => types.every((type) => liveOf(type))", arg=[FACE, MOTION])


def test_what_is_gone_is_said_calmly(page):
    canvas.load(page, graph(seed=2))
    page.evaluate(TOOLS)
    gone = {"filename": "0" * 32 + ".bin", "subfolder": "talking_avatar", "type": "temp"}
    page.evaluate("([type, gone]) => app.graph._nodes.find((n) => n.type === type).onExecuted({ ta_face: [gone] })", [FACE, gone])
    show(page, FACE)
    page.wait_for_function("(type) => liveOf(type).view.element.textContent.includes('no longer kept')", arg=FACE)
    assert canvas.new_errors(page) == []


def test_a_run_whose_results_were_kept_shows_them(page):
    """ComfyUI does not run a node twice, and the page of another graph was not told what it left."""
    for _ in range(2):
        workflow = graph(seed=77)
        workflow.pop("id", None)
        canvas.load(page, workflow)
        page.evaluate(TOOLS)
        page.evaluate("() => { app.graph.id = crypto.randomUUID(); }")
        page.evaluate("() => localStorage.clear()")
        assert canvas.queue(page) == []
        show(page, MOTION)
        page.wait_for_function(DRAWN, arg=MOTION, timeout=90_000)
