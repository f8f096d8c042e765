"""Views inside nodes: there in both looks, no part of the workflow, and hidden widgets keep their values."""

import pytest
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
MAKE = """async () => {
    const { addView, hideWidget } = await import('/extensions/ComfyUI-TalkingAvatar/lib/node_view.js');
    app.graph.clear();
    const node = LiteGraph.createNode('TA_MotionGenerator');
    node.pos = [300, 200];
    app.graph.add(node);
    const before = node.serialize();
    const box = document.createElement('div');
    box.style.cssText = 'background:#357;flex:1';
    box.textContent = 'a view';
    box.id = 'the-view';
    addView(node, 'ta_test', box, 180);
    const hidden = hideWidget(node, 'keyframes');
    hidden.value = '0 happy';
    window.node = node;
    return [before.widgets_values, node.serialize().widgets_values];
}"""


@pytest.mark.parametrize("new_look", [False, True], ids=["old look", "new look"])
def test_a_view_in_a_node(page, new_look):
    canvas.set_look(page, new=new_look)
    before, after = page.evaluate(MAKE)
    assert after == [*before[:-1], "0 happy"]
    page.evaluate("() => { app.canvas.ds.scale = 1; app.canvas.ds.offset = [0, 0]; app.canvas.setDirty(true, true); }")
    page.wait_for_function("() => document.getElementById('the-view')?.getBoundingClientRect().height > 100", timeout=90_000)
    box = page.evaluate("() => document.getElementById('the-view').getBoundingClientRect().toJSON()")
    assert box["width"] > 150
    canvas.screenshot(page, f"view_{'new' if new_look else 'old'}_look")
    prompt = page.evaluate("async () => (await app.graphToPrompt()).output")
    inputs = next(iter(prompt.values()))["inputs"]
    assert inputs["keyframes"] == "0 happy" and "ta_test" not in inputs
    assert not page.evaluate("() => [...document.querySelectorAll('textarea')].some(t => t.offsetParent && t.value === '0 happy')")
    canvas.set_look(page, new=False)
    assert canvas.new_errors(page) == []
