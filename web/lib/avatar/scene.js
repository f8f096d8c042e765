// Everything on the graphics card for one face, and how a frame is drawn.

import { Choice } from "./choice.js";
import { EyePass } from "./eye_pass.js";
import { boxAround, FinePicture, lodOf } from "./fine.js";
import { carry } from "./geometry.js";
import { asBox, bindTextures, makeBuffer, makeProgram, makeVertexArray, pictureTexture, upload } from "./gl.js";
import { MouthPass } from "./mouth_pass.js";
import { PLAIN_FRAGMENT, PLAIN_VERTEX } from "./shaders.js";

const DEPTH_CM = 40; // what lies farther before or behind the head is not drawn
const SEEN_BLINK = 0.02;

/** One face on the graphics card. */
export class Scene {
  constructor(gl, face, pictures) {
    /** Mouth and lids are drawn too; their shaders take a moment at first, which a first picture need not wait for. */
    this.whole = false;
    Object.assign(this, { gl, face });
    this.plain = makeProgram(gl, PLAIN_VERTEX, PLAIN_FRAGMENT);
    [this.photo, ...this.lidPictures] = pictures.map((picture) => pictureTexture(gl, picture));
    this.relief = [1 / (DEPTH_CM * face.header.pose.scale), face.header.field.pivot[2]];
    const [left, , right] = face.header.picture;
    this.texels = pictures[0].width / (right - left);
    const fine = new FinePicture(gl, this.relief, this.texels), { lips, lids } = this.#makeSkin(fine.inSoftware);
    this.#makeGrid();
    this.makeFine = () => ({ mouth: new MouthPass(gl, face, fine, lips), eyes: new EyePass(gl, face, fine, lids) });
    gl.useProgram(this.plain.program);
    gl.uniform1i(this.plain.uniforms.photo, 0);
    gl.uniform4fv(this.plain.uniforms.photoBox, asBox(face.header.picture));
  }

  /**
   * Draw a posed face.
   * @param {number[]} window how pixels of the photo come to the canvas: scale x, scale y, middle x, middle y
   */
  draw(posed, motion, window) {
    const { gl } = this;
    upload(gl, this.places, posed.points);
    upload(gl, this.photoPlaces, posed.uv);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    bindTextures(gl, [gl.TEXTURE_2D, this.photo]);
    gl.useProgram(this.plain.program);
    gl.uniform4fv(this.plain.uniforms.window, window);
    gl.uniform2fv(this.plain.uniforms.relief, this.relief);
    gl.uniform1f(this.plain.uniforms.lod, lodOf(this.texels, 0.5 * window[0] * gl.drawingBufferWidth));
    this.#drawGrid(posed);
    this.#drawSkin(posed, window);
    if (!this.whole) return;
    const { mouth, eyes } = (this.fine ??= this.makeFine());
    if (posed.lipGap >= this.face.constants.shutCm) mouth.draw(posed, motion, window, this.photo);
    posed.blink.forEach((amount, k) => {
      if (amount > SEEN_BLINK) eyes.draw(k, posed, window, this.photo, this.lidPictures[k]);
    });
  }

  /** Returns the attributes that mouth and lids need of its vertices. */
  #makeSkin(rough) {
    const { gl, face } = this, { arrays } = face, sides = ["left", "right"];
    this.places = makeBuffer(gl, face.points.byteLength, gl.DYNAMIC_DRAW);
    this.photoPlaces = makeBuffer(gl, face.uv.byteLength, gl.DYNAMIC_DRAW);
    const inner = new Float32Array(face.count); // rings behind the lips' edge
    face.mouth.vertices.forEach((vertex, i) => (inner[vertex] = Math.max(0, -face.mouth.depth[i])));
    const places = [{ at: 0, size: 3, buffer: this.places }, { at: 1, size: 2, buffer: this.photoPlaces }];
    this.skin = new Choice(gl, places, rough ? roughTriangles(arrays.triangles) : arrays.triangles);
    let first = face.skinCount;
    this.plugs = sides.map((side, k) => {
      const plug = new Choice(gl, places, arrays[`${side}.plug.triangles`].map((index) => index + first));
      first += face.plugs[k].points.length / 3;
      return plug;
    });
    const lids = sides.map((side) => {
      const follow = new Float32Array(face.count);
      follow.set(arrays[`${side}.follow`]);
      return [...places, { at: 3, size: 1, buffer: makeBuffer(gl, follow) }];
    });
    return { lips: [...places, { at: 2, size: 1, buffer: makeBuffer(gl, inner) }], lids };
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

  #drawGrid(posed) {
    const { gl, face, gridPoints } = this, { arrays } = face, nodes = arrays["grid.nodes"], depth = arrays["grid.depth"];
    for (let i = 0; i < depth.length; i++) {
      gridPoints[3 * i] = nodes[2 * i];
      gridPoints[3 * i + 1] = nodes[2 * i + 1];
      gridPoints[3 * i + 2] = depth[i];
    }
    carry(gridPoints, arrays["grid.weight"], arrays["grid.breath"], posed.head);
    upload(gl, this.gridPlaces, gridPoints);
    gl.bindVertexArray(this.grid);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.CULL_FACE);
    gl.drawElements(gl.TRIANGLES, this.gridSize, gl.UNSIGNED_SHORT, 0);
  }

  #drawSkin({ points }, [sx, sy, middleX, middleY]) {
    const { gl } = this;
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    this.skin.draw(points, [middleX - 1 / sx - 1, middleY - 1 / sy - 1, middleX + 1 / sx, middleY + 1 / sy]);
    // Eyes are seen between the lids only.
    this.plugs.forEach((plug, k) => plug.draw(points, boxAround(this.face.eyes[k].margin, points, 1)));
  }
}

/** Two triangles for each eight: every eight of the file are one square of the mesh before it was subdivided, corner by corner. */
function roughTriangles(triangles) {
  const rough = [];
  for (let i = 0; i < triangles.length; i += 24) {
    const [a, b, c, d] = [0, 6, 12, 18].map((at) => triangles[i + at]);
    rough.push(a, b, c, a, c, d);
  }
  return rough;
}
