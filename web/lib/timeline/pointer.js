// Mouse, pen and finger on a timeline.

import { hit } from "./lanes.js";

const CLICK_PX = 3; // a press that moves less is a click
const WHEEL = 1.0016; // zoom per step of the wheel

/** Listen on a timeline's stage; returns what ends it. */
export function onPointer(view) {
  const { stage } = view;
  let drag = null;

  const at = (event) => {
    // ComfyUI scales nodes: screen pixels are not the stage's own.
    const box = stage.getBoundingClientRect(), scale = box.width / stage.offsetWidth || 1;
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
  };
  const outside = (event) => view.empty || !view.lanes || view.window.contains(event.target);

  const down = (event) => {
    if (outside(event) || event.button > 1) return;
    event.preventDefault();
    view.input.focus({ preventScroll: true });
    view.closeWindow();
    const [x, y] = at(event);
    drag = { ...begin(view, hit(view.scene, x, y), event), x, y, from_x: x, moved: false };
    stage.setPointerCapture(event.pointerId);
  };

  const move = (event) => {
    if (outside(event)) return;
    const [x, y] = at(event);
    if (!drag) {
      const found = hit(view.scene, x, y);
      stage.style.cursor = CURSORS[found.lane ?? found.kind] ?? "default";
      return;
    }
    drag.moved ||= Math.abs(x - drag.from_x) > CLICK_PX;
    if (drag.moved && drag.cursor) stage.style.cursor = drag.cursor;
    if (drag.moved) drag.move?.(x, x - drag.x);
    drag.x = x;
  };

  const up = (event) => {
    if (!drag) return;
    const ended = drag;
    drag = null;
    const [x, y] = at(event);
    if (ended.moved) ended.end?.();
    else ended.click?.(x, y);
  };

  const wheel = (event) => {
    if (outside(event) || !stage.contains(document.activeElement)) return;
    event.preventDefault();
    event.stopPropagation();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
    if (sideways) view.axis.pan(sideways);
    else view.axis.zoom(WHEEL ** event.deltaY, at(event)[0]);
    view.closeWindow();
    view.redraw();
  };

  const twice = (event) => {
    if (outside(event)) return;
    const [x, y] = at(event), found = hit(view.scene, x, y);
    if (found.kind === "lane" && found.lane === "emotion") view.addKey(view.axis.time(x));
  };

  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, wheel, dblclick: twice };
  for (const [name, listener] of Object.entries(listeners)) stage.addEventListener(name, listener, { passive: false });
  return () => { for (const [name, listener] of Object.entries(listeners)) stage.removeEventListener(name, listener); };
}

const CURSORS = { border: "ew-resize", cell: "pointer", key: "grab", time: "crosshair", map: "pointer" };

/** What a press begins: {move(x, by), end(), click(x, y)}. */
function begin(view, found, event) {
  const { axis } = view;
  if (event.button === 1) return pan(view);
  if (found.kind === "border") return border(view, found.index);
  if (found.kind === "cell") return { ...pan(view), click: () => { view.select(found); view.seek(view.timeOf(found)); view.open(); } };
  if (found.kind === "key") return key(view, found.index);
  if (found.lane === "time") return mark(view, event);
  if (found.lane === "map") return overview(view);
  return { ...pan(view), click: (x) => { view.select(null); view.seek(axis.time(x)); } };
}

function pan(view) {
  return { cursor: "grabbing", move: (_, by) => { view.axis.pan(-by); view.redraw(); } };
}

function border(view, index) {
  const { model, axis } = view;
  const before = model.edits, goal = (x) => { model.preview(before); return model.moved(index, axis.time(x)); };
  view.select({ kind: "border", index });
  return {
    move: (x) => { model.preview(goal(x)); view.tell(); view.redraw(); },
    end: () => view.act(() => model.commit()),
  };
}

function key(view, index) {
  const { model, axis } = view, before = model.edits, { edit } = model.shown.keyframes[index];
  view.select({ kind: "key", index });
  const here = () => model.shown.keyframes.findIndex((each) => each.edit === edit);
  return {
    cursor: "grabbing",
    move: (x) => { model.preview(before); model.preview(model.withKey(here(), { time_s: axis.time(x) })); view.selection = { kind: "key", index: here() }; view.tell(); view.redraw(); },
    end: () => view.act(() => model.commit()),
    click: () => view.open(),
  };
}

/** Mark a stretch of time, to be played alone. */
function mark(view, event) {
  const { axis } = view;
  const first = view.axis.time((event.clientX - view.stage.getBoundingClientRect().left) / (view.stage.getBoundingClientRect().width / view.stage.offsetWidth));
  return {
    move: (x) => view.setRange([first, axis.time(x)].sort((a, b) => a - b)),
    end: () => view.seek(view.range[0]),
    click: (x) => { view.setRange(null); view.select(null); view.seek(axis.time(x)); },
  };
}

/** The strip below: what is pressed comes into the middle. */
function overview(view) {
  const { axis } = view, go = (x) => {
    const time_s = ((x - axis.left_px) / axis.plot_px) * axis.duration_s;
    axis.show(time_s - axis.span_s / 2, time_s + axis.span_s / 2);
    view.redraw();
  };
  return { move: go, click: go };
}
