// Only triangles that may be seen go to the graphics card: where a processor draws, each of them takes a microsecond.

import { makeVertexArray } from "./gl.js";

/** Triangles of which some are drawn. */
export class Choice {
  constructor(gl, layout, triangles) {
    Object.assign(this, { gl, triangles: Uint16Array.from(triangles), chosen: new Uint16Array(triangles.length) });
    this.array = makeVertexArray(gl, layout, this.chosen);
  }

  /** Draw those that face the viewer and reach into a box left, top, right, bottom; `points` has x, y, depth of each vertex. */
  draw(points, box) {
    const { gl, chosen } = this, count = this.#choose(points, box);
    gl.bindVertexArray(this.array);
    gl.bufferSubData(gl.ELEMENT_ARRAY_BUFFER, 0, chosen, 0, count);
    gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
  }

  /** Returns how many indices they have. */
  #choose(points, [left, top, right, bottom]) {
    const { triangles, chosen } = this;
    let count = 0;
    for (let i = 0; i < triangles.length; i += 3) {
      const a = 3 * triangles[i], b = 3 * triangles[i + 1], c = 3 * triangles[i + 2];
      const ax = points[a], ay = points[a + 1], bx = points[b], by = points[b + 1], cx = points[c], cy = points[c + 1];
      if ((bx - ax) * (cy - ay) >= (by - ay) * (cx - ax)) continue; // y goes down
      if ((ax < left && bx < left && cx < left) || (ax > right && bx > right && cx > right)) continue;
      if ((ay < top && by < top && cy < top) || (ay > bottom && by > bottom && cy > bottom)) continue;
      chosen[count] = triangles[i];
      chosen[count + 1] = triangles[i + 1];
      chosen[count + 2] = triangles[i + 2];
      count += 3;
    }
    return count;
  }
}
