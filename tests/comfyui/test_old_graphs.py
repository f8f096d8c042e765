"""Graphs that earlier versions shipped mean the same today: ids, sockets and the order of widgets never change."""

import copy
import json

import pytest
from talking_avatar.cli.console import ROOT
from talking_avatar.cli.workflow import inputs_of, to_prompt
from talking_avatar.tests.comfyui import canvas
from talking_avatar.tests.tools import loading

GRAPHS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests" / "graphs").glob("*.json"))}
names = pytest.mark.parametrize("name", GRAPHS)
pytestmark = pytest.mark.comfyui


def changes(kept, prompt, object_info):
    """What an old graph means otherwise than it did; inputs that were added since have to stand at their defaults."""
    found = []
    for id, meant in kept.items():
        node = prompt[id]
        defaults = {name: options.get("default") for name, _, options in inputs_of(object_info[node["class_type"]])}
        found += [f"{node['class_type']}.{name} was {value!r}" for name, value in meant.items() if node["inputs"].get(name) != value]
        found += [f"{node['class_type']}.{name} is {value!r}" for name, value in node["inputs"].items()
                  if name not in meant and value != defaults[name]]
    return found


def test_every_shipped_workflow_is_kept(tmp_path, monkeypatch):
    tool = loading.load("keep_graphs.py")
    assert tool.missing() == [], "run tools/keep_graphs.py"
    changed = json.loads((tool.WORKFLOWS / "one_node.json").read_text(encoding="utf-8"))
    node = next(node for node in changed["nodes"] if node["type"].startswith("TA_"))
    node["widgets_values"].append(1)
    (tmp_path / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    monkeypatch.setattr(tool, "WORKFLOWS", tmp_path)
    assert tool.missing() == [tmp_path / "changed.json"], "a new widget is noticed"


@names
def test_the_launcher_reads_it_as_before(object_info, name):
    assert changes(GRAPHS[name]["prompt"], to_prompt(GRAPHS[name]["graph"], object_info), object_info) == []


@pytest.mark.browser
def test_the_page_reads_them_as_before(page, object_info):
    for name, kept in GRAPHS.items():
        canvas.load(page, kept["graph"])
        found = page.evaluate("async () => (await app.graphToPrompt()).output")
        assert changes(kept["prompt"], found, object_info) == [], name
    assert canvas.new_errors(page) == []


def test_a_moved_widget_a_lost_socket_and_another_default_are_noticed(object_info):
    kept = next(kept for name, kept in GRAPHS.items() if name.endswith("two_speakers"))
    graph = copy.deepcopy(kept["graph"])
    detect = next(node for node in graph["nodes"] if node["type"] == "TA_DetectFace")
    detect["widgets_values"][:2] = detect["widgets_values"][1::-1]
    for node in graph["nodes"]:
        if node["type"] == "TA_JoinRenders":
            node["inputs"][1]["link"] = None
    prompt = to_prompt(graph, object_info)
    next(node for node in prompt.values() if node["class_type"] == "TA_VideoMux")["inputs"]["later"] = 1
    object_info = {**object_info, "TA_VideoMux": {"input": {"optional": {
        **object_info["TA_VideoMux"]["input"]["optional"], "later": ["INT", {"default": 0}]},
        "required": object_info["TA_VideoMux"]["input"]["required"]}}}
    text = " ".join(changes(kept["prompt"], prompt, object_info))
    assert "TA_DetectFace.face_index" in text and "TA_JoinRenders.b" in text and "TA_VideoMux.later is 1" in text
