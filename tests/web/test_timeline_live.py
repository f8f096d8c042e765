"""A head behind a timeline moves its edited mouth before the graph has run: as the run will move it."""

import json
from fractions import Fraction

import numpy as np
import pytest
from talking_avatar.models import register_all
from talking_avatar.pipeline_core.arkit import ARTICULATION_INDEX, INDEX
from talking_avatar.pipeline_core.host import PlainHost
from talking_avatar.pipeline_core.motion import MotionSettings, generate_motion
from talking_avatar.pipeline_core.motion.packed import pack_motion
from talking_avatar.pipeline_core.speech import synthesize
from talking_avatar.pipeline_core.speech.edits import apply_edits
from talking_avatar.pipeline_core.timeline import timeline_json
from talking_avatar.tests.web.test_timeline_curves import TEXT, edited

pytestmark = [pytest.mark.browser]
SETTINGS = MotionSettings(fps=Fraction(50), mouth=0.8, still=True)
WATCHED = ("jawOpen", "mouthPucker", "mouthFunnel", "mouthLowerDownLeft", "mouthStretchRight")
LIVE = """async ([json, text, mouth, times, watched]) => {
    const { decodeMotion } = await import('/lib/motion.js');
    const { INDEX } = await import('/lib/avatar/arkit.js');
    const { readTimeline } = await import('/lib/timeline/data.js');
    const { follow, withEdits } = await import('/lib/timeline/live.js');
    const { Model } = await import('/lib/timeline/model.js');
    const model = new Model(() => {});
    model.load(readTimeline(JSON.parse(json)));
    const hear = { taTimeline: { view: { model } } }, looked = [];
    const head = (type, from, name) => ({ widgets: [{ name: 'mouth', value: mouth }], inputs: [{ type }], getInputNode: () => from,
                                          taLive: { view: { follow: (time_s) => looked.push(name ?? time_s) } } });
    const node = head('TA_SPEECH', hear), listens = head('AUDIO', hear, 'a head that hears the sound anew');
    hear.graph = { _nodes: [hear, node, listens, head('TA_SPEECH', null, 'another')] };
    const run = decodeMotion(await (await fetch('/motion.bin')).arrayBuffer()), motion = withEdits(run, node);
    const untouched = [listens, head('TA_SPEECH', head('AUDIO', hear)), head('TA_MOTION', node)].map((each) => withEdits(run, each));
    const all = (motion) => times.map((time_s) => { const { curves, articulation } = motion.at(time_s); return [...watched.map((name) => curves[INDEX[name]]), articulation[0]]; });
    const before = all(motion);
    model.setText(text);
    follow(hear, 1.5);
    return [before, all(motion), looked, motion.duration_s, untouched.map(all)];
}"""


def watched(motion):
    total = motion.summed()
    return np.column_stack([*(total.blendshapes[:, INDEX[name]] for name in WATCHED), total.articulation[:, ARTICULATION_INDEX["lipClosure"]]])


def test_the_mouth_on_the_head_is_the_one_that_a_run_will_make(bare):
    register_all()
    found = synthesize(TEXT, host=PlainHost())[1]
    text = json.dumps({"version": 1, "edits": edited(found)})
    run, goal = (generate_motion(apply_edits(found, each).track, SETTINGS) for each in ("", text))
    bare.files["motion.bin"] = pack_motion(run)
    count = run.summed().blendshapes.shape[0]
    before, live, looked, duration_s, untouched = bare.evaluate(LIVE, [
        timeline_json(found, apply_edits(found, ""), "").decode(), text, SETTINGS.mouth, [k / 50 for k in range(count)], WATCHED])
    assert np.abs(np.array(before) - watched(run)).max() < 2e-3, "without edits the motion is the run's"
    error, control = (np.abs(np.array(each) - watched(goal)) for each in (live, before))
    assert error.mean() < 0.001 and error.max() < 0.1
    assert control.mean() > 20 * error.mean() and control.max() > 0.5
    assert looked == [1.5] and duration_s == pytest.approx(run.duration_s, abs=0.02), "heads of other chains stay as they are"
    assert all(each == before for each in untouched), "a run does not bring the edits to sounds that are heard anew, nor to lips behind a motion"
