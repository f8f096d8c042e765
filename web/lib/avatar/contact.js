// Exact contact of lips and lids: models/photo_head/contact.py, on flat arrays of x, y, z.

/** One lip or lid from corner to corner; its partner vertices in the other chain lie at equal arc length. */
class Chain {
  constructor(arrays, name) {
    this.vertices = arrays[`${name}.vertices`];
    this.places = arrays[`${name}.places`];
    this.partner = arrays[`${name}.partner`];
    this.mix = arrays[`${name}.mix`];
    this.arc = arrays[`${name}.arc`];
    this.length = this.vertices.length;
    this.gap = new Float32Array(3 * this.length);
    this.move = new Float32Array(3 * this.length);
  }
}

/** A mouth or an eye: an upper and a lower chain, and the skin that follows them. */
export class Opening {
  constructor(arrays, name, smoothingPlaces) {
    for (const part of ["vertices", "place", "depth", "margin", "fade", "roll", "outside"]) this[part] = arrays[`${name}.${part}`];
    this.upper = new Chain(arrays, `${name}.upper`);
    this.lower = new Chain(arrays, `${name}.lower`);
    this.smoothing = smoothing(this.margin.length, smoothingPlaces);
    this.moves = new Float32Array(3 * this.margin.length);
    this.even = new Float32Array(3 * this.margin.length);
  }

  /** Write each chain's vertices minus their partners into `gap`. */
  measure(positions) {
    fillGap(this.upper, this.lower, positions);
    fillGap(this.lower, this.upper, positions);
  }

  /** Move the margin by the chains' `move` and let the skin follow. */
  spread(positions, fade) {
    const { moves, even, place, outside } = this;
    moves.fill(0);
    for (const chain of [this.lower, this.upper])
      chain.places.forEach((at, i) => moves.set(chain.move.subarray(3 * i, 3 * i + 3), 3 * at));
    if (moves.every((value) => value === 0)) return;
    this.#evenOut();
    for (let i = 0; i < this.vertices.length; i++) {
      const from = 3 * place[i], to = 3 * this.vertices[i];
      for (let k = 0; k < 3; k++) positions[to + k] += (moves[from + k] + outside[i] * (even[from + k] - moves[from + k])) * fade[i];
    }
  }

  #evenOut() {
    const { moves, even, smoothing: weights } = this, count = this.margin.length;
    for (let i = 0; i < count; i++) {
      let x = 0, y = 0, z = 0;
      for (let j = 0; j < count; j++) {
        const weight = weights[i * count + j];
        x += weight * moves[3 * j];
        y += weight * moves[3 * j + 1];
        z += weight * moves[3 * j + 2];
      }
      even[3 * i] = x;
      even[3 * i + 1] = y;
      even[3 * i + 2] = z;
    }
  }
}

function fillGap(chain, other, positions) {
  const { gap } = chain;
  for (let i = 0; i < chain.length; i++) {
    const own = 3 * chain.vertices[i], share = chain.mix[i];
    const first = 3 * other.vertices[chain.partner[i]], second = 3 * other.vertices[chain.partner[i] + 1];
    for (let k = 0; k < 3; k++) gap[3 * i + k] = positions[own + k] - positions[first + k] * (1 - share) - positions[second + k] * share;
  }
}

function smoothing(length, places) {
  const weights = new Float32Array(length * length);
  for (let i = 0; i < length; i++) {
    const row = weights.subarray(i * length, (i + 1) * length);
    for (let j = 0; j < length; j++) {
      const steps = Math.abs(i - j);
      row[j] = Math.exp(-0.5 * (Math.min(steps, length - steps) / places) ** 2);
    }
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, j) => (row[j] = value / sum));
  }
  return weights;
}

const bell = (arc) => Math.sin(Math.PI * arc);

/** Part lips that a sum of units has driven through each other. */
export function unclench(mouth, positions, constants) {
  mouth.measure(positions);
  for (const [chain, sign, share] of [[mouth.upper, 1, constants.upperLipShare], [mouth.lower, -1, 1 - constants.upperLipShare]]) {
    chain.move.fill(0);
    for (let i = 0; i < chain.length; i++) chain.move[3 * i + 1] = sign * share * Math.max(0, -sign * chain.gap[3 * i + 1]);
  }
  mouth.spread(positions, mouth.fade);
}

