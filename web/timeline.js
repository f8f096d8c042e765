// The timeline in Text to Speech and Audio to Visemes: hear the sound, see the mouth, change it. What is changed goes into the widget `edits`.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { el, keepEvents, useStyles } from "./lib/dom.js";
import { addView, hideWidget, onNode, setViewHeight } from "./lib/node_view.js";
import { addressOf, fetchFile, onLeft, recall } from "./lib/page_files.js";
import { Player } from "./lib/player.js";
import { readTimeline } from "./lib/timeline/data.js";
import { follow } from "./lib/timeline/live.js";
import { Timeline } from "./lib/timeline/view.js";
import { tr } from "./lib/words.js";

const SPEAKS = "TA_TextToSpeech", LISTENS = "TA_AudioToVisemes";
const EMPTY_PX = 48, EMPTY_MOST_PX = 68, FULL_PX = 330, LIST_PX = 120, WIDE_PX = 600;
const SAID_MS = 700; // later than the run: the text is taken back a moment after it
const GONE = "This timeline is no longer kept. Run the graph again; your edits are in the workflow.";

app.registerExtension({
  name: "TalkingAvatar.Timeline",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== SPEAKS && nodeData.name !== LISTENS) return;
    onNode(nodeType, { created: attach, loaded: reload, removed: (node) => node.taTimeline?.view.dispose() });
    onLeft(app, nodeType, "ta_sound", () => {}); // remembered before the timeline asks for it
    onLeft(app, nodeType, "ta_timeline", (node) => refresh(node, true));
  },
});

function attach(node) {
  useStyles("timeline");
  const edits = hideWidget(node, "edits");
  const view = new Timeline({
    player: new Player(),
    onText: (text) => { edits.value = text; node.graph?.change?.(); },
    onLarge: () => enlarge(node),
    onList: () => fitIn(node),
    onLook: (time_s) => follow(node, time_s),
    goals: () => (node.type === SPEAKS ? goalsOf(node) : []),
  });
  passOn(view);
  // What is spoken is mostly heard by Audio to Visemes, which shows the same: one timeline is enough until another is wanted.
  node.taTimeline = { view, edits, widget: addView(node, "ta_timeline_view", view.element, EMPTY_PX), folded: node.type === SPEAKS };
  node.taTimeline.widget.options.getMaxHeight = () => EMPTY_MOST_PX; // the room is for the text
}

/** A saved graph is loaded: ids stand a moment later. */
function reload(node) {
  node.taTimeline.view.setText(node.taTimeline.edits.value ?? "");
  setTimeout(() => refresh(node), 50);
}

async function refresh(node, hasRun = false) {
  const { view, edits } = node.taTimeline, ref = node.graph && recall(app, node, "ta_timeline");
  view.setText(edits.value ?? "");
  if (hasRun) setTimeout(() => dropEmptyText(node), SAID_MS);
  if (!ref) return;
  if (node.taTimeline.folded && !edits.value) {
    view.offer(tr("Edit the lips of this speech"), () => { node.taTimeline.folded = false; refresh(node, true); });
    return;
  }
  node.taTimeline.folded = false;
  try {
    const json = await fetchFile(api, ref, "json");
    if (!json) throw new Error(tr(GONE));
    const sound = recall(app, node, "ta_sound");
    fitIn(node, node.type === SPEAKS && hasRun && view.empty);
    if (hasRun && view.empty && node.size[0] < WIDE_PX && hasRoom(node)) node.setSize([WIDE_PX, node.size[1]]);
    view.show(readTimeline(json), sound && addressOf(api, sound));
  } catch (error) {
    view.say(error.message, "alert");
  }
}

/** What the node has said while it ran is gone; ComfyUI would keep the room for it. */
function dropEmptyText(node) {
  const said = node.widgets?.find((widget) => widget.name === "$$node-text-preview");
  if (said && !said.value?.trim()) node.removeWidget(said);
}

/** Whether the node can be widened without lying over another one. */
function hasRoom(node) {
  const right = node.pos[0] + WIDE_PX, bottom = node.pos[1] + node.size[1];
  return node.graph._nodes.every((other) => other === node || other.pos[0] >= right || other.pos[0] + other.size[0] <= node.pos[0]
    || other.pos[1] >= bottom || other.pos[1] + other.size[1] <= node.pos[1]);
}

/** The node grows for the list of edits. */
function fitIn(node, grow = false) {
  const { view, widget } = node.taTimeline;
  delete widget.options.getMaxHeight;
  setViewHeight(node, widget, FULL_PX + (view.list.hidden ? 0 : LIST_PX), { grow });
  node.setDirtyCanvas(true, true);
}

/** Nodes that hear something else than this speech: its edits can go there. */
function goalsOf(node) {
  const listening = node.graph._nodes.filter((each) => each.type === LISTENS && each.taTimeline && !hears(each, node));
  return listening.map((goal) => {
    const { model } = goal.taTimeline.view, ready = model.data && model.data.source !== "tts";
    return {
      title: listening.length > 1 ? `${goal.title} #${goal.id}` : goal.title,
      why: ready ? "" : tr("Connect the recording there and run the graph first"),
      run: () => moveEdits(node.taTimeline.view, goal.taTimeline.view),
    };
  });
}

function hears(goal, node) {
  return goal.inputs.some((input, slot) => input.name === "speech" && goal.getInputNode(slot) === node);
}

/** All edits go from one timeline to another; both can undo it. */
function moveEdits(from, to) {
  const { edits, data } = from.model;
  to.act(() => to.model.bring(data.base.cells, edits), null);
  from.act(() => from.model.clear(), null);
}

/** The same timeline in a large window over the page; Escape brings it back. */
function enlarge(node) {
  const { view } = node.taTimeline, home = view.element.parentElement;
  const frame = el("div", { class: "ta-view" });
  const dialog = el("dialog", { class: "ta-large", "aria-label": tr("Timeline of visemes") }, frame);
  if (view.element.closest("dialog")) return view.element.closest("dialog").close();
  keepEvents(dialog);
  frame.append(view.element);
  dialog.addEventListener("close", () => { home.append(view.element); dialog.remove(); view.redraw(); });
  document.body.append(dialog);
  dialog.showModal();
  view.fit();
}

/** Until the timeline is clicked, the wheel zooms ComfyUI's canvas here as everywhere. */
function passOn(view) {
  view.element.addEventListener("wheel", (event) => {
    if (view.element.closest("dialog") || view.list.contains(event.target)) return;
    event.preventDefault();
    app.canvas.canvas.dispatchEvent(new WheelEvent(event.type, event));
  }, { passive: false });
}
