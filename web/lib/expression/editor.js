// The expression editor as one element: face, presets, sliders, keys, and what they all change.

import { el } from "../dom.js";
import { History } from "./history.js";
import { copyKey, poseAt, readKeys, restKey, textOf, withPreset, writeKeys } from "./pose.js";
import { PresetBar } from "./presets.js";
import { Sliders } from "./sliders.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { tr } from "../words.js";

const LAST_HOLD_S = 0.6; // of the last key, before a loop begins again
const FILE_NAME = "expression.json";
const FILE_BYTES = 1_000_000; // more than any expression has

/**
 * An editor.
 * @param {{onChange: (text: string, done: boolean) => void, clipboard: {text: string}, avatar?: Function}} host
 *   `done` is false while something is being dragged
 */
export class Editor {
  constructor(host) {
    this.host = host;
    [this.keys, this.time_s, this.history, this.playing] = [[restKey()], 0, new History(""), false];
    this.makeParts();
    this.makeFrame();
    this.refresh();
  }

  /** Show an expression from outside; what cannot be read is left alone until the user wants to begin anew. */
  load(text) {
    this.stop();
    try {
      this.take(text);
      this.setNotice("");
    } catch (error) {
      this.take("");
      this.setNotice(tr("{reason} It is used as it is.", { reason: error.message }), tr("Begin anew"));
    }
    this.history.reset(text);
    this.refresh();
  }

  /** Say that the expression comes from elsewhere, or (empty) that it can be edited. */
  setNotice(text, remedy = "") {
    this.locked = Boolean(text);
    this.notice.hidden = !text;
    this.notice.replaceChildren(text, ...(remedy ? [" ", el("button", { class: "ta-button ta-small", type: "button", onclick: () => this.anew() }, remedy)] : []));
  }

  /** The face to draw, as a node left it; null where there is none yet. */
  setFace(payload) {
    this.stage.setFace(payload);
    this.refresh();
  }

  setPresets(presets) {
    this.bar.setPresets(presets);
  }

  /** End what runs and free the drawing context. */
  dispose() {
    this.stop();
    this.stage.dispose();
  }

  makeParts() {
    const edit = (change, done) => this.edit(change, done);
    this.sliders = new Sliders({ edit });
    this.stage = new Stage({ edit, pose: () => this.pose, linked: () => this.sliders.linked, avatar: this.host.avatar });
    this.bar = new PresetBar({ apply: (...how) => this.applyPreset(...how) });
    this.strip = new Strip({
      keys: () => this.keys, time: () => this.time_s, seek: (time_s) => this.seek(time_s), add: (time_s) => this.addKey(time_s),
      move: (k, time_s, done) => this.moveKey(k, time_s, done), remove: (k) => this.removeKey(k), play: () => (this.playing ? this.stop() : this.play()),
    });
  }

