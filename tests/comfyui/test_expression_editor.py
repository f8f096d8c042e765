"""The expression editor as a person uses it: on both pages, in both looks of nodes."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from talking_avatar.cli.comfy_client import output_files
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.face.detect import DetectSettings, detect_faces
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.image import portrait_from_array
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
DRAWING_3D = True
EDITOR, PREVIEW = 3, 4
FACE = "[data-view=ta_expression] canvas"


def graph(size=(760, 690)):
    """Load Portrait, Detect Face, Expression Editor, Preview Image."""
    def node(id, kind, at, size, inputs, outputs, widgets):
        return {"id": id, "type": kind, "pos": at, "size": size, "flags": {}, "order": id, "mode": 0, "properties": {},
                "inputs": [{"name": name, "type": each, "link": link} for name, each, link in inputs],
                "outputs": [{"name": name, "type": each, "links": links} for name, each, links in outputs],
                "widgets_values": widgets}

    return {
        "last_node_id": 4, "last_link_id": 3, "version": 0.4, "groups": [], "config": {}, "extra": {},
        "nodes": [
            node(1, "TA_LoadPortrait", [0, 0], [280, 200], [("image", "IMAGE", None), ("mask", "MASK", None)],
                 [("portrait", "TA_PORTRAIT", [1]), ("image", "IMAGE", None), ("mask", "MASK", None)], ["sample: astronaut", "image"]),
            node(2, "TA_DetectFace", [0, 300], [280, 400],
                 [("source", "TA_PORTRAIT,IMAGE,VIDEO", 1), ("landmarks", "FACE_LANDMARKS", None), ("bbox", "BBOX,BOUNDING_BOX", None)],
                 [("face", "TA_FACE", [2]), ("overlay", "IMAGE", None), ("face_mask", "MASK", None), ("mouth_mask", "MASK", None),
                  ("report", "STRING", None)], [0, "large-small", 0.5, "auto", 0, 0.05, "first"]),
            node(EDITOR, "TA_ExpressionEditor", [320, 0], list(size), [("face", "TA_FACE", 2)],
                 [("motion", "TA_MOTION", None), ("image", "IMAGE", [3]), ("json", "STRING", None)], ["", 25, 2]),
            node(PREVIEW, "PreviewImage", [360 + size[0], 0], [300, 340], [("images", "IMAGE", 3)], [], []),
        ],
        "links": [[1, 1, 0, 2, 0, "TA_PORTRAIT"], [2, 2, 0, 3, 0, "TA_FACE"], [3, 3, 1, 4, 0, "IMAGE"]],
    }


def look_at(page, scale=0.75):
    page.evaluate("""(scale) => {
        const node = app.graph.nodes.find((each) => each.type === 'TA_ExpressionEditor');
        app.canvas.ds.scale = scale;
        app.canvas.ds.offset = [120 / scale - node.pos[0], 130 / scale - node.pos[1]];
        app.canvas.setDirty(true, true);
    }""", scale)
    page.wait_for_timeout(600)


def expression(page):
    """What the workflow holds, and the queue would get."""
    kept = next(node for node in canvas.saved(page)["nodes"] if node["type"] == "TA_ExpressionEditor")["widgets_values"][0]
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    assert prompt[str(EDITOR)]["inputs"]["expression"] == kept
    return json.loads(kept)["keys"] if kept else []


def drag(page, region, dx, dy):
    box = page.locator(f"[data-view=ta_expression] [data-region={region}]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, 6):
        page.mouse.move(x + dx * k / 5, y + dy * k / 5)
    page.mouse.up()


def picture(page):
    """What the face shows, once it stands still and no places to drag are marked."""
    page.mouse.move(5, 400)
    page.evaluate("() => document.activeElement?.blur()")
    page.wait_for_timeout(500)
    return page.locator(FACE).screenshot()


@pytest.fixture(params=[False, True], ids=["old look", "new look"])
def ready(request, page):
    """The page with the graph, run once."""
    canvas.set_look(page, new=request.param)
    page.evaluate("() => localStorage.clear()")
    canvas.load(page, graph())
    look_at(page)
    yield page
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []


def corners_up(pixels):
    """How high the corners of the mouth stand above its middle, in distances between the eyes, in MediaPipe's landmarks."""
    points = detect_faces(portrait_from_array(pixels), DetectSettings(), PlainHost()).selected_landmarks_px
    up = points[[13, 14], 1].mean() - points[[61, 291], 1].mean()
    return float(up / np.linalg.norm(points[33, :2] - points[263, :2]))


