// A live view: the head of a node, playing its motion with its sound.

import { el, useStyles } from "../dom.js";
import { idleMotion } from "../motion.js";
import { ARROWS } from "../orbit.js";
import { Player } from "../player.js";
import { tr } from "../words.js";
import { Stage } from "./stage.js";
import { makeTransport, timeText } from "./transport.js";
import { keepVolume } from "./volume.js";

const STEP_S = 0.2; // of the arrow keys
const IDLE_ROUNDS = 3; // a head at rest moves for this long before it waits for the pointer
const IDLE_FPS = 20; // enough for a blink
const idlers = new Set(); // heads at rest that move now: they hold still while another one speaks

export class LiveView {
  #motion = null;
  #idle = false;
  #transport = null;
  #restTimer = 0;
  #shown_s = -1;
  empty = true; // a sentence stands in place of the head

  constructor() {
    useStyles();
    useStyles("live");
    this.player = new Player();
    this.stage = new Stage({
      onProblem: (sentence) => this.say(sentence, "alert"),
      onClick: () => this.#click(),
      onVisible: (on) => this.#seen(on),
    });
    this.note = el("div", { class: "ta-live-note", role: "status" });
    this.hint = el("div", { class: "ta-hint", role: "status" });
    this.element = el("div", { class: "ta-live", tabindex: 0, role: "group", "aria-label": tr("Live view of the head") }, this.hint);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.stage.element.addEventListener("focus", () => this.#leave());
    this.element.addEventListener("pointerenter", () => { if (this.#idle) this.#live(); });
    this.player.onTick((time_s) => this.#tick(time_s));
    keepVolume(this.player);
  }

  /** Show a sentence in place of the head. */
  say(sentence, role = "status") {
    this.empty = true;
    clearTimeout(this.#restTimer);
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
   * @param {string} name of the face file, which tells its content
   */
  show(payload, motion, soundUrl, name) {
    this.empty = false;
    this.#idle = motion === null;
    this.#motion = motion ?? idleMotion();
    this.#transport = makeTransport(this.player, { toggle: () => this.#toggle(), hasSound: soundUrl !== null });
    this.player.load(soundUrl, this.#motion.duration_s);
    this.player.loop = this.#idle;
    this.element.classList.toggle("ta-live-idle", this.#idle);
    this.element.replaceChildren(this.stage.element, this.note, this.#transport.element);
    this.stage.show(payload, name);
    this.#shown_s = -1;
    this.#tick(0);
    if (this.#idle && this.stage.visible) this.#live();
  }

  /** Show an instant that somebody else plays or looks at. */
  follow(time_s) {
    if (this.empty || this.#idle || this.player.playing) return;
    this.#shown_s = -1;
    this.player.seek(time_s);
  }

  dispose() {
    idlers.delete(this);
    clearTimeout(this.#restTimer);
    this.player.dispose();
    this.stage.dispose();
    this.element.remove();
  }

  #tick(time_s) {
    if (!this.#motion) return;
    this.#pose(this.#idle ? Math.floor(time_s * IDLE_FPS) / IDLE_FPS : time_s);
    this.#transport.update();
    this.note.textContent = this.player.problem || this.#cut;
  }

  #pose(time_s) {
    if (time_s === this.#shown_s) return;
    this.#shown_s = time_s;
    this.stage.motion = this.#motion.at(time_s);
    if (this.player.playing) this.stage.draw();
    else this.stage.redraw();
  }

  get #cut() {
    const { duration_s, whole_s } = this.#motion;
    return whole_s > duration_s + 0.01 ? tr("The first {time} of {whole}", { time: timeText(duration_s), whole: timeText(whole_s) }) : "";
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
    idlers.add(this);
    this.player.play();
  }

  #rest() {
    idlers.delete(this);
    if (!this.#idle) return;
    this.player.pause();
    this.player.seek(0);
  }

  /** A click on the head is one on the view: then arrow keys go through the time. */
  #leave() {
    if (!this.stage.element.matches(":focus-visible")) this.element.focus({ preventScroll: true });
  }

  #click() {
    if (this.stage.asleep) this.stage.wake();
    else this.#toggle();
  }

  #toggle() {
    clearTimeout(this.#restTimer);
    if (this.stage.asleep) this.stage.wake();
    if (this.player.playing) this.player.pause();
    else this.#play();
  }

  #play() {
    if (!this.#idle) for (const idler of idlers) idler.#rest();
    this.player.play();
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
    if (event.key.startsWith("Arrow") && event.target.matches(".ta-live-volume")) return null; // moves that slider
    if (event.key in ARROWS && (this.#idle || event.target === this.stage.element)) return () => this.stage.turn(event.key);
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
}
