// A part of the picture drawn finer than the rest and laid over it, as models/photo_head/layers.py does for mouth and eyes.

import { bindTextures, boundTexture, makeBuffer, makeProgram, makeVertexArray } from "./gl.js";
import { OVERLAY_FRAGMENT, OVERLAY_VERTEX } from "./shaders.js";

const FINE = 2, FINE_IN_SOFTWARE = 1.5; // pixels of the fine picture per pixel of the canvas
const MOST_PX = 1024; // longest side of the fine picture
const STEP_PX = 64; // its memory grows in steps of this many pixels
const LEAST_SPREAD = 0.5; // pixels of the canvas over which the fine picture is evened out at least

/** One fine picture, used for one part after the other. Opacity: one half on skin, 1 on what is painted, 0 where nothing is. */
export class FinePicture {
  /** @param texels of the photo's texture per pixel of the photo */
  constructor(gl, relief, texels) {
    Object.assign(this, { gl, relief, texels, size: [0, 0], used: [0, 0], box: [0, 0, 1, 1] });
    /** Whether a processor draws: then fewer pixels and triangles have to do. */
    this.inSoftware = !gl.getContextAttributes().antialias;
    this.fineness = this.inSoftware ? FINE_IN_SOFTWARE : FINE;
    this.overlay = makeProgram(gl, OVERLAY_VERTEX, OVERLAY_FRAGMENT);
    this.target = gl.createFramebuffer();
    this.depth = gl.createRenderbuffer();
    this.picture = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR, gl.CLAMP_TO_EDGE);
    this.corners = makeVertexArray(gl, [{ at: 0, size: 2, buffer: makeBuffer(gl, new Float32Array([0, 0, 0, 1, 1, 0, 1, 1])) }]);
  }

  /** Draw into it from now on, with depth; `box` is left, top, right, bottom in pixels of the photo. */
  begin(window, box, programs) {
    const { gl } = this, [left, top, right, bottom] = box, width = right - left, height = bottom - top;
    const perPixel = this.perPixel(window);
    this.box = box;
    this.#resize(width * perPixel, height * perPixel);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.viewport(0, 0, ...this.used);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    for (const { program, uniforms } of programs) {
      gl.useProgram(program);
      gl.uniform4f(uniforms.window, 2 / width, 2 / height, (left + right) / 2, (top + bottom) / 2);
      gl.uniform2fv(uniforms.relief, this.relief);
      gl.uniform1f(uniforms.lod, lodOf(this.texels, perPixel));
    }
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
  }

  /** Its pixels per pixel of the photo. */
  perPixel(window) {
    return 0.5 * this.fineness * window[0] * this.gl.drawingBufferWidth;
  }

  /** Draw into it again, after something else. */
  resume() {
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, this.target);
  }

  /** Draw a rectangle over all of it, or over the canvas. */
  drawAll() {
    this.gl.bindVertexArray(this.corners);
    this.gl.drawArrays(this.gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Draw in a part of it only, left, top, right, bottom in pixels of the photo: a processor shades even what something hides. */
  limit([left, top, right, bottom]) {
    const { gl, box, used } = this, perX = used[0] / (box[2] - box[0]), perY = used[1] / (box[3] - box[1]);
    const x = Math.floor((left + 0.5 - box[0]) * perX), y = Math.floor((box[3] - bottom - 0.5) * perY);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(x, y, Math.max(0, Math.ceil((right + 0.5 - box[0]) * perX) - x), Math.max(0, Math.ceil((box[3] - top - 0.5) * perY) - y));
  }

  /** Draw in all of it again. */
  unlimit() {
    this.gl.disable(this.gl.SCISSOR_TEST);
  }

  /** Lay it over the canvas; what is painted gets blurred by `blurPx` pixels of the photo, or `all` of it evened out a little. */
  end(window, { blurPx = 0, all = false }) {
    const { gl } = this, { program, uniforms } = this.overlay, [left, top, right, bottom] = this.box;
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.CULL_FACE);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    const share = this.used.map((side, k) => side / this.size[k]);
    const least = (2 * LEAST_SPREAD) / (window[0] * gl.drawingBufferWidth);
    const spread = Math.max(Math.SQRT2 * blurPx, least); // of a binomial kernel with three taps
    gl.useProgram(program);
    gl.uniform4fv(uniforms.window, window);
    gl.uniform4f(uniforms.box, left - 0.5, top - 0.5, right - left, bottom - top);
    gl.uniform2fv(uniforms.used, share);
    gl.uniform2f(uniforms.spread, (spread / (right - left)) * share[0], (spread / (bottom - top)) * share[1]);
    gl.uniform1f(uniforms.evened, all ? 1 : 0);
    gl.uniform1i(uniforms.picture, 0);
    bindTextures(gl, [gl.TEXTURE_2D, this.picture]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.drawAll();
    gl.disable(gl.BLEND);
  }

  #resize(width, height) {
    const { gl } = this;
    this.used = [width, height].map((side) => Math.round(Math.min(Math.max(side, 8), MOST_PX)));
    if (this.used.every((side, k) => side <= this.size[k])) return;
    this.size = this.used.map((side, k) => Math.max(this.size[k], STEP_PX * Math.ceil(side / STEP_PX)));
    gl.activeTexture(gl.TEXTURE3); // where no drawing into it reads a flat texture
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, ...this.size, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.bindRenderbuffer(gl.RENDERBUFFER, this.depth);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH24_STENCIL8, ...this.size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.picture, 0);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_STENCIL_ATTACHMENT, gl.RENDERBUFFER, this.depth);
  }
}

/** The photo's fineness for so many texels and drawn pixels per pixel of the photo; rather a little too sharp than too soft. */
export function lodOf(texels, pixels) {
  return Math.log2(texels / pixels) - 0.25;
}

/** Left, top, right, bottom of some vertices, and a margin. */
export function boxAround(vertices, points, margin) {
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (const vertex of vertices) {
    const x = points[3 * vertex], y = points[3 * vertex + 1];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return [left - margin, top - margin, right + margin, bottom + margin];
}
