// The line of lashes that a falling lid carries: models/photo_head/eyelids.py, as a soft ribbon.

const EYE_WIDTH_CM = 2.6;
const REACH = 1.4; // half the ribbon's width in widths of the line: beyond, nothing is left of it
const TAPER = [[0, 0.7], [0.15, 1], [0.6, 0.8], [1, 0.25]]; // thin at the nose, full from the middle outwards
const FLOATS = 4; // x, y, distance from the middle, opacity

/** Vertices that a ribbon takes, as a strip. */
export const ribbonLength = (eye) => 2 * eye.upper.length;

/**
 * Write the ribbon along an upper lid's margin.
 * @param {Float32Array} out x, y, distance from the middle in widths, opacity for each vertex
 */
export function fillRibbon(out, eye, points, blink, constants, scale) {
  const margin = eye.margin.subarray(0, eye.upper.length), last = margin.length - 1;
  const x = (i) => points[3 * margin[i]], y = (i) => points[3 * margin[i] + 1];
  const width = constants.lashWidthCm * scale;
  const xs = Array.from(margin, (_, i) => x(i)), span = Math.max(...xs) - Math.min(...xs);
  // The far eye of a turned face is too narrow for a line of its own.
  const seen = Math.min(Math.max((span / (EYE_WIDTH_CM * scale)) * 3 - 1.5, 0), 1);
  const strength = constants.lashStrength * seen * Math.min(1, 1.5 * blink) * 0.85; // 0.85: what blur leaves in the middle
  for (let i = 0; i <= last; i++) {
    const before = Math.max(i - 1, 0), after = Math.min(i + 1, last);
    const dx = x(after) - x(before), dy = y(after) - y(before), length = Math.hypot(dx, dy) || 1;
    for (const [k, side] of [[0, -REACH], [1, REACH]])
      out.set([x(i) - (dy / length) * side * width, y(i) + (dx / length) * side * width, side, strength * tapered(i / last)], FLOATS * (2 * i + k));
  }
}

function tapered(at) {
  let i = 0;
  while (i < TAPER.length - 2 && TAPER[i + 1][0] < at) i++;
  const [[from, low], [to, high]] = [TAPER[i], TAPER[i + 1]];
  return low + ((at - from) / (to - from)) * (high - low);
}
