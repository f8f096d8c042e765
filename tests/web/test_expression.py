"""The expression editor without ComfyUI: the same file and movement as the core, dragging, undo, keys."""

import json
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.pipeline_core.arkit import BLENDSHAPES
from talking_avatar.pipeline_core.motion import EMOTIONS, expression_file
from talking_avatar.pipeline_core.motion.emotion import expression_row
from talking_avatar.pipeline_core.motion.expression_file import (
    ExpressionKey,
    expression_motion,
    read_expression,
    write_expression,
)
from talking_avatar.tests.tools import loading

pytestmark = [pytest.mark.browser]
POSE = "const pose = await import('/lib/expression/pose.js');"
GRIPS = "const { pulled } = await import('/lib/expression/grips.js'); const { restKey } = await import('/lib/expression/pose.js');"
EDITOR = """
    const { Editor } = await import('/lib/expression/editor.js');
    const { loadPresets } = await import('/lib/expression/presets.js');
    const { useStyles } = await import('/lib/dom.js');
    useStyles(); useStyles('expression');
    const avatar = (canvas) => ({ aspect: 1, drawn: [], draw(motion, view) { this.drawn.push(motion); this.view = view; }, dispose() {},
        handles: (motion, view) => [['eyeLeft', 60, 40], ['eyeRight', 40, 40], ['mouthLeft', 60, 70], ['mouthRight', 40, 70], ['jaw', 50, 90]]
            .map(([region, x, y]) => ({ region, x: (x + view.yaw_deg) * canvas.clientWidth / 100, y: y * canvas.clientHeight / 100, radius: 8 })) });
    window.texts = [];
    window.editor = new Editor({ clipboard: { text: '' }, avatar, onChange: (text, done) => texts.push([text, done]) });
    const frame = document.createElement('div');
    frame.className = 'ta-view';
    frame.style.cssText = 'width: 700px; height: 560px';
    frame.append(editor.element);
    document.body.append(frame);
    editor.setPresets(await loadPresets());
    editor.setFace(new ArrayBuffer(8));
    await new Promise((done) => setTimeout(done, 200));
"""
KEYS = [ExpressionKey(0.5, {"jawOpen": 0.25, "eyeLookUpLeft": 0.9}, (2.0, 0.0, -1.0), (3.0, 9.0)), ExpressionKey(1.0),
        ExpressionKey(2.5, {"mouthSmileLeft": 0.75}, (-4.0, 6.0, 0.0), (-12.0, -3.0))]


@pytest.fixture
def editor(bare):
    bare.evaluate(f"async () => {{ {EDITOR} }}")
    return bare


def last_key(page, k=0):
    """The key of what the editor has told last."""
    return json.loads(page.evaluate("() => texts.at(-1)[0]"))["keys"][k]


def test_limits_and_names_are_those_of_the_core(bare):
    found = bare.evaluate(f"""async () => {{ {POSE}
        const {{ GROUPS }} = await import('/lib/expression/controls.js');
        const controls = GROUPS.flatMap((group) => group.rows).flatMap((row) => row.controls);
        return [pose.MARK, pose.VERSION, pose.MAX_KEYS, pose.MAX_TIME_S, pose.HEAD_MAX_DEG, pose.GAZE_MAX_DEG, controls]; }}""")
    core = [getattr(expression_file, name) for name in ("MARK", "VERSION", "MAX_KEYS", "MAX_TIME_S", "HEAD_MAX_DEG", "GAZE_MAX_DEG")]
    assert found[:-1] == core
    angles = [f"head_deg.{k}" for k in range(3)] + [f"gaze_deg.{k}" for k in range(2)]
    assert sorted(found[-1]) == sorted([*BLENDSHAPES, *angles]), "every curve has one slider"


def test_presets_are_those_of_the_core(bare):
    tool = loading.load("build_expression_presets.py")
    assert tool.TARGET.read_text(encoding="utf-8") == tool.text(), "run tools/build_expression_presets.py"
    presets = {each["name"]: each for each in json.loads(tool.text())["presets"]}
    assert [name for name, each in presets.items() if each["kind"] == "emotion"] == [name for name in EMOTIONS if name != "neutral"]
    for name in EMOTIONS[1:]:
        key = ExpressionKey(0.0, presets[name]["curves"], presets[name]["head_deg"], presets[name]["gaze_deg"])
        assert np.array_equal(key.row, expression_row(name))
    seen = bare.evaluate(f"""async () => {{ {POSE}
        const {{ loadPresets }} = await import('/lib/expression/presets.js');
        const happy = (await loadPresets()).find((each) => each.name === 'happy');
        return pose.writeKeys([pose.withPreset(happy, 0.5), pose.withPreset(happy, 1.5, {{ ...pose.restKey(1), curves: {{ mouthSmileLeft: 0.9 }} }})]); }}""")
    half, top = read_expression(seen)
    assert half.row == pytest.approx(0.5 * expression_row("happy"), abs=6e-4)
    assert top.curves["mouthSmileLeft"] == 1.0 and top.curves["mouthSmileRight"] == pytest.approx(0.825)
    for each in presets.values():
        read_expression(write_expression([ExpressionKey(0.0, each["curves"], each["head_deg"], each["gaze_deg"])]))


