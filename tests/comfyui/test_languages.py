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


def test_the_server_serves_help_in_each_language(site):
    import urllib.request

    from talking_avatar.cli.comfy_server import PACK_NAME

    for language in ("zh", "ja", "es", "de", "fr"):
        with urllib.request.urlopen(f"{site[1].url}/extensions/{PACK_NAME}/docs/TA_DetectFace/{language}.md") as answer:
            assert re.match(r"# \S", answer.read().decode("utf-8"))
