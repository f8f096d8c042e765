// Whose head a node shows.

import { recall, recallUpstream } from "../page_files.js";

/** The face file of a node: its own, or that of the face which its motion is going to move; null where there is none. */
export function faceOf(app, node) {
  const own = recall(app, node, "ta_face");
  if (own) return own;
  for (const each of [node, ...consumers(node)]) {
    const slot = each.inputs?.findIndex((input) => input.name === "face") ?? -1;
    const source = slot >= 0 ? each.getInputNode(slot) : null;
    const found = source && recallUpstream(app, source, "ta_face");
    if (found) return found;
  }
  return null;
}

/** Nodes that an output of this node goes to. */
function consumers(node) {
  const links = (node.outputs ?? []).flatMap((output) => output.links ?? []);
  return links.map((id) => node.graph.getNodeById(node.graph.getLink(id)?.target_id)).filter(Boolean);
}
