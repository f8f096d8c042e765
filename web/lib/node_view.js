// Views inside nodes, the same in the old and the new look of ComfyUI's nodes.

import { el, keepEvents, useStyles } from "./dom.js";

const MARGIN_PX = 10; // that the old look leaves above and below an element, out of its height

/** Put an element into a node, below its widgets; it is no part of the workflow. Returns the widget. */
export function addView(node, name, element, height_px) {
  useStyles();
  const frame = el("div", { class: "ta-view", "data-view": name, style: `min-height: ${height_px}px` }, element);
  keepEvents(frame);
  const widget = node.addDOMWidget(name, "ta_view", frame, {
    serialize: false, hideOnZoom: false, getMinHeight: () => height_px + 2 * MARGIN_PX, getValue: () => "", setValue: () => {},
  });
  widget.serialize = false;
  takePlace(node, frame);
  const wanted = node.computeSize();
  node.setSize([Math.max(node.size[0], wanted[0]), Math.max(node.size[1], wanted[1])]);
  return widget;
}

const owners = new WeakMap(); // frame -> its node

/** The new look goes on showing the elements of a node that undo has replaced by another of the same id. */
function takePlace(node, frame) {
  owners.set(frame, node);
  setTimeout(() => {
    for (const old of document.querySelectorAll(`[data-view="${frame.dataset.view}"]`)) {
      const owner = owners.get(old), isGone = owner && owner.graph?.getNodeById(owner.id) !== owner;
      if (isGone && owner.id === node.id) old.replaceWith(frame);
    }
  });
}

/** Hide a text widget that a view edits instead; it stays in the workflow and in the prompt. */
export function hideWidget(node, name) {
  const widget = node.widgets?.find((each) => each.name === name);
  if (!widget) return null;
  widget.hidden = true;
  widget.options = { ...widget.options, hidden: true };
  widget.computeSize = () => [0, -4];
  if (widget.element) widget.element.style.display = "none";
  const socket = node.inputs?.findIndex((input) => input.widget?.name === name) ?? -1;
  if (socket >= 0 && node.inputs[socket].link == null) node.removeInput(socket);
  return widget;
}

/** Call back once for every node of a type, new or loaded, when its widgets are there and have their values. */
export function onNode(nodeType, { created, loaded, removed }) {
  chain(nodeType, "onNodeCreated", created);
  chain(nodeType, "onConfigure", loaded);
  chain(nodeType, "onRemoved", removed);
}

function chain(nodeType, name, callback) {
  if (!callback) return;
  const before = nodeType.prototype[name];
  nodeType.prototype[name] = function () {
    const result = before?.apply(this, arguments);
    callback(this, ...arguments);
    return result;
  };
}

/** Let a view have another height than at first; with `grow` the node grows by what it lacks, so that other widgets keep theirs. */
export function setViewHeight(node, widget, height_px, { grow = false } = {}) {
  const missing = grow ? Math.max(0, height_px - widget.element.offsetHeight) : 0;
  widget.options.getMinHeight = () => height_px + 2 * MARGIN_PX;
  widget.element.style.minHeight = `${height_px}px`;
  const wanted = node.computeSize();
  node.setSize([Math.max(node.size[0], wanted[0]), Math.max(node.size[1] + missing, wanted[1])]);
}

/** Take a view out of a node again. */
export function removeView(node, widget) {
  widget.onRemove?.();
  const place = node.widgets.indexOf(widget);
  if (place >= 0) node.widgets.splice(place, 1);
  widget.element.remove();
  node.setDirtyCanvas?.(true, true);
}
