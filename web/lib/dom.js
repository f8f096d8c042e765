// Small things about elements that all views share; nothing here knows ComfyUI.

/** Make an element: el("button", {class: "ta-button", title: "Play", onclick: play}, "Play"). */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Load the pack's style sheet, or that of a feature (web/styles/<feature>.css), once. */
export function useStyles(feature = "") {
  const id = `talking-avatar-styles${feature && `-${feature}`}`;
  if (document.getElementById(id)) return;
  const href = new URL(feature ? `../styles/${feature}.css` : "../styles.css", import.meta.url).href;
  document.head.append(el("link", { id, rel: "stylesheet", href }));
}

/** Keep an element's clicks, drags and keys from the canvas beneath it. */
export function keepEvents(element) {
  const names = ["pointerdown", "pointermove", "pointerup", "mousedown", "wheel", "dblclick", "contextmenu", "keydown", "keyup"];
  for (const name of names) element.addEventListener(name, (event) => event.stopPropagation());
}

/** Let the wheel zoom what lies beneath (ComfyUI's canvas) here as everywhere. */
export function forwardWheel(element, beneath) {
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    beneath.dispatchEvent(new WheelEvent(event.type, event));
  }, { passive: false });
}

/** Call back with each move of a pressed pointer, and once more with `true` when it is let go. */
export function followPointer(pressed, element, callback) {
  const move = (now) => callback(now, false);
  const end = (now) => {
    element.removeEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) element.removeEventListener(name, end);
    callback(now, true);
  };
  element.setPointerCapture(pressed.pointerId);
  element.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, end);
}

/** Call back with the element's size in CSS pixels, now and whenever it changes; returns what ends it. */
export function onResize(element, callback) {
  const observer = new ResizeObserver(() => callback(element.clientWidth, element.clientHeight));
  observer.observe(element);
  return () => observer.disconnect();
}
