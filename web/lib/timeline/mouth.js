// The mouth that visemes make, before the graph has run: follows pipeline_core/motion/{articulation,contacts}.py, and a test compares.
// All sizes come with the timeline (`rules`).

import { firstAfter } from "./data.js";
import { DEFAULT_SOUND, plainIpa } from "./sounds.js";

const JOINED_S = 1e-3; // times that are no farther apart are the same
const KEPT = 4096; // instants of the grid that are remembered

const clip = (x, [low, high]) => Math.min(Math.max(x, low), high);

/** Rise from 0 to 1 as the integral of a Hann window. */
function ramp(time_s, start_s, end_s) {
  const x = clip((time_s - start_s) / Math.max(end_s - start_s, 1e-6), [0, 1]);
  return x - Math.sin(2 * Math.PI * x) / (2 * Math.PI);
}

export class Mouth {
  /**
   * @param {object} data what `readTimeline` gives: rules, energy, duration_s
   * @param {{cells: object[], phones: Array}} lanes
   * @param {string[]} channels the gestures that are wanted
   */
  constructor({ rules, energy, duration_s }, { cells, phones }, channels) {
    Object.assign(this, { rules, channels, duration_s, grid: new Map() });
    const said = phones.length ? phones.map((phone) => [...phone, 1])
      : cells.map((cell) => [DEFAULT_SOUND[cell.viseme], cell.start_s, cell.end_s, clip(cell.weight, [0, 1])]);
    this.said = said.map(([ipa, start_s, end_s, weight]) => ({ parts: symbols(rules, ipa), start_s, end_s, weight }));
    this.sounds = this.#sounds(gains(rules, energy, this.said));
    this.silence = this.said.length ? pauses(this.said) : [[0, duration_s]];
    const touching = (names) => this.said.filter(({ parts }) => parts.some((part) => names.includes(part))).map((p) => [p.start_s, p.end_s]);
    const shut = cells.filter((cell) => cell.shut).map((cell) => cell.shut).sort((a, b) => a[0] - b[0]);
    this.closures = shut.length ? shut : touching(rules.bilabials);
    this.tucks = touching(rules.labiodentals);
    this.contacts = bumps(rules, this.#held(), rules.contact_s);
    this.tucked = bumps(rules, this.tucks, rules.tuck_s);
  }

  /** Sounds with a target each: a diphthong is two. */
  #sounds(gain) {
    const { rules, channels } = this, place = channels.map((name) => rules.channels.indexOf(name)), inset = 0.5 * (1 - rules.core);
    return this.said.flatMap(({ parts, start_s, end_s, weight }, at) => parts.map((part, k) => {
      const step_s = (end_s - start_s) / parts.length, from_s = start_s + k * step_s, { values, dominance, vowel } = rules.targets[part];
      return {
        start_s: from_s, core_from: from_s + inset * step_s, core_to: from_s + (1 - inset) * step_s, dominance,
        values: place.map((c, n) => values[c] * weight * (vowel && rules.opened.includes(channels[n]) ? gain[at] : 1)),
      };
    }));
  }

  /** Closures of a first or last sound last into the pause beside it. */
  #held() {
    const { rules, silence, said } = this, long = silence.filter(([a, b]) => b - a >= rules.pause_s[0]);
    const same = (a, b) => Math.abs(a - b) < JOINED_S;
    return this.closures.map(([start_s, end_s]) => {
      const own = said[firstAfter(said, (p) => p.end_s, 0.5 * (start_s + end_s))];
      if (!own?.parts.some((part) => rules.bilabials.includes(part))) return [start_s, end_s];
      const before = long.find((pause) => same(pause[1], own.start_s)), after = long.find((pause) => same(pause[0], own.end_s));
      return [before ? Math.min(start_s, Math.max(before[1] - rules.open_before_s, before[0])) : start_s,
        after ? Math.max(end_s, Math.min(after[0] + rules.shut_after_s, after[1])) : end_s];
    });
  }

  /** Targets around an instant of the grid, averaged by dominance. */
  #blend(index) {
    const known = this.grid.get(index);
    if (known) return known;
    const { rules, sounds, channels } = this, time_s = index / rules.rate_hz;
    const here = firstAfter(sounds, (sound) => sound.start_s, time_s) - 1, groups = channels.map((name) => rules.groups[rules.channels.indexOf(name)]);
    const top = new Float64Array(channels.length), bottom = new Float64Array(channels.length).fill(rules.rest);
    for (let k = Math.max(0, here - rules.neighbours); k <= Math.min(sounds.length - 1, here + rules.neighbours); k++) {
      const sound = sounds[k], ahead_s = Math.max(sound.core_from - time_s, 0), behind_s = Math.max(time_s - sound.core_to, 0);
      const felt = rules.before_s.map((before_s, g) => sound.dominance[g] * Math.exp(-((ahead_s / before_s + behind_s / rules.after_s[g]) ** rules.power)));
      groups.forEach((g, c) => {
        top[c] += felt[g] * sound.values[c];
        bottom[c] += felt[g];
      });
    }
    const blended = top.map((value, c) => value / bottom[c]);
    if (this.grid.size > KEPT) this.grid.clear();
    this.grid.set(index, blended);
    return blended;
  }

  /** The gestures at an instant of the grid, smooth. */
  #smooth(index) {
    const { rules, channels } = this, width = Math.floor(rules.smooth_s * rules.rate_hz), out = new Float64Array(channels.length);
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * (k + 1)) / (width + 1)), blended = this.#blend(index + k - (width >> 1));
      sum += weight;
      for (let c = 0; c < out.length; c++) out[c] += weight * blended[c];
    }
    return out.map((value) => value / sum);
  }

  #gestures(time_s) {
    const place = time_s * this.rules.rate_hz, first = Math.floor(place + 1e-6), share = Math.max(0, place - first), left = this.#smooth(first);
    if (share < 1e-6) return left;
    const right = this.#smooth(first + 1);
    return left.map((value, c) => value + share * (right[c] - value));
  }

  /** How far silence has shut the mouth. */
  #shut(time_s) {
    const { rules, duration_s } = this;
    let most = 0;
    for (const [start_s, end_s] of this.silence) {
      if (start_s - rules.edge_s > time_s) break;
      if (end_s + rules.edge_s < time_s) continue;
      const atStart = start_s <= JOINED_S, atEnd = end_s >= duration_s - JOINED_S, middle_s = 0.5 * (start_s + end_s);
      const [least_s, full_s] = rules.pause_s, x = atStart || atEnd ? 1 : clip((end_s - start_s - least_s) / (full_s - least_s), [0, 1]);
      const up = atStart ? 1 : ramp(time_s, start_s - rules.edge_s, Math.min(start_s + rules.shut_after_s, Math.max(middle_s, start_s)));
      const down = atEnd ? 0 : ramp(time_s, Math.max(end_s - rules.open_before_s, Math.min(middle_s, end_s)), end_s + rules.edge_s);
      most = Math.max(most, x * x * (3 - 2 * x) * Math.min(up, 1 - down));
    }
    return most;
  }

  /**
   * The mouth at an instant: {gestures by the order of `channels`, closure, tuck}.
   * `touches` and `tucks` say that the frame is the one that shows a contact for certain.
   */
  at(time_s, { touches = false, tucks = false } = {}) {
    const { channels, rules } = this, contact = touches ? 1 : bumpAt(this.contacts, time_s), shut = Math.min(this.#shut(time_s), tucks ? rules.tuck_shut : 1);
    const gestures = this.#gestures(time_s).map((value, c) => {
      const open = value * (1 - shut) * (1 - (rules.yields[channels[c]] ?? 0) * contact);
      return clip(channels[c] === "jaw" ? open + contact * contact * (Math.min(open, rules.jaw_shut) - open) : open, [0, 1]);
    });
    return { gestures, closure: Math.max(contact, shut), tuck: tucks ? 1 : bumpAt(this.tucked, time_s) * (1 - contact) };
  }
}

