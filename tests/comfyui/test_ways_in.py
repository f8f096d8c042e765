"""From an empty canvas to a talking video: drop a photo and a sound, or ask the menu; as a person would."""

import base64

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
DROP = """(files) => {
    const data = new DataTransfer();
    for (const [name, type, text] of files)
        data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name, { type }));
    const at = { bubbles: true, cancelable: true, clientX: 820, clientY: 260, dataTransfer: data };
    app.canvas.canvas.dispatchEvent(new DragEvent('dragover', at));
    app.canvas.canvas.dispatchEvent(new DragEvent('drop', at));
}"""


def file(name, mime, data):
    return [name, mime, base64.b64encode(data).decode()]


def photo(name="my photo.jpg"):
    return file(name, "image/jpeg", (ROOT / "models" / "assets" / "sample_portrait.jpg").read_bytes())


def empty(page):
    page.evaluate("() => { app.graph.clear(); app.canvas.ds.scale = 1; app.canvas.ds.offset = [0, 0]; }")


def types(page):
    return page.evaluate("() => app.graph._nodes.map((n) => n.type).sort()")


def test_drop_a_photo_and_a_sound_then_press_queue(page, site, helpers):
    sound = site[1].input / "speech.wav"
    empty(page)
    page.evaluate(DROP, [photo(), file("my voice.wav", "audio/wav", sound.read_bytes())])
    page.wait_for_function("() => app.graph._nodes.length === 2 && app.graph._nodes[1].inputs", timeout=90_000)
    assert types(page) == ["LoadAudio", "TA_TalkingAvatar"]
    page.wait_for_timeout(800)
    canvas.screenshot(page, "dropped")
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    avatar = next(node for node in prompt.values() if node["class_type"] == "TA_TalkingAvatar")
    assert avatar["inputs"]["file"].startswith("my photo") and isinstance(avatar["inputs"]["audio"], list)
    page.evaluate("() => { app.graph._nodes.find((n) => n.type === 'TA_TalkingAvatar').widgets.find((w) => w.name === 'size').value"
                  " = 'as the photo'; }")
    assert canvas.queue(page) == []
    page.wait_for_function("() => [...document.querySelectorAll('video')].some(v => v.videoWidth > 0)", timeout=90_000)
    canvas.screenshot(page, "dropped_and_run")


def test_a_photo_with_a_text_and_a_photo_alone(page):
    empty(page)
    page.evaluate(DROP, [photo("p.jpg"), file("line.txt", "text/plain", b" Good morning. \n")])
    page.wait_for_function("() => app.graph._nodes.length === 1", timeout=90_000)
    text = page.evaluate("() => app.graph._nodes[0].widgets.find((w) => w.name === 'text').value")
    assert types(page) == ["TA_TalkingAvatar"] and text == "Good morning."
    empty(page)
    page.evaluate(DROP, [photo("alone.jpg")])
    page.wait_for_timeout(2000)
    assert types(page) in ([], ["LoadImage"]), "a photo alone is the page's own business"
    page.keyboard.press("Escape")


def test_the_canvas_menu_makes_the_beginners_graphs(page):
    empty(page)
    page.mouse.click(700, 500, button="right")
    page.get_by_text("Talking Avatar", exact=True).last.click()
    page.get_by_text("New words for a video", exact=True).last.click()
    assert types(page) == ["TA_LoadVideo", "TA_TalkingAvatar"]
    assert page.evaluate("() => Object.keys(app.graph.links).length || app.graph._links.size") == 1


def test_a_nodes_menu_puts_ours_behind_it(page):
    empty(page)
    page.evaluate("""() => {
        const node = LiteGraph.createNode('LoadImage');
        node.pos = [300, 260];
        app.graph.add(node);
        app.canvas.draw(true, true);
    }""")
    page.wait_for_timeout(600)
    page.evaluate("""() => {
        const node = app.graph._nodes[0];
        const items = app.collectNodeMenuItems(node);
        items.find((item) => item?.content === 'Let this face talk').callback();
    }""")
    assert types(page) == ["LoadImage", "TA_TalkingAvatar"]
    linked = page.evaluate("() => app.graph._nodes.find((n) => n.type === 'TA_TalkingAvatar').getInputNode(0)?.type")
    assert linked == "LoadImage"


def test_no_error_of_ours(page):
    assert canvas.new_errors(page) == []
