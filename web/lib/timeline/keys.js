// The keyboard on a timeline: everything that the mouse can do.

const STEP_S = 0.01, LONG_STEP_S = 0.1;

const KEYS = {
  " ": (view) => view.togglePlay(),
  Enter: (view) => view.open(),
  Delete: (view) => view.remove(),
  Backspace: (view) => view.remove(),
  Home: (view) => go(view, 0),
  End: (view) => go(view, view.axis.duration_s),
  "+": (view) => view.zoom(1 / 1.6),
  "=": (view) => view.zoom(1 / 1.6),
  "-": (view) => view.zoom(1.6),
  c: (view) => view.toggleShut(),
  i: (view) => view.insert(),
  e: (view) => view.addKey(view.cursor_s),
  f: (view) => view.fit(),
  l: (view) => view.toggleLoop(),
  ArrowLeft: (view, event) => step(view, -1, event.shiftKey),
  ArrowRight: (view, event) => step(view, 1, event.shiftKey),
  ArrowUp: (view) => toKey(view),
  ArrowDown: (view) => toKey(view),
};

/** Take a key; keys that mean nothing here go on to the page. */
export function onKey(view, event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    const undo = key === "z" && !event.shiftKey, redo = (key === "z" && event.shiftKey) || key === "y";
    if (!undo && !redo) return;
    taken(event);
    view.closeWindow();
    view.act(() => (undo ? view.model.undo() : view.model.redo()));
    return;
  }
  if (event.altKey) return;
  if (key === "Tab") {
    if (next(view, event.shiftKey ? -1 : 1)) taken(event);
  } else if (key === "Escape") {
    if (!view.selection && !view.range) return;
    taken(event);
    view.setRange(null);
    view.select(null);
  } else if (KEYS[key]) {
    taken(event);
    KEYS[key](view, event);
  }
}

function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

function go(view, time_s) {
  view.seek(time_s);
  view.axis.reveal(time_s);
}

/** Move what is chosen by 10 ms, or the cursor; a chosen viseme hands on to its neighbour. */
function step(view, sign, long) {
  const { selection, model } = view, by_s = sign * (long ? LONG_STEP_S : STEP_S);
  if (!selection) {
    go(view, view.cursor_s + by_s);
    return;
  }
  if (selection.kind === "cell") {
    choose(view, { kind: "cell", index: selection.index + sign });
    return;
  }
  const time_s = view.timeOf(selection) + by_s;
  const place = selection.kind === "border" ? () => model.moved(selection.index, time_s) : () => model.withKey(selection.index, { time_s });
  const edit = selection.kind === "key" ? model.shown.keyframes[selection.index].edit : -1;
  model.preview(place());
  const moved = edit < 0 ? { kind: "border", time_s: model.shown.cells[selection.index].end_s } : { kind: "key", edit };
  view.act(() => model.commit(), moved);
  if (view.selection) view.axis.reveal(view.timeOf(view.selection));
}

/** From viseme to border to viseme; beyond the last one the page goes on. Returns whether there was one. */
function next(view, sign) {
  const { selection, model: { shown } } = view;
  if (!selection) return false;
  if (selection.kind === "key") return choose(view, { kind: "key", index: selection.index + sign });
  if (selection.kind === "cell") {
    const index = selection.index + (sign > 0 ? 0 : -1);
    return index < shown.cells.length - 1 && choose(view, { kind: "border", index });
  }
  return choose(view, { kind: "cell", index: selection.index + (sign > 0 ? 1 : 0) });
}

/** Between the visemes' lane and the moods'; without a choice, the viseme at the cursor. */
function toKey(view) {
  const { selection, model: { shown }, cursor_s } = view;
  const time_s = selection ? view.timeOf(selection) : cursor_s;
  if (selection && selection.kind !== "key" && shown.keyframes.length) {
    const index = shown.keyframes.findLastIndex((key) => key.time_s <= time_s + 1e-6);
    choose(view, { kind: "key", index: Math.max(0, index) });
  } else {
    choose(view, { kind: "cell", index: shown.cells.findIndex((cell) => cell.end_s > time_s + 1e-6) });
  }
}

function choose(view, selection) {
  const items = selection.kind === "key" ? view.model.shown.keyframes : view.model.shown.cells;
  if (!items[selection.index]) return false;
  view.select(selection);
  const time_s = view.timeOf(selection);
  view.axis.reveal(time_s);
  if (selection.kind === "cell") view.seek(time_s);
  return true;
}
