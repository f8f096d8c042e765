"""The page in another language: our nodes, sockets and menus speak it too."""

import json
import re

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


@pytest.fixture
def japanese(page):
    """The page, once in Japanese."""
    page.evaluate("() => app.extensionManager.setting.set('Comfy.Locale', 'ja')")
    page.wait_for_timeout(500)
    canvas.go(page)
    yield page
    page.evaluate("() => app.extensionManager.setting.set('Comfy.Locale', 'en')")
    page.wait_for_timeout(500)
    canvas.go(page)


def test_nodes_and_sockets_have_their_names(japanese):
    texts = json.loads((ROOT / "locales" / "ja" / "nodeDefs.json").read_text(encoding="utf-8"))
    seen = japanese.evaluate("""(types) => Object.fromEntries(types.map((type) => {
        const node = LiteGraph.createNode(type);
        return [type, [node.title, node.outputs.map((slot) => slot.localized_name ?? slot.label ?? slot.name)]];
    }))""", list(texts))
    for kind, (title, outputs) in seen.items():
        assert title == texts[kind]["display_name"]
        if japanese.name == "newest":  # the older page names sockets in English
            assert outputs == [slot["name"] for slot in texts[kind]["outputs"].values()]
    japanese.evaluate("""() => {
        app.graph.clear();
        ['TA_LoadPortrait', 'TA_DetectFace', 'TA_MotionGenerator'].forEach((type, i) => {
            const node = LiteGraph.createNode(type);
            node.pos = [i * 420, 0];
            app.graph.add(node);
        });
    }""")
    canvas.fit_view(japanese)
    canvas.screenshot(japanese, "japanese")
    assert canvas.new_errors(japanese) == []


VIEWS = """(types) => {
    app.graph.clear();
    types.forEach((type, i) => {
        const node = LiteGraph.createNode(type);
        node.pos = [i * 800, 0];
        app.graph.add(node);
    });
}"""
OVERFLOWING = """() => [...document.querySelectorAll('.ta-view')].flatMap((frame) => {
    const room = frame.getBoundingClientRect();
    return [...frame.querySelectorAll('button, input, .ta-hint')].filter((each) => {
        const box = each.getBoundingClientRect();
        return box.width && (box.right > room.right + 1 || box.left < room.left - 1 || each.scrollWidth > each.clientWidth + 1);
    }).map((each) => each.outerHTML.slice(0, 120));
})"""


@pytest.mark.parametrize("new_look", [False, True], ids=["old look", "new look"])
def test_views_and_menus_speak_it(japanese, new_look):
    page, said = japanese, json.loads((ROOT / "web" / "lib" / "words" / "ja.json").read_text(encoding="utf-8"))
    canvas.set_look(page, new=new_look)
    page.evaluate(VIEWS, ["TA_DetectFace", "TA_ExpressionEditor", "TA_AudioToVisemes", "TA_PreviewRender"])
    canvas.fit_view(page)
    page.wait_for_selector("[data-view=ta_expression] [data-preset=happy]")
    texts = page.evaluate("() => [...document.querySelectorAll('.ta-view')].map((each) => each.innerText).join('\\n')")
    for english in ("Run the graph once to see the face here.", "Run the graph once to see the clip here.", "Reset", "Mouth", "Happy",
                    "Run the graph once to see and edit the visemes here."):
        assert said[english] in texts and english not in texts
    assert page.evaluate(OVERFLOWING) == []
    menu = page.evaluate("""() => {
        const own = (name) => app.extensions.find((each) => each.name === name);
        const canvasMenu = own('TalkingAvatar.WaysIn').getCanvasMenuItems().filter(Boolean);
        const load = LiteGraph.createNode('TA_LoadPortrait');
        return [...canvasMenu, ...canvasMenu[0].submenu.options, ...own('TalkingAvatar.WaysIn').getNodeMenuItems(load).filter(Boolean)].map((each) => each.content);
    }""")
    assert {said[english] for english in ("Talking Avatar", "Talking photo", "Let this face talk")} <= set(menu)
    canvas.screenshot(page, f"japanese_views_{'new' if new_look else 'old'}_look")
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []


def test_the_server_serves_help_in_each_language(site):
    import urllib.request

    from talking_avatar.cli.comfy_server import PACK_NAME

    for language in ("zh", "ja", "es", "de", "fr"):
        with urllib.request.urlopen(f"{site[1].url}/extensions/{PACK_NAME}/docs/TA_DetectFace/{language}.md") as answer:
            assert re.match(r"# \S", answer.read().decode("utf-8"))
