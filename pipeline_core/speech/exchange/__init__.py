"""Mouth cues in and out, in the forms that other programs write and read.

Cue texts come from files of strangers: size, types and times are checked before use.
"""

from .checks import MAX_CHARACTERS
from .cues_file import Cues, cues_json
from .ovr import ovr_csv, ovr_json
from .reading import read_cues
from .rhubarb import rhubarb_json, rhubarb_tsv
from .textgrid import textgrid
from .vtube import vtube_json

__all__ = ["MAX_CHARACTERS", "Cues", "cues_json", "ovr_csv", "ovr_json", "read_cues", "rhubarb_json", "rhubarb_tsv",
           "textgrid", "vtube_json"]
