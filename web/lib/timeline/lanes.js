// Where the lanes of a timeline lie, and what lies under a point of it.

import { firstAfter } from "./data.js";

export const GUTTER_PX = 50;
const NEAR_PX = 6;
const GAP_PX = 2;
// name, height at least, share of what is left over
const LANES = [
  ["time", 18, 0], ["sound", 38, 3], ["words", 18, 0], ["phones", 18, 0], ["visemes", 34, 1], ["mouth", 38, 3], ["emotion", 24, 0],
  ["map", 12, 0],
];

/** Tops and heights of the lanes in a canvas. */
export function layOut(height_px, { words, phones }) {
  const shown = LANES.filter(([name]) => (name !== "words" || words) && (name !== "phones" || phones));
  const least = shown.reduce((sum, [, height]) => sum + height + GAP_PX, 0);
  const shares = shown.reduce((sum, [, , share]) => sum + share, 0);
  const spare = Math.max(0, height_px - least);
  const lanes = {};
  let top = 0;
  for (const [name, height, share] of shown) {
    lanes[name] = { top, height: Math.floor(height + (spare * share) / shares) };
    top += lanes[name].height + GAP_PX;
  }
  return lanes;
}

/** The name of the lane at a height. */
export function laneAt(lanes, y) {
  return Object.keys(lanes).find((name) => y >= lanes[name].top && y < lanes[name].top + lanes[name].height + GAP_PX) ?? null;
}

/** What lies under a point: {kind: "border" | "cell" | "key" | "stale", index} or {kind: "lane", lane}. */
export function hit(scene, x, y) {
  const { axis, lanes, shown } = scene, lane = laneAt(lanes, y), time_s = axis.time(x);
  if (lane === "visemes") {
    const border = nearestBorder(shown.cells, time_s);
    if (border >= 0 && Math.abs(axis.x(shown.cells[border].end_s) - x) <= reach(axis, shown.cells, border)) return { kind: "border", index: border };
    const index = cellAt(shown.cells, time_s);
    return index < 0 ? { kind: "lane", lane } : { kind: "cell", index };
  }
  if (lane === "emotion") {
    const index = nearestKey(shown.keyframes, time_s);
    if (index >= 0 && Math.abs(axis.x(shown.keyframes[index].time_s) - x) <= 2 * NEAR_PX) return { kind: "key", index };
  }
  return { kind: "lane", lane };
}

/** How near one has to be to a border: in narrow cells the middle stays free. */
function reach(axis, cells, border) {
  const widths = [cells[border], cells[border + 1]].map((cell) => axis.x(cell.end_s) - axis.x(cell.start_s));
  return Math.max(2, Math.min(NEAR_PX, 0.25 * Math.min(...widths)));
}

/** Place of the cell at a time, or -1. */
export function cellAt(cells, time_s) {
  if (!cells.length) return -1;
  return Math.min(firstAfter(cells, (cell) => cell.end_s, time_s), cells.length - 1);
}

function nearestBorder(cells, time_s) {
  const at = cellAt(cells, time_s);
  if (at < 0 || cells.length < 2) return -1;
  const left = at - 1, right = at;
  if (at === 0) return 0;
  if (at === cells.length - 1) return left;
  return time_s - cells[left].end_s < cells[right].end_s - time_s ? left : right;
}

function nearestKey(keyframes, time_s) {
  return keyframes.reduce((best, key, at) => (best < 0 || Math.abs(key.time_s - time_s) < Math.abs(keyframes[best].time_s - time_s) ? at : best), -1);
}
