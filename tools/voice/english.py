"""Compact forms of what the English front end reads: lexicon, tagger, network for unknown words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from .onnx_weights import read_constants

Weights = dict[str, np.ndarray]
Read = Callable[[str], bytes]

_LAYERS = 4
_FIRST_PRODUCT = 490
_PRODUCTS = {"attend": 0, "merge": 8, "widen": 9, "narrow": 10}
"""The graph numbers its products; a layer takes 11 numbers, of which these are stored."""
_PER_LAYER = 11
_OURS = (("emb.", "embed."), ("pos", "places"), ("self_attn.in_proj_", "attend."),
         ("self_attn.out_proj.", "merge."), ("linear1.", "widen."), ("linear2.", "narrow."))  # fmt: skip


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def lexicon(gold: dict[str, Any], silver: dict[str, str]) -> np.ndarray:
    r"""Return sorted lines "\nword\tphonemes\n" as bytes.

    Entries by part of speech read "TAG=phonemes" with "|" between; a "~" marks the second-rate list,
    whose entries are left out where the first has the word.
    """
    lines = []
    for word, said in gold.items():
        if isinstance(said, dict):
            said = "|".join(f"{tag}={phonemes or ''}" for tag, phonemes in sorted(said.items()))
        lines.append(f"{word}\t{said}")
    lines += [f"{word}\t~{said}" for word, said in silver.items() if word not in gold]
    return _bytes("\n" + "\n".join(sorted(lines, key=str.encode)) + "\n")


def tagger(model: dict[str, Any]) -> Weights:
    """Return the perceptron as a sparse matrix: features by tags, weights in tenths."""
    tags = {tag: i for i, tag in enumerate(sorted(model["tags"]))}
    rows = sorted(model["weights"].items())
    cells = [(tags[tag], round(weight * 10)) for _, row in rows for tag, weight in sorted(row.items())]
    return {
        "tagger.tags": _bytes("\n".join(sorted(tags))),
        "tagger.features": _bytes("\n".join(feature for feature, _ in rows)),
        "tagger.ends": np.cumsum([len(row) for _, row in rows]).astype("<i4"),
        "tagger.cell_tags": np.array([tag for tag, _ in cells], np.uint8),
        "tagger.cell_tenths": np.array([tenths for _, tenths in cells], "<i2"),
        "tagger.known": _bytes("\n".join(sorted(model["vocab"]))),
        "tagger.fixed": _bytes("\n".join(f"{word}\t{tag}" for word, tag in sorted(model["tagdict"].items()))),
    }


def word_reader(model: bytes, alphabet: dict[str, Any]) -> Weights:
    """Return the network for unknown words under our names, in half precision."""
    constants = read_constants(model)
    out: Weights = {}
    for layer in range(_LAYERS):
        for part, offset in _PRODUCTS.items():
            number = _FIRST_PRODUCT + _PER_LAYER * layer + offset
            out[f"layers.{layer}.{part}.weight"] = constants.pop(f"onnx::MatMul_{number}").T
    out["head.weight"] = constants.pop(f"onnx::MatMul_{_FIRST_PRODUCT + _PER_LAYER * _LAYERS}").T
    for name, array in constants.items():
        name = name.removeprefix("m.")
        for old, new in _OURS:
            name = name.replace(old, new)
        out[name] = array
    halves = {f"reader.{name}": array.astype("<f2") for name, array in out.items()}
    return halves | {"reader.letters": _bytes("".join(alphabet["in"])),
                     "reader.phonemes": _bytes("".join(alphabet["out"]))}


def build_english(read: Read) -> Weights:
    """Return all tensors of the English front end; `read` gives a file of the package's assets."""
    gold, silver, perceptron = (json.loads(gzip.decompress(read(name))) for name in (
        "lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "tagger.json.gz"))
    return {"lexicon": lexicon(gold, silver), **tagger(perceptron),
            **word_reader(read("oov.onnx"), json.loads(read("oov.json")))}