def test_a_smile_is_seen_by_others(server):
    """A script's prompt, without a page: at rest, happy, sad."""
    register_all()
    prompt = {"1": {"class_type": "TA_LoadPortrait", "inputs": {"file": "sample: astronaut"}},
              "2": {"class_type": "TA_DetectFace", "inputs": {"source": ["1", 0], "face_index": 0, "order": "large-small", "min_confidence": 0.5}},
              "3": {"class_type": "TA_ExpressionEditor", "inputs": {"face": ["2", 0], "expression": "0 neutral; 1 happy 1.5; 2 sad 1.5", "fps": 25, "hold": 0}},
              "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 1]}}}
    record = server.client.run(prompt)
    shown = [item for item in record["outputs"]["4"]["images"] if item in output_files(record, ".png")]
    rest, happy, sad = (corners_up(np.array(Image.open(io.BytesIO(server.client.fetch(item))).convert("RGB"))) for item in shown)
    assert happy > rest + 0.02 > rest > sad + 0.01
    assert "ta_face" not in record["outputs"].get("3", {})


def test_a_face_is_posed_and_found_again(ready, request, tmp_path):
    page, look = ready, request.node.callspec.params["ready"]
    assert page.get_by_text("Run the graph once to see the face here.").last.is_visible()
    assert canvas.queue(page) == []
    page.wait_for_selector(FACE)
    at_rest = picture(page)

    page.get_by_label("Mouth: Smile, left side").fill("0.3")
    assert expression(page)[0]["curves"] == {"mouthSmileLeft": 0.3, "mouthSmileRight": 0.3}
    assert picture(page) != at_rest, "seen at once, without queueing"

    drag(page, "mouthLeft", 6, -14)
    pulled = expression(page)[0]["curves"]["mouthSmileLeft"]
    assert pulled > 0.35
    page.keyboard.press("Control+z")
    assert expression(page)[0]["curves"]["mouthSmileLeft"] == 0.3
    page.wait_for_timeout(500)
    assert expression(page)[0]["curves"]["mouthSmileLeft"] == 0.3, "ComfyUI's own undo stays out of it"

    it_is_looked_at_from_the_side(page, "new" if look else "old")
    page.click("[data-view=ta_expression] [data-preset=surprised]")
    page.get_by_role("button", name="+ Key").click()
    page.click("[data-view=ta_expression] [data-preset=wink]")
    keys = expression(page)
    assert len(keys) == 2 and keys[1]["curves"]["eyeBlinkRight"] == 1.0
    canvas.screenshot(page, f"expression_editor_{'new' if look else 'old'}_look")

    with page.expect_download() as saving:
        page.get_by_role("button", name="Save", exact=True).click()
    saving.value.save_as(tmp_path / "wink.json")
    page.locator("[data-view=ta_expression]").get_by_role("button", name="Reset", exact=True).click()
    assert expression(page) != keys
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Load", exact=True).click()
    choosing.value.set_files(tmp_path / "wink.json")
    page.wait_for_function("() => app.graph.nodes.find((each) => each.type === 'TA_ExpressionEditor').widgets[0].value.includes('eyeBlinkRight')")
    assert expression(page) == keys

    kept, file = canvas.saved(page), page.evaluate("() => app.graph.id")
    canvas.go(page)
    canvas.set_look(page, new=look)
    canvas.load(page, kept)
    assert page.evaluate("() => app.graph.id") == file
    look_at(page)
    page.wait_for_selector(FACE)
    assert expression(page) == keys, "after a reload everything is there again"
    assert page.get_by_label("Brows: Outer ends up, left side").input_value() == "0.6"
    assert picture(page) != at_rest
    assert canvas.queue(page) == []
    assert page.evaluate("(id) => app.nodeOutputs[id].images.length", PREVIEW) == 2, "one picture for each key"
    page.wait_for_timeout(800)
    canvas.screenshot(page, f"expression_image_{'new' if look else 'old'}_look")


def it_is_looked_at_from_the_side(page, look):
    posed, from_front = expression(page), picture(page)
    nodes = page.evaluate("() => app.graph.nodes.map((node) => [...node.pos])")
    frame, jaw = page.locator(FACE).bounding_box(), "[data-view=ta_expression] [data-region=jaw]"
    page.mouse.move(frame["x"] + 20, frame["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + 120, frame["y"] + 40, steps=4)
    page.mouse.up()
    page.wait_for_timeout(400)
    canvas.screenshot(page, f"expression_editor_side_{look}_look")
    assert picture(page) != from_front and expression(page) == posed
    page.focus("[data-view=ta_expression] .ta-stage")
    page.keyboard.press("r")
    assert picture(page) == from_front, "R looks from the front, and is not ComfyUI's key"
    page.locator(jaw).click(button="right")
    assert page.locator(".litecontextmenu").count() == 0
    assert page.evaluate("() => app.graph.nodes.map((node) => [...node.pos])") == nodes


def test_comfyui_s_undo_and_keys_keep_off(ready):
    page = ready
    page.click("[data-view=ta_expression] [data-preset=happy]")
    page.focus("[data-view=ta_expression] [data-preset=happy]")
    page.keyboard.press("Delete")
    assert len(canvas.saved(page)["nodes"]) == 4, "Delete in the editor deletes no node"
    page.keyboard.press("Control+z")
    page.wait_for_timeout(400)
    assert expression(page) == [] and len(canvas.saved(page)["nodes"]) == 4
    page.keyboard.press("Control+Shift+z")
    page.wait_for_timeout(400)
    assert expression(page)[0]["curves"]["mouthSmileLeft"] == 0.55
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.wait_for_function("() => app.graph.nodes.find((each) => each.type === 'TA_ExpressionEditor')?.widgets[0].value === ''")
    # ComfyUI's undo takes the step back as well, and what is seen is the editor of the node that it has made anew.
    page.wait_for_function("() => document.querySelector('[data-control=mouthSmileLeft]').value === '0'")
    page.click("[data-view=ta_expression] [data-preset=sad]")
    assert expression(page)[0]["curves"]["browInnerUp"] == 0.55


def test_a_dropped_file_is_taken_and_no_workflow(ready):
    page = ready
    page.evaluate("""() => {
        const text = JSON.stringify({ talking_avatar_expression: 1, keys: [{ time_s: 0, curves: { tongueOut: 1 } }] });
        const data = new DataTransfer();
        data.items.add(new File([text], 'tongue.json', { type: 'application/json' }));
        const target = document.querySelector('[data-view=ta_expression] .ta-stage');
        for (const name of ['dragover', 'drop']) target.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: data }));
    }""")
    page.wait_for_function("() => app.graph.nodes.some((each) => each.widgets?.[0]?.value?.includes?.('tongueOut'))")
    assert expression(page)[0]["curves"] == {"tongueOut": 1} and len(canvas.saved(page)["nodes"]) == 4


@pytest.mark.parametrize("size", [(400, 700), (1000, 800)], ids=["narrow", "wide"])
def test_other_sizes(ready, request, size):
    page, look = ready, request.node.callspec.params["ready"]
    canvas.load(page, graph(size))
    look_at(page)
    assert canvas.queue(page) == []
    page.wait_for_selector(FACE)
    page.click("[data-view=ta_expression] [data-preset=laugh]")
    hidden = page.evaluate("""() => {
        const frame = document.querySelector('[data-view=ta_expression]').getBoundingClientRect();
        return [...document.querySelectorAll('[data-view=ta_expression] button, [data-view=ta_expression] .ta-stage')]
            .map((each) => each.getBoundingClientRect())
            .filter((box) => box.width && (box.right > frame.right + 1 || box.left < frame.left - 1)).length;
    }""")
    assert hidden == 0
    page.hover("[data-view=ta_expression] [data-region=mouthLeft]")
    page.wait_for_timeout(500)
    canvas.screenshot(page, f"expression_{size[0]}_{'new' if look else 'old'}_look")
