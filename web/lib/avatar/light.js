// How much light comes through the open lips: models/photo_head/mouth_light.py for one frame.

export const COLUMNS = 33; // places across the mouth at which the opening's limits are tabulated
export const GRID = [9, 7, 6]; // nodes of the table of sky light along x, y, z
export const HALF_WIDTH_CM = 3.2;
const DEPTH_CM = 7;
const ARCH_CURVE_PER_CM = 0.28;
const EDGES = 24;
const SEEN_SHARE = 0.75; // of the height between the lips' contact lines: their inner sides cover the rest (0.6 to 0.9 on two faces)
const COLUMN_X = Float32Array.from({ length: COLUMNS }, (_, i) => -HALF_WIDTH_CM + (2 * HALF_WIDTH_CM * i) / (COLUMNS - 1));
const ANGLE_OVER_SINE = Float32Array.from({ length: 512 }, (_, i) => {
  const cosine = i === 511 ? 0.999999 : -0.999 + (1.999 * i) / 511;
  return Math.acos(cosine) / Math.sqrt(1 - cosine * cosine) / (2 * Math.PI);
});

/** The light of a mouth: tables that the shader reads, filled again for every frame. */
export class MouthLight {
  constructor(constants) {
    this.constants = constants;
    const nodes = GRID[0] * GRID[1] * GRID[2];
    this.sky = new Float32Array(2 * nodes * 4); // first through the lips alone, then through lips and teeth
    this.limits = new Float32Array(3 * COLUMNS * 4); // of lips and of teeth: upper y, lower y, upper z, lower z; then light in a slit
    this.low = new Float32Array(3);
    this.size = new Float32Array(3);
  }

  /**
   * @param {number[][]} outline closed line along which the lips would touch, in cm
   * @param {number[][]} upperEdge biting edges of the upper front teeth
   * @param {number[][]} lowerEdge the same below
   */
  update(outline, upperEdge, lowerEdge) {
    const line = resampled(outline, EDGES);
    const lips = limitsOf(line), teeth = betweenTeeth(lips, upperEdge, lowerEdge);
    const ys = line.map((p) => p[1]), top = Math.max(...ys), bottom = Math.min(...ys);
    this.low.set([-HALF_WIDTH_CM, bottom - 1, Math.max(...line.map((p) => p[2]))]);
    this.size.set([2 * HALF_WIDTH_CM, top - bottom + 1.6, DEPTH_CM]);
    const second = [...edgeOf(teeth, 1, 3), ...edgeOf(teeth, 0, 2).reverse()].filter((_, i) => i % 3 === 0);
    const half = this.sky.length / 2;
    this.#fillSky(line, this.sky.subarray(0, half));
    this.#fillSky(second, this.sky.subarray(half));
    const middle = half + 4 * ((GRID[2] >> 1) * GRID[0] * GRID[1] + (GRID[1] >> 1) * GRID[0] + (GRID[0] >> 1));
    this.centreSky = Math.hypot(this.sky[middle], this.sky[middle + 1], this.sky[middle + 2]);
    [lips, teeth].forEach((rows, which) => {
      for (let i = 0; i < COLUMNS; i++) for (let k = 0; k < 4; k++) this.limits[4 * (which * COLUMNS + i) + k] = rows[k][i];
    });
    this.#fillSlit(lips, line);
  }

  /** Lambert's boundary formula at the nodes of the table: 1 / 2 pi * sum of angle * unit normal of each edge. */
  #fillSky(outline, sky) {
    const count = outline.length, ray = new Float64Array(3 * count + 3), [nx, ny, nz] = GRID;
    let at = 0;
    for (let iz = 0; iz < nz; iz++) {
      const share = (iz + 0.35) / (nz - 1 + 0.35), pz = this.low[2] - this.size[2] * share * share;
      for (let iy = 0; iy < ny; iy++) {
        const py = this.low[1] + (this.size[1] * iy) / (ny - 1);
        for (let ix = 0; ix < nx; ix++, at += 4) addEdges(outline, ray, this.low[0] + (this.size[0] * ix) / (nx - 1), py, pz, sky, at);
      }
    }
  }

  /** Light that passes nearly shut lips: by the height of the gap, evened out sideways. */
  #fillSlit(lips, line) {
    const { slitReach, slitRatio, openRatio, slitLight } = this.constants;
    const xs = line.map((p) => p[0]), width = Math.max(...xs) - Math.min(...xs);
    const spread = (slitReach * width * (COLUMNS - 1)) / (2 * HALF_WIDTH_CM);
    for (let i = 0; i < COLUMNS; i++) {
      let height = 0, total = 0;
      for (let j = 0; j < COLUMNS; j++) {
        const weight = Math.exp(-0.5 * ((i - j) / Math.max(spread, 0.3)) ** 2);
        height += weight * Math.max(0, lips[0][j] - lips[1][j]) * SEEN_SHARE;
        total += weight;
      }
      const t = Math.min(Math.max((height / total / width - slitRatio) / (openRatio - slitRatio), 0), 1);
      this.limits[4 * (2 * COLUMNS + i)] = slitLight + (1 - slitLight) * t * t * (3 - 2 * t);
    }
  }
}

