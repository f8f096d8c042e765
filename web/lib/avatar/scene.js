// Everything on the graphics card for one face, and how a frame is drawn.

import { carry } from "./geometry.js";
import { boundTexture, makeBuffer, makeProgram, makeVertexArray, pictureTexture } from "./gl.js";
import { Inside } from "./inside.js";
import { fillRibbon, ribbonLength } from "./lashes.js";
import { COLUMNS, GRID } from "./light.js";
import { MOUTH_FRAGMENT, MOUTH_VERTEX } from "./mouth_shader.js";
import { FLAT_FRAGMENT, FLAT_VERTEX, SKIN_FRAGMENT, SKIN_VERTEX } from "./shaders.js";

const THROAT = [6 / 255, 6 / 255, 6 / 255]; // what no surface covers
const BEHIND_MOUTH = 0.998, BEHIND_ALL = 0.999; // depth of the throat and of the surroundings; 1 is the farthest
const DEPTH_CM = 40; // what lies farther before or behind the head is not drawn
const TISSUE_PX = 128, TISSUE_RANGE = 5; // relief of tongue and gums: size, standard deviations that a byte spans to both sides
const SEEN_BLINK = 0.02;

export class Scene {
  constructor(gl, face, pictures) {
    Object.assign(this, { gl, face, inside: new Inside(face) });
    this.skinProgram = makeProgram(gl, SKIN_VERTEX, SKIN_FRAGMENT);
    this.flatProgram = makeProgram(gl, FLAT_VERTEX, FLAT_FRAGMENT);
    this.mouthProgram = makeProgram(gl, MOUTH_VERTEX, MOUTH_FRAGMENT);
    this.#makeSkin();
    this.#makeGrid();
    this.#makeFlats();
    this.#makeMouth();
    this.pictures = pictures.map((picture) => pictureTexture(gl, picture));
    this.#makeTables();
    this.#setConstants();
  }

  /** Draw a posed face; `window` maps pixels of the photo to the canvas. */
  draw(posed, motion, window) {
    const { gl } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.stencilMask(0xff);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    gl.disable(gl.STENCIL_TEST);
    const { scale } = this.face.header.pose;
    const relief = [1 / (DEPTH_CM * scale), this.face.header.field.pivot[2]];
    for (const each of [this.flatProgram, this.mouthProgram, this.skinProgram]) {
      gl.useProgram(each.program);
      gl.uniform4fv(each.uniforms.window, window);
      gl.uniform2fv(each.uniforms.relief, relief);
    }
    // From front to back, so that nothing is shaded that is covered afterwards.
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    this.#drawSkin(posed);
    if (posed.lipGap >= this.face.constants.shutCm) this.#drawMouth(posed, motion);
    gl.disable(gl.CULL_FACE);
    this.#drawGrid(posed);
    this.#drawLashes(posed);
  }

