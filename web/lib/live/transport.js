// The row below a live view: play, time, loop and loudness.

import { el } from "../dom.js";
import { tr } from "../words.js";
import { icon } from "./icons.js";

/** Time as "0:04.2". */
export function timeText(time_s) {
  const tenths = Math.floor(time_s * 10 + 1e-6);
  return `${Math.floor(tenths / 600)}:${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`;
}

/**
 * Controls of a player.
 * @param {import("../player.js").Player} player
 * @returns {{element: HTMLElement, update: () => void}} `update` shows the player's state
 */
export function makeTransport(player, { toggle, hasSound }) {
  const play = button(tr("Play (space)"), toggle, "ta-live-play");
  const bar = el("input", { type: "range", class: "ta-live-scrub ta-grow", min: 0, step: "any", "aria-label": tr("Time"),
    oninput: () => player.seek(Number(bar.value)) });
  const time = el("span", { class: "ta-live-time", role: "timer" });
  const rest = el("span", { class: "ta-live-at-rest ta-grow" }, tr("At rest \u00b7 drag to look around"));
  const loop = button(tr("Loop (L)"), () => { player.loop = !player.loop; }, "ta-live-loop");
  loop.append(icon("loop"));
  const mute = button(tr("Mute (M)"), () => { player.muted = !player.muted; }, "ta-live-mute");
  const volume = el("input", { type: "range", class: "ta-live-volume", min: 0, max: 1, step: 0.05, "aria-label": tr("Volume"),
    oninput: () => { player.volume = Number(volume.value); player.muted = false; } });
  const element = el("div", { class: "ta-row ta-live-controls" }, play, rest, bar, time, loop, hasSound ? mute : null, hasSound ? volume : null);
  const shown = {};
  const show = (key, value, how) => { if (shown[key] !== value) how((shown[key] = value)); };
  const update = () => {
    show("playing", player.playing, (on) => {
      play.replaceChildren(icon(on ? "pause" : "play"));
      label(play, on ? tr("Pause (space)") : tr("Play (space)"));
    });
    show("loop", player.loop, (on) => loop.setAttribute("aria-pressed", on));
    show("muted", player.muted || player.volume === 0, (on) => {
      mute.replaceChildren(icon(on ? "mute" : "sound"));
      mute.setAttribute("aria-pressed", on);
    });
    show("volume", player.muted ? 0 : player.volume, (value) => { volume.value = value; fill(volume); });
    show("duration", player.duration_s, (value) => { bar.max = value; fill(bar); });
    show("time", player.time_s, (value) => { bar.value = value; fill(bar); });
    show("text", `${timeText(player.time_s)} / ${timeText(player.duration_s)}`, (text) => { time.textContent = text; });
  };
  update();
  return { element, update };
}

function button(text, onclick, kind) {
  const made = el("button", { type: "button", class: `ta-button ${kind}`, onclick });
  label(made, text);
  return made;
}

function label(made, text) {
  made.title = text;
  made.setAttribute("aria-label", text.replace(/ \(.*/, ""));
}

/** How far a slider is filled, for its style. */
function fill(slider) {
  slider.style.setProperty("--filled", `${(100 * slider.value) / (Number(slider.max) || 1)}%`);
}
