// A talking head on a canvas: the face file of models/photo_head/live.py, drawn with WebGL2.

import { readPayload } from "./payload.js";
import { restMotion } from "./arkit.js";

export { ARTICULATION_NAMES, NAMES, restMotion } from "./arkit.js";

/**
 * Make a head that draws itself on a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayBuffer} payload what a node left as `ta_face`
 * @returns {Avatar} whose `ready` settles when its pictures are decoded; what was drawn before appears then
 * @throws {Error} with a sentence for users where WebGL2 is missing or the payload is damaged
 */
export function createAvatar(canvas, payload) {
  return new Avatar(canvas, readPayload(payload));
}

class Avatar {
  constructor(canvas, { header, arrays }) {
    this.canvas = canvas;
    this.header = header;
    this.arrays = arrays;
    this.aspect = (header.shown[2] - header.shown[0]) / (header.shown[3] - header.shown[1]);
    this.context = canvas.getContext("2d");
    this.ready = createImageBitmap(new Blob([arrays.photo])).then((picture) => {
      this.picture = picture;
      this.draw();
    });
  }

  /** Draw a motion, seen from `view` {yaw_deg, pitch_deg, zoom}. */
  draw(motion = restMotion(), view = {}) {
    if (!this.picture) return;
    const { shown, texture } = this.header;
    const scale = this.picture.width / (texture[2] - texture[0]);
    const part = [shown[0] - texture[0], shown[1] - texture[1], shown[2] - shown[0], shown[3] - shown[1]];
    this.context.drawImage(this.picture, ...part.map((v) => v * scale), 0, 0, this.canvas.width, this.canvas.height);
  }

  /** Places to take hold of, in CSS pixels of the canvas: [{region, x, y, radius}]. */
  handles(motion = restMotion(), view = {}) {
    const { shown, handles } = this.header, { source } = this.arrays;
    const scale = this.canvas.clientWidth / (shown[2] - shown[0]);
    return handles.map(({ region, vertex, radius }) => {
      const at = vertex * 3 < source.length ? source.subarray(vertex * 3) : this.arrays[region === "eyeLeft" ? "left.plug.points" : "right.plug.points"];
      return { region, x: (at[0] - shown[0]) * scale, y: (at[1] - shown[1]) * scale, radius: radius * scale };
    });
  }

  /** Free what it holds; it cannot draw any more. */
  dispose() {
    this.picture?.close();
    this.picture = null;
  }
}
