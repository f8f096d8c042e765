"""Voices of Kokoro-82M, female and male, from the user's own files through onnxruntime.

The graph predicts how long each phoneme lasts, in units of 25 ms, before it draws the sound. That
inner tensor is made a second output, so that the times are the synthesiser's own.
"""

from __future__ import annotations

import io
import re
import threading
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from ..pipeline_core.cache import shared
from ..pipeline_core.errors import BackendError
from ..pipeline_core.host import Host
from ..pipeline_core.interfaces import Recognition
from ..pipeline_core.model_files import find_file
from ..pipeline_core.registry import Backend, register
from ..pipeline_core.types import FloatArray, Sound
from .english import english
from .voice_heart import load_net

NAMES = ("af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky "
         "am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa "
         "bf_alice bf_emma bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis")
"""English voices: a is American, b British; f is female, m male."""
FOLDERS = ("talking_avatar/kokoro", "kokoro", "Kokoro", "TTS/kokoro", "tts/kokoro", "kokoro-82m", "Kokoro-82M",
           "kokoro_onnx", "talking_avatar")  # fmt: skip
"""Below each folder of models; the sub-folders `onnx` and `voices` are searched as well."""
MODELS = ("kokoro-v1.0.onnx", "model.onnx", "kokoro*.onnx", "model_*.onnx", "onnx/model.onnx", "onnx/model*.onnx")
RATE_HZ = 24_000
UNIT_SAMPLES = 600
LAG_SAMPLES = 1800
"""The durations run 75 ms behind the sound, as those of the bundled voice: between what a forced alignment says
(89 ms) and where the sound is quietest in p and b (60 ms)."""
STYLE_WIDTH = 256
_PROBE = (0, 50, 83, 54, 156, 57, 0)
"""A word, to find out which tensor holds the durations."""
_SESSION_BYTES_PER_FILE_BYTE = 2
_BROKEN = (ValueError, LookupError, OSError, RuntimeError, EOFError, UnpicklingError, BadZipFile, SafetensorError,
           AttributeError, TypeError)  # fmt: skip
"""What the readers raise at files of another kind; torch's restricted unpickler raises IndexError as well, and a
file may hold anything but a tensor."""
_ACCENTS = {"a": "American", "b": "British accent, American words"}
_SEXES = {"f": "female", "m": "male"}


def find_model() -> Path | None:
    """Return the graph, if the user has it."""
    return find_file(FOLDERS, MODELS)


def find_voice(name: str) -> Path | None:
    """Return the file that holds a voice: one of its own, or a collection."""
    patterns = [f"{folder}{name}.{ending}" for folder in ("voices/", "") for ending in ("bin", "safetensors", "pt")]
    return find_file(FOLDERS, [*patterns, "voices*.bin", "voices*.npz", "voices/voices*.bin"])


def read_styles(path: Path, name: str) -> FloatArray:
    """Return the voice's vectors, one per number of phonemes [shape=(N, 256)].

    Raises
    ------
    BackendError
        If the file is none of the known kinds or lacks the voice.
    """
    try:
        styles = np.asarray(_read_any(path, name), np.float32).reshape(-1, STYLE_WIDTH)
        if not len(styles) or not np.isfinite(styles).all():
            raise ValueError("no vectors, or values that are not numbers")
        return styles
    except _BROKEN as error:
        raise BackendError(f"{path.name} holds no voice {name!r} ({error})",
                           hint="Take the voice files of Kokoro-82M v1.0, or run: python run.py fetch kokoro") from error


def _read_any(path: Path, name: str) -> Any:
    if path.suffix == ".pt":
        import torch

        return torch.load(path, map_location="cpu", weights_only=True).float().numpy()
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return list(load_file(path).values())[0]
    data = path.read_bytes()
    if data.startswith(b"PK"):
        with np.load(io.BytesIO(data), allow_pickle=False) as collection:
            return collection[name]
    return np.frombuffer(data, "<f4")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def with_output(model: bytes, tensor: str) -> bytes:
    """Return an ONNX model that also puts out one of its inner tensors.

    Protobuf merges a message that occurs twice, so a second `graph` (field 7 of ModelProto) that
    holds nothing but one `output` (field 12 of GraphProto, with its `name`, field 1) adds it.
    """
    out = tensor.encode()
    for number in (1, 12, 7):
        out = _varint(number << 3 | 2) + _varint(len(out)) + out
    return model + out


