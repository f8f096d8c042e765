// What a node has left in an earlier run: ComfyUI tells the page nothing of nodes whose result it still has.

/**
 * Find what nodes gave to the page when they last ran with the same inputs, all the way up.
 * @param {object} history ComfyUI's runs by id: {prompt: [number, id, nodes, ...], outputs}
 * @param {string} runId the run that has just ended
 * @param {string[]} ids nodes of it
 * @returns {Map<string, object>} outputs by node; those that are not found are left out
 */
export function earlierOutputs(history, runId, ids) {
  const now = history[runId]?.prompt?.[2], found = new Map();
  if (!now) return found;
  const wanted = new Map(ids.filter((id) => now[id]).map((id) => [id, signature(now, id)]));
  for (const { prompt, outputs } of Object.values(history).sort((a, b) => a.prompt[0] - b.prompt[0])) {
    for (const [id, mark] of wanted) {
      const same = Object.keys(outputs ?? {}).find((other) => prompt[2][other]?.class_type === now[id].class_type && signature(prompt[2], other) === mark);
      if (same !== undefined) found.set(id, outputs[same]); // the newest stays
    }
  }
  return found;
}

/** A node's type and inputs with those of all nodes before it, whatever their numbers. */
function signature(nodes, id, above = []) {
  const node = nodes[id];
  if (!node || above.includes(id)) return "null";
  const inputs = Object.keys(node.inputs ?? {}).sort().map((name) => {
    const value = node.inputs[name], isLink = Array.isArray(value) && value.length === 2 && String(value[0]) in nodes;
    return [name, isLink ? [signature(nodes, String(value[0]), [...above, id]), value[1]] : value];
  });
  return JSON.stringify([node.class_type, inputs]);
}
