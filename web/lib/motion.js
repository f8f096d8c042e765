// A motion as the page plays it: reads what pipeline_core/motion/packed.py writes.

import { ARTICULATION_NAMES, INDEX, NAMES, restMotion } from "./avatar/arkit.js";
import { tr } from "./words.js";

const MAGIC = 0x314d4154; // "TAM1", little-endian
const HEADER_BYTES = 24;
const CHANNELS = NAMES.length + ARTICULATION_NAMES.length + 8; // 8: head angles, head shift, gaze

/**
 * Read a motion.
 * @param {ArrayBuffer} buffer what a node left as `ta_motion`
 * @returns {{fps: number, frames: number, duration_s: number, whole_s: number, at: (time_s: number) => object}}
 *   `at` gives the motion of an instant, between frames by interpolation; `whole_s` is longer than
 *   `duration_s` where only the beginning was sent
 */
export function decodeMotion(buffer) {
  const head = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES + 8 * CHANNELS || head.getUint32(0, true) !== MAGIC) throw unreadable();
  const [top, bottom, frames, all, channels] = [4, 8, 12, 16, 20].map((at) => head.getUint32(at, true));
  if (channels !== CHANNELS || !top || !bottom || !frames) throw unreadable();
  const tracks = readTracks(buffer, head, frames);
  const fps = top / bottom;
  return { fps, frames, duration_s: frames / fps, whole_s: all / fps, at: (time_s) => motionAt(tracks, time_s * fps, frames) };
}

/** What a face does while nothing happens: looks ahead, sways a little, blinks. One round takes `duration_s`. */
export function idleMotion() {
  const duration_s = 8, blinks_s = [1.6, 5.3];
  const wave = (time_s, rounds, phase = 0) => Math.sin(2 * Math.PI * ((rounds * time_s) / duration_s + phase));
  const at = (time_s) => {
    const motion = restMotion();
    const shut = Math.max(...blinks_s.map((begin) => blinkAt(time_s - begin)));
    for (const side of ["Left", "Right"]) {
      motion.curves[INDEX[`eyeBlink${side}`]] = shut;
      motion.curves[INDEX[`eyeSquint${side}`]] = 0.12 * shut;
    }
    motion.articulation[ARTICULATION_NAMES.indexOf("breath")] = 0.5 - 0.5 * Math.cos((4 * Math.PI * time_s) / duration_s);
    motion.head_deg = [0.9 * wave(time_s, 1), 0.5 * wave(time_s, 2, 0.2) - 0.5 * wave(0, 2, 0.2), 0.35 * wave(time_s, 1, 0.5)];
    return motion;
  };
  return { fps: 30, frames: 240, duration_s, whole_s: duration_s, at };
}

function unreadable() {
  return new Error(tr("The motion of this node cannot be read. Run the graph again."));
}

/** Each channel as a constant, or as its values frame by frame. */
function readTracks(buffer, head, frames) {
  const tracks = [];
  let place = HEADER_BYTES + 8 * CHANNELS;
  for (let channel = 0; channel < CHANNELS; channel++) {
    const low = head.getFloat32(HEADER_BYTES + 8 * channel, true);
    const step = head.getFloat32(HEADER_BYTES + 8 * channel + 4, true);
    if (!(step > 0)) {
      tracks.push(low);
      continue;
    }
    if (place + 2 * frames > buffer.byteLength) throw unreadable();
    tracks.push(Float32Array.from({ length: frames }, (_, i) => low + step * head.getUint16(place + 2 * i, true)));
    place += 2 * frames;
  }
  return tracks;
}

function motionAt(tracks, place, frames) {
  const at = Math.min(Math.max(place || 0, 0), frames - 1);
  const first = Math.floor(at), second = Math.min(first + 1, frames - 1), share = at - first;
  const values = tracks.map((track) => (typeof track === "number" ? track : track[first] + share * (track[second] - track[first])));
  let from = 0;
  const next = (count) => values.slice(from, (from += count));
  return {
    curves: Float32Array.from(next(NAMES.length)),
    articulation: Float32Array.from(next(ARTICULATION_NAMES.length)),
    head_deg: next(3), head_shift: next(3), gaze_deg: next(2),
  };
}

/** How far the lids are shut, `time_s` after a blink has begun: they shut faster than they open. */
function blinkAt(time_s) {
  const close_s = 0.08, hold_s = 0.04, open_s = 0.17;
  const ease = (x) => { const t = Math.min(Math.max(x, 0), 1); return t * t * t * (t * (6 * t - 15) + 10); };
  return ease(time_s / close_s) - ease((time_s - close_s - hold_s) / open_s);
}
