// Views of nodes that did not run again, as in a second tab with the same graph: they show what the last run of the same has left.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { earlierOutputs } from "./lib/cached_run.js";

const RUNS = 64; // so far back it is looked for

app.registerExtension({
  name: "TalkingAvatar.Cached",
  setup() {
    let last = null;
    api.addEventListener("execution_cached", ({ detail }) => (last = detail));
    api.addEventListener("executing", ({ detail }) => {
      if (detail || !last) return; // a run that is over is in the history
      fill(last.nodes ?? [], last.prompt_id);
      last = null;
    });
  },
});

async function fill(cached, runId) {
  const nodes = new Map(cached.map((id) => [String(id), app.graph.getNodeById(Number(id))]));
  const empty = [...nodes].filter(([, node]) => node?.type?.startsWith("TA_") && !node.taFiles).map(([id]) => id);
  if (!empty.length) return;
  const answer = await api.fetchApi(`/history?max_items=${RUNS}`);
  if (!answer.ok) return;
  for (const [id, output] of earlierOutputs(await answer.json(), runId, empty)) nodes.get(id).onExecuted?.(output);
}
