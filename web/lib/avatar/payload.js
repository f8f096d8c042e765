// Reads the file that models/photo_head/live.py writes. It may come from anywhere, so everything is checked.

import { tr } from "../words.js";
import { checkFace } from "./checks.js";

const MAGIC = 0x564c4154; // "TALV" as a little-endian number
export const VERSION = 1;
const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, i16: Int16Array };
const LARGEST_BYTES = 64 << 20; // twenty times what our own files have

/** Take a face file apart: {header, arrays}; throws an Error with a sentence where it is damaged. */
export function readPayload(buffer) {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < 16) throw damaged("it is too short");
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw damaged("it is no face file");
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new Error(tr("The face file has version {version}, this page reads {known}. Reload the page and run the graph again.", { version, known: VERSION }));
  const start = 16 + view.getUint32(8, true);
  if (view.getUint32(12, true) !== buffer.byteLength || start > buffer.byteLength || start % 8 || buffer.byteLength > LARGEST_BYTES)
    throw damaged("its length is wrong");
  const header = readHeader(new Uint8Array(buffer, 16, start - 16));
  const arrays = {};
  for (const [name, about] of Object.entries(header.arrays)) arrays[name] = readArray(buffer, start, name, about);
  checkFace(header, arrays, damaged);
  return { header, arrays };
}

/** An Error about a damaged file. */
export function damaged(reason) {
  return new Error(tr("The face file is damaged ({reason}). Run the graph again.", { reason }));
}

function readHeader(bytes) {
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged("its header cannot be read");
  }
  if (typeof header?.arrays !== "object" || header.arrays === null) throw damaged("its header lists no arrays");
  return header;
}

function readArray(buffer, start, name, about) {
  const { kind, shape, at, scale, offset } = about ?? {};
  const Kind = Object.hasOwn(KINDS, kind) ? KINDS[kind] : null;
  const whole = (value) => Number.isInteger(value) && value >= 0;
  if (!Kind || !whole(at) || at % 8 || !Array.isArray(shape) || !shape.every(whole)) throw damaged(`${name} is described wrongly`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (start + at + count * Kind.BYTES_PER_ELEMENT > buffer.byteLength) throw damaged(`${name} reaches beyond its end`);
  const values = new Kind(buffer, start + at, count);
  if (!Number.isFinite(scale) || !Number.isFinite(offset) || (kind === "f32" && !values.every(Number.isFinite))) throw damaged(`${name} holds no numbers`);
  if (kind !== "i16") return values;
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = values[i] * scale + offset;
  return numbers;
}