def test_it_moves_between_keys_as_the_core_does(bare):
    motion = expression_motion(KEYS, Fraction(20), hold_s=0.5)
    seen = bare.evaluate(f"""async ([text, count]) => {{ {POSE}
        const keys = pose.readKeys(text);
        return Array.from({{ length: count }}, (_, k) => pose.motionOf(pose.poseAt(keys, k / 20)))
            .map((motion) => [...motion.curves, ...motion.head_deg, ...motion.gaze_deg]); }}""", [write_expression(KEYS), motion.frames])
    total = motion.summed()
    assert np.array(seen) == pytest.approx(np.hstack([total.blendshapes, total.head_deg, total.gaze_deg]), abs=1e-5)
    assert np.ptp(seen, axis=0).max() > 1.0


def test_texts_go_there_and_back(bare):
    seen = bare.evaluate(f"""async (text) => {{ {POSE} return [pose.writeKeys(pose.readKeys(text)), pose.textOf(pose.readKeys(''))]; }}""",
                         write_expression(KEYS))
    assert [key.row.tolist() for key in read_expression(seen[0])] == [key.row.tolist() for key in KEYS] and seen[1] == ""


@pytest.mark.parametrize("text", ["{", "[]", "null", "0 happy", '{"keys": []}', '{"talking_avatar_expression": 2, "keys": [{}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{"curves": {"smile": 1}}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{"curves": {"__proto__": 1, "toString": 1}}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{"curves": {"jawOpen": 2}}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{"head_deg": [1]}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{"time_s": "1"}]}',
                                  '{"talking_avatar_expression": 1, "keys": [{}, {}]}', "[" * 100_000], ids=range(13))
def test_what_is_no_expression_is_refused_with_a_sentence(bare, text):
    said = bare.evaluate(f"""async (text) => {{ {POSE} try {{ pose.readKeys(text); return null; }} catch (error) {{ return error.message; }} }}""", text)
    assert said and said.endswith(".")
    assert bare.evaluate(f"async () => {{ {POSE} return pose.readKeys('{{\"talking_avatar_expression\": 1, \"keys\": [{{}}]}}').length; }}") == 1


@pytest.mark.parametrize(("region", "pull", "raised", "linked"), [
    ("mouthLeft", (0, -0.1), {"mouthSmileLeft": 0.5, "cheekSquintLeft": 0.2}, False),
    ("mouthLeft", (0, -0.1), {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5, "cheekSquintLeft": 0.2, "cheekSquintRight": 0.2}, True),
    ("mouthRight", (0, 0.1), {"mouthFrownRight": 0.5}, False),
    ("mouthRight", (-0.1, 0), {"mouthStretchRight": 0.4}, False),
    ("mouthLeft", (-0.1, 0), {"mouthPucker": 0.3}, True),
    ("lidRight", (0, 0.1), {"eyeBlinkRight": 0.6}, False),
    ("lidLeft", (0, -0.05), {"eyeWideLeft": 0.4}, False),
    ("browLeft", (0, -0.1), {"browOuterUpLeft": 0.5, "browInnerUp": 0.4}, False),
    ("browRight", (0, 0.1), {"browDownLeft": 0.5, "browDownRight": 0.5}, True),
    ("lowerLip", (0, 0.1), {"mouthLowerDownLeft": 0.6, "mouthLowerDownRight": 0.6}, True),
    ("jaw", (0.1, 0.2), {"jawOpen": 0.5, "jawLeft": 0.3}, True),
    ("jaw", (0, 9), {"jawOpen": 1.0}, True),
])
def test_a_pull_moves_the_curves_of_its_place(bare, region, pull, raised, linked):
    seen = bare.evaluate(f"async ([region, [dx, dy], linked]) => {{ {GRIPS} return pulled(restKey(), region, dx, dy, {{ linked }}); }}",
                         [region, pull, linked])
    assert seen["curves"] == pytest.approx(raised) and not any(seen["head_deg"] + seen["gaze_deg"])


