// The face itself, with places to take hold of.

import { el, followPointer, onResize } from "../dom.js";
import { createAvatar } from "../avatar/avatar.js";
import { ARROWS, FRONT, turned, turnedBy } from "../orbit.js";
import { tr } from "../words.js";
import { GRIP_TITLES, pulled } from "./grips.js";
import { motionOf, restKey } from "./pose.js";

const EMPTY = "Run the graph once to see the face here.";
const ARROW_STEP = 0.02; // pull of one key press, in distances between the eyes
const LOOK_TITLE = "Drag beside the dots, or anywhere with the right button: look from the side. Double-click or R: from the front.";
const LOOK_LABEL = "The face. Arrow keys look from the side, R from the front.";

/**
 * Make the view.
 * @param {{edit: Function, pose: () => object, linked: () => boolean, avatar?: Function}} host
 */
export class Stage {
  constructor(host) {
    this.host = host;
    this.pose = restKey();
    this.grips = new Map();
    this.hint = el("div", { class: "ta-hint", role: "status" }, tr(EMPTY));
    this.box = el("div", { class: "ta-face" });
    this.front = el("button", { class: "ta-button ta-small ta-front", type: "button", hidden: true, title: tr("Look from the front (R)"), onclick: () => this.look(FRONT) }, tr("Front"));
    this.element = el("div", { class: "ta-stage", tabindex: 0, role: "group", "aria-label": tr(LOOK_LABEL), title: tr(LOOK_TITLE),
      onpointerdown: (event) => this.turn(event), onkeydown: (event) => this.press(event), oncontextmenu: (event) => event.preventDefault(),
      ondblclick: (event) => { if (!isGrip(event)) this.look(FRONT); } }, this.hint, this.box, this.front);
    this.look(FRONT);
    this.endResize = onResize(this.element, () => this.fit());
  }

  /** Show another face, or a hint where there is none. */
  setFace(payload) {
    this.clear();
    if (!payload) return;
    try {
      this.canvas = el("canvas", { class: "ta-canvas", "aria-label": tr("The face with the expression"), role: "img" });
      this.avatar = (this.host.avatar ?? createAvatar)(this.canvas, payload);
      this.box.append(this.canvas);
      this.hint.hidden = true;
      this.fit();
      Promise.resolve(this.avatar.ready).then(() => this.redraw()).catch((error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  /** Draw a pose. */
  show(pose) {
    this.pose = pose;
    this.redraw();
  }

  /** Look at the face from another side. */
  look(view) {
    this.view = view;
    this.front.hidden = view.yaw_deg === 0 && view.pitch_deg === 0;
    this.redraw();
  }

  /** Free the drawing context. */
  dispose() {
    this.endResize();
    cancelAnimationFrame(this.frame);
    this.clear();
  }

  clear() {
    this.avatar?.dispose();
    this.avatar = null;
    this.box.replaceChildren();
    this.grips.clear();
    this.hint.hidden = false;
    this.hint.textContent = tr(EMPTY);
  }

  fail(error) {
    this.clear();
    this.hint.textContent = error.message;
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!this.avatar || !width || !height) return;
    const shown = Math.floor(Math.min(width, height * this.avatar.aspect));
    Object.assign(this.box.style, { width: `${shown}px`, height: `${Math.floor(shown / this.avatar.aspect)}px` });
    this.canvas.width = Math.round(this.box.clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(this.box.clientHeight * devicePixelRatio);
    this.redraw();
  }

  redraw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    if (!this.avatar) return;
    const motion = motionOf(this.pose);
    this.avatar.draw(motion, this.view);
    for (const place of this.avatar.handles(motion, this.view)) this.placeGrip(place);
  }

  placeGrip({ region, x, y, radius }) {
    if (!GRIP_TITLES[region]) return;
    if (!this.grips.has(region)) this.grips.set(region, { button: this.makeGrip(region) });
    const grip = this.grips.get(region), size = Math.max(16, 2 * radius);
    Object.assign(grip, { x, y });
    const above = region.startsWith("lid") ? 0.6 * size : 0; // beside the eye's own
    Object.assign(grip.button.style, { left: `${x}px`, top: `${y - above}px`, width: `${size}px`, height: `${size}px` });
  }

  makeGrip(region) {
    const title = tr("Drag: {place}", { place: tr(GRIP_TITLES[region]) });
    const button = el("button", { class: "ta-grip", type: "button", "data-region": region, title, "aria-label": tr("{title}. Arrow keys move it.", { title }),
      onpointerdown: (event) => this.grab(event, region), onkeydown: (event) => this.nudge(event, region) });
    this.box.append(button);
    return button;
  }

  /** CSS pixels between the eyes: the measure of a pull. */
  get span() {
    const [left, right] = ["eyeLeft", "eyeRight"].map((region) => this.grips.get(region));
    return left && right ? Math.max(8, Math.hypot(left.x - right.x, left.y - right.y)) : this.box.clientWidth / 4;
  }

  grab(event, region) {
    if (event.button !== 0) return;
    const { button } = this.grips.get(region), start = this.host.pose();
    const unit = this.span * (this.box.getBoundingClientRect().width / this.box.clientWidth); // nodes are zoomed
    followPointer(event, button, (now, done) => {
      const by = [(now.clientX - event.clientX) / unit, (now.clientY - event.clientY) / unit];
      this.pull(start, region, by, now.shiftKey, done);
    });
  }

  turn(event) {
    if (!(event.button === 2 || (event.button === 0 && !isGrip(event))) || this.front.contains(event.target)) return;
    const start = this.view;
    followPointer(event, this.element, (now) => this.look(turned(start, now.clientX - event.clientX, now.clientY - event.clientY)));
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const turns = event.target === this.element && event.key in ARROWS;
    if (!turns && event.key.toLowerCase() !== "r") return;
    event.preventDefault();
    this.look(turns ? turnedBy(this.view, event.key) : FRONT);
  }

  nudge(event, region) {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    this.pull(this.host.pose(), region, way.map((each) => each * ARROW_STEP), event.shiftKey, true);
  }

  pull(start, region, [dx, dy], shift, done) {
    const after = pulled(start, region, dx, dy, { linked: this.host.linked(), tilt: shift });
    this.host.edit((key) => Object.assign(key, { curves: after.curves, head_deg: after.head_deg, gaze_deg: after.gaze_deg }), done);
  }
}

function isGrip(event) {
  return Boolean(event.target.closest(".ta-grip"));
}
