"""The timeline on a bare page: its patch means what Python's means, and hands and keys do what they should."""

import json

import numpy as np
import pytest
from talking_avatar.pipeline_core.motion import EMOTIONS
from talking_avatar.pipeline_core.motion.targets import VISEME_PHONES
from talking_avatar.pipeline_core.speech.edits import TOLERANCE_S, apply_edits
from talking_avatar.pipeline_core.speech.phones import SEGMENTS, VISEMES, has_closure
from talking_avatar.pipeline_core.speech.timing import viseme_cues
from talking_avatar.pipeline_core.timeline import timeline_json
from talking_avatar.pipeline_core.types import Closure, Phone, Sound, SpeechTrack, Word

pytestmark = [pytest.mark.browser]
PHONES = [("", 0.3), ("m", 0.1), ("aɪ", 0.2), ("n", 0.08), ("eɪ", 0.16), ("m", 0.1), ("ɪ", 0.1), ("z", 0.1), ("b", 0.09),
          ("ɑ", 0.14), ("b", 0.1), ("", 0.3)]
RNG = np.random.default_rng(3)
SHOW = """async ({ json, text, width = 800, height = 400 }) => {
    const { el, useStyles } = await import('/lib/dom.js');
    const { Timeline } = await import('/lib/timeline/view.js');
    const { Player } = await import('/lib/player.js');
    const { readTimeline } = await import('/lib/timeline/data.js');
    useStyles(); useStyles('timeline');
    window.texts = [];
    window.view = new Timeline({ player: new Player(), onText: (text) => texts.push(text), onLarge: null });
    document.body.append(el('div', { class: 'ta-view', style: `width:${width}px;height:${height}px` }, view.element));
    view.setText(text);
    view.show(readTimeline(JSON.parse(json)), null);
    view.fit();
    await new Promise((done) => setTimeout(done, 300));
}"""
PLACE = """([lane, time_s]) => {
    const box = view.stage.getBoundingClientRect(), { top, height } = view.lanes[lane];
    return [box.left + view.axis.x(time_s), box.top + top + height / 2];
}"""


def track(phones=PHONES, repeat=1):
    edges = np.cumsum([0.0, *(length for _, length in phones * repeat)]).round(4)
    spans = tuple(Phone(p, float(a), float(b)) for (p, _), a, b in zip(phones * repeat, edges, edges[1:], strict=False))
    # Lips open a little before the end of each sound, so that there are cues behind a release.
    shut = tuple(Closure(p.start_s, round(p.end_s - 0.03, 4)) for p in spans if has_closure(p.ipa))
    duration_s = float(edges[-1])
    t = np.arange(int(duration_s * 8000)) / 8000
    count = int(duration_s * 100)
    return SpeechTrack(duration_s, "tts", "x", spans, viseme_cues(spans, shut), (Word("my", 0.3, 0.6), Word("names", 0.6, 1.2)),
                       shut, energy=np.ones(count), pitch_hz=np.zeros(count), sound=Sound(np.sin(500 * t)[None], 8000))


def patch(*edits):
    return json.dumps({"version": 1, "edits": list(edits)}) if edits else ""


def payload(found, text=""):
    return timeline_json(found, apply_edits(found, text), text).decode()


def was(found, viseme, number=0):
    cue = [v for v in found.visemes if v.viseme == viseme][number]
    return {"viseme": viseme, "start_s": cue.start_s, "end_s": cue.end_s}


def rows(edited):
    """Python's result, in the form in which the page says its own."""
    cells = [[c.viseme, c.ipa, c.start_s, c.end_s, c.weight, c.phone, *(c.shut or ())] for c in edited.cells]
    phones = [[p.ipa, p.start_s, p.end_s] for p in edited.track.phones]
    keys = [[k.time_s, k.emotion, k.strength] for k in edited.track.keyframes]
    return [cells, phones, keys, list(edited.stale)]


