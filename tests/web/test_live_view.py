"""The live view by itself: draws only when there is something to draw, gives contexts back, and is reached by keys."""

import pytest

pytestmark = [pytest.mark.browser]
STUB = b"""
export { restMotion, NAMES, ARTICULATION_NAMES } from './arkit.js';
export function createAvatar(canvas, payload) {
    if (new Uint8Array(payload)[0] === 0) throw new Error('The face file is damaged (a test). Run the graph again.');
    const gl = canvas.getContext('2d');
    window.alive = (window.alive ?? 0) + 1;
    return {
        aspect: 0.8, first: Promise.resolve(), ready: Promise.resolve(),
        draw(motion, view) { window.drawn = { motion, view, width: canvas.width, height: canvas.height };
                             gl.fillStyle = 'rgb(200, 100, 50)'; gl.fillRect(0, 0, canvas.width, canvas.height); },
        dispose() { window.alive--; },
    };
}
"""
START = """async ({ count = 1, byte = 1, idle = false, width = 300, height = 300 } = {}) => {
    const { LiveView } = await import('/lib/live/view.js');
    const motion = { fps: 25, frames: 100, duration_s: 4, whole_s: 4, at: (time_s) => ({ time_s }) };
    window.views = Array.from({ length: count }, () => {
        const view = new LiveView(), box = document.createElement('div');
        box.style.cssText = `width:${width}px;height:${height}px;display:flex`;
        box.append(view.element);
        document.body.append(box);
        view.show(async () => new Uint8Array([byte]).buffer, idle ? null : motion, null);
        return view;
    });
    window.view = views[0];
    window.until = async (met) => {
        for (let i = 0; i < 1000 && !met(); i++) await new Promise((done) => setTimeout(done, 10));
        return met();
    };
    await until(() => view.stage.pictures > 0 || view.empty);
}"""


@pytest.fixture
def stub(bare):
    bare.files["lib/avatar/avatar.js"] = STUB
    return bare


def start(page, **how):
    page.evaluate(START, how)


def settle(page):
    page.evaluate("() => new Promise((done) => setTimeout(done, 120))")


@pytest.mark.parametrize(("name", "made"), [("same", 1), ("other", 2)])
def test_a_face_that_is_drawn_already_goes_on_with_another_motion(stub, name, made):
    start(stub)
    assert stub.evaluate("""async (name) => {
        const payload = () => { fetched++; return Promise.resolve(new Uint8Array([1]).buffer); };
        window.fetched = 0;
        for (const each of ['same', name]) {
            view.show(payload, { fps: 25, frames: 50, duration_s: 2, whole_s: 2, at: (time_s) => ({ time_s }) }, null, each);
            await new Promise((done) => setTimeout(done, 200));
        }
        return [fetched, alive, view.player.duration_s];
    }""", name) == [made, 1, 2]


def test_the_picture_keeps_its_aspect_and_is_as_fine_as_the_screen(stub):
    start(stub, width=300, height=200)
    box = stub.evaluate("() => document.querySelector('.ta-live-head').getBoundingClientRect().toJSON()")
    drawn = stub.evaluate("() => drawn")
    assert box["width"] / box["height"] == pytest.approx(0.8, abs=0.02) and box["height"] < 200
    assert drawn["width"] == pytest.approx(box["width"], abs=1)
    stub.evaluate("() => { document.body.style.zoom = 1; view.element.parentElement.style.transform = 'scale(2)'; }")
    stub.wait_for_function("(wide) => drawn.width > 1.8 * wide", arg=drawn["width"])


def test_nothing_is_drawn_while_nothing_changes_or_nobody_looks(stub):
    start(stub)
    settle(stub)
    before = stub.evaluate("() => view.stage.pictures")
    settle(stub)
    assert stub.evaluate("() => view.stage.pictures") == before
    stub.evaluate("() => view.player.seek(1)")
    stub.wait_for_function("(n) => view.stage.pictures > n", arg=before)
    stub.evaluate("() => { view.element.parentElement.style.display = 'none'; }")
    stub.wait_for_function("() => !view.stage.visible")
    before = stub.evaluate("() => view.stage.pictures")
    stub.evaluate("() => view.player.play()")
    stub.wait_for_function("() => view.player.time_s > 1.05")
    assert stub.evaluate("() => view.stage.pictures") == before, "it plays, unseen"
    stub.evaluate("() => { view.element.parentElement.style.display = 'flex'; }")
    stub.wait_for_function("(n) => view.stage.pictures > n", arg=before)


