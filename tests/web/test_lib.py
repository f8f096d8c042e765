"""Helpers that all views share."""

import pytest

pytestmark = [pytest.mark.browser]


def test_elements_take_attributes_events_and_children(bare):
    seen = bare.evaluate("""async () => {
        const { el } = await import('/lib/dom.js');
        const clicks = [];
        const made = el('button', { class: 'ta-button', title: 'Play', disabled: false, hidden: true, onclick: () => clicks.push(1) },
                        'Pl', null, 'ay');
        made.click();
        return [made.outerHTML, clicks.length];
    }""")
    assert seen == ['<button class="ta-button" title="Play" hidden="">Play</button>', 1]


def test_what_a_node_left_is_found_after_a_reload_and_from_nodes_behind(bare):
    code = """async (fresh) => {
        const { remember, recall, recallUpstream } = await import('/lib/page_files.js');
        const graph = { id: 'g' }, app = { graph };
        const first = { id: 1, graph, inputs: [] };
        const middle = { id: 2, graph, inputs: [{}, {}], getInputNode: (slot) => (slot ? first : null) };
        const last = { id: 3, graph, inputs: [{}], getInputNode: () => middle };
        if (fresh) remember(app, first, 'ta_face', { filename: 'a.bin' });
        return [recall(app, first, 'ta_face'), recall(app, last, 'ta_face'), recallUpstream(app, last, 'ta_face'),
                recallUpstream(app, last, 'ta_motion'), recall({ graph: { id: 'other' } }, { id: 1, graph: { id: 'other' } }, 'ta_face')];
    }"""
    wanted = [{"filename": "a.bin"}, None, {"filename": "a.bin"}, None, None]
    assert bare.evaluate(code, True) == wanted
    bare.reload()
    assert bare.evaluate(code, False) == wanted


def test_old_references_make_room(bare):
    kept = bare.evaluate("""async () => {
        const { remember } = await import('/lib/page_files.js');
        const graph = { id: 'g' };
        for (let id = 0; id < 230; id++) remember({ graph }, { id, graph }, 'k', { filename: `${id}` });
        return Object.keys(localStorage).length;
    }""")
    assert kept <= 201


def test_the_browser_draws_in_3d(bare):
    assert bare.evaluate("() => !!document.createElement('canvas').getContext('webgl2')")


RUNS = """async (changed) => {
    const { earlierOutputs } = await import('/lib/cached_run.js');
    const nodes = (photo, first = '1') => ({ [first]: { class_type: 'Load', inputs: { file: photo } },
                                             2: { class_type: 'Find', inputs: { image: [first, 0], size: 3 } },
                                             3: { class_type: 'Find', inputs: { image: [first, 0], size: 4 } } });
    const run = (number, prompt, outputs) => ({ prompt: [number, `r${number}`, prompt], outputs });
    const history = { b: run(2, nodes('a.png'), { 2: { face: 'newer' } }), a: run(1, nodes('a.png', '7'), { 2: { face: 'old' }, 3: { face: 'large' } }),
                      c: run(3, nodes(changed ? 'b.png' : 'a.png', '9'), {}) };
    return [...earlierOutputs(history, 'c', ['2', '3', '8'])];
}"""


def test_what_an_earlier_run_of_the_same_has_left_is_found_whatever_the_numbers_of_nodes(bare):
    assert bare.evaluate(RUNS, False) == [["2", {"face": "newer"}], ["3", {"face": "large"}]]
    assert bare.evaluate(RUNS, True) == [], "another photo is another result"
