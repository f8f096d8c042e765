// Everything that can be posed, in groups as people think of a face. Right and left are the person's own.

import { tr } from "../words.js";

/** Rows have one control, or one for each side [right, left]; `opposed` sides never move together. */
const sides = (label, name, more = {}) => ({ label, controls: [`${name}Right`, `${name}Left`], ...more });
const one = (label, control, more = {}) => ({ label, controls: [control], ...more });

export const GROUPS = [
  { id: "mouth", title: "Mouth", rows: [
    sides("Smile", "mouthSmile"), sides("Corners down", "mouthFrown"), sides("Dimple", "mouthDimple"), sides("Stretch", "mouthStretch"),
    sides("Upper lip up", "mouthUpperUp"), sides("Lower lip down", "mouthLowerDown"), sides("Press", "mouthPress"),
    sides("Sideways", "mouth", { opposed: true }), one("Funnel", "mouthFunnel"), one("Pucker", "mouthPucker"),
    one("Lips together", "mouthClose"), one("Roll upper lip in", "mouthRollUpper"), one("Roll lower lip in", "mouthRollLower"),
    one("Shrug upper lip", "mouthShrugUpper"), one("Shrug lower lip", "mouthShrugLower"),
  ] },
  { id: "jaw", title: "Jaw", rows: [
    one("Open", "jawOpen"), one("Forward", "jawForward"), sides("Sideways", "jaw", { opposed: true }),
  ] },
  { id: "brows", title: "Brows", rows: [
    one("Inner ends up", "browInnerUp"), sides("Outer ends up", "browOuterUp"), sides("Down", "browDown"),
  ] },
  { id: "eyes", title: "Eyes and lids", rows: [
    sides("Close", "eyeBlink"), sides("Wide", "eyeWide"), sides("Squint", "eyeSquint"), sides("Lids look up", "eyeLookUp"),
    sides("Lids look down", "eyeLookDown"), sides("Lids look in", "eyeLookIn"), sides("Lids look out", "eyeLookOut"),
  ] },
  { id: "cheeks", title: "Cheeks and nose", rows: [
    one("Puff cheeks", "cheekPuff"), sides("Raise cheeks", "cheekSquint"), sides("Wrinkle nose", "noseSneer"),
  ] },
  { id: "tongue", title: "Tongue", rows: [one("Out", "tongueOut")] },
  { id: "head", title: "Head", rows: [
    one("Turn", "head_deg.0", { unit: "°" }), one("Nod", "head_deg.1", { unit: "°" }), one("Tilt", "head_deg.2", { unit: "°" }),
  ] },
  { id: "gaze", title: "Gaze", rows: [one("Sideways", "gaze_deg.0", { unit: "°" }), one("Up and down", "gaze_deg.1", { unit: "°" })] },
];

/** The control of the other side that moves along, or null. */
export function partnerOf(control) {
  const row = GROUPS.flatMap((group) => group.rows).find((each) => each.controls.includes(control));
  if (!row || row.opposed || row.controls.length < 2) return null;
  return row.controls[1 - row.controls.indexOf(control)];
}

/** Whether a row is meant by what was typed into the search box. */
export function isMeant(group, row, typed) {
  const text = [group.title, row.label, tr(group.title), tr(row.label), ...row.controls].join(" ").toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
