// What is edited in a timeline is seen at once on the heads behind it, before the graph is run.

import { ARTICULATION_NAMES, INDEX } from "../avatar/arkit.js";

const WITHOUT_MOUTH = ["AUDIO", "TA_MOTION"]; // a sound is heard anew, and of another motion the lips are not taken
const [CLOSURE, TUCK, TIP] = ["lipClosure", "lipTuck", "tongueTip"].map((name) => ARTICULATION_NAMES.indexOf(name));

/** A motion (of lib/motion.js) in which the mouth of a node follows the timelines before it. */
export function withEdits(motion, node) {
  const strength = () => node.widgets?.find((widget) => widget.name === "mouth")?.value ?? 1;
  const at = (time_s) => {
    const mouths = [...before(node)].map((each) => each.taTimeline?.view.model.mouths).filter(Boolean);
    return mouths.reduce((moved, mouth) => changed(moved, mouth, time_s, strength()), motion.at(time_s));
  };
  return { ...motion, at };
}

/** Show the instant of a timeline on the heads behind it, unless they play by themselves. */
export function follow(node, time_s) {
  for (const other of node.graph?._nodes ?? []) {
    if (other.taLive && [...before(other)].includes(node)) other.taLive.view.follow(time_s);
  }
}

/** The nodes that have a say in the mouth of a node, and itself. */
function before(node) {
  const seen = new Set([node]);
  for (const each of seen) {
    (each.inputs ?? []).forEach(({ type }, slot) => {
      const from = WITHOUT_MOUTH.includes(type) ? null : each.getInputNode?.(slot);
      if (from) seen.add(from);
    });
  }
  return seen;
}

/** The motion of an instant with what the edits change in it. */
function changed(motion, { rules, run, now }, time_s, strength) {
  const old = run.at(time_s), fresh = now.at(time_s), curves = motion.curves.slice(), articulation = motion.articulation.slice();
  const add = (values, place, by) => { values[place] = Math.min(Math.max(values[place] + by, 0), 1); };
  rules.channels.forEach((channel, c) => {
    const by = strength * (fresh.gestures[c] - old.gestures[c]);
    for (const name of rules.drives[channel] ?? []) add(curves, INDEX[name], by);
    if (channel === "tip") add(articulation, TIP, by);
  });
  const shown = Math.min(1, rules.presence * strength);
  add(articulation, CLOSURE, shown * (fresh.closure - old.closure));
  add(articulation, TUCK, shown * (fresh.tuck - old.tuck));
  return { ...motion, curves, articulation };
}