/** The frame that shows a span for certain: the one nearest to its middle. */
export function frameOf([start_s, end_s], rate_hz, count) {
  return clip(Math.ceil(0.5 * (start_s + end_s) * rate_hz - 0.5 - 1e-9), [0, count - 1]);
}

function symbols(rules, ipa) {
  const letters = plainIpa(ipa), found = [];
  for (let i = 0; i < letters.length;) {
    const step = rules.targets[letters.slice(i, i + 2)] && i + 1 < letters.length ? 2 : 1, part = letters.slice(i, i + step);
    if (rules.targets[part]) found.push(part);
    i += step;
  }
  return found;
}

/** Stretches of silence, neighbours joined. */
function pauses(said) {
  const found = [];
  for (const { parts, start_s, end_s } of said) {
    if (parts.length) continue;
    const last = found.at(-1);
    if (last && start_s - last[1] < JOINED_S) last[1] = end_s;
    else found.push([start_s, end_s]);
  }
  return found;
}

/** How far loudness and tempo open the vowels. */
function gains(rules, energy, said) {
  const half = (Math.min(rules.tempo_phones, said.length) - 1) >> 1;
  return said.map(({ parts, start_s, end_s }, at) => {
    const near = said.slice(Math.max(0, at - half), at + half + 1).filter((phone) => phone.parts.length);
    const mean_s = near.reduce((sum, phone) => sum + phone.end_s - phone.start_s, 0) / Math.max(near.length, 1);
    const tempo = clip((Math.max(mean_s, 0.01) / rules.phone_s) ** rules.tempo_power, rules.tempo);
    return clip((parts.length ? Math.sqrt(clip(loudness(energy, start_s, end_s, rules.loud_at), rules.loudness)) : 1) * tempo, rules.gains);
  });
}

function loudness({ rate_hz, full, values }, start_s, end_s, share) {
  const first = Math.floor(start_s * rate_hz), part = [...values.slice(first, Math.max(first + 1, Math.floor(end_s * rate_hz)))].sort((a, b) => a - b);
  if (!part.length) return 1;
  const place = share * (part.length - 1), low = Math.floor(place), high = Math.min(low + 1, part.length - 1);
  return ((part[low] + (place - low) * (part[high] - part[low])) / 255) * full;
}

/** Contacts with their ramps, which neighbours shorten. */
function bumps({ ramp_s, lead, trail }, spans, [lead_s, trail_s, inset_s]) {
  return spans.map(([start_s, end_s], k) => {
    const before_s = k ? start_s - spans[k - 1][1] : Infinity, after_s = k + 1 < spans.length ? spans[k + 1][0] - end_s : Infinity;
    const inset = Math.min(inset_s, 0.5 * (end_s - start_s));
    return {
      from: start_s - Math.min(lead_s, Math.max(ramp_s, lead * before_s)), shut: start_s + inset,
      opens: end_s - inset, to: end_s + Math.min(trail_s, Math.max(ramp_s, trail * after_s)),
    };
  });
}

function bumpAt(list, time_s) {
  let most = 0;
  for (let k = firstAfter(list, (bump) => bump.to, time_s); k < list.length && list[k].from < time_s; k++) {
    most = Math.max(most, Math.min(ramp(time_s, list[k].from, list[k].shut), 1 - ramp(time_s, list[k].opens, list[k].to)));
  }
  return most;
}
