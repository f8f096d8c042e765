// All controls as sliders, in groups that fold.

import { el } from "../dom.js";
import { GROUPS, isMeant, partnerOf } from "./controls.js";
import { rangeOf, setValue, valueOf } from "./pose.js";
import { tr } from "../words.js";

const SIDE_TITLES = ["right side (left in the picture)", "left side (right in the picture)"];
const OPEN_AT_FIRST = ["mouth", "jaw", "brows"];

/**
 * Make the panel.
 * @param {{edit: (change: (key: object) => void, done: boolean) => void}} host applies changes to the pose in hand
 */
export class Sliders {
  constructor(host) {
    this.host = host;
    this.linked = true;
    this.sliders = new Map();
    this.search = el("input", { type: "search", class: "ta-field ta-grow", placeholder: tr("Search curves"), "aria-label": tr("Search curves"), oninput: () => this.filter() });
    this.link = el("button", { class: "ta-button", type: "button", "aria-pressed": "true", title: tr("Left and right move together"), onclick: () => this.setLinked(!this.linked) }, tr("L = R"));
    this.none = el("div", { class: "ta-hint", hidden: true }, tr("No curve has this name."));
    this.groups = GROUPS.map((group) => this.makeGroup(group));
    this.element = el("div", { class: "ta-sliders" },
      el("div", { class: "ta-row" }, this.search, this.link),
      el("div", { class: "ta-groups" }, ...this.groups.map((group) => group.element), this.none));
  }

  /** Show the values of a pose. */
  show(key) {
    for (const [control, slider] of this.sliders) slider.show(valueOf(key, control));
    for (const { group, count } of this.groups) {
      const posed = group.rows.flatMap((row) => row.controls).filter((control) => valueOf(key, control)).length;
      count.textContent = posed ? `${posed}` : "";
    }
  }

  /** Whether left and right move together. */
  setLinked(on) {
    this.linked = on;
    this.link.setAttribute("aria-pressed", `${on}`);
  }

  makeGroup(group) {
    const count = el("span", { class: "ta-count" });
    const title = tr("Reset {group}", { group: tr(group.title) });
    const reset = el("button", { class: "ta-button ta-small", type: "button", title, "aria-label": title,
      onclick: (event) => { event.preventDefault(); this.reset(group.rows.flatMap((row) => row.controls)); } }, "↺");
    const rows = group.rows.map((row) => this.makeRow(group, row));
    const element = el("details", { class: "ta-group", "data-group": group.id, open: OPEN_AT_FIRST.includes(group.id) },
      el("summary", {}, el("span", { class: "ta-grow" }, tr(group.title)), count, reset), ...rows.map((row) => row.element));
    return { group, rows, count, element };
  }

  makeRow(group, row) {
    const sliders = row.controls.map((control, side) => this.makeSlider(row, control, row.controls.length > 1 ? side : -1, group));
    return { row, element: el("div", { class: "ta-control", title: row.controls.join(", ") }, el("span", { class: "ta-label" }, tr(row.label)), ...sliders) };
  }

  makeSlider(row, control, side, group) {
    const { low, high, step } = rangeOf(control);
    const name = `${tr(group.title)}: ${tr(row.label)}${side < 0 ? "" : `, ${tr(SIDE_TITLES[side])}`}`;
    const number = el("output", { class: "ta-number" });
    const input = el("input", { type: "range", min: low, max: high, step, "data-control": control, "aria-label": name,
      oninput: () => this.set(control, input.valueAsNumber, false), onchange: () => this.set(control, input.valueAsNumber, true),
      ondblclick: () => this.reset([control]), onkeydown: (event) => { if (["Delete", "Backspace"].includes(event.key)) this.reset([control]); } });
    let shown = null;
    const show = (value) => {
      if (value === shown) return;
      shown = value;
      if (input.valueAsNumber !== value) input.value = value;
      number.textContent = value ? `${+value.toFixed(2)}${row.unit ?? ""}` : "";
      const [from, to] = [0, value].map((each) => (100 * (each - low)) / (high - low)).sort((a, b) => a - b);
      input.style.setProperty("--from", `${from}%`);
      input.style.setProperty("--to", `${to}%`);
    };
    show(0);
    this.sliders.set(control, { input, show });
    return el("span", { class: side < 0 ? "ta-slider ta-alone" : "ta-slider" }, side < 0 ? null : el("span", { class: "ta-side", "aria-hidden": "true" }, tr("RL"[side])), input, number);
  }

  set(control, value, done) {
    const controls = [control, this.linked ? partnerOf(control) : null].filter(Boolean);
    this.host.edit((key) => controls.forEach((each) => setValue(key, each, value)), done);
  }

  reset(controls) {
    const partners = this.linked ? controls.map(partnerOf).filter(Boolean) : [];
    this.host.edit((key) => [...controls, ...partners].forEach((control) => setValue(key, control, 0)), true);
  }

  filter() {
    const typed = this.search.value.trim();
    let found = 0;
    for (const { group, rows, element } of this.groups) {
      for (const { row, element: line } of rows) line.hidden = Boolean(typed) && !isMeant(group, row, typed);
      const shown = rows.filter(({ element: line }) => !line.hidden).length;
      element.hidden = !shown;
      element.open = typed ? true : OPEN_AT_FIRST.includes(group.id);
      found += shown;
    }
    this.none.hidden = found > 0;
  }
}
