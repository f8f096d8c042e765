"""Names of the voice's weights: from the graph of hibari-tts to `models/net/voice_net.py`."""

from __future__ import annotations

import numpy as np

Weights = dict[str, np.ndarray]

_SIDES = {"m.text.": "text.", "pn.text.": "prosody.text.", "pn.dur.0.": "prosody.duration_in.",
          "pn.dur.2.": "prosody.duration_out.", "pn.pro_in.": "prosody.contour_in.",
          "pn.pro_out.": "prosody.contour_out.", "pn.pro.": "prosody.contour.", "m.dec_in.": "enter.",
          "m.dec_norm.": "norm.", "m.dec.": "blocks.", "m.head.": "head."}  # fmt: skip
_PARTS = (("emb.", "embed."), ("convs.", "blocks."), (".dw.", ".depthwise."), (".pw1.", ".widen."),
          (".pw2.", ".narrow."), ("attn.self_attn.in_proj_", "layer.attend."),
          ("attn.self_attn.out_proj.", "layer.merge."), ("attn.linear1.", "layer.widen."),
          ("attn.linear2.", "layer.narrow."), ("attn.", "layer."))  # fmt: skip


def _our_name(name: str) -> str:
    side = next(side for side in _SIDES if name.startswith(side))
    rest = name[len(side) :]
    for old, new in _PARTS:
        rest = rest.replace(old, new)
    return _SIDES[side] + rest


def _products() -> dict[str, str]:
    """Names of the products, which the graph has only by the operator's name."""
    found = {}
    for side, text, plain, attend in (("", "text.", "", "Transpose_2"), ("_1", "prosody.text.", "_4", "Transpose_25")):
        for i in (0, 1):
            found[f"convs.{i}/pw1{side}/Transpose"] = f"{text}blocks.{i}.widen"
            found[f"convs.{i}/pw2{side}/Transpose"] = f"{text}blocks.{i}.narrow"
        found[attend] = text + "layer.attend"
        found[f"out_proj{plain}/Transpose"] = text + "layer.merge"
        found[f"linear1{plain}/Transpose"] = text + "layer.widen"
        found[f"linear2{plain}/Transpose"] = text + "layer.narrow"
    for part, ours, count in (("pro", "prosody.contour", 6), ("dec", "blocks", 8)):
        for i in range(count):
            found[f"{part}.{i}/pw1/Transpose"] = f"{ours}.{i}.widen"
            found[f"{part}.{i}/pw2/Transpose"] = f"{ours}.{i}.narrow"
    return found | {"head/Transpose": "head"}


def name_weights(constants: Weights) -> Weights:
    """Return all weights under our names; products lie the other way round in torch."""
    out: Weights = {}
    for theirs, ours in _products().items():
        weight = constants.pop(f"/{theirs}_output_0_quantized")
        zero = constants.pop(f"/{theirs}_output_0_zero_point")
        if weight.dtype != np.int8 or zero.any():
            raise ValueError(f"{theirs} is not in eight bits around zero")
        out[ours + ".weight"] = weight.T
        out[ours + ".scale"] = constants.pop(f"/{theirs}_output_0_scale").reshape(())
    for name, array in constants.items():
        out[_our_name(name)] = array
    return out
