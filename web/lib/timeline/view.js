// The timeline: lanes on a canvas, buttons, windows to choose from, the list of edits.

import { el, onResize } from "../dom.js";
import { tr } from "../words.js";
import { Axis, clock } from "./axis.js";
import { draw } from "./draw.js";
import { editList } from "./edit_list.js";
import { onKey } from "./keys.js";
import { cellAt, GUTTER_PX, layOut } from "./lanes.js";
import { Model, placeOf } from "./model.js";
import { moodPalette, visemePalette } from "./palette.js";
import { onPointer } from "./pointer.js";
import { EXAMPLES } from "./sounds.js";
import { toolbar } from "./toolbar.js";

const RATIO_MAX = 4; // pixels of the canvas per CSS pixel; more is not seen
const LOOK_MS = 400; // how soon a zoom of ComfyUI's canvas is noticed
const READ_PX = 220; // of a second, at which most visemes can be read
const BESIDE_S = 0.25; // heard on either side of a viseme that is looped

export class Timeline {
  /** @param {{player: Player, onText: (text: string) => void, onLarge?: () => void, onList?: (open: boolean) => void, goals?: () => object[], onLook?: (time_s: number) => void}} given */
  constructor({ player, onText, onLarge, onList, onLook, goals = () => [] }) {
    Object.assign(this, { player, onList, onLook, goals, selection: null, cursor_s: 0, range: null, frame: 0, ratio: 0, axis: new Axis(GUTTER_PX) });
    this.model = new Model(onText);
    this.#build(onLarge);
    this.endings = [
      onResize(this.stage, () => this.redraw()),
      player.onTick((time_s) => this.#tick(time_s)),
      onPointer(this),
    ];
    this.looking = setInterval(() => { if (this.#ratio() !== this.ratio) this.redraw(); }, LOOK_MS);
    this.say(tr("Run the graph once to see and edit the visemes here."));
  }

  #build(onLarge) {
    // Laid out here: a canvas in the flow would grow with its own pixels until the style sheet is there.
    this.canvas = el("canvas", { "aria-hidden": "true", style: "position: absolute; inset: 0; width: 100%; height: 100%" });
    // An input, because ComfyUI takes Ctrl+Z for itself everywhere else.
    this.input = el("input", {
      class: "ta-keys", readonly: true, role: "application", "aria-roledescription": tr("timeline"), inputmode: "none",
      "aria-label": tr("Timeline of visemes. Tab goes to the next item, arrows move it, Enter opens it, C shuts the lips, space plays."),
      onkeydown: (event) => onKey(this, event), onfocus: () => this.redraw(), onblur: () => this.redraw(),
    });
    this.window = el("div", { class: "ta-window", popover: "manual", onkeydown: (event) => this.#windowKey(event) });
    this.stage = el("div", { class: "ta-timeline-stage", "data-capture-wheel": "true" }, this.canvas, this.input, this.window);
    this.status = el("span", { class: "ta-grow ta-status", role: "status", "aria-live": "polite" });
    this.list = el("div", { class: "ta-list", hidden: true });
    this.hint = el("p", { class: "ta-hint" });
    const tools = toolbar(this, onLarge);
    Object.assign(this, { buttons: tools.buttons, time: tools.time });
    this.body = el("div", { class: "ta-timeline-body" }, tools.element, this.stage, el("div", { class: "ta-row" }, this.status), this.list);
    this.element = el("div", { class: "ta-timeline" }, this.hint, this.body);
  }

  /** Show a sentence in place of the lanes. */
  say(text, role = "note") {
    this.hint.textContent = text;
    this.hint.setAttribute("role", role);
    this.hint.hidden = false;
    this.body.hidden = true;
  }

  /** Show a button in place of the lanes. */
  offer(text, run) {
    this.say("");
    this.hint.append(el("button", { class: "ta-button", type: "button", onclick: run }, text));
  }

  get empty() { return this.body.hidden; }

  /** Show what the node has left, and play its sound (an address, or null). */
  show(data, soundUrl) {
    const first = !this.model.data || this.model.data.duration_s !== data.duration_s;
    this.model.load(data);
    this.axis.duration_s = data.duration_s;
    this.player.load(soundUrl, data.duration_s);
    if (first) Object.assign(this, { selection: null, range: null, cursor_s: 0 });
    else this.player.seek(this.cursor_s);
    this.player.range = this.range;
    this.hint.hidden = true;
    this.body.hidden = false;
    if (first) this.#begin();
    this.act(() => {});
  }

  /** Show the first sounds so near that they can be read. */
  #begin() {
    const first = this.model.shown.cells.find((cell) => cell.viseme !== "sil");
    const start_s = Math.max(0, (first?.start_s ?? 0) - 0.2);
    this.axis.show(start_s, start_s + (this.stage.clientWidth - GUTTER_PX || 400) / READ_PX);
  }

  /** Take the patch that the workflow holds. */
  setText(text) {
    if (text === this.model.text) return;
    this.model.setText(text);
    this.act(() => {});
  }

  /** Stop everything. */
  dispose() {
    clearInterval(this.looking);
    cancelAnimationFrame(this.frame);
    for (const end of this.endings) end();
    this.player.dispose();
  }

  /** Do something to the model; what was chosen stays chosen where it is still there. */
  act(change, selection = this.#place()) {
    change();
    this.#choose(selection);
    this.tell();
    this.redraw();
  }

  #place() {
    const { selection, model: { shown } } = this;
    if (selection?.kind === "key") return { kind: "key", edit: shown.keyframes[selection.index]?.edit };
    const cell = selection && shown.cells[selection.index];
    return cell ? { kind: selection.kind, time_s: selection.kind === "border" ? cell.end_s : 0.5 * (cell.start_s + cell.end_s) } : null;
  }

  /** Choose the item at a place: {kind, time_s}, {kind: "key", edit}, or null. */
  #choose(place) {
    const { cells, keyframes } = this.model.shown;
    let index = -1;
    if (place?.kind === "key") index = keyframes.findIndex((key) => key.edit === place.edit);
    else if (place?.kind === "cell") index = cellAt(cells, place.time_s);
    else if (place?.kind === "border") index = cells.slice(0, -1).findIndex((cell) => Math.abs(cell.end_s - place.time_s) < 1e-3);
    this.selection = index < 0 ? null : { kind: place.kind, index };
  }

  /** Choose an item: {kind, index} or null. */
  select(selection) {
    this.selection = selection;
    this.closeWindow();
    this.tell();
    this.redraw();
  }

  /** The chosen item's place in time, in seconds. */
  timeOf({ kind, index }) {
    const { cells, keyframes } = this.model.shown;
    if (kind === "key") return keyframes[index].time_s;
    return kind === "border" ? cells[index].end_s : cells[index].start_s;
  }

  seek(time_s) {
    this.player.seek(Math.min(Math.max(time_s, 0), this.axis.duration_s));
  }

  #tick(time_s) {
    this.cursor_s = time_s;
    if (this.player.playing && (time_s > this.axis.end_s || time_s < this.axis.start_s)) {
      this.axis.show(time_s - 0.1 * this.axis.span_s, time_s + 0.9 * this.axis.span_s);
    }
    const { play } = this.buttons;
    play.textContent = this.player.playing ? "\u23f8" : "\u25b6";
    play.setAttribute("aria-pressed", String(this.player.playing));
    this.onLook?.(time_s);
    this.redraw();
  }

  togglePlay() {
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  /** Loop the marked stretch, or the surroundings of the chosen viseme, or all. */
  toggleLoop() {
    const on = !this.player.loop;
    if (on && !this.range && this.selection?.kind === "cell") {
      const { start_s, end_s } = this.model.shown.cells[this.selection.index];
      this.setRange([Math.max(0, start_s - BESIDE_S), Math.min(this.axis.duration_s, end_s + BESIDE_S)]);
    }
    this.player.loop = on;
    this.buttons.loop.setAttribute("aria-pressed", String(on));
    if (!on) this.setRange(null);
  }

  setRange(range) {
    this.range = range;
    this.player.range = range;
    this.redraw();
  }

  zoom(factor, x = this.axis.x(Math.min(Math.max(this.cursor_s, this.axis.start_s), this.axis.end_s))) {
    this.axis.zoom(factor, x);
    this.closeWindow();
    this.redraw();
  }

  fit() {
    this.axis.fit();
    this.closeWindow();
    this.redraw();
  }

  /** Shut the lips at the cursor; in a chosen viseme, the other way round where they touch. */
  toggleShut() {
    const chosen = this.selection?.kind === "cell" ? this.selection.index : -1;
    if (chosen >= 0 && this.model.shown.cells[chosen].shut) {
      this.act(() => this.model.open(chosen));
      return;
    }
    const cell = this.model.shown.cells[chosen], middle_s = cell && 0.5 * (cell.start_s + cell.end_s);
    const inside = !cell || (this.cursor_s >= cell.start_s && this.cursor_s <= cell.end_s);
    const time_s = inside ? this.cursor_s : middle_s;
    this.act(() => this.model.close(time_s), { kind: "cell", time_s });
  }

  /** Ask for a viseme and put it in at the cursor. */
  insert() {
    const time_s = this.cursor_s;
    this.openWindow(time_s, visemePalette({
      onViseme: (viseme) => { this.closeWindow(true); this.act(() => this.model.insert(time_s, viseme), { kind: "cell", time_s }); },
    }));
  }

  addKey(time_s) {
    let index = -1;
    this.act(() => { index = this.model.addKey(time_s, "happy"); }, null);
    this.select({ kind: "key", index });
    this.open();
  }

  remove() {
    const { selection, model } = this;
    if (selection?.kind === "cell") this.act(() => model.remove(selection.index));
    if (selection?.kind === "key") this.act(() => model.drop(model.shown.keyframes[selection.index].edit), null);
    this.closeWindow(true);
  }

  /** Open the window of the chosen item. */
  open() {
    const { selection, model } = this;
    if (selection?.kind === "cell") this.#openViseme(selection.index);
    if (selection?.kind === "key") this.#openMood(model.shown.keyframes[selection.index]);
  }

  #openViseme(index) {
    const cell = this.model.shown.cells[index];
    const change = (viseme, sound) => { this.closeWindow(true); this.act(() => this.model.change(index, viseme, sound)); };
    this.openWindow(0.5 * (cell.start_s + cell.end_s), visemePalette({
      viseme: cell.viseme, ipa: cell.ipa, onViseme: (viseme) => change(viseme), onSound: (sound) => change(cell.viseme, sound),
    }));
  }

  #openMood(key) {
    const onChange = (changes, done) => this.act(() => {
      this.model.preview(this.model.withKey(this.selection.index, changes));
      if (done) this.model.commit();
    });
    this.openWindow(key.time_s, moodPalette({ ...key, onChange, onDelete: () => this.remove() }), "emotion");
  }

