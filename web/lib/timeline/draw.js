// Draws the lanes of a timeline; only what is seen is touched, so that long clips stay quick.

import { tr } from "../words.js";
import { within } from "./data.js";
import { GUTTER_PX } from "./lanes.js";
import { colourOf, EMOTIONS } from "./sounds.js";

const FONT = "system-ui, sans-serif";
const SHUT = "#d64038", JAW = "#4fa3d1", INK = "#1d1f23";
const NAME_PX = GUTTER_PX - 8; // longer names of lanes are drawn narrower
const NARROW_PX = 3; // boxes closer than this have no lines between them

/** Draw a scene: {ctx, axis, lanes, theme, data, shown, selection, cursor_s, range, ghosts, expected}. */
export function draw(scene) {
  const { ctx, axis, lanes, theme, height_px } = scene;
  ctx.clearRect(0, 0, axis.width_px, height_px);
  for (const name of Object.keys(lanes)) if (name !== "map") ground(scene, name);
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER_PX, 0, axis.plot_px, height_px);
  ctx.clip();
  drawTicks(scene);
  drawRange(scene);
  drawShut(scene);
  drawWave(scene);
  drawWords(scene);
  drawPhones(scene);
  drawVisemes(scene);
  drawMouth(scene);
  drawEmotions(scene);
  drawCursor(scene);
  ctx.restore();
  drawMap(scene);
  drawNames(scene, theme);
}

function ground({ ctx, axis, lanes, theme }, name) {
  if (name === "time") return;
  ctx.fillStyle = theme.ground;
  ctx.fillRect(GUTTER_PX, lanes[name].top, axis.plot_px, lanes[name].height);
}

function drawNames({ ctx, lanes, theme }) {
  const titles = {
    sound: tr("sound"), words: tr("words"), phones: tr("sounds"), visemes: tr("visemes"), mouth: tr("mouth"), emotion: tr("emotion"),
  };
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  ctx.font = `10px ${FONT}`;
  ctx.fillStyle = theme.faint;
  for (const [name, title] of Object.entries(titles)) {
    if (lanes[name]) ctx.fillText(title, GUTTER_PX - 6, lanes[name].top + lanes[name].height / 2 - (name === "mouth" ? 11 : 0), NAME_PX);
  }
  const { top, height } = lanes.mouth;
  ctx.font = `9px ${FONT}`;
  for (const [colour, title, down_px] of [[JAW, tr("jaw"), 0], [SHUT, tr("lips"), 10]]) {
    ctx.fillStyle = colour;
    ctx.fillText(title, GUTTER_PX - 6, top + height / 2 + down_px, NAME_PX);
  }
}

function drawTicks({ ctx, axis, lanes, theme }) {
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  ctx.font = `10px ${FONT}`;
  for (const [time_s, text] of axis.ticks()) {
    const x = Math.round(axis.x(time_s)) + 0.5;
    ctx.fillStyle = theme.faint;
    const half = ctx.measureText(text).width / 2;
    ctx.fillText(text, Math.min(Math.max(x, GUTTER_PX + half + 1), axis.width_px - half - 1), lanes.time.height / 2 - 2);
    ctx.fillRect(x - 0.5, lanes.time.height - 4, 1, 4);
    ctx.globalAlpha = 0.25;
    for (const name of ["sound", "mouth"]) ctx.fillRect(x - 0.5, lanes[name].top, 1, lanes[name].height);
    ctx.globalAlpha = 1;
  }
}

function drawRange({ ctx, axis, theme, range, height_px }) {
  if (!range) return;
  const left = axis.x(range[0]), right = axis.x(range[1]);
  ctx.fillStyle = theme.accent;
  ctx.globalAlpha = 0.14;
  ctx.fillRect(left, 0, right - left, height_px);
  ctx.globalAlpha = 1;
  ctx.fillRect(left, 0, right - left, 3);
}

