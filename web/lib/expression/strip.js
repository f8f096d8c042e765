// The keys over time: add, move, delete, scrub, play.

import { el, followPointer } from "../dom.js";
import { MAX_KEYS, MAX_TIME_S } from "./pose.js";
import { tr } from "../words.js";

const STEP_S = 0.05; // of arrow keys, and between keys at least
const NEXT_S = 1; // a new key comes this long after the last one
const SHORTEST_S = 2; // what the strip shows at least

/**
 * Make the strip.
 * @param {{keys: () => object[], time: () => number, seek: Function, add: Function, move: Function, remove: Function, play: Function}} host
 */
export class Strip {
  constructor(host) {
    this.host = host;
    this.play = el("button", { class: "ta-button", type: "button", title: tr("Play the keys in a loop"), "aria-label": tr("Play the keys in a loop"), "aria-pressed": "false", onclick: () => host.play() }, "▶");
    this.add = el("button", { class: "ta-button", type: "button", title: tr("Add a key here, or a second after the last"), onclick: () => this.addKey() }, tr("+ Key"));
    this.remove = el("button", { class: "ta-button", type: "button", title: tr("Delete the key in hand"), "aria-label": tr("Delete key"), onclick: () => host.remove(this.chosen) }, tr("Delete"));
    this.time = el("input", { class: "ta-field ta-time", type: "number", min: 0, max: MAX_TIME_S, step: STEP_S, "aria-label": tr("Time of the key in seconds"), onchange: () => this.retime(this.time.valueAsNumber) });
    this.head = el("div", { class: "ta-playhead" });
    this.track = el("div", { class: "ta-track", role: "group", "aria-label": tr("Keys over time"), title: tr("Click to look at an instant, double-click to add a key"),
      onpointerdown: (event) => this.scrub(event), ondblclick: (event) => host.add(this.timeAt(event)) });
    this.element = el("div", { class: "ta-row ta-strip" }, this.play, this.track, this.time, el("span", {}, "s"), this.add, this.remove);
  }

  /** Place of the key at the present time, or -1. */
  get chosen() {
    return this.host.keys().findIndex((key) => Math.abs(key.time_s - this.host.time()) < 1e-6);
  }

  /** Show keys and playhead. */
  show(playing) {
    const keys = this.host.keys(), chosen = this.chosen;
    if (!this.moving) this.length_s = Math.max(SHORTEST_S, keys.at(-1).time_s * 1.25);
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-pressed", `${playing}`);
    this.play.disabled = keys.length < 2;
    this.remove.disabled = chosen < 0 || keys.length < 2;
    this.add.disabled = keys.length >= MAX_KEYS;
    this.time.disabled = playing || chosen < 0;
    if (document.activeElement !== this.time) this.time.value = +this.host.time().toFixed(2);
    this.head.style.left = this.placeOf(this.host.time());
    if (this.track.children.length !== keys.length + 1) this.track.replaceChildren(this.head, ...keys.map((key, k) => this.makeKey(k)));
    [...this.track.children].slice(1).forEach((mark, k) => this.showKey(mark, k, k === chosen));
  }

  makeKey(k) {
    return el("button", { class: "ta-key", type: "button", "data-key": k, onpointerdown: (event) => this.grab(event, k), onkeydown: (event) => this.press(event, k),
      onclick: () => this.host.seek(this.host.keys()[k]?.time_s ?? 0) });
  }

  showKey(mark, k, chosen) {
    const { time_s } = this.host.keys()[k];
    mark.style.left = this.placeOf(time_s);
    const name = tr("Key {number} at {time} s", { number: k + 1, time: +time_s.toFixed(2) });
    mark.setAttribute("aria-label", name);
    mark.title = tr("{title}. Drag or arrow keys move it, Delete removes it.", { title: name });
    mark.setAttribute("aria-pressed", `${chosen}`);
  }

  placeOf(time_s) {
    return `${Math.min(100, (100 * time_s) / this.length_s)}%`;
  }

  timeAt(event) {
    const { left, width } = this.track.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    return Math.round((share * this.length_s) / STEP_S) * STEP_S;
  }

  addKey() {
    const last = this.host.keys().at(-1).time_s;
    this.host.add(this.chosen < 0 ? this.host.time() : last + NEXT_S);
  }

  retime(time_s) {
    if (Number.isFinite(time_s)) this.moveKey(this.chosen, time_s, true);
  }

  /** Move a key, but never past its neighbours. */
  moveKey(k, time_s, done) {
    const keys = this.host.keys();
    if (!keys[k]) return;
    const low = k ? keys[k - 1].time_s + STEP_S : 0, high = k + 1 < keys.length ? keys[k + 1].time_s - STEP_S : MAX_TIME_S;
    this.host.move(k, Math.max(0, +Math.min(Math.max(time_s, low), high).toFixed(3)), done);
  }

  scrub(event) {
    if (event.target !== this.track && event.target !== this.head) return;
    followPointer(event, this.track, (now) => this.host.seek(this.timeAt(now)));
    this.host.seek(this.timeAt(event));
  }

  grab(event, k) {
    let far = false;
    this.host.seek(this.host.keys()[k].time_s);
    this.moving = true;
    followPointer(event, event.currentTarget, (now, done) => {
      far ||= Math.abs(now.clientX - event.clientX) > 3;
      if (done) this.moving = false;
      if (far) this.moveKey(k, this.timeAt(now), done);
      else if (done) this.show(false);
    });
  }

  press(event, k) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key], gone = ["Delete", "Backspace"].includes(event.key);
    if (!way && !gone) return;
    event.preventDefault();
    if (way) this.moveKey(k, this.host.keys()[k].time_s + way * STEP_S, true);
    else this.host.remove(k);
    this.track.querySelector(`[data-key="${Math.min(k, this.host.keys().length - 1)}"]`)?.focus();
  }
}
