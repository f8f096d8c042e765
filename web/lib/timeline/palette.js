// Small windows over a timeline: choose a viseme, or the mood of a keyframe.

import { el } from "../dom.js";
import { tr } from "../words.js";
import { CHOICES, colourOf, EMOTIONS, EXAMPLES, mouthPicture, VISEMES } from "./sounds.js";

/** Fifteen mouths to choose from; `sound` is offered for the chosen one. Returns the element. */
export function visemePalette({ viseme, ipa, onViseme, onSound }) {
  const mouths = VISEMES.map((name) => {
    const chosen = name === viseme;
    const button = el("button", {
      class: "ta-mouth", type: "button", role: "radio", "aria-checked": String(chosen), tabindex: chosen || (!viseme && name === "sil") ? 0 : -1,
      "aria-label": `${name}: ${tr(EXAMPLES[name])}`, title: tr(EXAMPLES[name]), "data-viseme": name, onclick: () => onViseme(name),
    });
    button.innerHTML = mouthPicture(name);
    button.append(el("span", { style: `--colour: ${colourOf(name)}` }, el("b", {}, name), el("small", {}, tr(EXAMPLES[name]))));
    return button;
  });
  const grid = el("div", { class: "ta-mouths", role: "radiogroup", "aria-label": tr("Viseme"), onkeydown: (event) => rove(event, mouths, 5) }, ...mouths);
  const sounds = viseme && onSound && CHOICES[viseme].length > 1 ? soundRow(viseme, ipa, onSound) : null;
  return el("div", { class: "ta-palette" }, grid, sounds);
}

function soundRow(viseme, ipa, onSound) {
  const known = CHOICES[viseme].includes(ipa) || !ipa ? CHOICES[viseme] : [ipa, ...CHOICES[viseme]];
  const buttons = known.map((sound) => el("button", {
    class: "ta-button", type: "button", "aria-pressed": String(sound === ipa), onclick: () => onSound(sound),
  }, sound));
  return el("div", { class: "ta-row", role: "group", "aria-label": tr("Sound") }, el("span", { class: "ta-faint" }, tr("Sound")), ...buttons);
}

/** Mood and intensity of a keyframe. `onChange(changes, done)` follows the slider; `done` when it is let go. */
export function moodPalette({ emotion, strength, onChange, onDelete }) {
  const names = Object.keys(EMOTIONS);
  const buttons = names.map((name) => el("button", {
    class: "ta-mood", type: "button", role: "radio", "aria-checked": String(name === emotion), tabindex: name === emotion ? 0 : -1,
    "data-emotion": name, style: `--colour: ${EMOTIONS[name]}`,
    onclick: () => {
      for (const each of buttons) each.setAttribute("aria-checked", String(each.dataset.emotion === name));
      onChange({ emotion: name }, true);
    },
  }, tr(name)));
  const value = el("output", {}, strength.toFixed(2));
  const slider = el("input", {
    type: "range", min: 0, max: 2, step: 0.05, value: strength, "aria-label": tr("Intensity"),
    oninput: () => { value.textContent = Number(slider.value).toFixed(2); onChange({ strength: Number(slider.value) }, false); },
    onchange: () => onChange({ strength: Number(slider.value) }, true),
  });
  return el("div", { class: "ta-palette" },
    el("div", { class: "ta-moods", role: "radiogroup", "aria-label": tr("Emotion"), onkeydown: (event) => rove(event, buttons, 4) }, ...buttons),
    el("div", { class: "ta-row" }, el("span", { class: "ta-faint" }, tr("Intensity")), slider, value,
      el("button", { class: "ta-button", type: "button", title: tr("Take this mood away"), onclick: onDelete }, tr("Delete"))));
}

/** Arrow keys go from button to button. */
function rove(event, buttons, columns) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  const at = Math.max(0, buttons.indexOf(document.activeElement));
  const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
}
