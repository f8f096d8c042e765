// Preview Render shows its clip and its contact sheet in the node, Quality Scorecard its chart. For the other nodes the page
// is told whether their result is a picture or a video: in the new look of 1.32 it guesses from the kinds of their inputs.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { forwardWheel } from "./lib/dom.js";
import { addView, onNode, setViewHeight } from "./lib/node_view.js";
import { addressOf, recall, remember } from "./lib/page_files.js";
import { PictureView } from "./lib/picture_view.js";
import { tr } from "./lib/words.js";

const EMPTY = {
  TA_PreviewRender: "Run the graph once to see the clip here.",
  TA_Scorecard: "Run the graph once to see the scorecard here.",
};
const KEYS = { clip: "ta_clip", picture: "ta_picture" };
const PHOTOS = ["$$canvas-image-preview", "$$comfy_animation_preview"]; // ComfyUI's own widgets
const GONE = "This picture is no longer kept. Run the graph again.";
const EMPTY_PX = 40, WIDTH_PX = 400;

app.registerExtension({
  name: "TalkingAvatar.Pictures",
  beforeRegisterNodeDef(nodeType, nodeData) {
    if (nodeData.name.startsWith("TA_")) sayKind(nodeType);
    if (!(nodeData.name in EMPTY)) return;
    onNode(nodeType, { created: attach, loaded: (node) => setTimeout(() => refresh(node), 50), removed: detach });
    const before = nodeType.prototype.onExecuted;
    nodeType.prototype.onExecuted = function (output) {
      before?.apply(this, arguments);
      for (const key of Object.values(KEYS)) remember(app, this, key, output?.[key]?.[0] ?? null);
      refresh(this);
    };
  },
});

function sayKind(nodeType) {
  const before = nodeType.prototype.onExecuted;
  nodeType.prototype.onExecuted = function (output) {
    const name = output?.images?.[0]?.filename;
    if (name) this.previewMediaType = /\.(mp4|webm|mov|mkv)$/.test(name) ? "video" : "image";
    if (this.previewMediaType === "video") dropPhoto(this);
    before?.apply(this, arguments);
  };
}

/** In the old look the page goes on showing the photo that was chosen, small, beside the video made of it. */
function dropPhoto(node) {
  node.imgs = undefined;
  for (const widget of node.widgets.filter(({ name }) => PHOTOS.includes(name))) node.removeWidget(widget);
}

function attach(node) {
  const views = {};
  views.view = new PictureView((height_px) => {
    if (views.widget && views.height_px !== height_px) setViewHeight(node, views.widget, (views.height_px = height_px));
  });
  views.widget = addView(node, "ta_pictures", views.view.element, EMPTY_PX);
  forwardWheel(views.view.element, app.canvas.canvas);
  node.taPictures = views;
  node.setSize([Math.max(node.size[0], WIDTH_PX), node.size[1]]);
  views.view.say(tr(EMPTY[node.type]));
}

function detach(node) {
  node.taPictures?.view.dispose();
  delete node.taPictures;
}

/** Show what the node has left last. */
function refresh(node) {
  if (!node.taPictures || !node.graph) return;
  const refs = Object.entries(KEYS).map(([name, key]) => [name, recall(app, node, key)]).filter(([, ref]) => ref);
  if (!refs.length) return node.taPictures.view.say(tr(EMPTY[node.type]));
  node.taPictures.view.show(Object.fromEntries(refs.map(([name, ref]) => [name, addressOf(api, ref)])), tr(GONE));
}
