// One frame's geometry: what models/photo_head/deform.py and field.py do, on flat arrays.

import { INDEX, NAMES } from "./arkit.js";
import { Opening, closeLids, closeLips, roundLips, tuckLip, unclench } from "./contact.js";

const LIP_ROWS = 4; // rings of the table of lip textures
const IS_MOUTH = NAMES.map((name) => name.startsWith("mouth") || name.startsWith("jaw"));
const SIDES = ["left", "right"];

/** Rotation of the head, row by row: yaw to the viewer's right, chin-up pitch, clockwise roll. */
export function rotationMatrix([yaw, pitch, roll]) {
  const [cy, cp, cr] = [yaw, pitch, roll].map((degrees) => Math.cos((degrees * Math.PI) / 180));
  const [sy, sp, sr] = [yaw, pitch, roll].map((degrees) => Math.sin((degrees * Math.PI) / 180));
  return times([cr, sr, 0, -sr, cr, 0, 0, 0, 1], times([1, 0, 0, 0, cp, sp, 0, -sp, cp], [cy, 0, sy, 0, 1, 0, -sy, 0, cy]));
}

/** Product of two 3 x 3 matrices. */
export function times(a, b) {
  return a.map((_, i) => [0, 1, 2].reduce((sum, k) => sum + a[3 * Math.floor(i / 3) + k] * b[3 * k + (i % 3)], 0));
}

/** The whole head's motion in pixels: numbers for `moved` and for the shader of the mouth's inside. */
export function headMotion(field, motion, view) {
  const turn = rotationMatrix([view.yaw_deg ?? 0, view.pitch_deg ?? 0, 0]);
  return {
    rotation: times(turn, rotationMatrix(motion.head_deg)), pivot: field.pivot, distance: field.distance,
    shift: motion.head_shift.map((value) => value * field.unit), breath: motion.articulation[3],
  };
}

/** Move points (x, y, depth) in place; each takes its share `weight` of the motion across, and its own breath. */
export function carry(points, weight, breath, head) {
  const r = head.rotation, [px, py, pz] = head.pivot, [sx, sy, sz] = head.shift;
  for (let i = 0, p = 0; p < points.length; i++, p += 3) {
    const x = points[p] - px, y = py - points[p + 1], z = points[p + 2] - pz;
    const deep = r[6] * x + r[7] * y + r[8] * z;
    const zoom = head.distance / (head.distance - (deep - z + sz));
    const movedX = px + (r[0] * x + r[1] * y + r[2] * z) * zoom + sx;
    const movedY = py - (r[3] * x + r[4] * y + r[5] * z) * zoom + sy;
    points[p] += weight[i] * (movedX - points[p]) + breath[2 * i] * head.breath;
    points[p + 1] += weight[i] * (movedY - points[p + 1]) + breath[2 * i + 1] * head.breath;
    points[p + 2] = deep + pz;
  }
}

/** Everything about one face that frames share. */
export class Face {
  constructor({ header, arrays }) {
    Object.assign(this, { header, arrays, constants: header.constants });
    this.mouth = new Opening(arrays, "mouth", this.constants.smoothingPlaces);
    this.eyes = SIDES.map((side) => new Opening(arrays, side, this.constants.smoothingPlaces));
    this.skinCount = arrays.neutral.length / 3;
    this.plugs = SIDES.map((side) => ({
      points: arrays[`${side}.plug.points`], uv: arrays[`${side}.plug.uv`], window: arrays[`${side}.plug.window`],
      weight: arrays[`${side}.plug.weight`], breath: arrays[`${side}.plug.breath`], ...header.eyes[side],
    }));
    this.count = this.plugs.reduce((sum, plug) => sum + plug.points.length / 3, this.skinCount);
    this.positions = new Float32Array(arrays.neutral.length);
    this.points = new Float32Array(3 * this.count);
    this.uv = new Float32Array(2 * this.count);
    this.used = new Float32Array(NAMES.length);
    this.gapAt = new Float32Array(this.mouth.margin.length);
  }

