"""An edit in the timeline is seen at once on the head in Motion Generator, which also follows the timeline's cursor and sound."""

import pytest
from talking_avatar.tests.comfyui import canvas
from talking_avatar.tests.comfyui.test_live_view import DRAWN, MOTION, TOOLS, change, graph, pixels, show

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
DRAWING_3D = True
VIEW = "app.graph._nodes.find((node) => node.type === 'TA_AudioToVisemes').taTimeline.view"


def timeline(page, code):
    return page.evaluate(f"() => {{ const view = {VIEW}; return {code}; }}")


def lips(page):
    """The head's lips now, 1 where they touch, and the time it shows."""
    return page.evaluate("(type) => { const { stage, player } = liveOf(type).view; return [stage.motion.articulation[0], player.time_s]; }", MOTION)


def test_the_head_shows_the_edited_mouth_before_the_run(page):
    canvas.set_look(page, new=False)
    page.evaluate(TOOLS)
    canvas.load(page, graph(seed=300 + (page.name == "newest")))
    assert canvas.queue(page) == []
    show(page, MOTION)
    page.wait_for_function(DRAWN, arg=MOTION, timeout=120_000)
    # The cursor on a vowel: the head looks the same way, its lips apart.
    open_s = timeline(page, "(() => { const { start_s, end_s } = view.model.shown.cells.filter((cell) => cell.viseme === 'aa')"
                            ".reduce((a, b) => (b.end_s - b.start_s > a.end_s - a.start_s ? b : a)); return 0.5 * (start_s + end_s); })()")
    timeline(page, f"view.seek({open_s})")
    closure, time_s = lips(page)
    assert closure < 0.2 and time_s == pytest.approx(open_s, abs=1e-3)
    before = pixels(page)
    canvas.screenshot(page, "timeline_live_before")
    timeline(page, f"view.act(() => view.model.close({open_s}))")
    page.wait_for_function("(type) => liveOf(type).view.stage.motion.articulation[0] > 0.9", arg=MOTION)
    assert change(before, pixels(page)) > 20, "the mouth is shut on the picture too"
    canvas.screenshot(page, "timeline_live_shut")
    timeline(page, "view.act(() => view.model.undo())")
    page.wait_for_function("(type) => liveOf(type).view.stage.motion.articulation[0] < 0.2", arg=MOTION)
    assert change(before, pixels(page)) < 8
    # While the timeline plays, the head speaks.
    timeline(page, "(view.seek(0), view.togglePlay())")
    page.wait_for_function("(type) => liveOf(type).view.player.time_s > 0.8", arg=MOTION)
    timeline(page, "view.player.pause()")
    assert lips(page)[1] == pytest.approx(timeline(page, "view.cursor_s"), abs=0.05)
    assert canvas.new_errors(page) == []
