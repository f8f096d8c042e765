// What a node leaves for the page: files in ComfyUI's temp folder, named by their content (nodes/page.py writes them).

const PREFIX = "talking_avatar/";
const KEPT = 200; // references remembered at most; the oldest go first

/** Address of a file that ComfyUI serves: {filename, subfolder, type}. */
export function addressOf(api, ref) {
  return api.apiURL(`/view?${new URLSearchParams(ref)}`);
}

/** Fetch it; null where it is gone, as after a restart of ComfyUI. */
export async function fetchFile(api, ref, kind = "arrayBuffer") {
  const answer = await fetch(addressOf(api, ref));
  return answer.ok ? answer[kind]() : null;
}

/** Remember what a node has left, so that a reloaded page finds it again. The workflow itself stays free of it. */
export function remember(app, node, key, ref) {
  (node.taFiles ??= {})[key] = ref;
  try {
    const all = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    const times = all.map((name) => [JSON.parse(localStorage.getItem(name)).time, name]).sort();
    for (const [, name] of times.slice(0, Math.max(0, all.length - KEPT))) localStorage.removeItem(name);
    localStorage.setItem(placeOf(app, node, key), JSON.stringify({ ref, time: Date.now() }));
  } catch {
    // A full or forbidden storage costs the view after a reload, nothing else.
  }
}

/** What a node has left under a key, or null. */
export function recall(app, node, key) {
  if (node.taFiles?.[key]) return node.taFiles[key];
  try {
    return JSON.parse(localStorage.getItem(placeOf(app, node, key)))?.ref ?? null;
  } catch {
    return null;
  }
}

/** The same of the node, or of the nearest node before it that has it. */
export function recallUpstream(app, node, key) {
  const seen = new Set(), queue = [node];
  while (queue.length) {
    const next = queue.shift();
    if (!next || seen.has(next.id)) continue;
    seen.add(next.id);
    const found = recall(app, next, key);
    if (found) return found;
    (next.inputs ?? []).forEach((_, slot) => queue.push(next.getInputNode?.(slot)));
  }
  return null;
}

/** Call back with the reference whenever a node of this type has run and left something under the key. */
export function onLeft(app, nodeType, key, callback) {
  const before = nodeType.prototype.onExecuted;
  nodeType.prototype.onExecuted = function (output) {
    before?.apply(this, arguments);
    const ref = output?.[key]?.[0];
    if (!ref) return;
    remember(app, this, key, ref);
    callback(this, ref);
  };
}

function placeOf(app, node, key) {
  const graph = node.graph?.rootGraph ?? app.graph;
  return `${PREFIX}${graph?.id ?? ""}/${node.graph?.id ?? ""}/${node.id}/${key}`;
}
