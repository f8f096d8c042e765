// Tables that the shader of the mouth's inside reads; they stay the same for one face.

export const TISSUE_PX = 128;
export const TISSUE_RANGE = 5; // standard deviations of relief that a byte spans to both sides

/** Height and slopes of the relief of tongue and gums, as bytes. */
export function tissueTable(relief) {
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
export function toneTable({ level, tint }) {
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
