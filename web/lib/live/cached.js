// What a node left in an earlier run of the same: ComfyUI does not run a node twice, and then tells nothing about it.

/**
 * Look for what a node has left, in the newest run that gave it the same inputs.
 * @param {object} history ComfyUI's, by prompt id, oldest first
 * @param {string} promptId the run that has just ended
 * @returns {object | null} the node's output, as it was told then
 */
export function leftBefore(history, promptId, nodeId, key) {
  const wanted = history[promptId] && signature(history[promptId].prompt[2], nodeId);
  if (!wanted) return null;
  const same = Object.values(history).reverse()
    .find(({ prompt, outputs }) => outputs?.[nodeId]?.[key] && signature(prompt[2], nodeId) === wanted);
  return same?.outputs[nodeId] ?? null;
}

/** Everything that a node's result depends on, as text; null where the node takes no part. */
function signature(prompt, nodeId, known = new Map()) {
  const node = prompt[nodeId];
  if (!node) return null;
  if (known.has(nodeId)) return known.get(nodeId);
  known.set(nodeId, `#${known.size}`); // stands for the whole text where it is met again
  const inputs = Object.entries(node.inputs).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, Array.isArray(value) ? [signature(prompt, String(value[0]), known), value[1]] : value]);
  return JSON.stringify([node.class_type, inputs]);
}