/** The stretches in which lips touch, behind the sound. */
function drawShut({ ctx, axis, lanes, shown }) {
  ctx.fillStyle = SHUT;
  ctx.globalAlpha = 0.22;
  const closed = seen(axis, shown.cells).filter((cell) => cell.shut);
  for (const cell of apart(axis, closed, (each) => each.shut[1])) {
    const left = axis.x(cell.shut[0]), width = Math.max(1, axis.x(cell.shut[1]) - left);
    for (const name of ["sound", "mouth"]) ctx.fillRect(left, lanes[name].top, width, lanes[name].height);
  }
  ctx.globalAlpha = 1;
}

function seen(axis, cells) {
  return within(cells, (cell) => cell.start_s, (cell) => cell.end_s, axis.start_s, axis.end_s);
}

function drawWave({ ctx, axis, lanes, data }) {
  const { top, height } = lanes.sound, { low, high, rate_hz } = data.peaks;
  const middle = top + height / 2, half = height / 2 - 1;
  ctx.fillStyle = JAW;
  for (let x = GUTTER_PX; x < axis.width_px; x++) {
    const from = Math.floor(axis.start_s * rate_hz + ((x - GUTTER_PX) / axis.plot_px) * axis.span_s * rate_hz);
    const to = Math.max(from + 1, Math.floor(axis.start_s * rate_hz + ((x + 1 - GUTTER_PX) / axis.plot_px) * axis.span_s * rate_hz));
    let least = 0, most = 0;
    const step = Math.max(1, Math.floor((to - from) / 64)); // of a whole long clip some values are enough
    for (let k = from; k < to && k < low.length; k += step) {
      if (low[k] < least) least = low[k];
      if (high[k] > most) most = high[k];
    }
    const y = middle - (most / 127) * half;
    ctx.fillRect(x, y, 1, Math.max(1, middle - (least / 127) * half - y));
  }
}

function drawWords(scene) {
  if (!scene.lanes.words) return;
  const { axis, data, theme } = scene;
  for (const [text, start_s, end_s] of within(data.words, (w) => w[1], (w) => w[2], axis.start_s, axis.end_s)) {
    box(scene, "words", start_s, end_s, { fill: theme.raised, ink: theme.text, text, size: 11 });
  }
}

function drawPhones(scene) {
  if (!scene.lanes.phones) return;
  const { axis, shown, theme } = scene;
  const phones = within(shown.phones, (p) => p[1], (p) => p[2], axis.start_s, axis.end_s);
  for (const [ipa, start_s, end_s] of apart(axis, phones, (p) => p[2])) {
    if (ipa) box(scene, "phones", start_s, end_s, { fill: theme.raised, ink: theme.text, text: ipa, size: 11 });
  }
}

function drawVisemes(scene) {
  const { ctx, axis, lanes, shown, selection, theme } = scene, { top, height } = lanes.visemes;
  for (const cell of apart(axis, seen(axis, shown.cells), (each) => each.end_s)) {
    const silent = cell.viseme === "sil";
    box(scene, "visemes", cell.start_s, cell.end_s, {
      fill: colourOf(cell.viseme), ink: cell.viseme === "PP" ? "#fff" : silent ? theme.faint : INK, text: silent ? "" : cell.viseme,
      size: 12, bold: true, alpha: 0.45 + 0.55 * Math.min(1, cell.weight),
    });
    if (cell.phone < 0) {
      ctx.fillStyle = theme.accent;
      ctx.fillRect(axis.x(cell.start_s), top + height - 3, axis.x(cell.end_s) - axis.x(cell.start_s) - 1, 3);
    }
  }
  for (const ghost of scene.ghosts) drawGhost(scene, ghost);
  if (selection?.kind === "cell") outline(scene, shown.cells[selection.index]);
  if (selection?.kind === "border") handle(scene, shown.cells[selection.index].end_s);
}

/** Of items that fall on the same half pixel, the first: the others would not be seen. */
function apart(axis, items, endOf) {
  let last = -1;
  return items.filter((item) => {
    const place = Math.floor(2 * axis.x(endOf(item)));
    const isNew = place !== last;
    last = place;
    return isNew;
  });
}

