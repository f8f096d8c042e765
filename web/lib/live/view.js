// A live view: the head of a node, playing its motion with its sound.

import { el, useStyles } from "../dom.js";
import { idleMotion } from "../motion.js";
import { Player } from "../player.js";
import { Stage } from "./stage.js";
import { makeTransport, timeText } from "./transport.js";

const STEP_S = 0.2; // of the arrow keys
const IDLE_ROUNDS = 3; // a head at rest moves for this long before it waits for the pointer
const VOLUME = "talking_avatar.volume"; // in the browser's storage

export class LiveView {
  #motion = null;
  #idle = false;
  #transport = null;
  #restTimer = 0;

  constructor() {
    useStyles("live");
    this.player = new Player();
    this.stage = new Stage({
      onProblem: (sentence) => this.say(sentence, "alert"),
      onClick: () => this.#click(),
      onVisible: (on) => this.#seen(on),
    });
    this.note = el("div", { class: "ta-note", role: "status" });
    this.hint = el("div", { class: "ta-hint", role: "status" });
    this.element = el("div", { class: "ta-live", tabindex: 0, role: "group", "aria-label": "Live view of the head" }, this.hint);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("pointerenter", () => { if (this.#idle) this.#live(); });
    this.player.onTick((time_s) => this.#tick(time_s));
    this.#recallVolume();
  }

  get empty() { return !this.stage.element.isConnected; }

  /** Show a sentence in place of the head. */
  say(sentence, role = "status") {
    this.player.pause();
    this.stage.release(false);
    this.hint.textContent = sentence;
    this.hint.setAttribute("role", role);
    this.element.replaceChildren(this.hint);
  }

  /**
   * Show a head.
   * @param {() => Promise<ArrayBuffer>} payload fetches the face file
   * @param {object | null} motion of lib/motion.js, or null for a head at rest
   * @param {string | null} soundUrl
   */
  show(payload, motion, soundUrl) {
    this.#idle = motion === null;
    this.#motion = motion ?? idleMotion();
    this.#transport = makeTransport(this.player, { hasSound: soundUrl !== null });
    this.player.load(soundUrl, this.#motion.duration_s);
    this.player.loop = this.#idle;
    this.element.classList.toggle("ta-idle", this.#idle);
    this.element.replaceChildren(this.stage.element, this.note, this.#transport.element);
    this.stage.show(payload);
    this.#tick(0);
    if (this.#idle && this.stage.visible) this.#live();
  }

  dispose() {
    clearTimeout(this.#restTimer);
    this.player.dispose();
    this.stage.dispose();
    this.element.remove();
  }

  #tick(time_s) {
    if (!this.#motion) return;
    this.stage.motion = this.#motion.at(time_s);
    if (this.player.playing) this.stage.draw();
    else this.stage.redraw();
    this.#transport.update();
    this.note.textContent = this.player.problem || this.#cut;
    this.#keepVolume();
  }

  get #cut() {
    const { duration_s, whole_s } = this.#motion;
    return whole_s > duration_s + 0.01 ? `The first ${timeText(duration_s)} of ${timeText(whole_s)}` : "";
  }

  /** A head at rest moves while it is looked at; sound goes on when one looks elsewhere. */
  #seen(on) {
    if (!this.#idle) return;
    if (on) this.#live();
    else this.player.pause();
  }

  /** Let a head at rest move for a while; it then stops, because it would draw for ever. */
  #live() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#rest(), 1000 * IDLE_ROUNDS * this.#motion.duration_s);
    this.player.play();
  }

  #rest() {
    if (!this.#idle) return;
    this.player.pause();
    this.player.seek(0);
  }

  #click() {
    if (this.stage.asleep) this.stage.wake();
    else this.#toggle();
  }

  #toggle() {
    clearTimeout(this.#restTimer);
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  #key(event) {
    const act = this.empty || event.ctrlKey || event.metaKey || event.altKey ? null : this.#actionOf(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #actionOf(event) {
    const player = this.player;
    if (event.key === " " && event.target.tagName === "BUTTON") return null; // presses that button
    if (event.key.startsWith("Arrow") && event.target.matches(".ta-volume")) return null; // moves that slider
    const step = event.shiftKey ? 1 / this.#motion.fps : STEP_S;
    return {
      " ": () => this.#toggle(),
      ArrowLeft: () => player.seek(player.time_s - step),
      ArrowRight: () => player.seek(player.time_s + step),
      Home: () => player.seek(0),
      End: () => player.seek(player.duration_s),
      l: () => { player.loop = !player.loop; },
      m: () => { player.muted = !player.muted; },
      r: () => this.stage.resetView(),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  }

  #recallVolume() {
    try {
      const kept = JSON.parse(localStorage.getItem(VOLUME) ?? "null");
      if (kept) [this.player.volume, this.player.muted] = kept;
    } catch {
      // Without storage every page begins at full volume.
    }
    this.kept = JSON.stringify([this.player.volume, this.player.muted]);
  }

  #keepVolume() {
    const now = JSON.stringify([this.player.volume, this.player.muted]);
    if (now === this.kept) return;
    this.kept = now;
    try {
      localStorage.setItem(VOLUME, now);
    } catch {
      // Likewise.
    }
  }
}
