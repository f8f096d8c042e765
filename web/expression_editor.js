// Puts the expression editor into its node.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { addView, hideWidget, onNode } from "./lib/node_view.js";
import { useStyles } from "./lib/dom.js";
import { Editor, isExpressionFile } from "./lib/expression/editor.js";
import { loadPresets } from "./lib/expression/presets.js";
import { leftBefore } from "./lib/live/cached.js";
import { fetchFile, onLeft, recall, recallUpstream, remember } from "./lib/page_files.js";
import { tr } from "./lib/words.js";

const TYPE = "TA_ExpressionEditor";
const SIZE = [760, 690];
const LEAST_HEIGHT_PX = 560;
const LOOKED_BACK = 32; // runs
const clipboard = { text: "" }; // shared by all editors of the page

app.registerExtension({
  name: "TalkingAvatar.ExpressionEditor",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name !== TYPE) return;
    useStyles("expression");
    onNode(nodeType, { created: addEditor, loaded: readWidget, removed: (node) => node.taExpression?.dispose() });
    onLeft(app, nodeType, "ta_face", updateFace);
    nodeType.prototype.onDragOver = (event) => [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file");
    nodeType.prototype.onDragDrop = dropFile;
    chainConnections(nodeType);
  },
  afterConfigureGraph() {
    eachEditor(updateFace);
  },
  setup() {
    // Whatever has run may be where the face comes from; its own handler remembers the file first.
    api.addEventListener("executed", ({ detail }) => detail?.output?.ta_face && setTimeout(() => eachEditor(updateFace)));
    api.addEventListener("execution_success", ({ detail }) => adopt(detail.prompt_id));
  },
});

function addEditor(node) {
  const widget = hideWidget(node, "expression");
  const editor = new Editor({ clipboard, onChange: (text, done) => write(node, widget, text, done) });
  node.taExpression = editor;
  addView(node, "ta_expression", editor.element, LEAST_HEIGHT_PX);
  node.setSize([Math.max(node.size[0], SIZE[0]), Math.max(node.size[1], SIZE[1])]);
  loadPresets().then((presets) => editor.setPresets(presets));
  queueMicrotask(() => readWidget(node));
}

function write(node, widget, text, done) {
  widget.value = text;
  node.graph?.setDirtyCanvas?.(true, false);
  if (!done) return;
  const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker; // so that ComfyUI's own undo has the step
  (tracker?.captureCanvasState ?? tracker?.checkState)?.call(tracker);
}

function readWidget(node) {
  const widget = node.widgets?.find(({ name }) => name === "expression"), text = widget?.value ?? "";
  if (!node.taExpression) return;
  if (text !== node.taExpression.history.now) node.taExpression.load(text);
  if (isLinked(node)) node.taExpression.setNotice(tr("The expression comes from another node."));
}

function isLinked(node) {
  return node.inputs?.some((input) => input.widget?.name === "expression" && input.link != null);
}

/** The face that comes in, or what this node has left itself. */
function faceOf(node) {
  const slot = node.inputs?.findIndex(({ name }) => name === "face") ?? -1, source = slot < 0 ? null : node.getInputNode(slot);
  return (source && recallUpstream(app, source, "ta_face")) ?? recall(app, node, "ta_face");
}

async function updateFace(node) {
  const ref = faceOf(node), name = ref?.filename ?? "";
  if (name === node.taFaceShown) return;
  node.taFaceShown = name;
  const payload = ref ? await fetchFile(api, ref) : null;
  if (node.taFaceShown === name) node.taExpression?.setFace(payload);
}

/** ComfyUI tells nothing of a node whose result it still has: what it left then is in the history. */
async function adopt(promptId) {
  const bare = [];
  eachEditor((node) => faceOf(node) || bare.push(node));
  if (!bare.length) return;
  const history = await (await api.fetchApi(`/history?max_items=${LOOKED_BACK}`)).json();
  for (const node of bare) {
    const ref = leftBefore(history, promptId, String(node.id), "ta_face")?.ta_face[0];
    if (!ref) continue;
    remember(app, node, "ta_face", ref);
    updateFace(node);
  }
}

function eachEditor(callback) {
  const graphs = [app.graph.rootGraph ?? app.graph, ...(app.graph.subgraphs?.values() ?? [])];
  for (const graph of graphs) graph.nodes.filter((node) => node.taExpression).forEach(callback);
}

function chainConnections(nodeType) {
  const before = nodeType.prototype.onConnectionsChange;
  nodeType.prototype.onConnectionsChange = function () {
    before?.apply(this, arguments);
    setTimeout(() => this.graph && updateFace(this));
  };
}

/** A file dropped on the node itself; ComfyUI would take it for a workflow. */
function dropFile(event) {
  const file = [...event.dataTransfer.files].find(isExpressionFile);
  if (file) this.taExpression.readFile(file);
  return Boolean(file);
}
