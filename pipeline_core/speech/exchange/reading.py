"""Reading cues of any known form."""

from __future__ import annotations

import json
from typing import Any

from ...arkit import BLENDSHAPES
from ...media.table import Table, read_table
from ...media.text_file import whole_characters
from ..captions import looks_like_captions, read_captions
from . import ovr, vtube
from .checks import MAX_CHARACTERS, bad
from .cues_file import Cues, from_cues, from_words, words_only
from .rhubarb import from_mouth_cues, from_tsv
from .textgrid import from_textgrid, looks_like_textgrid

_CURVES = {name.lower() for name in BLENDSHAPES}


def read_cues(text: str) -> Cues:
    """Read imported cues of any known form.

    Parameters
    ----------
    text : str
        Rhubarb JSON or TSV; a Praat TextGrid (long or short) with sounds in ARPAbet or IPA, or with words; OVR
        visemes as a list or per frame, VTube parameters, both as JSON or CSV; our cues JSON (phones, or visemes
        alone); words with times as SRT, VTT or JSON. Words alone leave `phones` empty.

    Raises
    ------
    InputError
        If the text is none of these, too big, or holds impossible times or names.
    """
    if len(text) > MAX_CHARACTERS:
        raise bad(f"{len(text)} characters are too many")
    text = whole_characters(text).lstrip("\ufeff").strip()
    if text.startswith(("{", "[")):
        return _from_json(text)
    if looks_like_textgrid(text):
        return from_textgrid(text)
    if looks_like_captions(text):
        return words_only("captions", read_captions(text))
    found = from_tsv(text) or _from_table(text)
    if found is None:
        raise bad("unknown form")
    return found


def _from_json(text: str) -> Cues:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad(f"broken JSON ({str(error)[:60]})") from error
    if isinstance(data, list):
        data = _named_list(data)
    if "mouthCues" in data:
        return from_mouth_cues(data)
    if "frames" in data:
        return ovr.from_frames(data)
    if "parameters" in data:
        return vtube.from_parameters(data)
    if data.get("phones"):
        return from_cues(data)
    if data.get("visemes"):
        return ovr.from_list(data)
    if data.get("words") or data.get("segments"):
        return from_words(data)
    raise bad("it holds neither phones, visemes, mouthCues, frames, parameters nor words")


def _named_list(data: list[Any]) -> dict[str, Any]:
    """Give a bare list of visemes or words its name."""
    first = data[0] if data and isinstance(data[0], dict) else {}
    if "viseme" in first:
        return {"visemes": data}
    if "word" in first or "text" in first:
        return {"words": data}
    raise bad("it is a list of neither visemes nor words")


def _from_table(text: str) -> Cues | None:
    try:
        table = read_table(text)
        if table is None:
            return None
        _refuse_face(table)
        return ovr.from_table(table) or vtube.from_table(table)
    except ValueError as error:
        raise bad(f"broken table ({str(error)[:80]})") from error


def _refuse_face(table: Table) -> None:
    """Say where the curves of a whole face belong."""
    if len(_CURVES.intersection(table.names)) > len(_CURVES) // 2:
        raise bad("these are the curves of a whole face (ARKit), which hold no speech sounds",
                  hint="Load the file with Load Motion; connect it to motion of Mouth Renderer, or to driving of "
                       "Motion Generator.")
