// What is drawn: skin and surroundings, lids, flat shapes. Places are pixels of the photo, y down, larger depth nearer.

/** Pixels of the photo to the canvas: `window` is scale x, scale y, middle x, middle y; `relief` scale and middle of depth. */
export const PLACE = `
uniform vec4 window;
uniform vec2 relief;
vec4 onCanvas(vec3 p) {
  return vec4((p.x + 0.5 - window.z) * window.x, (window.w - p.y - 0.5) * window.y, (relief.y - p.z) * relief.x, 1.0);
}
`;

const PHOTO = `
layout(location = 0) in vec3 place;
layout(location = 1) in vec2 photoAt;
uniform vec4 photoBox; // left, top, 1 / width, 1 / height
out vec2 at;
void look() {
  at = (photoAt + 0.5 - photoBox.xy) * photoBox.zw;
  gl_Position = onCanvas(place);
}
`;
/** The photo, taken at one fineness for a whole picture: `texture` would look for one at every pixel, which a processor feels. */
const SAMPLED = `
uniform sampler2D photo;
uniform float lod;
vec4 sampled(vec2 place) {
  return textureLod(photo, place, lod);
}
`;

/** The photo on the mesh or on the grid around it. */
export const PLAIN_VERTEX = `${PLACE}${PHOTO}
void main() {
  look();
}
`;

export const PLAIN_FRAGMENT = `
${SAMPLED}
in vec2 at;
out vec4 colour;
void main() {
  colour = sampled(at);
}
`;

/** Skin round the lips for the mouth's fine picture, whose opacity tells skin (one half) from what lies behind the lips' edge (1). */
export const LIPS_VERTEX = `${PLACE}${PHOTO}
layout(location = 2) in float inner;
out float innerAt;
void main() {
  look();
  innerAt = inner;
}
`;

export const LIPS_FRAGMENT = `
${SAMPLED}
in vec2 at;
in float innerAt;
uniform float innerFall;
out vec4 colour;
void main() {
  colour = vec4(sampled(at).rgb * exp(-innerFall * innerAt), innerAt > 0.25 ? 1.0 : 0.5);
}
`;

/** Skin round an eye whose lids are on the way. */
export const LID_VERTEX = `${PLACE}${PHOTO}
layout(location = 3) in float lid;
uniform vec4 lidBox;
out vec2 lidPlace;
out float lidAt;
void main() {
  look();
  lidPlace = (photoAt + 0.5 - lidBox.xy) * lidBox.zw;
  lidAt = lid;
}
`;

export const LID_FRAGMENT = `
${SAMPLED}
in vec2 at, lidPlace;
in float lidAt;
uniform sampler2D lidPicture;
uniform float blink;
uniform vec2 lidShade; // bulge, crease
out vec4 colour;
void main() {
  vec4 open = sampled(at);
  vec3 shut = textureLod(lidPicture, lidPlace, lod).rgb;
  vec2 inside = step(vec2(0.0), lidPlace) * step(lidPlace, vec2(1.0));
  float share = smoothstep(0.0, 1.0, 2.0 * lidAt - 1.0) * min(1.0, 3.0 * blink) * inside.x * inside.y;
  vec2 off = (vec2(clamp(lidAt - 1.0, 0.0, 1.0)) - vec2(0.75, 0.3)) / vec2(0.2, 0.15);
  float shade = lidShade.x * exp(-off.x * off.x) - lidShade.y * exp(-off.y * off.y);
  colour = vec4(mix(open.rgb, shut * open.a, share) * (1.0 + shade * share * blink), 0.5);
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

export const OVERLAY_VERTEX = `${PLACE}
layout(location = 0) in vec2 corner;
uniform vec4 box; // left, top, width, height
out vec2 at;
void main() {
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = onCanvas(vec3(box.xy + corner * box.zw, 0.0));
}
`;

export const OVERLAY_FRAGMENT = `
in vec2 at;
uniform sampler2D picture;
uniform vec2 used, spread;
uniform float evened; // 1 where all of it is to be blurred, 0 where only what is painted
out vec4 colour;
void main() {
  vec2 place = at * used;
  vec4 middle = texture(picture, place);
  vec3 sum = vec3(0.0);
  float known = 0.0, painted = 0.0;
  for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) {
    float weight = float((2 - abs(x)) * (2 - abs(y))) / 16.0;
    vec4 near = texture(picture, clamp(place + vec2(x, y) * spread, vec2(0.0), used));
    sum += weight * near.rgb;
    known += weight * min(2.0 * near.a, 1.0);
    painted += weight * max(2.0 * near.a - 1.0, 0.0);
  }
  float covered = min(2.0 * middle.a, 1.0);
  vec3 sharp = middle.rgb / max(covered, 1e-3), soft = sum / max(known, 1e-3);
  vec2 rim = smoothstep(vec2(0.0), vec2(0.12), min(at, 1.0 - at));
  float opacity = rim.x * rim.y * covered;
  colour = vec4(mix(sharp, soft, max(evened, min(1.5 * painted, 1.0))) * opacity, opacity);
}
`;
