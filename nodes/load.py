"""A picture file, or any IMAGE, becomes a portrait."""

from __future__ import annotations

import os
from pathlib import Path

import folder_paths
import torch
from comfy_api.latest import io

from ..pipeline_core.errors import UnreadableMedia
from ..pipeline_core.media.image import load_portrait
from ..pipeline_core.media.video import media_file
from . import convert, sockets

_PHONE_PICTURES = (".heic", ".heif", ".hif", ".avif")


class LoadPortrait(io.ComfyNode):
    """TA_LoadPortrait."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """Describe the node."""
        return io.Schema(
            node_id="TA_LoadPortrait",
            display_name="Load Portrait",
            category=sockets.CATEGORY,
            description="Loads the photo that is going to talk, from a file or from any IMAGE.",
            inputs=[
                io.Combo.Input("file", options=_input_files(), upload=io.UploadType.image,
                               image_folder=io.FolderType.input,
                               tooltip="The photo. Best: one face from the front, mouth closed, at least 300 px "
                                       "wide. Turned, grey, 16-bit, CMYK and transparent pictures all work."),
                io.Image.Input("image", optional=True,
                               tooltip="Takes the place of the file: the first picture of any IMAGE."),
                io.Mask.Input("mask", optional=True,
                              tooltip="White where the picture is transparent, as the MASK of Load Image."),
            ],
            outputs=[
                sockets.Portrait.Output(display_name="portrait", tooltip="For Detect Face."),
                io.Image.Output(display_name="image", tooltip="The picture, upright, without transparency."),
                io.Mask.Output(display_name="mask", tooltip="White where the picture is transparent."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, file: str | None = None, image: torch.Tensor | None = None,
                           mask: torch.Tensor | None = None) -> str:
        """Run again when the file's content changes."""
        path = _path_of(file)
        return media_file(path).sha256 if path else ""

    @classmethod
    def execute(cls, file: str | None = None, image: torch.Tensor | None = None,
                mask: torch.Tensor | None = None) -> io.NodeOutput:
        """Read the picture."""
        if image is not None:
            portrait = convert.to_portrait(image, mask)
        else:
            portrait = convert.with_mask(load_portrait(_expect_file(file)), mask)
        opaque = torch.zeros((1, portrait.height_px, portrait.width_px))
        transparent = opaque if portrait.alpha is None else 1.0 - convert.to_mask(portrait.alpha)
        return io.NodeOutput(portrait, convert.to_image(portrait.image), transparent)


def _input_files() -> list[str]:
    folder = folder_paths.get_input_directory()
    if not os.path.isdir(folder):
        return []
    names = [entry.name for entry in os.scandir(folder) if entry.is_file()]
    known = folder_paths.filter_files_content_types(names, ["image"])
    # The system's table of types, which ComfyUI asks, lacks these on many machines.
    return sorted({*known, *(name for name in names if name.lower().endswith(_PHONE_PICTURES))})


def _path_of(file: str | None) -> Path | None:
    if not file or not folder_paths.exists_annotated_filepath(file):
        return None
    path = Path(folder_paths.get_annotated_filepath(file)).resolve()
    allowed = (folder_paths.get_input_directory(), folder_paths.get_output_directory(),
               folder_paths.get_temp_directory())
    # A workflow from elsewhere must not read files outside ComfyUI's own folders.
    inside = any(path.is_relative_to(Path(folder).resolve()) for folder in allowed)
    return path if inside and path.is_file() else None


def _expect_file(file: str | None) -> Path:
    path = _path_of(file)
    if path is None:
        raise UnreadableMedia(
            f"no picture called {file!r} in ComfyUI's input folder" if file else "no picture chosen",
            hint="Press 'choose file to upload' in the node, or connect an IMAGE.")
    return path
