// The edits of one timeline: what a person does becomes a patch, and the patch becomes lanes.

import { History } from "../expression/history.js";
import { tr } from "../words.js";
import { clock } from "./axis.js";
import { carried } from "./carry.js";
import { Curves } from "./curves.js";
import { cellAt } from "./lanes.js";
import { Mouth } from "./mouth.js";
import { applyEdits, readPatch, SHORTEST_S, writePatch } from "./patch.js";

const CLOSURE_S = 0.08; // a usual p, b or m
const NEW_S = 0.08; // a usual sound
const SAME_S = 0.0005;

const asText = (edit) => JSON.stringify(edit);
const round = (time_s) => Math.round(time_s * 1e4) / 1e4;
const wasOf = ({ viseme, start_s, end_s }) => ({ viseme, start_s: round(start_s), end_s: round(end_s) });

export class Model {
  #curves = null;

  /** @param {(text: string) => void} onText called with the patch after each finished change */
  constructor(onText) {
    // `fitted`: the visemes of an earlier run on which all edits matched, and those edits.
    Object.assign(this, { onText, data: null, fitted: null, edits: [], problem: "", history: new History("") });
    this.#refresh();
  }

  /** Take what the node has left (or null). */
  load(data) {
    if (this.data && data && !this.shown.stale.length) this.fitted = { cells: this.data.base.cells, edits: new Set(this.edits.map(asText)) };
    this.data = data;
    this.run = data && normal(data.edits);
    this.#refresh();
  }

  /** Take the patch that the workflow holds; what could be undone is forgotten if it is another one. */
  setText(text) {
    if (text === this.history.now) return;
    this.history.reset(text);
    this.#read(text);
  }

  get text() { return this.history.now; }

  /** Whether the lanes are those of the last run. */
  get fresh() { return !this.data || this.run === normal(this.text); }

  /** Jaw and lips of what is shown, or null where the last run has made them. */
  get expected() {
    if (!this.data || writePatch(this.edits) === this.run) return null;
    if (this.#curves?.of !== this.shown) this.#curves = { of: this.shown, made: new Curves(this.data, this.shown) };
    return this.#curves.made;
  }

  /** The whole mouth of the last run and that of what is shown, or null where they are the same: {rules, run, now}. */
  get mouths() {
    const expected = this.expected, { rules } = this.data ?? {};
    if (!expected) return null;
    this.#curves.mouths ??= {
      rules, run: new Mouth(this.data, this.data.edited ?? this.data.base, rules.channels), now: new Mouth(this.data, this.shown, rules.channels),
    };
    return this.#curves.mouths;
  }

  undo() { return this.history.undo() && this.#restore(); }

  redo() { return this.history.redo() && this.#restore(); }

  #restore() {
    this.#read(this.history.now);
    this.onText(this.history.now);
    return true;
  }

  #read(text) {
    this.problem = "";
    try {
      this.edits = readPatch(text);
    } catch (error) {
      Object.assign(this, { edits: [], problem: error.message });
    }
    this.#refresh();
  }

