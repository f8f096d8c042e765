// The patch of a timeline's edits: pipeline_core/speech/edits.py and cells.py say what each means, and a test compares.

import { tr } from "../words.js";
import { DEFAULT_SOUND, SOUNDS } from "./sounds.js";

export const TOLERANCE_S = 0.04;
export const MIN_S = 0.01;
export const SHORTEST_S = 0.02;
export const EDITED = -1;
const OPEN_BILABIAL = "β";
const SLACK_S = 1e-6;
const OPERATIONS = { change, delete: remove, insert, close, open, border };

/** A cell of the visemes' lane from the list that Python writes. */
export function readCell([viseme, start_s, end_s, weight, ipa, phone, ...shut]) {
  return { viseme, start_s, end_s, weight, ipa, phone, shut: shut.length === 2 ? shut : null };
}

/** The edits of a patch; throws an Error with a sentence where the text is none. */
export function readPatch(text) {
  if (!text?.trim()) return [];
  let data = null;
  try {
    data = JSON.parse(text);
  } catch {
    // Said below, as for JSON of another kind.
  }
  const known = (edit) => edit && (edit.op === "emotion" || Object.hasOwn(OPERATIONS, edit.op));
  if (data?.version !== 1 || !Array.isArray(data.edits) || !data.edits.every(known)) {
    throw new Error(tr("The edits kept in this node cannot be read."));
  }
  return data.edits;
}

/** The text of a patch; empty without edits. */
export function writePatch(edits) {
  return edits.length ? JSON.stringify({ version: 1, edits }) : "";
}

/**
 * Carry edits out, in order.
 * @param {{cells: object[], phones: Array, duration_s: number}} found what the analysis found
 * @returns {{cells, phones, keyframes, stale}} lanes; each edited cell names its `edit`; `stale` are places in the patch
 */
export function applyEdits(found, edits) {
  let cells = found.cells;
  const keyframes = [], stale = [];
  edits.forEach((edit, number) => {
    if (edit.op === "emotion") {
      if (edit.time_s > found.duration_s) stale.push(number);
      else keyframes.push({ ...edit, edit: number });
      return;
    }
    const next = OPERATIONS[edit.op](cells, edit);
    if (!next) stale.push(number);
    else cells = marked(next, number);
  });
  keyframes.sort((a, b) => a.time_s - b.time_s);
  return { cells, phones: phonesOf(found, cells), keyframes, stale };
}

/** The same cells, those that this edit made saying so. */
function marked(cells, number) {
  return cells.map((cell) => (cell.phone === EDITED && cell.edit === undefined ? { ...cell, edit: number } : cell));
}

function phonesOf(found, cells) {
  const whole = new Map(), out = [];
  for (const { phone } of found.cells) whole.set(phone, (whole.get(phone) ?? 0) + 1);
  if (!found.phones.length) return out;
  for (let at = 0; at < cells.length;) {
    let end = at;
    while (end < cells.length && cells[end].phone === cells[at].phone) end++;
    const parts = cells.slice(at, end), { phone } = cells[at];
    if (phone !== EDITED && parts.length === whole.get(phone)) out.push(found.phones[phone]);
    else out.push(...parts.map((cell) => [cell.ipa, cell.start_s, cell.end_s]));
    at = end;
  }
  return out;
}

/** Whether the lips touch in a sound. */
export function shuts(ipa) {
  return Boolean(SOUNDS[ipa]?.[2]);
}

function sounding(ipa, start_s, end_s) {
  const [viseme, weight] = SOUNDS[ipa] ?? ["sil", 1];
  return { viseme, ipa, start_s, end_s, weight, phone: EDITED, shut: shuts(ipa) ? [start_s, end_s] : null };
}

function edited(cell, changes) {
  return { ...cell, ...changes, phone: EDITED, edit: undefined };
}

function clipped(cell, start_s, end_s) {
  let { shut } = cell;
  if (shut) {
    const low = Math.max(shut[0], start_s), high = Math.min(shut[1], end_s);
    shut = high > low ? [low, high] : shuts(cell.ipa) ? [start_s, end_s] : null;
  }
  return edited(cell, { start_s, end_s, shut });
}

function stretched(cell, start_s, end_s) {
  const factor = (end_s - start_s) / (cell.end_s - cell.start_s);
  const shut = cell.shut && cell.shut.map((time_s) => start_s + (time_s - cell.start_s) * factor);
  return edited(cell, { start_s, end_s, shut });
}