  openWindow(time_s, content, lane = "visemes") {
    this.closeWindow();
    this.window.replaceChildren(content);
    this.window.showPopover();
    this.#putWindow(time_s, this.lanes[lane]);
    this.window.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  /** Below its lane where the page has room, else above it. */
  #putWindow(time_s, { top, height }) {
    const box = this.stage.getBoundingClientRect(), scale = box.width / this.stage.offsetWidth;
    const { offsetWidth, offsetHeight } = this.window, below = box.top + (top + height + 6) * scale;
    const left = Math.min(Math.max(box.left + this.axis.x(time_s) * scale - offsetWidth / 2, 4), innerWidth - offsetWidth - 4);
    const above = Math.max(4, box.top + (top - 6) * scale - offsetHeight);
    Object.assign(this.window.style, { left: `${left}px`, top: `${below + offsetHeight < innerHeight ? below : above}px` });
  }

  closeWindow(back = false) {
    if (!this.window.isConnected || !this.window.matches(":popover-open")) return;
    this.window.hidePopover();
    this.window.replaceChildren();
    if (back) this.input.focus({ preventScroll: true });
  }

  #windowKey(event) {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.closeWindow(true);
  }

  toggleList() {
    this.list.hidden = !this.list.hidden;
    this.buttons.edits.setAttribute("aria-expanded", String(!this.list.hidden));
    this.onList?.(!this.list.hidden);
    this.tell();
  }

  #show(number) {
    const { start_s, end_s } = placeOf(this.model.edits[number]);
    this.axis.reveal(end_s);
    this.axis.reveal(start_s);
    this.seek(start_s);
  }

  /** Say what is chosen, what can be done, and what is edited. */
  tell() {
    const { model, selection, buttons } = this, stale = model.shown.stale.length;
    const alone = model.problem || (stale ? tr("{stale} of {all} edits do not match any more: see the list.", { stale, all: model.edits.length }) : "");
    this.status.textContent = [alone, this.#chosen(selection)].filter(Boolean).join("  ")
      || (model.fresh ? tr("Wheel zooms, drag pans, click a viseme to change it.") : "");
    if (!model.fresh) this.status.textContent += `  ${tr("Run the graph to see the new movement.")}`;
    this.status.classList.toggle("ta-alarm", Boolean(alone));
    buttons.undo.disabled = !model.history.before.length;
    buttons.redo.disabled = !model.history.after.length;
    buttons.remove.disabled = !selection || selection.kind === "border";
    buttons.edits.textContent = model.edits.length ? tr("Edits {count}", { count: model.edits.length }) + (stale ? " (!)" : "") : tr("Edits");
    if (this.list.hidden) return;
    this.list.replaceChildren(editList(model, {
      onShow: (number) => this.#show(number), onDrop: (number) => this.act(() => model.drop(number)),
      onAgain: (number) => this.act(() => model.again(number)), onClear: () => this.act(() => model.clear(), null),
      onFit: () => this.act(() => model.fit(), null), goals: this.goals(),
    }));
  }

  #chosen(selection) {
    const { cells, keyframes } = this.model.shown;
    if (!selection) return "";
    const item = selection.kind === "key" ? keyframes[selection.index] : cells[selection.index];
    if (!item) return "";
    if (selection.kind === "key") return tr("Mood {emotion} {strength} from {time} s.", { emotion: tr(item.emotion), strength: item.strength, time: clock(item.time_s) });
    if (selection.kind === "border") return tr("Border {left} | {right} at {time} s.", { left: item.viseme, right: cells[selection.index + 1].viseme, time: clock(item.end_s) });
    const length = Math.round(1000 * (item.end_s - item.start_s));
    return `${item.viseme} (${tr(EXAMPLES[item.viseme])}), ${clock(item.start_s)} s, ${length} ms`
      + `${item.shut ? `, ${tr("lips touch")}` : ""}${item.phone < 0 ? `, ${tr("edited")}` : ""}.`;
  }

  /** Draw at the next picture. */
  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.#draw(); });
  }

  #ratio() {
    const wide = this.stage.offsetWidth;
    return wide ? Math.min(RATIO_MAX, (devicePixelRatio * this.stage.getBoundingClientRect().width) / wide) : 0;
  }

  #draw() {
    const { model, axis, canvas } = this, width = this.stage.clientWidth, height_px = this.stage.clientHeight;
    this.ratio = this.#ratio();
    if (!model.data || !width || !height_px || !this.ratio) return;
    axis.width_px = width;
    this.lanes = layOut(height_px, { words: model.data.words.length > 0, phones: model.shown.phones.length > 0 });
    const sizes = [Math.round(width * this.ratio), Math.round(height_px * this.ratio)];
    if (canvas.width !== sizes[0]) [canvas.width] = sizes;
    if (canvas.height !== sizes[1]) [, canvas.height] = sizes;
    if (this.seen && this.seen !== model.shown) this.onLook?.(this.cursor_s);
    this.seen = model.shown;
    const ctx = canvas.getContext("2d");
    ctx.setTransform(sizes[0] / width, 0, 0, sizes[1] / height_px, 0, 0);
    draw({ ...this, ctx, height_px, data: model.data, shown: model.shown, expected: model.expected, theme: themeOf(this.stage), ghosts: this.#ghosts() });
    this.time.firstChild.textContent = clock(this.cursor_s);
    this.time.lastChild.textContent = ` / ${clock(axis.duration_s)} s`;
  }

  #ghosts() {
    const { edits, shown } = this.model;
    return shown.stale.map((number) => placeOf(edits[number]));
  }

  /** What pointer and keys need to find things. */
  get scene() {
    return { axis: this.axis, lanes: this.lanes, shown: this.model.shown };
  }
}

function themeOf(element) {
  const style = getComputedStyle(element), of = (name) => style.getPropertyValue(name).trim();
  return { ground: of("--ta-lane"), raised: of("--ta-raised"), text: of("--ta-text"), faint: of("--ta-faint"), accent: of("--ta-edited"), cursor: of("--ta-cursor") };
}
