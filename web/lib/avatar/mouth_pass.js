// The mouth, drawn finer than the rest and laid over it, as models/photo_head/mouth_layer.py and interior.py do.

import { Choice } from "./choice.js";
import { boxAround } from "./fine.js";
import { asBox, bindTextures, boundTexture, makeBuffer, makeProgram, makeVertexArray, upload } from "./gl.js";
import { Inside } from "./inside.js";
import { COLUMNS, GRID } from "./light.js";
import { MOUTH_VERTEX, SHADE_FRAGMENT, SHADE_VERTEX, SURFACE_FRAGMENT } from "./mouth_shader.js";
import { TISSUE_PX, tissueTable, toneTable } from "./mouth_tables.js";
import { FLAT_FRAGMENT, FLAT_VERTEX, LIPS_FRAGMENT, LIPS_VERTEX } from "./shaders.js";
import { SurfaceMap } from "./surface.js";

const REACH_CM = 4; // skin drawn in it: up to this far from the mouth's middle
const MARGIN_CM = 0.5;
const LOWER_TEETH = 1; // the last of the tissues that are teeth
const THROAT = [6 / 255, 6 / 255, 6 / 255]; // what no surface covers
const SAMPLERS = ["limits", "tissue", "tone", "sky", "firstMap", "secondMap"]; // by texture unit
const BEHIND_MOUTH = 0.998; // depth of the throat; 1 is the farthest

/** Lips and what is behind them. */
export class MouthPass {
  /** @param places attributes of the skin's vertices */
  constructor(gl, face, fine, places) {
    Object.assign(this, { gl, face, fine, inside: new Inside(face, fine.inSoftware) });
    this.lips = makeProgram(gl, LIPS_VERTEX, LIPS_FRAGMENT);
    this.flat = makeProgram(gl, FLAT_VERTEX, FLAT_FRAGMENT);
    this.shape = makeProgram(gl, MOUTH_VERTEX, SURFACE_FRAGMENT);
    this.shade = makeProgram(gl, SHADE_VERTEX, SHADE_FRAGMENT);
    this.surface = new SurfaceMap(gl);
    this.#makeLips(places);
    this.#makeTeeth();
    this.#makeTables();
    this.#setConstants();
  }

  /** Draw the mouth over the canvas. */
  draw(posed, motion, window, photo) {
    const { gl, fine } = this, { pose, look } = this.face.header;
    fine.begin(window, boxAround(this.outline, posed.points, MARGIN_CM * pose.scale), [this.flat, this.shape, this.lips]);
    bindTextures(gl, [gl.TEXTURE_2D, photo]);
    this.lipSkin.draw(posed.points, fine.box);
    this.#drawInside(posed, motion, window);
    fine.end(window, { blurPx: look.blurPx });
  }

