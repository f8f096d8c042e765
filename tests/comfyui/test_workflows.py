"""Every shipped workflow fits the running server's nodes, and the server serves all our extras."""

import urllib.request

import pytest
from talking_avatar.cli.comfy_client import WorkflowRefused
from talking_avatar.cli.comfy_server import PACK_NAME
from talking_avatar.cli.console import ROOT, LauncherError
from talking_avatar.cli.workflow import WORKFLOWS, inputs_of, load_workflow, node_of, to_prompt

pytestmark = pytest.mark.comfyui
NAMES = sorted(path.stem for path in WORKFLOWS.glob("*.json"))


def problems(prompt, object_info):
    """Return what does not fit: unknown inputs, missing ones, wrong choices, wrong socket types."""
    found = []
    for node in prompt.values():
        kind = node["class_type"]
        known = {name: (type, options) for name, type, options in inputs_of(object_info[kind])}
        required = set(object_info[kind]["input"].get("required", {}))
        found += [f"{kind} lacks {name}" for name in required - set(node["inputs"])]
        for name, value in node["inputs"].items():
            if name not in known and name not in ("audioUI", "upload"):
                found.append(f"{kind} has no {name}")
            elif isinstance(value, list) and len(value) == 2 and str(value[0]) in prompt:
                source = object_info[prompt[str(value[0])]["class_type"]]
                if source["output"][value[1]] not in str(known[name][0]).split(","):
                    found.append(f"{kind}.{name} gets {source['output'][value[1]]}")
            else:
                found += wrong_value(f"{kind}.{name}", value, *known.get(name, ("", {})))
    return found


def wrong_value(where, value, kind, options):
    choices = kind if isinstance(kind, list) else options.get("options")
    if choices and value not in choices:
        return [f"{where}={value!r} is none of {choices}"]
    if kind in ("INT", "FLOAT") and not options["min"] <= value <= options["max"]:
        return [f"{where}={value!r} is out of range"]
    return []


@pytest.mark.parametrize("name", NAMES)
def test_workflow_is_valid(object_info, name):
    assert problems(to_prompt(load_workflow(name), object_info), object_info) == []


def test_the_check_finds_planted_faults(prompt_of, object_info):
    prompt = prompt_of(TA_VideoMux={"crf": 99, "colour": "red"}, TA_MouthRenderer={"renderer": "zzz"})
    prompt["5"]["inputs"]["speech"] = ["1", 0]
    del prompt["1"]["inputs"]["file"]
    assert len(problems(prompt, object_info)) == 5


def test_workflow_with_an_unknown_node_is_explained(object_info):
    workflow = load_workflow("photo_text_to_video")
    workflow["nodes"][0]["type"] = "TA_Nonsense"
    with pytest.raises(LauncherError, match="TA_Nonsense"):
        to_prompt(workflow, object_info)


def test_wrong_choices_are_refused_before_anything_runs(server, prompt_of):
    with pytest.raises(WorkflowRefused, match=r"zzz.*hint: Choose one of"):
        server.client.queue(prompt_of(TA_MouthRenderer={"renderer": "zzz"}))


def test_the_server_offers_the_workflows_as_templates(server):
    assert sorted(server.client.get("/workflow_templates")[PACK_NAME]) == NAMES


def test_the_server_serves_a_help_page_for_every_node(server, object_info):
    ours = [kind for kind in object_info if kind.startswith("TA_")]
    assert sorted(ours) == sorted(page.stem for page in (ROOT / "web" / "docs").glob("*.md"))
    for kind in ours:
        with urllib.request.urlopen(f"{server.url}/extensions/{PACK_NAME}/docs/{kind}.md") as answer:
            assert answer.read().startswith(b"# ")


def test_node_ids_in_the_workflow_are_found():
    assert node_of(load_workflow("photo_text_to_video"), "TA_VideoMux") == "8"
