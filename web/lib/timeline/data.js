// What a node leaves for its timeline (pipeline_core/timeline.py writes it).

import { tr } from "../words.js";
import { readCell } from "./patch.js";

/** Read the JSON; throws an Error with a sentence where it is none. */
export function readTimeline(json) {
  if (json?.version !== 1 || !(json.duration_s > 0) || !Array.isArray(json.base?.cells) || !json.rules) {
    throw new Error(tr("The timeline of this node cannot be read. Run the graph again."));
  }
  const { duration_s } = json;
  return {
    duration_s, source: json.source, words: json.words, edits: json.edits, stale: json.stale,
    base: { cells: json.base.cells.map(readCell), phones: json.base.phones, duration_s },
    edited: json.edited && { cells: json.edited.cells.map(readCell), phones: json.edited.phones },
    peaks: { rate_hz: json.peaks.rate_hz, low: signed(json.peaks.low), high: signed(json.peaks.high) },
    rules: { ...json.rules, targets: Object.fromEntries(json.rules.targets.flatMap(readTarget)) },
    given: json.keyframes.map(([time_s, emotion, strength]) => ({ time_s, emotion, strength })),
    energy: curve(json.energy), jaw: curve(json.jaw), closure: curve(json.closure),
  };
}

function curve({ rate_hz, full, data }) {
  return { rate_hz, full, values: bytes(data) };
}

function readTarget([names, values, dominance, vowel]) {
  return names.split(" ").map((name) => [name, { values, dominance, vowel }]);
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function signed(text) {
  return new Int8Array(bytes(text).buffer);
}

/** Place of the first of time-ordered items that ends after a time. */
export function firstAfter(items, endOf, time_s) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(items[middle]) <= time_s) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The items that are seen between two times. */
export function within(items, startOf, endOf, from_s, to_s) {
  const first = firstAfter(items, endOf, from_s);
  let last = first;
  while (last < items.length && startOf(items[last]) < to_s) last++;
  return items.slice(first, last);
}
