// Small pictures for buttons, drawn in the text's colour.

const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6 4.5h4.2v15H6zM13.8 4.5H18v15h-4.2z",
  loop: "M7 7h9v3l4.5-4.2L16 1.6V5H5v7h2zm10 10H8v-3l-4.5 4.2L8 22.4V19h11v-7h-2z",
  sound: "M3 9v6h4l5 4.5v-15L7 9zM15 8.2a5 5 0 0 1 0 7.6zM15 4.2v2.1a7 7 0 0 1 0 11.4v2.1a9 9 0 0 0 0-15.6z",
  mute: "M3 9v6h4l5 4.5v-15L7 9zM21 9.4 19.6 8 17 10.6 14.4 8 13 9.4l2.6 2.6L13 14.6l1.4 1.4 2.6-2.6 2.6 2.6 1.4-1.4-2.6-2.6z",
};

/** An icon that fills a button. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("ta-live-icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