/** What an edit replaced that is not there any more. */
function drawGhost({ ctx, axis, lanes, theme }, { start_s, end_s }) {
  const left = axis.x(start_s), width = Math.max(4, axis.x(end_s) - left), { top, height } = lanes.visemes;
  ctx.save();
  ctx.globalAlpha = 0.55;
  ctx.fillStyle = theme.ground;
  ctx.fillRect(left, top, width, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = theme.text;
  ctx.setLineDash([3, 3]);
  ctx.strokeRect(left + 0.5, top + 1.5, width - 1, height - 3);
  ctx.restore();
}

function outline({ ctx, axis, lanes, theme }, cell) {
  if (!cell) return;
  const left = axis.x(cell.start_s), { top, height } = lanes.visemes;
  ctx.strokeStyle = theme.text;
  ctx.lineWidth = 2;
  ctx.strokeRect(left + 1, top + 1, Math.max(3, axis.x(cell.end_s) - left - 2), height - 2);
  ctx.lineWidth = 1;
}

function handle({ ctx, axis, lanes, theme }, time_s) {
  const x = axis.x(time_s), { top, height } = lanes.visemes;
  ctx.fillStyle = theme.text;
  ctx.fillRect(x - 1, top - 1, 2, height + 2);
  for (const y of [top, top + height]) {
    ctx.beginPath();
    ctx.arc(x, y, 4, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** Jaw and lips of what is shown; after an edit, those of the last run remain as a shadow. */
function drawMouth(scene) {
  const { data, expected } = scene;
  for (const [name, colour, filled] of [["jaw", JAW, true], ["closure", SHUT, false]]) {
    const { rate_hz, values } = data[name], run = { rate_hz, length: values.length, at: (place) => values[place] };
    if (expected) curveOf(scene, run, colour, { filled: false, alpha: 0.3 });
    curveOf(scene, expected?.curve(name) ?? run, colour, { filled, alpha: 1 });
  }
}

function curveOf({ ctx, axis, lanes }, { rate_hz, length, at }, colour, { filled, alpha }) {
  const { top, height } = lanes.mouth, bottom = top + height - 1;
  const first = Math.max(0, Math.floor(axis.start_s * rate_hz) - 1);
  const last = Math.min(length - 1, Math.ceil(axis.end_s * rate_hz) + 1);
  const step = Math.max(1, Math.floor((last - first) / (2 * axis.plot_px)));
  ctx.beginPath();
  for (let k = first; k <= last; k += step) {
    let most = at(k);
    for (let j = k + 1; j < k + step && j <= last; j++) most = Math.max(most, at(j));
    ctx.lineTo(axis.x(k / rate_hz), bottom - (most / 255) * (height - 3));
  }
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.lineWidth = 1;
  if (filled) {
    ctx.lineTo(axis.x(last / rate_hz), bottom);
    ctx.lineTo(axis.x(first / rate_hz), bottom);
    ctx.globalAlpha *= 0.25;
    ctx.fillStyle = colour;
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

function drawEmotions(scene) {
  const { ctx, axis, lanes, shown, selection, data, theme } = scene, { top, height } = lanes.emotion;
  const keys = [...data.given, ...shown.keyframes].sort((a, b) => a.time_s - b.time_s);
  const chosen = selection?.kind === "key" ? shown.keyframes[selection.index] : null;
  keys.forEach((key, at) => {
    const end_s = keys[at + 1]?.time_s ?? data.duration_s;
    const left = axis.x(key.time_s), right = axis.x(end_s), colour = EMOTIONS[key.emotion] ?? theme.faint;
    if (right < GUTTER_PX || left > axis.width_px) return;
    const bar = Math.max(2, (height - 4) * Math.min(1, key.strength / 2));
    ctx.globalAlpha = 0.45;
    ctx.fillStyle = colour;
    ctx.fillRect(left, top + height - bar, right - left, bar);
    ctx.globalAlpha = 1;
    if (key.edit === undefined) ctx.globalAlpha = 0.5; // comes with the speech: changed where it was set
    diamond(ctx, left, top + height / 2, 6, colour, key === chosen ? theme.text : null);
    ctx.globalAlpha = 1;
    label(ctx, `${tr(key.emotion)} ${Number(key.strength.toFixed(2))}`, left + 10, right - 4, top + height / 2, theme.text);
  });
  if (!keys.length) {
    ctx.fillStyle = theme.faint;
    ctx.font = `11px ${FONT}`;
    ctx.textAlign = "left";
    ctx.fillText(tr("double-click: a mood from here on"), GUTTER_PX + 8, top + height / 2 + 1);
  }
}

function diamond(ctx, x, y, size, fill, stroke) {
  ctx.beginPath();
  for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) ctx.lineTo(x + dx * size, y + dy * size);
  ctx.closePath();
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.lineWidth = stroke ? 2 : 1;
  ctx.strokeStyle = stroke ?? "#0008";
  ctx.stroke();
  ctx.lineWidth = 1;
}

function label(ctx, text, left, right, y, colour) {
  ctx.font = `11px ${FONT}`;
  if (ctx.measureText(text).width > right - left) return;
  ctx.textAlign = "left";
  ctx.fillStyle = colour;
  ctx.fillText(text, left, y + 1);
}

function box({ ctx, axis, lanes }, lane, start_s, end_s, { fill, ink, text, size, bold = false, alpha = 1 }) {
  const { top, height } = lanes[lane], left = axis.x(start_s), width = axis.x(end_s) - left;
  if (fill !== "transparent") {
    ctx.globalAlpha = alpha;
    ctx.fillStyle = fill;
    ctx.fillRect(left, top, width > NARROW_PX ? width - 1 : width, height);
    ctx.globalAlpha = 1;
  }
  if (!text || width < 7) return;
  const fits = [size, size - 2, size - 3].some((each) => {
    ctx.font = `${bold ? "600 " : ""}${each}px ${FONT}`;
    return ctx.measureText(text).width <= width - 2;
  });
  if (!fits) return;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = ink;
  ctx.fillText(text, left + width / 2, top + height / 2 + 0.5);
}

function drawCursor({ ctx, axis, theme, cursor_s, height_px, lanes }) {
  const x = axis.x(cursor_s);
  ctx.fillStyle = theme.cursor;
  ctx.fillRect(x - 0.75, 0, 1.5, lanes.map ? lanes.map.top - 2 : height_px);
  ctx.beginPath();
  ctx.moveTo(x - 5, 0);
  ctx.lineTo(x + 5, 0);
  ctx.lineTo(x, 7);
  ctx.fill();
}

/** The whole clip in a small strip: where speech is, what was edited, and what is shown. */
function drawMap({ ctx, axis, lanes, theme, data, shown, cursor_s }) {
  const { top, height } = lanes.map, place = (time_s) => GUTTER_PX + (time_s / data.duration_s) * axis.plot_px;
  ctx.fillStyle = theme.ground;
  ctx.fillRect(GUTTER_PX, top, axis.plot_px, height);
  const { values } = data.energy;
  ctx.fillStyle = theme.faint;
  for (let x = 0; x < axis.plot_px; x += 2) {
    const tall = (values[Math.floor((x / axis.plot_px) * values.length)] / 255) * (height - 2);
    ctx.fillRect(GUTTER_PX + x, top + height - 1 - tall, 1.5, tall);
  }
  ctx.fillStyle = theme.accent;
  for (const cell of shown.cells) if (cell.phone < 0) ctx.fillRect(place(cell.start_s), top, 2, height);
  ctx.strokeStyle = theme.text;
  const left = place(axis.start_s), right = place(axis.end_s);
  ctx.strokeRect(left + 0.5, top + 0.5, Math.max(3, right - left - 1), height - 1);
  ctx.fillStyle = theme.cursor;
  ctx.fillRect(place(cursor_s) - 0.5, top, 1, height);
}