  makeFrame() {
    const button = (text, title, onclick) => el("button", { class: "ta-button", type: "button", title, "aria-label": text.length > 1 ? null : title, onclick }, text);
    this.undoButton = button("↶", tr("Undo (Ctrl+Z)"), () => this.undo());
    this.redoButton = button("↷", tr("Redo (Ctrl+Shift+Z)"), () => this.redo());
    this.said = el("span", { class: "ta-said ta-grow", role: "status" });
    this.picker = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.readFile(this.picker.files[0]) });
    const tools = el("div", { class: "ta-row ta-tools", role: "toolbar", "aria-label": tr("Expression") }, this.undoButton, this.redoButton,
      button(tr("Reset"), tr("Back to a face at rest"), () => this.edit((key) => Object.assign(key, restKey(key.time_s)), true)),
      button(tr("Copy"), tr("Copy this pose (Ctrl+C)"), () => this.copy()), button(tr("Paste"), tr("Paste a pose (Ctrl+V)"), () => this.paste()),
      button(tr("Load"), tr("Load an expression from a file; or drop one here"), () => this.picker.click()), button(tr("Save"), tr("Save the expression as a file"), () => this.save()),
      this.said, this.picker);
    this.notice = el("div", { class: "ta-notice", role: "alert", hidden: true });
    // "widget-expands" is ComfyUI's own class for what fills a node of the new look.
    this.element = el("div", { class: "ta-expression widget-expands", onkeydown: (event) => this.press(event), oncopy: (event) => this.copyEvent(event), onpaste: (event) => this.pasteEvent(event),
      ondragover: (event) => { event.preventDefault(); event.stopPropagation(); }, ondrop: (event) => this.drop(event) },
      tools, this.notice,
      el("div", { class: "ta-columns" }, el("div", { class: "ta-look" }, this.stage.element, this.bar.element), this.sliders.element),
      this.strip.element);
  }

  /** What is seen now. */
  get pose() {
    return poseAt(this.keys, this.time_s);
  }

  /** Change the pose in hand; between keys a new key begins here. */
  edit(change, done) {
    if (this.locked) return;
    this.stop();
    this.bar.release();
    change(this.keyInHand());
    this.changed(done);
  }

  keyInHand() {
    const found = this.keys.find((key) => Math.abs(key.time_s - this.time_s) < 1e-6);
    if (found) return found;
    const key = this.pose;
    this.keys = [...this.keys, key].sort((a, b) => a.time_s - b.time_s);
    return key;
  }

  applyPreset(preset, strength, onTop, done) {
    this.bar.under ??= copyKey(this.pose);
    const { under } = this.bar;
    this.edit((key) => Object.assign(key, withPreset(preset, strength, onTop ? under : restKey()), { time_s: key.time_s }), done);
  }

  changed(done) {
    const text = textOf(this.keys);
    if (done) this.history.push(text);
    this.host.onChange(text, done);
    this.say("");
    this.refresh();
  }

  refresh() {
    const pose = this.pose;
    this.stage.show(pose);
    if (!this.playing) this.sliders.show(pose);
    this.strip.show(this.playing);
    this.undoButton.disabled = !this.history.before.length;
    this.redoButton.disabled = !this.history.after.length;
  }

  take(text) {
    this.keys = readKeys(text);
    if (!this.keys.some((key) => key.time_s === this.time_s)) this.time_s = this.keys[0].time_s;
  }

  anew() {
    this.setNotice("");
    [this.keys, this.time_s] = [[restKey()], 0];
    this.changed(true);
  }

  undo() {
    if (this.history.undo()) this.restored();
  }

  redo() {
    if (this.history.redo()) this.restored();
  }

  restored() {
    this.stop();
    this.bar.release();
    this.take(this.history.now);
    this.host.onChange(this.history.now, true);
    this.refresh();
  }

  seek(time_s) {
    this.stop();
    this.time_s = time_s;
    this.bar.release();
    this.refresh();
  }

  addKey(time_s) {
    if (this.locked) return;
    this.stop();
    this.time_s = time_s;
    this.keyInHand();
    this.changed(true);
  }

  moveKey(k, time_s, done) {
    if (this.locked) return;
    this.time_s = this.keys[k].time_s = time_s;
    this.changed(done);
  }

  removeKey(k) {
    if (this.locked || k < 0 || this.keys.length < 2) return;
    this.keys = this.keys.filter((_, each) => each !== k);
    this.time_s = this.keys[Math.min(k, this.keys.length - 1)].time_s;
    this.changed(true);
  }

  play() {
    if (this.keys.length < 2) return;
    this.playing = true;
    const length_s = this.keys.at(-1).time_s + LAST_HOLD_S, began = performance.now();
    const step = (now) => {
      this.time_s = (Math.max(0, now - began) / 1000) % length_s;
      this.refresh();
      this.ticking = requestAnimationFrame(step);
    };
    this.ticking = requestAnimationFrame(step);
  }

  stop() {
    if (!this.playing) return;
    cancelAnimationFrame(this.ticking);
    this.playing = false;
    this.time_s = this.keys.reduce((best, key) => (Math.abs(key.time_s - this.time_s) < Math.abs(best - this.time_s) ? key.time_s : best), this.keys[0].time_s);
    this.refresh();
  }

  copied() {
    this.say(tr("Copied."));
    return (this.host.clipboard.text = writeKeys([copyKey(this.pose, 0)]));
  }

  copy() {
    const text = this.copied();
    navigator.clipboard?.writeText(text).catch(() => {}); // where the browser forbids it, this page still has it
  }

  paste() {
    this.insert(this.host.clipboard.text);
  }

  copyEvent(event) {
    if (isTyping(event.target)) return;
    event.clipboardData.setData("text/plain", this.copied());
    event.preventDefault();
    event.stopPropagation();
  }

  pasteEvent(event) {
    if (isTyping(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    this.insert(event.clipboardData.getData("text/plain"));
  }

  /** Take over a text: one pose goes into the key in hand, several keys replace all. */
  insert(text) {
    if (!text.trim()) return this.say(tr("Nothing to paste: copy a pose first."));
    let keys;
    try {
      keys = readKeys(text);
    } catch (error) {
      return this.say(error.message);
    }
    if (keys.length === 1) return this.edit((key) => Object.assign(key, copyKey(keys[0], key.time_s)), true);
    if (this.locked) return undefined;
    this.stop();
    [this.keys, this.time_s] = [keys, keys[0].time_s];
    return this.changed(true);
  }

  /** Take over a file. */
  async readFile(file) {
    this.picker.value = "";
    if (!file) return;
    if (file.size > FILE_BYTES) this.say(tr("{file} is too large to be an expression.", { file: file.name }));
    else this.insert(await file.text());
  }

  drop(event) {
    const file = [...event.dataTransfer.files].find(isExpressionFile);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    this.readFile(file);
  }

  save() {
    const address = URL.createObjectURL(new Blob([writeKeys(this.keys)], { type: "application/json" }));
    el("a", { href: address, download: FILE_NAME }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  press(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (isTyping(event.target) && event.target.type !== "number")) return;
    const key = event.key.toLowerCase(), redo = key === "y" || (key === "z" && event.shiftKey);
    if (!redo && key !== "z") return;
    event.preventDefault();
    // ComfyUI looks at the event a frame later and would undo a step of the graph besides.
    Object.defineProperty(event, "key", { value: "" });
    if (redo) this.redo();
    else this.undo();
  }

  say(text) {
    this.said.textContent = text;
  }
}

/** Whether a dropped file may be an expression. */
export function isExpressionFile(file) {
  return file.type === "application/json" || file.name.toLowerCase().endsWith(".json");
}

function isTyping(element) {
  return element.tagName === "TEXTAREA" || (element.tagName === "INPUT" && ["search", "text", "number"].includes(element.type));
}
