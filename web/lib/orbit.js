// Looking at a head from the side, the same way in every view.

/** As far as a head is turned: beyond, sides of it come into view that the photo does not show. */
export const MOST_ORBIT_DEG = 15;
/** Which way each arrow key goes, y down. */
export const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
const DEG_PER_PX = 0.12; // from one limit to the other in 250 pixels
const ARROW_TURN_PX = 20; // one key press turns the view as a drag of so many pixels does

/** From the front. */
export const FRONT = Object.freeze({ yaw_deg: 0, pitch_deg: 0, zoom: 1 });

/** A view after the pointer has moved by so many pixels; y down. */
export function turned({ yaw_deg, pitch_deg, zoom }, dx, dy) {
  const within = (value) => Math.min(Math.max(value, -MOST_ORBIT_DEG), MOST_ORBIT_DEG);
  return { yaw_deg: within(yaw_deg + dx * DEG_PER_PX), pitch_deg: within(pitch_deg - dy * DEG_PER_PX), zoom };
}

/** A view after one press of an arrow key. */
export function turnedBy(view, key) {
  return turned(view, ...ARROWS[key].map((way) => way * ARROW_TURN_PX));
}
