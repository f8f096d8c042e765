// The few things that drawing with WebGL2 needs.

import { tr } from "../words.js";

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let inSoftware; // known as soon as it was asked for
const records = new WeakMap(); // canvas -> its context, who uses it, whether it was given back, and whether its loss was told

/**
 * Take a canvas's WebGL2 for one user, who gets `usable()` whenever things can be made anew and `lost()` when all are gone.
 * @throws {Error} with a sentence for users where WebGL2 is missing
 */
export function acquire(canvas, user) {
  const record = records.get(canvas) ?? opened(canvas);
  record.user = user;
  if (!record.gl.isContextLost()) user.usable();
  else if (record.given && record.told) record.loser?.restoreContext();
  return record.gl;
}

/** Give it back: its memory is freed, and the browser may have the context for another canvas. */
export function release(canvas, user) {
  const record = records.get(canvas);
  if (record?.user !== user) return;
  record.user = null;
  record.given = true;
  record.loser?.loseContext();
}

function opened(canvas) {
  // Smooth contours cost a graphics card nothing, but half of the frames where a processor draws.
  const gl = canvas.getContext("webgl2", { alpha: true, depth: true, premultipliedAlpha: true, antialias: !(inSoftware ??= drawsInSoftware()) });
  if (!gl) throw new Error(tr("This browser cannot draw in 3D (WebGL2 is missing or switched off)."));
  const record = { gl, loser: gl.getExtension("WEBGL_lose_context"), user: null, given: false, told: false };
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // else it never comes back
    record.told = true;
    record.user?.lost();
    // Given back, and taken again before this event came.
    if (record.user && record.given) setTimeout(() => record.loser?.restoreContext());
  });
  canvas.addEventListener("webglcontextrestored", () => {
    record.told = record.given = false;
    record.user?.usable();
  });
  records.set(canvas, record);
  return record;
}

/** Whether the browser draws 3D without a graphics card. */
function drawsInSoftware() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl?.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER) ?? "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return SOFTWARE.test(name);
}

/** Compile a program; its uniforms are found by name. */
export function makeProgram(gl, vertexSource, fragmentSource) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragmentSource]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, `#version 300 es\nprecision highp float;\nprecision highp int;\n${source}`);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = gl.getAttachedShaders(program).map((shader) => gl.getShaderInfoLog(shader));
    const reason = [gl.getProgramInfoLog(program), ...logs].join(" ").slice(0, 300);
    throw new Error(tr("The 3D view cannot start on this graphics driver: {reason}", { reason }));
  }
  const uniforms = {};
  for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
    const name = gl.getActiveUniform(program, i).name.replace("[0]", "");
    uniforms[name] = gl.getUniformLocation(program, name);
  }
  return { program, uniforms };
}

/**
 * Make a vertex array.
 * @param {Array} layout [{at, size, data | buffer, type?, normalized?, integer?, stride?, offset?}] of attribute places
 */
export function makeVertexArray(gl, layout, triangles) {
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  for (const { at, size, buffer, type = gl.FLOAT, normalized = false, integer = false, stride = 0, offset = 0 } of layout) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    if (integer) gl.vertexAttribIPointer(at, size, type, stride, offset);
    else gl.vertexAttribPointer(at, size, type, normalized, stride, offset);
  }
  if (triangles) makeBuffer(gl, triangles, gl.STATIC_DRAW, gl.ELEMENT_ARRAY_BUFFER);
  gl.bindVertexArray(null);
  return array;
}

/** Make a buffer with this data (or of this size). */
export function makeBuffer(gl, data, usage = gl.STATIC_DRAW, target = gl.ARRAY_BUFFER) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, data, usage);
  return buffer;
}

/** Make a texture of a decoded picture, with smaller copies for far views. */
export function pictureTexture(gl, picture) {
  const texture = boundTexture(gl, gl.TEXTURE_2D, gl.LINEAR_MIPMAP_NEAREST, gl.CLAMP_TO_EDGE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
  gl.generateMipmap(gl.TEXTURE_2D);
  return texture;
}

/** Make and bind an empty texture. */
export function boundTexture(gl, target, filter, wrap) {
  const texture = gl.createTexture();
  gl.bindTexture(target, texture);
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, filter === gl.NEAREST ? gl.NEAREST : gl.LINEAR);
  for (const axis of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(target, axis, wrap);
  return texture;
}

/** Give textures, as [target, texture], to the units from 0 on. */
export function bindTextures(gl, ...textures) {
  textures.forEach(([target, texture], unit) => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(target, texture);
  });
}

/** Put new data into a buffer. */
export function upload(gl, buffer, data) {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
}

/** A box left, top, right, bottom as left, top, 1 / width, 1 / height: what turns places in it into shares. */
export function asBox([left, top, right, bottom]) {
  return [left, top, 1 / (right - left), 1 / (bottom - top)];
}
