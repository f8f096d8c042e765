"""A real browser plays a re-voiced file through its joins: every frame is there, at its time."""

import base64

import pytest
from talking_avatar.tests.comfyui import canvas
from talking_avatar.tests.pipeline_core.media import making

pytestmark = [pytest.mark.browser]
COUNT, FPS = 72, 25
CHANGED = range(30, 40)
PLAY = """async ([data, count, fps]) => {
  const video = document.createElement('video');
  video.muted = true;
  video.src = 'data:video/mp4;base64,' + data;
  document.body.append(video);
  const failed = (no) => { video.onerror = () => no(new Error(video.error.message)); };
  await new Promise((ok, no) => { video.onloadeddata = ok; failed(no); });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const grey = () => {
    context.drawImage(video, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    return data.reduce((sum, value, i) => sum + (i % 4 < 3 ? value : 0), 0) / data.length * 4 / 3;
  };
  const sought = [], played = [];
  for (let i = 0; i < count; i++) {
    video.currentTime = (i + 0.5) / fps;
    await new Promise((ok) => { video.onseeked = ok; });
    sought.push(grey());
  }
  video.currentTime = 0;
  await new Promise((ok) => { video.onseeked = ok; });
  const each = (now, frame) => { played.push([frame.mediaTime, grey()]); video.requestVideoFrameCallback(each); };
  video.requestVideoFrameCallback(each);
  video.playbackRate = 0.5;
  const ended = new Promise((ok, no) => { video.onended = ok; failed(no); });
  await video.play();
  await ended;
  return { sought, played, duration: video.duration };
}"""


@pytest.fixture(scope="module")
def page():
    with canvas.browser() as opened:
        yield opened.new_page()


def strangers(found):
    """Frames that are seen at another's time; grey levels of neighbours are two apart."""
    seen = [*enumerate(found["sought"]), *((round(time_s * FPS), grey) for time_s, grey in found["played"])]
    return [(number, grey) for number, grey in seen if number not in CHANGED and abs(grey - 28 - 2 * number) > 1.3]


def strangers_at_every_look(page, data, looks=4):
    """The frames found wrong each time: a busy machine may paint a frame late, a fault of the file is there always."""
    always = None
    for _ in range(looks):
        found = page.evaluate(PLAY, [data, COUNT, FPS])
        numbers = {number for number, _ in strangers(found)}
        always = numbers if always is None else always & numbers
        if not always:
            break
    return found, sorted(always)


@pytest.mark.parametrize("options", [{}, {"options": {"bf": "0"}}, {"x264": ":bframes=8:b-pyramid=normal:ref=6"}],
                         ids=["two b-frames", "none", "a pyramid"])
def test_chromium_shows_every_frame_across_the_joins(tmp_path, page, options):
    source = making.clip(tmp_path / "a.mp4", COUNT, tags={"color_primaries": 1, "color_trc": 1}, **options)
    _, report, _ = making.revoiced(source, tmp_path / "out.mp4", CHANGED)
    assert any("48 of 72 frames are copied" in text for text in report.warnings)
    data = base64.b64encode((tmp_path / "out.mp4").read_bytes()).decode()
    found, wrong = strangers_at_every_look(page, data)
    assert wrong == [] and found["duration"] == pytest.approx(COUNT / FPS, abs=0.001)
    assert len(found["played"]) > COUNT / 2
    late = {**found, "sought": [found["sought"][0], *found["sought"][:-1]]}  # control: shown one frame late
    assert len(strangers(late)) > 40