  /**
   * Pose the face. The returned arrays are used again by the next call.
   * @returns {{points: Float32Array, uv: Float32Array, used: Float32Array, positions: Float32Array, blink: number[], lipGap: number}}
   *   points: x, y, depth of skin and both eyes in pixels of the photo; uv: their places in the photo
   */
  pose(motion, view = {}) {
    const blink = this.#shape(motion);
    const head = headMotion(this.header.field, motion, view);
    this.#project();
    const skin = this.points.subarray(0, 3 * this.skinCount);
    carry(skin, this.arrays.weight, this.arrays.breath, head);
    this.#restoreRelief(skin);
    const lipGap = this.#skinUv();
    this.#placeEyes(motion, head);
    return { points: this.points, uv: this.uv, used: this.used, positions: this.positions, blink, lipGap, head };
  }

  /** Coefficients: the drive and what is kept of the photo's own expression. */
  #express(motion) {
    const { expression, keep } = this.header, drive = motion.curves;
    const activity = Math.min(1, 3 * drive[INDEX.jawOpen] + drive[INDEX.mouthPucker] + drive[INDEX.mouthFunnel]);
    for (let i = 0; i < this.used.length; i++) {
      const kept = IS_MOUTH[i] ? keep[i] * (1 - 0.5 * activity) : keep[i];
      this.used[i] = Math.min(Math.max(expression[i] * kept + drive[i], 0), 1);
    }
    return ["Left", "Right"].map((side) => {
      const i = INDEX[`eyeBlink${side}`], blink = this.header.blinks ? drive[i] : 0;
      this.used[i] = expression[i] + Math.max(0, this.constants.blinkUnitShare - expression[i]) * blink;
      return blink;
    });
  }

  #shape(motion) {
    const blink = this.#express(motion), { used, positions, constants } = this;
    const { unitStarts, unitVertices, unitMoves } = this.arrays;
    positions.set(this.arrays.neutral);
    for (let unit = 0; unit < used.length; unit++) {
      const value = used[unit];
      if (value === 0) continue;
      for (let i = unitStarts[unit]; i < unitStarts[unit + 1]; i++) {
        const to = 3 * unitVertices[i], from = 3 * i;
        positions[to] += value * unitMoves[from];
        positions[to + 1] += value * unitMoves[from + 1];
        positions[to + 2] += value * unitMoves[from + 2];
      }
    }
    const [lipClosure, lipTuck] = motion.articulation;
    unclench(this.mouth, positions, constants);
    roundLips(this.mouth, positions, Math.max(0, used[INDEX.mouthFunnel]), used[INDEX.mouthPucker]);
    tuckLip(this.mouth, positions, lipTuck, constants);
    closeLips(this.mouth, positions, lipClosure, constants);
    blink.forEach((amount, i) => {
      if (amount > 0) closeLids(this.eyes[i], positions, this.arrays[`${SIDES[i]}.gap`], amount, constants);
    });
    return blink;
  }

  /** Centimetres to pixels; at the mesh's rim the photo's own place and the depth of the surroundings. */
  #project() {
    const { rotation: r, scale, offset } = this.header.pose;
    const { source, rim, fieldDepth } = this.arrays, { positions, points } = this;
    for (let i = 0, p = 0; i < this.skinCount; i++, p += 3) {
      const x = positions[p], y = positions[p + 1], z = positions[p + 2], share = rim[i];
      const px = scale * (r[0] * x + r[1] * y + r[2] * z) + offset[0];
      const py = -scale * (r[3] * x + r[4] * y + r[5] * z) + offset[1];
      const pz = scale * (r[6] * x + r[7] * y + r[8] * z);
      points[p] = source[p] + share * (px - source[p]);
      points[p + 1] = source[p + 1] + share * (py - source[p + 1]);
      points[p + 2] = source[p + 2] + share * (pz - source[p + 2]) + (1 - share) * (fieldDepth[i] - source[p + 2]);
    }
  }

  #restoreRelief(skin) {
    const { source, rim, fieldDepth } = this.arrays;
    for (let i = 0; i < this.skinCount; i++) skin[3 * i + 2] += (1 - rim[i]) * (source[3 * i + 2] - fieldDepth[i]);
  }

  /** Photo pixel of each skin vertex; the lips' own edge withdraws from the dark line between them. Returns the largest gap. */
  #skinUv() {
    const { mouth, gapAt, uv, positions } = this, table = this.arrays.lipUv, length = mouth.margin.length;
    uv.set(this.arrays.uv);
    mouth.measure(positions);
    let largest = 0;
    for (const chain of [mouth.upper, mouth.lower])
      for (let i = 0; i < chain.length; i++) {
        const gap = Math.hypot(chain.gap[3 * i], chain.gap[3 * i + 1], chain.gap[3 * i + 2]);
        gapAt[chain.places[i]] = gap;
        if (chain === mouth.upper) largest = Math.max(largest, gap);
      }
    for (let i = 0; i < mouth.vertices.length; i++) {
      if (mouth.depth[i] >= 2) continue;
      const wanted = Math.max(gapAt[mouth.place[i]] / 0.35, this.header.openRatio);
      const push = this.constants.linePush * Math.min(Math.max(wanted, 0), 1);
      const row = push + (Math.max(mouth.depth[i], 0) * (2 - push)) / 2;
      const low = Math.min(Math.floor(row), LIP_ROWS - 2), part = row - low;
      const near = 2 * (low * length + mouth.place[i]), far = near + 2 * length, to = 2 * mouth.vertices[i];
      uv[to] = table[near] * (1 - part) + table[far] * part;
      uv[to + 1] = table[near + 1] * (1 - part) + table[far + 1] * part;
    }
    return largest;
  }

  #placeEyes(motion, head) {
    const { scale } = this.header.pose, { eyeDepthCm } = this.constants;
    let first = this.skinCount;
    for (const plug of this.plugs) {
      const count = plug.points.length / 3, points = this.points.subarray(3 * first, 3 * (first + count));
      points.set(plug.points);
      carry(points, plug.weight, plug.breath, head);
      for (let i = 0; i < count; i++) points[3 * i + 2] -= eyeDepthCm * scale;
      const uv = this.uv.subarray(2 * first, 2 * (first + count));
      uv.set(plug.uv);
      if (motion.gaze_deg[0] || motion.gaze_deg[1]) lookAway(plug, uv, motion.gaze_deg, this.constants, this.header.sheetPx);
      first += count;
    }
  }
}

