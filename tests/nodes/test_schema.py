"""What every node promises: sockets, tooltips, help, and only API fields that ComfyUI 0.3.64 has."""

import importlib.util
import inspect
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

SOCKETS = {
    "TA_LoadPortrait": (["file", "image?", "mask?"], ["TA_PORTRAIT", "IMAGE", "MASK"]),
    "TA_DetectFace": (["source", "landmarks?", "bbox?"], ["TA_FACE", "IMAGE", "MASK", "MASK", "STRING"]),
    "TA_TextToSpeech": (["text", "voice", "speed", "edits?"], ["AUDIO", "TA_SPEECH"]),
    "TA_AudioToVisemes": (["audio", "speech?", "transcript?", "cues?"], ["TA_SPEECH", "IMAGE", "STRING"]),
    "TA_MotionGenerator": (["speech", "face?", "driving?", "base?", "keyframes?"], ["TA_MOTION", "IMAGE"]),
    "TA_MouthRenderer": (["face", "motion", "model?", "source?", "length?", "ranges?", "silent_mouth?"],
                         ["TA_RENDER", "IMAGE", "STRING"]),
    "TA_BlendAndIdle": (["render", "background?", "mask?", "replacement?"], ["TA_RENDER", "MASK"]),
    "TA_VideoMux": (["source", "audio?", "replacement?"], ["VIDEO", "STRING"]),
    "TA_TalkingAvatar": (["file", "image?", "audio?", "text", "transcript?", "video?"], ["VIDEO", "STRING"]),
    "TA_LoadSpeech": (["file"], ["AUDIO", "STRING"]),
    "TA_FramesToImages": (["render", "start", "count"], ["IMAGE", "AUDIO", "FLOAT"]),
    "TA_LoadMotion": (["file"], ["TA_MOTION", "IMAGE"]),
    "TA_SplitSpeakers": (["audio", "face?", "table?", "faces?"], ["AUDIO", "AUDIO", "AUDIO", "AUDIO", "STRING"]),
    "TA_JoinRenders": (["a", "b", "c?", "d?"], ["TA_RENDER"]),
    "TA_LoadVideo": (["file"], ["VIDEO", "AUDIO"]),
    "TA_MotionFromVideo": (["driver", "face?", "landmarks?", "mouth"], ["TA_MOTION", "IMAGE"]),
    "TA_Captions": (["render", "speech"], ["TA_RENDER", "STRING"]),
    "TA_LinesTable": (["file", "table", "folder"], ["STRING", "STRING", "STRING"]),
    "TA_PreviewRender": (["render", "what", "start_s", "seconds", "size"], ["TA_RENDER", "IMAGE"]),
    "TA_Scorecard": (["video?", "source?", "path?", "transcript?"], ["IMAGE", "STRING", "BOOLEAN"]),
    "TA_ExpressionEditor": (["face", "expression", "fps", "hold"], ["TA_MOTION", "IMAGE", "STRING"]),
}
TYPES = {
    ("TA_DetectFace", "source"): "TA_PORTRAIT,IMAGE,VIDEO",
    ("TA_DetectFace", "landmarks"): "FACE_LANDMARKS",
    ("TA_DetectFace", "bbox"): "BBOX,BOUNDING_BOX",
    ("TA_MouthRenderer", "model"): "TA_MODEL",
    ("TA_MotionFromVideo", "driver"): "VIDEO,IMAGE,TA_MOTION",
    ("TA_BlendAndIdle", "background"): "IMAGE,VIDEO",
    ("TA_BlendAndIdle", "replacement"): "IMAGE,VIDEO",
    ("TA_VideoMux", "source"): "TA_RENDER,IMAGE",
    ("TA_Scorecard", "source"): "TA_PORTRAIT,IMAGE,VIDEO",
    ("TA_VideoMux", "replacement"): "IMAGE,VIDEO",
}
node_ids = pytest.mark.parametrize("node_id", SOCKETS)


