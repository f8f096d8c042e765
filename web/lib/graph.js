// Nodes and links, as menus and drops make them. LiteGraph is the page's own global; nothing else is.

import { tr } from "./words.js";

const GAP_PX = 60;
const ROOM_PX = { TA_TalkingAvatar: [420, 1120] }; // for the head and the video that come with a run

/** What a menu offers behind an output of each type; the first of our sockets that takes it gets the link. */
const BEHIND = [
  { out: "IMAGE", content: "Let this face talk", type: "TA_TalkingAvatar", to: "image" },
  { out: "AUDIO", content: "Let a photo say this", type: "TA_TalkingAvatar", to: "audio" },
  { out: "VIDEO", content: "Give this video new words", type: "TA_TalkingAvatar", to: "video" },
  { out: "VIDEO", content: "Judge this video", type: "TA_Scorecard", to: "video" },
  { out: "TA_RENDER", content: "Preview this", type: "TA_PreviewRender", to: "render" },
  { out: "TA_RENDER", content: "Write captions into this", type: "TA_Captions", to: "render" },
  { out: "TA_RENDER", content: "Frames as images", type: "TA_FramesToImages", to: "render" },
  { out: "TA_RENDER", content: "Write a video", type: "TA_VideoMux", to: "source" },
];

/** Add a node with some of its widgets set. */
export function addNode(app, type, at, widgets = {}) {
  const node = LiteGraph.createNode(type);
  if (!node) throw new Error(tr("The node {type} is not there.", { type }));
  node.pos = [at[0], at[1]];
  if (ROOM_PX[type]) node.setSize(ROOM_PX[type]);
  app.canvas.graph.add(node);
  for (const [name, value] of Object.entries(widgets)) setWidget(node, name, value);
  return node;
}

/** Set a widget; a choice that is not in its list yet, such as an uploaded file, is added to it. */
export function setWidget(node, name, value) {
  const widget = node.widgets.find((each) => each.name === name);
  const values = widget.options?.values;
  if (Array.isArray(values) && !values.includes(value)) values.push(value);
  widget.value = value;
  widget.callback?.(value);
}

/** Link an output, by name or number, to an input by name. */
export function connect(source, output, target, input) {
  const from = typeof output === "number" ? output : source.outputs.findIndex((slot) => slot.name === output);
  const to = target.inputs.findIndex((slot) => slot.name === input);
  return source.connect(from, target, to);
}

/** Where a new node behind this one goes. */
export function placeBeside(node) {
  return [node.pos[0] + node.size[0] + GAP_PX, node.pos[1]];
}

/** What can be put behind a node: {content, type, from, to}, for outputs and node types that are there. */
export function menuForNode(node, known = (type) => !!LiteGraph.registered_node_types[type]) {
  const first = (type) => (node.outputs ?? []).findIndex((slot) => slot.type === type);
  return BEHIND.filter(({ out, type }) => first(out) >= 0 && known(type) && type !== node.type)
    .map(({ out, content, type, to }) => ({ content, type, from: first(out), to }));
}