def test_pulls_of_eyes_and_head_and_what_is_pulled_back(bare):
    eye, head, tilt, back = bare.evaluate(f"""async () => {{ {GRIPS}
        const wide = {{ ...restKey(), curves: {{ eyeWideLeft: 0.4, jawOpen: 0.5 }} }};
        return [pulled(restKey(), 'eyeLeft', 0.1, -0.05), pulled(restKey(), 'head', 0.2, -0.1), pulled(restKey(), 'head', 0.2, 0.5, {{ tilt: true }}),
                pulled(wide, 'lidLeft', 0, 0.1)]; }}""")
    assert eye["gaze_deg"] == [10, 5] and head["head_deg"] == [6, 3, 0] and tilt["head_deg"] == [0, 0, 6]
    assert back["curves"] == pytest.approx({"jawOpen": 0.5, "eyeBlinkLeft": 0.3}), "the lid first comes down from wide"


def test_sliders_move_both_sides_reset_and_tell(editor):
    slider = editor.locator("[data-control=mouthSmileLeft]")
    slider.fill("0.4")
    assert last_key(editor)["curves"] == {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    editor.get_by_role("button", name="L = R").click()
    slider.fill("0.7")
    assert last_key(editor)["curves"] == {"mouthSmileLeft": 0.7, "mouthSmileRight": 0.4}
    slider.dblclick()
    assert last_key(editor)["curves"] == {"mouthSmileRight": 0.4}
    editor.get_by_role("button", name="Reset mouth").click()
    assert editor.evaluate("() => texts.at(-1)") == ["", True]
    assert editor.locator("details[data-group=mouth]").get_attribute("open") is not None, "resetting does not fold the group"


def test_every_slider_has_a_name_of_its_own_and_can_be_searched(editor):
    names = editor.evaluate("() => [...document.querySelectorAll('[data-control]')].map((each) => each.ariaLabel)")
    assert len(names) == len(set(names)) == 57
    editor.get_by_label("Search curves").fill("smile")
    assert editor.locator("[data-control]:visible").count() == 2
    editor.get_by_label("Search curves").fill("xyz")
    assert editor.get_by_text("No curve has this name.").is_visible()
    editor.get_by_label("Search curves").fill("")
    assert editor.locator("[data-control]:visible").count() > 20


def test_undo_and_redo_by_keys(editor):
    editor.click("[data-preset=happy]")
    editor.click("[data-preset=sad]")
    editor.keyboard.press("Control+z")
    assert last_key(editor)["curves"]["mouthSmileLeft"] == 0.55
    editor.keyboard.press("Control+z")
    assert editor.evaluate("() => texts.at(-1)[0]") == ""
    editor.keyboard.press("Control+Shift+Z")
    assert last_key(editor)["curves"]["mouthSmileLeft"] == 0.55
    editor.click("[data-preset=wink]")
    assert editor.get_by_role("button", name="Redo").is_disabled(), "a new edit drops what was undone"


def test_a_drag_on_the_face_is_one_step(editor):
    place = editor.locator("[data-region=mouthLeft]").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    editor.mouse.move(x, y)
    editor.mouse.down()
    for k in range(1, 6):
        editor.mouse.move(x, y - 2 * k)
    editor.mouse.up()
    smile = last_key(editor)["curves"]["mouthSmileLeft"]
    assert 0.2 < smile <= 1.0 and last_key(editor)["curves"]["mouthSmileRight"] == smile
    assert editor.evaluate("() => texts.map(([, done]) => done)").count(True) == 1
    editor.keyboard.press("Control+z")
    assert editor.evaluate("() => texts.at(-1)[0]") == ""
    editor.focus("[data-region=jaw]")
    editor.keyboard.press("ArrowDown")
    assert last_key(editor)["curves"] == {"jawOpen": 0.05}


def view_of(page):
    """How the face is turned, as it was drawn last."""
    page.wait_for_timeout(100)
    view = page.evaluate("() => editor.stage.avatar.view")
    return view["yaw_deg"], view["pitch_deg"]


def drag(page, place, dx, dy, button="left"):
    box = page.locator(place).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up(button=button)


def test_the_face_is_looked_at_from_the_side(editor):
    told = editor.evaluate("() => texts.length")
    at_first = editor.locator("[data-region=jaw]").bounding_box()["x"]
    drag(editor, ".ta-stage", 50, -20)
    assert view_of(editor) == pytest.approx((6.0, 2.4))
    assert editor.locator("[data-region=jaw]").bounding_box()["x"] > at_first + 5, "what is dragged goes with the face"
    drag(editor, "[data-region=jaw]", 500, 0, button="right")
    assert view_of(editor) == pytest.approx((15.0, 2.4))
    editor.locator(".ta-stage").dblclick(position={"x": 5, "y": 5})
    assert view_of(editor) == (0, 0)
    assert editor.evaluate("() => texts.length") == told, "looking changes no expression"
    drag(editor, "[data-region=jaw]", 0, 20)
    assert view_of(editor) == (0, 0) and last_key(editor)["curves"]["jawOpen"] > 0, "a place of the face is posed, not turned"


def test_the_face_is_looked_at_by_keys(editor):
    front = editor.get_by_role("button", name="Front")
    assert not front.is_visible()
    editor.focus(".ta-stage")
    editor.keyboard.press("ArrowRight")
    editor.keyboard.press("ArrowUp")
    assert view_of(editor) == pytest.approx((2.4, 2.4)) and front.is_visible()
    editor.keyboard.press("r")
    assert view_of(editor) == (0, 0)
    editor.keyboard.press("ArrowLeft")
    front.click()
    assert view_of(editor) == (0, 0) and not front.is_visible()
    editor.focus("[data-region=jaw]")
    editor.keyboard.press("ArrowDown")
    assert view_of(editor) == (0, 0) and last_key(editor)["curves"] == {"jawOpen": 0.05}
    assert editor.console == []


def test_keys_over_time(editor):
    editor.get_by_role("button", name="+ Key").click()
    editor.click("[data-preset=happy]")
    assert last_key(editor, 1)["time_s"] == 1 and last_key(editor, 0)["curves"] == {}
    editor.keyboard.press("Control+z")
    editor.keyboard.press("Control+Shift+z")
    editor.focus("[data-key='1']")
    for _ in range(3):
        editor.keyboard.press("ArrowRight")
    assert last_key(editor, 1)["time_s"] == pytest.approx(1.15)
    track = editor.locator(".ta-track").bounding_box()
    editor.mouse.click(track["x"] + 0.3 * track["width"], track["y"] + 12)
    between = float(editor.get_by_label("Smile, left side").input_value())
    assert 0.0 < between < 0.55
    editor.get_by_label("Jaw: Open").fill("0.3")
    keys = json.loads(editor.evaluate("() => texts.at(-1)[0]"))["keys"]
    assert [key["time_s"] for key in keys] == pytest.approx([0, 0.6, 1.15]) and keys[1]["curves"]["jawOpen"] == 0.3
    editor.get_by_role("button", name="Delete key").click()
    assert len(json.loads(editor.evaluate("() => texts.at(-1)[0]"))["keys"]) == 2
    editor.get_by_role("button", name="Play the keys").click()
    editor.wait_for_function("() => editor.stage.avatar.drawn.some((motion) => motion.curves[23] > 0.01 && motion.curves[23] < 0.54)")
    editor.get_by_role("button", name="Play the keys").click()
    assert not editor.evaluate("() => editor.playing")
    assert editor.console == []


def test_copy_and_paste_between_keys(editor):
    editor.click("[data-preset=kiss]")
    editor.get_by_role("button", name="Copy", exact=True).click()
    editor.get_by_role("button", name="+ Key").click()
    editor.get_by_role("button", name="Reset", exact=True).click()
    assert last_key(editor, 1)["curves"] == {}
    editor.get_by_role("button", name="Paste", exact=True).click()
    assert last_key(editor, 1)["curves"] == last_key(editor, 0)["curves"] != {}


def test_a_text_that_it_cannot_read_is_kept_until_it_is_replaced(editor):
    editor.evaluate("() => { texts.length = 0; editor.load('0 happy 0.6'); }")
    assert editor.get_by_role("alert").is_visible()
    editor.get_by_label("Jaw: Open").fill("0.3")
    assert editor.evaluate("() => texts.length") == 0
    editor.get_by_role("button", name="Begin anew").click()
    editor.get_by_label("Jaw: Open").fill("0.3")
    assert last_key(editor)["curves"] == {"jawOpen": 0.3}


def test_without_a_face_and_with_a_broken_one_it_says_so_and_works(editor):
    editor.evaluate("() => editor.setFace(null)")
    assert editor.get_by_text("Run the graph once to see the face here.").is_visible()
    editor.evaluate("() => { editor.stage.host.avatar = () => { throw new Error('The face file is damaged.'); }; editor.setFace(new ArrayBuffer(8)); }")
    assert editor.get_by_text("The face file is damaged.").is_visible()
    editor.click("[data-preset=happy]")
    assert last_key(editor)["curves"]["mouthSmileLeft"] == 0.55 and editor.console == []
