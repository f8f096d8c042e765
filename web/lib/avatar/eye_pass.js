// An eye whose lids are on the way, drawn finer than the rest: new skin above the lid's edge, and lashes on it.

import { Choice } from "./choice.js";
import { boxAround } from "./fine.js";
import { asBox, bindTextures, makeBuffer, makeProgram, makeVertexArray, upload } from "./gl.js";
import { fillRibbon, ribbonLength } from "./lashes.js";
import { FLAT_FRAGMENT, FLAT_VERTEX, LID_FRAGMENT, LID_VERTEX } from "./shaders.js";

const MARGIN = 0.3; // round what a blink moves, in widths of it
const REACH_CM = 4.2; // skin drawn: up to this far from the eye's middle

/** Both eyes. */
export class EyePass {
  /** @param places attributes of the vertices of skin and eyes, the left and the right lid's share at 3 */
  constructor(gl, face, fine, places) {
    Object.assign(this, { gl, face, fine });
    this.lid = makeProgram(gl, LID_VERTEX, LID_FRAGMENT);
    this.flat = makeProgram(gl, FLAT_VERTEX, FLAT_FRAGMENT);
    let first = face.skinCount;
    this.eyes = ["left", "right"].map((side, k) => {
      const eye = this.#makeEye(side, k, first, places);
      first += face.plugs[k].points.length / 3;
      return eye;
    });
    this.#setConstants();
  }

  /** Draw eye `k` (0 left, 1 right) over the canvas. */
  draw(k, posed, window, photo, lidPicture) {
    const { gl, fine, face } = this, eye = this.eyes[k], { uniforms } = this.lid, [left, , right] = boxAround(eye.outline, posed.points, 0);
    fine.begin(window, boxAround(eye.outline, posed.points, MARGIN * (right - left)), [this.flat, this.lid]);
    bindTextures(gl, [gl.TEXTURE_2D, photo], [gl.TEXTURE_2D, lidPicture]);
    gl.uniform4fv(uniforms.lidBox, asBox(face.header.lids[eye.side]));
    gl.uniform1f(uniforms.blink, posed.blink[k]);
    eye.skin.draw(posed.points, fine.box);
    this.#drawLashes(eye, k, posed);
    fine.end(window, { all: true });
  }

  #drawLashes({ lashes }, k, posed) {
    const { gl, face } = this;
    fillRibbon(lashes.data, face.eyes[k], posed.points, posed.blink[k], face.constants, face.header.pose.scale);
    upload(gl, lashes.buffer, lashes.data);
    gl.useProgram(this.flat.program);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.ONE, gl.ONE_MINUS_SRC_ALPHA, gl.ZERO, gl.ONE);
    gl.bindVertexArray(lashes.array);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, lashes.count);
    gl.disable(gl.BLEND);
  }

  #makeEye(side, k, first, places) {
    const { gl, face } = this, { neutral, triangles } = face.arrays, opening = face.eyes[k], indices = [];
    const middle = [0, 1, 2].map((j) => opening.margin.reduce((sum, vertex) => sum + neutral[3 * vertex + j], 0) / opening.margin.length);
    const near = (vertex) => Math.hypot(...middle.map((value, j) => neutral[3 * vertex + j] - value)) < REACH_CM;
    for (let i = 0; i < triangles.length; i += 3) {
      const corners = triangles.subarray(i, i + 3);
      if (corners.every(near)) indices.push(...corners);
    }
    for (const index of face.arrays[`${side}.plug.triangles`]) indices.push(index + first);
    const outline = opening.vertices.filter((_, i) => opening.place[i] < 28 || opening.depth[i] <= 2);
    return { side, outline, skin: new Choice(gl, places[k], indices), lashes: this.#makeLashes(opening) };
  }

  /** x, y, distance from the middle, opacity. */
  #makeLashes(opening) {
    const { gl } = this, count = ribbonLength(opening), data = new Float32Array(4 * count);
    const buffer = makeBuffer(gl, data.byteLength, gl.DYNAMIC_DRAW);
    const array = makeVertexArray(gl, [{ at: 0, size: 2, buffer, stride: 16 }, { at: 1, size: 2, buffer, stride: 16, offset: 8 }]);
    return { data, buffer, array, count };
  }

  #setConstants() {
    const { gl } = this, { header, constants } = this.face, { program, uniforms } = this.lid;
    gl.useProgram(this.flat.program);
    gl.uniform3fv(this.flat.uniforms.paint, header.lash.map((value) => value / 255));
    gl.useProgram(program);
    gl.uniform1i(uniforms.photo, 0);
    gl.uniform1i(uniforms.lidPicture, 1);
    gl.uniform4fv(uniforms.photoBox, asBox(header.picture));
    gl.uniform2f(uniforms.lidShade, constants.bulge, constants.crease);
  }
}
