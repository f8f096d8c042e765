// The list of edits below a timeline.

import { el } from "../dom.js";
import { tr } from "../words.js";
import { describe } from "./model.js";

/** A list of the edits; those that do not match any more come first, greyed. `goals` are where all of them can go: {title, why, run}. */
export function editList(model, { onShow, onDrop, onAgain, onClear, onFit, goals }) {
  if (!model.edits.length) return el("p", { class: "ta-faint" }, tr("Nothing edited yet. Drag a border, or click a viseme."));
  const stale = new Set(model.shown.stale);
  const order = [...model.edits.keys()].sort((a, b) => stale.has(b) - stale.has(a) || a - b);
  const rows = order.map((number) => {
    const gone = stale.has(number), text = describe(model.edits[number]);
    return el("li", { class: gone ? "ta-stale" : "" },
      el("button", { class: "ta-link", type: "button", title: tr("Show it"), onclick: () => onShow(number) }, text),
      gone ? el("span", { class: "ta-faint" }, tr("does not match any more: re-apply or remove")) : null,
      gone ? el("button", { class: "ta-button", type: "button", "aria-label": tr("Re-apply: {edit}", { edit: text }), onclick: () => onAgain(number) }, tr("Re-apply")) : null,
      el("button", { class: "ta-button", type: "button", "aria-label": tr("Remove: {edit}", { edit: text }), title: tr("Remove"), onclick: () => onDrop(number) }, "\u00d7"));
  });
  const button = (text, title, onclick, disabled = false) => el("button", { class: "ta-button", type: "button", title, disabled, onclick }, text);
  const all = el("div", { class: "ta-row ta-all" },
    stale.size && model.fitted ? button(tr("Fit to this sound"), tr("Places all edits anew, where the same visemes are now"), onFit) : null,
    ...goals.map(({ title, why, run }) => button(tr("Move to {title}", { title }), why || tr("Places all edits there, where the same visemes are"), run, Boolean(why))),
    button(tr("Remove all"), tr("Takes all edits out"), onClear));
  return el("div", {}, all, el("ul", { class: "ta-edits" }, ...rows));
}