function addEdges(outline, ray, px, py, pz, sky, at) {
  const count = outline.length;
  for (let i = 0; i < count; i++) {
    const x = outline[i][0] - px, y = outline[i][1] - py, z = outline[i][2] - pz;
    const scale = 1 / Math.sqrt(x * x + y * y + z * z + 1e-8);
    ray[3 * i] = x * scale;
    ray[3 * i + 1] = y * scale;
    ray[3 * i + 2] = z * scale;
  }
  ray.copyWithin(3 * count, 0, 3);
  let ex = 0, ey = 0, ez = 0;
  for (let i = 0, a = 0; i < count; i++, a += 3) {
    const cosine = ray[a] * ray[a + 3] + ray[a + 1] * ray[a + 4] + ray[a + 2] * ray[a + 5];
    const scale = ANGLE_OVER_SINE[Math.min(Math.floor(Math.max(cosine + 0.999, 0) * (511 / 1.999) + 0.5), 511)];
    ex += (ray[a + 1] * ray[a + 5] - ray[a + 2] * ray[a + 4]) * scale;
    ey += (ray[a + 2] * ray[a + 3] - ray[a] * ray[a + 5]) * scale;
    ez += (ray[a] * ray[a + 4] - ray[a + 1] * ray[a + 3]) * scale;
  }
  sky[at] = ex;
  sky[at + 1] = ey;
  sky[at + 2] = ez;
}

/** Even steps along a closed line, counter-clockwise. */
function resampled(line, count) {
  const closed = [...line, line[0]], run = [0];
  for (let i = 1; i < closed.length; i++) run.push(run[i - 1] + Math.hypot(...closed[i].map((value, k) => value - closed[i - 1][k])));
  const points = Array.from({ length: count }, (_, i) => [0, 1, 2].map((k) => interpolated((run.at(-1) * i) / count, run, closed, k)));
  const turn = points.reduce((sum, p, i) => sum + p[0] * points[(i + 1) % count][1] - points[(i + 1) % count][0] * p[1], 0);
  return turn > 0 ? points : points.reverse();
}

/** Value k of rows at a place between increasing stops. */
function interpolated(at, stops, rows, k) {
  if (at <= stops[0]) return rows[0][k];
  const last = stops.length - 1;
  if (at >= stops[last]) return rows[last][k];
  let i = 0;
  while (stops[i + 1] < at) i++;
  return rows[i][k] + ((at - stops[i]) / (stops[i + 1] - stops[i] || 1)) * (rows[i + 1][k] - rows[i][k]);
}

/** Upper y, lower y, and the z of both across the mouth. */
function limitsOf(outline) {
  const xs = outline.map((p) => p[0]), count = outline.length;
  const left = xs.indexOf(Math.min(...xs)), right = xs.indexOf(Math.max(...xs));
  const walk = (from, to) => Array.from({ length: ((to - from + count) % count) + 1 }, (_, i) => outline[(from + i) % count]);
  const parts = [walk(left, right), walk(right, left).reverse()].map((part) => ({ part, stops: part.map((p) => p[0]) }));
  const rows = [0, 1, 2, 3].map(() => new Float32Array(COLUMNS));
  COLUMN_X.forEach((x, i) => {
    const found = parts.map(({ part, stops }) => [interpolated(x, stops, part, 1), interpolated(x, stops, part, 2)]);
    const [upper, lower] = found[0][0] > found[1][0] ? found : [found[1], found[0]];
    const shut = x <= outline[left][0] || x >= outline[right][0], middle = (upper[0] + lower[0]) / 2;
    rows[0][i] = shut ? middle : upper[0];
    rows[1][i] = shut ? middle : lower[0];
    rows[2][i] = upper[1];
    rows[3][i] = lower[1];
  });
  return rows;
}

/** Narrow the window of the lips to the gap between the biting edges. */
function betweenTeeth(lips, ...edges) {
  const found = lips.map((row) => row.slice());
  edges.forEach((edge, row) => {
    const level = median(edge.map((p) => p[1])), front = Math.max(...edge.map((p) => p[2]));
    for (let i = 0; i < COLUMNS; i++) {
      const narrowed = row === 0 ? Math.min(found[0][i], level) : Math.max(found[1][i], level);
      if (narrowed !== found[row][i]) found[2 + row][i] = Math.min(found[2 + row][i], front - ARCH_CURVE_PER_CM * COLUMN_X[i] ** 2);
      found[row][i] = narrowed;
    }
  });
  for (let i = 0; i < COLUMNS; i++)
    if (found[0][i] < found[1][i]) {
      found[0][i] = found[1][i] = (found[0][i] + found[1][i]) / 2;
      found[3][i] = found[2][i];
    }
  return found;
}

function edgeOf(limits, y, z) {
  return Array.from(COLUMN_X, (x, i) => [x, limits[y][i], limits[z][i]]);
}

function median(values) {
  const sorted = values.sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
