// Teeth, gums, tongue and cavity: models/photo_head/mouth_pose.py and mouth_shade.py as shaders. Light is linear, 1 is white.

import { COLUMNS, GRID, HALF_WIDTH_CM } from "./light.js";
import { PLACE } from "./shaders.js";

const float = (value) => (Number.isInteger(value) ? `${value}.0` : `${value}`);

export const MOUTH_VERTEX = `${PLACE}
layout(location = 0) in vec3 rest;
layout(location = 1) in vec3 restNormal;
layout(location = 2) in uint kind; // of tissue
layout(location = 3) in vec4 share; // height, occlusion, jaw, tip
layout(location = 4) in vec3 colour;
uniform vec4 jaw; // angle, pivot y, pivot z, level of a tongue put out
uniform vec3 jawShift;
uniform vec4 tongue; // up, forward, drop, free
uniform mat4x3 seat;
uniform mat3 camera; // turn and scale
uniform vec2 cameraOffset;
uniform mat3 head;
uniform vec3 pivot, headShift;
uniform float distance;
out vec3 at, normal, restAt;
out vec2 heightOpen;
flat out vec3 colourAt;
flat out uint kindAt;

vec3 moved(vec3 p) {
  vec3 local = (p - pivot) * vec3(1.0, -1.0, 1.0);
  vec3 turned = head * local;
  float zoom = distance / (distance - (turned.z - local.z + headShift.z));
  return vec3(pivot.xy + turned.xy * vec2(1.0, -1.0) * zoom + headShift.xy, turned.z + pivot.z);
}

void main() {
  vec3 p = rest, n = restNormal;
  float turn = share.z, reach = share.w;
  if (reach > 0.0) {
    p.y += tongue.x * sqrt(reach) * reach - tongue.z * reach * reach * reach * reach;
    turn *= 1.0 - tongue.w * reach;
    p.y += tongue.w * reach * (jaw.w - p.y);
    p.x *= 1.0 - 0.4 * tongue.w * reach;
    p.z += tongue.y * reach;
  }
  float c = cos(jaw.x * turn), s = sin(jaw.x * turn);
  vec2 d = p.yz - jaw.yz;
  p = vec3(p.x, jaw.y + c * d.x - s * d.y, jaw.z + s * d.x + c * d.y) + turn * jawShift;
  normal = vec3(n.x, c * n.y - s * n.z, s * n.y + c * n.z);
  at = p + seat * vec4(p, 1.0);
  restAt = rest;
  heightOpen = share.xy;
  kindAt = kind;
  colourAt = colour;
  vec3 seen = camera * at;
  gl_Position = onCanvas(moved(vec3(seen.x + cameraOffset.x, cameraOffset.y - seen.y, seen.z)));
}
`;

/** What is there: place, direction, place at rest, height, occlusion; colour with 10, 10 and 9 bits, and 1 + the kind of tissue. */
export const SURFACE_FRAGMENT = `
in vec3 at, normal, restAt;
in vec2 heightOpen;
flat in vec3 colourAt;
flat in uint kindAt;
layout(location = 0) out uvec4 first;
layout(location = 1) out uvec4 second;
void main() {
  first = uvec4(floatBitsToUint(at), packSnorm2x16(normal.xy));
  uvec3 c = uvec3(clamp(0.5 * colourAt, 0.0, 1.0) * vec3(1023.0, 1023.0, 511.0) + 0.5);
  second = uvec4(packHalf2x16(restAt.xy), packHalf2x16(vec2(restAt.z, heightOpen.x)), packHalf2x16(vec2(heightOpen.y, normal.z)),
    c.x << 22 | c.y << 12 | c.z << 3 | (kindAt + 1u));
}
`;

/** All of the fine picture. */
export const SHADE_VERTEX = `
layout(location = 0) in vec2 corner;
void main() {
  gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
}
`;

