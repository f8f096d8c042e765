// The page's language: for the views, and for names and tooltips where the page itself does not bring them: that of
// ComfyUI 0.3.75 loads a language after it has taken ours, and loses them.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { speak } from "./lib/words.js";

/** Write translated texts into definitions of nodes; names of sockets stay, they are part of workflows. */
function translate(defs, texts) {
  for (const [type, text] of Object.entries(texts)) {
    const def = defs[type];
    if (!def) continue;
    def.display_name = text.display_name;
    def.description = text.description;
    for (const part of Object.values(def.input ?? {})) {
      for (const [name, spec] of Object.entries(part)) {
        if (spec[1] && text.inputs[name]) spec[1].tooltip = text.inputs[name].tooltip;
      }
    }
    def.output_tooltips = def.output_tooltips?.map((tooltip, slot) => text.outputs[slot]?.tooltip ?? tooltip);
  }
}

function chosen() {
  return app.extensionManager?.setting?.get("Comfy.Locale") ?? "en";
}

app.registerExtension({
  name: "TalkingAvatar.Languages",
  async init() {
    await speak(chosen());
  },
  async addCustomNodeDefs(defs) {
    const language = chosen();
    if (language === "en") return;
    const answer = await api.fetchApi("/i18n");
    const texts = answer.ok ? (await answer.json())[language]?.nodeDefs ?? {} : {};
    translate(defs, Object.fromEntries(Object.entries(texts).filter(([type]) => type.startsWith("TA_"))));
  },
});
