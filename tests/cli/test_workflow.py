import pytest
from talking_avatar.cli.console import LauncherError
from talking_avatar.cli.workflow import load_workflow, to_prompt

INFO = {
    "Load": {"input": {"required": {"file": ["COMBO", {"options": ["a"], "image_upload": True}]},
                       "optional": {"image": ["IMAGE"]}}},
    "Old": {"input": {"required": {"choice": [["x", "y"], {}], "seed": ["INT", {"control_after_generate": True}],
                                   "picture": ["IMAGE", {}]},
                      "optional": {"text": ["STRING", {"multiline": True}], "forced": ["FLOAT", {"forceInput": True}],
                                   "last": ["BOOLEAN", {}]}}},
}


def node(id, type, widgets, inputs=(), mode=0):
    return {"id": id, "type": type, "mode": mode, "widgets_values": widgets, "inputs": list(inputs)}


def test_widgets_and_links_become_inputs():
    workflow = {
        "nodes": [node(1, "Load", ["a", "image"]),
                  node(2, "Old", ["y", 7, "fixed", "hello", True], [{"name": "picture", "link": 5}]),
                  node(3, "MarkdownNote", ["read me"]), node(4, "Load", ["a", "image"], mode=4)],
        "links": [[5, 1, 1, 2, 0, "IMAGE"]],
    }
    prompt = to_prompt(workflow, INFO)
    assert {id: n["inputs"] for id, n in prompt.items()} == {
        "1": {"file": "a"},
        "2": {"choice": "y", "seed": 7, "text": "hello", "last": True, "picture": ["1", 1]},
    }


def test_a_linked_widget_takes_the_link():
    workflow = {"nodes": [node(1, "Load", ["a", "image"]),
                          node(2, "Old", ["y", 7, "fixed", "", False], [{"name": "text", "link": 1}])],
                "links": [[1, 1, 0, 2, 0, "STRING"]]}
    assert to_prompt(workflow, INFO)["2"]["inputs"]["text"] == ["1", 0]


def test_the_upload_button_has_the_last_place():
    info = {"Both": {"input": {"required": {"file": ["COMBO", {"image_upload": True}], "text": ["STRING", {}],
                                            "seed": ["INT", {"control_after_generate": True}]},
                               "optional": {"more": ["STRING", {}]}}}}
    workflow = {"nodes": [node(1, "Both", ["a.png", "hello", 3, "fixed", "later", "image"])], "links": []}
    assert to_prompt(workflow, info)["1"]["inputs"] == {"file": "a.png", "text": "hello", "seed": 3, "more": "later"}


def test_unknown_nodes_and_workflows_are_explained():
    with pytest.raises(LauncherError, match="Nonsense"):
        to_prompt({"nodes": [node(1, "Nonsense", [])], "links": []}, INFO)
    with pytest.raises(LauncherError, match="no workflow"):
        load_workflow("nonsense")
