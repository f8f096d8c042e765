// A clip that repeats and a picture, one below the other, as wide as the node; a line of text where there is neither.

import { el, onResize, useStyles } from "./dom.js";
import { tr } from "./words.js";

const GAP_PX = 6, LINE_PX = 40;
const TALLEST_CLIP = 1.1; // height over width: tall clips are letterboxed, so that what is below stays in sight

/** The view; `onHeight(px)` is called whenever what it shows needs another height. */
export class PictureView {
  constructor(onHeight) {
    useStyles("pictures");
    this.element = el("div", { class: "ta-pictures ta-grow" });
    this.onHeight = onHeight;
    this.shapes = new Map();
    this.endResize = onResize(this.element, () => this.measure());
  }

  /** Show what is at the addresses {clip, picture}, each may be missing; `gone` is said where one is no longer kept. */
  show({ clip, picture }, gone) {
    this.clear();
    const lost = () => this.say(gone);
    if (clip) {
      const video = el("video", { src: clip, controls: true, loop: true, playsinline: true, "aria-label": tr("Preview clip"), onerror: lost });
      video.addEventListener("loadedmetadata", () => this.shape(video, Math.min(TALLEST_CLIP, video.videoHeight / video.videoWidth)));
      this.element.append(video);
    }
    if (picture) {
      const image = el("img", { src: picture, alt: tr("What this node has made"), onerror: lost });
      image.addEventListener("load", () => this.shape(image, image.naturalHeight / image.naturalWidth));
      this.element.append(el("a", { href: picture, target: "_blank", rel: "noopener", title: tr("Open in full size") }, image));
    }
  }

  /** Show a sentence instead. */
  say(text) {
    this.clear();
    this.element.replaceChildren(el("div", { class: "ta-hint", role: "status" }, text));
    this.onHeight(LINE_PX);
  }

  /** Take everything out and let the files go. */
  clear() {
    this.shapes.clear();
    const video = this.element.querySelector("video");
    video?.pause();
    this.element.replaceChildren();
  }

  /** End. */
  dispose() {
    this.endResize();
    this.clear();
  }

  shape(element, ratio) {
    if (!this.element.contains(element)) return;
    element.style.aspectRatio = String(1 / ratio);
    this.shapes.set(element, ratio);
    this.measure();
  }

  measure() {
    const width = this.element.clientWidth;
    if (!this.shapes.size || !width) return;
    const ratios = [...this.shapes.values()];
    this.onHeight(Math.round(ratios.reduce((sum, ratio) => sum + ratio * width, 0) + GAP_PX * (ratios.length - 1)));
  }
}
