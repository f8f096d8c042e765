"""Edits go to another sound that says the same: each finds the sound again on which it was made."""

import json

import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.pipeline_core.speech.edits import apply_edits
from talking_avatar.pipeline_core.timeline import timeline_json
from talking_avatar.tests.web.test_timeline_curves import TEXT, edited

pytestmark = [pytest.mark.browser]
CARRY = """async ([from, to, edits]) => {
    const { readTimeline } = await import('/lib/timeline/data.js');
    const { applyEdits } = await import('/lib/timeline/patch.js');
    const { carried } = await import('/lib/timeline/carry.js');
    const [a, b] = [from, to].map((json) => readTimeline(JSON.parse(json)).base), moved = carried(a.cells, b.cells, edits);
    return [moved, applyEdits(b, moved).stale, applyEdits(b, edits).stale];
}"""


@pytest.fixture(scope="module")
def speak():
    register_all()
    return lambda text=TEXT, speed=1.0: synthesize(text, speed=speed, host=PlainHost())[1]


@pytest.fixture(scope="module")
def draft(speak):
    return speak()


def sent(found, edits=""):
    return timeline_json(found, apply_edits(found, edits), edits).decode()


def word_of(track, edit):
    """The word in which an edit lies."""
    was = edit.get("was", edit)
    middle = edit["was_s"] - 0.01 if edit["op"] == "border" else 0.5 * (was["start_s"] + was["end_s"])
    return next((word.text for word in track.words if word.start_s <= middle <= word.end_s), "")


@pytest.mark.parametrize(("text", "speed"), [(TEXT, 0.8), (TEXT, 1.3), ("Good morning to you all. " + TEXT, 1.0), (TEXT + " And that is all there is.", 0.9)])
def test_edits_find_their_sounds_in_another_way_of_saying_it(bare, draft, speak, text, speed):
    edits, goal = edited(draft), speak(text, speed)
    moved, stale, before = bare.evaluate(CARRY, [sent(draft), sent(goal), edits])
    assert len(stale) <= 1, [moved[number] for number in stale]
    assert [edit["op"] for edit in moved] == [edit["op"] for edit in edits]
    # The control: as they are, most find nothing.
    assert len(before) >= 6
    # Python carries out the same, each in the same word as before.
    assert apply_edits(goal, json.dumps({"version": 1, "edits": moved})).stale == tuple(stale)
    assert [word_of(goal, edit) for edit in moved] == [word_of(draft, edit) for edit in edits]


def test_the_same_sound_changes_nothing_and_another_text_takes_little(bare, draft, speak):
    edits = edited(draft)
    moved, stale, _ = bare.evaluate(CARRY, [sent(draft), sent(draft), edits])
    assert stale == []
    for before, after in zip(edits, moved, strict=True):
        assert after.keys() == before.keys()
        for key in {"start_s", "end_s", "time_s", "was_s"} & before.keys():
            assert after[key] == pytest.approx(before[key], abs=2e-4)
    # The control: words that have nothing to do with it.
    moved, stale, _ = bare.evaluate(CARRY, [sent(draft), sent(speak("Who knows? You there! Thank you, sir.")), edits])
    assert len(moved) == len(edits) and len(stale) >= 3


def test_a_new_text_keeps_the_edits_and_one_press_places_them(bare, draft, speak):
    text = json.dumps({"version": 1, "edits": edited(draft)})
    seen = bare.evaluate("""async ([first, second, text]) => {
        const { readTimeline } = await import('/lib/timeline/data.js');
        const { Model } = await import('/lib/timeline/model.js');
        const { editList } = await import('/lib/timeline/edit_list.js');
        const model = new Model(() => {}), shown = (data) => { model.load(readTimeline(JSON.parse(data))); return model.shown.stale.length; };
        model.setText(text);
        const stale = [shown(first), shown(second)], nothing = () => {};
        const list = editList(model, { onShow: nothing, onDrop: nothing, onAgain: nothing, onClear: nothing, onFit: () => model.fit(), goals: [] });
        [...list.querySelectorAll('button')].find((button) => button.textContent === 'Fit to this sound').click();
        stale.push(model.shown.stale.length);
        model.undo();
        return [stale, model.shown.stale.length, model.text === text];
    }""", [sent(draft, text), sent(speak("Good morning. " + TEXT), text), text])
    (first, second, fitted), undone, same = seen
    assert first == 0 and second >= 6 and fitted <= 1 and undone == second and same


LATER = """async (how) => {
    const { Model } = await import('/lib/timeline/model.js');
    const model = new Model(() => {}), times = () => model.edits.map((edit) => edit.was.start_s);
    const load = (from_s, last) => {
        const borders_s = [0, ...[0, 0.2, 0.3, 0.5, 0.6].map((time_s) => from_s + time_s)], duration_s = borders_s.at(-1);
        const cells = ['sil', 'aa', 'PP', 'E', last].map((viseme, k) => (
            { viseme, start_s: borders_s[k], end_s: borders_s[k + 1], weight: 1, ipa: '', phone: '', shut: null }));
        model.load({ base: { cells, phones: [], duration_s }, duration_s, edits: '', stale: [], edited: null });
    };
    const change = (viseme) => model.change(model.shown.cells.findIndex((cell) => cell.viseme === viseme), 'ou');
    load(0.4, 'kk');
    for (const viseme of ['aa', 'kk']) change(viseme);
    load(1.4, 'SS');
    if (how === 'one is new') change('E');
    const before = [times(), model.shown.stale], presses = [];
    for (let k = 0; k < 2; k++) {
        model.fit();
        presses.push([times(), model.shown.stale]);
    }
    model.undo();
    return [before, ...presses, [times(), model.shown.stale]];
}"""


def test_a_second_press_moves_nothing(bare):
    before, first, second, undone = bare.evaluate(LATER, "all are old")
    assert before == undone == [[0.4, 0.9], [0, 1]]
    # The last viseme is another one in the new sound.
    assert first == second == [[pytest.approx(1.4), pytest.approx(1.9)], [1]]


def test_an_edit_made_on_the_new_sound_stays(bare):
    before, first, second, undone = bare.evaluate(LATER, "one is new")
    assert before == undone == [[0.4, 0.9, pytest.approx(1.7)], [0, 1]]
    assert first == second == [[pytest.approx(1.4), pytest.approx(1.9), pytest.approx(1.7)], [1]]
