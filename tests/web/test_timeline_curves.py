"""Jaw and lips that the page draws for edited visemes, before they are run: they are those that Python makes of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.pipeline_core.speech.edits import apply_edits
from talking_avatar.pipeline_core.timeline import timeline_json

pytestmark = [pytest.mark.browser]
TEXT = "Maybe five puppies jump above my boat. [pause 0.4] We tip a few bricks, and Bob moves."
CURVES = """async ([json, edits]) => {
    const { readTimeline } = await import('/lib/timeline/data.js');
    const { applyEdits } = await import('/lib/timeline/patch.js');
    const { Curves } = await import('/lib/timeline/curves.js');
    const data = readTimeline(JSON.parse(json)), curves = new Curves(data, applyEdits(data.base, edits));
    const all = (curve) => Array.from({ length: curve.length }, (_, place) => curve.at(place));
    return [[...data.jaw.values], [...data.closure.values], all(curves.curve('jaw')), all(curves.curve('closure'))];
}"""
MOST = 0.03
"""Of the lane's height, which is about 100 pixels: what is expected and what comes lie on one another."""


@pytest.fixture(scope="module")
def spoken():
    register_all()
    return synthesize(TEXT, host=PlainHost())[1]


def places(found, viseme):
    return [{"viseme": v.viseme, "start_s": round(v.start_s, 4), "end_s": round(v.end_s, 4)} for v in found.visemes if v.viseme == viseme]


def edited(found):
    """Ten edits of all kinds, as a person makes them."""
    vowels, shut = [place for name in ("aa", "E", "ih") for place in places(found, name)], places(found, "PP")
    middle = 0.5 * (vowels[1]["start_s"] + vowels[1]["end_s"])
    at = [v.viseme for v in found.visemes].index("SS")
    left, right = found.visemes[at], found.visemes[at + 1]
    return [
        {"op": "change", "was": vowels[0], "viseme": "ou"}, {"op": "change", "was": vowels[3], "viseme": "aa"},
        {"op": "close", "was": vowels[1], "start_s": round(middle - 0.04, 4), "end_s": round(middle + 0.04, 4)},
        {"op": "open", "was": shut[0]}, {"op": "open", "was": shut[3]}, {"op": "delete", "was": shut[4]},
        {"op": "delete", "was": vowels[-1]}, {"op": "change", "was": vowels[5], "viseme": "FF"},
        {"op": "border", "left": left.viseme, "right": right.viseme, "was_s": round(left.end_s, 4), "time_s": round(left.end_s + 0.03, 4)},
        {"op": "insert", "was": places(found, "sil")[-1], "viseme": "oh", "start_s": round(found.duration_s - 0.2, 4),
         "end_s": round(found.duration_s - 0.1, 4)},
    ]


def both(page, found, edits):
    """What Python makes of the edits and what the page expects, jaw and closure: two arrays [2, N] of 0..1."""
    text = json.dumps({"version": 1, "edits": edits}) if edits else ""
    result = apply_edits(found, text)
    assert result.stale == ()
    jaw, closure, jaw_page, closure_page = page.evaluate(CURVES, [timeline_json(found, result, text).decode(), edits])
    return np.array([jaw, closure]) / 255, np.array([jaw_page, closure_page]) / 255


def differences(a, b):
    return np.abs(a - b).max(axis=1), [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("kind", ["synthesised", "imported", "one by one"])
def test_the_page_expects_what_python_makes(bare, spoken, kind):
    found = replace(spoken, phones=()) if kind == "imported" else spoken
    edits = edited(found)
    for each in [[edit] for edit in edits] if kind == "one by one" else [edits, []]:
        made, expected = both(bare, found, each)
        most, alike = differences(made, expected)
        assert (most < MOST).all() and min(alike) > 0.999, (each, most, alike)
    # The control: the curves of before the edits are others.
    before, _ = both(bare, found, [])
    made, _ = both(bare, found, edits)
    most, alike = differences(made, before)
    assert (most > 0.3).all() and max(alike) < 0.97


def test_a_drag_moves_the_curves_at_once_and_a_run_replaces_them(bare, spoken):
    text = json.dumps({"version": 1, "edits": edited(spoken)})
    seen = bare.evaluate("""async ([json, before, text]) => {
        const { readTimeline } = await import('/lib/timeline/data.js');
        const { Model } = await import('/lib/timeline/model.js');
        const model = new Model(() => {});
        model.load(readTimeline(JSON.parse(before)));
        const fresh = model.expected, cell = model.shown.cells.findIndex((each) => each.viseme === 'PP');
        model.preview(model.moved(cell, model.shown.cells[cell].end_s + 0.05));
        const first = model.expected.curve('closure');
        model.setText(text);
        const dragged = model.expected !== null;
        model.load(readTimeline(JSON.parse(json)));
        return [fresh, first.length > 0, dragged, model.expected];
    }""", [timeline_json(spoken, apply_edits(spoken, text), text).decode(), timeline_json(spoken, apply_edits(spoken, ""), "").decode(), text])
    assert seen == [None, True, True, None]
