"""A second tab with the same graph: ComfyUI runs only what changed, and the other views are filled all the same."""

import pytest
from talking_avatar.tests.comfyui import canvas
from talking_avatar.tests.comfyui.test_live_view import FACE, TOOLS, graph

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
DRAWING_3D = True
HEARD = "() => app.graph._nodes.find((node) => node.type === 'TA_AudioToVisemes').taTimeline.view.empty === false"


def test_views_of_nodes_that_did_not_run_again_are_filled(page):
    page.evaluate(TOOLS)
    seed = 700 + 10 * (page.name == "newest")
    for run in range(2):
        canvas.load(page, graph(seed=seed + run))
        page.evaluate("() => { localStorage.clear(); window.cached = []; "
                      "app.api.addEventListener('execution_cached', (e) => cached.push(...e.detail.nodes)); }")
        assert canvas.queue(page) == []
        page.wait_for_function(HEARD, timeout=60_000)
        page.wait_for_function("(type) => app.graph._nodes.find((node) => node.type === type).taFiles?.ta_face", arg=FACE)
    assert len(page.evaluate("cached")) >= 4, "the second run was one of the motion only"
    assert canvas.new_errors(page) == []
