// The buttons above a timeline.

import { el } from "../dom.js";
import { tr } from "../words.js";

/** Make them; returns {element, buttons by name, time}. */
export function toolbar(view, onLarge) {
  const buttons = {}, time = el("output", { class: "ta-time" }, el("span"), el("span", { class: "ta-faint" }));
  const button = (name, text, title, run, more = {}) => {
    buttons[name] = el("button", { class: "ta-button", type: "button", title, "aria-label": title, onclick: run, ...more }, text);
    return buttons[name];
  };
  const element = el("div", { class: "ta-row ta-tools", role: "toolbar", "aria-label": tr("Timeline") },
    button("play", "\u25b6", tr("Play from here (space)"), () => view.togglePlay()),
    button("loop", "\u27f3", tr("Loop the selection (L)"), () => view.toggleLoop(), { "aria-pressed": "false" }),
    time,
    button("undo", "\u21b6", tr("Undo (Ctrl+Z)"), () => view.act(() => view.model.undo())),
    button("redo", "\u21b7", tr("Redo (Ctrl+Shift+Z)"), () => view.act(() => view.model.redo())),
    button("shut", tr("Shut lips"), tr("Shut the lips at the cursor, or let them stay apart in the chosen viseme (C)"), () => view.toggleShut()),
    button("insert", tr("+ Viseme"), tr("Put a viseme in at the cursor (I)"), () => view.insert()),
    button("mood", tr("+ Mood"), tr("A mood from the cursor on (E)"), () => view.addKey(view.cursor_s)),
    button("remove", tr("Delete"), tr("Take the chosen item away (Delete)"), () => view.remove()),
    el("span", { class: "ta-grow" }),
    button("out", "\u2212", tr("Zoom out (-)"), () => view.zoom(1.6), { class: "ta-button ta-zoom" }),
    button("in", "+", tr("Zoom in (+)"), () => view.zoom(1 / 1.6), { class: "ta-button ta-zoom" }),
    button("fit", tr("Fit"), tr("Show the whole clip (F)"), () => view.fit(), { class: "ta-button ta-fit" }),
    button("edits", tr("Edits"), tr("List of edits"), () => view.toggleList(), { "aria-expanded": "false" }),
    onLarge && button("large", "\u2922", tr("Large window"), onLarge));
  return { element, buttons, time };
}
