// The stretch of time that is shown, and where a time lies on the screen.

const SHORTEST_S = 0.15; // the closest look: one sound is then about half the width
const STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const TICK_PX = 64;

export class Axis {
  constructor(left_px) {
    Object.assign(this, { left_px, width_px: 300, duration_s: 1, start_s: 0, span_s: 1 });
  }

  get end_s() { return this.start_s + this.span_s; }

  get plot_px() { return Math.max(1, this.width_px - this.left_px); }

  /** Pixels of a time. */
  x(time_s) {
    return this.left_px + ((time_s - this.start_s) / this.span_s) * this.plot_px;
  }

  /** Time at a pixel, within the clip. */
  time(x) {
    const time_s = this.start_s + ((x - this.left_px) / this.plot_px) * this.span_s;
    return Math.min(Math.max(time_s, 0), this.duration_s);
  }

  /** Show the whole clip. */
  fit() {
    this.show(0, this.duration_s);
  }

  /** Show a stretch, kept within the clip. */
  show(start_s, end_s) {
    this.span_s = Math.min(Math.max(end_s - start_s, Math.min(SHORTEST_S, this.duration_s)), this.duration_s);
    this.start_s = Math.min(Math.max(start_s, 0), this.duration_s - this.span_s);
  }

  /** Zoom; what lies under the pixel stays there. A factor below 1 comes nearer. */
  zoom(factor, x) {
    const at_s = this.time(x), share = (at_s - this.start_s) / this.span_s;
    const span_s = Math.min(Math.max(this.span_s * factor, Math.min(SHORTEST_S, this.duration_s)), this.duration_s);
    this.show(at_s - share * span_s, at_s + (1 - share) * span_s);
  }

  /** Move by pixels. */
  pan(pixels) {
    const by_s = (pixels / this.plot_px) * this.span_s;
    this.show(this.start_s + by_s, this.end_s + by_s);
  }

  /** Move so that a time is seen; `margin` is the share of the width that is kept beside it. */
  reveal(time_s, margin = 0.08) {
    const gap_s = margin * this.span_s;
    if (time_s < this.start_s + gap_s) this.show(time_s - gap_s, time_s - gap_s + this.span_s);
    else if (time_s > this.end_s - gap_s) this.show(time_s + gap_s - this.span_s, time_s + gap_s);
  }

  /** Times to write, with their text. */
  ticks() {
    const step_s = STEPS_S.find((step) => (step / this.span_s) * this.plot_px >= TICK_PX) ?? STEPS_S.at(-1);
    const out = [];
    for (let k = Math.ceil(this.start_s / step_s - 1e-6); k * step_s <= this.end_s + 1e-9; k++) out.push([k * step_s, clock(k * step_s, step_s)]);
    return out;
  }
}

/** A time as people read it. */
export function clock(time_s, step_s = 0.01) {
  const digits = step_s >= 1 ? 0 : step_s >= 0.1 ? 1 : 2;
  if (time_s < 60) return `${time_s.toFixed(digits)}${digits ? "" : " s"}`;
  return `${Math.floor(time_s / 60)}:${(time_s % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
}
