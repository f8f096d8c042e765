// A pose and keys over time: the same file, limits and movement as pipeline_core/motion/expression_file.py (tests compare them).

import { NAMES, restMotion } from "../avatar/arkit.js";
import { tr } from "../words.js";

export const MARK = "talking_avatar_expression";
export const VERSION = 1;
export const MAX_KEYS = 200;
export const MAX_TIME_S = 600;
export const HEAD_MAX_DEG = 25;
export const GAZE_MAX_DEG = 25;
const LOOK_FULL_DEG = 30;
const INDEX = Object.fromEntries(NAMES.map((name, i) => [name, i]));
const DECIMALS = 1000; // finer than any slider

/** A face at rest at an instant. */
export function restKey(time_s = 0) {
  return { time_s, curves: {}, head_deg: [0, 0, 0], gaze_deg: [0, 0] };
}

/** A copy that shares nothing. */
export function copyKey(key, time_s = key.time_s) {
  return { time_s, curves: { ...key.curves }, head_deg: [...key.head_deg], gaze_deg: [...key.gaze_deg] };
}

/** Value of a control: a curve's name, or "head_deg.0" and the like. */
export function valueOf(key, control) {
  const [list, place] = control.split(".");
  return place === undefined ? key.curves[control] ?? 0 : key[list][place];
}

/** Set a control, cut to its range. */
export function setValue(key, control, value) {
  const [list, place] = control.split("."), { low, high } = rangeOf(control);
  const cut = Math.round(Math.min(Math.max(value, low), high) * DECIMALS) / DECIMALS || 0;
  if (place !== undefined) key[list][place] = cut;
  else if (cut) key.curves[control] = cut;
  else delete key.curves[control];
}

/** Lowest and highest value of a control. */
export function rangeOf(control) {
  if (!control.includes(".")) return { low: 0, high: 1, step: 0.01 };
  const high = control.startsWith("head") ? HEAD_MAX_DEG : GAZE_MAX_DEG;
  return { low: -high, high, step: 0.5 };
}

/** Whether nothing is posed. */
export function isRest(key) {
  return !Object.values(key.curves).some(Boolean) && ![...key.head_deg, ...key.gaze_deg].some(Boolean);
}

/** JSON of keys. */
export function writeKeys(keys) {
  return JSON.stringify({ [MARK]: VERSION, keys });
}

/** Text of keys for the workflow: "" for a face at rest. */
export function textOf(keys) {
  return keys.length === 1 && isRest(keys[0]) && keys[0].time_s === 0 ? "" : writeKeys(keys);
}

/** Keys of a text; throws an Error with a sentence for users where it is no expression. */
export function readKeys(text) {
  if (!text.trim()) return [restKey()];
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error(tr("This is no expression: it is not JSON."));
  }
  if (!Number.isInteger(found?.[MARK])) throw new Error(tr("This is no expression: it lacks the field {field}.", { field: `"${MARK}"` }));
  if (found[MARK] !== VERSION) throw new Error(tr("This expression has version {found}, this page reads {known}. Update Talking Avatar.", { found: found[MARK], known: VERSION }));
  const keys = found.keys;
  if (!Array.isArray(keys) || !keys.length || keys.length > MAX_KEYS) throw new Error(tr("An expression has 1 to {most} keys.", { most: MAX_KEYS }));
  const read = keys.map((entry, k) => readKey(entry, tr("Key {number}", { number: k + 1 })));
  const early = read.findIndex((key, k) => k && key.time_s <= read[k - 1].time_s);
  if (early > 0) throw new Error(tr("Key {number} is not after the key before it.", { number: early + 1 }));
  return read;
}

function readKey(entry, where) {
  const object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!object(entry) || !object(entry.curves ?? {})) throw new Error(tr("{where} cannot be read.", { where }));
  for (const [name, value] of Object.entries(entry.curves ?? {})) {
    if (!Object.hasOwn(INDEX, name)) throw new Error(tr("{where} has the curve {name}, which ARKit does not have.", { where, name: `"${name.slice(0, 40)}"` }));
    expectNumber(value, 0, 1, `${where}: ${name}`);
  }
  const lists = { head_deg: HEAD_MAX_DEG, gaze_deg: GAZE_MAX_DEG };
  const key = { ...restKey(entry.time_s ?? 0), curves: { ...entry.curves } };
  expectNumber(key.time_s, 0, MAX_TIME_S, `${where}: time_s`);
  for (const [name, most] of Object.entries(lists)) {
    const values = entry[name] ?? key[name];
    if (!Array.isArray(values) || values.length !== key[name].length) throw new Error(tr("{where}: {name} needs {count} angles.", { where, name, count: key[name].length }));
    values.forEach((value) => expectNumber(value, -most, most, `${where}: ${name}`));
    key[name] = [...values];
  }
  return key;
}

function expectNumber(value, low, high, what) {
  if (typeof value !== "number" || !(value >= low && value <= high)) throw new Error(tr("{what} is not a number from {low} to {high}.", { what, low, high }));
}

/** What the keys look like at an instant: each reached smoothly, the first and the last held. */
export function poseAt(keys, time_s) {
  const after = keys.findIndex((key) => key.time_s > time_s);
  if (after <= 0) return copyKey(keys[after === 0 ? 0 : keys.length - 1], time_s);
  const [a, b] = [keys[after - 1], keys[after]];
  const share = minimumJerk((time_s - a.time_s) / (b.time_s - a.time_s));
  const mixed = restKey(time_s), between = (from, to) => from + (to - from) * share;
  for (const name of new Set([...Object.keys(a.curves), ...Object.keys(b.curves)]))
    mixed.curves[name] = between(a.curves[name] ?? 0, b.curves[name] ?? 0);
  for (const list of ["head_deg", "gaze_deg"]) mixed[list] = a[list].map((value, i) => between(value, b[list][i]));
  return mixed;
}

/** The movement of least jerk, 0..1. */
function minimumJerk(x) {
  return x * x * x * (10 + x * (6 * x - 15));
}

/** The motion that the avatar draws; lids go with the eyes. */
export function motionOf(pose) {
  const motion = restMotion(), [right, up] = pose.gaze_deg.map((degrees) => degrees / LOOK_FULL_DEG);
  for (const [name, value] of Object.entries(pose.curves)) motion.curves[INDEX[name]] = value;
  const look = {
    eyeLookOutLeft: right, eyeLookInRight: right, eyeLookInLeft: -right, eyeLookOutRight: -right,
    eyeLookUpLeft: up, eyeLookUpRight: up, eyeLookDownLeft: -up, eyeLookDownRight: -up,
  };
  for (const [name, value] of Object.entries(look))
    motion.curves[INDEX[name]] = Math.min(1, motion.curves[INDEX[name]] + Math.max(0, value));
  return Object.assign(motion, { head_deg: [...pose.head_deg], gaze_deg: [...pose.gaze_deg] });
}

/** A preset {curves, head_deg, gaze_deg} at a strength, alone or on top of a pose. */
export function withPreset(preset, strength, under = restKey()) {
  const key = copyKey(under), add = (control, value) => setValue(key, control, valueOf(key, control) + value * strength);
  for (const [name, value] of Object.entries(preset.curves)) add(name, value);
  for (const list of ["head_deg", "gaze_deg"]) preset[list].forEach((value, i) => add(`${list}.${i}`, value));
  return key;
}
