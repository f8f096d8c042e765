// Short ways to a talking face: drop a photo and a sound together, or ask for it in a menu.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { plan, upload } from "./lib/dropped.js";
import { addNode, connect, menuForNode, placeBeside, setWidget } from "./lib/graph.js";
import { tr } from "./lib/words.js";

const COLUMN_PX = 400, ROW_PX = 420;

/** Put what was dropped on the canvas: the beginner's node, with the photo or video and the sound or text in it. */
async function take({ face, isVideo, voice, text }, [x, y]) {
  const [faceFile, voiceFile, said] = await Promise.all(
    [upload(api, face), voice && upload(api, voice), text && text.text()]);
  const node = addNode(app, "TA_TalkingAvatar", [x, y]);
  const left = x - COLUMN_PX;
  if (isVideo) connect(addNode(app, "TA_LoadVideo", [left, y], { file: faceFile }), "video", node, "video");
  else setWidget(node, "file", faceFile);
  if (voice) connect(addNode(app, "LoadAudio", [left, y + (isVideo ? ROW_PX : 0)], { audio: voiceFile }), 0, node, "audio");
  if (text) setWidget(node, voice ? "transcript" : "text", said.trim());
  app.graph.setDirtyCanvas(true, true);
}

async function onDrop(event) {
  const dropped = plan([...(event.dataTransfer?.files ?? [])]);
  if (!dropped) return; // everything else is the page's own business
  event.preventDefault();
  event.stopImmediatePropagation();
  try {
    await take(dropped, app.canvas.convertEventToCanvasOffset(event));
  } catch (error) {
    app.extensionManager.toast.add({ severity: "error", summary: tr("Talking Avatar"), detail: error.message, life: 8000 });
  }
}

function newWords([x, y]) {
  connect(addNode(app, "TA_LoadVideo", [x, y]), "video", addNode(app, "TA_TalkingAvatar", [x + COLUMN_PX, y]), "video");
}

app.registerExtension({
  name: "TalkingAvatar.WaysIn",
  setup() {
    // Before the page's own listener, which takes one file and never a photo with its sound.
    window.addEventListener("drop", onDrop, { capture: true });
  },
  getCanvasMenuItems() {
    const at = [...app.canvas.graph_mouse];
    const options = [
      { content: tr("Talking photo"), callback: () => addNode(app, "TA_TalkingAvatar", at) },
      { content: tr("New words for a video"), callback: () => newWords(at) },
    ];
    return [null, { content: tr("Talking Avatar"), has_submenu: true, submenu: { options } }];
  },
  getNodeMenuItems(node) {
    const items = menuForNode(node).map(({ content, type, from, to }) => ({
      content: tr(content), callback: () => connect(node, from, addNode(app, type, placeBeside(node)), to) }));
    return items.length ? [null, ...items] : [];
  },
});