def test_what_is_drawn_is_the_motion_of_the_time_shown(stub):
    start(stub)
    stub.locator(".ta-live-play").click()
    stub.wait_for_function("() => view.player.time_s > 0.3")
    stub.locator(".ta-live-play").click()
    drawn, time_s = stub.evaluate("async () => { await until(() => drawn.motion.time_s === view.player.time_s);"
                                  "return [drawn.motion.time_s, view.player.time_s]; }")
    assert drawn == time_s > 0.3
    assert stub.locator(".ta-live-time").text_content() == f"0:0{int(time_s * 10 + 1e-6) / 10} / 0:04.0"


def test_a_head_at_rest_lives_and_stops_when_nobody_is_there(stub):
    start(stub, idle=True)
    stub.wait_for_function("() => view.player.playing && view.player.time_s > 0.1")
    assert not stub.locator(".ta-live-scrub").is_visible() and stub.locator(".ta-live-at-rest").is_visible()
    stub.evaluate("() => { view.element.parentElement.style.display = 'none'; }")
    stub.wait_for_function("() => !view.player.playing")
    stub.evaluate("() => { view.element.parentElement.style.display = 'flex'; }")
    stub.wait_for_function("() => view.player.playing")


def test_who_wants_less_motion_presses_play(stub):
    stub.emulate_media(reduced_motion="reduce")
    start(stub, idle=True)
    settle(stub)
    assert not stub.evaluate("() => view.player.playing")
    stub.locator(".ta-live-play").click()
    stub.wait_for_function("() => view.player.playing")


def test_keys(stub):
    start(stub)
    stub.locator(".ta-live").focus()
    state = "() => [view.player.playing, view.player.time_s, view.player.loop, view.player.muted, view.stage.view.yaw_deg]"
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowLeft", "l", "m"):
        stub.keyboard.press(key)
    playing, time_s, loop, muted, _ = stub.evaluate(state)
    assert not playing and time_s == pytest.approx(0.36) and loop and muted
    stub.keyboard.press("Space")
    stub.wait_for_function("() => view.player.playing")
    stub.keyboard.press("Space")
    stub.keyboard.press("End")
    stub.evaluate("() => { view.stage.view = { yaw_deg: 9, pitch_deg: 3, zoom: 1 }; }")
    stub.keyboard.press("r")
    playing, time_s, *_, yaw_deg = stub.evaluate(state)
    assert not playing and time_s == 4 and yaw_deg == 0
    stub.keyboard.press("Home")
    stub.locator(".ta-live-loop").focus()
    stub.keyboard.press("Space")
    assert stub.evaluate(state)[:3] == [False, 0, False], "space on a button presses that button, once"


def test_arrow_keys_turn_the_head_that_is_tabbed_to(stub):
    start(stub)
    state = "() => [view.stage.view.yaw_deg, view.stage.view.pitch_deg, view.player.time_s, document.activeElement.className]"
    stub.locator(".ta-live").focus()
    stub.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        stub.keyboard.press(key)
    yaw_deg, pitch_deg, time_s, _ = stub.evaluate(state)
    assert (yaw_deg, pitch_deg, time_s) == (pytest.approx(4.8), pytest.approx(2.4), 0)
    stub.keyboard.press("r")
    stub.locator(".ta-live-scrub").focus()
    stub.keyboard.press("ArrowRight")
    assert stub.evaluate(state)[:3] == [0, 0, pytest.approx(0.2)], "the bar's keys are the time's"
    for _ in range(2):
        stub.locator(".ta-live-head").click()
    stub.keyboard.press("Home")
    stub.keyboard.press("ArrowRight")
    assert stub.evaluate(state) == [0, 0, pytest.approx(0.2), "ta-live"], "as after a click on the picture"


