// Jaw and lips of visemes that were edited since the last run, as far as they are looked at.

import { frameOf, Mouth } from "./mouth.js";

const CHUNK = 256; // values at a time

export class Curves {
  #mouth;
  #chunks = new Map();

  /** @param {object} data what `readTimeline` gives @param {object} shown the lanes */
  constructor(data, shown) {
    const { rate_hz, values: { length } } = data.closure;
    this.#mouth = new Mouth(data, shown, ["jaw"]);
    Object.assign(this, { data, rate_hz, length });
    this.shutAt = new Set(this.#mouth.closures.map((span) => frameOf(span, rate_hz, length)));
    this.tuckAt = new Set(this.#mouth.tucks.map((span) => frameOf(span, rate_hz, length)).filter((at) => !this.shutAt.has(at)));
  }

  /** The curve "jaw" or "closure", like those of the last run: {rate_hz, length, at(place)} with values of 0..255. */
  curve(name) {
    return { rate_hz: this.rate_hz, length: this.length, at: (place) => this.#chunk(Math.floor(place / CHUNK))[name][place % CHUNK] };
  }

  #chunk(number) {
    if (!this.#chunks.has(number)) this.#chunks.set(number, this.#made(number * CHUNK));
    return this.#chunks.get(number);
  }

  #made(first) {
    const jaw = new Uint8Array(CHUNK), closure = new Uint8Array(CHUNK);
    for (let k = 0; k < CHUNK && first + k < this.length; k++) {
      const place = first + k;
      const mouth = this.#mouth.at(place / this.rate_hz, { touches: this.shutAt.has(place), tucks: this.tuckAt.has(place) });
      jaw[k] = Math.min(255, Math.round((255 * mouth.gestures[0]) / this.data.jaw.full));
      closure[k] = Math.round(255 * mouth.closure);
    }
    return { jaw, closure };
  }
}
