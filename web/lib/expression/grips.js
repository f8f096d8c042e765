// Dragging on the face: which curves a pull at a place of the face moves.

import { copyKey, setValue, valueOf } from "./pose.js";

/* Ways: what a pull right, left, up or down (in the picture, at the person's left side) adds for each distance between
   the eyes. A full curve moves its place about a tenth to a quarter of that distance, so that the face follows the hand. */
const GRIPS = {
  brow: {
    up: { browOuterUp: 5, browInnerUp: 4 }, down: { browDown: 5 },
    inward: { browDown: 3, browInnerUp: 1.5 }, outward: { browOuterUp: 2 },
  },
  lid: { up: { eyeBlink: -6, eyeWide: 8 }, down: { eyeWide: -8, eyeBlink: 6 } },
  mouth: {
    up: { mouthFrown: -5, mouthSmile: 5, cheekSquint: 2 }, down: { mouthSmile: -5, cheekSquint: -2, mouthFrown: 5 },
    outward: { mouthPucker: -3, mouthStretch: 4 }, inward: { mouthStretch: -4, mouthPucker: 3 },
  },
  upperLip: { up: { mouthRollUpper: -6, mouthUpperUpLeft: 6, mouthUpperUpRight: 6 }, down: { mouthUpperUpLeft: -6, mouthUpperUpRight: -6, mouthRollUpper: 6 },
    right: { mouthRight: -3, mouthLeft: 3 }, left: { mouthLeft: -3, mouthRight: 3 } },
  lowerLip: { down: { mouthShrugLower: -6, mouthLowerDownLeft: 6, mouthLowerDownRight: 6 }, up: { mouthLowerDownLeft: -6, mouthLowerDownRight: -6, mouthShrugLower: 6 },
    right: { mouthRight: -3, mouthLeft: 3 }, left: { mouthLeft: -3, mouthRight: 3 } },
  jaw: { down: { jawOpen: 2.5 }, up: { jawOpen: -2.5 }, right: { jawRight: -3, jawLeft: 3 }, left: { jawLeft: -3, jawRight: 3 } },
  eye: { right: { "gaze_deg.0": 100 }, left: { "gaze_deg.0": -100 }, up: { "gaze_deg.1": 100 }, down: { "gaze_deg.1": -100 } },
  head: { right: { "head_deg.0": 30 }, left: { "head_deg.0": -30 }, up: { "head_deg.1": 30 }, down: { "head_deg.1": -30 } },
};
const TILT = { right: { "head_deg.2": 30 }, left: { "head_deg.2": -30 } };
const SIDED = /^(brow|lid|mouth)(Left|Right)$/;

/** What a place of the face is called, with what dragging it does. */
export const GRIP_TITLES = {
  browLeft: "left brow", browRight: "right brow", lidLeft: "left upper lid", lidRight: "right upper lid", eyeLeft: "gaze", eyeRight: "gaze",
  mouthLeft: "left corner of the mouth", mouthRight: "right corner of the mouth", upperLip: "upper lip", lowerLip: "lower lip",
  jaw: "jaw", head: "head; with Shift it tilts",
};

/**
 * The pose after a pull.
 * @param {object} start key when the pull began
 * @param {string} region as of Avatar.handles
 * @param {number} dx @param {number} dy pull in the picture, in distances between the eyes; y down
 * @param {{linked?: boolean, tilt?: boolean}} how whether the other side goes along; whether the head tilts
 */
export function pulled(start, region, dx, dy, { linked = false, tilt = false } = {}) {
  const key = copyKey(start), added = {};
  for (const [control, value] of changes(region, dx, dy, linked, tilt)) added[control] = Math.abs(value) > Math.abs(added[control] ?? 0) ? value : added[control];
  for (const [control, value] of Object.entries(added)) setValue(key, control, valueOf(start, control) + spared(start, added, control, value));
  return key;
}

/* What opposes a curve is taken off first: from closed to wide the lid opens before it widens. */
function spared(start, added, control, value) {
  if (value <= 0 || control.includes(".")) return value;
  const opposed = Object.entries(added).filter(([name, other]) => other < 0 && valueOf(start, name) > 0 && sideOf(name) === sideOf(control));
  const used = Math.max(0, ...opposed.map(([name, other]) => valueOf(start, name) / -other));
  return value * Math.max(0, 1 - used);
}

function sideOf(name) {
  return name.match(/(Left|Right)$/)?.[1] ?? "";
}

function changes(region, dx, dy, linked, tilt) {
  const [, kind, side] = region.match(SIDED) ?? [null, region.replace(/^eye(Left|Right)$/, "eye"), ""];
  if (!side) return ways(kind === "head" && tilt ? TILT : GRIPS[kind], dx, dy, "");
  const outward = side === "Left" ? dx : -dx; // the person's left is right in the picture
  const own = ways(GRIPS[kind], outward, dy, side);
  return linked ? [...own, ...ways(GRIPS[kind], outward, dy, side === "Left" ? "Right" : "Left")] : own;
}

function ways(grip, dx, dy, side) {
  const found = {};
  for (const [way, amount] of [["right", dx], ["left", -dx], ["outward", dx], ["inward", -dx], ["down", dy], ["up", -dy]])
    if (amount > 0) for (const [name, gain] of Object.entries(grip[way] ?? {})) found[nameOf(name, side)] = (found[nameOf(name, side)] ?? 0) + gain * amount;
  return Object.entries(found);
}

function nameOf(name, side) {
  return ["browInnerUp", "mouthPucker"].includes(name) ? name : name + side;
}
