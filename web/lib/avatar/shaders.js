// What is drawn: skin and surroundings, flat shapes. Places are pixels of the photo, y down, larger depth nearer.

/** Pixels of the photo to the canvas: `window` is scale x, scale y, middle x, middle y; `relief` scale and middle of depth. */
export const PLACE = `
uniform vec4 window;
uniform vec2 relief;
vec4 onCanvas(vec3 p) {
  return vec4((p.x + 0.5 - window.z) * window.x, (window.w - p.y - 0.5) * window.y, (relief.y - p.z) * relief.x, 1.0);
}
`;

export const SKIN_VERTEX = `${PLACE}
layout(location = 0) in vec3 place;
layout(location = 1) in vec2 photoAt;
layout(location = 2) in float inner;
layout(location = 3) in vec2 lid;
out vec2 at;
out float innerAt;
out vec2 lidAt;
void main() {
  at = photoAt;
  innerAt = inner;
  lidAt = lid;
  gl_Position = onCanvas(place);
}
`;

export const SKIN_FRAGMENT = `
in vec2 at;
in float innerAt;
in vec2 lidAt;
uniform sampler2D photo, lidLeft, lidRight;
uniform vec4 photoBox, lidLeftBox, lidRightBox; // left, top, 1 / width, 1 / height
uniform vec2 blink;
uniform vec2 lidShade; // bulge, crease
uniform float innerFall;
out vec4 colour;

const float LOD = -0.6; // towards the sharpness of the renderer, whose photo is enlarged, not reduced

vec4 closed(vec4 open, sampler2D lid, vec4 box, float where, float amount) {
  vec2 place = (at + 0.5 - box.xy) * box.zw;
  vec4 shut = texture(lid, place, LOD);
  vec2 inside = step(vec2(0.0), place) * step(place, vec2(1.0));
  float share = smoothstep(0.0, 1.0, 2.0 * where - 1.0) * min(1.0, 3.0 * amount) * inside.x * inside.y;
  float follow = clamp(where - 1.0, 0.0, 1.0);
  vec2 off = (vec2(follow) - vec2(0.75, 0.3)) / vec2(0.2, 0.15);
  float shade = lidShade.x * exp(-off.x * off.x) - lidShade.y * exp(-off.y * off.y);
  return vec4(mix(open.rgb, shut.rgb * open.a, share) * (1.0 + shade * share * amount), open.a);
}

void main() {
  colour = texture(photo, (at + 0.5 - photoBox.xy) * photoBox.zw, LOD);
  if (blink.x > 0.02) colour = closed(colour, lidLeft, lidLeftBox, lidAt.x, blink.x);
  if (blink.y > 0.02) colour = closed(colour, lidRight, lidRightBox, lidAt.y, blink.y);
  colour.rgb *= exp(-innerFall * innerAt);
}
`;

export const FLAT_VERTEX = `${PLACE}
layout(location = 0) in vec2 place;
layout(location = 1) in vec2 soft; // distance from the middle of a line in its widths, opacity
uniform float level;
out vec2 softAt;
void main() {
  softAt = soft;
  gl_Position = onCanvas(vec3(place, 0.0));
  gl_Position.z = level;
}
`;

export const FLAT_FRAGMENT = `
in vec2 softAt;
uniform vec3 paint;
out vec4 colour;
void main() {
  // A line of width 1 blurred with a standard deviation of 0.35 widths.
  float opacity = softAt.y * exp(-2.4 * softAt.x * softAt.x);
  colour = vec4(paint * opacity, opacity);
}
`;