  #makeSkin() {
    const { gl, face } = this, { arrays } = face;
    this.places = makeBuffer(gl, face.points.byteLength, gl.DYNAMIC_DRAW);
    this.photoPlaces = makeBuffer(gl, face.uv.byteLength, gl.DYNAMIC_DRAW);
    const still = new Float32Array(3 * face.count); // rings behind the lips' edge, place on the left and on the right lid
    face.mouth.vertices.forEach((vertex, i) => (still[3 * vertex] = Math.max(0, -face.mouth.depth[i])));
    ["left", "right"].forEach((side, k) => arrays[`${side}.follow`].forEach((value, i) => (still[3 * i + 1 + k] = value)));
    const indices = [...arrays.triangles];
    let first = face.skinCount;
    for (const side of ["left", "right"]) {
      for (const index of arrays[`${side}.plug.triangles`]) indices.push(index + first);
      first += arrays[`${side}.plug.points`].length / 3;
    }
    const buffer = makeBuffer(gl, still);
    this.skin = makeVertexArray(gl, [
      { at: 0, size: 3, buffer: this.places }, { at: 1, size: 2, buffer: this.photoPlaces },
      { at: 2, size: 1, buffer, stride: 12 }, { at: 3, size: 2, buffer, stride: 12, offset: 4 },
    ], Uint16Array.from(indices));
    this.skinSize = indices.length;
  }

  #makeGrid() {
    const { gl, face } = this, { arrays, header } = face, nodes = arrays["grid.nodes"], { columns, rows } = header.grid;
    this.gridPoints = new Float32Array((nodes.length / 2) * 3);
    this.gridPlaces = makeBuffer(gl, this.gridPoints.byteLength, gl.DYNAMIC_DRAW);
    const indices = [];
    for (let row = 0; row < rows - 1; row++)
      for (let column = 0; column < columns - 1; column++) {
        const at = row * columns + column;
        indices.push(at, at + columns, at + 1, at + 1, at + columns, at + columns + 1);
      }
    this.grid = makeVertexArray(gl, [
      { at: 0, size: 3, buffer: this.gridPlaces }, { at: 1, size: 2, buffer: makeBuffer(gl, nodes) },
    ], Uint16Array.from(indices));
    this.gridSize = indices.length;
  }

  /** The opening of the lips, and a ribbon for each eye's lashes: x, y, distance from the middle, opacity. */
  #makeFlats() {
    const { gl, face } = this, { upper, lower } = face.mouth;
    const flat = (vertices) => {
      const data = new Float32Array(4 * vertices), buffer = makeBuffer(gl, data.byteLength, gl.DYNAMIC_DRAW);
      const array = makeVertexArray(gl, [{ at: 0, size: 2, buffer, stride: 16 }, { at: 1, size: 2, buffer, stride: 16, offset: 8 }]);
      return { data, buffer, array, count: vertices };
    };
    this.outline = Int32Array.from([...upper.vertices, ...Array.from(lower.vertices).slice(1, -1).reverse()]);
    this.opening = flat(this.outline.length);
    this.ribbons = face.eyes.map((eye) => flat(ribbonLength(eye)));
  }

  #makeMouth() {
    const { gl, face, inside } = this, { arrays } = face, vertices = arrays["teeth.vertices"], count = vertices.length / 3;
    const kinds = new Uint8Array(2 * count), shares = new Uint8Array(4 * count);
    for (let i = 0; i < count; i++) {
      kinds.set([arrays["teeth.part"][i], arrays["teeth.tooth"][i]], 2 * i);
      shares.set(["height", "occlusion", "jaw", "tip"].map((name) => arrays[`teeth.${name}`][i]), 4 * i);
    }
    this.teeth = makeVertexArray(gl, [
      { at: 0, size: 3, buffer: makeBuffer(gl, vertices) }, { at: 1, size: 3, buffer: makeBuffer(gl, arrays["teeth.normals"]) },
      { at: 2, size: 2, buffer: makeBuffer(gl, kinds), type: gl.UNSIGNED_BYTE, integer: true },
      { at: 3, size: 4, buffer: makeBuffer(gl, shares), type: gl.UNSIGNED_BYTE, normalized: true },
    ], inside.triangles.indices);
  }

  #makeTables() {
    const { gl, face } = this;
    this.limits = boundTexture(gl, gl.TEXTURE_2D, gl.NEAREST, gl.CLAMP_TO_EDGE);
    this.sky = boundTexture(gl, gl.TEXTURE_3D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    this.tissue = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR_MIPMAP_LINEAR, gl.REPEAT);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, TISSUE_PX, TISSUE_PX, 0, gl.RGBA, gl.UNSIGNED_BYTE, tissueTable(face.arrays.relief));
    gl.generateMipmap(gl.TEXTURE_2D);
    this.tone = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA16F, 256, 1, 0, gl.RGBA, gl.FLOAT, toneTable(face.header.tone));
  }

  #setConstants() {
    const { gl } = this, { header, constants } = this.face, { look } = header, scale = header.pose.scale;
    const set = ({ program, uniforms }, values) => {
      gl.useProgram(program);
      for (const [name, [kind, ...value]] of Object.entries(values)) gl[`uniform${kind}`](uniforms[name], ...value);
    };
    const box = ([left, top, right, bottom]) => [left, top, 1 / (right - left), 1 / (bottom - top)];
    set(this.skinProgram, {
      photo: ["1i", 0], lidLeft: ["1i", 1], lidRight: ["1i", 2], photoBox: ["4fv", box(header.texture)],
      lidLeftBox: ["4fv", box(header.lids.left)], lidRightBox: ["4fv", box(header.lids.right)],
      lidShade: ["2f", constants.bulge, constants.crease],
    });
    set(this.mouthProgram, {
      limits: ["1i", 0], tissue: ["1i", 1], tone: ["1i", 2], sky: ["1i", 3],
      seat: ["Matrix4x3fv", false, transposed(look.affine, 3, 4)],
      camera: ["Matrix3fv", false, transposed(header.pose.rotation, 3, 3).map((value) => value * scale)],
      cameraOffset: ["2fv", header.pose.offset], pivot: ["3fv", header.field.pivot], distance: ["1f", header.field.distance],
      light: ["3fv", look.light], view: ["3fv", look.view], skyColour: ["3fv", look.sky], keyColour: ["3fv", look.key],
      slitColour: ["3fv", constants.slitColour], albedo: ["3fv", look.albedo], tint: ["3fv", look.tint],
      tissueScale: ["1f", 1 / constants.reliefCm], toneShare: ["1f", header.tone.share],
    });
  }

  #drawGrid(posed) {
    const { gl, face, gridPoints } = this, { arrays } = face, nodes = arrays["grid.nodes"];
    for (let i = 0; i < nodes.length / 2; i++) gridPoints.set([nodes[2 * i], nodes[2 * i + 1], arrays["grid.depth"][i]], 3 * i);
    carry(gridPoints, arrays["grid.weight"], arrays["grid.breath"], posed.head);
    // It lies behind everything: its depth has served to move it.
    const far = face.header.field.pivot[2] - BEHIND_ALL * DEPTH_CM * face.header.pose.scale;
    for (let i = 2; i < gridPoints.length; i += 3) gridPoints[i] = far;
    const { program, uniforms } = this.skinProgram;
    gl.useProgram(program);
    gl.uniform2f(uniforms.blink, 0, 0);
    gl.uniform1f(uniforms.innerFall, 0);
    this.#bind([gl.TEXTURE_2D, this.pictures[0]], [gl.TEXTURE_2D, this.pictures[1]], [gl.TEXTURE_2D, this.pictures[2]]);
    upload(gl, this.gridPlaces, gridPoints);
    gl.bindVertexArray(this.grid);
    gl.drawElements(gl.TRIANGLES, this.gridSize, gl.UNSIGNED_SHORT, 0);
  }

  #drawMouth(posed, motion) {
    const { gl, face, inside } = this, { indices, tongue } = inside.triangles;
    this.#markOpening(posed);
    const gesture = inside.gesture(posed.used, motion);
    inside.lightUp(face.mouth, posed.positions, gesture);
    this.#sendLight(gesture, posed.head);
    gl.bindVertexArray(this.teeth);
    gl.drawElements(gl.TRIANGLES, indices.length, gl.UNSIGNED_SHORT, 0);
    this.#fillThroat();
    gl.disable(gl.STENCIL_TEST);
    if (gesture.tongue[3] === 0) return;
    gl.useProgram(this.mouthProgram.program);
    gl.bindVertexArray(this.teeth);
    gl.drawElements(gl.TRIANGLES, tongue.count, gl.UNSIGNED_SHORT, 2 * tongue.from);
  }

  /** Mark the opening between the lips, whatever its shape: only there the inside is seen. */
  #markOpening(posed) {
    const { gl, opening } = this;
    this.outline.forEach((vertex, i) => opening.data.set([posed.points[3 * vertex], posed.points[3 * vertex + 1], 0, 1], 4 * i));
    upload(gl, opening.buffer, opening.data);
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

  #fillThroat() {
    const { gl, flatProgram } = this;
    gl.useProgram(flatProgram.program);
    gl.uniform3fv(flatProgram.uniforms.paint, THROAT);
    this.#drawOpening();
  }

  #drawOpening() {
    const { gl, opening, flatProgram } = this;
    gl.useProgram(flatProgram.program);
    gl.uniform1f(flatProgram.uniforms.level, BEHIND_MOUTH);
    gl.disable(gl.CULL_FACE);
    gl.bindVertexArray(opening.array);
    gl.drawArrays(gl.TRIANGLE_FAN, 0, opening.count);
    gl.enable(gl.CULL_FACE);
  }

  #sendLight(gesture, head) {
    const { gl } = this, { program, uniforms } = this.mouthProgram, { light } = this.inside;
    gl.useProgram(program);
    gl.uniform4fv(uniforms.jaw, gesture.jaw);
    gl.uniform3fv(uniforms.jawShift, gesture.jawShift);
    gl.uniform4fv(uniforms.tongue, gesture.tongue);
    gl.uniformMatrix3fv(uniforms.head, false, transposed(head.rotation, 3, 3));
    gl.uniform3fv(uniforms.headShift, head.shift);
    gl.uniform3fv(uniforms.skyLow, light.low);
    gl.uniform3fv(uniforms.skySize, light.size);
    gl.uniform1f(uniforms.centreSky, light.centreSky);
    this.#bind([gl.TEXTURE_2D, this.limits], [gl.TEXTURE_2D, this.tissue], [gl.TEXTURE_2D, this.tone], [gl.TEXTURE_3D, this.sky]);
    gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGBA16F, GRID[0], GRID[1], 2 * GRID[2], 0, gl.RGBA, gl.FLOAT, light.sky);
    gl.activeTexture(gl.TEXTURE0);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, COLUMNS, 3, 0, gl.RGBA, gl.FLOAT, light.limits);
  }

  #drawSkin(posed) {
    const { gl } = this, { program, uniforms } = this.skinProgram, { constants } = this.face;
    gl.useProgram(program);
    gl.uniform2fv(uniforms.blink, posed.blink);
    gl.uniform1f(uniforms.innerFall, posed.lipGap >= constants.shutCm ? constants.innerLipFall : 0);
    this.#bind([gl.TEXTURE_2D, this.pictures[0]], [gl.TEXTURE_2D, this.pictures[1]], [gl.TEXTURE_2D, this.pictures[2]]);
    upload(gl, this.places, posed.points);
    upload(gl, this.photoPlaces, posed.uv);
    gl.bindVertexArray(this.skin);
    gl.drawElements(gl.TRIANGLES, this.skinSize, gl.UNSIGNED_SHORT, 0);
  }

  #drawLashes(posed) {
    const { gl, face } = this;
    gl.disable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(this.flatProgram.program);
    gl.uniform3fv(this.flatProgram.uniforms.paint, face.header.lash.map((value) => value / 255));
    this.ribbons.forEach((ribbon, i) => {
      if (posed.blink[i] <= SEEN_BLINK) return;
      fillRibbon(ribbon.data, face.eyes[i], posed.points, posed.blink[i], face.constants, face.header.pose.scale);
      upload(gl, ribbon.buffer, ribbon.data);
      gl.bindVertexArray(ribbon.array);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, ribbon.count);
    });
    gl.disable(gl.BLEND);
  }

  #bind(...textures) {
    textures.forEach(([target, texture], unit) => {
      this.gl.activeTexture(this.gl.TEXTURE0 + unit);
      this.gl.bindTexture(target, texture);
    });
  }
}