  #makeLips(places) {
    const { gl, face } = this, { neutral, triangles } = face.arrays, { margin, upper, lower } = face.mouth;
    const middle = [0, 1, 2].map((k) => margin.reduce((sum, vertex) => sum + neutral[3 * vertex + k], 0) / margin.length);
    const near = (vertex) => Math.hypot(...middle.map((value, k) => neutral[3 * vertex + k] - value)) < REACH_CM;
    const indices = [];
    for (let i = 0; i < triangles.length; i += 3) {
      const corners = triangles.subarray(i, i + 3);
      if (corners.every(near)) indices.push(...corners);
    }
    this.lipSkin = new Choice(gl, places, indices);
    this.outline = [...upper.vertices, ...Array.from(lower.vertices).slice(1, -1).reverse()];
    this.outlineData = new Float32Array(this.outline.length * 4).fill(1);
    this.outlineBuffer = makeBuffer(gl, this.outlineData.byteLength, gl.DYNAMIC_DRAW);
    const buffer = this.outlineBuffer;
    this.opening = makeVertexArray(gl, [{ at: 0, size: 2, buffer, stride: 16 }, { at: 1, size: 2, buffer, stride: 16, offset: 8 }]);
  }

  #makeTeeth() {
    const { gl, face } = this, { arrays } = face, vertices = arrays["teeth.vertices"], count = vertices.length / 3;
    const { albedo, tint } = face.header.look, part = arrays["teeth.part"], tooth = arrays["teeth.tooth"];
    const colours = new Float32Array(3 * count), shares = new Uint8Array(4 * count);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 3; k++) colours[3 * i + k] = albedo[3 * part[i] + k] * (part[i] <= LOWER_TEETH ? tint[3 * tooth[i] + k] : 1);
      shares.set(["height", "occlusion", "jaw", "tip"].map((name) => arrays[`teeth.${name}`][i]), 4 * i);
    }
    this.teeth = makeVertexArray(gl, [
      { at: 0, size: 3, buffer: makeBuffer(gl, vertices) }, { at: 1, size: 3, buffer: makeBuffer(gl, arrays["teeth.normals"]) },
      { at: 2, size: 1, buffer: makeBuffer(gl, part), type: gl.UNSIGNED_BYTE, integer: true },
      { at: 3, size: 4, buffer: makeBuffer(gl, shares), type: gl.UNSIGNED_BYTE, normalized: true },
      { at: 4, size: 3, buffer: makeBuffer(gl, colours) },
    ], this.inside.triangles.indices);
  }

  #makeTables() {
    const { gl, face } = this;
    this.limits = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    this.sky = boundTexture(gl, gl.TEXTURE_3D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    this.tissue = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR_MIPMAP_NEAREST, gl.REPEAT);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, TISSUE_PX, TISSUE_PX, 0, gl.RGBA, gl.UNSIGNED_BYTE, tissueTable(face.arrays.relief));
    gl.generateMipmap(gl.TEXTURE_2D);
    this.tone = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, 256, 1, 0, gl.RGBA, gl.FLOAT, toneTable(face.header.tone));
  }

  #setConstants() {
    const { gl, shape, shade } = this, { header, constants } = this.face, { look, field, pose } = header;
    gl.useProgram(this.lips.program);
    gl.uniform1i(this.lips.uniforms.photo, 0);
    gl.uniform4fv(this.lips.uniforms.photoBox, asBox(header.picture));
    gl.uniform1f(this.lips.uniforms.innerFall, constants.innerLipFall);
    gl.useProgram(shape.program);
    gl.uniformMatrix4x3fv(shape.uniforms.seat, false, transposed(look.affine, 3, 4));
    gl.uniformMatrix3fv(shape.uniforms.camera, false, transposed(pose.rotation, 3, 3).map((value) => value * pose.scale));
    gl.uniform2fv(shape.uniforms.cameraOffset, pose.offset);
    gl.uniform1f(shape.uniforms.distance, field.distance);
    gl.uniform3fv(shape.uniforms.pivot, field.pivot);
    gl.useProgram(shade.program);
    SAMPLERS.forEach((name, unit) => gl.uniform1i(shade.uniforms[name], unit));
    gl.uniform1f(shade.uniforms.tissueScale, 1 / constants.reliefCm);
    gl.uniform1f(shade.uniforms.toneShare, header.tone.share);
    const triples = { light: look.light, view: look.view, skyColour: look.sky, keyColour: look.key, slitColour: constants.slitColour };
    for (const [name, values] of Object.entries(triples)) gl.uniform3fv(shade.uniforms[name], values);
  }

  #drawInside(posed, motion, window) {
    const { gl, inside, fine } = this, gesture = inside.gesture(posed.used, motion), isOut = gesture.tongue[3] > 0;
    inside.lightUp(this.face.mouth, posed.positions, gesture);
    this.#markOpening(posed);
    if (!isOut) fine.limit(boxAround(this.outline, posed.points, 0));
    gl.uniform3fv(this.flat.uniforms.paint, THROAT);
    gl.depthMask(false);
    this.#drawOpening();
    gl.depthMask(true);
    this.surface.begin(fine);
    this.#drawShapes(gesture, posed.head, isOut);
    fine.resume();
    this.#drawShade(window);
    fine.unlimit();
  }

  /** Note what is seen in the opening, and of a tongue that is out. */
  #drawShapes(gesture, head, isOut) {
    const { gl } = this, { program, uniforms } = this.shape, { indices, tongue } = this.inside.triangles;
    gl.useProgram(program);
    gl.uniform4fv(uniforms.jaw, gesture.jaw);
    gl.uniform3fv(uniforms.jawShift, gesture.jawShift);
    gl.uniform4fv(uniforms.tongue, gesture.tongue);
    gl.uniformMatrix3fv(uniforms.head, false, transposed(head.rotation, 3, 3));
    gl.uniform3fv(uniforms.headShift, head.shift);
    gl.bindVertexArray(this.teeth);
    gl.drawElements(gl.TRIANGLES, indices.length, gl.UNSIGNED_SHORT, 0);
    gl.disable(gl.STENCIL_TEST);
    if (isOut) gl.drawElements(gl.TRIANGLES, tongue.count, gl.UNSIGNED_SHORT, 2 * tongue.from);
  }

  /** Mark the opening between the lips, whatever its shape: only there the inside is seen. */
  #markOpening(posed) {
    const { gl, outlineData } = this;
    this.outline.forEach((vertex, i) => outlineData.set([posed.points[3 * vertex], posed.points[3 * vertex + 1], 0], 4 * i));
    upload(gl, this.outlineBuffer, outlineData);
    gl.enable(gl.STENCIL_TEST);
    gl.stencilFunc(gl.ALWAYS, 0, 1);
    gl.stencilOp(gl.INVERT, gl.INVERT, gl.INVERT);
    gl.colorMask(false, false, false, false);
    gl.depthMask(false);
    this.#drawOpening();
    gl.depthMask(true);
    gl.colorMask(true, true, true, true);
    gl.stencilOp(gl.KEEP, gl.KEEP, gl.KEEP);
    gl.stencilFunc(gl.EQUAL, 1, 1);
  }

  #drawOpening() {
    const { gl, flat } = this;
    gl.useProgram(flat.program);
    gl.uniform1f(flat.uniforms.level, BEHIND_MOUTH);
    gl.disable(gl.CULL_FACE);
    gl.bindVertexArray(this.opening);
    gl.drawArrays(gl.TRIANGLE_FAN, 0, this.outline.length);
    gl.enable(gl.CULL_FACE);
  }

  /** Give what was noted its colours. */
  #drawShade(window) {
    const { gl, surface, fine } = this, { program, uniforms } = this.shade, { light } = this.inside, { pose } = this.face.header;
    gl.useProgram(program);
    gl.uniform3fv(uniforms.skyLow, light.low);
    gl.uniform3fv(uniforms.skySize, light.size);
    gl.uniform1f(uniforms.centreSky, light.centreSky);
    gl.uniform1f(uniforms.tissueLod, Math.log2(TISSUE_PX / this.face.constants.reliefCm / (pose.scale * fine.perPixel(window))));
    bindTextures(gl, ...[this.limits, this.tissue, this.tone].map((each) => [gl.TEXTURE_2D, each]), [gl.TEXTURE_3D, this.sky],
      ...surface.textures.map((each) => [gl.TEXTURE_2D, each]));
    gl.activeTexture(gl.TEXTURE3);
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGBA16F, GRID[0], GRID[1], 2 * GRID[2], 0, gl.RGBA, gl.FLOAT, light.sky);
    gl.activeTexture(gl.TEXTURE0);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, COLUMNS, 3, 0, gl.RGBA, gl.FLOAT, light.limits);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.CULL_FACE);
    fine.drawAll();
  }
}

function transposed(values, rows, columns) {
  return Array.from({ length: rows * columns }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