/** Turn the diamond-shaped opening of o and u into an ellipse narrower than the mouth. */
export function roundLips(mouth, positions, funnel, pucker) {
  const amount = Math.min(0.8, 0.75 * (funnel + pucker));
  if (amount <= 0) return;
  const share = Math.max(0.2, 1 - 0.34 * pucker - 0.26 * funnel);
  mouth.measure(positions);
  let height = 0;
  for (let i = 0; i < mouth.upper.length; i++) height = Math.max(height, mouth.upper.gap[3 * i + 1]);
  for (const [chain, factor] of [[mouth.upper, 0.4 * amount], [mouth.lower, -0.6 * amount]]) {
    chain.move.fill(0);
    for (let i = 0; i < chain.length; i++) {
      const x = (2 * chain.arc[i] - 1) / share;
      chain.move[3 * i + 1] = factor * (height * Math.sqrt(Math.max(0, 1 - x * x)) - Math.abs(chain.gap[3 * i + 1]));
    }
  }
  mouth.spread(positions, mouth.fade);
}

/** Bring the lower lip in and up to the edge of the upper teeth (f, v). */
export function tuckLip(mouth, positions, amount, constants) {
  if (amount <= 0) return;
  const { upper, lower } = mouth;
  mouth.measure(positions);
  const windows = lower.arc.map((arc) => Math.min(Math.max(1.6 * bell(arc), 0), 1));
  upper.move.fill(0);
  lower.move.fill(0);
  windows.forEach((window, i) => (lower.move[3 * i + 1] = amount * window * (-lower.gap[3 * i + 1] - constants.tuckRevealCm)));
  mouth.spread(positions, mouth.fade);
  lower.move.fill(0);
  windows.forEach((window, i) => (lower.move[3 * i + 2] = -amount * window * constants.tuckDepthCm));
  upper.arc.forEach((arc, i) => (upper.move[3 * i + 1] = 0.06 * amount * bell(arc)));
  mouth.spread(positions, mouth.roll);
}

/** Remove `amount` (0..1) of the gap between the lips; 1 is exact contact. */
export function closeLips(mouth, positions, amount, constants) {
  if (amount <= 0) return;
  mouth.measure(positions);
  for (const [chain, share, sign] of [[mouth.upper, constants.upperLipShare, -1], [mouth.lower, 1 - constants.upperLipShare, 1]]) {
    for (let i = 0; i < chain.move.length; i++) chain.move[i] = -amount * share * chain.gap[i];
    chain.arc.forEach((arc, i) => (chain.move[3 * i + 1] += sign * 0.5 * constants.lipOverlapCm * amount * bell(arc)));
  }
  mouth.spread(positions, mouth.fade);
}

/** Set the gap between the lids to (1 - amount) of `openGap`; 1 is shut. */
export function closeLids(eye, positions, openGap, amount, constants) {
  const { upper, lower } = eye;
  eye.measure(positions);
  const excess = upper.gap.map((value, i) => value - (1 - amount) * openGap[i]);
  excess.forEach((value, i) => (upper.move[i] = -constants.upperLidShare * value));
  lower.arc.forEach((arc, i) => {
    const [first, part] = placeOn(upper.arc, arc);
    for (let k = 0; k < 3; k++)
      lower.move[3 * i + k] = (1 - constants.upperLidShare) * (excess[3 * first + k] * (1 - part) + excess[3 * first + 3 + k] * part);
  });
  upper.arc.forEach((arc, i) => (upper.move[3 * i + 1] -= constants.lidOverlapCm * amount * bell(arc)));
  eye.spread(positions, eye.fade);
}

function placeOn(arcs, at) {
  let first = 0;
  while (first < arcs.length - 2 && arcs[first + 1] < at) first++;
  return [first, Math.min(Math.max((at - arcs[first]) / (arcs[first + 1] - arcs[first]), 0), 1)];
}
