// The channels of a motion, in the order of pipeline_core/arkit.py (a test compares them).

/** ARKit-52 blendshapes: positions in `motion.curves`. */
export const NAMES = Object.freeze([
  "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
  "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
  "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
  "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
  "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
  "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
  "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
  "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
  "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
]);

/** Channels beyond ARKit: positions in `motion.articulation`. */
export const ARTICULATION_NAMES = Object.freeze(["lipClosure", "lipTuck", "tongueTip", "breath"]);

/** Name -> position in `motion.curves`. */
export const INDEX = Object.freeze(Object.fromEntries(NAMES.map((name, i) => [name, i])));

/** A motion that leaves the photo as it is. */
export function restMotion() {
  return {
    curves: new Float32Array(NAMES.length),
    articulation: new Float32Array(ARTICULATION_NAMES.length),
    head_deg: [0, 0, 0],
    head_shift: [0, 0, 0],
    gaze_deg: [0, 0],
  };
}