const LIGHT = `
vec4 limitAt(int which, float x) {
  float place = (x + ${float(HALF_WIDTH_CM)}) * ${float((COLUMNS - 1) / (2 * HALF_WIDTH_CM))} + 0.5;
  return texture(limits, vec2(place / ${float(COLUMNS)}, (float(which) + 0.5) / 3.0));
}
float limitZ(vec4 l, float y) {
  return mix(l.w, l.z, clamp((y - l.y) / (l.x - l.y + 0.02), 0.0, 1.0));
}
// How freely a ray passes one opening, whose limits at the place itself are 'here'.
float leaves(int which, vec4 here, vec3 p, vec3 ray, float soft) {
  if (ray.z < 0.05) return 0.0;
  float way = (limitZ(here, p.y) - p.z) / ray.z;
  if (way > 0.5) way = (limitZ(here, p.y + way * ray.y) - p.z) / ray.z;
  float outside = clamp(-way * ray.z * 2.5, 0.0, 1.0);
  way = max(way, 0.0);
  vec4 l = limitAt(which, p.x + ray.x * way);
  float blur = 1.0 / (0.06 + soft * way), through = p.y + ray.y * way;
  float above = clamp((l.x - through) * blur + 0.5, 0.0, 1.0), below = clamp((through - l.y) * blur + 0.5, 0.0, 1.0);
  return max(above + below - 1.0, outside);
}
vec3 skyAt(float which, vec3 p) {
  vec3 f = clamp((p - skyLow) / skySize * vec3(1.0, 1.0, -1.0), 0.0, 1.0);
  float z = clamp(sqrt(f.z) * ${float(GRID[2] - 1 + 0.35)} - 0.35, 0.0, ${float(GRID[2] - 1)});
  return texture(sky, vec3((f.x * ${float(GRID[0] - 1)} + 0.5) / ${float(GRID[0])}, (f.y * ${float(GRID[1] - 1)} + 0.5) / ${float(GRID[1])},
    (z + 0.5 + which * ${float(GRID[2])}) / ${float(2 * GRID[2])})).xyz;
}
`;

const TISSUE = `
const int TONGUE = 4, LINING = 5;
// Strength of relief, of reflections, and share of light that has wandered under the surface.
const vec3 OF_TEETH = vec3(0.03, 1.0, 0.55), OF_GUM = vec3(0.13, 0.9, 0.40), OF_TONGUE = vec3(0.40, 1.0, 0.35), OF_LINING = vec3(0.15, 0.6, 0.45);

vec3 reliefAt(int part) {
  bool flatTissue = part >= TONGUE;
  vec2 place = vec2(flatTissue ? restAt.x : restAt.x - 0.6 * restAt.z, flatTissue ? restAt.z - restAt.y : restAt.y);
  return (textureLod(tissue, place * tissueScale + 0.5 / 128.0, tissueLod).xyz - 0.5) * 10.0;
}
vec3 surface(int part, vec3 raw, vec3 bumps) {
  vec3 n = normalize(raw);
  float bump = traits.x;
  if (part == TONGUE) bump *= smoothstep(-0.1, 0.6, n.y);
  n.x -= bump * bumps.y;
  if (part >= TONGUE) n.z -= bump * bumps.z; else n.y -= bump * bumps.z;
  return normalize(n);
}
vec3 pigment(int part, float h, float height, float up) {
  vec3 found = colourAt;
  if (part <= 1) {
    float neck = 1.0 - smoothstep(-0.05, 0.42, height), edge = smoothstep(0.72, 1.0, height);
    found *= (1.0 - neck * vec3(0.07, 0.17, 0.35)) * (1.0 - edge * vec3(0.17, 0.125, 0.08)) * (1.0 + 0.012 * h);
  } else {
    found *= 1.0 + vec3(0.05, 0.065, 0.08) * h;
    if (part == LINING) found *= height;
    else if (part == TONGUE) {
      float coat = 0.22 * smoothstep(0.15, 0.7, height) * smoothstep(-0.4, 0.9, h) * smoothstep(0.2, 0.9, up);
      found += coat * (0.55 - found) * 0.6;
    }
  }
  return found;
}
vec2 shine(int part, int which, vec4 here, vec3 n, float height, float open) {
  float cosine = dot(n, view);
  vec3 ray = 2.0 * cosine * n - view;
  float free = part == LINING && at.z < 8.5 ? 0.0 : leaves(which, here, at, ray, 0.25);
  float graze = 1.0 - max(cosine, 0.0), fresnel = 0.035 + 0.5 * graze * graze * graze * graze;
  float m4 = pow(max(dot(ray, light), 0.0), 4.0), m16 = m4 * m4 * m4 * m4, m64 = m16 * m16 * m16 * m16;
  float gloss = traits.y * open * free * fresnel;
  if (part == LINING) gloss *= height * smoothstep(8.5, 10.0, at.z);
  return gloss * vec2(9.0 * m64 + 3.5 * m16, 0.5 + 0.5 * ray.y);
}
`;

