// Emotions and poses to begin with; presets.json is written by tools/build_expression_presets.py.

import { el } from "../dom.js";
import { tr } from "../words.js";

const STRONGEST = 1.5;

/** The presets: [{name, title, kind, curves, head_deg, gaze_deg}]. */
export async function loadPresets() {
  const answer = await fetch(new URL("./presets.json", import.meta.url));
  return answer.ok ? (await answer.json()).presets : [];
}

/**
 * Make the bar of presets.
 * @param {{apply: (preset: object, strength: number, onTop: boolean, done: boolean) => void}} host
 */
export class PresetBar {
  constructor(host) {
    this.host = host;
    this.chosen = null;
    this.number = el("output", { class: "ta-number" }, "1");
    this.strength = el("input", { type: "range", min: 0, max: STRONGEST, step: 0.05, value: 1, "aria-label": tr("Strength of the preset"), title: tr("How strong the preset is; double-click: as it is"),
      oninput: () => this.again(false), onchange: () => this.again(true), ondblclick: () => { this.strength.value = 1; this.again(true); } });
    this.onTop = el("button", { class: "ta-button ta-small", type: "button", "aria-pressed": "false", title: tr("Add presets to what is there instead of replacing it"), onclick: () => this.toggle() }, tr("On top"));
    this.chips = el("div", { class: "ta-chips", role: "group", "aria-label": tr("Presets") });
    this.element = el("div", { class: "ta-presets" }, this.chips,
      el("div", { class: "ta-row" }, el("span", {}, tr("Strength")), el("span", { class: "ta-slider ta-grow" }, this.strength, this.number), this.onTop));
    this.showStrength();
  }

  /** Show these presets. */
  setPresets(presets) {
    this.chips.replaceChildren(...presets.map((preset) => el("button", { class: "ta-button ta-small", type: "button", "data-preset": preset.name, "data-kind": preset.kind,
      onclick: () => this.choose(preset) }, tr(preset.title))));
  }

  /** The pose is no preset any more. */
  release() {
    this.mark(null);
  }

  choose(preset) {
    this.under = null; // what lies under a preset on top is taken when it is chosen
    this.mark(preset);
    this.again(true);
    this.mark(preset);
  }

  again(done) {
    this.showStrength();
    const preset = this.chosen;
    if (!preset) return;
    this.host.apply(preset, this.strength.valueAsNumber, this.onTop.getAttribute("aria-pressed") === "true", done);
    this.mark(preset);
  }

  toggle() {
    this.onTop.setAttribute("aria-pressed", `${this.onTop.getAttribute("aria-pressed") !== "true"}`);
    this.release();
  }

  mark(preset) {
    this.chosen = preset;
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", `${chip.dataset.preset === preset?.name}`);
  }

  showStrength() {
    this.number.textContent = this.strength.valueAsNumber.toFixed(2);
    this.strength.style.setProperty("--from", "0%");
    this.strength.style.setProperty("--to", `${(100 * this.strength.valueAsNumber) / STRONGEST}%`);
  }
}
