// Edits go from one sound to another that says the same: each finds its place again among the same visemes.

import { firstAfter } from "./data.js";
import { SHORTEST_S } from "./patch.js";

const SAME = 2, OTHER = -1, MISSING = -1; // an alignment of two rows of visemes counts these
const BAND = 250; // visemes that two ways of speaking may be apart; a pause is one
const PROBE_S = 1e-3;

const round = (time_s) => Math.round(Math.max(0, time_s) * 1e4) / 1e4;

/**
 * Edits that were made on one row of cells, for another row.
 * What has no counterpart keeps its viseme, and will not match: it waits in the list.
 */
export function carried(from, to, edits) {
  const pairs = aligned(from, to), time = (time_s, atEnd) => mapped(pairs, time_s, atEnd);
  const span = ({ start_s, end_s }) => ({ start_s: time(start_s, false), end_s: time(end_s, true) });
  const under = (was) => pairs.find(([a]) => a.viseme === was.viseme && Math.abs(a.start_s - was.start_s) < PROBE_S)?.[1];
  return edits.map((edit) => {
    switch (edit.op) {
      case "emotion": return { ...edit, time_s: time(edit.time_s, false) };
      case "border": return { ...edit, was_s: time(edit.was_s, true), time_s: time(edit.time_s, true) };
      case "insert": case "close": {
        // What is put in does not ask for the viseme that was there.
        const cell = under(edit.was), was = cell ? { viseme: cell.viseme, start_s: round(cell.start_s), end_s: round(cell.end_s) } : { ...edit.was, ...span(edit.was) };
        return { ...edit, was, ...longEnough(span(edit)) };
      }
      default: return { ...edit, was: { ...edit.was, ...span(edit.was) } };
    }
  });
}

function longEnough({ start_s, end_s }) {
  return { start_s, end_s: Math.max(end_s, round(start_s + SHORTEST_S)) };
}

/** Where a time goes; a border may become two times, of which the end of the left or the start of the right is meant. */
function mapped(pairs, time_s, atEnd) {
  const at = firstAfter(pairs, ([a]) => a.end_s, time_s + (atEnd ? -PROBE_S : PROBE_S)), before = pairs[at - 1], pair = pairs[at];
  const inside = pair && pair[0].start_s <= time_s + PROBE_S;
  const [x0, y0] = inside ? [pair[0].start_s, pair[1].start_s] : before ? [before[0].end_s, before[1].end_s] : [0, 0];
  const [x1, y1] = inside ? [pair[0].end_s, pair[1].end_s] : pair ? [pair[0].start_s, pair[1].start_s] : [x0 + 1, y0 + 1];
  const share = Math.min(Math.max((time_s - x0) / Math.max(x1 - x0, 1e-6), 0), pair ? 1 : Infinity);
  return round(y0 + share * (y1 - y0));
}

/** Pairs of cells of two rows that belong together (Needleman and Wunsch, 1970, near the diagonal). */
export function aligned(from, to) {
  const width = 2 * BAND + 1, rows = from.length, columns = to.length;
  const firstOf = (row) => Math.round((row * columns) / Math.max(rows, 1)) - BAND;
  const steps = new Uint8Array((rows + 1) * width); // 0 a pair, 1 only in the first row, 2 only in the second
  let above = new Float64Array(width).fill(-Infinity);
  for (let row = 0; row <= rows; row++) {
    const first = firstOf(row), shift = first - firstOf(row - 1), best = new Float64Array(width).fill(-Infinity);
    for (let place = 0; place < width; place++) {
      const column = first + place;
      if (column < 0 || column > columns) continue;
      if (!row && !column) best[place] = 0;
      const pair = row && column ? (above[place + shift - 1] ?? -Infinity) + (from[row - 1].viseme === to[column - 1].viseme ? SAME : OTHER) : -Infinity;
      const down = row ? (above[place + shift] ?? -Infinity) + MISSING : -Infinity, right = (best[place - 1] ?? -Infinity) + MISSING;
      const most = Math.max(pair, down, right);
      if (most > best[place]) [best[place], steps[row * width + place]] = [most, most === pair ? 0 : most === down ? 1 : 2];
    }
    above = best;
  }
  const pairs = [];
  for (let row = rows, column = columns; row && column;) {
    const step = steps[row * width + column - firstOf(row)];
    if (step === 0) pairs.push([from[row - 1], to[column - 1]]);
    if (step !== 2) row--;
    if (step !== 1) column--;
  }
  return pairs.reverse();
}