@pytest.fixture
def schemas(classes):
    return {node_id: cls.define_schema() for node_id, cls in classes.items()}


def test_the_nodes_are_those_of_the_design(schemas):
    assert list(schemas) == list(SOCKETS)
    assert {schema.category for schema in schemas.values()} == {"Talking Avatar"}


@node_ids
def test_sockets_are_as_designed(schemas, node_id):
    schema, (inputs, outputs) = schemas[node_id], SOCKETS[node_id]
    found = {socket.id + ("?" if socket.optional else "") for socket in schema.inputs}
    assert set(inputs) <= found
    assert [socket.io_type for socket in schema.outputs] == outputs
    for socket in schema.inputs:
        assert socket.io_type == TYPES.get((node_id, socket.id), socket.io_type)


@node_ids
def test_everything_has_a_tooltip_that_is_a_sentence(schemas, node_id):
    schema = schemas[node_id]
    assert schema.description.endswith(".")
    for socket in [*schema.inputs, *schema.outputs]:
        assert socket.tooltip and socket.tooltip.endswith("."), f"{node_id}.{socket.id or socket.display_name}"


@node_ids
def test_the_help_page_names_every_input_and_output(schemas, node_id):
    page = (ROOT / "web" / "docs" / f"{node_id}.md").read_text(encoding="utf-8")
    schema = schemas[node_id]
    for name in [*(s.id for s in schema.inputs), *(s.display_name for s in schema.outputs)]:
        assert f"`{name}`" in page, f"{node_id}.md does not mention {name}"


def test_only_the_last_nodes_run_by_themselves(schemas):
    writers = [node_id for node_id, schema in schemas.items() if schema.is_output_node]
    assert writers == ["TA_VideoMux", "TA_TalkingAvatar", "TA_PreviewRender", "TA_Scorecard"]


@node_ids
def test_execute_takes_every_input(classes, node_id):
    import inspect

    schema = classes[node_id].define_schema()
    parameters = inspect.signature(classes[node_id].execute).parameters
    assert set(parameters) == {socket.id for socket in schema.inputs}
    for socket in schema.inputs:
        if socket.optional:
            assert parameters[socket.id].default is not inspect.Parameter.empty


FIRST = {
    "TA_LoadPortrait": "file",
    "TA_DetectFace": "source face_index order min_confidence",
    "TA_TextToSpeech": "text voice speed",
    "TA_AudioToVisemes": "audio",
    "TA_MotionGenerator": "speech fps emotion emotion_strength mouth head brows blinks idle gaze still seed",
    "TA_MouthRenderer": "face motion renderer width height",
    "TA_BlendAndIdle": "render idle seam_feather grain background_motion",
    "TA_VideoMux": "source filename_prefix fps crf preset save_output format",
}
"""What prompts of the first version hold at least."""


@pytest.mark.parametrize("node_id", FIRST)
def test_prompts_of_the_first_version_still_run(schemas, node_id):
    needed = {socket.id for socket in schemas[node_id].inputs if not socket.optional}
    assert needed <= set(FIRST[node_id].split()), "inputs that are added later have to be optional"


