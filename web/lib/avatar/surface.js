// What is seen at each pixel of the mouth's inside, kept until all of it is known: a processor would shade what something hides too.

import { boundTexture } from "./gl.js";

/** Two textures beside a fine picture, which share its depth. */
export class SurfaceMap {
  constructor(gl) {
    Object.assign(this, { gl, size: [0, 0], target: gl.createFramebuffer() });
    this.textures = [0, 1].map(() => boundTexture(gl, gl.TEXTURE_2D, gl.NEAREST, gl.CLAMP_TO_EDGE));
  }

  /** Draw into it from now on; nothing is seen yet. */
  begin(fine) {
    const { gl } = this;
    if (this.size.some((side, k) => side !== fine.size[k])) this.#resize(fine);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    gl.clearBufferuiv(gl.COLOR, 1, [0, 0, 0, 0]);
  }

  #resize(fine) {
    const { gl } = this;
    this.size = [...fine.size];
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target);
    this.textures.forEach((texture, k) => {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32UI, ...this.size, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, null);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + k, gl.TEXTURE_2D, texture, 0);
    });
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_STENCIL_ATTACHMENT, gl.RENDERBUFFER, fine.depth);
    gl.drawBuffers([gl.COLOR_ATTACHMENT0, gl.COLOR_ATTACHMENT1]);
  }
}
