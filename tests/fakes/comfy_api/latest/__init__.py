"""Stand-in for comfy_api.latest: the fields that ComfyUI 0.3.64 to 0.3.75 both have."""

from . import _io as io
from . import _ui as ui


class ComfyExtension:
    async def get_node_list(self):
        raise NotImplementedError


class Input:
    class Video:
        pass


class InputImpl:
    class VideoFromFile(Input.Video):
        def __init__(self, file):
            self.file = file

        def get_stream_source(self):
            return self.file


__all__ = ["ComfyExtension", "Input", "InputImpl", "io", "ui"]
