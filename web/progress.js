// While a node of this pack draws, it shows the frame that is being drawn.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { el, useStyles } from "./lib/dom.js";
import { addView, removeView } from "./lib/node_view.js";
import { tr } from "./lib/words.js";

const EVENT = "talking_avatar.frame"; // nodes/host.py sends it: {node, image}
const ENDS = ["execution_success", "execution_error", "execution_interrupted"];
const HEIGHT_PX = 180;
const shown = new Map();

app.registerExtension({
  name: "TalkingAvatar.Progress",
  setup() {
    useStyles("pictures");
    api.addEventListener(EVENT, ({ detail }) => {
      const node = nodeOf(app.rootGraph ?? app.graph, String(detail.node).split(":"));
      if (detail.image && node) show(node, detail.image);
      else if (node) hide(node);
    });
    for (const name of ENDS) api.addEventListener(name, () => [...shown.keys()].forEach(hide));
  },
});

/** The node of an execution id: ids from the outermost graph inwards. */
function nodeOf(graph, ids) {
  const node = graph?.getNodeById(Number(ids[0])) ?? graph?.getNodeById(ids[0]);
  return ids.length > 1 ? nodeOf(node?.subgraph, ids.slice(1)) : node;
}

function show(node, image) {
  if (!shown.has(node)) shown.set(node, attach(node));
  shown.get(node).picture.src = image;
}

function attach(node) {
  const before_px = node.size[1];
  const picture = el("img", { class: "ta-frame", alt: tr("The frame that is being drawn") });
  const widget = addView(node, "ta_frame", picture, HEIGHT_PX);
  return { picture, widget, grown_px: node.size[1] - before_px };
}

function hide(node) {
  const { widget, grown_px } = shown.get(node) ?? {};
  if (!shown.delete(node) || !node.widgets?.includes(widget)) return;
  removeView(node, widget);
  node.setSize([node.size[0], node.size[1] - grown_px]); // other views may have grown meanwhile
}
