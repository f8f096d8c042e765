// The picture of a live view: a canvas that keeps the head's aspect, is sharp at any zoom, and is drawn only when needed.

import { createAvatar, restMotion } from "../avatar/avatar.js";
import { el, onResize } from "../dom.js";
import { FRONT, turned, turnedBy } from "../orbit.js";
import { tr } from "../words.js";
import { claim, drop } from "./contexts.js";

const MOST_PX = 1200; // longest side that is drawn: finer is not seen in a node
const LOOK_MS = 400; // how often a picture that stands still asks whether it is shown at another size

/** Shows a head; `motion` and `view` are looked at whenever a picture is due. */
export class Stage {
  #payload = null; // () => Promise of the face file
  #name = ""; // of that file
  #avatar = null;
  #canvas = null;
  #due = false;
  #frame = 0;
  #timer = 0;
  #ends = [];
  #waking = null;
  #asleep = false; // the context was given up, a still picture stands for it
  #onScreen = false;
  visible = false;
  motion = restMotion();
  view = FRONT;
  pictures = 0; // drawn so far, for tests and measuring
  whole = false; // whether mouth and lids are drawn too: they follow the first picture

  /** @param {{onProblem: (sentence: string) => void, onClick: () => void, onVisible: (on: boolean) => void}} told */
  constructor(told) {
    this.told = told;
    this.element = el("div", { class: "ta-live-stage ta-grow", tabindex: 0, role: "group", "aria-label": tr("The face. Arrow keys look from the side, R from the front.") });
    this.#listen();
  }

  /**
   * Show a face: `payload` fetches its file, and is asked again when the drawing was given up meanwhile.
   * One that is drawn already, by its `name`, goes on.
   */
  show(payload, name = "") {
    if (!this.#avatar || !name || name !== this.#name) this.release(false);
    this.#name = name;
    this.#payload = payload;
    if (!this.#ends.length) this.#ends = [onResize(this.element, () => this.redraw()), this.#watchSight()];
    if (this.visible) this.#wake();
  }

  /** Ask for a new picture. */
  redraw() {
    this.#due = true;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#due) this.draw();
    });
  }

  /** Draw now, as a clock asks for it. */
  draw() {
    this.#due = false;
    if (!this.#mayDraw()) return;
    claim(this);
    this.#fit();
    this.#avatar.draw(this.motion, this.view);
    this.pictures++;
  }

  /** Look at the head from another side. */
  look(view) {
    this.view = view;
    this.redraw();
  }

  /** Turn the head as an arrow key says. */
  turn(key) {
    this.look(turnedBy(this.view, key));
  }

  /** Turn the head back to the front. */
  resetView() {
    this.look(FRONT);
  }

  /** Give the 3D context back; the last picture stays, and a click draws again. */
  release(keepPicture = true) {
    this.#asleep = Boolean(this.#avatar && keepPicture);
    if (this.#asleep) this.#keepStill();
    else this.element.replaceChildren();
    drop(this);
    this.#avatar?.dispose();
    this.#avatar = this.#canvas = this.#waking = null;
    this.whole = false;
  }

  dispose() {
    this.release(false);
    this.#payload = null;
    for (const end of this.#ends) end();
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#timer);
  }

  /** Draw again after the context was given up. */
  wake() {
    this.#asleep = false;
    return this.#wake();
  }

  get asleep() { return this.#asleep; }

  #mayDraw() { return this.visible && this.#avatar !== null; }

  async #wake() {
    if (this.#avatar || this.#waking || !this.#payload || this.#asleep) return;
    const mine = (this.#waking = {});
    let avatar = null;
    try {
      const bytes = await this.#payload();
      if (this.#waking !== mine) return;
      const canvas = this.#newCanvas();
      avatar = createAvatar(canvas, bytes);
      await avatar.first;
      if (this.#waking !== mine) return avatar.dispose();
      this.#take(canvas, avatar);
      await avatar.ready;
      this.whole = this.#avatar === avatar;
    } catch (error) {
      avatar?.dispose();
      if (this.#waking !== mine && (!avatar || this.#avatar !== avatar)) return;
      this.release(false);
      this.told.onProblem(error.message);
    }
  }

  #take(canvas, avatar) {
    [this.#canvas, this.#avatar, this.#waking] = [canvas, avatar, null];
    this.element.replaceChildren(canvas);
    claim(this);
    this.redraw();
  }

  #newCanvas() {
    const canvas = el("canvas", { class: "ta-live-head", role: "img", "aria-label": tr("The talking head") });
    canvas.addEventListener("webglcontextlost", () => { if (canvas === this.#canvas) this.release(); });
    return canvas;
  }

  /** Give the canvas its place, and as many pixels as the screen shows of it. */
  #fit() {
    const { clientWidth, clientHeight } = this.element, canvas = this.#canvas;
    const width = Math.max(1, Math.min(clientWidth, clientHeight * this.#avatar.aspect));
    const height = width / this.#avatar.aspect;
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const [wide, high] = this.#pixels(width, height);
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  }

  #pixels(width, height) {
    const zoom = this.element.getBoundingClientRect().width / Math.max(1, this.element.clientWidth) || 1;
    const fine = Math.min(zoom * devicePixelRatio, MOST_PX / Math.max(width, height));
    return [width, height].map((side) => Math.max(2, Math.round(side * fine)));
  }

  /** Nothing else tells that ComfyUI's canvas was zoomed. */
  #look() {
    if (!this.#mayDraw()) return;
    const { clientWidth, clientHeight } = this.#canvas;
    const [wide] = this.#pixels(clientWidth, clientHeight);
    if (Math.abs(wide / this.#canvas.width - 1) > 0.08) this.redraw();
  }

  #watchSight() {
    const see = () => this.#seen(this.#onScreen && !document.hidden);
    const observer = new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1).isIntersecting;
      see();
    });
    observer.observe(this.element);
    document.addEventListener("visibilitychange", see);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", see);
    };
  }

  #seen(visible) {
    if (visible === this.visible) return;
    this.visible = visible;
    clearInterval(this.#timer);
    if (visible) {
      this.#timer = setInterval(() => this.#look(), LOOK_MS);
      this.#wake();
      this.redraw();
    }
    this.told.onVisible(visible);
  }

  #keepStill() {
    this.#avatar.draw(this.motion, this.view);
    const { width, height, style } = this.#canvas;
    const still = el("canvas", { class: "ta-live-still", width, height, style: style.cssText });
    still.getContext("2d").drawImage(this.#canvas, 0, 0);
    this.element.replaceChildren(still, el("span", { class: "ta-live-wake" }, tr("Click to show")));
  }

  /** Drag to look around, double click to look from the front, click to play. */
  #listen() {
    let last = null, moved = 0;
    const element = this.element;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      [last, moved] = [event, 0];
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!last || !(event.buttons & 1)) return;
      const [dx, dy] = [event.clientX - last.clientX, event.clientY - last.clientY];
      moved += Math.abs(dx) + Math.abs(dy);
      last = event;
      if (moved > 4) this.look(turned(this.view, dx, dy));
    });
    element.addEventListener("pointerup", () => { last = null; });
    element.addEventListener("pointercancel", () => { last = null; });
    element.addEventListener("click", () => { if (moved <= 4) this.told.onClick(); });
    element.addEventListener("dblclick", () => this.resetView());
  }
}