export const SHADE_FRAGMENT = `
precision highp sampler3D;
precision highp usampler2D;
uniform usampler2D firstMap, secondMap;
uniform sampler2D limits, tissue, tone;
uniform sampler3D sky;
uniform vec3 skyLow, skySize, light, view, skyColour, keyColour, slitColour;
uniform float centreSky, tissueScale, tissueLod, toneShare;
out vec4 colour;
vec3 at, normal, restAt, colourAt, traits;
vec2 heightOpen;
${LIGHT}
${TISSUE}
/** Returns the kind of tissue, -1 where there is none. */
int look() {
  uvec4 a = texelFetch(firstMap, ivec2(gl_FragCoord.xy), 0), b = texelFetch(secondMap, ivec2(gl_FragCoord.xy), 0);
  int part = int(b.w & 7u) - 1;
  vec2 middle = unpackHalf2x16(b.y), last = unpackHalf2x16(b.z);
  at = uintBitsToFloat(a.xyz);
  normal = vec3(unpackSnorm2x16(a.w), last.y);
  restAt = vec3(unpackHalf2x16(b.x), middle.x);
  heightOpen = vec2(middle.y, last.x);
  colourAt = 2.0 * vec3(b.w >> 22, b.w >> 12 & 1023u, b.w >> 3 & 511u) / vec3(1023.0, 1023.0, 511.0);
  traits = part <= 1 ? OF_TEETH : part <= 3 ? OF_GUM : part == TONGUE ? OF_TONGUE : OF_LINING;
  return part;
}
vec3 shaded(int part) {
  float height = heightOpen.x, open = heightOpen.y;
  vec3 bumps = reliefAt(part), n = surface(part, normal, bumps);
  vec4 lips = limitAt(0, at.x), teeth = limitAt(1, at.x);
  float front = limitZ(lips, at.y);
  float behind = part >= TONGUE ? smoothstep(0.0, 0.7, limitZ(teeth, at.y) - at.z) : 0.0;
  vec3 e = behind < 1.0 ? skyAt(0.0, at) : vec3(0.0);
  if (behind > 0.0) e = mix(e, skyAt(1.0, at), behind);
  float outside = smoothstep(0.0, 0.4, at.z - front);
  e = vec3(e.xy * (1.0 - outside), mix(e.z, 0.8, outside));
  float mag = length(e) + 1e-6, scatter = traits.z;
  float tilt = 0.65 + 0.35 * max(dot(e, light) / mag, 0.0);
  float ambient = tilt * ((1.0 - scatter) * max(dot(n, e), 0.0) + scatter * 0.62 * mag);
  float free = part == LINING && at.z < 8.5 ? 0.0 : leaves(0, lips, at, light, 0.5);
  if (behind > 0.0 && free > 0.0) free *= 1.0 - 0.75 * behind * (1.0 - leaves(1, teeth, at, light, 0.35));
  float wrap = 0.5 * scatter, key = free * max((dot(n, light) + wrap) / (1.0 + wrap), 0.0), deep = 1.0;
  if (part >= TONGUE) {
    float depth = max(front - at.z - 2.0, 0.0);
    deep = 1.0 / (1.0 + 0.06 * depth * depth);
    ambient *= deep;
  } else if (part <= 1) {
    float edge = 0.8 * smoothstep(0.80, 1.0, height);
    ambient = mix(ambient, 0.62 * mag * tilt, edge);
    key = mix(key, free * 0.55, edge);
  }
  ambient *= 0.15 + 0.85 * open * (0.35 + 0.65 * open);
  key *= 0.45 + 0.55 * open;
  float bounce = (0.6 * centreSky + 0.4 * mag) * (1.0 + 1.5 * behind) * deep * (0.08 + 0.32 * open);
  vec3 lit = ambient * skyColour + key * keyColour + bounce * skyColour * (part <= 1 ? vec3(1.0, 0.6, 0.6) : vec3(1.0, 0.42, 0.42));
  if (part > 1) lit *= 1.0 - vec3(0.0, 0.35, 0.35) / (1.0 + 6.0 * lit);
  vec2 gloss = shine(part, behind > 0.5 ? 1 : 0, behind > 0.5 ? teeth : lips, n, height, open);
  return pigment(part, bumps.x, height, n.y) * lit + gloss.x * keyColour + gloss.y * skyColour;
}
void main() {
  int part = look();
  if (part < 0) discard;
  vec3 value = shaded(part);
  vec3 over = max(value - 0.7, 0.0);
  value = min(value, 0.7) + over / (1.0 + over * 2.2);
  value *= pow(vec3(limitAt(2, at.x).x), slitColour);
  value = mix(12.92 * value, 1.055 * pow(max(value, 0.0031308), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, value));
  if (toneShare > 0.0) {
    vec3 luma = vec3(0.299, 0.587, 0.114);
    vec2 off = texture(tone, vec2(dot(value, luma), 0.5)).xy;
    float green = dot(value, luma) - luma.x * off.x - luma.z * off.y;
    value = mix(value, clamp(vec3(green + off.x, green, green + off.y), 0.0, 1.0), toneShare);
  }
  colour = vec4(clamp(value, 0.0, 1.0), 1.0);
}
`;
