// The mouth's inside: how jaw and tongue move it (models/photo_head/mouth_pose.py), and its light for one frame.

import { INDEX } from "./arkit.js";
import { MouthLight } from "./light.js";

const TONGUE = 4, EDGE_HEIGHT = 0.99 * 255;
const TONGUE_TIP = 2; // of motion.articulation

/** Teeth, gums, tongue and cavity of one face. */
export class Inside {
  /** @param rough whether fewer triangles do */
  constructor({ header, arrays }, rough) {
    this.constants = header.constants;
    this.seat = header.look.affine; // three rows of four
    this.arrays = arrays;
    this.light = new MouthLight(header.constants);
    const tooth = arrays["teeth.tooth"], height = arrays["teeth.height"];
    const edge = (from, to) => Array.from(tooth.keys()).filter((i) => tooth[i] >= from && tooth[i] < to && height[i] > EDGE_HEIGHT);
    this.upperEdge = edge(4, 10);
    this.lowerEdge = edge(18, 24);
    this.triangles = sorted(arrays[rough ? "teeth.rough" : "teeth.triangles"], arrays["teeth.part"]);
  }

  /** How far jaw and tongue have moved, as the shader takes it. */
  gesture(used, motion) {
    const c = this.constants, tip = motion.articulation[TONGUE_TIP], out = used[INDEX.tongueOut];
    const sideways = used[INDEX.jawLeft] - used[INDEX.jawRight], forward = used[INDEX.jawForward];
    return {
      jaw: [((c.jawAngleDeg * Math.PI) / 180) * used[INDEX.jawOpen], ...c.jawPivotCm, c.outLevelCm],
      jawShift: c.jawLeftCm.map((value, k) => value * (k ? Math.abs(sideways) : sideways) + forward * c.jawForwardCm[k]),
      tongue: [
        c.tipUpCm * Math.max(1 - (1 - tip) ** 2, 1 - (1 - out) ** 4),
        c.tipForwardCm * Math.max(tip, 0) ** 1.6 * (1 - out) + c.outForwardCm * out ** 1.3,
        c.outDropCm * out ** 2, c.outFree * out,
      ],
    };
  }

  /** Fill the light's tables for this opening of the lips. */
  lightUp(mouth, positions, gesture) {
    const at = (vertex) => [positions[3 * vertex], positions[3 * vertex + 1], positions[3 * vertex + 2]];
    const outline = [...Array.from(mouth.upper.vertices, at), ...Array.from(mouth.lower.vertices, at).slice(1, -1).reverse()];
    this.light.update(outline, this.upperEdge.map((i) => this.#placed(i, gesture)), this.lowerEdge.map((i) => this.#placed(i, gesture)));
  }

  /** Where a tooth's vertex is, in the head frame. */
  #placed(vertex, { jaw, jawShift }) {
    const turn = this.arrays["teeth.jaw"][vertex] / 255;
    const [x, y, z] = this.arrays["teeth.vertices"].subarray(3 * vertex, 3 * vertex + 3);
    const c = Math.cos(jaw[0] * turn), s = Math.sin(jaw[0] * turn), dy = y - jaw[1], dz = z - jaw[2];
    const p = [x + turn * jawShift[0], jaw[1] + c * dy - s * dz + turn * jawShift[1], jaw[2] + s * dy + c * dz + turn * jawShift[2]];
    return p.map((value, k) => value + [0, 1, 2].reduce((sum, j) => sum + this.seat[4 * k + j] * p[j], this.seat[4 * k + 3]));
  }
}

/** Order triangles by tissue, which is roughly from front to back, and find those of the tongue, which may come out. */
function sorted(triangles, part) {
  const tissues = Array.from({ length: 6 }, () => []);
  for (let i = 0; i < triangles.length; i += 3) tissues[part[triangles[i]]].push(...triangles.subarray(i, i + 3));
  const from = tissues.slice(0, TONGUE).reduce((sum, each) => sum + each.length, 0);
  return { indices: Uint16Array.from(tissues.flat()), tongue: { from, count: tissues[TONGUE].length } };
}