def near(a, b):
    """Equal, with times to a tenth of a millisecond as they are written."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(near(x, y) for x, y in zip(a, b, strict=True))
    return a == b if isinstance(a, str) else a == pytest.approx(b, abs=2e-3)


def by_page(page, found, edits):
    return page.evaluate("""async ([json, edits]) => {
        const { readTimeline } = await import('/lib/timeline/data.js');
        const { applyEdits } = await import('/lib/timeline/patch.js');
        const { cells, phones, keyframes, stale } = applyEdits(readTimeline(JSON.parse(json)).base, edits);
        return [cells.map((c) => [c.viseme, c.ipa, c.start_s, c.end_s, c.weight, c.phone, ...(c.shut ?? [])]), phones,
                keyframes.map((k) => [k.time_s, k.emotion, k.strength]), stale];
    }""", [payload(found), edits])


def cases():
    found = track()
    e = was(found, "E")
    single = [
        {"op": "change", "was": e, "viseme": "ou"}, {"op": "change", "was": e, "viseme": "aa", "phone": "æ"},
        {"op": "change", "was": e, "viseme": "sil"}, {"op": "change", "was": was(found, "SS"), "viseme": "PP"},
        {"op": "delete", "was": was(found, "nn")}, {"op": "delete", "was": was(found, "sil")},
        {"op": "delete", "was": was(found, "sil", 1)}, {"op": "delete", "was": was(found, "PP", 1)},
        {"op": "insert", "was": e, "viseme": "FF", "start_s": 0.7, "end_s": 0.76},
        {"op": "insert", "was": e, "viseme": "FF", "start_s": 0.695, "end_s": 1.004},
        {"op": "insert", "was": was(found, "sil", 1), "viseme": "CH", "start_s": 1.7, "end_s": 9.0},
        {"op": "close", "was": e, "start_s": 0.7, "end_s": 0.76}, {"op": "close", "was": was(found, "PP"), "start_s": 0.33, "end_s": 0.5},
        {"op": "open", "was": was(found, "PP", 1)}, {"op": "open", "was": e},
        {"op": "border", "left": "nn", "right": "E", "was_s": 0.68, "time_s": 0.72},
        {"op": "border", "left": "sil", "right": "PP", "was_s": 0.31, "time_s": 0.2},
        {"op": "border", "left": "nn", "right": "E", "was_s": 0.68, "time_s": 5.0},
        {"op": "border", "left": "nn", "right": "E", "was_s": 0.9, "time_s": 1.0},
        {"op": "change", "was": {**e, "start_s": e["start_s"] + TOLERANCE_S / 2}, "viseme": "ou"},
        {"op": "change", "was": {**e, "start_s": e["start_s"] + TOLERANCE_S * 2}, "viseme": "ou"},
        {"op": "emotion", "time_s": 1.0, "emotion": "sad", "strength": 0.5}, {"op": "emotion", "time_s": 9, "emotion": "sad", "strength": 1},
    ]
    return [[edit] for edit in single] + [single]


def test_the_page_edits_as_python_does(bare):
    found = track()
    for edits in cases():
        mine, yours = rows(apply_edits(found, patch(*edits))), by_page(bare, found, edits)
        assert near(mine, yours), edits
    # The control: another edit is another result.
    one = apply_edits(found, patch(cases()[0][0]))
    assert not near(rows(one), by_page(bare, found, cases()[1]))


def test_any_row_of_edits_means_the_same(bare):
    found = track()
    for _ in range(20):
        now, edits = found, []
        for _ in range(10):
            cue = now.visemes[RNG.integers(len(now.visemes))]
            anchor = {"viseme": cue.viseme, "start_s": round(cue.start_s, 4), "end_s": round(cue.end_s, 4)}
            start = round(RNG.uniform(0, now.duration_s - 0.2), 4)
            at = RNG.integers(len(now.visemes) - 1)
            left, right = now.visemes[at], now.visemes[at + 1]
            edits.append([
                {"op": "change", "was": anchor, "viseme": VISEMES[RNG.integers(15)]}, {"op": "delete", "was": anchor},
                {"op": "open", "was": anchor},
                {"op": "insert", "was": anchor, "viseme": VISEMES[RNG.integers(15)], "start_s": start, "end_s": start + 0.07},
                {"op": "close", "was": anchor, "start_s": start, "end_s": start + round(RNG.uniform(0.02, 0.2), 4)},
                {"op": "border", "left": left.viseme, "right": right.viseme, "was_s": round(left.end_s, 4),
                 "time_s": round(left.end_s + RNG.uniform(-0.1, 0.1), 4) % 1.7},
            ][RNG.integers(6)])
            now = apply_edits(found, patch(*edits)).track
        assert near(rows(apply_edits(found, patch(*edits))), by_page(bare, found, edits)), edits


def test_sounds_visemes_and_moods_are_those_of_python(bare):
    sounds, default, visemes, moods, choices = bare.evaluate("""async () => {
        const s = await import('/lib/timeline/sounds.js');
        return [s.SOUNDS, s.DEFAULT_SOUND, s.VISEMES, Object.keys(s.EMOTIONS), s.CHOICES];
    }""")
    assert {ipa: (v[0], v[1], len(v) > 2) for ipa, v in sounds.items()} == {
        ipa: (s.viseme, s.weight, has_closure(ipa)) for ipa, s in SEGMENTS.items()}
    assert default == VISEME_PHONES and tuple(visemes) == VISEMES and tuple(moods) == EMOTIONS
    assert all(SEGMENTS[ipa].viseme == viseme for viseme, each in choices.items() for ipa in each if ipa)


@pytest.fixture
def timeline(bare):
    """A timeline on a page; `place(lane, time_s)` says where to click."""
    found = track()
    bare.found = found
    bare.evaluate(SHOW, {"json": payload(found), "text": ""})
    bare.place = lambda lane, time_s: bare.evaluate(PLACE, [lane, time_s])
    yield bare
    assert bare.console == []


def edits_of(page):
    text = page.evaluate("() => texts.at(-1) ?? ''")
    assert text == page.evaluate("() => view.model.text")
    return json.loads(text)["edits"] if text else []


def middle(page, viseme, number=0):
    anchor = was(page.found, viseme, number)
    return 0.5 * (anchor["start_s"] + anchor["end_s"])


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*[0.5 * (a + b) for a, b in zip(start, end, strict=True)])
    page.mouse.move(*end)
    page.mouse.up()


def status(page):
    return page.evaluate("() => view.status.textContent")


def test_a_click_opens_the_mouths_and_one_of_them_is_taken(timeline):
    timeline.mouse.click(*timeline.place("visemes", middle(timeline, "E")))
    timeline.click("[data-viseme=ou]")
    assert [(e["op"], e["was"]["viseme"], e["viseme"]) for e in edits_of(timeline)] == [("change", "E", "ou")]
    assert "ou" in status(timeline) and "edited" in status(timeline) and "Run the graph" in status(timeline)
    # Another one in its place is still one edit, and the first one none at all.
    timeline.mouse.click(*timeline.place("visemes", middle(timeline, "E")))
    timeline.click("[data-viseme=FF]")
    assert [e["viseme"] for e in edits_of(timeline)] == ["FF"]
    timeline.mouse.click(*timeline.place("visemes", middle(timeline, "E")))
    timeline.click("[data-viseme=E]")
    assert edits_of(timeline) == []
    timeline.mouse.click(*timeline.place("visemes", middle(timeline, "E")))
    timeline.click(".ta-palette [aria-label=Sound] >> text=ɜ")
    assert [e.get("phone") for e in edits_of(timeline)] == ["ɜ"]


def test_a_border_is_dragged_and_moved_by_keys(timeline):
    end_s = was(timeline.found, "nn")["end_s"]
    drag(timeline, timeline.place("visemes", end_s), timeline.place("visemes", end_s + 0.04))
    assert len(edits_of(timeline)) == 1 and edits_of(timeline)[0]["time_s"] == pytest.approx(end_s + 0.04, abs=0.005)
    at_s = edits_of(timeline)[0]["time_s"]
    timeline.keyboard.press("ArrowLeft")
    timeline.keyboard.press("ArrowLeft")
    assert [e["time_s"] for e in edits_of(timeline)] == [pytest.approx(at_s - 0.02, abs=1e-4)]
    assert "Border nn | E" in status(timeline)
    for _ in range(3):
        timeline.keyboard.press("Control+z")
    assert edits_of(timeline) == []
    timeline.keyboard.press("Control+Shift+z")
    assert len(edits_of(timeline)) == 1
    timeline.keyboard.press("Control+y")
    assert edits_of(timeline)[0]["time_s"] == pytest.approx(at_s - 0.01, abs=1e-4)


def test_everything_goes_by_keyboard(timeline):
    timeline.evaluate("() => view.input.focus()")
    for _ in range(8):
        timeline.keyboard.press("Shift+ArrowRight")
    assert timeline.evaluate("() => view.cursor_s") == pytest.approx(0.8)
    timeline.keyboard.press("c")
    assert [(e["op"], e["start_s"], e["end_s"]) for e in edits_of(timeline)] == [("close", 0.76, 0.84)]
    assert "lips touch" in status(timeline)
    # On a contact the key parts the lips; of a forced one nothing is left.
    timeline.keyboard.press("c")
    assert edits_of(timeline) == []
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("e")
    timeline.keyboard.press("ArrowRight")
    timeline.keyboard.press("Enter")
    assert [(e["op"], e["emotion"]) for e in edits_of(timeline)] == [("emotion", "sad")]
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("Shift+ArrowRight")
    assert edits_of(timeline)[0]["time_s"] == pytest.approx(0.9, abs=0.01)
    timeline.keyboard.press("Delete")
    assert edits_of(timeline) == []
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("i")
    timeline.keyboard.press("ArrowRight")
    timeline.keyboard.press("Enter")
    assert [(e["op"], e["viseme"]) for e in edits_of(timeline)] == [("insert", "PP")]
    timeline.keyboard.press("Delete")
    assert [e["op"] for e in edits_of(timeline)] == ["insert", "delete"]
    # Tab goes from viseme to border to viseme, and after Escape on to the page.
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("ArrowDown")
    seen = []
    for _ in range(3):
        seen.append(timeline.evaluate("() => view.selection.kind"))
        timeline.keyboard.press("Tab")
    assert seen == ["cell", "border", "cell"]
    timeline.keyboard.press("Escape")
    timeline.keyboard.press("Tab")
    assert timeline.evaluate("() => document.activeElement !== view.input")


def test_moods_are_set_moved_and_made_stronger(timeline):
    timeline.mouse.dblclick(*timeline.place("emotion", 0.5))
    timeline.click("[data-emotion=angry]")
    timeline.evaluate("""() => {
        const slider = document.querySelector('.ta-palette input');
        slider.value = 1.5;
        slider.dispatchEvent(new Event('input'));
        slider.dispatchEvent(new Event('change'));
    }""")
    assert [(e["emotion"], e["strength"]) for e in edits_of(timeline)] == [("angry", 1.5)]
    drag(timeline, timeline.place("emotion", edits_of(timeline)[0]["time_s"]), timeline.place("emotion", 1.2))
    assert edits_of(timeline)[0]["time_s"] == pytest.approx(1.2, abs=0.02)


def test_wheel_zooms_at_the_pointer_and_drag_pans(timeline):
    x, y = timeline.place("sound", 0.9)
    timeline.mouse.move(x, y)
    timeline.mouse.wheel(0, -600)
    assert timeline.evaluate("() => view.axis.span_s") == pytest.approx(timeline.found.duration_s), "before a click the wheel is the page's"
    timeline.mouse.click(x, y)
    timeline.mouse.wheel(0, -600)
    start_s, span_s = timeline.evaluate("() => [view.axis.start_s, view.axis.span_s]")
    assert span_s < 0.6 * timeline.found.duration_s
    assert timeline.place("sound", 0.9)[0] == pytest.approx(x, abs=1.5)
    drag(timeline, (x, y), (x - 100, y))
    assert timeline.evaluate("() => view.axis.start_s") > start_s + 0.01
    timeline.keyboard.press("f")
    assert timeline.evaluate("() => view.axis.span_s") == pytest.approx(timeline.found.duration_s)


def test_a_stretch_is_marked_and_played_in_a_loop(timeline):
    drag(timeline, timeline.place("time", 0.4), timeline.place("time", 0.8))
    assert timeline.evaluate("() => view.player.range") == [pytest.approx(0.4, abs=0.01), pytest.approx(0.8, abs=0.01)]
    timeline.keyboard.press("l")
    timeline.keyboard.press(" ")
    timeline.wait_for_function("() => view.player.playing && view.cursor_s > 0.45")
    timeline.keyboard.press(" ")
    timeline.wait_for_function("() => !view.player.playing")
    assert timeline.evaluate("() => view.player.loop")


def test_edits_that_do_not_match_any_more_are_shown_kept_and_applied_again(bare):
    bare.found = track()
    gone = {"op": "change", "was": {"viseme": "CH", "start_s": 0.7, "end_s": 0.8}, "viseme": "ou"}
    text = patch(gone)
    bare.evaluate(SHOW, {"json": payload(bare.found, text), "text": text})
    assert "do not match any more" in status(bare) and bare.evaluate("() => view.model.shown.stale") == [0]
    bare.click("text=Edits 1")
    assert "does not match any more: re-apply or remove" in bare.inner_text(".ta-stale")
    assert bare.evaluate("() => view.model.text") == text
    bare.click("[aria-label^='Re-apply']")
    assert [(e["was"]["viseme"], e["viseme"]) for e in edits_of(bare)] == [("E", "ou")]
    assert bare.evaluate("() => view.model.shown.stale") == []
    bare.click("[title=Remove]")
    assert edits_of(bare) == [] and bare.console == []


def test_what_the_server_made_of_the_edits_is_shown(bare):
    bare.found = track()
    text = patch({"op": "change", "was": was(bare.found, "E"), "viseme": "ou"})
    made = json.loads(payload(bare.found, text))
    made["edited"]["cells"][4][4] = "y"  # something that only the server knows
    bare.evaluate(SHOW, {"json": json.dumps(made), "text": text})
    assert bare.evaluate("() => [view.model.shown.cells[4].ipa, view.model.fresh]") == ["y", True]
    bare.evaluate("() => view.act(() => view.model.close(1.5))")
    assert bare.evaluate("() => [view.model.shown.cells[4].ipa, view.model.fresh]")[1] is False


@pytest.mark.parametrize("text", ["x", "[]", '{"version": 1}', '{"version": 1, "edits": [{"op": "constructor"}]}'])
def test_a_patch_that_cannot_be_read_is_said_and_left_alone(bare, text):
    bare.evaluate(SHOW, {"json": payload(track()), "text": text})
    assert "cannot be read" in status(bare) and bare.evaluate("() => texts") == []
    assert bare.console == []


@pytest.mark.parametrize("json_text", ["null", "{}", '{"version": 1, "duration_s": 0}'])
def test_a_timeline_that_cannot_be_read_is_an_error_with_a_sentence(bare, json_text):
    said = bare.evaluate("""async (json) => {
        const { readTimeline } = await import('/lib/timeline/data.js');
        try { readTimeline(json); return ''; } catch (error) { return error.message; }
    }""", json.loads(json_text))
    assert "Run the graph again" in said


def test_twenty_minutes_are_sent_small_and_drawn_from_what_is_seen(bare):
    repeat = round(1200 / track().duration_s)
    found = track(repeat=repeat)
    sent = payload(found)
    assert len(sent) < 3_000_000 and len(found.visemes) > 10_000
    bare.evaluate(SHOW, {"json": sent, "text": ""})
    drawn = bare.evaluate("""async () => {
        while (view.frame) await new Promise(requestAnimationFrame);
        let boxes = 0;
        const ctx = view.canvas.getContext('2d'), text = ctx.fillText;
        ctx.fillText = function (...args) { boxes++; return text.apply(this, args); };
        view.axis.show(600, 602);
        view.redraw();
        while (view.frame) await new Promise(requestAnimationFrame);
        return boxes;
    }""")
    assert bare.console == [] and 20 < drawn < 200


def test_the_canvas_is_as_sharp_as_the_screen(bare):
    bare.evaluate(SHOW, {"json": payload(track()), "text": ""})
    bare.evaluate("() => { view.element.parentElement.style.transform = 'scale(2)'; }")
    bare.wait_for_function("() => view.canvas.width >= 2 * view.stage.clientWidth - 2")
    bare.evaluate("() => view.dispose()")
    assert bare.console == []