class Graph:
    """The network in onnxruntime, with durations as its second output; shared by all voices."""

    def __init__(self, path: Path) -> None:
        model = path.read_bytes()
        self.cache_bytes = len(model) * _SESSION_BYTES_PER_FILE_BYTE
        # The durations are clipped to 1 and more; exporters name tensors by their operator.
        names = sorted({found.decode() for found in re.findall(rb"[\w/.]*Clip\w*_output_\d+", model)}, key=len)
        for name in names[:20]:
            self._session = _session(with_output(model, name))
            if self._session is not None and self._gives_times():
                return
        raise BackendError(f"no durations of phonemes were found in {path.name}",
                           hint="Take a Kokoro-82M v1.0 graph, for example by: python run.py fetch kokoro")

    def _gives_times(self) -> bool:
        try:
            samples, units = self.run(_PROBE, np.zeros(STYLE_WIDTH, np.float32), 1.0)
        except Exception:  # noqa: BLE001 - see `_session`; a graph with other inputs is none of Kokoro's
            return False
        return len(units) == len(_PROBE) and int(units.sum()) * UNIT_SAMPLES == len(samples)

    def run(self, numbers: Any, style: FloatArray, speed: float) -> tuple[FloatArray, NDArray[np.float64]]:
        """Return samples and one duration per number."""
        given = {"style": style.reshape(1, -1)}
        for entry in self._session.get_inputs():
            if entry.name == "speed":
                given["speed"] = np.array([speed], np.int32 if "int" in entry.type else np.float32)
            elif entry.name != "style":
                given[entry.name] = np.array([numbers], np.int64)
        samples, units = self._session.run(None, given)[:2]
        return np.asarray(samples, np.float32).ravel(), np.asarray(units, np.float64).ravel()


def _session(model: bytes) -> Any:
    """Return an onnxruntime session, or None where it does not accept the added output."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Waiting threads must not burn the cores that draw frames or other programs need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # onnxruntime's errors derive from Exception itself; an invalid output is one of them.
        if any(word in str(error).lower() for word in ("modelproto", "protobuf")):
            raise BackendError(f"the Kokoro graph is damaged ({error})",
                               hint="Fetch it again: python run.py fetch kokoro") from error
        return None


class KokoroVoice:
    """One of Kokoro's voices; see `interfaces.Voice`. Its `styles` are as from `read_styles`."""

    def __init__(self, name: str) -> None:
        path = find_voice(name)
        if path is None:
            raise BackendError(f"the voice {name} is not on this machine", hint="Run: python run.py fetch kokoro")
        self.styles = read_styles(path, name)
        self._numbers = load_net_symbols()
        self._lock = threading.Lock()

    def speak(self, text: str, speed: float, host: Host) -> tuple[Sound, Recognition]:
        """Return the sound at 24 kHz and what is said when, exactly; see `voicing.speak`."""
        # Not at the top: reading English is set up when somebody speaks, not when ComfyUI starts.
        from ..pipeline_core.speech.voicing import Speaker, speak

        path = find_model()
        if path is None:
            raise BackendError("the graph of Kokoro is gone", hint="Run: python run.py fetch kokoro")
        graph = shared().get(("kokoro", str(path), path.stat().st_mtime_ns), partial(Graph, path))
        speaker = Speaker(RATE_HZ, frozenset(self._numbers), partial(self._draw, graph))
        return speak(text, speed, english(), speaker, host)

    def _draw(self, graph: Graph, symbols: str, speed: float) -> tuple[FloatArray, NDArray[np.float64]]:
        style = self.styles[min(max(len(symbols) - 1, 0), len(self.styles) - 1)]
        with self._lock:
            samples, units = graph.run([0, *(self._numbers[s] for s in symbols), 0], style, speed)
        edges = np.concatenate([[0.0], np.cumsum(units)]) * UNIT_SAMPLES - LAG_SAMPLES
        return samples, np.clip(edges, 0, len(samples))[1:-1]


def load_net_symbols() -> dict[str, int]:
    """Return the number of each phoneme; the bundled voice has Kokoro's own alphabet."""
    return shared().get(("voice_heart",), load_net).numbers


def _missing_files(name: str) -> tuple[str, ...]:
    """Return what to put into the folder of models for this voice."""
    missing = [] if find_model() else ["kokoro/kokoro-v1.0.onnx"]
    return tuple(missing if find_voice(name) else [*missing, f"kokoro/voices/{name}.bin"])


def _register(name: str) -> Backend:
    accent, sex = _ACCENTS[name[0]], _SEXES[name[1]]
    return register(Backend(
        kind="voice", id=name, title=f"Kokoro {name} ({accent}, {sex})", load=partial(KokoroVoice, name),
        licence="Apache-2.0", commercial=True, packages=("onnxruntime",), extra="kokoro",
        files=partial(_missing_files, name), get_files="run: python run.py fetch kokoro",
    ))


BACKENDS = tuple(_register(name) for name in NAMES.split())