function painted(cells, fresh) {
  const borders = [cells[0].start_s, ...cells.map((cell) => cell.end_s)];
  const near = (time_s) => (border) => Math.abs(border - time_s) < MIN_S;
  const start_s = borders.slice(0, -1).find(near(fresh.start_s)) ?? fresh.start_s;
  const end_s = borders.filter((border) => border > start_s + MIN_S).find(near(fresh.end_s)) ?? fresh.end_s;
  return cells.flatMap((cell) => {
    if (cell.end_s <= start_s || cell.start_s >= end_s) return [cell];
    const out = [];
    if (cell.start_s < start_s) out.push(clipped(cell, cell.start_s, start_s));
    if (cell.start_s <= start_s && start_s < cell.end_s) out.push(stretched(fresh, start_s, end_s));
    if (cell.end_s > end_s) out.push(clipped(cell, end_s, cell.end_s));
    return out;
  });
}

/** Which item is nearest to what an edit replaced, or -1. */
function nearest(distances) {
  const best = distances.reduce((found, distance, at) => (distance < distances[found] ? at : found), 0);
  return distances.length && distances[best] <= TOLERANCE_S + SLACK_S ? best : -1;
}

function find(cells, was) {
  return nearest(cells.map((cell) => (cell.viseme === was.viseme
    ? Math.max(Math.abs(cell.start_s - was.start_s), Math.abs(cell.end_s - was.end_s)) : Infinity)));
}

function fresh(edit, start_s, end_s) {
  return sounding(edit.phone ?? DEFAULT_SOUND[edit.viseme], start_s, end_s);
}

function change(cells, edit) {
  const at = find(cells, edit.was);
  return at < 0 ? null : cells.with(at, fresh(edit, cells[at].start_s, cells[at].end_s));
}

function remove(cells, edit) {
  const at = find(cells, edit.was), last = cells.length - 1;
  if (at < 0) return null;
  const gone = cells[at];
  if (!last) return [sounding("", gone.start_s, gone.end_s)];
  const meet_s = at === 0 ? gone.start_s : at === last ? gone.end_s : 0.5 * (gone.start_s + gone.end_s);
  const before = at ? [edited(cells[at - 1], { end_s: meet_s })] : [];
  const after = at < last ? [edited(cells[at + 1], { start_s: meet_s })] : [];
  return [...cells.slice(0, Math.max(0, at - 1)), ...before, ...after, ...cells.slice(at + 2)];
}

function insert(cells, edit) {
  return put(cells, edit, fresh(edit, edit.start_s, edit.end_s));
}

function close(cells, edit) {
  const met = cells.map((cell) => cell.shut)
    .filter((shut) => shut && shut[0] <= edit.end_s + MIN_S && shut[1] >= edit.start_s - MIN_S);
  const start_s = Math.min(edit.start_s, ...met.map((shut) => shut[0]));
  const end_s = Math.max(edit.end_s, ...met.map((shut) => shut[1]));
  return put(cells, edit, sounding(DEFAULT_SOUND.PP, start_s, end_s));
}

function put(cells, edit, made) {
  if (find(cells, edit.was) < 0) return null;
  const end_s = Math.min(made.end_s, cells.at(-1).end_s);
  return end_s - made.start_s < SHORTEST_S - 1e-9 ? null : painted(cells, stretched(made, made.start_s, end_s));
}

function open(cells, edit) {
  const at = find(cells, edit.was);
  if (at < 0) return null;
  const { ipa, weight } = cells[at];
  const apart = shuts(ipa) ? { ipa: OPEN_BILABIAL, weight: SOUNDS[OPEN_BILABIAL][1] } : { ipa, weight };
  return cells.with(at, edited(cells[at], { ...apart, shut: null }));
}

function border(cells, edit) {
  const at = nearest(cells.slice(0, -1).map((cell, k) => (cell.viseme === edit.left && cells[k + 1].viseme === edit.right
    ? Math.abs(cell.end_s - edit.was_s) : Infinity)));
  if (at < 0) return null;
  const left = cells[at], right = cells[at + 1];
  const time_s = Math.max(left.start_s + MIN_S, Math.min(right.end_s - MIN_S, edit.time_s));
  if (!(left.start_s < time_s && time_s < right.end_s)) return null;
  return [...cells.slice(0, at), stretched(left, left.start_s, time_s), stretched(right, time_s, right.end_s),
    ...cells.slice(at + 2)];
}
