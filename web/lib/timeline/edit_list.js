// The list of edits below a timeline.

import { el } from "../dom.js";
import { describe } from "./model.js";

/** A list of the edits; those that do not match any more come first, greyed. */
export function editList(model, { onShow, onDrop, onAgain, onClear }) {
  if (!model.edits.length) return el("p", { class: "ta-faint" }, "Nothing edited yet. Drag a border, or click a viseme.");
  const stale = new Set(model.shown.stale);
  const order = [...model.edits.keys()].sort((a, b) => stale.has(b) - stale.has(a) || a - b);
  const rows = order.map((number) => {
    const gone = stale.has(number), text = describe(model.edits[number]);
    return el("li", { class: gone ? "ta-stale" : "" },
      el("button", { class: "ta-link", type: "button", title: "Show it", onclick: () => onShow(number) }, text),
      gone ? el("span", { class: "ta-faint" }, "does not match any more: re-apply or remove") : null,
      gone ? el("button", { class: "ta-button", type: "button", "aria-label": `Re-apply: ${text}`, onclick: () => onAgain(number) }, "Re-apply") : null,
      el("button", { class: "ta-button", type: "button", "aria-label": `Remove: ${text}`, title: "Remove", onclick: () => onDrop(number) }, "\u00d7"));
  });
  return el("div", {}, el("ul", { class: "ta-edits" }, ...rows),
    el("button", { class: "ta-button", type: "button", onclick: onClear }, "Remove all"));
}