/** Move the texture of one eye: models/photo_head/plug.py. Whole eyes lie `sheetPx` below their place in the photo. */
function lookAway(plug, uv, gaze_deg, constants, sheetPx) {
  const reach = (constants.eyeballPerIris * plug.radius * Math.PI) / 180, x = gaze_deg[0] * reach, y = -gaze_deg[1] * reach;
  if (!plug.turns) {
    plug.window.forEach((share, i) => {
      uv[2 * i] -= share * x;
      uv[2 * i + 1] -= share * y;
    });
    return;
  }
  const { radius, centre, corners: [left, right], along: [ax, ay] } = plug, clip = (value, low, high) => Math.min(Math.max(value, low), high);
  const across = clip(x * ax + y * ay, Math.min(0, constants.roomShare * (left + radius)), Math.max(0, constants.roomShare * (right - radius)));
  const upright = clip(y * ax - x * ay, -constants.uprightMost * radius, constants.uprightMost * radius);
  // The iris goes as a whole; the white between it and the corners is stretched or pressed together.
  const drawn = [Math.min(left, across - radius), across - radius, across + radius, Math.max(right, across + radius)];
  const source = [drawn[0], -radius, radius, drawn[3]], share = [0, 1, 1, 0];
  for (let i = 0; i < plug.turning; i++) {
    const px = uv[2 * i] - centre[0], py = uv[2 * i + 1] - centre[1], at = px * ax + py * ay;
    const to = between(at, drawn, source), up = py * ax - px * ay - between(at, drawn, share) * upright;
    uv[2 * i] = centre[0] + to * ax - up * ay;
    uv[2 * i + 1] = centre[1] + to * ay + up * ax + sheetPx;
  }
}

/** Linear interpolation between stops, constant outside. */
function between(at, stops, values) {
  if (at <= stops[0]) return values[0];
  for (let i = 1; i < stops.length; i++)
    if (at < stops[i]) return values[i - 1] + ((at - stops[i - 1]) / (stops[i] - stops[i - 1])) * (values[i] - values[i - 1]);
  return values.at(-1);
}
