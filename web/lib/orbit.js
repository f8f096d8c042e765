// Looking at a head from the side, the same way in every view.

const LIMIT_DEG = 15; // as far as Avatar.draw turns it
const DEG_PER_PX = 0.12; // from one limit to the other in 250 pixels

/** From the front. */
export const FRONT = Object.freeze({ yaw_deg: 0, pitch_deg: 0, zoom: 1 });

/** A view after the pointer has moved by so many pixels; y down. */
export function turned({ yaw_deg, pitch_deg, zoom }, dx, dy) {
  const within = (value) => Math.min(Math.max(value, -LIMIT_DEG), LIMIT_DEG);
  return { yaw_deg: within(yaw_deg + dx * DEG_PER_PX), pitch_deg: within(pitch_deg - dy * DEG_PER_PX), zoom };
}