@pytest.mark.parametrize(("node_id", "values", "word"), [
    ("TA_MotionGenerator", {"emotion": "zzz"}, "zzz"),
    ("TA_MotionGenerator", {"fps": 0.0}, "fps"),
    ("TA_MouthRenderer", {"renderer": "zzz"}, "zzz"),
    ("TA_MouthRenderer", {"length": "zzz"}, "zzz"),
    ("TA_MouthRenderer", {"ranges": "zzz"}, "zzz"),
    ("TA_MouthRenderer", {"silent_mouth": "zzz"}, "zzz"),
    ("TA_MouthRenderer", {"ranges": "1-2", "length": "remap"}, "remap"),
    ("TA_TextToSpeech", {"voice": "zzz"}, "zzz"),
    ("TA_AudioToVisemes", {"engine": "zzz"}, "zzz"),
    ("TA_AudioToVisemes", {"format": "zzz"}, "zzz"),
    ("TA_BlendAndIdle", {"background_motion": "zzz"}, "zzz"),
    ("TA_BlendAndIdle", {"background_mode": "zzz"}, "zzz"),
    ("TA_BlendAndIdle", {"background_color": "zzz"}, "zzz"),
    ("TA_BlendAndIdle", {"background_end": "zzz"}, "zzz"),
    ("TA_LoadPortrait", {"file": "zzz.png"}, "zzz"),
    ("TA_LoadSpeech", {"file": "zzz.wav"}, "zzz"),
    ("TA_TalkingAvatar", {"file": "zzz.png"}, "zzz"),
    ("TA_TalkingAvatar", {"voice": "zzz"}, "zzz"),
    ("TA_VideoMux", {"preset": "zzz"}, "zzz"),
    ("TA_PreviewRender", {"what": "zzz"}, "zzz"),
    ("TA_PreviewRender", {"size": 9}, "size"),
    ("TA_DetectFace", {"order": "zzz"}, "zzz"),
    ("TA_SplitSpeakers", {"faces": "zzz"}, "zzz"),
])
def test_unknown_choices_are_refused_with_a_hint(classes, comfy, node_id, values, word):
    file = next((s for s in classes[node_id].define_schema().inputs if s.id == "file"), None)
    first = {"file": file.options["options"][0]} if file else {}
    answer = classes[node_id].validate_inputs(**{**first, **values})
    assert isinstance(answer, str) and word in answer and "hint:" in answer
    # The control: what a new node has passes.
    assert classes[node_id].validate_inputs(**first) is True


def test_the_workflow_files_are_those_of_the_tool():
    spec = importlib.util.spec_from_file_location("build_workflows", ROOT / "tools" / "build_workflows.py")
    tool = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["build_workflows"] = tool
    spec.loader.exec_module(tool)
    for name, workflow in tool.workflows().items():
        assert json.loads((ROOT / "workflows" / name).read_text(encoding="utf-8")) == workflow


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda p: p.stem)
def test_workflows_fit_the_schemas(schemas, path):
    workflow = json.loads(path.read_text(encoding="utf-8"))
    for node in workflow["nodes"]:
        if not node["type"].startswith("TA_"):
            continue
        schema = schemas[node["type"]]
        sockets = {s.id: s.io_type for s in schema.inputs if not s.is_widget}
        linked = [s["widget"]["name"] for s in node["inputs"] if "widget" in s]
        assert set(linked) <= {s.id for s in schema.inputs if s.is_widget}
        assert {s["name"]: s["type"] for s in node["inputs"] if "widget" not in s} == sockets
        assert [(s["name"], s["type"]) for s in node["outputs"]] == [(s.display_name, s.io_type) for s in schema.outputs]
        widgets = [s for s in [*(i for i in schema.inputs if not i.optional), *(i for i in schema.inputs if i.optional)]
                   if s.is_widget]
        extra = sum(bool(s.options.get("control_after_generate")) + bool(s.options.get("upload")) for s in widgets)
        assert len(node["widgets_values"]) == len(widgets) + extra, node["type"]


@node_ids
def test_what_another_node_will_give_is_not_refused_beforehand(classes, comfy, node_id):
    """ComfyUI hands None to `validate_inputs` for every widget and socket that is linked."""
    check = getattr(classes[node_id], "validate_inputs", None)
    names = list(inspect.signature(check).parameters) if check else []
    assert [check(**{name: None}) for name in names] == [True] * len(names)
    assert not names or check(**dict.fromkeys(names)) is True


def test_the_blueprints_are_those_of_the_tool():
    from talking_avatar.tools.build_subgraphs import subgraphs

    made = {path.name: json.loads(path.read_text(encoding="ascii")) for path in (ROOT / "subgraphs").glob("*.json")}
    assert made == subgraphs()