function upload(gl, buffer, data) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
}

function transposed(values, rows, columns) {
  return Array.from({ length: rows * columns }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}

/** Height and slopes of the relief, as bytes. */
function tissueTable(relief) {
  const bytes = new Uint8Array(4 * relief.length), last = TISSUE_PX - 1;
  const byte = (value) => Math.round(127.5 + (127.5 / TISSUE_RANGE) * Math.min(Math.max(value, -TISSUE_RANGE), TISSUE_RANGE));
  const at = (x, y) => relief[(y & last) * TISSUE_PX + (x & last)];
  for (let i = 0; i < relief.length; i++) {
    const x = i & last, y = Math.floor(i / TISSUE_PX);
    bytes.set([byte(at(x, y)), byte((at(x + 1, y) - at(x - 1, y)) / 2), byte((at(x, y + 1) - at(x, y - 1)) / 2), 255], 4 * i);
  }
  return bytes;
}

/** What a photo without colours adds to red and to blue, less green, at 256 brightnesses. */
function toneTable({ level, tint }) {
  const table = new Float32Array(4 * 256);
  for (let value = 0; value < 256; value++) {
    let i = 0;
    while (i < level.length - 2 && level[i + 1] < value) i++;
    const next = Math.min(i + 1, level.length - 1), span = level[next] - level[i];
    const part = span > 0 ? Math.min(Math.max((value - level[i]) / span, 0), 1) : 0;
    for (const k of [0, 1]) table[4 * value + k] = (tint[2 * i + k] + part * (tint[2 * next + k] - tint[2 * i + k])) / 255;
  }
  return table;
}
