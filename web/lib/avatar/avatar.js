// A talking head on a canvas: the face file of models/photo_head/live.py, drawn with WebGL2.

import { INDEX, restMotion } from "./arkit.js";
import { Face } from "./geometry.js";
import { acquire, release } from "./gl.js";
import { MOST_ORBIT_DEG } from "../orbit.js";
import { damaged, readPayload } from "./payload.js";
import { Scene } from "./scene.js";

export { ARTICULATION_NAMES, NAMES, restMotion } from "./arkit.js";

const FIRST_PICTURE_MS = 120; // by then the browser shows what was drawn first, on pages of 20 pictures a second and more

/**
 * Make a head that draws itself on a canvas.
 * @param {HTMLCanvasElement} canvas its width and height are the caller's
 * @param {ArrayBuffer} payload what a node left as `ta_face`
 * @returns {Avatar} draws what was asked for last by itself as soon as it can; `ready` resolves a moment later
 * @throws {Error} with a sentence for users where WebGL2 is missing or the payload is damaged
 */
export function createAvatar(canvas, payload) {
  return new Avatar(canvas, new Face(readPayload(payload)));
}

class Avatar {
  constructor(canvas, face) {
    const { shown } = face.header;
    /** Width over height of what is shown of the photo. */
    this.aspect = (shown[2] - shown[0]) / (shown[3] - shown[1]);
    /** Resolves when the face can be drawn, but for what is behind lips and lids; rejects with a sentence where a picture is damaged. */
    this.first = this.#decode(face.arrays);
    /** Resolves when everything can be drawn, a moment after the first picture; rejects as well. */
    this.ready = this.first.then(() => this.#complete());
    this.ready.catch(() => {}); // told by `first` to those who wait for that only
    Object.assign(this, { canvas, face, last: [restMotion(), {}], scene: null, pictures: null, warm: false, disposed: false });
    this.user = { usable: () => this.#build(), lost: () => (this.scene = null) };
    this.gl = acquire(canvas, this.user);
    this.#build();
  }

  /**
   * Draw a motion.
   * @param {object} motion {curves, articulation, head_deg, head_shift, gaze_deg} as `restMotion` gives it
   * @param {{yaw_deg?: number, pitch_deg?: number, zoom?: number}} view orbit, signs as those of `head_deg`
   */
  draw(motion = restMotion(), view = {}) {
    this.last = [motion, view];
    if (!this.scene || this.disposed) return;
    const posed = this.face.pose(motion, limited(view));
    this.scene.draw(posed, motion, this.#window(view));
  }

  /** Places to take hold of, in CSS pixels of the canvas: [{region, x, y, radius}]; left and right are the subject's. */
  handles(motion = restMotion(), view = {}) {
    const { points } = this.face.pose(motion, limited(view)), [sx, sy, middleX, middleY] = this.#window(view);
    const width = this.canvas.clientWidth || this.canvas.width, height = this.canvas.clientHeight || this.canvas.height;
    return this.face.header.handles.map(({ region, vertex, radius }) => ({
      region,
      x: (1 + (points[3 * vertex] + 0.5 - middleX) * sx) * (width / 2),
      y: (1 + (points[3 * vertex + 1] + 0.5 - middleY) * sy) * (height / 2),
      radius: radius * sx * (width / 2),
    }));
  }

  /** Free what it holds; it draws nothing any more. */
  dispose() {
    this.disposed = true;
    this.scene = null;
    this.pictures?.forEach((picture) => picture.close());
    this.pictures = null;
    release(this.canvas, this.user);
  }

  async #decode(arrays) {
    const decoded = ["photo", "left.lid", "right.lid"].map((name) => createImageBitmap(new Blob([arrays[name]])));
    try {
      this.pictures = await Promise.all(decoded);
    } catch {
      throw damaged("a picture cannot be decoded");
    }
    if (this.disposed) return this.dispose();
    this.#build();
  }

  async #complete() {
    await new Promise((next) => setTimeout(next, FIRST_PICTURE_MS));
    this.#warmUp();
  }

  /** Have the shaders of mouth and lids made now, not in the middle of the first word. */
  #warmUp() {
    this.warm = true;
    if (!this.scene) return;
    this.scene.whole = true;
    const wide = restMotion();
    for (const name of ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"]) wide.curves[INDEX[name]] = 0.5;
    this.scene.draw(this.face.pose(wide), wide, this.#window({}));
    this.draw(...this.last);
  }

  /** Bring everything to the graphics card as soon as both it and the pictures are there. */
  #build() {
    if (this.scene || !this.pictures || !this.gl || this.gl.isContextLost()) return;
    this.scene = new Scene(this.gl, this.face, this.pictures);
    this.scene.whole = this.warm;
    this.draw(...this.last);
  }

  /** How pixels of the photo come to the canvas: scale x, scale y, middle x, middle y; a zoom stays within what is shown. */
  #window({ zoom = 1 }) {
    const [left, top, right, bottom] = this.face.header.shown, width = right - left, height = bottom - top;
    const fit = Math.min(this.canvas.width / width, this.canvas.height / height) * Math.max(zoom, 1e-3);
    const scale = [(2 * fit) / this.canvas.width, (2 * fit) / this.canvas.height];
    const middle = [(left + right) / 2, (top + bottom) / 2], towards = this.#faceMiddle();
    const place = middle.map((value, k) => {
      const spare = Math.max(0, [width, height][k] / 2 - 1 / scale[k]);
      return Math.min(Math.max(towards[k], value - spare), value + spare);
    });
    return [...scale, ...place];
  }

  #faceMiddle() {
    const { source } = this.face.arrays, { handles } = this.face.header;
    const find = (region) => handles.find((handle) => handle.region === region)?.vertex ?? 0;
    const [top, chin] = [find("head"), find("jaw")];
    return [0, 1].map((k) => (source[3 * top + k] + source[3 * chin + k]) / 2);
  }
}

function limited({ yaw_deg = 0, pitch_deg = 0 }) {
  const limit = (value) => Math.min(Math.max(value, -MOST_ORBIT_DEG), MOST_ORBIT_DEG);
  return { yaw_deg: limit(yaw_deg), pitch_deg: limit(pitch_deg) };
}