def test_arrow_keys_turn_a_head_at_rest(stub):
    stub.emulate_media(reduced_motion="reduce")
    start(stub, idle=True)
    stub.locator(".ta-live").focus()
    stub.keyboard.press("ArrowLeft")
    assert stub.evaluate("() => [view.stage.view.yaw_deg, view.player.time_s]") == [pytest.approx(-2.4), 0]


def test_dragging_looks_around_within_limits_and_a_double_click_looks_ahead(stub):
    start(stub)
    box = stub.locator(".ta-live-head").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    stub.mouse.move(x, y)
    stub.mouse.down()
    stub.mouse.move(x + 60, y, steps=5)
    yaw_deg, pitch_deg = stub.evaluate("() => [view.stage.view.yaw_deg, view.stage.view.pitch_deg]")
    assert 3 < yaw_deg < 15 and pitch_deg == 0
    stub.mouse.move(x + 600, y + 600, steps=5)
    assert stub.evaluate("() => [view.stage.view.yaw_deg, view.stage.view.pitch_deg]") == [15, -15]
    stub.mouse.up()
    settle(stub)
    assert not stub.evaluate("() => view.player.playing"), "a drag is no click"
    stub.mouse.dblclick(x, y)
    assert stub.evaluate("() => [view.stage.view.yaw_deg, view.player.playing]") == [0, False]
    stub.mouse.click(x, y)
    stub.wait_for_function("() => view.player.playing")


def test_only_so_many_heads_hold_a_context_and_a_click_brings_one_back(stub):
    start(stub, count=10, width=150, height=100)
    stub.evaluate("async () => { for (const v of views) { v.element.scrollIntoView(); await until(() => v.stage.pictures || v.stage.asleep); } }")
    assert stub.evaluate("() => alive") == 8
    asleep = stub.evaluate("() => views.map((v) => v.stage.asleep)")
    assert asleep == [True, True] + [False] * 8
    assert stub.evaluate("""() => [...document.querySelector('.ta-live-still').getContext('2d').getImageData(5, 5, 1, 1).data]""")[:3] \
        == [200, 100, 50], "its last picture stays"
    stub.locator(".ta-live-stage").first.click()
    stub.wait_for_function("() => !views[0].stage.asleep && views.filter((v) => v.stage.asleep).length === 2 && alive === 8")
    stub.evaluate("() => views.forEach((v) => v.dispose())")
    assert stub.evaluate("() => [alive, document.querySelector('.ta-live')]") == [0, None]


def test_a_damaged_face_is_one_calm_sentence(stub):
    start(stub, byte=0)
    assert "damaged" in stub.locator(".ta-hint").text_content()
    assert stub.locator(".ta-hint").get_attribute("role") == "alert" and not stub.locator(".ta-live-play").count()
    assert stub.console == []


def test_the_loudness_is_kept_for_the_next_view(stub):
    start(stub)
    stub.evaluate("() => { view.player.volume = 0.4; view.player.muted = true; }")
    stub.reload()
    start(stub)
    assert stub.evaluate("() => [view.player.volume, view.player.muted]") == [0.4, True]


def test_what_was_left_in_an_earlier_run_of_the_same(stub):
    found = stub.evaluate("""async () => {
        const { leftBefore } = await import('/lib/live/cached.js');
        const graph = (text) => ({ 1: { class_type: 'A', inputs: { text } }, 2: { class_type: 'B', inputs: { a: ['1', 0], b: ['1', 1] } } });
        const run = (text, outputs) => ({ prompt: [0, '', graph(text)], outputs });
        const history = { p: run('x', { 2: { k: ['old'] } }), q: run('x', { 2: { k: ['new'] } }), r: run('y', { 2: { k: ['other'] } }), s: run('x', {}) };
        return [leftBefore(history, 's', '2', 'k'), leftBefore(history, 's', '1', 'k'), leftBefore(history, 'gone', '2', 'k'),
                leftBefore({ r: history.r, s: history.s }, 's', '2', 'k')];
    }""")
    assert found == [{"k": ["new"]}, None, None, None]
