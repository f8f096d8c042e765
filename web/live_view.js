// The live view: Detect Face, Motion Generator and Talking Avatar show the head that they have made, and play it.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { leftBefore } from "./lib/live/cached.js";
import { forwardWheel } from "./lib/dom.js";
import { faceOf } from "./lib/live/source.js";
import { LiveView } from "./lib/live/view.js";
import { decodeMotion } from "./lib/motion.js";
import { addView, onNode, removeView, setViewHeight } from "./lib/node_view.js";
import { addressOf, fetchFile, recall, remember } from "./lib/page_files.js";
import { tr } from "./lib/words.js";
import { withEdits } from "./lib/timeline/live.js";

const KEYS = { TA_DetectFace: ["ta_face"], TA_MotionGenerator: ["ta_face", "ta_motion", "ta_sound"], TA_TalkingAvatar: ["ta_face", "ta_motion", "ta_sound"] };
const SETTING = "TalkingAvatar.LiveView";
const LOOKED_BACK = 32; // runs
const EMPTY_PX = 48, FULL_PX = 260;
const EMPTY = "Run the graph once to see the face here.";
const NO_FACE = "No face to show. Connect Detect Face to face and run the graph.";
const GONE = "What was shown here is no longer kept. Run the graph again.";

app.registerExtension({
  name: "TalkingAvatar.LiveView",
  settings: [{
    id: SETTING, name: "Live view in nodes", category: ["Talking Avatar", "Canvas", "Live view in nodes"], type: "boolean",
    defaultValue: true, tooltip: "Show the talking head in Detect Face, Motion Generator and Talking Avatar.",
    onChange: (on) => switchAll(on),
  }],
  setup() {
    api.addEventListener("execution_success", ({ detail }) => adopt(detail.prompt_id));
  },
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (!(nodeData.name in KEYS)) return;
    onNode(nodeType, { created: (node) => { if (isOn()) attach(node); }, loaded: (node) => later(node), removed: detach });
    afterwards(nodeType, "onExecuted", (node, output) => take(node, output));
    afterwards(nodeType, "onConnectionsChange", (node) => later(node));
  },
});

function isOn() {
  return app.extensionManager?.setting?.get(SETTING) ?? true;
}

function switchAll(on) {
  for (const node of allNodes(app.graph)) {
    if (!(node.type in KEYS)) continue;
    if (on) attach(node);
    else detach(node);
  }
}

function allNodes(graph) {
  return (graph?._nodes ?? []).flatMap((node) => [node, ...(node.subgraph ? allNodes(node.subgraph) : [])]);
}

function attach(node) {
  if (node.taLive) return;
  const view = new LiveView();
  view.say(tr(EMPTY));
  forwardWheel(view.element, app.canvas.canvas);
  const widget = addView(node, "ta_live_view", view.element, EMPTY_PX);
  node.taLive = { view, widget, shown: "" };
  later(node);
}

function detach(node) {
  if (!node.taLive) return;
  const { view, widget } = node.taLive;
  delete node.taLive;
  view.dispose();
  if (node.widgets?.includes(widget)) removeView(node, widget);
}

function mainKey(node) {
  return KEYS[node.type].includes("ta_motion") ? "ta_motion" : "ta_face";
}

/** Look again when the graph stands: ids and links come one after the other while it is loaded. */
function later(node) {
  clearTimeout(node.taLive?.timer);
  if (node.taLive) node.taLive.timer = setTimeout(() => refresh(node), 50);
}

/** A node has run: what it has not left this time is no longer true. */
function take(node, output) {
  for (const key of KEYS[node.type]) remember(app, node, key, output?.[key]?.[0] ?? null);
  for (const each of allNodes(app.graph)) if (each.type in KEYS) refresh(each, each === node);
}

/** Nodes that did not run, because ComfyUI had their results, may have left something in an earlier run. */
async function adopt(promptId) {
  const bare = app.graph._nodes.filter((node) => node.taLive && !recall(app, node, mainKey(node)));
  if (!bare.length) return;
  const answer = await api.fetchApi(`/history?max_items=${LOOKED_BACK}`);
  const history = answer.ok ? await answer.json() : {};
  for (const node of bare) {
    const left = leftBefore(history, promptId, String(node.id), mainKey(node));
    if (left) take(node, left);
  }
}

/** Show what belongs to the node now; nothing happens where that is shown already. */
async function refresh(node, hasRun = false) {
  const live = node.taLive;
  if (!live || !node.graph) return;
  const face = faceOf(app, node), motion = recall(app, node, "ta_motion"), sound = recall(app, node, "ta_sound");
  const wanted = JSON.stringify([face, motion, sound]);
  if (wanted === live.shown && !live.view.empty) return;
  live.shown = wanted;
  const first = live.view.empty;
  const withMotion = mainKey(node) === "ta_motion";
  if (!face || (withMotion && !motion)) return live.view.say(hasRun || motion ? tr(NO_FACE) : tr(EMPTY));
  try {
    await show(node, face, withMotion ? motion : null, sound);
    if (node.taLive === live) setViewHeight(node, live.widget, FULL_PX, { grow: first && hasRun });
  } catch (error) {
    if (live.shown === wanted) live.view.say(error.message, "alert");
  }
}

async function show(node, face, motion, sound) {
  const live = node.taLive, wanted = live.shown;
  const moved = motion && withEdits(decodeMotion(await fetched(motion)), node);
  if (live.shown !== wanted) return;
  live.view.show(() => fetched(face), moved, sound && addressOf(api, sound), face.filename);
}

async function fetched(ref) {
  const bytes = await fetchFile(api, ref);
  if (!bytes) throw new Error(tr(GONE));
  return bytes;
}

function afterwards(nodeType, name, callback) {
  const before = nodeType.prototype[name];
  nodeType.prototype[name] = function () {
    const result = before?.apply(this, arguments);
    callback(this, ...arguments);
    return result;
  };
}
