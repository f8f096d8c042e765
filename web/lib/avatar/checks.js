// Whether a face file's parts fit together: array lengths, vertex numbers, numbers of the header.

import { NAMES } from "./arkit.js";

const SIDES = ["left", "right"];
const LIP_ROWS = 4, TISSUES = 6, TEETH = 28, NO_TOOTH = 255, RELIEF = 128 * 128;

/** Throw what `damaged` makes of a reason where something does not fit. */
export function checkFace(header, arrays, damaged) {
  const expect = (good, reason) => {
    if (!good) throw damaged(reason);
  };
  checkHeader(header, expect);
  const length = (name) => {
    expect(Object.hasOwn(arrays, name), `${name} is missing`);
    return arrays[name].length;
  };
  const lengths = (wanted) => {
    for (const [name, count] of Object.entries(wanted)) expect(length(name) === count, `${name} has a wrong length`);
  };
  const below = (name, limit, but = -1) => {
    const count = length(name), values = arrays[name];
    let good = true;
    for (let i = 0; i < count; i++) good &&= values[i] < limit || values[i] === but;
    expect(good, `${name} points beyond its end`);
  };
  const vertices = length("neutral") / 3;
  expect(Number.isInteger(vertices) && vertices > 0, "neutral has a wrong length");
  lengths({ source: 3 * vertices, uv: 2 * vertices, rim: vertices, weight: vertices, breath: 2 * vertices, fieldDepth: vertices });
  below("triangles", vertices);
  expect(length("triangles") % 24 === 0, "triangles has a wrong length");
  checkUnits(arrays, vertices, { expect, lengths, length, below });
  for (const name of ["mouth", ...SIDES]) checkOpening(name, vertices, { lengths, length, below });
  lengths({ lipUv: 2 * LIP_ROWS * length("mouth.margin"), relief: RELIEF });
  const count = SIDES.reduce((sum, side) => sum + checkEye(side, vertices, { lengths, length, below }), vertices);
  for (const side of SIDES) expect(header.eyes[side].turning <= length(`${side}.plug.window`), "an eye turns beyond its end");
  expect(header.handles.every(({ vertex }) => Number.isInteger(vertex) && vertex >= 0 && vertex < count), "a handle points beyond its end");
  checkMouth({ lengths, length, below });
  const nodes = header.grid.columns * header.grid.rows;
  expect(nodes <= 0xffff, "the grid is too large");
  lengths({ "grid.nodes": 2 * nodes, "grid.weight": nodes, "grid.breath": 2 * nodes, "grid.depth": nodes });
  for (const name of ["photo", "left.lid", "right.lid"]) expect(length(name) > 0, `${name} is missing`);
}

function checkHeader(header, expect) {
  const numbers = (value, count) => Array.isArray(value) && value.length === count && value.every(Number.isFinite);
  const wanted = {
    shown: 4, texture: 4, picture: 4, expression: NAMES.length, keep: NAMES.length, lash: 3, "pose.rotation": 9, "pose.offset": 2, "field.pivot": 3,
    "look.light": 3, "look.view": 3, "look.sky": 3, "look.key": 3, "look.affine": 12, "look.albedo": 3 * TISSUES, "look.tint": 3 * TEETH,
    "lids.left": 4, "lids.right": 4, "eyes.left.centre": 2, "eyes.right.centre": 2,
    "eyes.left.along": 2, "eyes.right.along": 2, "eyes.left.corners": 2, "eyes.right.corners": 2, "constants.jawPivotCm": 2, "constants.jawLeftCm": 3, "constants.jawForwardCm": 3, "constants.slitColour": 3,
  };
  const find = (path) => path.split(".").reduce((at, key) => at?.[key], header);
  for (const [path, count] of Object.entries(wanted)) expect(numbers(find(path), count), `${path} is missing`);
  for (const path of ["pose.scale", "field.distance", "field.unit", "openRatio", "sheetPx", "eyes.left.radius", "eyes.right.radius", "look.blurPx", "tone.share", "grid.columns", "grid.rows"])
    expect(Number.isFinite(find(path)), `${path} is missing`);
  const [left, top, right, bottom] = header.shown;
  expect(right > left && bottom > top, "nothing is shown");
  expect(JSON.stringify(header.names) === JSON.stringify(NAMES), "it has other blendshapes");
  const { level, tint } = header.tone;
  expect(Array.isArray(level) && level.length > 0 && numbers(level, level.length) && numbers(tint, 2 * level.length), "tone is missing");
  expect(Array.isArray(header.handles) && header.handles.every((handle) => Number.isFinite(handle?.radius)), "handles are missing");
}

function checkUnits(arrays, vertices, { expect, lengths, length, below }) {
  lengths({ unitStarts: NAMES.length + 1, unitMoves: 3 * length("unitVertices") });
  below("unitVertices", vertices);
  const starts = arrays.unitStarts;
  expect(starts.every((start, i) => start >= (i ? starts[i - 1] : 0)) && starts.at(-1) === length("unitVertices"), "unitStarts is out of order");
}

function checkOpening(name, vertices, { lengths, length, below }) {
  const count = length(`${name}.vertices`), margin = length(`${name}.margin`);
  below(`${name}.vertices`, vertices);
  below(`${name}.margin`, vertices);
  below(`${name}.place`, margin);
  lengths(Object.fromEntries(["place", "depth", "fade", "roll", "outside"].map((part) => [`${name}.${part}`, count])));
  for (const [chain, other] of [["upper", "lower"], ["lower", "upper"]]) {
    const own = length(`${name}.${chain}.vertices`);
    lengths(Object.fromEntries(["places", "partner", "mix", "arc"].map((part) => [`${name}.${chain}.${part}`, own])));
    below(`${name}.${chain}.vertices`, vertices);
    below(`${name}.${chain}.places`, margin);
    below(`${name}.${chain}.partner`, length(`${name}.${other}.vertices`) - 1);
  }
}

/** Returns how many vertices the eye's disc has. */
function checkEye(side, vertices, { lengths, length, below }) {
  const count = length(`${side}.plug.window`);
  lengths({
    [`${side}.plug.points`]: 3 * count, [`${side}.plug.uv`]: 2 * count, [`${side}.plug.weight`]: count, [`${side}.plug.breath`]: 2 * count,
    [`${side}.follow`]: vertices, [`${side}.gap`]: 3 * length(`${side}.upper.vertices`),
  });
  below(`${side}.plug.triangles`, count);
  return count;
}

function checkMouth({ lengths, length, below }) {
  const count = length("teeth.vertices") / 3, parts = ["part", "tooth", "height", "occlusion", "jaw", "tip"];
  lengths({ "teeth.normals": 3 * count, ...Object.fromEntries(parts.map((part) => [`teeth.${part}`, count])) });
  below("teeth.triangles", count);
  below("teeth.rough", count);
  below("teeth.part", TISSUES);
  below("teeth.tooth", TEETH, NO_TOOTH);
}
