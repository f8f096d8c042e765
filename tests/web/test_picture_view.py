"""The view of clips and pictures in a node: what it shows, how tall it asks to be, and what it says when nothing is left."""

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.media.encode import EncodeSettings, write_video

pytestmark = [pytest.mark.browser]
MAKE = """async () => {
    const { PictureView } = await import('/lib/picture_view.js');
    window.heights = [];
    window.view = new PictureView((px) => heights.push(px));
    const box = document.createElement('div');
    box.style.cssText = 'width:300px';
    box.append(view.element);
    document.body.append(box);
}"""


@pytest.fixture
def view(bare, tmp_path):
    """The page with a view of 300 px, and files: a picture of 200 x 300, and clips of 96 x 64 and 64 x 192."""
    buffer = io.BytesIO()
    Image.new("RGB", (200, 300), (90, 90, 90)).save(buffer, "PNG")
    bare.files["sheet.png"] = buffer.getvalue()
    for name, size in (("wide.webm", (96, 64)), ("tall.webm", (64, 192))):
        path = tmp_path / name
        write_video(iter([np.full((size[1], size[0], 3), 90, np.uint8)] * 5), path, fps=Fraction(25), size=size, count=5, sound=None,
                    settings=EncodeSettings("webm-vp9", preset="ultrafast"), metadata={}, host=PlainHost())
        bare.files[name] = path.read_bytes()
    bare.evaluate(MAKE)
    return bare


@pytest.mark.parametrize(("clip", "picture", "height"), [
    ("wide.webm", None, 200), (None, "sheet.png", 450), ("wide.webm", "sheet.png", 656), ("tall.webm", None, 330)])
def test_it_asks_for_the_height_of_what_it_shows(view, clip, picture, height):
    view.evaluate("(given) => view.show(given, 'gone')", {"clip": clip, "picture": picture})
    view.wait_for_function("(px) => heights.at(-1) === px", arg=height, timeout=10_000)
    assert view.evaluate("() => view.element.querySelectorAll('video').length") == (clip is not None)
    assert view.evaluate("() => view.element.querySelector('a')?.getAttribute('href') ?? null") == picture


def test_a_wider_node_makes_it_taller(view):
    view.evaluate("() => view.show({ picture: 'sheet.png' }, 'gone')")
    view.wait_for_function("() => heights.at(-1) === 450", timeout=10_000)
    view.evaluate("() => { view.element.parentElement.style.width = '400px'; }")
    view.wait_for_function("() => heights.at(-1) === 600", timeout=10_000)


def test_what_is_no_longer_kept_is_said(view):
    view.evaluate("() => view.show({ picture: 'nowhere.png' }, 'Run the graph again.')")
    view.wait_for_function("() => view.element.textContent === 'Run the graph again.'", timeout=10_000)
    assert view.evaluate("() => [view.element.querySelector('img'), heights.at(-1)]") == [None, 40]


def test_nothing_plays_on_when_it_ends(view):
    view.evaluate("() => view.show({ clip: 'wide.webm' }, 'gone')")
    view.wait_for_function("() => heights.length > 0", timeout=10_000)
    assert view.evaluate("""() => {
        const video = view.element.querySelector('video');
        view.dispose();
        const before = heights.length;
        view.element.parentElement.style.width = '500px';
        return [video.paused, view.element.childElementCount, heights.length - before];
    }""") == [True, 0, 0]
