"""Schemas as plain data. The argument lists are those of the real classes."""

from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any


class FolderType(str, Enum):
    input = "input"
    output = "output"
    temp = "temp"


class UploadType(str, Enum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"


class NumberDisplay(str, Enum):
    number = "number"
    slider = "slider"


class Hidden(str, Enum):
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"


@dataclass
class Socket:
    io_type: str
    id: str | None = None
    display_name: str | None = None
    optional: bool = False
    tooltip: str | None = None
    lazy: bool | None = None
    is_widget: bool = False
    options: dict = field(default_factory=dict)
    is_output_list: bool = False


_INPUT = {"display_name", "optional", "tooltip", "lazy"}
_OUTPUT = {"display_name", "tooltip", "is_output_list"}


def _make(io_type, allowed, is_widget=False):
    class Input(Socket):
        def __init__(self, id, *positional, **named):
            unknown = set(named) - _INPUT - allowed
            if unknown:
                raise TypeError(f"{io_type}.Input does not know {sorted(unknown)}")
            if positional:
                raise TypeError("pass options by name")
            super().__init__(io_type, id, named.get("display_name"), named.get("optional", False),
                             named.get("tooltip"), named.get("lazy"), is_widget,
                             {key: value for key, value in named.items() if key in allowed})

    class Output(Socket):
        def __init__(self, id=None, **named):
            if set(named) - _OUTPUT:
                raise TypeError(f"{io_type}.Output does not know {sorted(set(named) - _OUTPUT)}")
            super().__init__(io_type, id, named.get("display_name"), tooltip=named.get("tooltip"),
                             is_output_list=named.get("is_output_list", False))

    Input.Output = Output
    return type(io_type, (), {"io_type": io_type, "Input": Input, "Output": Output})


_WIDGET = {"default", "socketless", "force_input"}
Image = _make("IMAGE", set())
Mask = _make("MASK", set())
Audio = _make("AUDIO", set())
Video = _make("VIDEO", set())
BBOX = _make("BBOX", set())
Boolean = _make("BOOLEAN", _WIDGET | {"label_on", "label_off"}, True)
Int = _make("INT", _WIDGET | {"min", "max", "step", "control_after_generate", "display_mode"}, True)
Float = _make("FLOAT", _WIDGET | {"min", "max", "step", "round", "display_mode"}, True)
String = _make("STRING", _WIDGET | {"multiline", "placeholder", "dynamic_prompts"}, True)
Combo = _make("COMBO", _WIDGET | {"options", "control_after_generate", "upload", "image_folder", "remote"}, True)


def Custom(io_type):
    return _make(io_type, set())


class MultiType:
    class Input(Socket):
        def __init__(self, id, types, **named):
            if set(named) - _INPUT:
                raise TypeError(f"MultiType.Input does not know {sorted(set(named) - _INPUT)}")
            super().__init__(",".join(t.io_type for t in types), id, named.get("display_name"),
                             named.get("optional", False), named.get("tooltip"))


@dataclass
class Schema:
    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    description: str = ""
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_api_node: bool = False
    not_idempotent: bool = False
    enable_expand: bool = False


class ComfyNode:
    hidden = SimpleNamespace(prompt=None, extra_pnginfo=None, unique_id="1")


class NodeOutput:
    def __init__(self, *args: Any, ui=None, expand=None, block_execution=None):
        self.args = args
        self.result = args
        self.ui = ui