  #refresh() {
    if (!this.data) {
      this.shown = { cells: [], phones: [], keyframes: [], stale: [] };
      return;
    }
    this.shown = applyEdits(this.data.base, this.edits);
    const { edited, stale } = this.data;
    if (!edited || writePatch(this.edits) !== this.run) return;
    const cells = edited.cells.map((cell, at) => ({ ...cell, edit: this.shown.cells[at]?.edit }));
    this.shown = { ...this.shown, cells, phones: edited.phones, stale };
  }

  /** Show other edits; they count once `commit` is called. */
  preview(edits) {
    this.edits = edits;
    this.#refresh();
  }

  /** Make what is shown the present state. */
  commit() {
    this.history.push(writePatch(this.edits));
    this.onText(this.history.now);
  }

  #set(edits) {
    this.preview(edits);
    this.commit();
  }

  /** Edits with one in place of another, if all others still match; else with a further one. */
  #instead(number, replacement, further) {
    if (number >= 0) {
      const tried = replacement ? this.edits.with(number, replacement) : this.edits.toSpliced(number, 1);
      if (applyEdits(this.data.base, tried).stale.length <= this.shown.stale.length) return tried;
    }
    return [...this.edits, further];
  }

  /** Show another viseme, and if wanted a certain sound of it. */
  change(index, viseme, phone) {
    const cell = this.shown.cells[index], number = cell.edit ?? -1, made = this.edits[number];
    const what = phone === undefined ? { viseme } : { viseme, phone };
    const again = made?.op === "change" || made?.op === "insert" ? { ...without(made, "phone"), ...what } : null;
    const undone = made?.op === "change" && made.was.viseme === viseme && phone === undefined;
    const further = { op: "change", was: wasOf(cell), ...what };
    this.#set(this.#instead(again ? number : -1, undone ? null : again, further));
  }

  /** Edits with the border behind a cell moved; show them with `preview`. */
  moved(index, time_s) {
    const left = this.shown.cells[index], right = this.shown.cells[index + 1];
    const number = this.edits.findLastIndex((edit) => edit.op === "border" && edit.left === left.viseme
      && edit.right === right.viseme && Math.abs(edit.time_s - left.end_s) < SAME_S);
    const made = this.edits[number], goal_s = round(Math.max(left.start_s + 0.01, Math.min(right.end_s - 0.01, time_s)));
    const back = made && Math.abs(made.was_s - goal_s) < SAME_S;
    return this.#instead(number, back ? null : { ...made, time_s: goal_s },
      { op: "border", left: left.viseme, right: right.viseme, was_s: round(left.end_s), time_s: goal_s });
  }

  /** Take a viseme away: its neighbours meet. */
  remove(index) {
    this.#set([...this.edits, { op: "delete", was: wasOf(this.shown.cells[index]) }]);
  }

  /** Put a viseme around a time; returns where it is. */
  insert(time_s, viseme) {
    const [start_s, end_s] = this.#around(time_s, NEW_S);
    this.#set([...this.edits, { op: "insert", was: this.#under(time_s), viseme, start_s, end_s }]);
    return 0.5 * (start_s + end_s);
  }

  /** Shut the lips around a time. */
  close(time_s) {
    const [start_s, end_s] = this.#around(time_s, CLOSURE_S);
    this.#set([...this.edits, { op: "close", was: this.#under(time_s), start_s, end_s }]);
  }

  /** Keep the lips apart in a viseme. */
  open(index) {
    const cell = this.shown.cells[index], number = cell.edit ?? -1;
    const forced = this.edits[number]?.op === "close" ? number : -1;
    this.#set(this.#instead(forced, null, { op: "open", was: wasOf(cell) }));
  }

  #around(time_s, length_s) {
    const end_s = Math.min(this.data.duration_s, Math.max(time_s + length_s / 2, SHORTEST_S));
    return [round(Math.max(0, Math.min(time_s - length_s / 2, end_s - SHORTEST_S))), round(end_s)];
  }

  #under(time_s) {
    return wasOf(this.shown.cells[cellAt(this.shown.cells, time_s)]);
  }

  /** Add a mood from a time on; returns its place among the keyframes. */
  addKey(time_s, emotion, strength = 1) {
    this.#set([...this.edits, { op: "emotion", time_s: round(time_s), emotion, strength }]);
    return this.shown.keyframes.findIndex((key) => key.edit === this.edits.length - 1);
  }

  /** Edits with a keyframe changed; show them with `preview`. */
  withKey(index, changes) {
    const { edit } = this.shown.keyframes[index], time_s = changes.time_s ?? this.edits[edit].time_s;
    const kept_s = round(Math.min(Math.max(time_s, 0), this.data.duration_s));
    return this.edits.with(edit, { ...this.edits[edit], ...changes, time_s: kept_s });
  }

  /** Take an edit out of the patch. */
  drop(number) {
    this.#set(this.edits.toSpliced(number, 1));
  }

  /** Take all edits out. */
  clear() {
    this.#set([]);
  }

  /** Bring edits that were made on another row of cells; they come last. */
  bring(cells, edits) {
    this.#set([...this.edits, ...carried(cells, this.data.base.cells, edits)]);
  }

  /** Place the edits of the earlier sound anew, after it has changed; those made or placed since stay. */
  fit() {
    const { cells, edits } = this.fitted, moved = carried(cells, this.data.base.cells, this.edits);
    this.#set(this.edits.map((edit, number) => (edits.has(asText(edit)) ? moved[number] : edit)));
  }

  /** Carry an edit out on what is there now in place of what it replaced. */
  again(number) {
    const edit = this.edits[number], rest = this.edits.toSpliced(number, 1), { cells } = this.shown;
    if (edit.op === "emotion") this.#set([...rest, { ...edit, time_s: round(this.data.duration_s) }]);
    else if (edit.op === "border") {
      const at = nearestBorder(cells, edit.was_s);
      this.#set([...rest, { ...edit, left: cells[at].viseme, right: cells[at + 1].viseme, was_s: round(cells[at].end_s) }]);
    } else {
      const { start_s, end_s } = placeOf(edit);
      this.#set([...rest, { ...edit, was: this.#under(Math.min(0.5 * (start_s + end_s), this.data.duration_s)) }]);
    }
  }
}

/** The text of a patch as this page writes it; other texts stay as they are. */
function normal(text) {
  try {
    return writePatch(readPatch(text));
  } catch {
    return text;
  }
}

function without(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}

function nearestBorder(cells, time_s) {
  return cells.slice(0, -1).reduce((best, cell, at) => (Math.abs(cell.end_s - time_s) < Math.abs(cells[best].end_s - time_s) ? at : best), 0);
}

/** The stretch of time that an edit is about. */
export function placeOf(edit) {
  if (edit.op === "border") return { start_s: Math.min(edit.was_s, edit.time_s), end_s: Math.max(edit.was_s, edit.time_s) };
  if (edit.op === "emotion") return { start_s: edit.time_s, end_s: edit.time_s };
  return { start_s: edit.start_s ?? edit.was.start_s, end_s: edit.end_s ?? edit.was.end_s };
}

/** An edit in a few words. */
export function describe(edit) {
  const at = `${clock(placeOf(edit).start_s)} s`;
  switch (edit.op) {
    case "change": return `${at}: ${tr("{was} becomes {viseme}", { was: edit.was.viseme, viseme: edit.viseme })}${edit.phone ? ` (${edit.phone})` : ""}`;
    case "delete": return `${at}: ${tr("{viseme} taken away", { viseme: edit.was.viseme })}`;
    case "insert": return `${at}: ${tr("{viseme} put in", { viseme: edit.viseme })}`;
    case "close": return `${at}: ${tr("lips shut for {count} ms", { count: Math.round(1000 * (edit.end_s - edit.start_s)) })}`;
    case "open": return `${at}: ${tr("lips stay apart")}`;
    case "border": return `${clock(edit.was_s)} s: ${tr("border {left} | {right} to {time} s", { left: edit.left, right: edit.right, time: clock(edit.time_s) })}`;
    default: return `${at}: ${tr(edit.emotion)} ${edit.strength}`;
  }
}
