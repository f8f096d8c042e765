"""The one node shows the video that it has made, and not the photo beside it: on both pages, in both looks."""

from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.cli.workflow import load_workflow
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video
from talking_avatar.tests.comfyui import canvas

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]
EXECUTED = """(name) => {
    const node = app.graph._nodes.find((each) => each.type === 'TA_TalkingAvatar'), id = String(node.id);
    app.api.dispatchCustomEvent('executed', { node: id, display_node: id, prompt_id: 'told by the test',
        output: { images: [{ filename: name, subfolder: '', type: 'output' }], animated: [true] } });
    app.canvas.setDirty(true, true);
}"""
SHOWN = """() => {
    const node = app.graph._nodes.find((each) => each.type === 'TA_TalkingAvatar');
    const elements = [...document.querySelectorAll('.comfy-img-preview, [data-node-id]')];
    return [node.imgs?.length ?? 0, node.widgets.map(({ name }) => name).filter((name) => name.startsWith('$$')),
        elements.flatMap((each) => [...each.querySelectorAll('img')]).filter((img) => img.checkVisibility()).length,
        new Set(elements.flatMap((each) => [...each.querySelectorAll('video')])).size];
}"""


@pytest.mark.parametrize("new_look", [False, True], ids=["old look", "new look"])
def test_the_video_takes_the_photo_s_place(page, site, new_look):
    write_video(iter([np.full((128, 128, 3), 90, np.uint8)] * 4), site[1].output / "made.webm", fps=Fraction(10), size=(128, 128),
                count=4, sound=None, settings=EncodeSettings("webm-vp9", preset="ultrafast"), metadata={}, host=PlainHost())
    canvas.set_look(page, new=new_look)
    canvas.load(page, load_workflow("one_node"))
    canvas.fit_view(page)
    # The photo as ComfyUI shows it once it was chosen by hand.
    page.evaluate("""() => new Promise((done) => {
        const node = app.graph._nodes.find((each) => each.type === 'TA_TalkingAvatar'), photo = new Image();
        photo.onload = () => { node.imgs = [photo]; app.canvas.setDirty(true, true); done(); };
        photo.src = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="red"/></svg>';
    })""")
    page.wait_for_timeout(500)
    assert page.evaluate(SHOWN)[0] == 1
    page.evaluate(EXECUTED, "made.webm")
    page.wait_for_function(f"() => ({SHOWN})()[3] === 1")
    page.wait_for_timeout(1000)
    assert page.evaluate(SHOWN) == [0, [], 0, 1]
    canvas.screenshot(page, f"one_video_{'new' if new_look else 'old'}_look")
    canvas.set_look(page, new=False)
